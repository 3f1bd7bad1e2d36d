"""The pure count: rounding, denominators, and what must hold for any stack of sheets."""

from __future__ import annotations

import random
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.survey import Choice, Question
from omr.books import Equation, Ledger, Turnout, equations, turnout
from omr.tally import (
    UNSTATED,
    Answer,
    Asked,
    Count,
    Outcome,
    Rate,
    Rules,
    Sheet,
    by_question,
    count,
    figures,
    outcome,
)

SATISFIED = Choice("satisfied", "满意", satisfied=True)
FAIRLY = Choice("fairly", "比较满意", rather_satisfied=True)
BASICALLY = Choice("basically", "基本满意")
DISSATISFIED = Choice("dissatisfied", "不满意", dissatisfied=True)
UNKNOWN = Choice("unknown", "不了解", in_denominator=False)
SCALE = (SATISFIED, FAIRLY, BASICALLY, DISSATISFIED, UNKNOWN)
ITEMS = tuple(Question(name, name, SCALE) for name in ("q1", "q2"))
CLASSES = ("staff", "student")

answers = st.one_of(
    st.sampled_from([Answer(Outcome.ANSWERED, choice.id) for choice in SCALE]),
    st.sampled_from([Answer(Outcome.BLANK), Answer(Outcome.INVALID), Answer(Outcome.PENDING)]),
)
raters = st.one_of(
    st.sampled_from([Answer(Outcome.ANSWERED, name) for name in CLASSES]),
    st.sampled_from([Answer(Outcome.BLANK), Answer(Outcome.INVALID), Answer(Outcome.PENDING), Answer(Outcome.MISSING)]),
)


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """A sheet of one organisation, or a roster of two pages of which at least one came."""
    subjects = draw(st.sampled_from([("学院党委",), ("王芳", "李䶮"), ("李䶮", "赵喆")]))
    asked = {Asked(name, item.id): page for page, name in enumerate(subjects, 1) for item in ITEMS}
    pages = draw(st.sets(st.sampled_from(sorted(set(asked.values()))), min_size=1))
    given_answers = {question: draw(answers) for question, page in asked.items() if page in pages}
    return Sheet(asked, frozenset(pages), given_answers, draw(raters), draw(st.booleans()))


stacks = st.lists(sheets(), max_size=12)


def minus(left: Count, right: Count) -> Count:
    def each(name: str) -> dict:
        rest = Counter(getattr(left, name))
        rest.subtract(getattr(right, name))
        return {key: number for key, number in rest.items() if number}

    return Count(
        left.returned - right.returned, left.void - right.void, *(each(n) for n in ("valid", "rater", "asked", "cells"))
    )


@given(stacks, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_any_order_of_sheets__same_count(stack: list[Sheet], rng: random.Random) -> None:
    shuffled = rng.sample(stack, len(stack))
    assert count(stack) == count(shuffled)


@given(stacks, sheets())
@settings(deadline=None, max_examples=60)
def test_one_sheet_more__changes_exactly_its_own_cells(stack: list[Sheet], extra: Sheet) -> None:
    assert minus(count([*stack, extra]), count(stack)) == count([extra])


@given(stacks)
@settings(deadline=None, max_examples=60)
def test_rater_classes__sum_to_the_total(stack: list[Sheet]) -> None:
    for (subject, item), part in by_question(count(stack)).items():
        question = next(q for q in ITEMS if q.id == item)
        total = figures(part, Rules(), subject, question)
        split = [figures(part, Rules(), subject, question, name) for name in (*CLASSES, UNSTATED)]
        for field in ("asked", "blank", "invalid", "pending", "missing", "answered", "denominator"):
            assert getattr(total, field) == sum(getattr(figure, field) for figure in split), field
        for place, choice in enumerate(total.choices):
            assert choice.number == sum(figure.choices[place].number for figure in split)
        for name, rate in total.rates.items():
            assert rate.part == sum(figure.rates[name].part for figure in split)


@given(stacks)
@settings(deadline=None, max_examples=60)
def test_books_of_any_stack__balance(stack: list[Sheet]) -> None:
    counted = count(stack)
    items = [
        figures(part, Rules(), subject, next(q for q in ITEMS if q.id == item))
        for (subject, item), part in by_question(counted).items()
    ]
    ledger = Ledger(
        printed=len(stack) + 7, issued=len(stack) + 2, spoiled=1, spare=4, present=len(stack) + 2, subjects=1
    )
    found = {equation.code: equation for equation in equations(ledger, counted, items)}
    assert all(found[code].ok for code in ("printed", "issued", "returned", "split", "items"))
    assert found["reviewed"].ok == (counted.pending == 0)
    assert counted.returned == len(stack)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_rate__is_rounded_half_up_once(part: int, whole: int) -> None:
    exact = Decimal(100 * part) / Decimal(whole)
    assert Rate(part, whole).percent == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(258, 289, "89.27"), (1, 800, "0.13"), (3, 800, "0.38"), (1, 3, "33.33"), (0, 7, "0.00"), (7, 7, "100.00")],
)
def test_rate__has_two_decimals(part: int, whole: int, percent: str) -> None:
    assert str(Rate(part, whole).percent) == percent


