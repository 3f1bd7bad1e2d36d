from __future__ import annotations

import numpy as np
import pytest

from omr import context, eye
from omr.measure import FEATURES

NOTHING = dict.fromkeys(FEATURES, 0.0) | {"outline": 1.0} | dict(zip(eye.NAMES, eye.UNTOUCHED, strict=True))
TICK = NOTHING | {
    "ink": 0.15, "peak": 0.8, "extent": 0.8, "length": 1.1, "blocks": 0.4,
    "eye_empty": -9.0, "eye_marked": -0.01, "far_empty": -9.0, "far_marked": -0.01,
}  # fmt: skip
DOT = NOTHING | {
    "ink": 0.02,
    "peak": 0.7,
    "extent": 0.2,
    "length": 0.1,
    "eye_empty": -3.0,
    "eye_trace": -0.05,
    "far_trace": -0.1,
}


def row(**boxes):
    named = {"a": NOTHING, "b": NOTHING} | boxes
    return {box: [values[name] for name in FEATURES] for box, values in named.items()}


def column(table, names, name):
    return table[:, names.index(name)]


@pytest.fixture
def sheet():
    return {f"q{number}": row(a=TICK) for number in range(5)} | {"q5": row(a=DOT), "q6": row(a=TICK, b=DOT)}


def test_inputs__one_row_a_box_in_order(sheet):
    by_shape, by_eye = context.inputs(sheet)
    assert by_shape.shape == (14, len(context.BY_SHAPE))
    assert by_eye.shape == (14, len(context.BY_EYE))


def test_rival__the_strongest_other_box_of_the_question(sheet):
    rival = column(context.inputs(sheet)[0], context.BY_SHAPE, "rival")
    assert rival[:2] == pytest.approx([0, 0.15])
    assert rival[-2:] == pytest.approx([0.02, 0.15])


def test_kin__small_for_a_mark_like_the_others_and_large_for_a_dot(sheet):
    kin = column(context.inputs(sheet)[0], context.BY_SHAPE, "kin")
    assert kin[0] == pytest.approx(0)
    assert kin[10] > 1


def test_one_box_a_question__has_no_rival():
    by_shape, _ = context.inputs({"q1": {"a": list(TICK.values())}, "q2": {"a": list(NOTHING.values())}})
    assert not column(by_shape, context.BY_SHAPE, "rival").any()


def test_open__where_the_eye_sees_something(sheet):
    assert np.flatnonzero(context.is_open(context.inputs(sheet)[1])).tolist() == [0, 2, 4, 6, 8, 10, 12, 13]


def test_style__the_middle_of_the_sheets_marks_on_every_box(sheet):
    by_shape, by_eye = context.inputs(sheet)
    for table, names in ((by_shape, context.BY_SHAPE), (by_eye, context.BY_EYE)):
        assert column(table, names, "hand_length") == pytest.approx(np.full(14, 1.1))
        assert column(table, names, "hand_blocks") == pytest.approx(np.full(14, 0.4))


def test_sheet__other_questions_in_doubt_and_without_a_mark(sheet):
    _, by_eye = context.inputs(sheet | {"q7": row()})
    doubt, blanks = column(by_eye, context.BY_EYE, "doubt"), column(by_eye, context.BY_EYE, "blanks")
    assert doubt[10] < doubt[0]  # the dot is no doubt of its own question's neighbours
    assert blanks[-1] == pytest.approx(1 / 7, abs=0.01)
    assert blanks[0] == pytest.approx(2 / 7, abs=0.01)
