from __future__ import annotations

import numpy as np
import pytest

from omr.blank import draw
from omr.known import KnownPage
from omr.measure import FEATURES, SCALE, is_touched, measure

MATRIX = np.diag([150 / 25.4, 150 / 25.4, 1.0])
COLUMN = {name: index for index, name in enumerate(FEATURES)}


@pytest.fixture(scope="module")
def aim(layout):
    return KnownPage(layout, layout.page(1)).target


def seen(grey, aim, question, choice):
    shifts = np.zeros((len(aim.boxes_mm), 2))
    features = measure(grey, MATRIX, shifts, aim, 0.08).features
    row = features[aim.ids.index((question, choice))]
    return {name: float(row[index]) for name, index in COLUMN.items()}


def test_untouched_box__no_new_ink_and_a_whole_outline(scan, aim):
    empty = seen(scan, aim, "q2", "fairly")
    assert empty["outline"] > 0.95
    assert empty["ink"] < 0.01
    assert empty["ring"] == 0


def test_tick__thin_ink_across_the_box(scan, aim, ink):
    ink(scan, "q2", "fairly", "tick")
    box = seen(scan, aim, "q2", "fairly")
    assert box["ink"] > 0.05
    assert box["extent"] > 0.6
    assert box["solid"] < 0.35


def test_fill__solid_and_even(scan, aim, ink):
    ink(scan, "q2", "fairly", "fill")
    box = seen(scan, aim, "q2", "fairly")
    assert box["solid"] > 0.8
    assert box["even"] > 0.5


def test_dot__small(scan, aim, ink):
    ink(scan, "q2", "fairly", "dot")
    box = seen(scan, aim, "q2", "fairly")
    assert 0 < box["ink"] < 0.05
    assert box["extent"] < 0.35


def test_tick_beside_the_box__seen_outside_not_inside(scan, aim, ink):
    ink(scan, "q2", "fairly", "beside")
    box = seen(scan, aim, "q2", "fairly")
    assert box["ink"] < 0.01
    assert box["ring"] > 0.012


def test_box_covered_by_white__outline_missing(scan, aim):
    px = 150 / 25.4
    scan[int(78 * px) : int(87 * px), int(134 * px) : int(143 * px)] = 235
    assert seen(scan, aim, "q2", "fairly")["outline"] < 0.3


def test_darker_paper__same_evidence(scan, aim, ink):
    ink(scan, "q2", "fairly", "tick")
    bright = seen(scan, aim, "q2", "fairly")
    dark = seen((scan * 0.7).astype(np.uint8), aim, "q2", "fairly")
    assert dark["ink"] == pytest.approx(bright["ink"], rel=0.1)


def test_blank_print__has_the_ink_of_its_boxes_and_rules(layout):
    page = draw(layout.page_mm, layout.page(1), SCALE)
    box = layout.page(1).questions[0].boxes[0]
    outline = page[round(box.cy * SCALE), round(box.x * SCALE) : round((box.x + 0.5) * SCALE)]
    assert outline.max() > 200
    assert page[round(box.cy * SCALE), round(box.cx * SCALE)] == 0
    assert page[round(57 * SCALE), round(100 * SCALE)] > 200


def test_question_without_a_mark__all_its_boxes_are_looked_at_and_beside_a_mark_only_what_is_touched(aim):
    features = np.zeros((len(aim.ids), len(FEATURES)), np.float32)
    features[aim.ids.index(("q2", "fairly")), COLUMN["ink"]] = 0.2
    touched = dict(zip(aim.ids, is_touched(features, aim).tolist(), strict=True))
    assert [box for (question, box), looked in touched.items() if question == "q2" and looked] == ["fairly"]
    assert all(looked for (question, _), looked in touched.items() if question != "q2")
