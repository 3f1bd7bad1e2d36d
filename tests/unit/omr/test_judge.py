from __future__ import annotations

from dataclasses import replace

import pytest

from omr.judge import CONTEXT, decide, inputs, judge
from omr.measure import FEATURES
from omr.reading import BoxState, Fault, PageReading, QuestionState, Status
from omr.settings import JudgeSettings

SETTINGS = JudgeSettings()
EMPTY = dict.fromkeys(FEATURES, 0.0) | {"outline": 1.0, "ink": 0.002}
TICK = EMPTY | {
    "ink": 0.12,
    "cover": 0.18,
    "peak": 0.62,
    "core": 0.14,
    "extent": 0.86,
    "blocks": 0.4,
    "balance": 0.2,
    "sharp": 0.36,
    "length": 1.15,
    "through": 0.9,
}
FILL = EMPTY | {
    "ink": 0.7,
    "cover": 1.0,
    "peak": 0.8,
    "core": 0.75,
    "extent": 1.0,
    "solid": 1.0,
    "blocks": 1.0,
    "even": 0.65,
    "balance": 0.03,
    "sharp": 0.33,
    "length": 1.43,
    "through": 1.2,
}
PALE_FILL = EMPTY | {  # a pencil over the whole box, measured on an office scan
    "ink": 0.3306, "cover": 0.6098, "peak": 0.5098, "core": 0.3449, "extent": 1.0, "solid": 0.2213, "blocks": 1.0,
    "even": 0.2588, "ring": 0.0016, "around": 0.125, "balance": 0.025, "sharp": 0.3462, "length": 1.43, "reach": 0.4,
    "crossing": 2.0, "through": 1.1,
}  # fmt: skip
LOST = EMPTY | {"outline": 0.1}
BESIDE = EMPTY | {"ring": 0.03, "around": 0.2}


def row(**boxes):
    named = {"satisfied": EMPTY, "fairly": EMPTY, "basically": EMPTY, "dissatisfied": EMPTY} | boxes
    return {box: tuple(values[name] for name in FEATURES) for box, values in named.items()}


def judged(question, *others, spoiled=frozenset(), **options):
    page = {"q1": question} | {f"q{i + 2}": other for i, other in enumerate(others)}
    return judge(page, SETTINGS, spoiled, **options)["q1"]


TICKED = tuple(row(fairly=TICK) for _ in range(4))
FILLED = tuple(row(fairly=FILL) for _ in range(4))


def test_one_tick__answered():
    result = judged(row(fairly=TICK), *TICKED)
    assert (result.state, result.choice) == (QuestionState.ANSWERED, ("fairly",))
    assert result.probability > 0.95


def test_nothing__blank():
    result = judged(row(), *TICKED)
    assert (result.state, result.choice) == (QuestionState.BLANK, ())


def test_two_ticks__multiple_or_asked_with_both():
    result = judged(row(satisfied=TICK, fairly=TICK), *TICKED)
    assert result.state in (QuestionState.MULTIPLE, QuestionState.UNSURE)
    assert set(result.choice) == {"satisfied", "fairly"}


def test_two_ticks_where_two_are_allowed__answered():
    result = judged(row(satisfied=TICK, fairly=TICK), *TICKED, most={"q1": 2})
    assert result.state is QuestionState.ANSWERED


def test_filled_box_beside_a_tick__struck_out_and_the_tick_counts_or_is_asked():
    result = judged(row(satisfied=FILL, fairly=TICK), *TICKED)
    assert result.boxes["satisfied"].state in (BoxState.CANCELLED, BoxState.UNSURE)
    assert result.state in (QuestionState.ANSWERED, QuestionState.UNSURE)
    assert "fairly" in result.choice


def test_filled_box_alone_on_a_sheet_of_ticks__unsure():
    assert judged(row(satisfied=FILL), *TICKED).state is QuestionState.UNSURE


