"""Describes the ink of a box by 14 numbers: how dark, how wide, how long, where it runs. ``measure`` adds four more.

Works on all touched boxes of a page at once: calls are slow on small things, and there are many. Where OpenCV wants one
image, patches are laid one under another with rows between them that keep each from seeing its neighbour.
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
    smooth = _smooth(new)
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
    wide = _thickness(faint)
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


def _smooth(new: Grey) -> Grey:
    """Return the means over 3 × 3, each patch mirrored at its edges."""
    tall = np.concatenate([new[:, 1:2], new, new[:, -2:-1]], axis=1)
    return cv2.blur(_under_another(tall), (3, 3)).reshape(tall.shape)[:, 1:-1].astype(np.uint8, copy=False)


def _under_another(tall: Grey) -> Grey:
    """Return patches (n, height, width) as one image (n * height, width)."""
    return tall.reshape(-1, tall.shape[2])


def _apart(ink: Flags, rows: int, columns: int = 0) -> Grey:
    """Return ink as 0 and 1 with empty rows over and under each patch, and columns beside it."""
    return np.pad(ink.view(np.uint8), ((0, 0), (rows, rows), (columns, columns)))


def _solid(ink: Flags) -> Floats:
    tall = _apart(ink, 1)  # 2 rows between patches: as far as the middle of _THICK is from its edge
    thick = cv2.morphologyEx(
        _under_another(tall), cv2.MORPH_OPEN, _THICK, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,)
    )
    return np.asarray(thick.reshape(tall.shape)[:, 1:-1].mean(axis=(1, 2)))


def _blocks(faint: Flags) -> Floats:
    down, across = (_fifths(side) for side in faint.shape[1:])
    return np.asarray((down @ faint.astype(np.float32) @ across.T > 0.15).mean(axis=(1, 2)))


@lru_cache(maxsize=4)
def _fifths(side: int) -> NDArray[np.float32]:
    """Return how much of each fifth of a side every pixel of it fills, (5, side): rows add up to 1."""
    bounds = np.arange(6) * side / 5
    pixels = np.arange(side)
    covered = np.minimum(bounds[1:, None], pixels + 1) - np.maximum(bounds[:-1, None], pixels)
    return np.asarray(np.maximum(covered, 0) / (side / 5), np.float32)


def _steepest(values: Grey) -> Floats:
    wide = values.astype(np.int16)
    steps = [np.abs(np.diff(wide, axis=axis)).reshape(len(wide), -1).max(axis=1) for axis in (1, 2)]
    return np.asarray(np.maximum(*steps) / 255, float)


def _around(smooth: Grey, ring: Grey) -> Floats:
    size = smooth.shape[1]
    number, pixel = np.divmod(np.flatnonzero((smooth > int(255 * INK * 0.6)) & (ring > 0)), size * size)
    counts = np.bincount(number * 16 + _sectors(size)[pixel], minlength=16 * len(smooth))
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
    powers = np.stack([dy**0, dy, dx, dx * dy, dx * dx - dy * dy], axis=1).astype(np.float32)
    sums = (flat[:, None].astype(np.float32) @ powers)[:, 0]  # box by box: a large product would wake numpy's threads
    area = np.maximum(sums[:, 0], 1)
    y, x = sums[:, 1] / area, sums[:, 2] / area
    angle = 0.5 * np.arctan2(2 * (sums[:, 3] / area - x * y), sums[:, 4] / area - (x * x - y * y))
    along = np.cos(angle)[:, None] * dx + np.sin(angle)[:, None] * dy
    low, high = np.where(flat, along, np.inf).min(axis=1), np.where(flat, along, -np.inf).max(axis=1)
    through = np.where(sums[:, 0] > 2, np.minimum(-low, high), 0.0)
    return np.hypot(y, x) / (width / 2), through / (width / 2)


def _thickness(ink: Flags) -> Floats:
    """Return the mean thickness of strokes in px: four times the mean distance to their edge; 1 where there is none."""
    tall = _apart(ink, 1, 1)
    depth = cv2.distanceTransform(_under_another(tall), cv2.DIST_L2, 3).reshape(len(ink), -1).sum(axis=1, dtype=float)
    pixels = ink.sum(axis=(1, 2))
    return np.where(pixels > 0, 4 * depth / np.maximum(pixels, 1) - 1, 1.0)


def _beyond(smooth: Grey, peak: Floats, window: Window, scale: float) -> tuple[Floats, Floats]:
    """Return how far ink that is also inside runs outside (box widths), and how many sides of the box it crosses."""
    size, width = smooth.shape[1], window[1].stop - window[1].start
    ink = smooth > (255 * np.maximum(0.1, 0.25 * np.minimum(peak, 0.75))).astype(np.uint8)[:, None, None]
    places = _connected(ink, window)
    line, x = np.divmod(places, size)
    column = places // (size * size) * size + x
    at, half = np.arange(size) - (size - 1) / 2, width / 2
    rim = half + _SIDES_PX * scale
    rows, columns = (np.bincount(each, minlength=ink.size // size).reshape(-1, size) for each in (line, column))
    far = np.maximum(rows > 0, columns > 0) * np.abs(at)
    sides = [each[:, outside].sum(axis=1) >= 3 for each in (rows, columns) for outside in (at > rim, at < -rim)]
    return np.maximum(0.0, far.max(axis=1) - half) / width, np.sum(sides, axis=0).astype(float)


def _connected(ink: Flags, window: Window) -> NDArray[np.int64]:
    """Return where in ``ink``, laid out flat, ink hangs together with ink of the window, over the masked outline."""
    reach = len(_BRIDGE) // 2
    tall = cv2.dilate(_under_another(_apart(ink, reach)), _BRIDGE).reshape(len(ink), -1, ink.shape[2])
    tall[:, :reach] = tall[:, -reach:] = 0
    count, labels = cv2.connectedComponents(_under_another(tall.astype(np.uint8, copy=False)), connectivity=8)
    of_patch = labels.reshape(tall.shape)[:, reach:-reach]
    touching = np.zeros(count, bool)
    touching[of_patch[:, window[0], window[1]][ink[:, window[0], window[1]]]] = True
    places = np.flatnonzero(ink)
    margin = 2 * reach * ink.shape[2]  # of_patch lies in labels, with rows between its patches
    labelled = places + places // ink[0].size * margin + margin // 2
    return np.asarray(places[touching[labels.ravel()[labelled]]])
