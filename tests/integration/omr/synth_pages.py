"""Pages of the synthesiser for the reader's tests: one printed form, answers that are known, one mishap at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from omr_scans import Printed

from omr.image import Page, reduction_for, shrink
from omr.raster import decode_jpeg, jpeg_quality
from omr.reader import Reader
from omr.reading import PageReading, QuestionState
from omr.settings import ReaderSettings
from omr.synth import SEVERITIES, PageTruth, Severity
from omr.synth.degrade import Scan, degrade
from omr.synth.plan import mix_of
from omr.synth.printed import PrintedFile
from omr.synth.scan import Room

SETTINGS = ReaderSettings()


@dataclass(frozen=True)
class Filled:
    """One scanned page and what is truly on it."""

    scan: Scan
    truth: PageTruth

    def page(self, turns: int = 0) -> Page:
        """Return the page as a file would give it, turned clockwise by quarters."""
        image = np.ascontiguousarray(np.rot90(self.scan.image, -turns))
        height, width = image.shape
        reduction = reduction_for(width, height, SETTINGS.stack)
        if self.scan.bilevel:
            return Page(1, shrink(image, reduction), reduction, width, height, self.truth.dpi, is_one_bit=True)
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.scan.jpeg])[1].tobytes()
        grey = decode_jpeg(data, reduction, 1, follow_exif=False)
        return Page(1, grey, reduction, width, height, self.truth.dpi, jpeg_quality=jpeg_quality(data))


def fill(
    form: Printed, seed: int, severity: str | Severity = "office", *troubles: str, copy: int = 0, mix: str = "usual"
) -> Filled:
    """Fill and scan one copy of a form, with all of ``troubles``."""
    kind = SEVERITIES[severity] if isinstance(severity, str) else severity
    room = Room([form.layout], mix_of(mix), kind.always(*troubles), None, seed)
    with PrintedFile(Path(form.path)) as printed:
        return Filled(*room.scanned(printed, copy))


def rescans(form: Printed, seed: int, copy: int = 0) -> tuple[Filled, Filled]:
    """Fill one sheet and scan it twice: other skew, noise and light, the same ink."""
    severity = quieter("office")
    room = Room([form.layout], mix_of("usual"), severity, None, seed)
    rng = np.random.default_rng([seed, 3, copy])
    with PrintedFile(Path(form.path)) as printed:
        sides = printed.sides(copy, [form.layout])
        flat, spot = room._fresh(printed, copy, 200, sides, (), rng)
        marks = room.fill(flat, spot, sides[0], copy)
        _, truth = room.scanned(printed, copy)
    truth = replace(truth, dpi=200, parts=(replace(truth.parts[0], questions=marks[0]),))
    scans = (
        degrade(flat.copy(), replace(spot, rng=np.random.default_rng([seed, n])), severity, (), 200) for n in (1, 2)
    )
    one, two = (Filled(scan, truth) for scan in scans)
    return one, two


def read(form: Printed, page: Page) -> PageReading:
    """Read one page that must give one reading."""
    (reading,) = Reader({form.layout.digest: form.layout}).read(page)
    return reading


def wrong(reading: PageReading, truth: PageTruth) -> list[str]:
    """Return the questions that were read surely and not as they were meant."""
    found = []
    for name, said in reading.questions.items():
        meant = truth.parts[0].questions[name]
        is_answer = meant.state in ("answered", "corrected")
        if said.state is QuestionState.ANSWERED and (not is_answer or set(said.choice) != set(meant.choice)):
            found.append(name)
        if said.state is QuestionState.BLANK and is_answer:
            found.append(name)
    return found


def quieter(severity: str) -> Severity:
    """Return a severity without the troubles that it draws by itself."""
    return replace(SEVERITIES[severity], troubles={}, one_of=())
