"""How far off the boxes are looked for: ``python -m tests.bench.places --severity office --pages 200 --seed 1``.

The place that counts is the one the reader measures at: the map of the page and the shift of each box. It is held
against the synthesiser's truth, which knows of curl, slip and lens. A page that the reader believes with a box more
than ``OFF_MM`` from its place is *silently off*; one that it refuses is *lost*.

Two conventions meet here. The reader's pixels are continuous: the middle of the first one is (.5, .5). The truth's are
OpenCV's: it is (0, 0). Half a pixel is added to the truth; at 200 dpi it would else pass for .09 mm.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from forms.layout import Layout
from omr.find import find_sheets
from omr.geometry import Array, apply, px_per_mm
from omr.image import Page, reduction_for
from omr.known import KnownLayouts, KnownPage
from omr.raster import decode_jpeg, jpeg_quality
from omr.reader import place
from omr.reading import Problem
from omr.register import Placed
from omr.settings import ReaderSettings
from omr.synth import MIXES, SEVERITIES, PageTruth
from omr.synth.degrade import Scan
from omr.synth.printed import PrintedFile
from omr.synth.scan import Room
from tests.bench.deck import FORMS, layout_of, print_sheets

OFF_MM = 0.5
_MIDDLE = 0.5  # of a pixel, from its corner
_SHEETS = 4  # printed and filled anew for each page scanned: printing is dear, and places do not depend on the code


@dataclass(slots=True)
class Found:
    """What a run found. Errors are of box centres, in mm."""

    errors: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)  # by the matrix alone
    worst: list[float] = field(default_factory=list)  # of each page that was believed
    residuals: list[float] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    off: list[str] = field(default_factory=list)
    unplaced: int = 0  # boxes that the reader says it could not place; they are left out of the errors
    pages: int = 0


def main() -> None:
    """Run the bench and print its figures."""
    options, found = _options(), Found()
    settings = ReaderSettings()
    for form in options.forms:
        with tempfile.TemporaryDirectory(prefix="places-") as folder:
            count = options.pages // len(options.forms)
            for scan, truth, layout in scans(
                form, count, options.seed, Path(folder), options.severity, options.trouble
            ):
                _add(found, scan, truth, layout, settings, options.worst)
    print("\n".join(report(found)))
    if options.json:
        options.json.write_text(json.dumps(summary(found)), "utf-8")


def scans(
    form: str, count: int, seed: int, folder: Path, severity: str, troubles: list[str]
) -> Iterator[tuple[Scan, PageTruth, Layout]]:
    """Yield ``count`` filled and scanned pages of a preset, each with its truth."""
    layout = layout_of(form)
    print_sheets(layout, _SHEETS, seed, folder / "printed.pdf")
    with PrintedFile(folder / "printed.pdf") as printed:
        for index in range(count):
            chosen = SEVERITIES[severity].always(*troubles)
            room = Room([layout], MIXES["usual"], chosen, None, seed * 100_003 + index)
            scan, truth = room.scanned(printed, random.Random(f"{seed}.{index}").randrange(len(printed)))
            yield scan, replace(truth, source=f"{form} {index}"), layout


def page_of(scan: Scan, dpi: int, settings: ReaderSettings) -> Page:
    """Return a scan as the reader opens it: compressed, decoded, reduced."""
    height, width = scan.image.shape
    reduction = reduction_for(width, height, settings.stack)
    data = cv2.imencode(".jpg", scan.image, [cv2.IMWRITE_JPEG_QUALITY, scan.jpeg])[1].tobytes()
    grey = decode_jpeg(data, reduction, 1, follow_exif=False)
    return Page(1, grey, reduction, width, height, dpi, jpeg_quality=jpeg_quality(data))


def laid(page: Page, layout: Layout, settings: ReaderSettings) -> tuple[Placed, KnownPage] | str:
    """Return where the reader lays a page, or the code of its problem."""
    sheets = find_sheets(page, KnownLayouts({layout.digest: layout}), settings)
    if isinstance(sheets, Problem):
        return sheets.code
    placed = place(page, sheets[0], settings)
    return placed.code if isinstance(placed, Problem) else (placed, sheets[0].known)


def errors_mm(placed: Placed, known: KnownPage, page: Page, truth: PageTruth) -> tuple[Array, Array]:
    """Return the distance of each box centre from its true place: as measured at, and by the matrix alone."""
    part = truth.parts[0]
    true = np.array([part.centres_px[f"{question}.{box}"] for question, box in known.target.ids]) + _MIDDLE
    matrix = np.array(part.matrix).reshape(3, 3)
    per_mm = px_per_mm(matrix, np.array(known.layout.page_mm) / 2)
    centres = known.target.boxes_mm[:, :2]
    distances = [
        np.hypot(*(apply(placed.fit.matrix, at) * page.reduction - true).T) / per_mm
        for at in (centres + placed.fit.shifts_mm, centres)
    ]
    return distances[0], distances[1]


def _add(
    found: Found, scan: Scan, truth: PageTruth, layout: Layout, settings: ReaderSettings, folder: Path | None
) -> None:
    page = page_of(scan, truth.dpi, settings)
    found.pages += 1
    result = laid(page, layout, settings)
    if isinstance(result, str):
        found.lost[result] += 1
        if folder:
            cv2.imwrite(str(folder / f"lost {result} {truth.source}.png"), page.grey)
        return
    errors, plain = errors_mm(*result, page, truth)
    told = result[0].fit.unplaced(settings.register)  # goes to review: whoever reads it knows
    found.unplaced += int(told.sum())
    errors, plain = errors[~told], plain[~told]
    found.errors += errors.tolist()
    found.plain += plain.tolist()
    found.worst.append(float(errors.max()))
    found.residuals.append(result[0].fit.residual_mm)
    if errors.max() > OFF_MM:
        residual = f"residual {result[0].fit.residual_mm:.3f}, {result[0].fit.found} of {len(errors)} outlines"
        found.off.append(f"{truth.source}: {errors.max():.2f} mm off ({residual}; {', '.join(truth.troubles)})")
        if folder:
            cv2.imwrite(str(folder / f"off {truth.source}.png"), page.grey)


def summary(found: Found) -> dict[str, Any]:
    """Return the figures as one JSON value."""
    errors, plain = np.array(found.errors), np.array(found.plain)
    return {
        "pages": found.pages,
        "lost": dict(found.lost),
        "boxes": len(errors),
        "unplaced": found.unplaced,
        "median": round(float(np.median(errors)), 4),
        "p99.9": round(float(np.percentile(errors, 99.9)), 3),
        "max": round(float(errors.max()), 3),
        "matrix p99.9": round(float(np.percentile(plain, 99.9)), 3),
        "residual max": round(max(found.residuals), 3),
        f"pages silently > {OFF_MM} mm off": len(found.off),
    }


def report(found: Found) -> list[str]:
    """Return the figures as lines."""
    if not found.errors:
        return [f"{found.pages} pages, none placed: {dict(found.lost)}"]
    return [", ".join(f"{key} {value}" for key, value in summary(found).items()), *found.off]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.places", description=__doc__)
    parser.add_argument("--severity", choices=sorted(SEVERITIES), default="office")
    parser.add_argument("--trouble", action="append", default=[])
    parser.add_argument("--pages", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--worst", type=Path, help="a folder for pages that were lost or off")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