def test_rate_of_nothing__is_none_and_not_zero() -> None:
    assert Rate(0, 0).percent is None


def test_three_equal_parts__are_not_forced_to_100() -> None:
    percents = [Rate(1, 3).percent for _ in range(3)]
    assert sum(percents) == Decimal("99.99")


@pytest.fixture
def one_item() -> Count:
    """187 + 71 + 24 + 7, 不了解 5, 弃权 3, 无效 1, and 2 of whom the page did not come."""
    asked = {Asked("学院党委", "q1"): 1}
    here, gone = frozenset({1}), frozenset({2})
    staff = Answer(Outcome.ANSWERED, "staff")
    stack = [
        Sheet(asked, here, {Asked("学院党委", "q1"): Answer(Outcome.ANSWERED, choice)}, staff)
        for choice, number in (
            ("satisfied", 187),
            ("fairly", 71),
            ("basically", 24),
            ("dissatisfied", 7),
            ("unknown", 5),
        )
        for _ in range(number)
    ]
    stack += [Sheet(asked, here, {Asked("学院党委", "q1"): Answer(Outcome.BLANK)}, staff)] * 3
    stack += [Sheet(asked, here, {Asked("学院党委", "q1"): Answer(Outcome.INVALID)}, staff)]
    stack += [Sheet(asked, gone, {}, staff)] * 2
    return count(stack)


def test_denominator_choices__leaves_unknown_blank_invalid_missing_out(one_item: Count) -> None:
    figure = figures(by_question(one_item)[Asked("学院党委", "q1")], Rules(), "学院党委", ITEMS[0])
    assert figure.denominator == 289
    assert [str(figure.rates[name].percent) for name in ("satisfied", "fairly", "not_dissatisfied")] == [
        "64.71",
        "89.27",
        "97.58",
    ]
    assert [choice.rate and str(choice.rate.percent) for choice in figure.choices] == [
        "64.71",
        "24.57",
        "8.30",
        "2.42",
        None,
    ]
    assert (figure.blank, figure.invalid, figure.missing, figure.asked) == (3, 1, 2, 300)


def test_denominator_valid__divides_by_every_sheet_whose_page_came(one_item: Count) -> None:
    part = by_question(one_item)[Asked("学院党委", "q1")]
    figure = figures(part, Rules(denominator="valid"), "学院党委", ITEMS[0])
    assert figure.denominator == 298
    assert figure.rates["fairly"] == Rate(258, 298)
    assert figure.rates["not_dissatisfied"] == Rate(282, 298)  # an abstention makes nobody satisfied


def test_three_word_scale__rates_follow_the_flags_and_not_the_names() -> None:
    question = Question(
        "q",
        "q",
        (Choice("good", "好", satisfied=True), Choice("fair", "一般"), Choice("poor", "差", dissatisfied=True)),
    )
    asked = {Asked("s", "q"): 1}
    stack = [
        Sheet(asked, frozenset({1}), {Asked("s", "q"): Answer(Outcome.ANSWERED, choice)}, Answer(Outcome.BLANK))
        for choice in ("good", "good", "fair", "poor")
    ]
    figure = figures(by_question(count(stack))[Asked("s", "q")], Rules(), "s", question)
    assert dict(figure.rates) == {"satisfied": Rate(2, 4), "fairly": Rate(2, 4), "not_dissatisfied": Rate(3, 4)}


def test_two_choices_allowed__a_sheet_counts_once_in_the_denominator() -> None:
    question = Question("q", "q", SCALE, type="multi", most=2)
    asked = {Asked("s", "q"): 1}
    stack = [
        Sheet(asked, frozenset({1}), {Asked("s", "q"): Answer(Outcome.ANSWERED, choice)}, Answer(Outcome.BLANK))
        for choice in ("satisfied,fairly", "fairly")
    ]
    figure = figures(by_question(count(stack))[Asked("s", "q")], Rules(), "s", question)
    assert (figure.denominator, figure.rates["fairly"], figure.choices[1].number) == (2, Rate(2, 2), 2)
    assert figure.balanced


def test_void_sheet__is_returned_and_counted_nowhere_else() -> None:
    asked = {Asked("s", "q1"): 1}
    spoilt = Sheet(
        asked,
        frozenset({1}),
        {Asked("s", "q1"): Answer(Outcome.ANSWERED, "satisfied")},
        Answer(Outcome.ANSWERED, "staff"),
        void=True,
    )
    assert count([spoilt]) == Count(returned=1, void=1)


