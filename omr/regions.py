"""Tells whether somebody wrote into a region for free writing: ink beyond the ruled lines and the print."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from forms.layout import Region
from omr.geometry import Array, patches
from omr.image import Grey
from omr.measure import SCALE as PRINT_SCALE

_SCALE = 3.0  # px per mm: a pen's line is 1 px and more
_INK = 0.22  # darkness of contrast
_LEAST_MM2 = 0.35  # a smaller spot is dust
_WRITING_MM2 = 4.0  # one small character has 6; a streak or a fold is dropped before


def has_ink(grey: Grey, matrix: Array, print_: Grey, region: Region, black_ratio: float) -> dict[str, Any]:
    """Return ``has_ink`` and the inked area of a region. ``print_`` is the page's blank print at PRINT_SCALE."""
    centre = np.array([[region.x + region.w / 2, region.y + region.h / 2]])
    half = (region.w / 2, region.h / 2)
    patch = patches(grey, matrix, centre, half, _SCALE)[0]
    expected = 255 - patches(255 - print_, np.diag([PRINT_SCALE, PRINT_SCALE, 1.0]), centre, half, _SCALE)[0]
    paper = cv2.medianBlur(cv2.morphologyEx(patch, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), 5).astype(np.float32)
    dark = (paper - cv2.blur(patch, (2, 2))) / np.maximum(paper * (1 - black_ratio), 20)
    masked = cv2.dilate((expected > 30).astype(np.uint8), np.ones((5, 5), np.uint8))
    for line in region.lines_y:
        row = round((line - region.y) * _SCALE)
        masked[max(0, row - 3) : row + 3] = 1
    ink = ((dark > _INK) & (masked == 0)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    area = 0.0
    for index in range(1, count):
        _, _, w, h, pixels = (int(v) for v in stats[index])
        is_streak = (h > 0.6 * patch.shape[0] or w > 0.6 * patch.shape[1]) and min(w, h) < 2 * _SCALE
        if pixels / _SCALE**2 >= _LEAST_MM2 and not is_streak:
            area += pixels / _SCALE**2
    return {"has_ink": area >= _WRITING_MM2, "ink_mm2": round(area, 1)}
