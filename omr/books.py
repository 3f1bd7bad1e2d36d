"""The books of a meeting: what was printed, handed out, returned and counted must agree. Pure, in whole numbers.

An equation that does not hold is never mended; it is shown with its numbers, so that people can look for the sheets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from omr.tally import Count, Figures, Rate


@dataclass(frozen=True, slots=True)
class Turnout:
    """Who should have come and who came; ``rater_class`` None is the total. None: not entered yet."""

    rater_class: str | None
    expected: int | None
    present: int | None
    percent: int  # the threshold

    @property
    def rate(self) -> Rate:
        return Rate(self.present or 0, self.expected or 0)

    @property
    def reached(self) -> bool | None:
        """Whether the threshold is reached, in whole numbers: 以上 includes the number itself."""
        if self.present is None or not self.expected:
            return None
        return 100 * self.present >= self.percent * self.expected


@dataclass(frozen=True, slots=True)
class Ledger:
    """Numbers of one form that do not come from the sheets. None: not entered yet."""

    printed: int | None = None
    issued: int | None = None
    spoiled: int | None = None
    spare: int | None = None
    present: int | None = None
    subjects: int = 1  # a rater gets one sheet for each
    by_hand: bool = False  # sheets went out another way than at a meeting: nobody had to be present


@dataclass(frozen=True, slots=True)
class Equation:
    """``left`` against the sum of ``right``. ``terms`` name the numbers; the first is the left side.

    ``code``: printed, issued (handed out ≤ present), returned (≤ issued), split (returned = valid + void), items (each
    valid sheet in one column of each item; the terms are items in order of all items), reviewed (nothing pending).
    """

    code: str
    terms: tuple[tuple[str, int | None], ...]
    relation: str = "="  # or "≤"

    @property
    def ok(self) -> bool | None:
        """Whether it holds; None while a number is not entered."""
        difference = self.difference
        if difference is None:
            return None
        return difference == 0 if self.relation == "=" else difference <= 0

    @property
    def difference(self) -> int | None:
        """The left side minus the right side; None while a number is not entered."""
        numbers = [number for _, number in self.terms]
        if any(number is None for number in numbers):
            return None
        left, *right = [number for number in numbers if number is not None]
        return left - sum(right)


def equations(ledger: Ledger, counted: Count, items: Iterable[Figures]) -> tuple[Equation, ...]:
    """Return the equations of one form, in the order in which sheets travel."""
    balanced = [figure.balanced for figure in items]
    found = [
        Equation(
            "printed",
            (
                ("printed", ledger.printed),
                ("issued", ledger.issued),
                ("spoiled", ledger.spoiled),
                ("spare", ledger.spare),
            ),
        )
    ]
    if not ledger.by_hand:
        allowed = None if ledger.present is None else ledger.present * ledger.subjects
        found.append(Equation("issued", (("issued", ledger.issued), ("present", allowed)), "≤"))
    return (
        *found,
        Equation("returned", (("returned", counted.returned), ("issued", ledger.issued)), "≤"),
        Equation(
            "split",
            (("returned", counted.returned), ("valid", sum(counted.valid.values())), ("void", counted.void)),
        ),
        Equation("items", (("balanced", sum(balanced)), ("items", len(balanced)))),
        Equation("reviewed", (("pending", counted.pending),)),
    )
