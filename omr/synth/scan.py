"""The whole way: a printed PDF in, a scanned stack and its truth out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from forms.code import normalise, readable
from forms.layout import Layout
from omr.synth.arrays import Floats, Grey, pick
from omr.synth.degrade import Scan, backing_of, choose_troubles, degrade, misprint
from omr.synth.fill import Answers, Sheet, fill_page, write_regions
from omr.synth.paper import Spot
from omr.synth.plan import MIXES, Mix
from omr.synth.printed import PrintedFile, Side
from omr.synth.severity import SEVERITIES, Severity
from omr.synth.truth import PageTruth, PartTruth, QuestionTruth, Truth
from omr.synth.write_stack import open_stack
from omr.synth.writer import Writer, choose_writer

Marks = tuple[dict[str, QuestionTruth], dict[str, bool]]  # questions and regions of one side


@dataclass(slots=True)
class Room:
    """A hall full of raters and the scanner at its door: everything that one stack has in common.

    ``answers`` is sheet (eight characters) → question → choices. ``writers`` fills up as sheets are met, so that all
    pages of a sheet are in one hand; ``back`` is the page before, which may shine through.
    """

    layouts: Sequence[Layout]
    mix: Mix
    severity: Severity
    answers: Mapping[str, Answers] | None
    seed: int
    writers: dict[str, Writer] = field(default_factory=dict)
    back: Grey | None = None

    def scan(self, pdf_path: Path, out_path: Path, *, shuffle: bool = False, codec: str = "jpeg") -> list[PageTruth]:
        """Fill and scan a whole printed file. Raises ValueError where no page of it carries a code of the layouts."""
        stack = open_stack(out_path, codec)
        pages: list[PageTruth] = []
        try:
            with PrintedFile(pdf_path) as printed:
                order = np.arange(len(printed))
                if shuffle:
                    np.random.default_rng([self.seed, 1]).shuffle(order)
                for number in order.tolist():
                    scan, page = self.scanned(printed, number)
                    source = stack.add(scan.image, page.dpi, scan.jpeg, scan.bilevel)
                    pages.append(replace(page, source=source, page=len(pages) + 1))
        finally:
            stack.close()
        if not any(page.parts for page in pages):
            raise ValueError(f"no page of {pdf_path} carries a code of the given layouts")
        return pages

    def scanned(self, printed: PrintedFile, number: int) -> tuple[Scan, PageTruth]:
        """Fill and scan one printed page (from 0). Its truth lacks only its place in the stack."""
        rng = np.random.default_rng([self.seed, 3, number])
        troubles = choose_troubles(self.severity, rng)
        dpi = int(pick(rng, {str(dpi): share for dpi, share in self.severity.dpi.items()}))
        sides = printed.sides(number, self.layouts)
        flat, spot = self._fresh(printed, number, dpi, sides, troubles, rng)
        marks = [self.fill(flat, spot, side, number) for side in sides]
        self.back = flat.copy() if "show-through" in self.severity.troubles else None
        scan = degrade(flat, spot, self.severity, troubles, dpi)
        parts = tuple(_part(place + 1, side, scan, *marks[place]) for place, side in enumerate(sides))
        pen = " ".join(sorted({self.writers[side.sheet].pen.kind for side in sides if side.sheet in self.writers}))
        height, width = scan.image.shape
        return scan, PageTruth("", 0, number + 1, dpi, width, height, scan.turned_deg, troubles, pen, parts)

    def _fresh(
        self,
        printed: PrintedFile,
        number: int,
        dpi: int,
        sides: tuple[Side, ...],
        troubles: tuple[str, ...],
        rng: np.random.Generator,
    ) -> tuple[Grey, Spot]:
        """The page as it was handed out, and what is known of it."""
        flat, size_mm = printed.image(number, dpi), printed.size_mm(number)
        scale = (flat.shape[1] / size_mm[0], flat.shape[0] / size_mm[1])
        page, offset = (sides[0].page, sides[0].offset_mm) if sides else (self.layouts[0].pages[0], (0.0, 0.0))
        backing = backing_of(self.severity, troubles, rng)
        spot = Spot(scale, size_mm, page, offset, backing, self.back, rng)
        return misprint(flat, spot, troubles), spot

    def fill(self, flat: Grey, spot: Spot, side: Side, number: int) -> Marks:
        """Mark one side, in place; tell what was meant."""
        sheet = Sheet(flat, spot.scale, side.offset_mm, self._writer(side, number), spot.rng)
        answers = None if self.answers is None else self.answers.get(side.sheet, {})
        questions = fill_page(sheet, side.page, self.mix, answers)
        return questions, write_regions(sheet, side.page, self.mix.writing)

    def _writer(self, side: Side, number: int) -> Writer:
        if side.sheet not in self.writers:
            self.writers[side.sheet] = choose_writer(self.mix, np.random.default_rng([self.seed, 2, number]))
        return self.writers[side.sheet]


def scan_stack(
    pdf_path: Path | str,
    layouts: Sequence[Layout],
    out_path: Path | str,
    *,
    answers: Mapping[str, Answers] | None = None,
    mix: Mix | str = "usual",
    severity: Severity | str = "office",
    seed: int = 0,
    shuffle: bool = False,
    codec: str = "jpeg",
) -> Truth:
    """Fill the sheets of a printed PDF, scan them, write the stack, return what was really on it.

    Args:
        pdf_path: the printed file, with its codes.
        layouts: the layouts of the sheets in it.
        out_path: ``.pdf``, ``.tif`` or a folder (``write_stack.open_stack``).
        answers: sheet (with or without hyphen) → question id → choices. A sheet that is not named stays blank; with
            None all are filled at random by ``mix``.
        mix: how people behave: a name of ``plan.MIXES`` or a Mix. With ``answers`` it gives pens and styles only.
        severity: a name of ``severity.SEVERITIES`` or a Severity.
        seed: same file and same seed, same stack.
        shuffle: in another order than printed.
        codec: of the images, as in ``open_stack``.

    Raises:
        ValueError: no page of the file carries a code of ``layouts``, or an answer is unknown.
        KeyError: no such mix or severity.
    """
    room = Room(
        layouts,
        MIXES[mix] if isinstance(mix, str) else mix,
        SEVERITIES[severity] if isinstance(severity, str) else severity,
        None if answers is None else {normalise(sheet): value for sheet, value in answers.items()},
        seed,
    )
    pages = room.scan(Path(pdf_path), Path(out_path), shuffle=shuffle, codec=codec)
    return Truth(severity if isinstance(severity, str) else "custom", seed, tuple(pages))


def _part(
    place: int, side: Side, scan: Scan, questions: dict[str, QuestionTruth], regions: dict[str, bool]
) -> PartTruth:
    moved = np.array([[1, 0, side.offset_mm[0]], [0, 1, side.offset_mm[1]], [0, 0, 1.0]])
    matrix = scan.matrix @ moved
    return PartTruth(
        part=place,
        form=side.layout.form,
        digest=side.layout.digest,
        sheet=readable(side.sheet),
        sheet_page=side.page.page,
        matrix=tuple((matrix / matrix[2, 2]).ravel().tolist()),
        questions=questions,
        centres_px=_centres(side, scan),
        regions=regions,
    )


def _centres(side: Side, scan: Scan) -> dict[str, tuple[float, float]]:
    places = {f"{question.id}.{box.id}": (box.cx, box.cy) for question in side.page.questions for box in question.boxes}
    places |= {f"fiducial.{mark.id}": (mark.x + mark.w / 2, mark.y + mark.h / 2) for mark in side.page.fiducials}
    found: Floats = scan.to_image(np.array(list(places.values())) + side.offset_mm)
    return {key: (round(float(x), 2), round(float(y), 2)) for key, (x, y) in zip(places, found, strict=True)}
