from __future__ import annotations

import cv2
import numpy as np
import pytest

from omr import view
from omr.known import KnownPage
from omr.settings import ViewSettings

PX = 150 / 25.4
MATRIX = np.diag([PX, PX, 1.0])
SETTINGS = ViewSettings()
CONTRAST = 200.0


@pytest.fixture(scope="module")
def known(layout):
    return KnownPage(layout, layout.page(1))


def look(grey, known):
    return view.look(grey, MATRIX, known.layout.page_mm)


def crease(grey, start_mm, end_mm, share):
    """Darken a thin line from one side of the page to the other."""
    ends = [tuple(round(v * PX) for v in point) for point in (start_mm, end_mm)]
    veil = np.zeros_like(grey)
    cv2.line(veil, *ends, 255, 2, cv2.LINE_AA)
    return np.where(veil > 0, (grey * (1 - share)).astype(np.uint8), grey)


def folds(grey, known):
    return view.folds(look(grey, known), known.view_free, CONTRAST, SETTINGS)


def test_page_seen_whole__lies_in_its_own_millimetres(scan, known):
    seen = look(scan, known)
    assert seen.shape == (446, 315)
    x, y = round(13 * view.SCALE), round(28 * view.SCALE)  # the middle of the upper left mark
    assert seen[y, x] < 60
    assert seen[y + 12, x] > 200


def test_clean_page__no_fold(scan, known):
    assert folds(scan, known) == []


@pytest.mark.parametrize("tilt", [-5.0, 0.0, 5.0])
def test_fold_across__found_with_its_place_and_lean(scan, known, tilt):
    (line,) = folds(crease(scan, (0, 140 - tilt), (210, 140 + tilt), 0.3), known)
    assert line.across
    assert line.at_mm == pytest.approx(140, abs=1.5)
    assert line.slope == pytest.approx(2 * tilt / 210, abs=0.01)


def test_fold_down__found(scan, known):
    (line,) = folds(crease(scan, (108, 0), (108, 297), 0.3), known)
    assert not line.across
    assert line.at_mm == pytest.approx(108, abs=1.5)


def test_fold_through_a_row__touches_its_boxes_alone(scan, known):
    y = known.target.boxes_mm[0, 1]
    (line,) = folds(crease(scan, (0, y), (210, y), 0.5), known)
    touched = view.under(line, known.target.boxes_mm, known.layout.page_mm)
    assert {q for (q, _), hit in zip(known.target.ids, touched, strict=True) if hit} == {"q1"}


def test_lines_of_handwriting__are_no_fold(scan, known):
    for y in (178, 186, 194):
        cv2.putText(scan, "abcdefghijkl", (round(22 * PX), round(y * PX)), 0, 0.8, 60, 2, cv2.LINE_AA)
    assert folds(scan, known) == []


def shines(grey, known):
    return view.shines_through(look(grey, known), known.view_free, known.backs, CONTRAST, SETTINGS)


def test_clean_page__nothing_shines_through(scan, known):
    assert shines(scan, known) == 0.0


def test_other_side_shining_through__found_with_its_depth(scan, known):
    back = cv2.GaussianBlur(cv2.flip(scan, 1), (0, 0), 1.0)
    veil = (255 - 0.15 * (240.0 - back).clip(0)) / 255
    assert shines((scan * veil).astype(np.uint8), known) == pytest.approx(0.15, abs=0.08)


def test_grey_specks_all_over__are_no_other_side(scan, known):
    rng = np.random.default_rng(6)
    for x, y in rng.integers(20, 1200, (500, 2)).tolist():
        cv2.circle(scan, (x, y), 2, 215, -1)
    assert shines(scan, known) == 0.0
