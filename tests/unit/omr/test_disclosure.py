"""The disclosure floor: small classes stand nowhere alone, and no shown number gives a hidden one away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omr.disclosure import Disclosure, members, protect
from omr.tally import Asked, Cell, Count, Outcome, Rules, by_question, figures
from tests.unit.omr.test_tally import ITEMS

CLASSES = ("staff", "student", "guest", "")
SUBJECTS = ("甲", "乙")
MARKS = ((Outcome.ANSWERED, "satisfied"), (Outcome.ANSWERED, "dissatisfied"), (Outcome.BLANK, ""))
ITEM = ITEMS[0]


@dataclass(frozen=True)
class Table:
    """One published number of each kind for each row: which classes it sums, and in which table it stands."""

    disclosure: Disclosure
    subjects: tuple[str, ...]

    def equations(self) -> np.ndarray:
        """Rows of coefficients over the unknowns (subject, class, mark), as a reader of all tables can write them."""
        rows = []
        for subject in self.subjects:
            for mark in range(len(MARKS)):
                rows.append(self.sums(subject, mark, CLASSES))  # the total
                rows.extend(self.sums(subject, mark, members(row)) for row in self.disclosure.rows)
        for row in (JOINED_ALL, *self.disclosure.rows):  # valid sheets of the form, over all subjects and marks
            rows.append(sum(self.sums(s, m, members(row)) for s in self.subjects for m in range(len(MARKS))))
        return np.array(rows)

    def sums(self, subject: str, mark: int, classes: Sequence[str]) -> np.ndarray:
        shape = np.zeros((len(self.subjects), len(CLASSES), len(MARKS)))
        for who in classes:
            shape[self.subjects.index(subject), CLASSES.index(who), mark] = 1
        return shape.ravel()

    def determined(self, who: str) -> list[np.ndarray]:
        """What the equations settle of a class: each of its cells, and its sheets about each subject."""
        system = self.equations()
        rank = np.linalg.matrix_rank(system)
        wanted = [self.sums(s, m, [who]) for s in self.subjects for m in range(len(MARKS))]
        wanted += [sum(self.sums(s, m, [who]) for m in range(len(MARKS))) for s in self.subjects]
        wanted.append(sum(wanted[: len(self.subjects) * len(MARKS)]))
        return [row for row in wanted if np.linalg.matrix_rank(np.vstack([system, row])) == rank]


JOINED_ALL = "|".join(CLASSES)
counts = st.lists(st.integers(0, 9), min_size=len(MARKS), max_size=len(MARKS))
stacks = st.dictionaries(st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(CLASSES)), counts, min_size=1)


def blocks_of(stack: Mapping[tuple[str, str], list[int]]) -> list[dict[str, int]]:
    by_subject: dict[str, dict[str, int]] = {}
    whole: dict[str, int] = dict.fromkeys(CLASSES, 0)
    for (subject, who), numbers in stack.items():
        by_subject.setdefault(subject, dict.fromkeys(CLASSES, 0))[who] = sum(numbers)
        whole[who] += sum(numbers)
    return [whole, *by_subject.values()]


@given(stacks, st.integers(2, 12))
def test_random_tables__no_hidden_number_is_determined(stack: dict[tuple[str, str], list[int]], floor: int) -> None:
    blocks = blocks_of(stack)
    found = protect(CLASSES, blocks, floor)
    table = Table(found, tuple(dict.fromkeys(subject for subject, _ in stack)))
    for who in found.merged:
        assert table.determined(who) == []
    for who in found.shown:
        assert all(block[who] == 0 or block[who] >= floor for block in blocks)
    if found.merged and found.grouped:
        assert len(found.merged) > 1
        sums = [sum(block[who] for who in found.merged) for block in blocks]
        assert all(number == 0 or number >= floor for number in sums)
    assert sorted([*found.shown, *found.merged]) == sorted(CLASSES)


@given(stacks, st.integers(2, 12))
def test_random_tables__what_is_shown_without_need_to_hide_is_all(
    stack: dict[tuple[str, str], list[int]], floor: int
) -> None:
    small = any(0 < number < floor for block in blocks_of(stack) for number in block.values())
    assert protect(CLASSES, blocks_of(stack), floor).hides == small


def test_small_class_left_out_alone__is_found_by_the_solver() -> None:
    """The check itself can fail: a table that only leaves the small class out gives it away."""
    naive = Table(Disclosure(5, ("staff", "student", "guest"), ("",), grouped=False), SUBJECTS)
    assert naive.determined("") != []


@given(stacks, st.integers(2, 12))
def test_figures_of_the_rows__add_up_to_the_total(stack: dict[tuple[str, str], list[int]], floor: int) -> None:
    """The rows that are shown are counted by the same rule as single classes."""
    cells: dict[Cell, int] = {}
    asked: dict[tuple[str, str, str], int] = {}
    for (subject, who), numbers in stack.items():
        asked[subject, ITEM.id, who] = sum(numbers)
        for (stands, choice), number in zip(MARKS, numbers, strict=True):
            cells[Cell(subject, ITEM.id, who, stands, choice)] = number
    found = protect(CLASSES, blocks_of(stack), floor)
    parts = by_question(Count(asked=asked, cells=cells))
    for subject in {subject for subject, _ in stack}:
        part = parts[Asked(subject, ITEM.id)]
        total = figures(part, Rules(), subject, ITEM)
        rows = [figures(part, Rules(), subject, ITEM, row) for row in found.rows]
        if found.rows:
            assert sum(row.asked for row in rows) == total.asked
            assert sum(row.blank for row in rows) == total.blank
            assert sum(row.dissatisfied.part for row in rows) == total.dissatisfied.part


@pytest.mark.parametrize(
    ("sizes", "shown", "merged", "grouped"),
    [
        ({"staff": 231, "student": 56, "": 6}, ("staff", "student", ""), (), True),
        ({"staff": 231, "student": 5, "": 0}, ("staff", "student", ""), (), True),
        ({"staff": 231, "student": 56, "": 4}, ("staff",), ("student", ""), True),
        ({"staff": 231, "student": 3, "": 2}, ("staff",), ("student", ""), True),
        ({"staff": 231, "student": 3, "": 1}, (), ("staff", "student", ""), False),
        ({"staff": 231, "student": 3, "": 0}, (), ("staff", "student", ""), False),
        ({"staff": 3, "student": 0, "": 0}, (), ("staff", "student", ""), False),
    ],
)
def test_class_under_the_floor__takes_the_next_smallest_with_it(
    sizes: dict[str, int], shown: tuple[str, ...], merged: tuple[str, ...], grouped: bool
) -> None:
    found = protect(("staff", "student", ""), [sizes], 5)
    assert (found.shown, found.merged, found.grouped) == (shown, merged, grouped)


def test_class_small_about_one_subject__is_hidden_about_all() -> None:
    """Else the sheets about the other subject, taken from the form's own number, would give it away."""
    blocks = [
        {"staff": 40, "student": 13, "": 9},
        {"staff": 20, "student": 3, "": 5},
        {"staff": 20, "student": 10, "": 4},
    ]
    found = protect(("staff", "student", ""), blocks, 5)
    assert found.rows == ("staff", "student|")
    assert [found.row_of(who) for who in ("staff", "student", "")] == ["staff", "student|", "student|"]
