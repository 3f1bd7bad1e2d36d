"""Readings against the truth of the stress set, by the words of measurement: right, silent, flagged, lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.marks.chance import upper_95
from tests.marks.model import PageTruth, QuestionTruth, State

OUTCOMES = ("right", "silent", "flagged", "lost")
Reading = dict[str, Any]  # one line of readings.jsonl


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one question. ``read`` is the reader's word, ``probability`` its own trust in it."""

    page: PageTruth
    question: QuestionTruth
    outcome: str
    read: str
    probability: float


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: counts of one group of questions, the lost ones apart."""

    name: str
    questions: int
    silent: int
    flagged: int
    lost: int
    clear: int
    clear_flagged: int

    @property
    def silent_per_100k(self) -> float:
        return 1e5 * self.silent / max(1, self.questions)

    @property
    def bound_per_100k(self) -> float:
        return 1e5 * upper_95(self.silent, self.questions)

    @property
    def flagged_share(self) -> float:
        return self.flagged / max(1, self.questions)

    @property
    def clear_flagged_share(self) -> float:
        return self.clear_flagged / max(1, self.clear)


def judge(truth: QuestionTruth, state: str, choice: Sequence[str]) -> str:
    """Return the outcome of a question read as ``state`` with ``choice``.

    Only sure answers and blanks are not looked at by a person. A mark that was taken back and no other is no answer:
    blank is right there.
    """
    if state not in ("answered", "blank"):
        return "flagged"
    if truth.state in (State.ANSWERED, State.CORRECTED):
        return "right" if state == "answered" and tuple(choice) == truth.choice else "silent"
    if truth.state is State.MULTIPLE:
        return "silent"
    return "right" if state == "blank" else "silent"


def compare(truths: Iterable[PageTruth], readings: dict[str, Reading]) -> list[Verdict]:
    """Return a verdict for every question; ``readings`` by the names of their files. Raises KeyError for one missing.

    A page read as another sheet than its own makes its questions silent: they would count for somebody else.
    """
    verdicts = []
    for page in truths:
        reading = readings[page.file]
        for question in page.questions:
            verdicts.append(_verdict(page, question, reading))
    return verdicts


def _verdict(page: PageTruth, question: QuestionTruth, reading: Reading) -> Verdict:
    if reading["status"] != "read":
        return Verdict(page, question, "lost", reading["problem"]["code"], 0.0)
    if reading["sheet"].replace("-", "") != page.sheet or reading["sheet_page"] != page.page:
        return Verdict(page, question, "silent", f"as sheet {reading['sheet']}", 1.0)
    read = reading["questions"][question.id]
    outcome = judge(question, read["state"], read["choice"])
    word = read["state"] + (":" + "+".join(read["choice"]) if read["choice"] else "")
    return Verdict(page, question, outcome, word, float(read["probability"]))


def table(verdicts: Iterable[Verdict], by: Callable[[Verdict], Sequence[str]]) -> list[Row]:
    """Return one row for each group, the worst first; ``by`` names the groups that a question belongs to."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for name in by(verdict):
            groups.setdefault(name, []).append(verdict)
    rows = [_row(name, members) for name, members in groups.items()]
    return sorted(rows, key=lambda row: (-row.silent, -row.flagged_share, row.name))


def _row(name: str, members: Sequence[Verdict]) -> Row:
    read = [v for v in members if v.outcome != "lost"]
    clear = [v for v in read if v.question.clear]
    silent, flagged = (sum(v.outcome == outcome for v in read) for outcome in ("silent", "flagged"))
    asked = sum(v.outcome == "flagged" for v in clear)
    return Row(name, len(read), silent, flagged, len(members) - len(read), len(clear), asked)
