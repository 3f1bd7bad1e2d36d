"""Handwriting in a region → one picture a written line, without the printed rules. ``omr.ocr`` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from forms.layout import Region
from omr.geometry import Array
from omr.image import Grey

SCALE = 8.0  # px per mm of all crops: 203 dpi, at which a ruled line is 1–2 px and a character 40–60
_INK = 35  # grey levels under the paper from which a pixel is ink: faint pencil has 60, show-through 20
_RULE_HALF_MM = 0.35  # half the height of a ruled line with its blur
_LEAST_INK_MM2 = 1.2  # a full stop has 1; a row with less was not written on
_SPECK_MM2 = 0.05
_MARGIN_MM = 0.9


@dataclass(frozen=True, slots=True)
class Crop:
    """One written line, alone on white. ``row`` counts the region's ruled rows from 0."""

    row: int
    image: Grey


def cut(grey: Grey, matrix: Array, region: Region, scale: float = SCALE) -> Grey:
    """Return a region upright, ``scale`` px per mm. ``matrix`` (3 × 3) maps layout mm to pixels of ``grey``.

    What lies outside the image is white.
    """
    place = np.array([[1 / scale, 0, region.x + 0.5 / scale], [0, 1 / scale, region.y + 0.5 / scale], [0, 0, 1]])
    centred = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])  # OpenCV counts from the middle of a pixel
    size = (round(region.w * scale), round(region.h * scale))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    image = cv2.warpPerspective(grey, centred @ matrix @ place, size, flags=flags, borderValue=(255.0,))
    return image.astype(np.uint8, copy=False)


def row_bounds(region: Region) -> list[tuple[float, float]]:
    """Return top and bottom (mm from the region's top) of each ruled row; what is under the last line belongs to it."""
    lines = [y - region.y for y in region.lines_y[:-1]]
    return list(zip([0.0, *lines], [*lines, region.h], strict=True))


def row_image(image: Grey, region: Region, row: int, scale: float = SCALE) -> Grey:
    """Return one row as it stands on paper, with what reaches into it from above and below, for people to look at."""
    top, bottom = row_bounds(region)[row]
    margin = 0.25 * (bottom - top)
    return image[max(0, round((top - margin) * scale)) : round((bottom + margin) * scale)]


def lines(image: Grey, region: Region, scale: float = SCALE) -> list[Crop]:
    """Split an upright region into its written lines; blank rows are left out. ``image`` is what ``cut`` returns."""
    paper = int(np.percentile(image, 90))
    clean = without_rules(image, [y - region.y for y in region.lines_y], scale)
    owner = _owners((clean < paper - _INK).astype(np.uint8), [b for _, b in row_bounds(region)], scale)
    crops = []
    for row in range(len(row_bounds(region))):
        mine = owner == row + 1
        if mine.sum() / scale**2 >= _LEAST_INK_MM2:
            crops.append(Crop(row, _alone(clean, mine, paper, scale)))
    return crops


def without_rules(image: Grey, lines_mm: Sequence[float], scale: float = SCALE) -> Grey:
    """Paint over the ruled lines, column by column, where no stroke crosses them."""
    paper = int(np.percentile(image, 90))
    clean = image.copy()
    half = max(2, round(_RULE_HALF_MM * scale))
    for line in lines_mm:
        middle = _find_rule(image, round(line * scale), half)
        top, bottom = max(0, middle - half), min(len(image), middle + half + 1)
        dark = np.clip(paper - image[top:bottom].astype(np.int16), 0, None).sum(axis=0)
        edges = [image[y] for y in (top - 1, bottom) if 0 <= y < len(image)]
        crossed = np.min(edges, axis=0) < paper - _INK
        heavy = dark > 2.5 * max(float(np.median(dark)), _INK)  # a stroke drawn along the line
        clean[top:bottom, ~(crossed | heavy)] = paper
    return clean


def _find_rule(image: Grey, expected: int, half: int) -> int:
    """Return the row of pixels near ``expected`` that is dark over the widest part of the page."""
    top = max(0, expected - half)
    # the lightest fifth of each row: strokes leave it alone, a printed line doesn't
    level = np.percentile(image[top : expected + half + 1], 80, axis=1)
    return top + int(level.argmin()) if len(level) and level.min() < np.median(level) - 4 else expected


def _owners(ink: Grey, bottoms_mm: Sequence[float], scale: float) -> Array:
    """Return for each pixel the row (from 1) whose writing it is, 0 for paper; strokes stay whole unless tall."""
    bottoms = np.array(bottoms_mm) * scale
    rows = 1 + np.minimum(np.searchsorted(bottoms, np.arange(len(ink))), len(bottoms) - 1)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    pitch = bottoms[-1] / len(bottoms)
    of_label = np.zeros(count)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= _SPECK_MM2 * scale**2:
            of_label[label] = rows[min(int(centres[label][1]), len(ink) - 1)]
            if stats[label, cv2.CC_STAT_HEIGHT] > 1.6 * pitch:  # two rows run together: each pixel goes to its own
                of_label[label] = -1
    owner = of_label[labels]
    return np.where(owner < 0, rows[:, None], owner)


def _alone(clean: Grey, mine: Array, paper: int, scale: float) -> Grey:
    near = cv2.dilate(mine.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0  # the grey edges of the strokes
    image = np.where(near, clean, paper).astype(np.uint8)
    ys, xs = np.nonzero(mine)
    pad = round(_MARGIN_MM * scale)
    image = np.pad(image, pad, constant_values=paper)
    return image[ys.min() : ys.max() + 2 * pad + 1, xs.min() : xs.max() + 2 * pad + 1]
