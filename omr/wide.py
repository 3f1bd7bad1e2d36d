"""A third look at a box, from further off: 20 mm of scan and blank print, coarse, with the neighbours in sight.

A line at the edge of a box is the tail of the mark in the row above, or a small tick of its own; a stray line comes
from somewhere; a ring goes round the word. The net (``wide.onnx``, trained by ``omr.training.eye``) sees that, where
``eye`` sees the box alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.geometry import Array, patches
from omr.image import Grey

if TYPE_CHECKING:
    from omr.known import KnownPage
    from omr.register import Placed

NAMES = ("wide_empty", "wide_marked", "wide_cancelled", "wide_trace", "wide_aside")  # logarithms of probabilities
MODEL = Path(__file__).with_name("wide.onnx")
HALF_MM = 10.0  # of what it sees: to the far side of the next row's boxes
SCALE = 2.0  # px per mm
SIDE = round(2 * HALF_MM * SCALE)
_FINE = 3.0  # px per mm to which the page is reduced first, or thin lines fall between the points taken


def cut(grey: Grey, placed: Placed, known: KnownPage, which: NDArray[np.int64], paper: Array, contrast: Array) -> Grey:
    """Return (n, 2, SIDE, SIDE), 255 for black: the scan round boxes, relative as in ``measure.see``, and its print.

    ``which`` are the boxes, by their number; ``paper`` and ``contrast`` (n,) are theirs.
    """
    aim = known.target
    centres = aim.boxes_mm[which, :2] + placed.fit.shifts_mm[which]
    small, matrix = _reduced(grey, placed.fit.matrix, known)
    out = np.empty((len(which), 2, SIDE, SIDE), np.uint8)
    seen = patches(small, matrix, centres, (HALF_MM, HALF_MM), SCALE)
    tables = np.clip((paper[:, None] - np.arange(256)) * (255 / contrast)[:, None], 0, 255).astype(np.uint8)
    for patch, table, pair in zip(seen, tables, out, strict=True):
        cv2.LUT(patch, table, pair[0])
    out[:, 1] = known.wide_print[which]
    return out


def prints(print_: Grey, scale: float, boxes_mm: Array) -> Grey:
    """Return the blank print round every box, (n, SIDE, SIDE), from that of the page at ``scale`` px per mm."""
    step = scale / _FINE
    small = cv2.resize(print_, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    paper = 255 - small.astype(np.uint8, copy=False)
    return 255 - patches(paper, np.diag([_FINE, _FINE, 1.0]), boxes_mm[:, :2], (HALF_MM, HALF_MM), SCALE)


def _reduced(grey: Grey, matrix: Array, known: KnownPage) -> tuple[Grey, Array]:
    """Return the page at about _FINE px per mm, and the map onto it."""
    now = max(grey.shape) / max(known.layout.page_mm)
    step = max(1, round(now / _FINE))
    height, width = grey.shape[0] // step, grey.shape[1] // step
    small = cv2.resize(grey[: height * step, : width * step], (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False), np.diag([1 / step, 1 / step, 1.0]) @ matrix
