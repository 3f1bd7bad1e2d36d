"""Pictures of boxes from further off: 20 mm of scan and blank print, coarse, with the neighbours in sight.

A line at the edge of a box is the tail of the mark in the row above, or a small tick of its own; a stray line comes
from somewhere; a ring goes round the word. ``eye`` sees that here, where close by it sees the box alone.
"""

from __future__ import annotations

import cv2
import numpy as np

from omr.geometry import Array, apply, patches, px_per_mm
from omr.image import Grey

HALF_MM = 10.0  # of what it sees: to the far side of the next row's boxes
SCALE = 2.0  # px per mm
SIDE = round(2 * HALF_MM * SCALE)
_FINE = 3.0  # px per mm to which the page is reduced first, or thin lines fall between the points taken


def cut(grey: Grey, matrix: Array, centres_mm: Array, paper: Array, contrast: Array) -> Grey:
    """Return the scan round boxes, (n, SIDE, SIDE), 255 for black, relative as in ``measure.see``.

    ``matrix`` maps mm to px of ``grey``; ``centres_mm`` (n, 2), ``paper`` and ``contrast`` (n,) are the boxes'.
    """
    small, onto = _reduced(grey, matrix, centres_mm)
    seen = patches(small, onto, centres_mm, (HALF_MM, HALF_MM), SCALE)
    tables = np.clip((paper[:, None] - np.arange(256)) * (255 / contrast)[:, None], 0, 255).astype(np.uint8)
    out = np.empty_like(seen)
    for patch, table, into in zip(seen, tables, out, strict=True):
        cv2.LUT(patch, table, into)
    return out


def prints(print_: Grey, scale: float, boxes_mm: Array) -> Grey:
    """Return the blank print round every box, (n, SIDE, SIDE), from that of the page at ``scale`` px per mm."""
    step = scale / _FINE
    small = cv2.resize(print_, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    paper = 255 - small.astype(np.uint8, copy=False)
    return 255 - patches(paper, np.diag([_FINE, _FINE, 1.0]), boxes_mm[:, :2], (HALF_MM, HALF_MM), SCALE)


def _reduced(grey: Grey, matrix: Array, centres_mm: Array) -> tuple[Grey, Array]:
    """Return the part of the page that holds all of the surroundings at about _FINE px per mm, and the map onto it."""
    scale = px_per_mm(matrix, centres_mm.mean(axis=0))
    step, reach = max(1, round(scale / _FINE)), 2 * HALF_MM * scale
    at = apply(matrix, centres_mm)
    left, top = np.maximum(at.min(axis=0) - reach, 0).astype(int)
    right, bottom = np.ceil(at.max(axis=0) + reach).astype(int)
    part = grey[top:bottom, left:right]
    height, width = part.shape[0] // step, part.shape[1] // step
    small = cv2.resize(part[: height * step, : width * step], (width, height), interpolation=cv2.INTER_AREA)
    shift = np.array([[1.0, 0.0, -float(left)], [0.0, 1.0, -float(top)], [0.0, 0.0, 1.0]])
    return small.astype(np.uint8, copy=False), np.diag([1 / step, 1 / step, 1.0]) @ shift @ matrix
