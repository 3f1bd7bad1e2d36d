"""Follows paper that doesn't lie flat: a smooth field of shifts through the outlines that were found.

Curl, a page held in the hand and a slip of the feeder move boxes by millimetres against any plane map. What is known
are the shifts of the outlines found and of the marks; between them the field is the most likely one among smooth ones
(kriging). It also says what it doesn't know: how far off a box may be whose own outline was not seen, and which
outline is unlike all that its neighbours say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omr.geometry import Array
from omr.settings import BendSettings

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Field:
    """Shifts (n, 2) of the boxes, how far off each may be (n,), and which outlines were believed (n,).

    ``residual_mm``: rms of the believed outlines, each against what all others say of it.
    """

    shifts_mm: Array
    spread_mm: Array
    kept: Mask
    residual_mm: float


def follow(
    centres: Array, offsets: Array, good: Mask, anchors: tuple[Array, Array], by_rows: bool, settings: BendSettings
) -> Field:
    """Return the field through the ``good`` offsets (mm) of boxes at ``centres`` (mm) and through ``anchors``.

    ``anchors`` are places (m, 2) and their offsets (m, 2) that are known otherwise: marks, corners of the code.
    ``by_rows``: rows may also stand off on their own, as where the feed slipped. At least one outline must be good.
    """
    kept = good.copy()
    for _ in range(settings.rounds):
        number = int(kept.sum())
        at, values = np.vstack([centres[kept], anchors[0]]), np.vstack([offsets[kept], anchors[1]])
        middle = np.median(values, axis=0)
        noise = np.where(np.arange(len(at)) < number, settings.noise_mm, settings.anchor_noise_mm)
        inverse = np.linalg.inv(_kernel(at, at, by_rows, settings) + np.diag(noise**2))
        weights = inverse @ (values - middle)
        left_out = np.hypot(*(weights / np.diag(inverse)[:, None])[:number].T)  # against what all the others say
        allowed = settings.outlier_mm + 3 / np.sqrt(np.diag(inverse)[:number])  # what they can't know, thrice
        unlike = (left_out > allowed) & (left_out > left_out.max() / 2)  # its neighbours look odd beside a wrong one
        if not unlike.any() or number - unlike.sum() < 3:
            break
        kept[np.flatnonzero(kept)[unlike]] = False
    across = _kernel(centres, at, by_rows, settings)
    own = settings.bend_mm**2 + by_rows * settings.row_mm**2
    spread = np.sqrt(np.maximum(own - ((across @ inverse) * across).sum(axis=1), 0.0))
    residual = float(np.sqrt((left_out**2).mean()))
    if by_rows:
        torn = _torn_rows(centres, kept)
        kept, spread = kept & ~torn, np.where(torn, settings.row_mm, spread)
    return Field(across @ weights + middle, spread, kept, residual)


def _torn_rows(centres: Array, kept: Mask) -> Mask:
    """Return the boxes of rows in which most outlines were not believed: the paper slipped while they passed."""
    rows, row = np.unique(centres[:, 1].round(1), return_inverse=True)
    share = np.bincount(row, kept, len(rows)) / np.bincount(row, minlength=len(rows))
    return np.asarray(share[row] < 0.5)


def _kernel(one: Array, other: Array, by_rows: bool, settings: BendSettings) -> Array:
    apart = one[:, None] - other[None]
    x, y = apart[..., 0] ** 2, apart[..., 1] ** 2
    smooth = settings.bend_mm**2 * np.exp(-(x + y) / (2 * settings.bend_length_mm**2))
    if not by_rows:
        return np.asarray(smooth)
    wide, narrow = settings.row_length_mm
    return np.asarray(smooth + settings.row_mm**2 * np.exp(-x / (2 * wide**2) - y / (2 * narrow**2)))
