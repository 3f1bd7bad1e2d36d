"""The story of one page: locate → identify → register → measure → judge. Each step is a module of its own.

No step guesses past one that failed: it names its problem, and the page is rejected with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from forms.code import SheetCode
from forms.layout import Layout
from omr import READER_VERSION, faults, locate, measure, overlap, regions, register, unnamed, verify
from omr.errors import FileProblem, problem
from omr.find import Sheet, find_sheets
from omr.geometry import Array
from omr.image import Page
from omr.judge import judge
from omr.known import KnownLayouts, KnownPage
from omr.reading import Fault, FaultCode, PageReading, Problem, ProblemCode, QuestionState, Registration, Status
from omr.settings import ReaderSettings
from omr.stack import iter_pages


class Reader:
    """Reads pages against layouts (digest → layout). Making one is cheap; what it draws is kept for the next."""

    def __init__(self, layouts: Mapping[str, Layout], settings: ReaderSettings | None = None) -> None:
        self.settings = settings or ReaderSettings()
        self.layouts = KnownLayouts(layouts)

    def read(self, page: Page, source: str = "", assume: SheetCode | None = None) -> list[PageReading]:
        """Read one page image; return one reading for each sheet on it (two A5 sheets uncut give two).

        A page that can't be read gives one reading with its problem. ``assume`` is a code typed by a person: it is
        believed instead of the printed one. Never raises for what is on the paper.
        """
        found = find_sheets(page, self.layouts, self.settings, assume)
        if isinstance(found, Problem):
            return [self._refused(page, source, found)]
        pair = len(found) > 1
        return [_read_sheet(page, sheet, source, part, self.settings, pair) for part, sheet in enumerate(found, 1)]

    def _refused(self, page: Page, source: str, why: Problem) -> PageReading:
        """Return a page's line with its problem; if only its code is lost, with how it lies and which form it is."""
        reading = rejected(source, page.index, why)
        if why.code != ProblemCode.BAD_CODE:
            return reading
        laid = unnamed.lay(page, self.layouts, why.params["form"], self.settings)
        if laid is None:
            return reading
        known, placed = laid
        layout = known.layout
        return replace(
            reading,
            form=layout.form,
            digest=layout.digest,
            sheet_page=known.page.page,
            registration=_registration(page, placed, known),
        )

    def read_file(self, path: Path, source: str = "") -> Iterator[PageReading]:
        """Read all pages of a file in order. What can't be opened gives a reading with its problem."""
        source = source or str(path)
        try:
            for index, item in enumerate(iter_pages(path, self.settings.stack), 1):
                if isinstance(item, FileProblem):
                    yield rejected(source, index, item.problem())
                else:
                    yield from self.read(item, source)
        except FileProblem as trouble:
            yield rejected(source, None, trouble.problem())


def rejected(source: str, index: int | None, why: Problem) -> PageReading:
    """Return the line of a page that can't be read, or of a file (``index`` None) that can't be opened."""
    return PageReading(source, index, Status.REJECTED, problem=why, reader=READER_VERSION)


def _read_sheet(page: Page, sheet: Sheet, source: str, part: int, settings: ReaderSettings, pair: bool) -> PageReading:
    known, grey = sheet.known, page.grey
    placed = place(page, sheet, settings)
    if isinstance(placed, Problem):
        return rejected(source, page.index, placed)
    aim = known.target
    seen = measure.measure(grey, placed.fit.matrix, placed.fit.shifts_mm, aim, placed.black_ratio)
    evidence: dict[str, dict[str, list[float]]] = {}
    for (question, box), row in zip(aim.ids, seen.features.astype(float).round(4).tolist(), strict=True):
        evidence.setdefault(question, {})[box] = row
    troubles = faults.of_page(page, placed, known, settings)
    if sheet.by_ocr:
        troubles.append(Fault(FaultCode.CODE_BY_OCR, {"sheet": sheet.code.readable}))
    if pair:
        troubles.append(Fault(FaultCode.UNCUT_PAIR))
    spoiled = frozenset(box for fault in troubles for box in fault.boxes)
    one_bit = any(fault.code == FaultCode.ONE_BIT for fault in troubles)
    questions = judge(evidence, settings.judge, spoiled, known.most, one_bit=one_bit)
    if questions and all(question.state is QuestionState.BLANK for question in questions.values()):
        troubles.append(Fault(FaultCode.BLANK_SHEET))
    return PageReading(
        source,
        page.index,
        Status.READ,
        part=part,
        form=known.layout.form,
        digest=known.layout.digest,
        sheet=sheet.code.readable,
        sheet_page=known.page.page,
        registration=_registration(page, placed, known),
        questions=questions,
        regions={
            region.id: regions.has_ink(
                grey, placed.fit.matrix, known.region_print[region.id], region, placed.black_ratio
            )
            for region in known.page.regions
        },
        faults=tuple(troubles),
        reader=READER_VERSION,
    )


def place(page: Page, sheet: Sheet, settings: ReaderSettings) -> register.Placed | Problem:
    """Lay the layout over the image; where one reading of the marks can't be believed, try the next."""
    first: Problem | None = None
    for guess in (sheet.hypothesis, *sheet.others):
        corners = locate.refine(page.grey, guess, settings.register)
        placed = register.place(page.grey, guess, corners, sheet.known.target.boxes_mm, settings.register)
        wrong = verify.trouble_of(page.grey, placed, sheet.known, settings.register)
        if wrong is None:
            return _lies_on_another(page, placed, sheet) or placed
        first = first or wrong
    return first or problem(ProblemCode.NO_FIDUCIALS, sheet=sheet.code.readable)


def _lies_on_another(page: Page, placed: register.Placed, sheet: Sheet) -> Problem | None:
    """Name a page whose marks and boxes are of two sheets that lie over one another."""
    fit, known = placed.fit, sheet.known
    boxes, seen = known.target.boxes_mm[:, :2], fit.seen
    if not seen.any() or not overlap.is_scan(page, fit.matrix, known.layout.page_mm):
        return None
    found = overlap.find(boxes[seen], fit.shifts_mm[seen], fit.matrix, placed.corners, sheet.code_px, known.geometry)
    if found is None:
        return None
    apart = round(float(np.hypot(found.aside_mm, found.along_mm)), 1)
    return problem(ProblemCode.SHEETS_OVERLAP, apart_mm=apart, turned_deg=round(float(np.degrees(found.turned)), 1))


def _registration(page: Page, placed: register.Placed, known: KnownPage) -> Registration:
    fit = placed.fit
    stored: Array = np.diag([page.reduction, page.reduction, 1.0]) @ fit.matrix
    stored = stored / stored[2, 2]
    return Registration(
        residual_mm=round(fit.residual_mm, 3),
        rotation_deg=round(faults.rotation(fit.matrix, known), 2),
        scale=round(faults.print_scale(page, fit.matrix, known, fit.is_photo), 4),
        matrix=tuple(float(f"{value:.9g}") for value in stored.ravel()),
        width_px=page.width_px,
        height_px=page.height_px,
    )
