from __future__ import annotations

from dataclasses import replace

import pytest

from omr import eye
from omr.judge import decide, judge, trusted
from omr.measure import FEATURES
from omr.reading import BoxState, Fault, FaultCode, PageReading, QuestionState, Status
from omr.settings import JudgeSettings

SETTINGS = JudgeSettings()
EMPTY = dict.fromkeys(FEATURES, 0.0) | {"outline": 1.0, "ink": 0.002} | dict(zip(eye.NAMES, eye.UNTOUCHED, strict=True))
# Measured on synthesised office scans.
TICK = EMPTY | {  # gel
    "outline": 1, "ink": 0.1715, "ring": 0.0097, "veil": 0.0126, "cover": 0.2292, "peak": 0.8314, "core": 0.2522,
    "extent": 0.7712, "solid": 0, "blocks": 0.4, "even": 0, "around": 0.125, "balance": 0.3175, "sharp": 0.3538,
    "length": 1.1272, "reach": 0.3958, "crossing": 1, "through": 0.8315, "eye_empty": -9, "eye_marked": -0,
    "eye_cancelled": -9, "eye_trace": -9, "eye_aside": -9, "far_empty": -9, "far_marked": -0, "far_cancelled": -9,
    "far_trace": -9, "far_aside": -9,
}  # fmt: skip
FILL = EMPTY | {  # gel
    "outline": 1, "ink": 0.8872, "ring": 0.0589, "veil": 0.0747, "cover": 0.9965, "peak": 0.949, "core": 0.926,
    "extent": 1.0002, "solid": 0.9896, "blocks": 1, "even": 0.8078, "around": 0.75, "balance": 0.0063,
    "sharp": 0.3347, "length": 1.4695, "reach": 0.3542, "crossing": 4, "through": 1.3364, "eye_empty": -9,
    "eye_marked": -0.0116, "eye_cancelled": -4.4619, "eye_trace": -9, "eye_aside": -9, "far_empty": -9,
    "far_marked": -0.0366, "far_cancelled": -3.3272, "far_trace": -9, "far_aside": -9,
}  # fmt: skip
PALE_FILL = EMPTY | {  # a pencil over the whole box
    "outline": 1, "ink": 0.2857, "ring": 0.0034, "veil": 0.0287, "cover": 0.4149, "peak": 0.4078, "core": 0.2902,
    "extent": 0.9795, "solid": 0, "blocks": 1, "even": 0.2235, "around": 0.0625, "balance": 0.0324, "sharp": 0.3462,
    "length": 1.4782, "reach": 0.3125, "crossing": 2, "through": 1.1362, "eye_empty": -9, "eye_marked": -0.097,
    "eye_cancelled": -2.3906, "eye_trace": -7.1138, "eye_aside": -9, "far_empty": -8.6167, "far_marked": -0.0905,
    "far_cancelled": -2.4791, "far_trace": -5.969, "far_aside": -9,
}  # fmt: skip
BESIDE = EMPTY | {  # a small tick next to the box
    "outline": 1, "ink": 0.0028, "ring": 0.0356, "veil": 0.0424, "cover": 0, "peak": 0.0157, "core": 0.0023,
    "extent": 0, "solid": 0, "blocks": 0, "even": 0, "around": 0.1875, "balance": 0, "sharp": 0.1569, "length": 0,
    "reach": 0, "crossing": 0, "through": 0, "eye_empty": -7.2859, "eye_marked": -8.078, "eye_cancelled": -9,
    "eye_trace": -6.6278, "eye_aside": -0.0023, "far_empty": -9, "far_marked": -9, "far_cancelled": -9,
    "far_trace": -8.9289, "far_aside": -0.0002,
}  # fmt: skip
PALE_CIRCLE = EMPTY | {  # a pencil close round the box: most of it lies in the rim that is masked along the outline
    "outline": 1, "ink": 0.0023, "ring": 0.0791, "veil": 0.1181, "cover": 0, "peak": 0.0353, "core": 0.0017,
    "extent": 0, "solid": 0, "blocks": 0, "even": 0, "around": 0.625, "balance": 0, "sharp": 0.6275, "length": 0,
    "reach": 0, "crossing": 0, "through": 0, "eye_empty": -9, "eye_marked": -0.0003, "eye_cancelled": -8.2174,
    "eye_trace": -9, "eye_aside": -9, "far_empty": -9, "far_marked": -0.0001, "far_cancelled": -9, "far_trace": -9,
    "far_aside": -9,
}  # fmt: skip
LOST = EMPTY | {"outline": 0.1}


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


def test_filled_box_alone_on_a_sheet_of_as_many_fills_as_ticks__answered():
    assert judged(row(satisfied=FILL), *FILLED, *TICKED).state is QuestionState.ANSWERED


def test_filled_box_alone__answered_where_several_are_and_asked_where_few_are_among_many_ticks():
    few, many = TICKED * 3, FILLED[:3]
    assert judged(row(satisfied=FILL), *many, *few).state is QuestionState.ANSWERED
    assert judged(row(satisfied=FILL), *few).state is QuestionState.UNSURE
    assert judged(row(satisfied=FILL), *many[:1], *few).state is QuestionState.UNSURE


def test_fill_that_looks_struck_out_on_a_sheet_of_fills__asked():
    struck = FILL | {"eye_marked": -1.6, "eye_cancelled": -0.3, "far_marked": -1.6, "far_cancelled": -0.3, "ring": 0.2}
    assert judged(row(satisfied=struck), *FILLED).state is QuestionState.UNSURE


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


