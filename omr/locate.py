"""Finds the four solid marks of a sheet, in any orientation: roughly on a small copy, then to a hundredth of a mm.

Rough: dark solid blobs of about the right size, of which four (or three) lie as the corners of a known geometry do; the
odd one, a bar, says which way is up. Fine: straight lines fitted to the sides of each mark. A mark of another size than
it should have is half covered, and its middle is wrong by millimetres: it is named, and left out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.components import components
from omr.geometry import CORNERS, Array, Geometry, affine_to_matrix, apply, patches, px_per_mm, similarity
from omr.image import Grey, shrink
from omr.settings import LocateSettings, RegisterSettings

BAR = CORNERS.index("bl")
_MARGIN_MM = 2.4  # round a mark; 3 are kept white
_PERFECT_MM = 1.0  # four marks that fit a flat page so well leave nothing to look for in this geometry
_MISSING_MM = 8.0  # a set of three is as good as a set of four that fits this badly: a photograph in perspective


@dataclass(frozen=True, slots=True)
class Blob:
    """A dark solid patch of the image; place and size in px of the image that was searched."""

    x: float
    y: float
    w: float
    h: float

    @property
    def is_bar(self) -> bool:
        return max(self.w, self.h) > 1.45 * min(self.w, self.h)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Blobs that may be the corners of a page of ``geometry``, in the order of CORNERS.

    At most one is None, unless the page was placed by its code, whose corners in px are then ``code_px``.
    """

    geometry: Geometry
    blobs: tuple[Blob | None, ...]
    misfit_mm: float
    matrix: Array
    code_px: Array | None = None  # (4, 2): tl, tr, br, bl


@dataclass(frozen=True, slots=True)
class Corner:
    """A mark, measured. ``good``: it has its size, so its middle can be trusted."""

    id: str
    x: float
    y: float
    w_mm: float
    h_mm: float
    edge_mm: float
    paper: float
    black: float
    good: bool


def find_blobs(grey: Grey, settings: LocateSettings) -> list[Blob]:
    """Return dark solid squares and bars of the size of marks."""
    long_px = max(grey.shape)
    factor = max(1, round(long_px / settings.coarse_long_px))
    small = shrink(grey, factor)
    reach = max(small.shape) // 22 | 1  # wider than a bar of the smallest paper: closing wipes marks out, not shadows
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8), borderType=cv2.BORDER_REPLICATE)
    dark = cv2.compare(small, cv2.convertScaleAbs(paper, alpha=settings.dark_below), cv2.CMP_LT)
    found = components(dark.astype(np.uint8, copy=False), connectivity=4)
    least, most = max(small.shape) / 110, max(small.shape) / 14
    width, height = found.width, found.height
    short, long = np.minimum(width, height), np.maximum(width, height)
    kept = (short >= least) & (long <= most) & (found.area >= settings.min_solidity * width * height)
    kept &= long <= settings.max_bar_ratio * short
    x, y = ((at[kept] + 0.5) * factor for at in (found.x, found.y))
    w, h = (side[kept].astype(float) * factor for side in (width, height))
    return [Blob(*each) for each in zip(x.tolist(), y.tolist(), w.tolist(), h.tolist(), strict=True)]


def hypotheses(
    blobs: Sequence[Blob], geometries: Sequence[Geometry], shape: tuple[int, int], settings: LocateSettings
) -> list[Hypothesis]:
    """Return the ways in which blobs can be a page's corners, best first.

    Two blobs on a diagonal give a similarity; the others are looked for where it puts them. The bar is only ever taken
    for the odd corner, and the odd corner only ever for a bar. Sets of three are tried if no set of four fits well.
    """
    bars = _outermost([b for b in blobs if b.is_bar], shape, settings.keep_per_corner)
    squares = _outermost([b for b in blobs if not b.is_bar], shape, settings.keep_per_corner)
    found: list[Hypothesis] = []
    for geometry in geometries:
        seeds = [(BAR, CORNERS.index("tr"), bar, square) for bar in bars for square in squares]
        found += _grow(seeds, bars, squares, geometry, settings)
    if not any(None not in h.blobs and h.misfit_mm < _MISSING_MM for h in found):
        for geometry in geometries:
            pairs = [(0, 3, one, other) for one in squares for other in squares if one is not other]
            found += _grow(pairs, bars, squares, geometry, settings)
    found.sort(key=lambda h: h.misfit_mm + _MISSING_MM * (None in h.blobs))
    return found[: settings.max_combinations]


