"""Lays a page's layout over its image: marks first, then the outlines of the boxes as local marks.

The outlines correct what the corners can't know: a lost corner, curled paper, a slip of the feed in the middle of a
page. A box is placed by its own outline only, never by ink inside it, and by what its neighbours say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from omr import bend
from omr.geometry import (
    CORNERS,
    Array,
    Geometry,
    apply,
    fit_affine,
    inverse,
    patches,
    px_per_mm,
    similarity,
)
from omr.image import Grey, shrink
from omr.locate import Corner, Hypothesis
from omr.settings import RegisterSettings

Mask = NDArray[np.bool_]
_OUTER_MM = 0.7  # how far beside an outline the paper is looked at
_OUTLIER_MM = 1.5  # from an affine map through all boxes: curl bends a page less within its table
_FAR_SCALE = 3.0  # px per mm: an outline is one pixel wide, enough to find it
_FAR_MATCH = 0.4  # correlation with the outline; a filled or crossed-out box has less and is placed by others
_GROWN_BY = 12  # boxes that are looked for at a time on a page that only its code places: some rows of them
_WIDE_MM = 60.0  # what a map that may shear must stand on, both ways
_LEANING = 0.008  # of the scale, from one end of the boxes to the other; outlines of a scan leave .002
_ROUNDS = 5  # a photograph's boxes may lie 3 mm off, and a search reaches 1.2
_SETTLED_MM = 0.25  # outlines are measured best near the middle of what is searched


@dataclass(frozen=True, slots=True)
class Fit:
    """The map of a page, with the small shift (mm) of each box that the map can't express."""

    matrix: Array
    shifts_mm: Array  # (n, 2)
    residual_mm: float  # rms of the found outlines against map and shifts
    found: int
    is_photo: bool
    spread_mm: Array = field(default_factory=lambda: np.zeros(0))  # (n,), how far off a box may be
    seen: Mask = field(default_factory=lambda: np.zeros(0, bool))  # (n,), outlines that were found and believed

    def unplaced(self, settings: RegisterSettings) -> Mask:
        """Return which boxes (n,) may lie elsewhere: their outline was not seen, and nothing near says where."""
        return np.asarray(~self.seen & (self.spread_mm > settings.bend.max_spread_mm))


@dataclass(frozen=True, slots=True)
class _Outlines:
    offsets_mm: Array  # (n, 2)
    match: Array  # (n,), share of full contrast of the worst side


def corner_map(corners: Sequence[Corner], geometry: Geometry, settings: RegisterSettings) -> tuple[Array, bool]:
    """Return the map from the corners alone, and whether it is a photograph's (four corners that no affine map fits).

    Three corners give an affine map. Raises ValueError where there are fewer.
    """
    if len(corners) < 3:
        raise ValueError(f"{len(corners)} corners")
    centres = dict(zip(CORNERS, geometry.centres(), strict=True))
    source = np.array([centres[c.id] for c in corners])
    target = np.array([(c.x, c.y) for c in corners])
    matrix, error = fit_affine(source, target)
    if len(corners) == 3 or error / px_per_mm(matrix, source.mean(axis=0)) < settings.scan_misfit_mm / 4:
        return matrix, False
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))), True


def fit_boxes(
    grey: Grey,
    matrix: Array,
    boxes_mm: Array,
    anchors: tuple[Array, Array],
    contrast: float,
    is_photo: bool,
    settings: RegisterSettings,
) -> Fit:
    """Refine ``matrix`` by the outlines of boxes ``boxes_mm`` (n, 4: middle x, y, width, height).

    ``anchors`` are points (mm) and their pixels that are known from the corners. ``contrast`` is paper minus print.
    """
    centres, size = boxes_mm[:, :2], boxes_mm[0, 2:]
    now = bend.Field(np.zeros_like(centres), np.zeros(len(centres)), np.zeros(len(centres), bool), settings.search_mm)
    if is_photo or len(anchors[0]) < 3:
        now = replace(now, shifts_mm=_find_far(grey, matrix, centres, size, settings))
    sought = False
    for round_ in range(_ROUNDS):
        shifts = now.shifts_mm
        seen = _find_outlines(grey, matrix, centres + shifts, size, contrast, settings)
        offsets = shifts + seen.offsets_mm
        good = seen.match > settings.min_outline / 2
        if good.sum() < max(3, settings.far_below * len(good)):
            if round_:
                break
            now = replace(now, shifts_mm=_find_far(grey, matrix, centres, size, settings))
            continue
        if not is_photo:
            good &= _agreeing(centres, offsets, good)
        better = _refit(matrix, centres, offsets, good, anchors, is_photo or len(anchors[0]) < 4)
        offsets = apply(inverse(better), apply(matrix, centres + offsets)) - centres
        matrix = better
        now = _field(matrix, centres, offsets, good, anchors, is_photo, settings)
        moved = np.abs(seen.offsets_mm[good]).max()
        if moved < settings.search_mm / 2 and now.kept.mean() > 1 - settings.max_outline_miss:
            if moved > _SETTLED_MM and is_photo:
                continue
            lost = ~now.kept & (now.spread_mm > settings.bend.max_spread_mm)
            if sought or not lost.any() or (len(anchors[0]) == 4 and not is_photo):
                break
            sought = True
            at, found = _seek(grey, matrix, (centres + now.shifts_mm)[lost], size, settings)
            now.shifts_mm[lost] += np.where(found[:, None], at, 0.0)
    is_photo = is_photo or _leans(matrix, centres)
    return Fit(matrix, now.shifts_mm, now.residual_mm, int(now.kept.sum()), is_photo, now.spread_mm, now.kept)