def test_ink_beside_a_box_where_another_is_marked__the_mark_first():
    result = judged(row(satisfied=BESIDE, fairly=TICK), *TICKED)
    assert result.state in (QuestionState.ANSWERED, QuestionState.UNSURE)
    assert result.choice[0] == "fairly"


def test_no_question__nothing():
    assert judge({}, SETTINGS) == {}


def page_of(questions, faults=()):
    return PageReading("a.pdf", 1, Status.READ, questions=questions, faults=faults)


def test_decide_with_the_same_settings__gives_the_same_page():
    page = page_of(judge({"q1": row(fairly=TICK), "q2": row(), "q3": row(satisfied=TICK)}, SETTINGS))
    assert decide(page, SETTINGS) == page


def test_decide_with_a_stricter_threshold__asks_more_and_needs_no_image():
    page = page_of(judge({"q1": row(fairly=TICK), **{f"q{i}": r for i, r in enumerate(TICKED, 2)}}, SETTINGS))
    strict = decide(page, replace(SETTINGS, sure_marked=1.1))
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


PALE_TICK = EMPTY | {  # a hard pencil
    "outline": 1, "ink": 0.0487, "ring": 0, "veil": 0.0155, "cover": 0.0312, "peak": 0.302, "core": 0.0227,
    "extent": 0.7278, "solid": 0, "blocks": 0.32, "even": 0, "around": 0.125, "balance": 0.6053, "sharp": 0.3636,
    "length": 1.0353, "reach": 0.4792, "crossing": 1, "through": 0.7225, "eye_empty": -9, "eye_marked": -0,
    "eye_cancelled": -9, "eye_trace": -9, "eye_aside": -9, "far_empty": -9, "far_marked": -0, "far_cancelled": -9,
    "far_trace": -9, "far_aside": -9,
}  # fmt: skip


def test_sheet_of_pale_ticks__answered():
    pale = tuple(row(fairly=PALE_TICK) for _ in range(8))
    result = judged(row(satisfied=PALE_TICK), *pale)
    assert (result.state, result.choice) == (QuestionState.ANSWERED, ("satisfied",))


def test_two_fills_of_which_one_is_careless__not_answered():
    careless = PALE_FILL | {"blocks": 0.88, "even": 0.05}
    assert judged(row(satisfied=FILL, fairly=careless), *FILLED).state is not QuestionState.ANSWERED


def test_blank_question_on_a_scan_of_black_and_white__asked_unless_the_pen_surely_shows():
    pencil = tuple(row(fairly=TICK | {"peak": 0.6}) for _ in range(4))
    assert judged(row(), *TICKED, one_bit=True).state is QuestionState.BLANK
    assert judged(row(), *pencil, one_bit=True).state is QuestionState.UNSURE
    assert judged(row(), row(), row(), one_bit=True).state is QuestionState.UNSURE


def test_decide_a_scan_of_black_and_white__its_blank_questions_stay_unsure():
    page = page_of(judge({"q1": row()}, SETTINGS, one_bit=True), (Fault(FaultCode.ONE_BIT),))
    assert decide(page, SETTINGS).questions["q1"].state is QuestionState.UNSURE


def test_blank_question_where_the_faintest_marks_are_near_nothing__asked():
    fading = tuple(row(fairly=PALE_TICK | {"peak": peak}) for peak in (0.3, 0.3, 0.28, 0.25, 0.18, 0.16))
    assert judged(row(), *fading).state is QuestionState.UNSURE
    assert judged(row(), *(row(fairly=PALE_TICK) for _ in range(6))).state is QuestionState.BLANK


def test_pale_circle_close_round_a_box__never_blank():
    result = judged(row(fairly=PALE_CIRCLE), *(row(satisfied=PALE_CIRCLE) for _ in range(4)))
    assert result.state in (QuestionState.ANSWERED, QuestionState.UNSURE)
    assert result.choice == ("fairly",)
    assert judged(row(fairly=PALE_CIRCLE), *TICKED).choice == ("fairly",)


def test_mark_that_the_net_half_takes_for_struck_out__asked():
    struck = TICK | {"far_marked": -0.9, "far_cancelled": -0.6}
    assert judged(row(fairly=struck), *TICKED).state is QuestionState.UNSURE


def test_mark_that_the_net_might_take_for_a_trace__asked():
    stray = TICK | {"far_marked": -0.2, "far_trace": -1.8}
    assert judged(row(fairly=stray), *TICKED).state is QuestionState.UNSURE


def test_pale_mark_on_a_sheet_of_dark_ones__asked_and_on_a_sheet_of_pale_ones_answered():
    ticked = tuple(row(fairly=TICK) for _ in range(6))
    assert judged(row(satisfied=PALE_TICK), *ticked).state is QuestionState.UNSURE
    pale = tuple(row(fairly=PALE_TICK) for _ in range(6))
    assert judged(row(satisfied=PALE_TICK), *pale).state is QuestionState.ANSWERED


def test_speck_that_may_be_a_tiny_tick__asked_where_nothing_else_is_marked():
    speck = EMPTY | {
        "ink": 0.01,
        "peak": 0.3,
        "eye_empty": -4.0,
        "eye_marked": -2.2,
        "eye_trace": -0.2,
        "far_trace": -0.1,
    }
    assert judged(row(fairly=speck), *TICKED).state is QuestionState.UNSURE


@pytest.mark.parametrize("line", [(0.0, 1.0), (-0.5, 0.6), (1.0, 0.8)])
def test_trusted__rises_with_the_chance_and_stays_one(line):
    said = [trusted(chance, line) for chance in (0.0, 0.2, 0.9, 0.99, 0.9999, 1.0)]
    assert said == sorted(said)
    assert 0 < said[0] < said[-1] < 1