@pytest.mark.parametrize("state", [Outcome.INVALID, Outcome.PENDING, Outcome.BLANK, Outcome.MISSING])
def test_rater_class_that_cannot_be_counted__is_unstated_and_says_why(state: Outcome) -> None:
    counted = count(
        [Sheet({Asked("s", "q1"): 1}, frozenset({1}), {Asked("s", "q1"): Answer(Outcome.BLANK)}, Answer(state))]
    )
    assert counted.valid == {UNSTATED: 1}
    assert counted.rater == {state: 1}


@pytest.mark.parametrize(
    ("state", "decided", "expected"),
    [
        ("answered", False, Outcome.ANSWERED),
        ("blank", True, Outcome.BLANK),
        ("multiple", False, Outcome.PENDING),
        ("unsure", False, Outcome.PENDING),
        ("invalid", True, Outcome.INVALID),
    ],
)
def test_states__count_as(state: str, decided: bool, expected: Outcome) -> None:
    assert outcome(state, decided=decided) == expected


@pytest.mark.parametrize(("state", "decided"), [("unsure", True), ("invalid", False), ("machine", True)])
def test_state_that_nobody_may_give__refused(state: str, decided: bool) -> None:
    with pytest.raises(ValueError, match=state):
        outcome(state, decided=decided)


@pytest.mark.parametrize(
    ("present", "expected", "reached"),
    [
        (4, 5, True),
        (79, 100, False),
        (253, 316, True),
        (252, 316, False),
        (None, 316, None),
        (3, None, None),
        (0, 0, None),
        (90, 80, None),
        (80, 80, True),
        (3, 0, None),
    ],
)
def test_turnout__eighty_percent_itself_is_enough(
    present: int | None, expected: int | None, reached: bool | None
) -> None:
    assert Turnout(None, expected, present, 80).reached is reached


def test_more_returned_than_issued__equation_broken_by_that_number() -> None:
    counted = Count(returned=298, valid={"staff": 298})
    found = {e.code: e for e in equations(Ledger(330, 296, 3, 31, 296), counted, [])}
    assert (found["returned"].ok, found["returned"].difference) == (False, 2)
    assert found["printed"].ok


def test_more_returned_than_issued__stops_the_count_and_nothing_else_does() -> None:
    found = equations(Ledger(331, 296, 3, 31, 290, box=295, read=296, held=1), Count(298, 1, {"staff": 298}), [])
    assert {equation.code for equation in found if equation.ok is False} == {
        "printed", "issued", "box", "read", "returned", "split",
    }  # fmt: skip
    assert [equation.code for equation in found if equation.stops] == ["returned"]


def test_sheets_of_a_stack__are_counted_or_held() -> None:
    ledger = Ledger(330, 296, 3, 31, 296, box=297, read=296, held=2, unruled=3, about=(290, 297))
    found = {e.code: e for e in equations(ledger, Count(294, 1, {"staff": 293}), [])}
    assert (found["read"].ok, found["box"].difference) == (True, 1)
    assert found["reviewed"].terms == (("pending", 3),)
    assert found["about"].terms == (("fit", 1), ("about", 2))
    assert found["about"].ok is False


heads = st.dictionaries(
    st.tuples(st.sampled_from(("expected", "present")), st.just(""), st.sampled_from(("staff", "student"))),
    st.integers(0, 200),
)


@given(heads, st.integers(0, 100))
def test_turnout__praises_only_what_can_be_and_is(heads: dict[tuple[str, str, str], int], percent: int) -> None:
    *classes, total = turnout(heads, ("staff", "student"), percent)
    for row in (*classes, total):
        if row.reached:
            assert row.present is not None
            assert row.expected
            assert 100 * row.present >= percent * row.expected
            assert row.present <= row.expected
    if any(row.impossible for row in classes):
        assert (total.impossible, total.reached) == (True, None)
    if total.present is not None:
        assert total.present == sum(row.present or 0 for row in classes)


@given(st.integers(0, 999), st.integers(0, 99), st.integers(0, 99), st.integers(0, 999), st.integers(0, 999), stacks)
def test_books__hold_exactly_where_the_numbers_agree(
    issued: int, spoiled: int, spare: int, printed: int, box: int, stack: list[Sheet]
) -> None:
    counted = count(stack)
    ledger = Ledger(printed, issued, spoiled, spare, issued, box=box, read=len(stack) + 2, held=2, unruled=2)
    found = {e.code: e for e in equations(ledger, counted, [])}
    assert found["printed"].ok == (printed == issued + spoiled + spare)
    assert found["box"].ok == (box == len(stack) + 2)
    assert (found["returned"].ok, found["returned"].stops) == (len(stack) <= issued, len(stack) > issued)
    assert found["read"].ok
    assert found["split"].ok


def test_number_not_entered__equation_is_open_and_not_true() -> None:
    assert Equation("printed", (("printed", 330), ("issued", None))).ok is None


@pytest.mark.parametrize("rules", [{"denominator": "sheets"}, {"headline": "best"}])
def test_unknown_rule__refused(rules: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no such rule"):
        Rules.from_json(rules)
