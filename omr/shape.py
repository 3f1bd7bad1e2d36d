"""Describes the ink of a box by 14 numbers: how dark, how wide, how long, where it runs. ``measure`` adds four more.

Works on all touched boxes of a page at once where it can: numpy is slow on small things, and there are many.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.image import Grey

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Window = tuple[slice, slice]  # where the white of the box lies in a patch
NAMES = (
    "cover",  # share of the inside darker than a third of the print
    "peak",  # darkest place inside, over 0.5 mm
    "core",  # mean new darkness of the middle 2.4 mm
    "extent",  # diagonal of the inside's ink over the box's
    "solid",  # share of the inside that is ink 0.8 mm thick: fills and scribbles, no pen stroke
    "blocks",  # share of the inside's 5 × 5 blocks that hold ink
    "even",  # lightest quarter of the inside: a fill leaves none white
    "around",  # share of 16 directions outside that hold ink: a circle has all
    "balance",  # distance of the ink's middle from the box's, over half a box
    "sharp",  # steepest edge of the ink inside over its peak: ghosts are blurred
    "length",  # length of the ink's thinned line inside, in box widths
    "reach",  # how far the longest connected ink runs outside, in box widths
    "crossing",  # sides of the box (0–4) that the ink crosses
    "through",  # how far the ink runs to *both* sides of the middle, over half a box: a stray line only to one
)
INK = 0.3  # darkness from which a pixel counts as ink
_SIDES_PX = 0.75  # mm that are masked along an outline, on each side
_THICK = np.ones((5, 5), np.uint8)  # 0.8 mm: no pen but a felt pen is as wide
_BRIDGE = np.ones((7, 7), np.uint8)  # closes the 0.75 mm that are masked along an outline


def describe(new: Grey, ring: Grey, window: Window, scale: float) -> Floats:
    """Return NAMES of boxes, (n, 14).

    Args:
        new: (n, size, size), darkness that the print does not explain, 255 for black.
        ring: (n, size, size), 255 in the surroundings that count as outside the box.
        window: where the white of the box lies.
        scale: px per mm.
    """
    smooth = np.stack([cv2.blur(patch, (3, 3)) for patch in new]).astype(np.uint8, copy=False)
    inner, values = (np.ascontiguousarray(each[:, window[0], window[1]]) for each in (new, smooth))
    count, _, width = inner.shape
    peak = values.reshape(count, -1).max(axis=1) / 255
    ink = inner > int(255 * INK)
    faint = (
        values > (255 * np.maximum(0.08, 0.4 * peak)).astype(np.uint8)[:, None, None]
    )  # relative to itself: pencil has a shape too
    middle, core = new.shape[1] // 2, round(1.2 * scale)
    quarter = values[0].size // 4
    sorted_ = np.partition(values.reshape(count, -1), quarter, axis=1)
    balance, through = _moments(faint)
    wide = np.array([_thickness(one) for one in faint])
    reach, crossing = _beyond(smooth, peak, window, scale)
    columns = {
        "cover": ink.mean(axis=(1, 2)),
        "peak": peak,
        "core": new[:, middle - core : middle + core, middle - core : middle + core].mean(axis=(1, 2)) / 255,
        "extent": np.minimum(1.5, _extent(faint)),
        "solid": _solid(ink),
        "blocks": _blocks(faint),
        "even": sorted_[:, quarter] / 255,
        "around": _around(smooth, ring),
        "balance": np.minimum(1.5, balance),
        "sharp": np.minimum(2.0, _steepest(values) / np.maximum(peak, 0.05)),
        "length": np.minimum(6.0, faint.sum(axis=(1, 2)) / np.maximum(1.0, wide) / width),
        "reach": reach,
        "crossing": crossing,
        "through": through,
    }
    return np.column_stack([columns[name] for name in NAMES])


def _extent(faint: Flags) -> Floats:
    """Return the diagonal of the ink over 1.414 widths of the box."""
    return np.asarray(np.hypot(_length(faint.any(axis=2)), _length(faint.any(axis=1))) / (1.414 * faint.shape[2]))


def _length(there: Any) -> Floats:
    """Return how far it is from the first to the last in each row of (n, length)."""
    first, last = there.argmax(axis=1), there.shape[1] - there[:, ::-1].argmax(axis=1)
    return np.asarray(np.where(there.any(axis=1), last - first, 0), float)


def _solid(ink: Flags) -> Floats:
    return np.array([cv2.dilate(_eroded(one), _THICK).mean() for one in ink.view(np.uint8)])


def _eroded(ink: Grey) -> Grey:
    return cv2.erode(ink, _THICK, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,)).astype(np.uint8, copy=False)


def _blocks(faint: Flags) -> Floats:
    fives = [cv2.resize(one, (5, 5), interpolation=cv2.INTER_AREA) for one in faint.astype(np.float32)]
    return np.asarray((np.stack(fives) > 0.15).mean(axis=(1, 2)))


def _steepest(values: Grey) -> Floats:
    wide = values.astype(np.int16)
    steps = [np.abs(np.diff(wide, axis=axis)).reshape(len(wide), -1).max(axis=1) for axis in (1, 2)]
    return np.asarray(np.maximum(*steps) / 255, float)


def _around(smooth: Grey, ring: Grey) -> Floats:
    number, pixel = ((smooth > int(255 * INK * 0.6)) & (ring > 0)).reshape(len(smooth), -1).nonzero()
    counts = np.bincount(number * 16 + _sectors(smooth.shape[1])[pixel], minlength=16 * len(smooth))
    return np.asarray((counts.reshape(-1, 16) >= 3).mean(axis=1))


@lru_cache(maxsize=4)
def _sectors(size: int) -> NDArray[np.int64]:
    """Return which of 16 directions from the middle each pixel of a patch lies in, (size²,)."""
    at = np.arange(size) - (size - 1) / 2
    angle = np.arctan2(*np.meshgrid(at, at, indexing="ij")).ravel()
    return np.asarray(((angle + np.pi) / (2 * np.pi) * 16).astype(int).clip(0, 15))


def _moments(faint: Flags) -> tuple[Floats, Floats]:
    """Return how far the ink's middle is from the box's, and the shorter way along its main direction from there.

    Both over half a box; the second is negative where all ink lies to one side.
    """
    count, height, width = faint.shape
    dy, dx = (each.ravel() for each in np.meshgrid(np.arange(height), np.arange(width), indexing="ij"))
    dy, dx = dy - (height - 1) / 2, dx - (width - 1) / 2
    flat = faint.reshape(count, -1)
    sums = flat.astype(np.float32) @ np.stack([dy**0, dy, dx, dx * dy, dx * dx - dy * dy], axis=1).astype(np.float32)
    area = np.maximum(sums[:, 0], 1)
    y, x = sums[:, 1] / area, sums[:, 2] / area
    angle = 0.5 * np.arctan2(2 * (sums[:, 3] / area - x * y), sums[:, 4] / area - (x * x - y * y))
    along = np.cos(angle)[:, None] * dx + np.sin(angle)[:, None] * dy
    low, high = np.where(flat, along, np.inf).min(axis=1), np.where(flat, along, -np.inf).max(axis=1)
    through = np.where(sums[:, 0] > 2, np.minimum(-low, high), 0.0)
    return np.hypot(y, x) / (width / 2), through / (width / 2)


def _thickness(ink: Flags) -> float:
    """Return the mean thickness of strokes in px: four times the mean distance to their edge."""
    pixels = int(ink.sum())
    if not pixels:
        return 1.0
    bordered = cv2.copyMakeBorder(ink.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0.0,))
    return 4 * cv2.sumElems(cv2.distanceTransform(bordered, cv2.DIST_L2, 3))[0] / pixels - 1


def _beyond(smooth: Grey, peak: Floats, window: Window, scale: float) -> tuple[Floats, Floats]:
    """Return how far ink that is also inside runs outside (box widths), and how many sides of the box it crosses."""
    size, width = smooth.shape[1], window[1].stop - window[1].start
    ink = smooth > (255 * np.maximum(0.1, 0.25 * np.minimum(peak, 0.75))).astype(np.uint8)[:, None, None]
    connected = np.stack([_connected(one, window) for one in ink])
    at, half = np.arange(size) - (size - 1) / 2, width / 2
    rim = half + _SIDES_PX * scale
    rows, columns = (connected.view(np.uint8).sum(axis=axis, dtype=np.uint8) for axis in (2, 1))
    far = np.maximum(rows > 0, columns > 0) * np.abs(at)
    sides = [each[:, outside].sum(axis=1) >= 3 for each in (rows, columns) for outside in (at > rim, at < -rim)]
    return np.maximum(0.0, far.max(axis=1) - half) / width, np.sum(sides, axis=0).astype(float)


def _connected(ink: Flags, window: Window) -> Flags:
    """Return the ink that hangs together with ink of the window, over the masked outline."""
    count, labels = cv2.connectedComponents(cv2.dilate(ink.view(np.uint8), _BRIDGE), connectivity=8)
    if count == 2 and ink[window].any():
        return ink
    touching = np.zeros(count, bool)
    touching[labels[window][ink[window]]] = True
    touching[0] = False
    return np.asarray(touching[labels] & ink)
