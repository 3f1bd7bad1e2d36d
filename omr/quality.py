"""Names what is wrong with an image: blank, blurred, dark, pale, streaked. Nothing here rejects a page by itself."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.geometry import Array, apply, inverse
from omr.image import Grey, Page
from omr.locate import Corner
from omr.reading import Fault, FaultCode
from omr.settings import QualitySettings

_BANDS = 24  # of a page, each averaged, in which a streak must be seen
_PLACES = 200  # along a page at which is asked whether it is printed
_FREE_SHARE = 0.45  # of the line, not printed: a ruled line of the table leaves its margins only
_PARTS = 10  # of a line, of which most must differ from the paper beside it
_STREAK_STEP = 0.08  # of the contrast, between a streak and the paper beside it


def is_blank(grey: Grey, settings: QualitySettings) -> bool:
    """Tell whether a page shows nothing: hardly any pixel of its inner part is darker than the paper round it."""
    factor = max(1, max(grey.shape) // 440)
    small = cv2.resize(grey, (grey.shape[1] // factor, grey.shape[0] // factor), interpolation=cv2.INTER_AREA)
    rows, columns = (side // 14 for side in small.shape)
    inner = small[rows:-rows, columns:-columns]
    reach = max(inner.shape) // 22 | 1
    paper = cv2.morphologyEx(inner, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    paper = cv2.medianBlur(paper.astype(np.uint8, copy=False), 5)
    return float((inner < paper * 0.78).mean()) < settings.blank_ink


def image_faults(corners: Sequence[Corner], page: Page, dpi: float, settings: QualitySettings) -> list[Fault]:
    """Return what the marks tell of the whole image: focus, exposure, resolution."""
    faults = []
    paper = float(np.median([c.paper for c in corners]))
    contrast = float(np.median([c.paper - c.black for c in corners]))
    edge = float(np.median([c.edge_mm for c in corners]))
    if page.is_one_bit:
        faults.append(Fault(FaultCode.ONE_BIT))
        if _is_dithered(page.grey, settings):
            faults.append(Fault(FaultCode.DITHERED))
    elif edge > settings.blurred_edge_mm:
        faults.append(Fault(FaultCode.BLURRED, {"edge_mm": round(edge, 2)}))
    if paper < settings.dark_paper:
        faults.append(Fault(FaultCode.TOO_DARK, {"paper": round(paper)}))
    elif contrast < settings.pale_contrast:
        faults.append(Fault(FaultCode.TOO_LIGHT, {"contrast": round(contrast)}))
    if dpi < settings.low_dpi:
        faults.append(Fault(FaultCode.LOW_RESOLUTION, {"dpi": round(dpi)}))
    if page.jpeg_quality is not None and page.jpeg_quality <= settings.low_jpeg:
        faults.append(Fault(FaultCode.OVER_COMPRESSED, {"quality": page.jpeg_quality}))
    return faults


def _is_dithered(grey: Grey, settings: QualitySettings) -> bool:
    """Tell whether a black-and-white page has dots that stand alone all over, where another has paper."""
    dark = (grey < 230).astype(np.uint8)
    alone = dark & (cv2.boxFilter(dark, -1, (5, 5), normalize=False) <= 4)
    return float(alone.mean()) > settings.dithered


def streak_candidates(grey: Grey, across: bool, settings: QualitySettings) -> list[tuple[float, float]]:
    """Return columns (rows if ``across``) unlike their neighbours over most of the page, as (from, to) in px.

    Dirt on the scanner's glass draws a line through the whole page, as the paper moves past it. Columns of printed
    boxes look the same at this point: ``streaks`` tells them apart.
    """
    length = grey.shape[1] if across else grey.shape[0]
    step, axis = length // _BANDS, int(across)
    parts = (grey[:, at : at + step] if across else grey[at : at + step] for at in range(0, _BANDS * step, step))
    bands = np.stack([cv2.reduce(part, axis, cv2.REDUCE_AVG).ravel() for part in parts])
    wide = 2 * (bands.shape[1] // 200) + 3
    smooth = cv2.blur(cv2.medianBlur(bands, 5), (wide * 3, 1)).astype(np.int16)
    difference = smooth - bands
    strong = 255 * settings.streak_contrast
    same = np.maximum((difference > strong).mean(axis=0), (difference < -strong).mean(axis=0))
    hit = (same >= settings.streak_share).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], hit, [0]])))
    margin, limit = bands.shape[1] * 0.02, 0.02 * length  # the paper's own edge and the shadow beside it
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(float(a), float(b)) for a, b in runs if a > margin and b < bands.shape[1] - margin and b - a < limit]


def streaks(
    grey: Grey, across: bool, matrix: Array, near: Grey, print_scale: float, contrast: float, settings: QualitySettings
) -> list[tuple[float, float]]:
    """Return the candidates that are there also where nothing is printed, as (from, to) in px.

    ``near`` is the darkness of the blank page at ``print_scale`` px per mm, widened by what registration leaves.
    """
    spans = streak_candidates(grey, across, settings)
    if not spans:
        return []
    length = grey.shape[1] if across else grey.shape[0]
    at = np.linspace(0.03, 0.97, _PLACES) * length
    to_print = np.diag([print_scale, print_scale, 1.0]) @ inverse(matrix)
    if across:
        to_print = to_print[:, [1, 0, 2]]
    middles = np.array([(start + end) / 2 for start, end in spans])
    open_share = _free_of_print(near, to_print, middles, at[::5])  # most candidates are columns of boxes
    found = []
    for (start, end), share in zip(spans, open_share.mean(axis=1), strict=True):
        wide = (end - start) / 2 + max(5.0, length / 400)
        if share < _FREE_SHARE:
            continue
        free = _free_beside(near, to_print, ((start + end) / 2 - wide, (start + end) / 2 + wide), at)
        if np.count_nonzero(free) >= _FREE_SHARE * _PLACES and _stands_out(
            grey.T if across else grey, (start, end), at[free], contrast
        ):
            found.append((start, end))
    return found


def _free_of_print(near: Grey, to_print: Array, columns: Array, places: Array) -> NDArray[np.bool_]:
    """Tell, (columns, places), where along columns of an image its blank print is white. ``to_print``: px → px."""
    x, y, w = (a * columns[:, None] + (b * places + c) for a, b, c in to_print)
    x, y = (np.rint(each / w).astype(np.intp) for each in (x, y))
    height, width = near.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    return np.asarray(inside & (near[np.where(inside, y, 0), np.where(inside, x, 0)] < 30))


def _free_beside(near: Grey, to_print: Array, columns: tuple[float, float], places: Array) -> NDArray[np.bool_]:
    """Tell at which places, evenly spaced, nothing is printed between two columns: looked at every 3 px."""
    count = int(np.ceil((columns[1] - columns[0]) / 3.0))
    step = places[1] - places[0]
    grid = np.array([[0.0, 3.0, columns[0]], [step, 0.0, places[0]], [0.0, 0.0, 1.0]])
    seen = cv2.warpPerspective(
        near,
        to_print @ grid,
        (len(places), count),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(255.0,),
    )
    return np.asarray(seen.max(axis=0) < 30)


def _stands_out(lines: Grey, span: tuple[float, float], at: Array, contrast: float) -> bool:
    """Tell whether some column of a span is darker (or lighter) than the paper beside it, nearly all the way."""
    middle, half = int((span[0] + span[1]) / 2), int((span[1] - span[0]) / 2) + 1
    apart = half + max(4, lines.shape[1] // 400)
    if middle - apart - 2 < 0 or middle + apart + 2 >= lines.shape[1]:
        return False
    strip = lines[at.astype(np.intp), middle - apart - 1 : middle + apart + 2].astype(np.float32)
    beside = (strip[:, :3].sum(axis=1) + strip[:, -3:].sum(axis=1)) / 6
    steps = beside[:, None] - strip[:, apart - half + 2 : apart + half + 1]
    parts = steps[: len(steps) // _PARTS * _PARTS].reshape(_PARTS, -1, steps.shape[1])
    medians = np.partition(parts, parts.shape[1] // 2, axis=1)[:, parts.shape[1] // 2] / contrast
    agreeing = [np.count_nonzero(sign * medians > _STREAK_STEP, axis=0).max() for sign in (1, -1)]
    return bool(max(agreeing) >= 0.7 * _PARTS)


def touched_boxes(span: tuple[float, float], across: bool, matrix: Array, boxes_mm: Array) -> NDArray[np.bool_]:
    """Return which boxes (n, 4: middle and size in mm) a streak crosses."""
    axis = 1 if across else 0
    at = apply(matrix, boxes_mm[:, :2])[:, axis]
    ends = [
        apply(matrix, boxes_mm[:, :2] + boxes_mm[:, 2:] / 2 * np.array(sign))[:, axis] for sign in ((1, 1), (1, -1))
    ]
    half = np.max([np.abs(end - at) for end in ends], axis=0)
    return np.asarray((at + half >= span[0]) & (at - half <= span[1]))
