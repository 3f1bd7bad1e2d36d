"""What is wrong with a page that is read all the same, gathered from marks, map and image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omr import quality, view
from omr.geometry import CORNERS, Array, apply, inverse, px_per_mm, rotation_deg
from omr.image import Page
from omr.known import KnownPage
from omr.measure import SCALE as PRINT_SCALE
from omr.reading import Fault, FaultCode
from omr.register import Placed
from omr.settings import ReaderSettings

_MM_PER_INCH = 25.4
_UPRIGHT = 0.0035  # lean under which a line is upright in the image, as finely as the view tells
_SAME_MM = 2.5  # between a fold and a streak that are one line
_USUAL_DPI = (100, 150, 200, 240, 250, 300, 400, 600)


def of_page(page: Page, placed: Placed, known: KnownPage, settings: ReaderSettings) -> list[Fault]:
    """Return the faults of a registered page."""
    middle = _middle(known)
    fit = placed.fit
    dpi = px_per_mm(fit.matrix, middle) * _MM_PER_INCH * page.reduction
    found = quality.image_faults(placed.corners, page, dpi, settings.quality) if placed.corners else []
    turned = round(rotation(fit.matrix, known) / 90) * 90 % 360
    if turned:
        found.append(Fault(FaultCode.UPSIDE_DOWN, {"rotation": turned}))
    scale = print_scale(page, fit.matrix, known, fit.is_photo)
    if abs(scale - 1) > settings.quality.scale_tolerance:
        found.append(Fault(FaultCode.SCALE, {"percent": round(100 * scale, 1)}))
    lost = [name for name in CORNERS if name not in {c.id for c in placed.corners if c.good}]
    if lost:
        found.append(Fault(FaultCode.CORNER_MISSING, {"corners": ", ".join(lost)}))
    if not fit.is_photo:
        found += _streaks(page, placed, known, settings)
        found += _slip(placed, known, settings)
    at_a_glance = _at_a_glance(page, placed, known, found, settings)
    return [*found, *_edge(page, placed, known, settings), *_unplaced(placed, known, settings), *at_a_glance]


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
    width, height = known.layout.page_mm
    fed_upright = height > width and round(rotation(matrix, known) / 90) % 2 == 0
    for across in (False,) if page.is_one_bit else (False, True):  # rows of dots look like lines
        near = known.near_ink if across and fed_upright else known.near_print  # a line of writing looks like a fold
        lines = quality.streaks(page.grey, across, matrix, near, PRINT_SCALE, contrast, settings.quality)
        for span in lines:
            touched = quality.touched_boxes(span, across, matrix, boxes)
            names = _named(known, touched)
            place = round((span[0] + span[1]) / 2 / per_mm)
            if across and fed_upright:  # dirt on the glass draws along the feed: this is a fold of the paper
                at = np.array([[page.grey.shape[1] / 2, (span[0] + span[1]) / 2]])
                found.append(Fault(FaultCode.FOLD, {"at_mm": round(float(apply(inverse(matrix), at)[0, 1]))}, names))
                continue
            code, key = (FaultCode.STREAK_ACROSS, "y_mm") if across else (FaultCode.STREAK, "x_mm")
            found.append(Fault(code, {key: place}, names))
    return found


def _slip(placed: Placed, known: KnownPage, settings: ReaderSettings) -> list[Fault]:
    """Name the place where rows below stand further off than rows above: the paper slipped there."""
    fit = placed.fit
    seen = fit.seen & ~fit.unplaced(settings.register)
    rows = np.unique(known.target.boxes_mm[seen, 1].round(1))
    if len(rows) < 2 or not np.abs(fit.shifts_mm).max() > settings.quality.slip_mm / 4:
        return []
    y = known.target.boxes_mm[:, 1].round(1)
    shift = np.array([fit.shifts_mm[seen & (y == row), 1].mean() for row in rows])
    jumps = np.diff(shift) - np.median(np.diff(shift))  # the plane map tilts to share the slip out
    worst = int(np.abs(jumps).argmax())
    if abs(jumps[worst]) < settings.quality.slip_mm:
        return []
    place = round(float(rows[worst] + rows[worst + 1]) / 2)
    return [Fault(FaultCode.FEED_SLIP, {"at_mm": place, "by_mm": round(float(abs(jumps[worst])), 1)})]


def _edge(page: Page, placed: Placed, known: KnownPage, settings: ReaderSettings) -> list[Fault]:
    """Name the side of the paper that lies furthest outside the image, measured at the side's middle."""
    width, height = known.layout.page_mm
    sides = {
        "left": (0, height / 2),
        "right": (width, height / 2),
        "top": (width / 2, 0),
        "bottom": (width / 2, height),
    }
    at = apply(placed.fit.matrix, np.array(list(sides.values()), float))
    size = np.array(page.grey.shape[::-1])
    outside = np.maximum(-at, at - size).max(axis=1) / px_per_mm(placed.fit.matrix, _middle(known))
    worst = int(outside.argmax())
    if outside[worst] < settings.quality.cut_mm:
        return []
    return [Fault(FaultCode.EDGE_CUT, {"side": list(sides)[worst], "mm": round(float(outside[worst]))})]


