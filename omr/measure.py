"""Evidence: what stands in and round each box that the sheet's own blank print does not explain. In grey, to the end.

Every box becomes one upright patch at 6 px per mm. Darkness is relative: 0 is the paper beside the box, 1 the sheet's
own print. Printed ink (outline, rules, text) is masked with a rim for blur and small shifts. No number here is a
decision; ``judge`` takes them, and may take them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Page as LayoutPage
from omr import eye, shape, wide
from omr.geometry import Array, patches
from omr.image import Grey

SHAPES = (
    "outline",  # share of the outline's contrast on its weakest side: is the box where we look?
    "ink",  # mean new darkness inside the box
    "ring",  # share of ink in the 2.4 mm outside the outline
    "veil",  # share of the same with the faintest ink: pencil beside the box
    *shape.NAMES,
)
FEATURES = (*SHAPES, *eye.NAMES)
_OUTLINE, _INSIDE, _RING, _VEIL = range(4)
SCALE = 6.0  # px per mm
HALF_MM = 5.5  # of a patch: the next box begins 5.75 from the middle in the densest roster
_RIM_MM = 0.22  # masked round print: blur, and what registration leaves
_RING_MM = 2.4
_STEP = 3  # px between the places where the paper's brightness is taken
_FAINT = 0.15  # three deviations of a bad scanner's noise, five of an office scanner's
_LOOK = 0.004  # mean darkness inside from which the shape is measured at all
_BARE = 0.01  # mean darkness inside all boxes of a question under which it seems to hold no mark at all,
_BARE_ROUND = 0.08  # and share of faintest ink outside: a ring round a box has more
_LOOK_ROUND = 0.01  # share of faintest ink outside from which it is


@dataclass(frozen=True, slots=True)
class Target:
    """The boxes of a layout's page, with what is printed round each: computed once for each layout."""

    ids: tuple[tuple[str, str], ...]  # question id, box id
    boxes_mm: Array  # (n, 4): middle x, y, width, height
    print: Grey  # (n, size, size): expected darkness
    free: Grey  # (n, size, size): 255 where no print is, nor near
    ring: Grey  # (n, size, size): 255 there, in the box's surroundings
    window: shape.Window  # where the white of the box lies in a patch: a layout's boxes are of one size
    area: Array  # (n,): its pixels without print
    ring_area: Array  # (n,): pixels of ``ring``
    sparse: Grey  # (n, …): every third row and column of ``free``, enough to tell how bright the paper is
    small: Grey  # (n, eye.SIDE, eye.SIDE): ``print`` as the net sees it
    far: Grey  # (n, wide.SIDE, wide.SIDE): the print that it expects further round each box
    question: NDArray[np.int64]  # (n,): the number of each box's question on the page


@dataclass(frozen=True, slots=True)
class Sight:
    """All boxes cut out upright: ``dark`` (n, size, size) is 0 for paper and 255 for the sheet's own black."""

    dark: Grey
    paper: Array
    contrast: Array


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
    away = np.maximum(dx - half_w, dy - half_h)
    free = near < 40
    inside, ring = free & (away < -0.3), free & (away > 0.3) & (away < _RING_MM)
    window = (_span(inside.any(axis=(0, 2))), _span(inside.any(axis=(0, 1))))
    area = np.maximum(inside.sum(axis=(1, 2)), 1).astype(float)
    ring_area = np.maximum(ring.sum(axis=(1, 2)), 1).astype(float)
    sparse = _mask(free[:, ::_STEP, ::_STEP])
    small, far = eye.shrunk(printed), wide.prints(print_, SCALE, boxes)
    sizes = [len(q.boxes) for q in page.questions]
    of = np.repeat(np.arange(len(sizes)), sizes)
    return Target(ids, boxes, printed, _mask(free), _mask(ring), window, area, ring_area, sparse, small, far, of)


def _mask(flags: NDArray[np.bool_]) -> Grey:
    return np.where(flags, np.uint8(255), np.uint8(0))


def _span(there: NDArray[np.bool_]) -> slice:
    found = np.flatnonzero(there)
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


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
    sight = see(grey, matrix, shifts_mm, aim, black_ratio)
    features = np.zeros((len(sight.dark), len(FEATURES)), np.float32)
    features[:, : len(SHAPES)] = shapes(sight, aim)
    features[:, len(SHAPES) :] = eye.UNTOUCHED
    touched = np.flatnonzero(is_touched(features, aim))
    if len(touched):
        seen = pictures(grey, matrix, shifts_mm, aim, sight, touched)
        features[touched, len(SHAPES) :] = eye.look_at(seen)
    return Evidence(features, sight.paper, sight.contrast)


