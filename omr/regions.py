"""Tells whether somebody wrote into a region for free writing: ink beyond the ruled lines and the print."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Region
from omr.components import components
from omr.geometry import Array, patches
from omr.image import Grey
from omr.measure import SCALE as PRINT_SCALE

Mask = NDArray[np.bool_]
_SCALE = 3.0  # px per mm: a pen's line is 1 px and more
_INK = 0.22  # darkness of contrast
_LEAST_MM2 = 0.35  # a smaller spot is dust
_WRITING_MM2 = 4.0  # one small character has 6; a streak or a fold is dropped before


def printed(print_: Grey, region: Region) -> Mask:
    """Return where a region is printed or near it, upright. ``print_`` is the blank page at PRINT_SCALE."""
    expected = 255 - _upright(255 - print_, np.diag([PRINT_SCALE, PRINT_SCALE, 1.0]), region)
    masked = cv2.dilate((expected > 30).astype(np.uint8), np.ones((5, 5), np.uint8))
    for line in region.lines_y:
        row = round((line - region.y) * _SCALE)
        masked[max(0, row - 3) : row + 3] = 1
    return np.asarray(masked > 0)


def has_ink(grey: Grey, matrix: Array, masked: Mask, region: Region, black_ratio: float) -> dict[str, Any]:
    """Return ``has_ink`` and the inked area of a region. ``masked`` is what ``printed`` returns for it."""
    patch = _upright(grey, matrix, region)
    paper = cv2.medianBlur(cv2.morphologyEx(patch, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), 5).astype(np.float32)
    dark = (paper - cv2.blur(patch, (2, 2))) / np.maximum(paper * (1 - black_ratio), 20)
    ink = ((dark > _INK) & ~masked).view(np.uint8)
    found = components(ink, connectivity=8)
    long = (found.height > 0.6 * patch.shape[0]) | (found.width > 0.6 * patch.shape[1])
    is_streak = long & (np.minimum(found.width, found.height) < 2 * _SCALE)
    area = float(found.area[(found.area >= _LEAST_MM2 * _SCALE**2) & ~is_streak].sum()) / _SCALE**2
    return {"has_ink": area >= _WRITING_MM2, "ink_mm2": round(area, 1)}


def _upright(grey: Grey, matrix: Array, region: Region) -> Grey:
    half = (region.w / 2, region.h / 2)
    centre = np.array([[region.x + half[0], region.y + half[1]]])
    return np.asarray(patches(grey, matrix, centre, half, _SCALE)[0])