def refine(grey: Grey, hypothesis: Hypothesis, settings: RegisterSettings) -> list[Corner]:
    """Measure the marks of a hypothesis by their sides. Coordinates are px of ``grey``."""
    scale = settings.patch_px_per_mm
    corners = []
    for name, blob, fiducial in zip(CORNERS, hypothesis.blobs, hypothesis.geometry.fiducials, strict=True):
        if blob is None:
            continue
        centre = np.array([[fiducial.x + fiducial.w / 2, fiducial.y + fiducial.h / 2]])
        half = (fiducial.w / 2 + _MARGIN_MM, fiducial.h / 2 + _MARGIN_MM)
        patch = patches(grey, hypothesis.matrix, centre, half, scale)[0]
        measured = _measure_mark(patch, fiducial.w * scale, fiducial.h * scale)
        if measured is None:
            continue
        dx, dy, w, h, edge, paper, black = measured
        ((x, y),) = apply(hypothesis.matrix, centre + np.array([[dx, dy]]) / scale)
        limit = settings.corner_size_tolerance
        good = abs(w / scale / fiducial.w - 1) < limit and abs(h / scale / fiducial.h - 1) < limit
        corners.append(Corner(name, x, y, w / scale, h / scale, edge / scale, paper, black, good))
    return corners


def _outermost(blobs: list[Blob], shape: tuple[int, int], keep: int) -> list[Blob]:
    """Return the blobs nearest to each corner of the image: a page of filled boxes has many squares inside."""
    height, width = shape
    chosen: dict[int, Blob] = {}
    for x, y in itertools.product((0, width), (0, height)):
        nearest = sorted(blobs, key=lambda b: abs(b.x - x) + abs(b.y - y))[:keep]
        chosen.update({id(blob): blob for blob in nearest})
    return list(chosen.values())


def _grow(
    seeds: list[tuple[int, int, Blob, Blob]],
    bars: list[Blob],
    squares: list[Blob],
    geometry: Geometry,
    settings: LocateSettings,
) -> list[Hypothesis]:
    centres = geometry.centres()
    points = centres @ np.array([1, 1j])
    diagonal = abs(points[3] - points[0])
    found = []
    for first, second, one, other in seeds:
        turn = complex(other.x - one.x, other.y - one.y) / (points[second] - points[first])
        if not all(_has_size(b, geometry, i, abs(turn), settings) for b, i in ((one, first), (other, second))):
            continue
        expected = turn * (points - points[first]) + complex(one.x, one.y)
        reach = settings.max_misfit * diagonal * abs(turn)
        choices: list[list[Blob | None]] = []
        for index in range(4):
            if index in (first, second):
                choices.append([one if index == first else other])
                continue
            pool = bars if index == BAR else squares
            choices.append([*_nearest(pool, expected[index], reach), None])  # the nearest may be a finder of the code
        for blobs in itertools.product(*choices):
            hypothesis = _judged(geometry, centres, blobs, settings)
            if hypothesis is not None:
                found.append(hypothesis)
                if None not in blobs and hypothesis.misfit_mm < _PERFECT_MM:
                    return found
    return found


def _nearest(pool: list[Blob], place: complex, reach: float) -> list[Blob]:
    """Return the two blobs nearest to a place, if they are within reach."""
    x, y = place.real, place.imag
    near = (i for i, b in enumerate(pool) if abs(b.x - x) < reach and abs(b.y - y) < reach)
    distances = sorted((abs(complex(pool[i].x, pool[i].y) - place), i) for i in near)
    return [pool[i] for distance, i in distances[:2] if distance < reach]


def _has_size(blob: Blob, geometry: Geometry, index: int, scale: float, settings: LocateSettings) -> bool:
    mark = geometry.fiducials[index]
    size = (blob.w * blob.h / (mark.w * mark.h)) ** 0.5
    return bool(abs(size / scale - 1) < settings.max_size_error)


def _judged(
    geometry: Geometry, centres: Array, blobs: tuple[Blob | None, ...], settings: LocateSettings
) -> Hypothesis | None:
    """Fit a map to the blobs; None where it isn't one that paper can have."""
    there = tuple(i for i, blob in enumerate(blobs) if blob is not None)
    if len(there) < 3 or len({id(blobs[i]) for i in there}) < len(there):
        return None
    source = centres[list(there)]
    target = np.array([(blob.x, blob.y) for blob in blobs if blob is not None])
    design, solver = _affine_solver(geometry, there)
    solution = solver @ target
    (a, b), (c, d) = solution[:2].tolist()  # the linear part, and its singular values
    turned, mirrored = math.hypot(a + d, b - c), math.hypot(a - d, b + c)
    large, little = (turned + mirrored) / 2, abs(turned - mirrored) / 2
    if a * d - b * c <= 0 or large > 1.5 * little:
        return None
    scale = math.sqrt(large * little)
    error = float(np.sqrt(((design @ solution - target) ** 2).sum() / len(there)))
    if not all(_has_size(b, geometry, i, scale, settings) for i, b in enumerate(blobs) if b is not None):
        return None
    diagonal = float(np.hypot(*geometry.page_mm))
    misfit = error / scale + diagonal * 0.25 * (large / little - 1)  # squeezed paper is as unlikely as bent paper
    if misfit > settings.max_misfit * diagonal:
        return None
    matrix = affine_to_matrix(solution.T)
    if len(there) == 4:
        matrix = np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)))
    return Hypothesis(geometry, blobs, misfit, matrix)