def see(grey: Grey, matrix: Array, shifts_mm: Array, aim: Target, black_ratio: float) -> Sight:
    """Cut out all boxes and make their darkness relative. Arguments as in ``measure``."""
    cut = patches(grey, matrix, aim.boxes_mm[:, :2] + shifts_mm, (HALF_MM, HALF_MM), SCALE)
    paper = _local_paper(cut, aim.sparse)
    contrast = np.maximum(paper * (1 - black_ratio), 20.0)
    tables = np.clip((paper[:, None] - np.arange(256)) * (255 / contrast)[:, None], 0, 255).astype(np.uint8)
    dark = np.empty_like(cut)
    for patch, table, out in zip(cut, tables, dark, strict=True):
        cv2.LUT(patch, table, out)
    return Sight(dark, paper, contrast)


def pictures(grey: Grey, matrix: Array, shifts_mm: Array, aim: Target, sight: Sight, which: NDArray[np.int64]) -> Grey:
    """Return what the net is shown of some boxes, (n, 4, eye.SIDE, eye.SIDE). Arguments as in ``measure``."""
    centres = aim.boxes_mm[which, :2] + shifts_mm[which]
    far = wide.cut(grey, matrix, centres, sight.paper[which], sight.contrast[which])
    return np.stack([eye.shrunk(sight.dark[which]), aim.small[which], far, aim.far[which]], axis=1)


def shapes(sight: Sight, aim: Target) -> NDArray[np.float32]:
    """Return the features of SHAPES of all boxes, (n, len(SHAPES)); of plain empty ones only outline, ink and ring."""
    new = sight.dark & aim.free
    features = np.zeros((len(new), len(SHAPES)), np.float32)
    features[:, _OUTLINE] = _outline(sight.dark, aim)
    features[:, _INSIDE] = _sums(np.ascontiguousarray(new[:, aim.window[0], aim.window[1]])) / aim.area / 255
    round_it = _flat(new & aim.ring)
    for column, least in ((_RING, shape.INK), (_VEIL, _FAINT)):
        inked = cv2.threshold(round_it, int(255 * least), 1.0, cv2.THRESH_BINARY)[1]
        features[:, column] = _sums(inked) / aim.ring_area
    touched = np.flatnonzero(is_touched(features, aim))
    if len(touched):
        features[touched, _VEIL + 1 :] = shape.describe(new[touched], aim.ring[touched], aim.window, SCALE)
    return features


def _flat(patches_: Grey) -> Grey:
    return patches_.reshape(len(patches_), -1)


def _sums(patches_: NDArray[Any]) -> Array:
    """Return the sum of each patch."""
    return np.asarray(cv2.reduce(_flat(patches_), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0], float)


def is_touched(features: NDArray[np.float32], aim: Target) -> NDArray[np.bool_]:
    """Tell which boxes are looked at closely: those with ink enough in or round them, and all of a bare question.

    A small pale tick further off than the surroundings measured here leaves nothing in them; the net sees it.
    """
    marked = np.zeros(int(aim.question[-1]) + 1 if len(aim.question) else 0, bool)
    is_mark = (features[:, _INSIDE] > _BARE) | (features[:, _VEIL] > _BARE_ROUND)
    np.logical_or.at(marked, aim.question, is_mark)
    touched = (features[:, _INSIDE] > _LOOK) | (features[:, _VEIL] > _LOOK_ROUND)
    return np.asarray(touched | ~marked[aim.question])


def _local_paper(cut: Grey, sparse: Grey) -> Array:
    """Return the brightness of the unmarked paper in each patch: the middle of its upper half, twice."""
    values = (cut[:, ::_STEP, ::_STEP] & sparse).reshape(len(cut), -1).astype(np.float32)
    level = values.sum(axis=1) / np.maximum(np.count_nonzero(values, axis=1), 1)
    for _ in range(2):  # ink drops out: what is clearly darker than the mean of the rest
        there = values > level[:, None] * np.float32(0.93)
        level = (values * there).sum(axis=1) / np.maximum(np.count_nonzero(there, axis=1), 1)
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
            strip = dark[:, along, across] if axis == 2 else dark[:, across, along].transpose(0, 2, 1)
            darkest = reduce(np.maximum, (strip[:, :, column] for column in range(strip.shape[2])))
            worst = np.minimum(worst, (darkest > 80).mean(axis=1))
    return worst
