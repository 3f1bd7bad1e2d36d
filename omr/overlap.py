"""Tells two sheets that lie over one another from one sheet that is bent.

A sheet lying on another's lower part brings its own marks and its own code; the boxes above are the other sheet's. Each
part is flat by itself, and one is moved and turned against the other by what no paper does: a feeder's slip moves the
paper along and never turns it. Only scans are looked at: in a photograph, curl and perspective move parts as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omr.geometry import CORNERS, Array, Geometry, apply, fit_affine, inverse, px_per_mm
from omr.image import Page
from omr.locate import Corner

_FLAT_MM = 0.1  # rms of outlines from an affine map: .03 on a scan, .2 and more on paper held in the hand
_LEAST_MM = 20.0  # what the outlines must span both ways, to say where the marks should be
_LEVER = 3.0  # a mark may lie so many times that span away from them
_ASIDE_MM, _ALONG_MM = 1.2, 2.5  # by which marks may be off: paper stretches by 1 %, a feeder slips by 2
_TURNED = 0.006  # of one part against the other: .35°
_POINT_MM = 0.4  # by which one landmark is off: those that lie close together tell little of a turn
_SAME_MM = 0.6  # between marks of one part, after it was moved
_SQUARE = 0.012  # by which the scales of a scan's two axes may differ, and how far they may lean
_FILLS = 0.08  # of the paper's sides, by which a scan may be larger or smaller
_SCALE = 0.07  # of the resolution that a file tells: sheets are printed at 94 % and more


@dataclass(frozen=True, slots=True)
class Overlap:
    """How a part of the page lies against the other: moved (mm) and turned (radians)."""

    aside_mm: float
    along_mm: float
    turned: float


def is_scan(page: Page, matrix: Array, page_mm: tuple[float, float]) -> bool:
    """Tell whether an image is as large as the paper and its print as large in it: curl in a photograph looks alike."""
    middle = np.array([page_mm[0] / 2, page_mm[1] / 2])
    per_mm = px_per_mm(matrix, middle) * page.reduction
    sides_px, sides_mm = sorted((page.width_px, page.height_px)), sorted(page_mm)
    fills = all(abs(px / (mm * per_mm) - 1) < _FILLS for px, mm in zip(sides_px, sides_mm, strict=True))
    return fills and (page.dpi is None or abs(per_mm * 25.4 / page.dpi - 1) < _SCALE)


def find(
    boxes_mm: Array, offsets_mm: Array, matrix: Array, corners: Sequence[Corner], code_px: Array | None, of: Geometry
) -> Overlap | None:
    """Return how the marks lie against the boxes where both are flat and can't be one sheet's, else None.

    ``boxes_mm`` (n, 2) are the outlines that were seen, ``offsets_mm`` where they are against ``matrix`` (mm → px).
    """
    known, seen = _landmarks(corners, code_px, of)
    if len(boxes_mm) < 4 or len(known) < 2:
        return None
    at = apply(matrix, boxes_mm + offsets_mm)
    for base in _flat_parts(boxes_mm, at):
        flat, _ = fit_affine(boxes_mm[base], at[base])
        back = apply(inverse(flat), seen)
        low, high = boxes_mm[base].min(axis=0), boxes_mm[base].max(axis=0)
        near = (np.maximum(low - known, known - high) < _LEVER * (high - low)).all(axis=1)
        for part in (known[:, 1] > high[1], known[:, 1] < low[1]):
            moved = _moved(known[part & near], back[part & near])
            if moved is not None:
                return moved
    return None


def _flat_parts(boxes_mm: Array, at: Array) -> Iterator[NDArray[np.bool_]]:
    """Yield the boxes if they lie flat; else what lies flat of them above, or below, some gap between rows."""
    every = np.ones(len(boxes_mm), bool)
    if _is_flat(boxes_mm, at):
        yield every
        return
    rows = np.unique(boxes_mm[:, 1].round(1))
    for gap in (rows[:-1] + rows[1:]) / 2:
        for part in (boxes_mm[:, 1] < gap, boxes_mm[:, 1] > gap):
            if _is_flat(boxes_mm[part], at[part]):
                yield part


def _is_flat(boxes_mm: Array, at: Array) -> bool:
    if len(boxes_mm) < 4 or np.ptp(boxes_mm, axis=0).min() < _LEAST_MM:
        return False
    flat, error = fit_affine(boxes_mm, at)
    return bool(error / px_per_mm(flat, boxes_mm.mean(axis=0)) < _FLAT_MM and _is_square(flat))


def _is_square(matrix: Array) -> bool:
    """Tell whether a map is a scanner's: as large along as across, and not leaning."""
    (a, b), (c, d) = matrix[:2, :2]
    across, along = np.hypot(a, c), np.hypot(b, d)
    return bool(abs(across / along - 1) < _SQUARE and abs(a * b + c * d) / (across * along) < _SQUARE)


def _landmarks(corners: Sequence[Corner], code_px: Array | None, of: Geometry) -> tuple[Array, Array]:
    """Return places (mm) and pixels of the marks that have their size, and of the code's corners."""
    centres = dict(zip(CORNERS, of.centres(), strict=True))
    good = [corner for corner in corners if corner.good]
    known = [centres[corner.id] for corner in good]
    seen = [(corner.x, corner.y) for corner in good]
    if code_px is not None:
        known += list(of.code_corners())
        seen += [tuple(each) for each in code_px]
    return np.array(known, float).reshape(-1, 2), np.array(seen, float).reshape(-1, 2)


def _moved(places: Array, seen: Array) -> Overlap | None:
    """Return how landmarks (mm) are moved as one stiff part, where that is more than one sheet's can be."""
    if len(places) < 2:
        return None
    middle, there = places.mean(axis=0), seen.mean(axis=0)
    one, other = (places - middle) @ np.array([1, 1j]), (seen - there) @ np.array([1, 1j])
    turned = float(np.angle(np.vdot(one, other)))
    left = other - one * np.exp(1j * turned)
    if float(np.abs(left).max()) > _SAME_MM:
        return None
    aside, along = (there - middle).tolist()
    if abs(aside) < _ASIDE_MM and abs(along) < _ALONG_MM and abs(turned) < max(_TURNED, _POINT_MM / np.abs(one).max()):
        return None
    return Overlap(aside, along, turned)
