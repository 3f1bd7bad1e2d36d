"""Evidence: what stands in and round each box that the sheet's own blank print does not explain. In grey, to the end.

Every box becomes one upright patch at 6 px per mm. Darkness is relative: 0 is the paper beside the box, 1 the sheet's
own print. Printed ink (outline, rules, text) is masked with a rim for blur and small shifts. No number here is a
decision; ``judge`` takes them, and may take them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Page as LayoutPage
from omr.geometry import Array, patches
from omr.image import Grey

FEATURES = (
    "outline",  # share of the outline's contrast on its weakest side: is the box where we look?
    "ink",  # mean new darkness inside the box
    "cover",  # share of the inside darker than a third of the print
    "peak",  # darkest place inside, over 0.5 mm
    "core",  # mean new darkness of the middle 2.4 mm
    "extent",  # diagonal of the inside's ink over the box's
    "solid",  # share of the inside that is ink 0.8 mm thick: fills and scribbles, no pen stroke
    "blocks",  # share of the inside's 5 × 5 blocks that hold ink
    "even",  # lightest quarter of the inside: a fill leaves none white
    "ring",  # share of ink in the 2.4 mm outside the outline
    "around",  # share of 16 directions outside that hold ink: a circle has all
    "balance",  # distance of the ink's middle from the box's, over half a box
    "sharp",  # steepest edge of the ink inside over its peak: ghosts are blurred
    "length",  # length of the ink's thinned line inside, in box widths
    "reach",  # how far the longest connected ink runs outside, in box widths
    "crossing",  # sides of the box (0–4) that the ink crosses
    "through",  # how far the ink runs to *both* sides of the middle, over half a box: a stray line only to one
)
SCALE = 6.0  # px per mm
HALF_MM = 5.5  # of a patch: the next box begins 5.75 from the middle in the densest roster
_RIM_MM = 0.22  # masked round print: blur, and what registration leaves
_RING_MM = 2.4
_INK = 0.3  # darkness from which a pixel counts as ink in shapes
_THICK = np.ones((5, 5), np.uint8)  # 0.8 mm: no pen but a felt pen is as wide
_BRIDGE = np.ones((7, 7), np.uint8)  # closes the 0.75 mm that are masked along an outline
_LOOK = 0.004  # mean darkness inside from which the shape is measured at all


@dataclass(frozen=True, slots=True)
class Target:
    """The boxes of a layout's page, with what is printed round each: computed once for each layout."""

    ids: tuple[tuple[str, str], ...]  # question id, box id
    boxes_mm: Array  # (n, 4): middle x, y, width, height
    print: Grey  # (n, size, size): expected darkness
    free: NDArray[np.bool_]  # (n, size, size): no print here nor near
    inside: NDArray[np.bool_]  # (n, size, size): the white of the box


@dataclass(frozen=True, slots=True)
class Evidence:
    """Features of all boxes, (n, len(FEATURES)), and the local paper and contrast they are relative to."""

    features: NDArray[np.float32]
    paper: Array
    contrast: Array


def target(page: LayoutPage, print_: Grey) -> Target:
    """Return the expected boxes of a layout's page. ``print_`` is its blank print at SCALE (``blank.draw``)."""
    ids = tuple((q.id, b.id) for q in page.questions for b in q.boxes)
    boxes = np.array([(b.cx, b.cy, b.w, b.h) for q in page.questions for b in q.boxes], float).reshape(-1, 4)
    size = round(2 * HALF_MM * SCALE)
    printed = 255 - patches(255 - print_, np.diag([SCALE, SCALE, 1.0]), boxes[:, :2], (HALF_MM, HALF_MM), SCALE)
    rim = 2 * round(_RIM_MM * SCALE) + 1
    near = np.stack([cv2.dilate(p, np.ones((rim, rim), np.uint8)) for p in printed]) if len(boxes) else printed
    at = (np.arange(size) + 0.5) / SCALE - HALF_MM
    dx, dy = np.abs(at)[None, None, :], np.abs(at)[None, :, None]
    half_w, half_h = boxes[:, 2, None, None] / 2, boxes[:, 3, None, None] / 2
    inside = (dx < half_w - 0.3) & (dy < half_h - 0.3)
    free = near < 40
    return Target(ids, boxes, printed, free, inside & free)


def page_boxes(page: LayoutPage) -> int:
    """Return the number of boxes of a page."""
    return sum(len(q.boxes) for q in page.questions)


