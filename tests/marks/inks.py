"""The drawn lines of a page as a plane of ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from tests.marks.answers import Drawn
from tests.marks.curve import trace
from tests.marks.pens import Plane, lay, tooth
from tests.marks.shapes import Rng


def ink(drawn: Sequence[Drawn], shape: tuple[int, int], pixels: float, rng: Rng) -> Plane:
    """Lay all lines on an empty plane of ``shape`` pixels, ``pixels`` per mm; return its densities."""
    plane = np.zeros(shape, np.float32)
    teeth = tooth(512, pixels, rng)
    for each in drawn:
        if each.ghost:
            _ghost(plane, each, pixels, teeth, rng)
        else:
            _lay(plane, each, pixels, teeth, rng, (0.0, 0.0))
    return plane


def _lay(plane: Plane, drawn: Drawn, pixels: float, teeth: Plane, rng: Rng, origin: tuple[float, float]) -> None:
    pen = replace(drawn.by.pen, density=drawn.by.pen.density * drawn.by.touch)
    for line in drawn.lines:
        drawn_line = trace(line, drawn.by.tremor, rng)
        moved = replace(drawn_line, xy=drawn_line.xy - np.array(origin))
        lay(plane, pen, moved, pixels, teeth, rng)


def _ghost(plane: Plane, drawn: Drawn, pixels: float, teeth: Plane, rng: Rng) -> None:
    """Rub a mark out: some of it stays, blurred; the rubber leaves a smeared halo about it."""
    points = np.concatenate([p for line in drawn.lines for p in line.pieces])
    low = np.floor((points.min(0) - 4) * pixels).astype(int)
    high = np.ceil((points.max(0) + 4) * pixels).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, plane.shape[::-1])
    patch = np.zeros((high[1] - low[1], high[0] - low[0]), np.float32)
    _lay(patch, drawn, pixels, teeth, rng, (low[0] / pixels, low[1] / pixels))
    angle = rng.uniform(-0.5, 0.5)
    rubbed = cv2.GaussianBlur(patch, (0, 0), rng.uniform(0.06, 0.16) * pixels)
    halo = cv2.GaussianBlur(patch, (0, 0), 1.4 * pixels, sigmaY=(0.5 + abs(angle)) * pixels)
    plane[low[1] : high[1], low[0] : high[0]] += drawn.ghost * rubbed + rng.uniform(0.1, 0.3) * halo
