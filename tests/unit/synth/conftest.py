"""A small printed sheet of our own making: two questions, a row of a roster, a code that reads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import segno

from forms.code import SheetCode, new_sheet
from forms.layout import Box, CodeArea, Fiducial, Layout, Page, Question, Region
from omr.synth.write_stack import PdfStack

SCALE = 300 / 25.4
CHOICES = ("satisfied", "fairly", "basically", "dissatisfied")


def question(question_id: str, y: float, most: int = 1) -> Question:
    boxes = tuple(Box(choice, 50 + 12 * place, y, 5, 5) for place, choice in enumerate(CHOICES))
    return Question(question_id, "single" if most == 1 else "multi", boxes, most)


@pytest.fixture(scope="session")
def layout() -> Layout:
    marks = (("tl", 8, 15, 6, 6), ("tr", 106, 15, 6, 6), ("bl", 8, 85, 6, 12), ("br", 106, 91, 6, 6))
    page = Page(
        page=1,
        fiducials=tuple(Fiducial(*mark) for mark in marks),
        code=CodeArea(85, 80, 15, 15),
        questions=(question("q1", 30), question("q2", 40), question("m01.q1", 50)),
        regions=(Region("opinion", "text", 20, 60, 60, 18, (68.0, 77.0)),),
    )  # fmt: skip
    return Layout("small", (120.0, 100.0), (page,)).sealed()


def printed(layout: Layout, sheet: str) -> np.ndarray:
    """Draw the sheet as an ideal printer does, at 300 dpi."""
    image = np.full((round(layout.page_mm[1] * SCALE), round(layout.page_mm[0] * SCALE)), 255, np.uint8)
    page = layout.pages[0]

    def block(x: float, y: float, w: float, h: float, grey: int) -> None:
        image[round(y * SCALE) : round((y + h) * SCALE), round(x * SCALE) : round((x + w) * SCALE)] = grey

    for mark in page.fiducials:
        block(mark.x, mark.y, mark.w, mark.h, 0)
    for box in (box for item in page.questions for box in item.boxes):
        block(box.x, box.y, box.w, box.h, 0)
        block(box.x + 0.3, box.y + 0.3, box.w - 0.6, box.h - 0.6, 255)
    modules = np.array(list(segno.make(str(SheetCode(sheet, layout.digest, 1)), version=1, error="m").matrix), np.uint8)
    side = round(page.code.w * SCALE)
    code = cv2.resize(255 * (1 - modules), (side, side), interpolation=cv2.INTER_NEAREST)
    x, y = round(page.code.x * SCALE), round(page.code.y * SCALE)
    image[y : y + side, x : x + side] = code
    return image


@pytest.fixture(scope="session")
def sheets(layout: Layout) -> list[str]:
    choose = np.random.default_rng(5)
    return [new_sheet(layout.digest, choose=lambda letters: str(choose.choice(list(letters)))) for _ in range(4)]


@pytest.fixture(scope="session")
def printed_pdf(layout: Layout, sheets: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("printed") / "sheets.pdf"
    stack = PdfStack(path, "g4")
    for sheet in sheets:
        stack.add(printed(layout, sheet), 300, 95, True)
    stack.close()
    return path
