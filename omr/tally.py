"""The count: sheets that came back and counting rules in; counts, rates and turnout out. Pure, and order-free.

Everything is counted in whole sheets. A rate keeps its two whole numbers and rounds once, half up, to two decimals of a
percent; rates are never bent to add up to 100. The web counts the same by SQL (``webapp.services.tally``) and a test
holds the two equal, so that a count can be made again from the sheets alone.

How one question of one sheet counts (``Outcome``):

* ``answered``: the choices that were taken;
* ``blank``: no mark, an abstention (弃权);
* ``invalid``: a person ruled this one question invalid (无效); the rest of the sheet stands;
* ``pending``: the machine was unsure, or saw too many marks, and no person has ruled yet (待复核). It is a figure of
  its own, because whichever column it went into would be a guess;
* ``missing``: the page that asks it did not come (缺页). Nobody abstained and nothing is invalid.

The rater class of a sheet is what its first question says. Where it says nothing, or nothing that can be counted, the
sheet belongs to ``UNSTATED`` (身份未填), and ``Count.rater`` tells how many were blank, invalid or pending.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from forms.survey import Choice, Question
from omr.disclosure import DEFAULT_FLOOR, members

UNSTATED = ""  # the rater class of a sheet that names none


class Outcome(StrEnum):
    ANSWERED = "answered"
    BLANK = "blank"
    INVALID = "invalid"
    PENDING = "pending"
    MISSING = "missing"


def outcome(state: str, *, decided: bool) -> Outcome:
    """Return how a question counts whose state is ``state``, by the machine or (``decided``) by a person.

    Raises ValueError for a state that nobody may give.
    """
    if state in ("answered", "blank"):
        return Outcome(state)
    if decided and state == "invalid":
        return Outcome.INVALID
    if not decided and state in ("multiple", "unsure"):
        return Outcome.PENDING
    raise ValueError(f"{state!r} is no state that a {'person' if decided else 'reader'} gives")


class Asked(NamedTuple):
    """What is asked about whom: ``subject`` is the organisation or the member, ``item`` the id of a survey's item."""

    subject: str
    item: str


class Cell(NamedTuple):
    """One cell of the count. ``choice`` holds the choices taken, comma-separated in the order of the sheet."""

    subject: str
    item: str
    rater_class: str
    outcome: Outcome
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question of one sheet says."""

    outcome: Outcome
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of which at least one page came back. ``asked`` names the page of each question."""

    asked: Mapping[Asked, int]
    pages: frozenset[int]  # those that came
    answers: Mapping[Asked, Answer]
    rater: Answer
    void: bool = False

    @property
    def rater_class(self) -> str:
        return self.rater.choice if self.rater.outcome == Outcome.ANSWERED else UNSTATED


@dataclass(frozen=True, slots=True)
class Count:
    """All that is counted of one form of one meeting. ``valid`` and what follows leave the void sheets out."""

    returned: int = 0
    void: int = 0
    valid: Mapping[str, int] = field(default_factory=dict)  # rater class → sheets
    rater: Mapping[Outcome, int] = field(default_factory=dict)  # how the question for the rater class stands
    asked: Mapping[tuple[str, str, str], int] = field(default_factory=dict)  # (subject, item, rater class) → sheets
    cells: Mapping[Cell, int] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """Questions that wait for a person, the one for the rater class included."""
        items = sum(number for cell, number in self.cells.items() if cell.outcome == Outcome.PENDING)
        return items + self.rater.get(Outcome.PENDING, 0)


def count(sheets: Iterable[Sheet]) -> Count:
    """Count sheets, each given once, in any order."""
    returned = void = 0
    valid: Counter[str] = Counter()
    rater: Counter[Outcome] = Counter()
    asked: Counter[tuple[str, str, str]] = Counter()
    cells: Counter[Cell] = Counter()
    for sheet in sheets:
        returned += 1
        if sheet.void:
            void += 1
            continue
        valid[sheet.rater_class] += 1
        rater[sheet.rater.outcome] += 1
        asked.update((*question, sheet.rater_class) for question in sheet.asked)
        cells.update(_cells(sheet))
    return Count(returned, void, dict(valid), dict(rater), dict(asked), dict(cells))


def _cells(sheet: Sheet) -> Iterable[Cell]:
    for question, page in sheet.asked.items():
        if page not in sheet.pages:
            yield Cell(*question, sheet.rater_class, Outcome.MISSING)
        elif question in sheet.answers:  # else nothing was read there: the books will not balance and say so
            answer = sheet.answers[question]
            yield Cell(*question, sheet.rater_class, answer.outcome, answer.choice)


@dataclass(frozen=True, slots=True)
class Rules:
    """Counting rules of a campaign. Their values are printed on every paper that they shaped."""

    denominator: str = "choices"  # "choices": those who took a choice that counts; "valid": all sheets that were asked
    headline: str = "fairly"  # one of RATES
    turnout_percent: int = 80  # 以上 includes the number itself
    disclosure_floor: int = DEFAULT_FLOOR  # a rater class with fewer sheets is not shown alone
    high_percent: int = 90  # the headline rate that makes an example (示范)
    low_percent: int = 60  # below it: rectification within a set time (限期整改)
    low_dissatisfied_in: int = 3  # more dissatisfied than one in so many: the same; 0: no such rule

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Rules:
        """Build from a campaign's rules; keys that are not for the count are left alone. Raises ValueError."""
        rules = cls(**{key: value[key] for key in cls.__slots__ if key in value})
        if rules.denominator not in ("choices", "valid") or rules.headline not in RATES:
            raise ValueError(f"no such rule: {rules}")
        return rules


