"""Pens as bodies: how wide their nib is, how ink or graphite comes off, and how it lies on the page.

A stroke is laid as a distance field: every pixel looks up its nearest sample of the centre line, whose half width and
flow give the cover there. Ink is a density (absorbance, natural logarithm): light through it is ``exp(-density)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.marks.curve import STEP, Floats, Trace

Plane = NDArray[np.float32]
_FINE = 2  # samples of the distance field per pixel


@dataclass(frozen=True, slots=True)
class Pen:
    """``width`` in mm at full pressure; ``density`` of full cover; the others 0 (none) to 1 (much)."""

    name: str
    width: float
    density: float
    spread: float = 0.15  # width gained by pressure
    pool: float = 0.15  # ink gathered where the pen is slow
    flat: float = 0.0  # a broad nib: thin along its edge
    grain: float = 0.0  # only the tips of the paper's tooth take colour
    skips: float = 0.0  # share of the way without ink
    fade: float = 0.0  # ink lost along a stroke
    ragged: float = 0.04
    blue: bool = False


PENS = {
    pen.name: pen
    for pen in (
        Pen("ball-black", 0.40, 1.75),
        Pen("ball-blue", 0.40, 1.15, blue=True),
        Pen("ball-skipping", 0.38, 1.25, skips=0.3, ragged=0.1),
        Pen("gel", 0.50, 2.3, spread=0.1, pool=0.3),
        Pen("fountain", 0.62, 1.9, spread=0.35, pool=0.5, flat=0.5, fade=0.2, blue=True),
        Pen("felt", 1.25, 2.2, spread=0.25, pool=0.5, ragged=0.05),
        Pen("pencil-soft", 0.65, 1.1, spread=0.35, grain=0.55, ragged=0.1),
        Pen("pencil-hard", 0.42, 0.55, spread=0.2, grain=0.7, ragged=0.1),
        Pen("worn-out", 0.42, 0.85, skips=0.42, fade=0.4, grain=0.3, ragged=0.14),
    )
}
SHARES = {
    "ball-black": 0.2,
    "ball-blue": 0.15,
    "ball-skipping": 0.07,
    "gel": 0.18,
    "fountain": 0.08,
    "felt": 0.09,
    "pencil-soft": 0.11,
    "pencil-hard": 0.07,
    "worn-out": 0.05,
}


def widths(pen: Pen, drawn: Trace) -> Floats:
    """Return the stroke's half width in mm at each sample."""
    gain = 1 + pen.spread * (drawn.pressure - 1) + 0.25 * pen.pool * np.clip(0.6 - drawn.speed, 0, 1)
    if pen.flat:
        dx, dy = np.gradient(drawn.xy[:, 0]), np.gradient(drawn.xy[:, 1])
        gain = gain * (1 - pen.flat * np.abs(np.cos(np.arctan2(dy, dx) + np.pi / 4)))
    return np.maximum(0.09, 0.5 * pen.width * gain)


def flows(pen: Pen, drawn: Trace, rng: np.random.Generator) -> Floats:
    """Return how much ink comes at each sample, about 1."""
    n = len(drawn.xy)
    flow = (0.55 + 0.45 * drawn.pressure) * (1 + pen.pool * np.clip(0.7 - drawn.speed, -0.2, 0.6))
    flow = flow * (1 - pen.fade * np.linspace(0, 1, n) * rng.uniform(0.4, 1))
    if pen.skips:
        flow = flow * _skipping(n, pen.skips, rng)
    return flow


def _skipping(n: int, share: float, rng: np.random.Generator) -> Floats:
    """The ball turns dry and wet again, some millimetre each time; never quite without a trace.

    A short stroke keeps half of its ink at least: who sees nothing come draws it again.
    """
    least = 0.2 if n * STEP > 6 else 0.5
    knots = rng.random(n // 9 + 3)
    wave = np.interp(np.arange(n), np.arange(len(knots)) * 9, knots)
    return least + (1 - least) * np.clip((wave - share + 0.1) / 0.2, 0, 1)


def tooth(size: int, pixels: float, rng: np.random.Generator) -> Plane:
    """Return a tile of paper tooth, 0 to 1, for ``pixels`` per mm."""
    noise = rng.standard_normal((size, size)).astype(np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), max(0.5, 0.055 * pixels))
    fine = fine / (fine.std() + 1e-6)
    return np.asarray(np.clip(0.5 + 0.27 * fine, 0, 1), np.float32)


def lay(plane: Plane, pen: Pen, drawn: Trace, pixels: float, teeth: Plane, rng: np.random.Generator) -> None:
    """Add one stroke to a plane of densities with ``pixels`` per mm; what lies off the plane is lost."""
    half = widths(pen, drawn)
    reach = float(half.max()) + 2 / pixels
    x0, y0 = (np.floor((drawn.xy.min(0) - reach) * pixels)).astype(int)
    x1, y1 = (np.ceil((drawn.xy.max(0) + reach) * pixels)).astype(int) + 1
    cover = _cover(drawn.xy * pixels - (x0, y0), half * pixels, flows(pen, drawn, rng), (y1 - y0, x1 - x0), pen, rng)
    height, width = plane.shape
    left, top, right, bottom = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    if left >= right or top >= bottom:
        return
    cover = cover[top - y0 : bottom - y0, left - x0 : right - x0]
    if pen.grain:
        bite = np.take(np.take(teeth, np.arange(top, bottom), 0, mode="wrap"), np.arange(left, right), 1, mode="wrap")
        cover = cover * np.clip((cover * (1.25 - 0.55 * pen.grain) - bite * pen.grain) * 2.6, 0, 1)
    window = plane[top:bottom, left:right]
    room = np.clip(1 - window / (1.25 * pen.density), 0, 1)  # a second coat darkens little
    window += cover * pen.density * room


def _cover(at: Floats, half: Floats, flow: Floats, shape: tuple[int, int], pen: Pen, rng: np.random.Generator) -> Plane:
    """Return the share of each pixel's full ink, by the distance to the nearest sample of the centre line."""
    seeds = np.full((shape[0] * _FINE, shape[1] * _FINE), 255, np.uint8)
    column, row = np.floor((at + 0.5) * _FINE).astype(int).T
    seeds[row, column] = 0
    distance, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    sample = np.zeros(int(labels.max()) + 1, np.int64)
    sample[labels[row, column]] = np.arange(len(at))
    ragged = half * (1 + pen.ragged * rng.standard_normal(len(half)))
    nearest = sample[labels]
    inside = np.clip(ragged.astype(np.float32)[nearest] * _FINE - distance + 0.5, 0, 1)
    full = inside * flow.astype(np.float32)[nearest]
    return np.asarray(cv2.resize(full, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.float32)
