"""The stress set: sheets filled in by a second hand, independent of ``omr.synth``, to test the reader with.

Nothing made here is trained or tuned on. ``make`` prints nothing itself: it takes the PDF that the product wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Layout, Page
from tests.marks import paper
from tests.marks.answers import Drawn, fill_in
from tests.marks.camera import Camera, camera, corners, encoded, take, tinted
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
                questions, drawn = fill_in(page, by, rng, hard_share)
                taken = _Taken(layout, page, by, tuple(drawn), camera(severity, layout.page_mm, rng), _sheet(rng))
                name, data = _picture(taken, press, at, rng)
                (out / name).write_bytes(data)
                truths.append(_truth(taken, name, sheet, severity, tuple(questions)))
    return truths


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a page went through before it was scanned."""

    printed: str
    paper: str
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A page that is filled in, and what it is taken with."""

    layout: Layout
    page: Page
    by: Writer
    drawn: tuple[Drawn, ...]
    through: Camera
    sheet: _Sheet

    @property
    def printed(self) -> str:
        return "copy" if "copy" in self.through.troubles else self.sheet.printed


def _sheet(rng: Rng) -> _Sheet:
    troubles = tuple(name for name, share in paper.TROUBLES.items() if rng.random() < share)
    return _Sheet(_drawn_from(PRINTS, rng), _drawn_from(paper.PAPERS, rng), troubles)


def _picture(taken: _Taken, press: Press, at: int, rng: Rng) -> tuple[str, bytes]:
    """Return the name and the bytes of the picture of page ``at`` of the print (from 0)."""
    through, pixels = taken.through, taken.through.dpi / 25.4
    cover = press.page(at, through.dpi)
    marks = ink(taken.drawn, cover.shape, pixels, rng)
    if "smear" in taken.sheet.troubles:
        paper.smear(marks, pixels, taken.by.hand == "left", rng)
    picture = take(_light(taken, cover, marks, pixels, rng), pixels, through, rng)
    if through.colour:
        blue = through.geometry.picture(marks, pixels, 0.0) if taken.by.pen.blue else None
        picture = tinted(picture, blue, {"yellow": 1.0, "recycled": 0.4}.get(taken.sheet.paper, 0.0))
    suffix, data = encoded(picture, through)
    return f"{at + 1:05d}{suffix}", data


def _light(taken: _Taken, cover: Plane, marks: Plane, pixels: float, rng: Rng) -> Plane:
    """Return the light that comes off the page: paper, toner, ink and dirt."""
    sort, troubles = taken.sheet.paper, taken.sheet.troubles
    toner = printed(cover, taken.printed, pixels, rng)
    plane = paper.sheet(sort, cover.shape, pixels, rng)
    if sort == "creased":
        paper.crease(plane, toner, pixels, rng)
    density = toner + marks
    behind = rng.uniform(0.05, 0.13) if sort == "thin" else rng.uniform(0, 0.015)
    density += paper.shine_through(density, pixels, behind, rng)
    if "stain" in troubles:
        paper.stain(density, pixels, rng)
    if "staple" in troubles:
        paper.staple(density, pixels, rng)
    paper.handled(plane, rng)
    return np.asarray(plane * cv2.exp(-density), np.float32)


def _truth(taken: _Taken, name: str, sheet: str, severity: str, questions: tuple[QuestionTruth, ...]) -> PageTruth:
    return PageTruth(
        file=name,
        form=taken.layout.form,
        sheet=sheet,
        page=taken.page.page,
        severity=severity,
        dpi=taken.through.dpi,
        pen=taken.by.pen.name,
        hand=taken.by.hand,
        style=taken.by.style,
        printed=taken.printed,
        paper=taken.sheet.paper,
        troubles=(*taken.sheet.troubles, *taken.through.troubles, *(("colour",) if taken.through.colour else ())),
        questions=questions,
        places=_places(taken.page, taken.through),
    )


def _places(page: Page, through: Camera) -> dict[str, tuple[float, ...]]:
    names = [f"{q.id}.{box.id}" for q in page.questions for box in q.boxes]
    boxes = np.array([(box.x, box.y, box.w, box.h) for q in page.questions for box in q.boxes])
    placed = np.round(corners(through.geometry, boxes).reshape(-1, 8), 2)
    return dict(zip(names, map(tuple, placed.tolist()), strict=True))


def _drawn_from(shares: dict[str, float], rng: Rng) -> str:
    p = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=p / p.sum()))