def measure(grey: Grey, matrix: Array, shifts_mm: Array, aim: Target, black_ratio: float) -> Evidence:
    """Measure every box of a registered page.

    Args:
        grey: the page.
        matrix: mm → px of ``grey``.
        shifts_mm: (n, 2), where each box really lies.
        aim: the layout's boxes and blank print.
        black_ratio: brightness of the sheet's print over that of its paper, from the locating marks.
    """
    cut = patches(grey, matrix, aim.boxes_mm[:, :2] + shifts_mm, (HALF_MM, HALF_MM), SCALE)
    paper = _local_paper(cut, aim.free)
    contrast = np.maximum(paper * (1 - black_ratio), 20.0)
    tables = np.clip((paper[:, None] - np.arange(256)) * (255 / contrast)[:, None], 0, 255).astype(np.uint8)
    dark = np.stack([cv2.LUT(patch, table) for patch, table in zip(cut, tables, strict=True)]).astype(np.uint8)
    new = np.where(aim.free, dark, np.uint8(0))
    features = np.zeros((len(cut), len(FEATURES)), np.float32)
    features[:, 0] = _outline(dark, aim)
    counts = np.maximum(aim.inside.sum(axis=(1, 2)), 1)
    features[:, 1] = np.where(aim.inside, new, np.uint8(0)).sum(axis=(1, 2)) / counts / 255
    ring = _ring(aim)
    ring_ink = (ring & (new > int(255 * _INK))).sum(axis=(1, 2)) / np.maximum(ring.sum(axis=(1, 2)), 1)
    features[:, 9] = ring_ink
    for index in np.flatnonzero((features[:, 1] > _LOOK) | (ring_ink > 0.01)):
        features[index, 2:9], features[index, 10:] = _shape(new[index], aim.inside[index], ring[index])
    return Evidence(features, paper, contrast)