def test_filled_box_alone_on_a_sheet_of_fills__answered():
    result = judged(row(satisfied=FILL), *FILLED)
    assert (result.state, result.choice) == (QuestionState.ANSWERED, ("satisfied",))


def test_two_fills_on_a_sheet_of_fills__not_answered():
    assert judged(row(satisfied=FILL, fairly=FILL), *FILLED).state is not QuestionState.ANSWERED


def test_box_not_found__unsure_never_blank():
    result = judged(row(basically=LOST), *TICKED)
    assert result.state is QuestionState.UNSURE
    assert "basically" in result.choice


def test_box_under_a_streak__unsure():
    assert judged(row(), *TICKED, spoiled=frozenset({"q1.fairly"})).state is QuestionState.UNSURE


def test_ink_beside_a_box_where_nothing_is_marked__unsure():
    result = judged(row(satisfied=BESIDE), *TICKED)
    assert result.state is QuestionState.UNSURE
    assert "satisfied" in result.choice


def test_ink_beside_a_box_where_another_is_marked__answered():
    assert judged(row(satisfied=BESIDE, fairly=TICK), *TICKED).state is QuestionState.ANSWERED


def test_no_question__nothing():
    assert judge({}, SETTINGS) == {}


def test_inputs__have_features_and_context():
    assert inputs({"q1": row(fairly=TICK), "q2": row()}).shape == (8, len(FEATURES) + len(CONTEXT))


def page_of(questions, faults=()):
    return PageReading("a.pdf", 1, Status.READ, questions=questions, faults=faults)


def test_decide_with_the_same_settings__gives_the_same_page():
    page = page_of(judge({"q1": row(fairly=TICK), "q2": row(), "q3": row(satisfied=TICK)}, SETTINGS))
    assert decide(page, SETTINGS) == page


def test_decide_with_a_stricter_threshold__asks_more_and_needs_no_image():
    page = page_of(judge({"q1": row(fairly=TICK), **{f"q{i}": r for i, r in enumerate(TICKED, 2)}}, SETTINGS))
    strict = decide(page, replace(SETTINGS, sure_marked=0.9999999))
    assert page.questions["q1"].state is QuestionState.ANSWERED
    assert strict.questions["q1"].state is QuestionState.UNSURE


def test_decide_a_page_with_a_streak__its_boxes_stay_unsure():
    faults = (Fault("streak", {"x_mm": 38}, ("q1.fairly",)),)
    page = page_of(judge({"q1": row(fairly=TICK)}, SETTINGS, frozenset({"q1.fairly"})), faults)
    assert decide(page, SETTINGS).questions["q1"].state is QuestionState.UNSURE


def test_decide_a_rejected_page__unchanged():
    page = PageReading("a.pdf", 1, Status.REJECTED)
    assert decide(page, SETTINGS) is page


@pytest.mark.parametrize("shape", [TICK, FILL])
def test_probabilities__are_within_bounds(shape):
    result = judged(row(fairly=shape), *TICKED)
    assert all(0 <= box.probability <= 1 for box in result.boxes.values())
    assert 0 <= result.probability <= 1


def test_pencil_fill_alone_on_a_sheet_of_ticks__asked():
    result = judged(row(satisfied=PALE_FILL), *TICKED)
    assert result.state is QuestionState.UNSURE
    assert "satisfied" in result.choice


def test_pencil_fill_on_a_sheet_of_pencil_fills__not_struck_out():
    result = judged(row(satisfied=PALE_FILL), *(row(fairly=PALE_FILL) for _ in range(6)))
    assert result.boxes["satisfied"].state is not BoxState.CANCELLED
    assert result.choice == ("satisfied",)


def test_pale_circle_close_round_a_box__asked():
    circle = EMPTY | {"ink": 0.004, "ring": 0.008}  # most of it lies in the rim that is masked along the outline
    assert judged(row(fairly=circle), *TICKED).state is QuestionState.UNSURE
