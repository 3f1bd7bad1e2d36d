"""The stress set: sheets filled in by a second hand, independent of ``omr.synth``, to test the reader with.

Nothing made here is trained or tuned on. ``make`` prints nothing itself: it takes the PDF that the product wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Layout, Page
from tests.marks import paper
from tests.marks.answers import Drawn, fill_in
from tests.marks.camera import Camera, camera, corners, encoded, take
from tests.marks.inks import ink
from tests.marks.model import SEVERITIES, PageTruth, QuestionTruth, State
from tests.marks.pens import Plane
from tests.marks.printing import PRINTS, Press, printed
from tests.marks.shapes import Rng
from tests.marks.writer import Writer, writer

Picture = NDArray[np.uint8]
__all__ = ["SEVERITIES", "PageTruth", "Picture", "QuestionTruth", "State", "make"]


def make(
    layout: Layout,
    pdf: Path,
    sheets: Sequence[str],
    seed: int,
    out: Path,
    severity: str = "office",
    hard_share: float = 0.34,
) -> list[PageTruth]:
    """Fill in and scan every page of a print; write one picture a page into the folder ``out``.

    ``pdf`` holds the copies of ``sheets`` one after the other. The same arguments give the same bytes. Raises
    ValueError for an unknown severity or a PDF of another number of pages.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity!r} is none of {', '.join(SEVERITIES)}")
    out.mkdir(parents=True, exist_ok=True)
    truths = []
    with Press(pdf) as press:
        if len(press) != len(sheets) * len(layout.pages):
            raise ValueError(f"{pdf} has {len(press)} pages, not {len(sheets)} × {len(layout.pages)}")
        for number, sheet in enumerate(sheets):
            by = writer(np.random.default_rng([seed, number]))
            for index, page in enumerate(layout.pages):
                rng = np.random.default_rng([seed, number, index])
                at = number * len(layout.pages) + index
                truths.append(_page(layout, page, sheet, press, at, by, rng, out, severity, hard_share))
    return truths


def _page(
    layout: Layout,
    page: Page,
    sheet: str,
    press: Press,
    at: int,
    by: Writer,
    rng: Rng,
    out: Path,
    severity: str,
    hard_share: float,
) -> PageTruth:
    questions, drawn = fill_in(page, by, rng, hard_share)
    through = camera(severity, layout.page_mm, rng)
    kind = "copy" if "copy" in through.troubles else _drawn_from(PRINTS, rng)
    sort = _drawn_from(paper.PAPERS, rng)
    troubles = tuple(name for name, share in paper.TROUBLES.items() if rng.random() < share)
    light = _light(press.page(at, through.dpi), drawn, kind, sort, troubles, through.dpi / 25.4, by, rng)
    suffix, data = encoded(take(light, through.dpi / 25.4, through, rng), through)
    path = out / f"{at + 1:05d}{suffix}"
    path.write_bytes(data)
    return PageTruth(
        path.name, layout.form, sheet, page.page, severity, through.dpi, by.pen.name, by.hand, by.style,
        kind, sort, (*troubles, *through.troubles), tuple(questions), _places(page, through),
    )  # fmt: skip  # fourteen names one a line would hide that they are in the order of the class


def _light(
    cover: Plane,
    drawn: Sequence[Drawn],
    kind: str,
    sort: str,
    troubles: tuple[str, ...],
    pixels: float,
    by: Writer,
    rng: Rng,
) -> Plane:
    """Return the light that comes off the page: paper, toner, ink and dirt."""
    toner = printed(cover, kind, pixels, rng)
    plane = paper.sheet(sort, cover.shape, pixels, rng)
    if sort == "creased":
        paper.crease(plane, toner, pixels, rng)
    marks = ink(drawn, cover.shape, pixels, rng)
    if "smear" in troubles:
        paper.smear(marks, pixels, by.hand == "left", rng)
    density = toner + marks
    behind = rng.uniform(0.05, 0.13) if sort == "thin" else rng.uniform(0, 0.015)
    density += paper.shine_through(density, pixels, behind, rng)
    if "stain" in troubles:
        paper.stain(density, pixels, rng)
    if "staple" in troubles:
        paper.staple(density, pixels, rng)
    paper.handled(plane, rng)
    return np.asarray(plane * cv2.exp(-density), np.float32)


def _places(page: Page, through: Camera) -> dict[str, tuple[float, ...]]:
    names = [f"{q.id}.{box.id}" for q in page.questions for box in q.boxes]
    boxes = np.array([(box.x, box.y, box.w, box.h) for q in page.questions for box in q.boxes])
    placed = np.round(corners(through.geometry, boxes).reshape(-1, 8), 2)
    return dict(zip(names, map(tuple, placed.tolist()), strict=True))


def _drawn_from(shares: dict[str, float], rng: Rng) -> str:
    p = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=p / p.sum()))
