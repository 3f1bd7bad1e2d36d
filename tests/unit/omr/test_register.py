from __future__ import annotations

import cv2
import numpy as np
import pytest

from omr import locate, register
from omr.geometry import apply, geometry_of
from omr.known import KnownPage
from omr.settings import LocateSettings, RegisterSettings

PX = 150 / 25.4


def place(grey, layout):
    known = KnownPage(layout, layout.page(1))
    blobs = locate.find_blobs(grey, LocateSettings())
    best = locate.hypotheses(blobs, [known.geometry], grey.shape, LocateSettings())[0]
    corners = locate.refine(grey, best, RegisterSettings())
    return register.place(grey, best, corners, known.target.boxes_mm, RegisterSettings()), known


def error_mm(placed, known, truth):
    boxes = known.target.boxes_mm[:, :2]
    found = apply(placed.fit.matrix, boxes + placed.fit.shifts_mm)
    return np.hypot(*(found - truth(boxes)).T).max() / PX


def plain(points):
    return points * PX


def test_flat_scan__boxes_within_a_twentieth_of_a_mm(scan, layout):
    placed, known = place(scan, layout)
    assert placed.fit.found == len(known.target.boxes_mm)
    assert not placed.fit.is_photo
    assert error_mm(placed, known, plain) < 0.05


def test_every_box_marked__outlines_still_place_the_page(scan, layout, ink):
    for number, question in enumerate(layout.page(1).questions):
        for box in question.boxes:
            ink(scan, question.id, box.id, ("tick", "cross", "fill")[number % 3])
    placed, known = place(scan, layout)
    assert placed.fit.found > 0.6 * len(known.target.boxes_mm)
    assert error_mm(placed, known, plain) < 0.08


def test_half_covered_mark__left_out_of_the_fit(scan, layout):
    scan[int(25 * PX) : int(28 * PX), int(190 * PX) : int(204 * PX)] = 235
    placed, known = place(scan, layout)
    assert "tr" not in [c.id for c in placed.corners if c.good]
    assert error_mm(placed, known, plain) < 0.1


@pytest.mark.parametrize("slip_mm", [1.5, -1.2])
def test_feed_slip_in_the_middle_of_the_page__rows_are_fitted(scan, layout, slip_mm):
    middle, moved = 110.0, round(slip_mm * PX)
    slipped = scan.copy()
    cut = round(middle * PX)
    slipped[cut:] = np.roll(scan, moved, axis=0)[cut:]
    placed, known = place(slipped, layout)

    def truth(points):
        return points * PX + np.where(points[:, 1:] > middle, [[0, moved]], [[0, 0]])

    assert error_mm(placed, known, truth) < 0.35


def test_photograph_in_perspective__mapped_by_four_corners_and_outlines(scan, layout):
    height, width = scan.shape
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    target = np.float32([[60, 40], [width - 20, 90], [width - 80, height - 60], [30, height - 20]])
    warp = cv2.getPerspectiveTransform(corners, target)
    photo = cv2.warpPerspective(scan, warp, (width, height), borderValue=120)
    placed, known = place(photo, layout)
    assert placed.fit.is_photo
    assert error_mm(placed, known, lambda points: apply(warp, points * PX)) < 0.15


def test_two_corners__refused(layout):
    geometry = geometry_of(layout, layout.page(1))
    corner = locate.Corner("tl", 76.8, 165.4, 6, 6, 0.1, 240, 20, True)
    with pytest.raises(ValueError, match="2 corners"):
        register.corner_map([corner, corner], geometry, RegisterSettings())
