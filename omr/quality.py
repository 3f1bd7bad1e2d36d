"""Names what is wrong with an image: blank, blurred, dark, pale, streaked. Nothing here rejects a page by itself."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from omr.geometry import Array, apply
from omr.image import Grey
from omr.locate import Corner
from omr.reading import Fault, FaultCode
from omr.settings import QualitySettings


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


def image_faults(corners: Sequence[Corner], is_one_bit: bool, dpi: float, settings: QualitySettings) -> list[Fault]:
    """Return what the marks tell of the whole image: focus, exposure, resolution."""
    faults = []
    paper = float(np.median([c.paper for c in corners]))
    contrast = float(np.median([c.paper - c.black for c in corners]))
    edge = float(np.median([c.edge_mm for c in corners]))
    if is_one_bit:
        faults.append(Fault(FaultCode.ONE_BIT))
    elif edge > settings.blurred_edge_mm:
        faults.append(Fault(FaultCode.BLURRED, {"edge_mm": round(edge, 2)}))
    if paper < settings.dark_paper:
        faults.append(Fault(FaultCode.TOO_DARK, {"paper": round(paper)}))
    elif contrast < settings.pale_contrast:
        faults.append(Fault(FaultCode.TOO_LIGHT, {"contrast": round(contrast)}))
    if dpi < settings.low_dpi:
        faults.append(Fault(FaultCode.LOW_RESOLUTION, {"dpi": round(dpi)}))
    return faults


def streak_columns(grey: Grey, across: bool, settings: QualitySettings) -> list[tuple[float, float]]:
    """Return dirt on the scanner's glass as (from, to) in px: columns (rows if ``across``) unlike their neighbours.

    The paper moves past the glass, so a speck draws a line through the whole page: in each of many bands of the page
    that column's median differs from the running median of its neighbours, always to the same side.
    """
    image = grey.T if across else grey
    rows = image[:: max(1, image.shape[0] // 240)]
    bands = np.array_split(rows, 12)
    medians = np.stack([np.median(band, axis=0) for band in bands]).astype(np.uint8)
    smooth = np.stack([cv2.medianBlur(m.reshape(1, -1), 31).ravel() for m in medians])
    difference = smooth.astype(np.int16) - medians
    strong = np.abs(difference) > 255 * settings.streak_contrast
    same = np.maximum((strong & (difference > 0)).mean(axis=0), (strong & (difference < 0)).mean(axis=0))
    hit = (same >= settings.streak_share).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], hit, [0]])))
    margin = image.shape[1] * 0.02  # the paper's own edge and the scanner's shadow beside it
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [
        (a - 1.0, b + 1.0)
        for a, b in runs
        if a > margin and b < image.shape[1] - margin and b - a < 0.03 * image.shape[1]
    ]


def touched_boxes(streaks: Sequence[tuple[float, float]], across: bool, matrix: Array, boxes_mm: Array) -> Array:
    """Return which boxes (n, 4: middle and size in mm) a streak crosses, as booleans."""
    touched = np.zeros(len(boxes_mm), bool)
    at = apply(matrix, boxes_mm[:, :2])[:, 1 if across else 0]
    edge = apply(matrix, boxes_mm[:, :2] + boxes_mm[:, 2:] / 2)[:, 1 if across else 0]
    half = np.abs(edge - at)
    for start, end in streaks:
        touched |= (at + half >= start) & (at - half <= end)
    return touched
