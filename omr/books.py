"""The books of a meeting: what was printed, handed out, returned and counted must agree. Pure, in whole numbers.

An equation that does not hold is never mended; it is shown with its numbers, so that people can look for the sheets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from omr.tally import Count, Figures, Rate

STOPS = ("returned",)  # more came back than went out: no count can be true before that is cleared up


@dataclass(frozen=True, slots=True)
class Turnout:
    """Who should have come and who came; ``rater_class`` None is the total. None: not entered yet."""

    rater_class: str | None
    expected: int | None
    present: int | None
    percent: int  # the threshold
    contradicted: bool = False  # of a total: in one of its classes more came than were expected

    @property
    def rate(self) -> Rate:
        return Rate(self.present or 0, self.expected or 0)

    @property
    def impossible(self) -> bool:
        """Whether more came than were expected, here or in a class of this total: a number is wrong."""
        both = self.present is not None and self.expected is not None
        return self.contradicted or (both and (self.present or 0) > (self.expected or 0))

    @property
    def reached(self) -> bool | None:
        """Whether the threshold is reached, in whole numbers: 以上 includes the number itself.

        None while a number is missing or can't be: 90 of 80 reaches nothing.
        """
        if self.present is None or not self.expected or self.impossible:
            return None
        return 100 * self.present >= self.percent * self.expected


def turnout(heads: Mapping[tuple[str, str, str], int], classes: Iterable[str], percent: int) -> tuple[Turnout, ...]:
    """Return the turnout of each class and, last, the total; ``heads``: (kind, form, rater class) → number.

    ``classes`` are those of the forms; of these, where anything was entered, only the ones with a number. The total is
    known when each of them has both numbers.
    """
    named = list(dict.fromkeys(classes))
    entered = {who for kind, _, who in heads if kind in ("expected", "present")}
    order = [who for who in named if who in entered or not entered] + sorted(entered - set(named))
    rows = [Turnout(who, heads.get(("expected", "", who)), heads.get(("present", "", who)), percent) for who in order]
    expected, present = _sum(row.expected for row in rows), _sum(row.present for row in rows)
    return (*rows, Turnout(None, expected, present, percent, any(row.impossible for row in rows)))


def _sum(numbers: Iterable[int | None]) -> int | None:
    """Add up; None where nothing is there or a number is missing."""
    found = list(numbers)
    known = [number for number in found if number is not None]
    return sum(known) if known and len(known) == len(found) else None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Numbers of one form that do not come from the marks. None: not entered yet, or (``read``) not asked."""

    printed: int | None = None
    issued: int | None = None
    spoiled: int | None = None
    spare: int | None = None
    present: int | None = None
    subjects: int = 1  # a rater gets one sheet for each
    by_hand: bool = False  # sheets went out another way than at a meeting: nobody had to be present
    box: int | None = None  # sheets counted by hand when the box was opened
    read: int | None = None  # different sheets that were scanned or keyed in
    held: int = 0  # of these, those of which no page counts until a person has ruled which is right
    unruled: int = 0  # sheets of which some page waits for that ruling
    about: tuple[int, ...] = ()  # returned sheets about each subject, where there are several


@dataclass(frozen=True, slots=True)
class Equation:
    """``left`` against the sum of ``right``. ``terms`` name the numbers; the first is the left side.

    ``code``: printed, issued (handed out ≤ present), box (counted by hand = read), read (= counted + held), returned
    (≤ issued), split (returned = valid + void), about (of no subject more came back than people were present; the terms
    are subjects in order of all), items (each valid sheet in one column of each item; the terms are items in order of
    all items), reviewed (no question pending, no page of a sheet held).
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
    def stops(self) -> bool:
        """Whether it is broken in a way that no reason mends: the count can't be closed."""
        return self.code in STOPS and self.ok is False

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
    returned = ("returned", counted.returned)
    return (
        *_paper(ledger),
        *_read(ledger, counted),
        Equation("returned", (returned, ("issued", ledger.issued)), "≤"),
        Equation("split", (returned, ("valid", sum(counted.valid.values())), ("void", counted.void))),
        *_about(ledger),
        Equation("items", (("balanced", sum(balanced)), ("items", len(balanced)))),
        Equation("reviewed", (("pending", counted.pending + ledger.unruled),)),
    )


def _paper(ledger: Ledger) -> Iterable[Equation]:
    names = ("printed", "issued", "spoiled", "spare")
    yield Equation("printed", tuple((name, getattr(ledger, name)) for name in names))
    if not ledger.by_hand:
        yield Equation("issued", (("issued", ledger.issued), ("present", _allowed(ledger))), "≤")


def _read(ledger: Ledger, counted: Count) -> Iterable[Equation]:
    if ledger.box is not None:
        yield Equation("box", (("box", ledger.box), ("read", ledger.read)))
    if ledger.read is not None:
        yield Equation("read", (("read", ledger.read), ("counted", counted.returned), ("held", ledger.held)))


def _about(ledger: Ledger) -> Iterable[Equation]:
    if ledger.by_hand or not ledger.about or ledger.present is None:
        return
    fit = sum(number <= ledger.present for number in ledger.about)
    yield Equation("about", (("fit", fit), ("about", len(ledger.about))))


def _allowed(ledger: Ledger) -> int | None:
    return None if ledger.present is None else ledger.present * ledger.subjects
