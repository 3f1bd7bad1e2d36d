"""Marks that people made, pasted on printed sheets: ``python -m tests.bench.real_marks``.

The crops are not part of the repository: ``PINGYI_REAL_MARKS`` or ``../shared/real-marks`` names their folder, with an
``index.json``. They come from few, careful writers on other targets: they check the reader, they prove nothing alone.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from forms.layout import Box
from omr.synth import MIXES, SEVERITIES, QuestionTruth, Truth
from omr.synth.paper import Spot
from omr.synth.pens import lay
from omr.synth.printed import Side
from omr.synth.scan import Marks, Room
from tests.bench.accuracy import report
from tests.bench.crops import save_crops
from tests.bench.deck import ROOT, Deck, layout_of, print_sheets, read
from tests.bench.score import Score, score

ANSWERS = ("fill", "scribble-fill", "partial-fill", "cross", "slash", "tick")
NO_ANSWERS = ("erased", "stray", "speck", "bleed-through")  # handwriting is not pasted: it belongs to no box
ASIDE_MM = {"stray": 3.0, "bleed-through": 3.0}  # in the middle of a box a person, too, would take them for answers
FORM = "roster-overall"


@dataclass(slots=True)
class Pasting(Room):
    """A room whose marks come from a pile of crops: one after the other, a question in seven left blank."""

    folder: Path = Path()
    pile: list[dict[str, Any]] = field(default_factory=list)

    def fill(self, flat: np.ndarray, spot: Spot, side: Side, number: int) -> Marks:
        """Paste the next crops of the pile, in place."""
        truths = {}
        for place, question in enumerate(side.page.questions):
            truths[question.id] = QuestionTruth("blank")
            if place % 7 == 6 or not self.pile:
                continue
            mark = self.pile.pop()
            box = question.boxes[int(spot.rng.integers(len(question.boxes)))]
            self._paste(flat, spot, box, mark)
            if mark["kind"] in ANSWERS:
                truths[question.id] = QuestionTruth("answered", (box.id,), mark["kind"], True)
            else:
                truths[question.id] = QuestionTruth("blank", (), "", False, mark["kind"], (box.id,))
        return truths, {}

    def _paste(self, flat: np.ndarray, spot: Spot, box: Box, mark: dict[str, Any]) -> None:
        picture = cv2.imread(str(self.folder / mark["file"]), cv2.IMREAD_UNCHANGED)
        if picture is None:
            raise SystemExit(f"{mark['file']} of the index is missing")
        cover = picture[..., -1].astype(np.float32) / 255
        factor = spot.scale[0] * 25.4 / mark["dpi"]
        cover = cv2.resize(
            cover, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        )
        angle = spot.rng.uniform(0, 2 * np.pi)
        aside = ASIDE_MM.get(mark["kind"], 0.0) * np.array([np.cos(angle), np.sin(angle)])
        x, y = np.array([box.cx, box.cy]) + spot.offset_mm + aside + spot.rng.normal(0, 0.25, 2)
        left, top = int(x * spot.scale[0] - cover.shape[1] / 2), int(y * spot.scale[1] - cover.shape[0] / 2)
        lay(flat, cover, float(mark["ink_grey"]), left, top)


def marks_folder() -> Path:
    """Return the folder of the crops. Raises SystemExit, with what to do, where there is none."""
    folder = Path(os.environ.get("PINGYI_REAL_MARKS", ROOT.parent / "shared" / "real-marks"))
    if not (folder / "index.json").is_file():
        raise SystemExit(f"no real marks in {folder}: set PINGYI_REAL_MARKS to a folder with index.json")
    return folder


def main() -> None:
    """Run the bench and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.real_marks", description=__doc__)
    parser.add_argument("--severity", choices=sorted(SEVERITIES), default="office")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1, help="each mark is pasted so often, each time elsewhere")
    parser.add_argument("--misreads", type=Path, help="a folder for crops of silent errors")
    options = parser.parse_args()
    folder, total = marks_folder(), Score()
    marks = json.loads((folder / "index.json").read_text("utf-8"))["marks"]
    pile = [mark for mark in marks if mark["kind"] in ANSWERS + NO_ANSWERS]
    pile.sort(key=lambda mark: (mark["source"], mark["file"]))  # a sheet is in one hand, as far as is known
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="real-marks-") as work:
            deck = _deck(Path(work), folder, list(pile), options.severity, options.seed + number)
            part = Score()
            score(deck.truth, read([deck.path], [deck.layout_path], Path(work) / "r.jsonl"), deck.layout, part)
            silent = [verdict for verdict in part.verdicts if verdict.outcome == "silent"]
            if options.misreads and silent:
                save_crops(deck, silent, options.misreads / f"real-{options.severity}-{options.seed + number}")
            total.add(part)
    print("\n".join(report(total)))


def _deck(work: Path, folder: Path, pile: list[dict[str, Any]], severity: str, seed: int) -> Deck:
    layout = layout_of(FORM)
    questions = len(layout.pages[0].questions)
    copies = -(-len(pile) // (questions - questions // 7))
    printed, scanned, layout_path = work / "printed.pdf", work / "scanned.pdf", work / "layout.json"
    layout_path.write_text(layout.dumps(), "utf-8")
    print_sheets(layout, copies, seed, printed)
    room = Pasting([layout], MIXES["clean"], SEVERITIES[severity], None, seed, folder=folder, pile=pile)
    return Deck(scanned, layout, layout_path, Truth(severity, seed, tuple(room.scan(printed, scanned))))


if __name__ == "__main__":
    main()