def _leans(matrix: Array, centres: Array) -> bool:
    """Tell whether the map is seen from the side: a photograph that three corners could not give away."""
    return bool(np.abs(matrix[2, :2] / matrix[2, 2]) @ np.ptp(centres, axis=0) > _LEANING)


def _field(
    matrix: Array,
    centres: Array,
    offsets: Array,
    good: Mask,
    anchors: tuple[Array, Array],
    is_photo: bool,
    settings: RegisterSettings,
) -> bend.Field:
    """Return the shifts of all boxes: on a flat page a mean over neighbours, else a field that bends."""
    flat = float(np.percentile(np.abs(offsets[good]), 90)) < settings.bend.flat_mm
    if not flat:
        known = (anchors[0], apply(inverse(matrix), anchors[1]) - anchors[0])
        return bend.follow(centres, offsets, good, known, not is_photo, settings.bend)
    shifts = _smooth(centres, offsets, good, settings)
    left = (offsets - shifts)[good]
    return bend.Field(shifts, np.zeros(len(centres)), good, float(np.sqrt((left**2).sum(axis=1).mean())))


def _find_far(grey: Grey, matrix: Array, centres: Array, size: Array, settings: RegisterSettings) -> Array:
    """Return first shifts (mm) of boxes that may lie some mm off, as on curled paper or with corners lost.

    What its neighbours don't bear out is dropped.
    """
    offsets, good = _seek(grey, matrix, centres, size, settings)
    if good.sum() < 3:
        return offsets * 0
    return _smooth(centres, offsets, good & _agreeing(centres, offsets, good), settings)


