"""A box seen from further off: the scan and the blank print lie over one another, and the neighbours are in sight."""

from __future__ import annotations

import numpy as np
import pytest

from omr import eye, measure, wide
from omr.known import KnownPage

MATRIX = np.diag([150 / 25.4, 150 / 25.4, 1.0])


@pytest.fixture(scope="module")
def aim(layout):
    return KnownPage(layout, layout.page(1)).target


def pictures(scan, aim, question, choice):
    which, shifts = np.array([aim.ids.index((question, choice))]), np.zeros((len(aim.boxes_mm), 2))
    return measure.pictures(scan, MATRIX, shifts, aim, measure.see(scan, MATRIX, shifts, aim, 0.08), which)[0]


def test_blank_page__scan_is_the_print_close_by_and_from_further_off(scan, aim):
    close, print_, far, far_print = pictures(scan, aim, "q2", "fairly").astype(int)
    assert close.shape == far.shape == (eye.SIDE, eye.SIDE)
    for seen, expected in ((close, print_), (far, far_print)):
        assert expected.max() > 120
        assert np.abs(seen - expected).mean() < 8


def test_mark_in_a_box__in_the_middle_of_the_scan_and_not_in_the_print(scan, aim, ink):
    ink(scan, "q2", "fairly", "fill")
    _, _, far, far_print = pictures(scan, aim, "q2", "fairly")
    middle = slice(wide.SIDE // 2 - 3, wide.SIDE // 2 + 3)
    assert far[middle, middle].min() > 150
    assert far_print[middle, middle].max() < 30


def test_mark_two_centimetres_away__out_of_sight(scan, aim, ink):
    before = pictures(scan, aim, "q2", "fairly").astype(int)
    ink(scan, "q2", "basically", "fill")  # 20.5 mm to the right: outside of both
    assert np.array_equal(pictures(scan, aim, "q2", "fairly"), before)
