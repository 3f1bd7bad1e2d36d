"""Tells whether a page is believed where it was laid: boxes found, none outside the image, no row slipped.

On a sheet of like rows the outlines fit just as well one row on, and every answer would be another person's. So where
four corners and a flat page don't settle it, each row must show its own printed text rather than its neighbours'.
"""

from __future__ import annotations

import cv2
import numpy as np

from omr import measure
from omr.errors import problem
from omr.geometry import apply, patches
from omr.image import Grey
from omr.known import KnownPage
from omr.reading import Problem, ProblemCode
from omr.register import Placed
from omr.settings import RegisterSettings

_SCALE = 3.0  # px per mm: a character has 12 px, so that names are told apart
_LEAST_TEXT = 0.004  # dark share of a row's text from which it can be compared at all
_MARGIN_MM = 16.0  # left of it stand marks and holes
_PLAY_MM = 1.5  # a row is looked for that much round its place: a slip to the next is 8
_FLAT_MM = 0.3  # of shifts: where four corners agree and no row is further off, no row can be another
_ALIKE = 0.85  # likeness of neighbours' texts from which they can't be told apart: the same name, an empty row
_MARGIN = 0.1  # by which a neighbour's text must fit better
_LEAST_LIKE = 0.45  # likeness from which a text is that of the row
_MAY_STRAY = 0.1  # share of rows that handwriting over the names may spoil on a page that is believed


def trouble_of(grey: Grey, placed: Placed, known: KnownPage, settings: RegisterSettings) -> Problem | None:
    """Return why a registration can't be trusted, or None."""
    boxes = known.target.boxes_mm
    if not len(boxes):
        return None
    at = apply(placed.fit.matrix, boxes[:, :2])
    outside = int(((at < 0) | (at > np.array([grey.shape[1], grey.shape[0]]))).any(axis=1).sum())
    if outside:
        return problem(ProblemCode.CUT_OFF, boxes=outside)
    fit = placed.fit
    if 1 - fit.found / len(boxes) > settings.max_outline_miss or fit.residual_mm > settings.max_residual_mm:
        return problem(ProblemCode.POOR_FIT, found=fit.found, boxes=len(boxes), residual_mm=round(fit.residual_mm, 2))
    settled = sum(corner.good for corner in placed.corners) >= 4 and not fit.is_photo
    settled = settled and float(np.abs(fit.shifts_mm).max()) < _FLAT_MM
    if settled:
        return None
    slipped, checked = rows_astray(grey, placed, known)
    if slipped > _MAY_STRAY * checked:
        return problem(ProblemCode.ROW_SLIP, rows=slipped)
    return None


def rows_astray(grey: Grey, placed: Placed, known: KnownPage) -> tuple[int, int]:
    """Return how many rows show the printed text of the row above or below rather than their own, of how many checked.

    A row is checked where its own text is another than its neighbours', however alike the rows are otherwise.
    """
    texts = _row_texts(known)
    astray = checked = 0
    for number, (middle, span, own) in enumerate(texts):
        if own is None:
            continue
        seen = _seen_row(grey, placed, known, middle, span, own)
        there = _likeness(seen, own)
        beside = [texts[n] for n in (number - 1, number + 1) if 0 <= n < len(texts)]
        others = [text for _, where, text in beside if text is not None and where == span]
        others = [other for other in others if _likeness(np.pad(own, round(_PLAY_MM * _SCALE)), other) < _ALIKE]
        if not others:
            continue
        checked += 1
        best = max(_likeness(seen, other) for other in others)
        astray += best > max(there + _MARGIN, _LEAST_LIKE)
    return astray, checked


def likeness(grey: Grey, placed: Placed, known: KnownPage) -> float:
    """Return how well the rows show their own printed text, -1 to 1, on average; 0 where the rows have none."""
    rows = [(middle, span, own) for middle, span, own in _row_texts(known) if own is not None]
    like = [_likeness(_seen_row(grey, placed, known, *row), row[2]) for row in rows]
    return float(np.mean(like)) if like else 0.0


def _seen_row(
    grey: Grey, placed: Placed, known: KnownPage, middle: float, span: tuple[float, float], own: Grey
) -> Grey:
    """Return the darkness where a row's text should stand, with some play round it."""
    mine = np.abs(known.target.boxes_mm[:, 1] - middle) < 0.1
    centre = np.array([[(span[0] + span[1]) / 2, middle]]) + np.median(placed.fit.shifts_mm[mine], axis=0)
    half = ((span[1] - span[0]) / 2 + _PLAY_MM, own.shape[0] / 2 / _SCALE + _PLAY_MM)
    return np.asarray(255 - patches(grey, placed.fit.matrix, centre, half, _SCALE)[0], np.uint8)


def _row_texts(known: KnownPage) -> list[tuple[float, tuple[float, float], Grey | None]]:
    """Return each row's middle (mm), from where to where its text runs, and that text as darkness; None where empty."""
    boxes = known.target.boxes_mm
    pitch = row_pitch(known)
    if pitch is None:
        return []
    half = min(pitch / 2, 5.0) - 1.0
    print_ = 255 - known.print
    found = []
    for middle in np.unique(boxes[:, 1].round(2)):
        row = boxes[np.abs(boxes[:, 1] - middle) < 0.1]
        end = float((row[:, 0] - row[:, 2] / 2).min()) - 1.0
        span = (_MARGIN_MM, end)
        text = None
        if end - _MARGIN_MM > 10.0:
            centre = np.array([[(span[0] + span[1]) / 2, middle]])
            area = ((span[1] - span[0]) / 2, half)
            text = 255 - patches(print_, np.diag([measure.SCALE, measure.SCALE, 1.0]), centre, area, _SCALE)[0]
            text = text if float((text > 60).mean()) > _LEAST_TEXT else None
        found.append((float(middle), span, text))
    return found


def _likeness(seen: Grey, text: Grey) -> float:
    return float(cv2.matchTemplate(seen, text, cv2.TM_CCOEFF_NORMED).max())


def row_pitch(known: KnownPage) -> float | None:
    """Return the least distance (mm) between rows of boxes, or None where there is one row or none."""
    rows = np.unique(known.target.boxes_mm[:, 1].round(2))
    gaps = np.diff(rows)
    return float(gaps.min()) if len(gaps) else None
