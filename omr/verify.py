"""Tells whether a page is believed where it was laid: boxes found, none outside the image, no row slipped.

On a sheet of like rows the outlines fit just as well one row on, and every answer would be another person's. So where
the corners alone don't settle it, the printed text of the page must fit better here than one row up or down.
"""

from __future__ import annotations

import cv2
import numpy as np

from omr import measure
from omr.errors import problem
from omr.geometry import Array, apply
from omr.image import Grey
from omr.known import KnownPage
from omr.reading import Problem, ProblemCode
from omr.register import Placed
from omr.settings import RegisterSettings

_SCALE = 2.0  # px per mm: words are told apart, small shifts don't matter
_LEAST_TEXT = 0.002  # dark share of the print from which its text can be compared at all


def trouble_of(grey: Grey, placed: Placed, known: KnownPage, settings: RegisterSettings) -> Problem | None:
    """Return why a registration can't be trusted, or None."""
    boxes = known.target.boxes_mm
    if not len(boxes):
        return None
    at = apply(placed.fit.matrix, boxes[:, :2])
    outside = int(((at < 0) | (at > np.array([grey.shape[1], grey.shape[0]]))).any(axis=1).sum())
    if outside:
        return problem(ProblemCode.CUT_OFF, boxes=outside)
    fit = placed.fit
    if 1 - fit.found / len(boxes) > settings.max_outline_miss or fit.residual_mm > settings.max_residual_mm:
        return problem(ProblemCode.POOR_FIT, found=fit.found, boxes=len(boxes))
    settled = sum(corner.good for corner in placed.corners) >= 4 and not fit.is_photo
    if not settled and _slipped(grey, fit.matrix, known):
        return problem(ProblemCode.POOR_FIT, found=0, boxes=len(boxes))
    return None


def _slipped(grey: Grey, matrix: Array, known: KnownPage) -> bool:
    """Tell whether the printed text fits better one row up or down than where the page was laid."""
    pitch = row_pitch(known)
    factor = _SCALE / measure.SCALE
    expected = cv2.resize(known.print, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    if pitch is None or float((expected > 60).mean()) < _LEAST_TEXT:
        return False
    to_px = matrix @ np.diag([1 / _SCALE, 1 / _SCALE, 1.0])
    size = (expected.shape[1], expected.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = 255 - cv2.warpPerspective(grey, to_px, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    seen, expected = (cv2.GaussianBlur(image, (0, 0), 1.2).astype(np.float32) for image in (seen, expected))
    seen -= cv2.blur(seen, (25, 25))
    expected -= cv2.blur(expected, (25, 25))
    move = round(pitch * _SCALE)
    here, up, down = (float((np.roll(expected, shift, axis=0) * seen).sum()) for shift in (0, -move, move))
    return here < max(up, down)


def row_pitch(known: KnownPage) -> float | None:
    """Return the least distance (mm) between rows of boxes, or None where there is one row or none."""
    rows = np.unique(known.target.boxes_mm[:, 1].round(2))
    gaps = np.diff(rows)
    return float(gaps.min()) if len(gaps) else None
