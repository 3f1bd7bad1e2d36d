from __future__ import annotations

import cv2
import numpy as np

from omr import identify
from omr.geometry import geometry_of

MATRIX = np.diag([150 / 25.4, 150 / 25.4, 1.0])


def read(grey, layout):
    found = identify.read_code(grey, MATRIX, geometry_of(layout, layout.page(1)))
    return found and found[0]


def test_clean_code__gives_sheet_digest_and_page(scan, layout, sheet):
    found = read(scan, layout)
    assert (found.sheet, found.digest, found.page) == (sheet, layout.digest, 1)


def test_blurred_code__still_read(scan, layout, sheet):
    assert read(cv2.GaussianBlur(scan, (0, 0), 1.8), layout).sheet == sheet


def test_finder_pattern_scribbled_over__read_by_its_modules(scan, layout, sheet):
    x, y = int(175 * 5.9), int(258 * 5.9)
    cv2.line(scan, (x - 5, y + 4), (x + 28, y + 28), 30, 5)
    cv2.circle(scan, (x + 16, y + 8), 6, 235, -1)
    assert read(scan, layout).sheet == sheet


def test_code_torn_off__none(scan, layout):
    scan[int(255 * 5.9) : int(276 * 5.9), int(172 * 5.9) : int(193 * 5.9)] = 235
    assert read(scan, layout) is None


def test_code_of_another_system__is_not_taken_for_ours(layout, sheet, scan):
    import segno

    area = layout.page(1).code
    size = round(15 * 5.9055)
    foreign = np.array(list(segno.make_qr("HELLO WORLD 12345", version=1, error="m").matrix), np.uint8)
    x, y = round(area.x * 5.9055), round(area.y * 5.9055)
    scan[y : y + size, x : x + size] = cv2.resize((1 - foreign) * 235, (size, size), interpolation=cv2.INTER_NEAREST)
    assert read(scan, layout) is None


def test_whole_page_search__finds_the_code_and_its_corners(scan, sheet):
    code, corners = identify.find_code(scan)
    assert code.sheet == sheet
    assert np.abs(corners[0] / 5.9055 - (175, 258)).max() < 0.5
