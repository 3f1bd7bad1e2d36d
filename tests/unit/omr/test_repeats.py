from __future__ import annotations

import json
from dataclasses import replace

import pytest

from omr.reading import FaultCode, PageReading, QuestionReading, QuestionState, Status
from omr.repeats import Repeats, key_of, said_by, with_fault


def reading(page, **choices):
    """A page of sheet K7Q2-3F8M; a choice of None is unsure, of "" blank."""

    def question(choice):
        state = QuestionState.UNSURE if choice is None else QuestionState.ANSWERED if choice else QuestionState.BLANK
        return QuestionReading(state, (choice,) if choice else (), 0.99, {})

    questions = {name: question(choice) for name, choice in choices.items()}
    return PageReading("a.pdf", page, Status.READ, sheet="K7Q2-3F8M", sheet_page=1, questions=questions)


def told(*readings):
    seen = Repeats()
    return [fault and fault.code for r in readings if (fault := seen.fault(key_of(r), said_by(r))) or True]


FIRST = reading(1, q1="good", q2="")


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (reading(2, q1="good", q2=""), FaultCode.DUPLICATE),
        (reading(2, q1="good", q2=None), FaultCode.DUPLICATE),  # a rescan may move a box to unsure
        (reading(2, q1="bad", q2=""), FaultCode.PHOTOCOPY),
        (reading(2, q1="good", q2="bad"), FaultCode.PHOTOCOPY),
    ],
)
def test_same_page_again__a_rescan_or_a_copy_by_its_answers(second, code):
    assert told(FIRST, second) == [None, code]


def test_another_page_of_the_sheet__is_no_repeat():
    assert told(FIRST, replace(FIRST, sheet_page=2)) == [None, None]


def test_page_that_was_not_read__has_no_key():
    assert key_of(replace(FIRST, status=Status.REJECTED)) is None


def test_fault__is_written_into_the_line_with_the_place_of_the_first():
    seen = Repeats()
    seen.fault(key_of(FIRST), said_by(FIRST))
    again = reading(7, q1="good", q2="")
    value = json.loads(with_fault(again.dumps(), seen.fault(key_of(again), said_by(again))))
    params = {"sheet": "K7Q2-3F8M", "sheet_page": 1, "first": "a.pdf:1"}
    assert value["faults"] == [{"code": "duplicate", "params": params, "boxes": []}]
    assert {**value, "faults": []} == again.to_json()
