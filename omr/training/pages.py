"""Pages to learn from: ``python -m omr.training.pages --out FILE.npz --pages 100 --seed 1 [--severity …] [--mix …]``.

Prints, fills and scans pages in memory and measures them as the reader does, but keeps what it saw of every touched
box. The truth is the synthesiser's. One file holds many pages; ``load`` gives them back.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from forms import code, loader, render
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from omr import measure
from omr.find import find_sheets
from omr.image import Page, reduction_for
from omr.known import KnownLayouts
from omr.raster import decode_jpeg
from omr.reader import place
from omr.reading import Problem
from omr.settings import ReaderSettings
from omr.synth import SEVERITIES, Severity
from omr.synth.degrade import Scan
from omr.synth.plan import mix_of
from omr.synth.printed import PrintedFile
from omr.synth.scan import Room

FORMS = {"org": 1, "member": 1, "roster-overall": 2, "roster-items": 4}  # how often each is printed
ROWS = {"roster-overall": 25, "roster-items": 16}
PRINTS = ("faint-toner", "mottled-toner", "fat-toner", "copied", "creased", "show-through", "dust", "sharpened")
PRINT_SHARE = 0.08  # of the pages, each of PRINTS, on top of the severity's own troubles
WILD = replace(  # scanners of no kind: everything from wide ranges
    SEVERITIES["office"],
    skew_deg=2.5,
    scale=0.012,
    noise=(2.0, 13.0),
    blur_px=(0.2, 1.5),
    light=0.3,
    white=(195, 255),
    black=(0, 75),
    jpeg=(35, 95),
    dpi={150: 0.1, 200: 0.35, 300: 0.55},
    troubles={"feed-slip": 0.1, "edge-shadow": 0.1, "streaks": 0.04, "hard-shadow": 0.05, "dark-backing": 0.1},
)
_SETTINGS = ReaderSettings()


@dataclass(frozen=True, slots=True)
class Seen:
    """One page: ``shapes`` of all boxes (``measure.SHAPES``), ``pictures`` of the ``touched`` ones for ``eye``."""

    ids: list[tuple[str, str]]  # question, box
    shapes: NDArray[np.float32]
    touched: NDArray[np.int64]
    pictures: NDArray[np.uint8]  # (touched, 4, eye.SIDE, eye.SIDE)
    truth: dict[str, dict[str, Any]]  # question -> QuestionTruth as a dict
    about: dict[str, Any]  # severity, troubles, pen


def main() -> None:
    """Make the pages and write them."""
    parser = argparse.ArgumentParser(prog="python -m omr.training.pages", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--severity", nargs="+", choices=[*sorted(SEVERITIES), "wild"], default=["office", "bad", "phone"]
    )
    parser.add_argument("--mix", nargs="+", default=["varied"])
    parser.add_argument("--print-share", type=float, default=PRINT_SHARE, help="of the pages, with each print trouble")
    parser.add_argument("--plain-prints", action="store_true", help="no more print troubles than the severity has")
    options = parser.parse_args()
    seen: list[Seen] = []
    each = max(1, options.pages // (len(options.severity) * len(options.mix) * sum(FORMS.values())))
    with tempfile.TemporaryDirectory(prefix="training-") as folder:
        for number, (form, share) in enumerate(FORMS.items()):
            printed = printed_sheets(form, each * share, Path(folder))
            for step, (name, mix) in enumerate((s, m) for s in options.severity for m in options.mix):
                severity = WILD if name == "wild" else SEVERITIES[name]
                if not options.plain_prints:
                    severity = replace(
                        severity, troubles={**dict.fromkeys(PRINTS, options.print_share), **severity.troubles}
                    )
                seed = options.seed * 1000 + number * 100 + step
                seen += make(form, printed, severity, mix, seed, name)
    save(seen, options.out)


def printed_sheets(form: str, count: int, folder: Path) -> Path:
    """Print sheets of a preset; the same for every mix, since setting the type costs more than ten pages do."""
    layout, path = _layout(form), folder / f"{form}.pdf"
    chance = random.Random(count)  # noqa: S311 (numbers of sheets that nobody keeps)
    sheets: dict[str, None] = {}
    while len(sheets) < count:
        sheets[code.new_sheet(layout.digest, sheets, chance.choice)] = None
    render.write_pdf(layout, sheets, path)
    return path


def make(form: str, path: Path, severity: Severity, mix: str, seed: int, name: str) -> Iterator[Seen]:
    """Yield the pages of a printed preset that were read; a page that can't be placed teaches nothing."""
    layout = _layout(form)
    room = Room([layout], mix_of(mix), severity, None, seed)
    with PrintedFile(path) as printed:
        for number in range(len(printed)):
            scan, truth = room.scanned(printed, number)
            about = {"form": form, "severity": name, "troubles": truth.troubles, "pen": truth.pen, "mix": mix}
            if (seen := _measured(scan, truth.dpi, layout)) is not None:
                ids, shapes, touched, pictures = seen
                questions = {key: asdict(value) for key, value in truth.parts[0].questions.items()}
                yield Seen(ids, shapes, touched, pictures, questions, about)


