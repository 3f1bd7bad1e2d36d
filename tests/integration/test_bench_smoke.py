"""The benches' arithmetic, and one small run of them with the real reader."""

from __future__ import annotations

import pytest

from omr.synth import QuestionTruth
from tests.bench.accuracy import report
from tests.bench.deck import make_deck, read
from tests.bench.score import Score, bound_95, judge, score

ONE = QuestionTruth("answered", ("fairly",), "tick", True)
CORRECTED = QuestionTruth("corrected", ("fairly",), "tick", False, "corrected-black", ("satisfied",))


def said(state: str, *choice: str) -> dict:
    return {"state": state, "choice": list(choice)}


@pytest.mark.parametrize(
    ("truth", "reading", "outcome"),
    [
        (ONE, said("answered", "fairly"), "right"),
        (ONE, said("answered", "satisfied"), "silent"),
        (ONE, said("blank"), "silent"),
        (ONE, said("unsure", "fairly"), "flagged"),
        (ONE, said("multiple", "fairly", "satisfied"), "flagged"),
        (QuestionTruth("blank"), said("blank"), "right"),
        (QuestionTruth("blank", (), "", False, "dot", ("fairly",)), said("answered", "fairly"), "silent"),
        (QuestionTruth("blank"), said("unsure", "fairly"), "flagged"),
        (QuestionTruth("multiple", ("fairly", "basically")), said("multiple", "fairly", "basically"), "right"),
        (QuestionTruth("multiple", ("fairly", "basically")), said("answered", "fairly"), "silent"),
        (CORRECTED, said("answered", "fairly"), "right"),
        (CORRECTED, said("answered", "satisfied"), "silent"),
        (CORRECTED, said("blank"), "silent"),
        (CORRECTED, said("unsure", "satisfied", "fairly"), "flagged"),
        (QuestionTruth("cancelled", (), "", False, "cancelled", ("fairly",)), said("answered", "fairly"), "silent"),
    ],
)
def test_words_of_measurement__each_case(truth, reading, outcome):
    assert judge(truth, reading) == outcome


def test_bound__rule_of_three_and_known_values():
    assert bound_95(0, 3000) == pytest.approx(3 / 3000, rel=0.01)
    assert bound_95(1, 100) == pytest.approx(0.0466, abs=0.0002)  # 1 of 100: 4.66 % one-sided (Clopper-Pearson)
    assert bound_95(0, 0) == 1.0


def test_small_office_stack__every_page_is_scored(tmp_path):
    deck = make_deck("org", 3, 5, tmp_path, "office", "usual")
    readings = read([deck.path], [deck.layout_path], tmp_path / "readings.jsonl")
    total = Score()
    score(deck.truth, readings, deck.layout, total)
    assert total.pages == {"read": 3}
    assert len(total.verdicts) == 3 * 4
    assert max(total.centre_errors_mm) < 0.2
    assert "clear and blank" in "\n".join(report(total))


def test_page_that_was_not_read__its_questions_are_lost(tmp_path):
    deck = make_deck("org", 1, 6, tmp_path, "none", "clean")
    total = Score()
    score(deck.truth, [], deck.layout, total)
    assert total.pages == {"lost:no-line": 1}
    assert {verdict.outcome for verdict in total.verdicts} == {"lost"}


def test_another_sheet_number__all_its_questions_are_silent_errors(tmp_path):
    deck = make_deck("org", 1, 6, tmp_path, "none", "clean")
    page = deck.truth.pages[0]
    line = {
        "source": page.source, "page": 1, "part": 1, "status": "read", "problem": None, "faults": [],
        "sheet": "0000-0000", "sheet_page": 1,
    }  # fmt: skip
    total = Score()
    score(deck.truth, [line], deck.layout, total)
    assert total.pages == {"wrong-sheet": 1}
    assert {verdict.outcome for verdict in total.verdicts} == {"silent"}
