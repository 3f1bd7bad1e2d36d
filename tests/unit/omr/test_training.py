from __future__ import annotations

import numpy as np
import pytest

from omr.judge import CLASSES, trusted
from omr.measure import SHAPES
from omr.reading import QuestionState
from omr.synth import SEVERITIES
from omr.training.labels import IGNORED, labels
from omr.training.pages import Seen, load, make, printed_sheets, save
from omr.training.trust import is_right, line

QUESTION = {"state": "answered", "choice": ["a"], "style": "tick", "clear": True, "hard": "", "touched": []}


def page(question, troubles=()):
    shapes, nothing = np.zeros((2, len(SHAPES)), np.float32), np.zeros((0, 4, 40, 40), np.uint8)
    about = {"troubles": troubles}
    return Seen([("q", "a"), ("q", "b")], shapes, np.zeros(0, int), nothing, {"q": question}, about)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, ("marked", "empty")),
        ({"state": "corrected", "touched": ["b"]}, ("marked", "cancelled")),
        ({"state": "blank", "choice": [], "touched": ["b"], "hard": "dot"}, ("empty", "trace")),
        ({"state": "cancelled", "choice": [], "touched": ["a"]}, ("cancelled", "empty")),
    ],
)
def test_labels__are_what_the_ink_was_meant_to_be(changes, wanted):
    assert [CLASSES[label] for label in labels(page(QUESTION | changes))] == list(wanted)


@pytest.mark.parametrize("hard", ["beside", "near", "word"])
def test_mark_beside_its_box__its_neighbour_teaches_nothing(hard):
    assert labels(page(QUESTION | {"hard": hard})).tolist() == [CLASSES.index("aside"), IGNORED]


def test_scan_that_lost_marks__teaches_nothing():
    assert labels(page(QUESTION, ("one-bit",))).tolist() == [IGNORED, IGNORED]


def test_a_made_page__holds_every_box_and_comes_back_from_its_file(tmp_path):
    [made] = make("org", printed_sheets("org", 1, tmp_path), SEVERITIES["office"], "ticked", 5, "office")
    save([made, made], tmp_path / "p.npz")
    again = list(load([tmp_path / "p.npz"]))
    assert len(again) == 2
    assert again[1].ids == made.ids
    assert np.array_equal(again[1].pictures, made.pictures)
    assert made.pictures.shape == (len(made.touched), 4, 40, 40)
    marked = np.flatnonzero(labels(made) == CLASSES.index("marked"))
    assert len(marked) == len(made.truth)
    assert set(marked) <= set(made.touched.tolist())


def test_line__gives_the_odds_that_were_drawn():
    chance = np.random.default_rng(3)
    said = chance.uniform(0.6, 0.9999, 40_000)
    really = np.array([trusted(value, (-0.5, 0.8)) for value in said])
    offset, slope = line(said, chance.random(len(said)) < really)
    assert offset == pytest.approx(-0.5, abs=0.15)
    assert slope == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(
    ("truth", "state", "choice", "right"),
    [
        ({"state": "answered", "choice": ["a"]}, QuestionState.ANSWERED, ("a",), True),
        ({"state": "answered", "choice": ["a"]}, QuestionState.ANSWERED, ("b",), False),
        ({"state": "corrected", "choice": ["a"]}, QuestionState.BLANK, (), False),
        ({"state": "cancelled", "choice": []}, QuestionState.BLANK, (), True),
        ({"state": "multiple", "choice": ["a", "b"]}, QuestionState.ANSWERED, ("a",), False),
        ({"state": "blank", "choice": []}, QuestionState.ANSWERED, ("a",), False),
    ],
)
def test_right__what_the_writer_meant(truth, state, choice, right):
    assert is_right(truth, state, choice) is right