@cache
def _layout(form: str) -> Layout:
    members = tuple(f"成员{number + 1}" for number in range(ROWS.get(form, 0)))
    return typeset(loader.preset(form), Values("某某党支部", "某某党支部", "2011年7月15日", members))


def _measured(scan: Scan, dpi: int, layout: Layout) -> tuple[Any, ...] | None:
    height, width = scan.image.shape
    reduction = reduction_for(width, height, _SETTINGS.stack)
    if scan.bilevel:
        grey = scan.image
        reduction = 1
    else:
        data = cv2.imencode(".jpg", scan.image, (cv2.IMWRITE_JPEG_QUALITY, scan.jpeg))[1].tobytes()
        grey = decode_jpeg(data, reduction, 1, follow_exif=False)
    page = Page(1, grey, reduction, width, height, float(dpi), scan.bilevel)
    found = find_sheets(page, KnownLayouts({layout.digest: layout}), _SETTINGS)
    if isinstance(found, Problem):
        return None
    placed = place(page, found[0], _SETTINGS)
    if isinstance(placed, Problem):
        return None
    aim = found[0].known.target
    sight = measure.see(page.grey, placed.fit.matrix, placed.fit.shifts_mm, aim, placed.black_ratio)
    shapes = measure.shapes(sight, aim)
    touched = np.flatnonzero(measure.is_touched(shapes, aim))
    pictures = measure.pictures(page.grey, placed.fit.matrix, placed.fit.shifts_mm, aim, sight, touched)
    return list(aim.ids), shapes.round(4), touched, pictures


def save(pages: Sequence[Seen], path: Path) -> None:
    """Write pages to one file."""
    heads = [{"ids": p.ids, "truth": p.truth, "about": p.about, "touched": p.touched.tolist()} for p in pages]
    np.savez_compressed(
        path,
        heads=np.array(json.dumps(heads, ensure_ascii=False)),
        shapes=np.concatenate([p.shapes for p in pages]),
        pictures=np.concatenate([p.pictures for p in pages]),
    )


def load(paths: Sequence[Path]) -> Iterator[Seen]:
    """Yield the pages of files."""
    for path in paths:
        with np.load(path) as file:
            shapes, pictures = file["shapes"], file["pictures"]
            heads = json.loads(str(file["heads"]))
        box = patch = 0
        for head in heads:
            ids, touched = [(q, b) for q, b in head["ids"]], np.array(head["touched"], np.int64)
            until, last = box + len(ids), patch + len(touched)
            yield Seen(ids, shapes[box:until], touched, pictures[patch:last], head["truth"], head["about"])
            box, patch = until, last


if __name__ == "__main__":
    main()
