from __future__ import annotations

import numpy as np
import pytest

from omr.judge import CLASSES
from omr.measure import SHAPES
from omr.synth import SEVERITIES
from omr.training.labels import IGNORED, labels
from omr.training.pages import Seen, load, make, printed_sheets, save

QUESTION = {"state": "answered", "choice": ["a"], "style": "tick", "clear": True, "hard": "", "touched": []}


def page(question, troubles=()):
    nothing = np.zeros((0, 40, 40), np.uint8)
    shapes = np.zeros((2, len(SHAPES)), np.float32)
    about, round_it = {"troubles": troubles}, np.zeros((0, 2, 40, 40), np.uint8)
    return Seen([("q", "a"), ("q", "b")], shapes, np.zeros(0, int), nothing, nothing, round_it, {"q": question}, about)


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
    assert np.array_equal(again[1].dark, made.dark)
    assert np.array_equal(again[1].wide, made.wide)
    assert again[1].wide.shape == (len(made.touched), 2, 40, 40)
    marked = np.flatnonzero(labels(made) == CLASSES.index("marked"))
    assert len(marked) == len(made.truth)
    assert set(marked) <= set(made.touched.tolist())
