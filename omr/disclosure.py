"""What may be shown of the classes of raters, so that no number tells how a handful of people marked. Pure.

A class with fewer sheets than the floor is never shown alone, and what is shown must not let it be reckoned back:
whoever knows the total and all other classes knows the one that is missing. So small classes are shown *together*, and
the group takes in the next smallest class until it has at least two classes and nowhere fewer sheets than the floor.
Where even that is not enough, no class is shown, only the total.

The same group holds for every table of a form: all its items, all its subjects. Every number shown is then a sum over
the whole group (or lies outside it), so marks could be moved from one class of the group to another without changing
any of them: no equation between shown numbers can determine a hidden one.

What this does not hide: where everybody in a group gave the same answer, that answer is known of each, as with any
total; and a total is shown however small it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Block = Mapping[str, int]  # one table: rater class → sheets
JOIN = "|"  # no id of a choice holds it
DEFAULT_FLOOR = 5
LEAST_FLOOR = 2


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Which classes of a form are shown. ``merged``: those that are only shown together; empty: each stands alone."""

    floor: int
    shown: tuple[str, ...]  # each alone, in the order of the form
    merged: tuple[str, ...] = ()
    grouped: bool = True  # the merged classes have a row of their own; False: only the total is shown

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of a table: classes that stand alone, then the group, its ids joined by JOIN."""
        return (*self.shown, *((JOIN.join(self.merged),) if self.merged and self.grouped else ()))

    @property
    def hides(self) -> bool:
        """Whether something is not shown alone."""
        return bool(self.merged)

    def row_of(self, rater_class: str) -> str | None:
        """Return the row in which a class is counted; None where only the total is shown."""
        if rater_class not in self.merged:
            return rater_class
        return JOIN.join(self.merged) if self.grouped else None


def members(row: str) -> tuple[str, ...]:
    """Return the classes of a row."""
    return tuple(row.split(JOIN))


def protect(classes: Sequence[str], blocks: Iterable[Block], floor: int) -> Disclosure:
    """Tell which classes may be shown alone in the tables ``blocks``, all of which are shown.

    ``classes`` are all classes that a table could show, in the order of the form. A class that nobody belongs to hides
    nothing: it is shown as zero unless it is needed to hide another.
    """
    tables = list(blocks)
    merged = {who for table in tables for who, number in table.items() if 0 < number < floor}
    if not merged:
        return Disclosure(floor, tuple(classes))
    sizes: Counter[str] = Counter()
    for table in tables:
        sizes.update(table)
    others = sorted(set(classes) - merged, key=lambda who: (sizes[who], classes.index(who)))
    while others and not _covers(merged, tables, floor):
        merged.add(others.pop(0))
    in_order = tuple(who for who in classes if who in merged)
    shown = tuple(who for who in classes if who not in merged)
    return Disclosure(floor, shown, in_order, grouped=bool(shown))


def _covers(group: set[str], tables: Sequence[Block], floor: int) -> bool:
    """Tell whether a group of classes may be shown as one: in no table fewer sheets than the floor, unless none."""
    sums = [sum(table.get(who, 0) for who in group) for table in tables]
    return len(group) > 1 and all(number == 0 or number >= floor for number in sums)
