"""What is wrong with a page that is read all the same, gathered from marks, map and image."""

from __future__ import annotations

import numpy as np

from omr import quality
from omr.geometry import CORNERS, Array, px_per_mm, rotation_deg
from omr.image import Page
from omr.known import KnownPage
from omr.measure import SCALE as PRINT_SCALE
from omr.reading import Fault, FaultCode
from omr.register import Placed
from omr.settings import ReaderSettings

_MM_PER_INCH = 25.4
_USUAL_DPI = (100, 150, 200, 240, 250, 300, 400, 600)


def of_page(page: Page, placed: Placed, known: KnownPage, settings: ReaderSettings) -> list[Fault]:
    """Return the faults of a registered page."""
    middle = _middle(known)
    fit = placed.fit
    dpi = px_per_mm(fit.matrix, middle) * _MM_PER_INCH * page.reduction
    found = quality.image_faults(placed.corners, page.is_one_bit, dpi, settings.quality) if placed.corners else []
    turned = round(rotation(fit.matrix, known) / 90) * 90 % 360
    if turned:
        found.append(Fault(FaultCode.UPSIDE_DOWN, {"rotation": turned}))
    scale = print_scale(page, fit.matrix, known, fit.is_photo)
    if abs(scale - 1) > settings.quality.scale_tolerance:
        found.append(Fault(FaultCode.SCALE, {"percent": round(100 * scale, 1)}))
    lost = [name for name in CORNERS if name not in {c.id for c in placed.corners if c.good}]
    if lost:
        found.append(Fault(FaultCode.CORNER_MISSING, {"corners": ", ".join(lost)}))
    return found + ([] if fit.is_photo else _streaks(page, placed, known, settings))


def rotation(matrix: Array, known: KnownPage) -> float:
    """Return how far the page is turned clockwise in the image, in degrees."""
    return rotation_deg(matrix, _middle(known))


def print_scale(page: Page, matrix: Array, known: KnownPage, is_photo: bool) -> float:
    """Return the size of the print over what the layout says; 1 where the image doesn't tell (a photograph)."""
    measured = px_per_mm(matrix, _middle(known)) * page.reduction * _MM_PER_INCH
    if is_photo:
        return 1.0
    sides_mm = sorted(known.layout.page_mm)
    sides_px = sorted((page.width_px, page.height_px))
    told = page.dpi
    if told is not None and 0.75 < sides_px[1] / told * _MM_PER_INCH / sides_mm[1] < 2.2:
        return measured / told
    by_size = sides_px[1] / sides_mm[1] * _MM_PER_INCH  # the image is as large as the paper
    nearest = min(_USUAL_DPI, key=lambda usual: abs(usual / by_size - 1))
    return measured / nearest if abs(nearest / by_size - 1) < 0.03 else 1.0


def _streaks(page: Page, placed: Placed, known: KnownPage, settings: ReaderSettings) -> list[Fault]:
    found = []
    boxes = known.target.boxes_mm
    per_mm = px_per_mm(placed.fit.matrix, _middle(known))
    contrast = (1 - placed.black_ratio) * float(np.median(page.grey[::16, ::16]))
    matrix = placed.fit.matrix
    for across in (False, True):
        lines = quality.streaks(page.grey, across, matrix, known.near_print, PRINT_SCALE, contrast, settings.quality)
        for span in lines:
            touched = quality.touched_boxes(span, across, matrix, boxes)
            names = tuple(f"{q}.{b}" for (q, b), hit in zip(known.target.ids, touched, strict=True) if hit)
            place = round((span[0] + span[1]) / 2 / per_mm)
            found.append(Fault(FaultCode.STREAK, {"x_mm": place, "across": across}, names))
    return found


def _middle(known: KnownPage) -> Array:
    width, height = known.layout.page_mm
    return np.array([width / 2, height / 2])
