"""A small layout with everything a page can have, and a hand-drawn scan of it: no font, no PDF, no synthesiser."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import segno

from forms import code
from forms.layout import Box, CodeArea, Fiducial, Layout, Page, Question, Region, Rule
from omr.image import Grey
from omr.image import Page as Image

CHOICES = ("satisfied", "fairly", "basically", "dissatisfied")
FIDUCIALS = (
    Fiducial("tl", 10, 25, 6, 6),
    Fiducial("tr", 194, 25, 6, 6),
    Fiducial("bl", 10, 275, 6, 12),
    Fiducial("br", 194, 281, 6, 6),
)
PX_PER_MM = 150 / 25.4


def make_layout(form: str = "small", rows: int = 6) -> Layout:
    questions = tuple(
        Question(
            f"q{n + 1}",
            "single",
            tuple(Box(choice, 115.75 + 20.5 * i, 63.3 + 16.5 * n, 5, 5) for i, choice in enumerate(CHOICES)),
        )
        for n in range(rows)
    )
    page = Page(
        1,
        FIDUCIALS,
        CodeArea(175, 258, 15, 15),
        questions,
        regions=(Region("opinion", "text", 20, 170, 80, 40, (178, 186, 194, 202)),),
        rules=(Rule(20, 57, 190, 57, 0.5), *(Rule(20, y, 100, y, 0.1) for y in (178, 186, 194, 202))),
    )
    return Layout(form, (210.0, 297.0), (page,)).sealed()


def draw_sheet(layout: Layout, sheet: str = "", px_per_mm: float = PX_PER_MM) -> Grey:
    """Draw a copy's blank page by OpenCV alone; ``sheet`` empty leaves the code out."""
    fine = px_per_mm * 4
    page = layout.page(1)
    image = np.full((round(layout.page_mm[1] * fine), round(layout.page_mm[0] * fine)), 255, np.uint8)

    def block(x: float, y: float, w: float, h: float) -> None:
        image[round(y * fine) : round((y + h) * fine), round(x * fine) : round((x + w) * fine)] = 20

    for mark in page.fiducials:
        block(mark.x, mark.y, mark.w, mark.h)
    for rule in page.rules:
        block(rule.x1, rule.y1 - rule.width / 2, rule.x2 - rule.x1, rule.width)
    for box in (box for question in page.questions for box in question.boxes):
        block(box.x, box.y, box.w, 0.3)
        block(box.x, box.y + box.h - 0.3, box.w, 0.3)
        block(box.x, box.y, 0.3, box.h)
        block(box.x + box.w - 0.3, box.y, 0.3, box.h)
    if sheet:
        qr = segno.make_qr(f"{sheet}{layout.digest}01", version=1, error="m", boost_error=False)
        for i, row in enumerate(qr.matrix):
            for j, dark in enumerate(row):
                if dark:
                    block(page.code.x + j * 15 / 21, page.code.y + i * 15 / 21, 15 / 21, 15 / 21)
    return cv2.resize(image, (image.shape[1] // 4, image.shape[0] // 4), interpolation=cv2.INTER_AREA)


def as_page(grey: Grey, dpi: float | None = 150.0) -> Image:
    return Image(1, grey, 1, grey.shape[1], grey.shape[0], dpi)


@pytest.fixture(scope="session")
def layout() -> Layout:
    return make_layout()


@pytest.fixture(scope="session")
def sheet(layout: Layout) -> str:
    return code.new_sheet(layout.digest, choose=lambda alphabet: alphabet[7])


@pytest.fixture(scope="session")
def blank_scan(layout: Layout, sheet: str) -> Grey:
    grey = draw_sheet(layout, sheet).astype(np.float32)
    noise = np.random.default_rng(5).normal(0, 4, grey.shape)
    return np.clip(grey * 0.92 + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def scan(blank_scan: Grey) -> Grey:
    return blank_scan.copy()


@pytest.fixture
def ink(layout: Layout) -> Callable[..., None]:
    """``ink(grey, "q1", "fairly", "tick")`` marks a box by hand."""

    def mark(grey: Grey, question: str, choice: str, shape: str) -> None:
        box = next(b for b in layout.question(question)[1].boxes if b.id == choice)
        points = {
            "tick": [[(-1.6, 0.1), (-0.4, 1.5), (2.1, -2.4)]],
            "cross": [[(-1.8, -1.8), (1.8, 1.8)], [(1.8, -1.8), (-1.8, 1.8)]],
            "fill": [[(-2.0, y), (2.0, y)] for y in np.arange(-2.0, 2.1, 0.3)],
            "dot": [[(0.2, 0.1), (0.4, 0.1)]],
            "beside": [[(3.6, 0.0), (4.1, 0.8), (5.0, -1.0)]],
        }[shape]
        for line in points:
            path = (np.array(line) + np.array([box.cx, box.cy])) * PX_PER_MM * 16 - 8
            cv2.polylines(grey, [path.round().astype(np.int32)], False, 60, 3, cv2.LINE_AA, 4)

    return mark
