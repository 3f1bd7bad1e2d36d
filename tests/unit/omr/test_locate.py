from __future__ import annotations

import cv2
import numpy as np
import pytest

from omr import locate
from omr.geometry import apply, geometry_of, rotation_deg
from omr.settings import LocateSettings, RegisterSettings

SETTINGS = LocateSettings()


def guesses(grey, layout):
    blobs = locate.find_blobs(grey, SETTINGS)
    return locate.hypotheses(blobs, [geometry_of(layout, layout.page(1))], grey.shape, SETTINGS)


def box_error_mm(guess, truth, layout):
    points = np.array([(b.cx, b.cy) for q in layout.page(1).questions for b in q.boxes])
    return np.abs(apply(guess.matrix, points) - apply(truth, points)).max() / (150 / 25.4)


def upright():
    return np.diag([150 / 25.4, 150 / 25.4, 1.0])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_page_in_any_orientation__found_the_right_way_up(scan, layout, turns):
    best = guesses(np.ascontiguousarray(np.rot90(scan, -turns)), layout)[0]
    assert None not in best.blobs
    assert best.misfit_mm < 1
    assert abs((rotation_deg(best.matrix, np.array([105.0, 148.0])) - 90 * turns + 180) % 360 - 180) < 0.5


@pytest.mark.parametrize("lost", ["tl", "tr", "bl", "br"])
def test_one_mark_lost__three_others_place_the_page(scan, layout, lost):
    mark = next(f for f in layout.page(1).fiducials if f.id == lost)
    x, y = int((mark.x - 1) * 5.9), int((mark.y - 1) * 5.9)
    scan[y : y + 85, x : x + 50] = 235
    three = next(guess for guess in guesses(scan, layout) if None in guess.blobs)
    assert three.blobs[locate.CORNERS.index(lost)] is None
    assert box_error_mm(three, upright(), layout) < 1.5


def test_finder_of_the_code_taken_for_a_lost_mark__its_size_gives_it_away(scan, layout):
    scan[int(280 * 5.9) : int(288 * 5.9), int(193 * 5.9) : int(202 * 5.9)] = 235
    four = next((guess for guess in guesses(scan, layout) if None not in guess.blobs), None)
    assert four is None or "br" not in [c.id for c in locate.refine(scan, four, RegisterSettings()) if c.good]


def test_page_of_filled_boxes__marks_are_still_the_outer_squares(scan, layout, ink):
    for question in layout.page(1).questions:
        for box in question.boxes:
            ink(scan, question.id, box.id, "fill")
    assert box_error_mm(guesses(scan, layout)[0], upright(), layout) < 1.0


def test_white_page__no_blob():
    assert locate.find_blobs(np.full((1754, 1240), 240, np.uint8), SETTINGS) == []


def test_refined_corners__are_exact_to_hundredths_of_a_mm(scan, layout):
    turned = cv2.getRotationMatrix2D((620, 877), 1.3, 1.0)
    image = cv2.warpAffine(scan, turned, (1240, 1754), flags=cv2.INTER_LINEAR, borderValue=235)
    best = guesses(image, layout)[0]
    corners = locate.refine(image, best, RegisterSettings())
    whole = np.vstack([turned, [0, 0, 1]]) @ np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    truth = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]) @ whole @ upright()
    expected = apply(truth, geometry_of(layout, layout.page(1)).centres())
    found = np.array([(c.x, c.y) for c in corners])
    assert all(corner.good for corner in corners)
    assert np.abs(found - expected).max() / (150 / 25.4) < 0.05


def test_half_covered_mark__is_not_trusted(scan, layout):
    best = guesses(scan, layout)[0]
    scan[int(25 * 5.9) : int(28 * 5.9), int(190 * 5.9) : int(204 * 5.9)] = 235
    corners = {c.id: c for c in locate.refine(scan, best, RegisterSettings())}
    assert not corners["tr"].good
    assert corners["tl"].good


def test_two_marks_only__no_hypothesis_but_the_code_places_the_page(scan, layout):
    scan[: 60 * 6, : 60 * 6] = 235
    scan[: 60 * 6, 180 * 6 :] = 235
    assert guesses(scan, layout) == []
    geometry = geometry_of(layout, layout.page(1))
    c = geometry.code
    corners = apply(upright(), np.array([(c.x, c.y), (c.x + 15, c.y), (c.x + 15, c.y + 15), (c.x, c.y + 15)]))
    placed = locate.from_code(corners, geometry, locate.find_blobs(scan, SETTINGS))
    assert box_error_mm(placed, upright(), layout) < 1.0