@lru_cache(maxsize=256)
def _affine_solver(geometry: Geometry, there: tuple[int, ...]) -> tuple[Array, Array]:
    """Return what an affine map through some of the marks is fitted with: points (n, 3) and their inverse (3, n)."""
    centres = geometry.centres()[list(there)]
    design = np.column_stack([centres, np.ones(len(centres))])
    return design, np.linalg.pinv(design)


def _measure_mark(patch: Grey, width: float, height: float) -> tuple[float, ...] | None:
    """Return dx, dy from the patch's middle, width and height, edge width (all px), paper and black of a solid mark."""
    rows, columns = patch.shape
    paper = _median(np.concatenate([patch[:4].ravel(), patch[-4:].ravel()]))
    inner = patch[rows // 2 - 9 : rows // 2 + 9, columns // 2 - 9 : columns // 2 + 9]
    black = _median(inner)
    if paper - black < 40:
        return None
    closed = cv2.morphologyEx(patch, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))  # lost specks of toner are filled
    dark = np.clip(((paper - closed) / (paper - black) - 0.08) / 0.84, 0, 1)  # the noise of white paper adds nothing
    band_y = slice(round(rows / 2 - height * 0.32), round(rows / 2 + height * 0.32))
    band_x = slice(round(columns / 2 - width * 0.32), round(columns / 2 + width * 0.32))
    left, right = _sides(dark[band_y], columns / 2)
    top, bottom = _sides(dark[:, band_x].T, rows / 2)
    profile = dark[band_y].mean(axis=0)
    edge = float(((profile > 0.1) & (profile < 0.9)).sum()) / 2
    return (right - left) / 2, (bottom - top) / 2, left + right, top + bottom, edge, paper, black


def _sides(dark: Array, middle: float) -> tuple[float, float]:
    """Return how far a dark bar reaches left and right of ``middle``: lines fitted to both sides, read at their middle.

    The place of an edge is the sum of the darkness beside it, so blur does not move it; outliers are dropped once.
    """
    cut = round(middle)
    reaches = []
    for part, rounding in ((dark[:, :cut], middle - cut), (dark[:, cut:], cut - middle)):
        reach = part.sum(axis=1) + rounding
        at = np.arange(len(reach)) - (len(reach) - 1) / 2
        slope, offset = _line(at, reach)
        off = np.abs(reach - slope * at - offset)
        kept = off <= max(0.35, 2.5 * _median(off))
        if kept.sum() >= 4:
            slope, offset = _line(at[kept], reach[kept])
        reaches.append(offset)
    return reaches[0], reaches[1]


def _line(x: NDArray[np.floating], y: NDArray[np.floating]) -> tuple[float, float]:
    """Return slope and value at 0 of the least-squares line."""
    middle = float(x.sum()) / len(x)
    off = x - middle
    slope = float(off @ y) / float(off @ off)
    return slope, float(y.sum()) / len(y) - slope * middle


def _median(values: NDArray[Any]) -> float:
    """Return the median, at a tenth of what ``np.median`` takes for a few dozen numbers."""
    ordered = np.sort(values, axis=None)
    return (float(ordered[(len(ordered) - 1) // 2]) + float(ordered[len(ordered) // 2])) / 2


def from_code(corners_px: Array, geometry: Geometry, blobs: Sequence[Blob]) -> Hypothesis:
    """Return a page placed by its code (corners tl, tr, br, bl in px) and what marks stand where it puts them.

    The way for a sheet with two marks or fewer. The outlines of the boxes must bear it out afterwards.
    """
    source = geometry.code_corners()
    matrix = similarity(source, corners_px)
    scale = px_per_mm(matrix, source.mean(axis=0))
    found: list[Blob | None] = [None] * 4
    for index in np.argsort(np.hypot(*(geometry.centres() - source.mean(axis=0)).T)):
        expected = apply(matrix, geometry.centres()[index : index + 1])[0]
        near = [
            b
            for b in blobs
            if b.is_bar == (index == BAR) and np.hypot(b.x - expected[0], b.y - expected[1]) < 9 * scale
        ]
        if near:
            found[index] = min(near, key=lambda b: float(np.hypot(b.x - expected[0], b.y - expected[1])))
            there = [i for i, blob in enumerate(found) if blob is not None]
            points = np.vstack([source, geometry.centres()[there]])
            target = np.vstack([corners_px, [(b.x, b.y) for b in found if b is not None]])
            matrix = similarity(points, target)
    return Hypothesis(geometry, tuple(found), 0.0, matrix, corners_px)