def _local_paper(cut: Grey, free: NDArray[np.bool_]) -> Array:
    """Return the brightness of the unmarked paper in each patch: the middle of its upper half, twice."""
    values = np.where(free[:, ::3, ::3], cut[:, ::3, ::3], 0).reshape(len(cut), -1).astype(np.float32)
    there = values > 0
    level = values.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    for _ in range(2):  # ink drops out: what is clearly darker than the mean of the rest
        there = values > level[:, None] * 0.93
        level = np.where(there, values, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.asarray(level, float)


def _outline(dark: Grey, aim: Target) -> Array:
    """Return the weakest side's share of the outline that is dark: 1 where every mm of it is there."""
    worst = np.ones(len(dark))
    middle = dark.shape[1] / 2
    half_w, half_h = float(aim.boxes_mm[0, 2]) / 2 * SCALE, float(aim.boxes_mm[0, 3]) / 2 * SCALE
    for axis, half, other in ((2, half_w, half_h), (1, half_h, half_w)):
        along = slice(round(middle - other * 0.8), round(middle + other * 0.8))
        for sign in (-1, 1):
            at = middle + sign * (half - 0.15 * SCALE)
            across = slice(round(at - 1.5), round(at + 1.5))
            strip = dark[:, along, across] if axis == 2 else dark[:, across, along]
            worst = np.minimum(worst, (strip.max(axis=axis) > 80).mean(axis=1))
    return worst


@lru_cache(maxsize=64)
def _ring_of(boxes: bytes, count: int, size: int) -> NDArray[np.bool_]:
    at = np.abs((np.arange(size) + 0.5) / SCALE - HALF_MM)
    shape = np.frombuffer(boxes, float).reshape(count, 4)
    away = np.maximum(at[None, None, :] - shape[:, 2, None, None] / 2, at[None, :, None] - shape[:, 3, None, None] / 2)
    return np.asarray((away > 0.3) & (away < _RING_MM))


def _ring(aim: Target) -> NDArray[np.bool_]:
    return _ring_of(aim.boxes_mm.tobytes(), len(aim.boxes_mm), aim.free.shape[1]) & aim.free


def _shape(new: Grey, inside: NDArray[np.bool_], ring: NDArray[np.bool_]) -> tuple[list[float], list[float]]:
    """Return features 2–8 and 10–16 of one patch. Works on the box's inside alone where it can: it is a sixth."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    smooth = cv2.blur(new, (3, 3)).astype(np.uint8, copy=False)
    inner, values = new[window], smooth[window]
    width = float(inner.shape[1])
    ink = (inner > 255 * _INK).view(np.uint8)
    peak = float(values.max()) / 255
    faint = values > 255 * max(0.08, 0.4 * peak)  # relative to itself: pencil has a shape too
    y, x = faint.nonzero()
    extent = float(np.hypot(np.ptp(y) + 1, np.ptp(x) + 1)) / (1.414 * width) if len(y) else 0.0
    thick = cv2.dilate(cv2.erode(ink, _THICK, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,)), _THICK)
    middle = new.shape[0] // 2
    blocks = cv2.resize(faint.astype(np.float32), (5, 5), interpolation=cv2.INTER_AREA)
    quarter = values.size // 4
    first = [
        float(ink.mean()),
        peak,
        float(new[middle - 7 : middle + 7, middle - 7 : middle + 7].mean()) / 255,
        min(1.5, extent),
        float(thick.mean()),
        float((blocks > 0.15).mean()),
        float(np.partition(values.ravel(), quarter)[quarter]) / 255,
    ]
    outer = ring & (smooth > 255 * _INK * 0.6)
    around = float((np.bincount(_sectors(len(new))[outer], minlength=16) >= 3).mean())
    dy, dx = y - (faint.shape[0] - 1) / 2, x - (faint.shape[1] - 1) / 2
    balance = float(np.hypot(dy.mean(), dx.mean())) / (width / 2) if len(y) else 0.0
    through = _through(dy, dx) / (width / 2) if len(y) > 2 else 0.0
    length = len(y) / max(1.0, _thickness(faint)) / width
    reach, crossing = _beyond(smooth > 255 * max(0.1, 0.25 * min(peak, 0.75)), window, width)
    sharp = _steepest(values) / max(peak, 0.05)
    return first, [around, min(1.5, balance), min(2.0, sharp), min(6.0, length), reach, crossing, through]


def _steepest(values: Grey) -> float:
    wide = values.astype(np.int16)
    return float(max(np.abs(np.diff(wide, axis=0)).max(), np.abs(np.diff(wide, axis=1)).max())) / 255


@lru_cache(maxsize=4)
def _sectors(size: int) -> NDArray[np.int64]:
    """Return which of 16 directions from the middle each pixel of a patch lies in."""
    at = np.arange(size) - (size - 1) / 2
    angle = np.arctan2(*np.meshgrid(at, at, indexing="ij"))
    return np.asarray(((angle + np.pi) / (2 * np.pi) * 16).astype(int).clip(0, 15))


def _through(dy: Array, dx: Array) -> float:
    """Return the shorter reach (px) of points about (0, 0) along their main direction; negative if all on one side."""
    x, y = dx - dx.mean(), dy - dy.mean()
    angle = 0.5 * np.arctan2(2 * (x @ y), x @ x - y @ y)
    along = dx * np.cos(angle) + dy * np.sin(angle)
    return float(min(-along.min(), along.max()))


def _thickness(ink: NDArray[np.bool_]) -> float:
    """Return the mean thickness of strokes in px: four times the mean distance to their edge."""
    if not ink.any():
        return 1.0
    bordered = cv2.copyMakeBorder(ink.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0.0,))
    distance = cv2.distanceTransform(bordered, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return float(4 * distance[ink].mean()) - 1


def _beyond(ink: NDArray[np.bool_], window: tuple[slice, slice], width: float) -> tuple[float, float]:
    """Return how far ink that is also inside runs outside (box widths), and how many sides of the box it crosses."""
    bridged = cv2.dilate(ink.view(np.uint8), _BRIDGE)  # over the masked outline
    count, labels = cv2.connectedComponents(bridged, connectivity=8)
    touching = np.bincount(labels[window][ink[window]], minlength=count) > 0
    touching[0] = False
    if not touching.any():
        return 0.0, 0.0
    rows, columns = (touching[labels] & ink).nonzero()
    middle, half = (ink.shape[0] - 1) / 2, width / 2
    dy, dx = rows - middle, columns - middle
    rim = half + 0.75 * SCALE
    away = float(max(np.abs(dx).max(), np.abs(dy).max())) - half
    sides = ((dx > rim).sum(), (dx < -rim).sum(), (dy > rim).sum(), (dy < -rim).sum())
    return max(0.0, away) / width, float(sum(side >= 3 for side in sides))