def _unplaced(placed: Placed, known: KnownPage, settings: ReaderSettings) -> list[Fault]:
    lost = placed.fit.unplaced(settings.register)
    if not lost.any():
        return []
    return [Fault(FaultCode.BOX_NOT_FOUND, {"number": int(lost.sum())}, _named(known, lost))]


def _at_a_glance(
    page: Page, placed: Placed, known: KnownPage, found: list[Fault], settings: ReaderSettings
) -> list[Fault]:
    """Return what runs over the whole page: folds, and the other side shining through."""
    matrix, options = placed.fit.matrix, settings.view
    if page.is_one_bit:  # black dots and white gaps are no shades
        return []
    seen = view.look(page.grey, matrix, known.layout.page_mm)
    free = known.view_free
    contrast = max((1 - placed.black_ratio) * float(np.median(seen[::4, ::4])), 40.0)
    troubles = []
    for line in view.folds(seen, free, contrast, options):
        under = view.under(line, known.target.boxes_mm, known.layout.page_mm) & (line.depth > options.fold_spoils)
        boxes = _named(known, under)
        same = _streak_there(line, page, placed, known, found)
        if same is not None and same.code == FaultCode.STREAK:  # dirt on the glass, seen twice
            continue
        if same is not None:
            found.remove(same)
            boxes = tuple(dict.fromkeys((*boxes, *same.boxes)))
        troubles.append(_named_line(line, placed, known, boxes))
    depth = view.shines_through(seen, free, known.backs, contrast, options)
    if depth:
        troubles.append(Fault(FaultCode.BLEED_THROUGH, {"percent": round(100 * depth)}))
    return troubles


def _named_line(line: view.Line, placed: Placed, known: KnownPage, boxes: tuple[str, ...]) -> Fault:
    """Return a fold, or a streak where the line runs as the paper was fed: upright in the image, not on the paper."""
    width, height = known.layout.page_mm
    lean = line.slope * 50
    ends = [(width / 2 + d * 50, line.at_mm + d * lean) for d in (-1, 1)]
    if not line.across:
        ends = [(line.at_mm + d * lean, height / 2 + d * 50) for d in (-1, 1)]
    (x0, y0), (x1, y1) = apply(placed.fit.matrix, np.array(ends))
    if abs(x1 - x0) < _UPRIGHT * abs(y1 - y0) and not placed.fit.is_photo:
        return Fault(
            FaultCode.STREAK, {"x_mm": round((x0 + x1) / 2 / px_per_mm(placed.fit.matrix, _middle(known)))}, boxes
        )
    return Fault(FaultCode.FOLD if line.across else FaultCode.FOLD_DOWN, {"at_mm": round(line.at_mm)}, boxes)


def _streak_there(line: view.Line, page: Page, placed: Placed, known: KnownPage, found: list[Fault]) -> Fault | None:
    """Return the streak that was found where a fold is seen: one line of the image is not both."""
    width, height = known.layout.page_mm
    middle = np.array([[width / 2, line.at_mm]] if line.across else [[line.at_mm, height / 2]])
    x, y = apply(placed.fit.matrix, middle)[0] / px_per_mm(placed.fit.matrix, middle)
    for fault in found:
        if fault.code == FaultCode.FOLD and line.across and abs(fault.params["at_mm"] - line.at_mm) < _SAME_MM:
            return fault
        if abs(x - fault.params.get("x_mm", -99)) < _SAME_MM or abs(y - fault.params.get("y_mm", -99)) < _SAME_MM:
            return fault
    return None


def _named(known: KnownPage, which: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(f"{q}.{b}" for (q, b), hit in zip(known.target.ids, which, strict=True) if hit)


def _middle(known: KnownPage) -> Array:
    width, height = known.layout.page_mm
    return np.array([width / 2, height / 2])