def _grown(
    grey: Grey, matrix: Array, boxes_mm: Array, anchors: tuple[Array, Array], settings: RegisterSettings
) -> Array:
    """Return the map of a page that little is known of, found outwards: the boxes next to what is known come first.

    A code alone gives a direction to a degree; at the far end of the page that is more than a row.
    """
    centres = boxes_mm[:, :2]
    away = np.hypot(*(centres[:, None] - anchors[0][None]).transpose(2, 0, 1)).min(axis=1)
    order, (source, target) = np.argsort(away), anchors
    for near in np.array_split(order, max(1, -(-len(order) // _GROWN_BY))):
        offsets, found = _seek(grey, matrix, centres[near], boxes_mm[0, 2:], settings)
        if found.sum() < 3:
            continue
        found &= np.hypot(*(offsets - np.median(offsets[found], axis=0)).T) < _OUTLIER_MM
        source = np.vstack([source, centres[near][found]])
        target = np.vstack([target, apply(matrix, (centres[near] + offsets)[found])])
        spans_page = np.ptp(source, axis=0).min() > _WIDE_MM
        matrix = fit_affine(source, target)[0] if spans_page else similarity(source, target)
    return matrix


def _seek(grey: Grey, matrix: Array, places: Array, size: Array, settings: RegisterSettings) -> tuple[Array, Mask]:
    """Return how far (mm) from ``places`` the outlines of boxes lie, and which look like one.

    The whole outline is matched as a picture. The search stays under half a row's pitch, or a box would find its
    neighbour.
    """
    scale, reach = _FAR_SCALE, settings.far_mm
    width, height = float(size[0]), float(size[1])
    cut = patches(grey, matrix, places, (width / 2 + reach + 0.5, height / 2 + reach + 0.5), scale)
    template = np.full((round((height + 1) * scale * 8), round((width + 1) * scale * 8)), 255, np.uint8)
    inset, line = round(0.5 * scale * 8), round(0.3 * scale * 8)
    end = (template.shape[1] - inset - 1, template.shape[0] - inset - 1)
    cv2.rectangle(template, (inset + line // 2, inset + line // 2), (end[0] - line // 2, end[1] - line // 2), 0, line)
    template = shrink(template, 8)
    offsets, good = np.zeros_like(places), np.zeros(len(places), bool)
    for index, patch in enumerate(cut):
        _, match, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(patch, template, cv2.TM_CCOEFF_NORMED))
        middle = ((patch.shape[1] - template.shape[1]) / 2, (patch.shape[0] - template.shape[0]) / 2)
        offsets[index] = (x - middle[0]) / scale, (y - middle[1]) / scale
        good[index] = match > _FAR_MATCH
    return offsets, good


def _find_outlines(
    grey: Grey, matrix: Array, centres: Array, size: Array, contrast: float, settings: RegisterSettings
) -> _Outlines:
    """Slide the box's outline over ±``search_mm`` along both axes; take the place of the best match."""
    scale = settings.patch_px_per_mm
    half = float(size.max()) / 2 + settings.search_mm + _OUTER_MM
    cut = patches(grey, matrix, centres, (half, half), scale)
    offsets, matches = np.zeros_like(centres), np.ones(len(centres))
    for axis, length in enumerate(size):
        profile = _profiles(cut if axis == 0 else cut.transpose(0, 2, 1), (float(size[1 - axis]) / 2 - 0.6) * scale)
        offset, match = _slide(profile / contrast, float(length) / 2 * scale - 0.15 * scale, settings, scale)
        offsets[:, axis] = offset / scale
        matches = np.minimum(matches, match)
    return _Outlines(offsets, matches)


def _profiles(cut: Grey, reach: float) -> Array:
    """Return darkness along x, (n, width), of what is dark over the whole height of a box: its sides, not its marks.

    Four bands of rows are averaged, and the second lightest of them counts.
    """
    middle = cut.shape[1] / 2
    edges = np.linspace(middle - reach, middle + reach, 5).round().astype(int)
    rows = np.arange(edges[0], edges[-1])
    inside = (rows >= edges[:-1, None]) & (rows < edges[1:, None])
    sums = inside.astype(np.float32) @ cut[:, edges[0] : edges[-1]].astype(np.float32)  # whole numbers: exact
    one, two, three, four = (sums / np.diff(edges)[None, :, None]).transpose(1, 0, 2)
    light, other = np.maximum(one, two), np.maximum(three, four)
    dark = np.maximum(np.minimum(one, two), np.minimum(three, four))
    return np.asarray(255.0 - np.maximum(np.minimum(light, other), dark))  # the second lightest of four


def _slide(profile: Array, half_px: float, settings: RegisterSettings, scale: float) -> tuple[Array, Array]:
    """Return the shift (px) of two lines ``2 * half_px`` apart, and the contrast of the weaker one, each (n,)."""
    side = max(2, round(0.5 * scale))
    ridge = profile.copy()
    ridge[:, side:-side] -= (profile[:, : -2 * side] + profile[:, 2 * side :]) / 2
    ridge[:, :side] = ridge[:, -side:] = 0
    reach = round(settings.search_mm * scale)
    steps = np.arange(-reach, reach + 1)
    middle = profile.shape[1] / 2 - 0.5
    left, right = (_sample(ridge, middle + sign * half_px + steps) for sign in (-1, 1))
    score = left + right + 2 * np.minimum(left, right)
    best = score[:, 1:-1].argmax(axis=1) + 1
    row = np.arange(len(score))
    before, at, after = score[row, best - 1], score[row, best], score[row, best + 1]
    bend = 2 * at - before - after
    sub = np.where(bend > 1e-6, (after - before) / np.maximum(2 * bend, 1e-6), 0.0)
    match = np.minimum(left[row, best], right[row, best]) / _line_peak(scale)
    return steps[best] + np.clip(sub, -0.5, 0.5), np.clip(match, 0, 1)


def _line_peak(scale: float) -> float:
    """Return the darkness at which a 0.3-mm line shows at its peak, sampled at ``scale`` and lightly blurred."""
    return min(1.0, 0.3 * scale / 2.6)


def _sample(values: Array, at: Array) -> Array:
    whole = np.floor(at).astype(int)
    part = at - whole
    last = values.shape[1] - 1
    one, two = np.clip(whole, 0, last), np.clip(whole + 1, 0, last)
    return np.asarray(values[:, one] * (1 - part) + values[:, two] * part)


def _agreeing(centres: Array, offsets: Array, good: Mask) -> Mask:
    """Tell which boxes lie where a smooth map could have put them: an affine fit, outliers dropped twice."""
    kept: Mask = good & (np.abs(offsets - np.median(offsets[good], axis=0)).max(axis=1) < _OUTLIER_MM * 2)
    for _ in range(2):
        if kept.sum() < 4:
            return kept
        matrix, _ = fit_affine(centres[kept], centres[kept] + offsets[kept])
        off = np.abs(apply(matrix, centres) - centres - offsets).max(axis=1)
        kept = good & (off < _OUTLIER_MM)
    return np.asarray(kept)


def _refit(
    matrix: Array, centres: Array, offsets: Array, good: Mask, anchors: tuple[Array, Array], perspective: bool
) -> Array:
    """Fit the map again, to corners and outlines together."""
    source = np.vstack([centres[good], anchors[0]])
    target = np.vstack([apply(matrix, centres[good] + offsets[good]), anchors[1]])
    if perspective and len(source) >= 8:
        found, _ = cv2.findHomography(source, target, 0)
        if found is not None:
            return np.asarray(found)
    return fit_affine(source, target)[0]


def _smooth(centres: Array, offsets: Array, good: Mask, settings: RegisterSettings) -> Array:
    """Return for each box the mean shift of the outlines near it, wide along its row, narrow across."""
    wide, narrow = settings.row_sigma_mm
    x, y = (centres / np.array([wide, narrow])).T
    weight = np.exp(-((x[:, None] - x[good]) ** 2 + (y[:, None] - y[good]) ** 2) / 2)
    first = weight @ offsets[good] / np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    off = np.abs(offsets[good] - first[good]).max(axis=1)
    weight = weight * (off < max(0.15, 3 * float(np.median(off))))[None]
    total = weight.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 1e-3, weight @ offsets[good] / np.maximum(total, 1e-9), 0.0))


@dataclass(frozen=True, slots=True)
class Placed:
    """A page laid over its image: the corners that were measured, the fit, and how black its print is (of paper)."""

    corners: tuple[Corner, ...]
    fit: Fit
    black_ratio: float


def place(
    grey: Grey, hypothesis: Hypothesis, corners: Sequence[Corner], boxes_mm: Array, settings: RegisterSettings
) -> Placed:
    """Register a page by its corners and the outlines of its boxes.

    Marks of a wrong size are left out if three others stand; if not, both ways are tried and the outlines choose.
    """
    trusted = [c for c in corners if c.good]
    sets = [trusted] if len(trusted) >= 3 else [list(corners), trusted]
    paper = float(np.median([c.paper for c in corners])) if corners else float(np.percentile(grey[::8, ::8], 90))
    black = float(np.median([c.black for c in corners])) if corners else 0.15 * paper
    fits = [_fit_set(grey, hypothesis, chosen, boxes_mm, paper - black, settings) for chosen in sets]
    best = min(fits, key=lambda fit: (-round(fit.found / max(1, len(boxes_mm)), 1), fit.residual_mm))
    return Placed(tuple(corners), best, black / max(paper, 1.0))


def _fit_set(
    grey: Grey,
    hypothesis: Hypothesis,
    corners: Sequence[Corner],
    boxes_mm: Array,
    contrast: float,
    settings: RegisterSettings,
) -> Fit:
    geometry = hypothesis.geometry
    matrix, is_photo = hypothesis.matrix, False
    if len(corners) >= 3:
        matrix, is_photo = corner_map(corners, geometry, settings)
    centres = dict(zip(CORNERS, geometry.centres(), strict=True))
    source = np.array([centres[c.id] for c in corners]).reshape(-1, 2)
    anchors = (source, np.array([(c.x, c.y) for c in corners]).reshape(-1, 2))
    if not len(boxes_mm):
        return Fit(matrix, np.zeros((0, 2)), 0.0, 0, is_photo)
    if len(corners) < 3 and hypothesis.code_px is not None:
        known = (geometry.code_corners(), hypothesis.code_px)
        anchors = (np.vstack([anchors[0], known[0]]), np.vstack([anchors[1], known[1]]))
        matrix = _grown(grey, matrix, boxes_mm, anchors, settings)
    return fit_boxes(grey, matrix, boxes_mm, anchors, contrast, is_photo, settings)
