from __future__ import annotations

import numpy as np

from omr import bend
from omr.settings import BendSettings

SETTINGS = BendSettings()
CENTRES = np.array([(x, y) for y in np.arange(60.0, 250, 12) for x in np.arange(100.0, 190, 15)])
NONE = (np.zeros((0, 2)), np.zeros((0, 2)))


def curl(points):
    """The bend of a page that is held by its edges: 2.5 mm in its middle."""
    return np.column_stack([0.6 * np.sin(np.pi * points[:, 1] / 297), 2.5 * np.sin(np.pi * points[:, 0] / 210)])


def follow(offsets, good=None, by_rows=False, anchors=NONE):
    seen = np.ones(len(CENTRES), bool) if good is None else good
    return bend.follow(CENTRES, offsets, seen, anchors, by_rows, SETTINGS)


def test_curled_page__followed_to_hundredths():
    noise = np.random.default_rng(1).normal(0, 0.03, CENTRES.shape)
    found = follow(curl(CENTRES) + noise)
    assert np.abs(found.shifts_mm - curl(CENTRES)).max() < 0.08
    assert found.residual_mm < 0.1


def test_outline_on_somebody_s_ink__left_out_and_placed_by_the_others():
    offsets = curl(CENTRES)
    offsets[40] += (0.9, -0.8)
    found = follow(offsets)
    assert not found.kept[40]
    assert found.kept.sum() == len(CENTRES) - 1
    assert np.abs(found.shifts_mm[40] - curl(CENTRES)[40]).max() < 0.1


def test_box_far_from_all_that_was_seen__says_how_little_is_known():
    good = CENTRES[:, 1] < 100
    found = follow(np.where(good[:, None], curl(CENTRES), 0.0), good)
    assert found.spread_mm[good].max() < 0.1
    assert found.spread_mm[CENTRES[:, 1] > 220].min() > SETTINGS.max_spread_mm


def test_marks__tell_of_boxes_beyond_the_outlines():
    good = CENTRES[:, 1] < 200
    marks = np.array([(100.0, 260.0), (190.0, 260.0), (145.0, 230.0)])
    known = follow(np.where(good[:, None], curl(CENTRES), 0.0), good, anchors=(marks, curl(marks)))
    assert np.abs(known.shifts_mm - curl(CENTRES))[~good].max() < 0.35
    assert known.spread_mm.max() < SETTINGS.max_spread_mm


def slipped(points, by=1.4):
    return np.column_stack([np.zeros(len(points)), np.where(points[:, 1] > 150, by, 0.0)])


def test_slip_between_two_rows__both_sides_exact():
    found = follow(slipped(CENTRES), by_rows=True)
    assert np.abs(found.shifts_mm - slipped(CENTRES)).max() < 0.1


def test_row_torn_by_a_slip__not_believed():
    torn = CENTRES[:, 1] == CENTRES[8 * 6, 1]
    good = ~torn
    good[8 * 6] = True  # one outline of six is seen in it
    found = follow(slipped(CENTRES), good, by_rows=True)
    assert not found.kept[torn].any()
    assert found.spread_mm[torn].min() > SETTINGS.max_spread_mm
    assert found.kept[~torn].all()


def test_three_outlines__are_never_dropped():
    good = np.zeros(len(CENTRES), bool)
    good[[0, 30, 60]] = True
    assert follow(np.random.default_rng(2).normal(0, 3, CENTRES.shape), good).kept.sum() == 3
