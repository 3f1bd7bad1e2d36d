"""Compares readings with the truth, by the words of measurement: right, silent, flagged, lost.

*Silent* is a question whose state or choice is not the truth and that nobody is asked about; *flagged* goes to a
person; *lost* stands on a good page that was rejected.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from forms.layout import Layout
from omr.synth import PageTruth, PartTruth, QuestionTruth, Truth

OUTCOMES = ("right", "silent", "flagged", "lost")
Reading = dict[str, Any]
_MIDDLE = 0.5  # the reader counts pixels from their corner, the truth from their middle


@dataclass(frozen=True, slots=True)
class Verdict:
    """One question of one page. ``kind`` is the hard class, the style of a clear mark, or ``blank``."""

    outcome: str
    kind: str
    clear: bool
    page: PageTruth
    part: PartTruth
    question: str
    said: str  # what the reader said, for the list of misreads


@dataclass(slots=True)
class Score:
    """Everything that a run found."""

    verdicts: list[Verdict] = field(default_factory=list)
    pages: Counter[str] = field(default_factory=Counter)  # read, lost:<code>, wrong-sheet
    centre_errors_mm: list[float] = field(
        default_factory=list
    )  # by the registration matrix alone, every box of read pages
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, other: Score) -> None:
        """Add what another run found."""
        self.verdicts += other.verdicts
        self.pages += other.pages
        self.faults += other.faults
        self.centre_errors_mm += other.centre_errors_mm

    def table(self, verdicts: Iterable[Verdict]) -> dict[str, Counter[str]]:
        """Count outcomes by kind."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for verdict in verdicts:
            counts[verdict.kind][verdict.outcome] += 1
        return dict(sorted(counts.items()))


def judge(truth: QuestionTruth, said: Reading) -> str:
    """Return right, silent or flagged for one question that was read.

    ``multiple`` is right only where two marks were meant; whoever struck a mark out and made no other meant a blank.
    """
    state, choice = said["state"], tuple(said["choice"])
    if state == "unsure":
        return "flagged"
    if state == "multiple":
        return "right" if truth.state == "multiple" else "flagged"
    if truth.state in ("answered", "corrected"):
        return "right" if state == "answered" and set(choice) == set(truth.choice) else "silent"
    if truth.state in ("blank", "cancelled"):
        return "right" if state == "blank" else "silent"
    return "silent"


def score(truth: Truth, readings: list[Reading], layout: Layout, into: Score) -> None:
    """Add the comparison of one stack to ``into``."""
    by_place = {(Path(line["source"]).name, line["page"], line["part"]): line for line in readings}
    for page in truth.pages:
        for part in page.parts:
            _score_part(page, part, by_place.get((page.source, page.page, part.part)), layout, into)


def bound_95(errors: int, number: int) -> float:
    """Return the one-sided 95 % upper bound of an error rate (exact, binomial); 1 for no trial."""
    if number == 0 or errors >= number:
        return 1.0
    low, high = errors / number, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(errors, number, middle) > 0.05 else (low, middle)
    return high


def _at_most(errors: int, number: int, rate: float) -> float:
    """Probability of at most ``errors`` in ``number`` trials."""
    logs = [
        math.lgamma(number + 1)
        - math.lgamma(k + 1)
        - math.lgamma(number - k + 1)
        + k * math.log(rate)
        + (number - k) * math.log1p(-rate)
        for k in range(errors + 1)
    ]
    return sum(math.exp(value) for value in logs)


def _score_part(page: PageTruth, part: PartTruth, line: Reading | None, layout: Layout, into: Score) -> None:
    why = "no-line" if line is None else (line["problem"] or {}).get("code", "")
    if line is None or line["status"] != "read":
        into.pages[f"lost:{why}"] += 1
        into.verdicts += [_verdict("lost", page, part, key, why) for key in part.questions]
        return
    into.faults.update(fault["code"] for fault in line["faults"])
    if (line["sheet"], line["sheet_page"]) != (part.sheet, part.sheet_page):
        into.pages["wrong-sheet"] += 1
        into.verdicts += [_verdict("silent", page, part, key, f"sheet {line['sheet']}") for key in part.questions]
        return
    into.pages["read"] += 1
    into.centre_errors_mm += list(_centre_errors(page, part, line, layout))
    for key, question in part.questions.items():
        said = line["questions"][key]
        text = f"{said['state']} {' '.join(said['choice'])} p={said['probability']:.5f}"
        into.verdicts.append(_verdict(judge(question, said), page, part, key, text))


def _verdict(outcome: str, page: PageTruth, part: PartTruth, key: str, said: str) -> Verdict:
    question = part.questions[key]
    kind = question.hard or question.style or question.state
    return Verdict(
        outcome, kind, question.clear or (question.state == "blank" and not question.hard), page, part, key, said
    )


def _centre_errors(page: PageTruth, part: PartTruth, line: Reading, layout: Layout) -> Iterator[float]:
    registration = line["registration"]
    if not registration or not registration.get("matrix"):
        return
    matrix = np.array(registration["matrix"]).reshape(3, 3)
    for question in layout.page(part.sheet_page).questions:
        for box in question.boxes:
            x, y, w = matrix @ [box.cx, box.cy, 1.0]
            true_x, true_y = part.centres_px[f"{question.id}.{box.id}"]
            yield math.hypot(x / w - _MIDDLE - true_x, y / w - _MIDDLE - true_y) * 25.4 / page.dpi
