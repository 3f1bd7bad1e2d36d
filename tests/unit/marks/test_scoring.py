from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tests.marks import hand_rule
from tests.marks.chance import calibration, chi_square_p, even_rates_p, upper_95
from tests.marks.model import PageTruth, QuestionTruth, State
from tests.marks.scoring import compare, judge, table

ANSWERED = QuestionTruth("q1", State.ANSWERED, ("a",), True, "tick", ("a",))


def question(state: State, *choice: str) -> QuestionTruth:
    return QuestionTruth("q1", state, choice, False, "kind", choice)


@pytest.mark.parametrize(
    ("truth", "state", "choice", "outcome"),
    [
        (question(State.ANSWERED, "a"), "answered", ["a"], "right"),
        (question(State.ANSWERED, "a"), "answered", ["b"], "silent"),
        (question(State.ANSWERED, "a"), "blank", [], "silent"),
        (question(State.ANSWERED, "a"), "unsure", ["a"], "flagged"),
        (question(State.ANSWERED, "a"), "multiple", ["a", "b"], "flagged"),
        (question(State.BLANK), "blank", [], "right"),
        (question(State.BLANK), "answered", ["a"], "silent"),
        (question(State.MULTIPLE, "a", "b"), "answered", ["a"], "silent"),
        (question(State.MULTIPLE, "a", "b"), "multiple", ["a", "b"], "flagged"),
        (question(State.CORRECTED, "b"), "answered", ["b"], "right"),
        (question(State.CORRECTED, "b"), "answered", ["a"], "silent"),
        (question(State.CORRECTED, "b"), "blank", [], "silent"),
        (question(State.CANCELLED), "answered", ["a"], "silent"),
        (question(State.CANCELLED), "unsure", ["a"], "flagged"),
    ],
)
def test_reading_against_truth__has_its_outcome(truth, state, choice, outcome):
    assert judge(truth, state, choice) == outcome


def page(places=None) -> PageTruth:
    ends = ("ball-black", "right", "tick", "good", "white", ())
    return PageTruth("1.jpg", "org", "AAAABBBB", 1, "office", 300, *ends, (ANSWERED,), places or {})


def reading(**more):
    read = {"state": "answered", "choice": ["a"], "probability": 0.99}
    return {"status": "read", "sheet": "AAAA-BBBB", "sheet_page": 1, "questions": {"q1": read}, **more}


def test_page_read__is_right():
    assert [v.outcome for v in compare([page()], {"1.jpg": reading()})] == ["right"]


def test_page_rejected__is_lost_and_not_counted_as_read():
    verdicts = compare([page()], {"1.jpg": reading(status="rejected", problem={"code": "bad-code"})})
    assert [v.outcome for v in verdicts] == ["lost"]
    assert table(verdicts, lambda v: ["all"])[0].questions == 0


def test_page_read_as_another_sheet__is_silent():
    assert [v.outcome for v in compare([page()], {"1.jpg": reading(sheet="CCCC-BBBB")})] == ["silent"]


def test_page_without_a_reading__is_not_passed_over():
    with pytest.raises(KeyError):
        compare([page()], {})


@pytest.mark.parametrize(
    ("errors", "trials", "bound"), [(0, 1000, 2.996e-3), (1, 1000, 4.744e-3), (10, 10_000, 1.6962e-3)]
)
def test_upper_bound__is_poissons(errors, trials, bound):
    assert upper_95(errors, trials) == pytest.approx(bound, rel=1e-3)


@pytest.mark.parametrize(("statistic", "freedom"), [(3.8415, 1), (5.9915, 2), (18.307, 10), (43.773, 30)])
def test_chi_square__has_the_values_of_the_tables(statistic, freedom):
    assert chi_square_p(statistic, freedom) == pytest.approx(0.05, abs=1e-5)


def test_rates_alike_and_unlike__are_told_apart():
    assert even_rates_p([10, 11, 9], [1000, 1000, 1000]) > 0.5
    assert even_rates_p([10, 40, 10], [1000, 1000, 1000]) < 1e-4
    assert even_rates_p([0, 0], [10, 10]) == 1


def test_probabilities_that_hold__pass_and_sure_ones_that_do_not__fail():
    rng = np.random.default_rng(1)
    p = 1 - rng.beta(0.3, 20, 20_000)
    right = (rng.random(20_000) < p).astype(float)
    honest, boastful = calibration(p, right), calibration(1 - (1 - p) / 3, right)
    assert honest.p_value > 0.05 > boastful.p_value
    assert honest.log_loss < boastful.log_loss
    assert sum(part.count for part in honest.bins) == 20_000
    expected = [part.expected for part in honest.bins]
    assert max(expected) - min(expected) < 2  # equal shares of the expected errors, whole questions apart


def test_log_loss_and_brier__of_one_answer():
    found = calibration(np.array([0.8, 0.8]), np.array([1.0, 0.0]))
    assert found.brier == pytest.approx((0.04 + 0.64) / 2)
    assert found.log_loss == pytest.approx(-(math.log(0.8) + math.log(0.2)) / 2)


def test_hand_rule__reads_a_dark_box_as_marked(tmp_path):
    picture = np.full((100, 200), 255, np.uint8)
    cv2.line(picture, (20, 30), (60, 70), 0, 4)
    cv2.imwrite(str(tmp_path / "1.jpg"), picture)
    places = {"q1.a": (10, 20, 70, 20, 70, 80, 10, 80), "q1.b": (110, 20, 170, 20, 170, 80, 110, 80)}
    read = hand_rule.read(page(places), tmp_path)
    assert compare([page(places)], {"1.jpg": read})[0].outcome == "right"
