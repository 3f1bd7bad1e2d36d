"""Says which sheet and which page an image shows: the QR code on the place where the marks say it stands.

Each way costs more than the one before it and is tried only where that failed: as it is, blurred, twice as large, then
module by module with the fixed patterns stamped anew (a scribble through a corner of the code kills a decoder, not us).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
import zxingcpp

from forms.code import BACK, CodeError, SheetCode, parse
from omr.geometry import Array, Geometry, apply, patches
from omr.image import Grey

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_QUIET_MM = 3.6
_MODULES = 21  # QR version 1
_PX_PER_MM = 10.0


def read_code(grey: Grey, matrix: Array, geometry: Geometry) -> tuple[SheetCode, Array | None] | None:
    """Return the sheet code at its place, or None where no way of reading gives one that passes its check.

    With it come its four corners in px (tl, tr, br, bl) where a decoder saw them: they tell a matrix that is off.
    """
    area = geometry.code
    centre = np.array([[area.x + area.w / 2, area.y + area.h / 2]])
    half = (area.w / 2 + _QUIET_MM, area.h / 2 + _QUIET_MM)
    patch = patches(grey, matrix, centre, half, _PX_PER_MM)[0]
    for image, enlarged in _ways(patch, area.w):
        found = _decode(image)
        if found is None:
            continue
        code, corners = found
        if not enlarged:
            return code, None
        in_mm = (corners + 0.5) / (_PX_PER_MM * enlarged) - np.array(half) + centre
        return code, apply(matrix, in_mm)
    return None


def find_code(grey: Grey) -> tuple[SheetCode, Array] | None:
    """Search a whole page for a code; return it with its four corners in px (tl, tr, br, bl). Costs about 0.1 s."""
    found = _decode(grey)
    return found and (found[0], found[1] + 0.5)


def is_back(grey: Grey) -> bool:
    """Tell whether a page is the back of one of our sheets: its code says so. Costs about 0.1 s."""
    return any(found.text == BACK for found in zxingcpp.read_barcodes(np.ascontiguousarray(grey), formats=_QR))


def _ways(patch: Grey, code_mm: float) -> Iterator[tuple[Grey, int]]:
    """Yield images to decode, with how many times larger than the patch each is; 0 for one drawn anew."""
    yield patch, 1
    yield cv2.GaussianBlur(patch, (0, 0), 2.0).astype(np.uint8, copy=False), 1
    yield cv2.resize(patch, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False), 2
    yield _sampled(patch, code_mm), 0


def _decode(image: Grey) -> tuple[SheetCode, Array] | None:
    for found in zxingcpp.read_barcodes(np.ascontiguousarray(image), formats=_QR):
        try:
            code = parse(found.text)
        except CodeError:
            continue
        p = found.position
        return code, np.array([(c.x, c.y) for c in (p.top_left, p.top_right, p.bottom_right, p.bottom_left)], float)
    return None


def _sampled(patch: Grey, code_mm: float) -> Grey:
    """Return a clean drawing of the code: each module sampled at its place, the fixed patterns stamped over it."""
    module = code_mm * _PX_PER_MM / _MODULES
    smooth = cv2.blur(patch, (3, 3))
    fixed, value = _fixed_patterns()
    best, best_score = None, -1.0
    start = (patch.shape[0] - code_mm * _PX_PER_MM) / 2
    places = start + (np.arange(_MODULES) + 0.5) * module - 0.5
    for dy in np.arange(-0.75, 0.76, 0.25) * module:
        for dx in np.arange(-0.75, 0.76, 0.25) * module:
            rows, columns = (np.round(places + d).astype(int) for d in (dy, dx))
            sampled = smooth[np.ix_(rows, columns)].astype(float)
            middle = (np.percentile(sampled, 10) + np.percentile(sampled, 90)) / 2
            score = float(((sampled < middle) == value)[fixed].mean())
            if score > best_score:
                best, best_score = sampled < middle, score
    if best is None or best_score < 0.75:
        return np.full((8, 8), 255, np.uint8)
    best[fixed] = value[fixed]
    clean = np.pad(np.where(best, 0, 255).astype(np.uint8), 4, constant_values=255)
    return np.kron(clean, np.ones((6, 6), np.uint8))


@cache
def _fixed_patterns() -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.bool_]], np.ndarray[tuple[int, int], np.dtype[np.bool_]]
]:
    """Return where a version-1 code is the same on every sheet, and which of these modules are dark."""
    fixed = np.zeros((_MODULES, _MODULES), bool)
    value = np.zeros((_MODULES, _MODULES), bool)
    finder = np.zeros((8, 8), bool)
    finder[:7, :7] = True
    finder[1:6, 1:6] = False
    finder[2:5, 2:5] = True
    for flip_y, flip_x in ((1, 1), (1, -1), (-1, 1)):
        fixed[::flip_y, ::flip_x][:8, :8] = True
        value[::flip_y, ::flip_x][:8, :8] = finder
    fixed[6, 8:13] = fixed[8:13, 6] = True
    value[6, 8:13:2] = value[8:13:2, 6] = True
    fixed[13, 8] = value[13, 8] = True
    return fixed, value
