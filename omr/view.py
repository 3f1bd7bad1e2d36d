"""The whole page at a glance: small, upright, in the layout's millimetres. What runs through many boxes is seen here.

A fold draws a thin line through white paper; the other side of thin paper shines through mirrored. Both are faint in
any one place and plain over the page. Neither is looked for near print, nor where people write.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.geometry import Array
from omr.image import Grey, shrink
from omr.settings import ViewSettings

SCALE = 1.5  # px per mm: a whole page costs as much as ten boxes
_STRIPS = 14  # into which a line is cut: nearly all must show it
_APART = 3  # px, from a line to the paper it is held against
_TILT = 20  # px, by which a fold may rise from edge to edge


@dataclass(frozen=True, slots=True)
class Line:
    """A fold: where it crosses the middle of the page, how it leans (px a px of the view), how dark it is (0–1)."""

    at_mm: float
    across: bool  # from left to right; else from top to bottom
    slope: float
    depth: float


def look(grey: Grey, matrix: Array, page_mm: tuple[float, float]) -> Grey:
    """Return the page, (height, width) at SCALE. Outside the image is white."""
    factor = max(1, round(max(grey.shape) / 440))
    small = shrink(grey, factor)
    to_px = np.diag([1 / factor, 1 / factor, 1.0]) @ matrix @ np.diag([1 / SCALE, 1 / SCALE, 1.0])
    middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    size = (round(page_mm[0] * SCALE), round(page_mm[1] * SCALE))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    whole = np.linalg.inv(middle) @ to_px @ middle
    return np.asarray(cv2.warpPerspective(small, whole, size, flags=flags, borderValue=(255.0,)), np.uint8)


def folds(seen: Grey, free: Grey, contrast: float, settings: ViewSettings) -> list[Line]:
    """Return the folds of a page. ``free`` is 1 where nothing is printed nor written; ``contrast`` paper less print."""
    found = []
    for across in (True, False):
        line = _fold(*((seen, free) if across else (seen.T, free.T)), contrast, settings)
        if line is not None:
            at, slope, depth = line
            found.append(Line(at / SCALE, across, slope, depth))
    return found


def under(line: Line, boxes_mm: Array, page_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """Return which boxes (n, 4: middle and size in mm) a fold crosses."""
    along, cross = (0, 1) if line.across else (1, 0)
    place = line.at_mm + line.slope * (boxes_mm[:, along] - page_mm[along] / 2)
    return np.asarray(np.abs(boxes_mm[:, cross] - place) < boxes_mm[:, 2 + cross] / 2 + 0.5)


def _fold(seen: Grey, free: Grey, contrast: float, settings: ViewSettings) -> tuple[float, float, float] | None:
    """Return where the page's darkest line from left to right lies (px), its slope and its depth, if there is one."""
    profile, open_ = _strips(seen, free)
    dip = np.full_like(profile, -1.0)
    beside = np.minimum(profile[:, : -2 * _APART], profile[:, 2 * _APART :])
    dip[:, _APART:-_APART] = (beside - profile[:, _APART:-_APART]) / contrast
    usable = open_.copy()
    usable[:, _APART:-_APART] &= open_[:, : -2 * _APART] & open_[:, 2 * _APART :]
    hit = ((dip > settings.fold_depth) & usable).astype(np.float32)
    if _at_most(hit).max() < settings.fold_share * settings.fold_seen * _STRIPS:  # on nearly every page this ends it
        return None
    wide, known = (cv2.dilate(part.astype(np.float32), np.ones((1, 3))) for part in (hit, usable))
    best: tuple[float, float, float, float] | None = None
    places = np.arange(hit.shape[1])
    for tilt in range(-_TILT, _TILT + 1):
        rows = np.round(tilt * (np.arange(_STRIPS) - (_STRIPS - 1) / 2) / _STRIPS).astype(int)
        at = np.clip(places[None] + rows[:, None], 0, hit.shape[1] - 1)
        hits, seen_in = (np.take_along_axis(part, at, 1).sum(axis=0) for part in (wide, known))
        share = np.where(seen_in >= _STRIPS * settings.fold_seen, hits / np.maximum(seen_in, 1), 0.0)
        y = int(share.argmax())
        if share[y] >= settings.fold_share:
            along = np.take_along_axis(dip, at, 1)[:, y]
            found = (float(share[y]) + float(along.mean()), float(y), tilt / seen.shape[1], float(np.median(along)))
            best = max(best or found, found)  # of lines as whole, the one that lies best on what is dark
    return best and best[1:]


def _at_most(hit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how many strips any line through a row can hit, whatever its tilt, (rows,)."""
    strips = np.arange(_STRIPS) - (_STRIPS - 1) / 2
    reach = np.round(_TILT * np.abs(strips) / _STRIPS).astype(int) + 1  # a hit counts for the rows beside it, too
    wide = [cv2.dilate(row[None], np.ones((1, 2 * far + 1))) for row, far in zip(hit, reach, strict=True)]
    return np.asarray(np.sum(wide, axis=(0, 1)), np.float32)


def _strips(seen: Grey, free: Grey) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the brightness of free paper in each strip of each row, (_STRIPS, rows), and where there is enough."""
    wide = seen.shape[1] // _STRIPS
    rows = seen.shape[0]
    cut = slice(0, wide * _STRIPS)
    size = (_STRIPS, rows)
    there = cv2.resize(np.ascontiguousarray(free[:, cut]) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    light = cv2.resize(np.ascontiguousarray(seen[:, cut] * free[:, cut]), size, interpolation=cv2.INTER_AREA)
    share = there.T.astype(np.float32) / 255
    return np.asarray(light.T / np.maximum(share, 0.05), np.float32), np.asarray(share > 0.3)


def shines_through(seen: Grey, free: Grey, prints: list[Grey], contrast: float, settings: ViewSettings) -> float:
    """Return how dark the other side shows (of full print), 0 where it doesn't.

    ``prints`` is the darkness at SCALE of what may stand on the other side: the pages of the same form.
    """
    veil = cv2.subtract(cv2.blur(seen, (9, 9)), seen)
    ink = cv2.dilate(
        cv2.threshold(veil, 0.25 * contrast, 255, cv2.THRESH_BINARY)[1], np.ones((5, 5), np.uint8)
    )  # people's, and its rim
    white = cv2.bitwise_and(free * np.uint8(255), cv2.bitwise_not(ink))
    faint = cv2.bitwise_and(cv2.threshold(veil, settings.veil * contrast, 255, cv2.THRESH_BINARY)[1], white)
    if cv2.countNonZero(faint) < settings.veil_share * cv2.countNonZero(white):
        return 0.0
    shown = np.where(faint, veil, 0).astype(np.float32)
    best = 0.0
    for print_ in prints:
        mirrored = cv2.flip(print_, 1).astype(np.float32)
        mirrored -= cv2.blur(mirrored, (9, 9))
        (dx, dy), _ = cv2.phaseCorrelate(shown, mirrored, cv2.createHanningWindow(shown.shape[::-1], cv2.CV_32F))
        if max(abs(dx), abs(dy)) > settings.veil_shift_mm * SCALE:
            continue
        moved = np.roll(mirrored, (-round(dy), -round(dx)), axis=(0, 1))
        there = (moved > 40) & (white > 0)
        if there.sum() < 50:
            continue
        like = float(np.corrcoef(veil[white > 0], moved[white > 0])[0, 1])
        if like > settings.veil_likeness:
            best = max(best, float(veil[there].mean() / moved[there].mean() * 255 / contrast))
    return best
