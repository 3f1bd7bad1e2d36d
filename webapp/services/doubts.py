"""Automatic doubts for who supervises: what may be quite in order, and should be looked at by a person.

Before a count is closed only its books are looked at; patterns of answers are taken from what a closing fixed. What is
told is a share, never an answer of a sheet. The lines are constants here and stand on the page beside what they found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Closing
from webapp.services import closed, closing
from webapp.services.overview import Line

LEAST_SHEETS = 10  # fewer say nothing
EQUAL_PERCENT = 90  # of the sheets filled in alike, whatever they say
MIXED_PERCENT = 30  # alike though the items of a sheet differ: hardly by chance
BLANK_PERCENT = 20
REPEATED_PERCENT = 5
RATER = "rater_class"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What should be looked at. ``code`` names its sentence, ``key`` names it in the log of supervision."""

    unit_id: int
    unit: str
    meeting_id: int
    code: str
    params: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The doubt in the log: its meeting and its code."""
        return f"{self.meeting_id}:{self.code}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """The answers of a closed count in a few shares: whole numbers, no sheet."""

    sheets: int
    alike: int  # filled in as the most frequent sheet is
    mixed: int  # the same, of sheets whose items differ
    questions: int
    blank: int
    best: int  # answers that took the first choice


def of_lines(session: Session, lines: Iterable[Line], percent: int) -> list[Doubt]:
    """Return the doubts about units, in their order. ``percent``: the turnout that is asked for."""
    patterns = _patterns(session)
    found: list[Doubt] = []
    for line in lines:
        if line.meeting is not None:
            for code, params in (*_books(line, percent), *_answers(patterns.get(line.meeting.id))):
                found.append(Doubt(line.unit.id, line.unit.name, line.meeting.id, code, params))
    return found


Told = tuple[str, dict[str, int]]


def _books(line: Line, percent: int) -> Iterator[Told]:
    if line.issued is not None and line.returned > line.issued:
        yield "doubt-returned", {"returned": line.returned, "issued": line.issued}
    if line.reached(percent) is False:
        yield "doubt-turnout", {"present": line.present or 0, "expected": line.expected or 0, "percent": percent}
    if line.repeated * 100 > REPEATED_PERCENT * max(line.returned, 1):
        yield "doubt-repeated", {"pages": line.repeated, "sheets": line.returned}


def _answers(found: Pattern | None) -> Iterator[Told]:
    if found is None or found.sheets < LEAST_SHEETS:
        return
    if found.mixed * 100 >= MIXED_PERCENT * found.sheets:
        yield "doubt-alike", {"alike": found.mixed, "sheets": found.sheets, "line": MIXED_PERCENT}
    elif found.alike * 100 >= EQUAL_PERCENT * found.sheets:
        yield "doubt-alike", {"alike": found.alike, "sheets": found.sheets, "line": EQUAL_PERCENT}
    if found.blank * 100 > BLANK_PERCENT * found.questions:
        yield "doubt-blank", {"blank": found.blank, "questions": found.questions, "line": BLANK_PERCENT}
    if found.best == found.questions:
        yield "doubt-perfect", {"sheets": found.sheets}


def _patterns(session: Session) -> dict[int, Pattern]:
    newest = select(func.max(Closing.id)).where(Closing.meeting_id.in_(closed.closed_meetings()))
    query = select(Closing).where(Closing.id.in_(newest.group_by(Closing.meeting_id)))
    return {row.meeting_id: _pattern(row.digest, row.content) for row in session.scalars(query)}


@lru_cache(maxsize=512)
def _pattern(digest: str, content: bytes) -> Pattern:
    """Look through what a closing fixed, once: it never changes."""
    value = closing.value_of(Closing(digest=digest, content=content))
    void = set(value["void"])
    sheets: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for sheet, _page, question, state, choice, *_source in value["answers"]:
        if question != RATER and sheet not in void:
            sheets[sheet].append((question, state, choice))
    kinds = Counter(tuple(sorted(answers)) for answers in sheets.values())
    mixed = [number for answers, number in kinds.items() if len({choice for _q, _s, choice in answers}) > 1]
    everything = Counter((state, choice) for answers in sheets.values() for _q, state, choice in answers)
    return Pattern(
        len(sheets), max(kinds.values(), default=0), max(mixed, default=0), sum(everything.values()),
        everything["blank", ""], everything["answered", "satisfied"],
    )  # fmt: skip