RATES = ("satisfied", "fairly", "not_dissatisfied")


@dataclass(frozen=True, slots=True)
class Rate:
    """``part`` of ``whole`` sheets (or people)."""

    part: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        """Percent, rounded half up to two decimals; None where there is nothing to divide by."""
        if self.whole <= 0:
            return None
        return Decimal((20_000 * self.part + self.whole) // (2 * self.whole)).scaleb(-2)


@dataclass(frozen=True, slots=True)
class ChoiceFigure:
    """One choice. ``rate`` is its share; None for a choice that is counted beside the denominator (不了解)."""

    choice: Choice
    number: int
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One item, of all raters or of one class (``rater_class`` is None for all; of several it joins their ids)."""

    subject: str
    question: Question
    rater_class: str | None
    asked: int  # valid sheets that ask it
    choices: tuple[ChoiceFigure, ...]
    blank: int
    invalid: int
    pending: int
    missing: int
    answered: int
    denominator: int
    rates: Mapping[str, Rate]  # by the names of RATES
    dissatisfied: Rate

    @property
    def balanced(self) -> bool:
        """Whether every valid sheet stands in exactly one column."""
        return self.asked == self.answered + self.blank + self.invalid + self.pending + self.missing


def by_question(counted: Count) -> dict[Asked, Count]:
    """Split a count by what was asked; each part keeps its cells and how many sheets asked it."""
    cells: dict[Asked, dict[Cell, int]] = defaultdict(dict)
    asked: dict[Asked, dict[tuple[str, str, str], int]] = defaultdict(dict)
    for key, number in counted.asked.items():
        asked[Asked(*key[:2])][key] = number
    for cell, number in counted.cells.items():
        cells[Asked(*cell[:2])][cell] = number
    return {key: Count(asked=asked[key], cells=cells[key]) for key in [*asked, *(cells.keys() - asked.keys())]}


def figures(part: Count, rules: Rules, subject: str, question: Question, rater_class: str | None = None) -> Figures:
    """Return the figures of one item from its part of ``by_question``.

    With the denominator "choices" a rate divides by the sheets that took a choice with ``in_denominator``; with "valid"
    by all valid sheets whose page came. The parts are the same: an abstention never makes anybody satisfied.
    ``rater_class``: a class, or several joined (a row of ``omr.disclosure``).
    """
    who = None if rater_class is None else members(rater_class)
    asked = sum(n for (_, _, raters), n in part.asked.items() if who is None or raters in who)
    ours = [(cell, n) for cell, n in part.cells.items() if who is None or cell.rater_class in who]
    stands = {kind: sum(n for cell, n in ours if cell.outcome == kind) for kind in Outcome}
    taken: Counter[tuple[str, ...]] = Counter()
    for cell, number in ours:
        if cell.outcome == Outcome.ANSWERED:
            taken[tuple(cell.choice.split(","))] += number
    base = _sum(question, taken, "in_denominator")
    whole = base if rules.denominator == "choices" else asked - stands[Outcome.MISSING]
    dissatisfied = _sum(question, taken, "dissatisfied")
    return Figures(
        subject=subject,
        question=question,
        rater_class=rater_class,
        asked=asked,
        choices=tuple(_choice_figure(choice, taken, whole) for choice in question.choices),
        blank=stands[Outcome.BLANK],
        invalid=stands[Outcome.INVALID],
        pending=stands[Outcome.PENDING],
        missing=stands[Outcome.MISSING],
        answered=stands[Outcome.ANSWERED],
        denominator=whole,
        rates={
            "satisfied": Rate(_sum(question, taken, "satisfied"), whole),
            "fairly": Rate(_sum(question, taken, "satisfied", "rather_satisfied"), whole),
            "not_dissatisfied": Rate(base - dissatisfied, whole),
        },
        dissatisfied=Rate(dissatisfied, whole),
    )


def _choice_figure(choice: Choice, taken: Mapping[tuple[str, ...], int], whole: int) -> ChoiceFigure:
    number = sum(n for choices, n in taken.items() if choice.id in choices)
    return ChoiceFigure(choice, number, Rate(number, whole) if choice.in_denominator else None)


def _sum(question: Question, taken: Mapping[tuple[str, ...], int], *flags: str) -> int:
    return sum(n for choices, n in taken.items() if _any(question, choices, *flags))


def _any(question: Question, choices: tuple[str, ...], *flags: str) -> bool:
    """Tell whether one of the choices taken is in the denominator and has one of the flags."""
    return any(
        choice.in_denominator and any(getattr(choice, flag) for flag in flags)
        for choice in question.choices
        if choice.id in choices
    )
