"""A page image and what is done to it before anyone looks: limits and shrinking."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.errors import FileProblem
from omr.reading import ProblemCode
from omr.settings import StackSettings

Grey = NDArray[np.uint8]

cv2.setNumThreads(1)  # one process a core is our parallelism; OpenCV's threads would only fight over them


@dataclass(frozen=True, slots=True)
class Page:
    """One page image. ``grey`` is ``reduction`` times smaller than the stored ``width_px`` × ``height_px``."""

    index: int  # from 1
    grey: Grey
    reduction: int
    width_px: int
    height_px: int
    dpi: float | None  # what the file says of the stored image; None where it says nothing
    is_one_bit: bool = False  # stored so, or it was black and white before
    jpeg_quality: int | None = None  # 1 to 100 by its own tables; None where the page is no JPEG


def reduction_for(width_px: int, height_px: int, settings: StackSettings) -> int:
    """Return 1, 2, 4 or 8: the most by which a page may shrink and still have ``min_long_px`` on its long side."""
    reduction = 1
    while reduction < 8 and max(width_px, height_px) / (reduction * 2) >= settings.min_long_px:
        reduction *= 2
    return reduction


def check_pixels(width: int, height: int, page: int, settings: StackSettings) -> None:
    """Refuse an image that is too big to decode. Raises FileProblem."""
    if width * height > settings.max_pixels or max(width, height) > settings.max_side_px:
        raise FileProblem(ProblemCode.TOO_MANY_PIXELS, page=page, width=width, height=height)


def shrink(grey: Grey, reduction: int) -> Grey:
    """Return ``grey`` made smaller by a whole factor, each pixel the mean of those it stands for."""
    if reduction == 1:
        return grey
    if reduction % 2 == 0 and reduction > 2:  # by halves: OpenCV has a way for 2 that is six times as fast as for 4
        return shrink(shrink(grey, 2), reduction // 2)
    size = (grey.shape[1] // reduction, grey.shape[0] // reduction)
    whole = grey[: size[1] * reduction, : size[0] * reduction]  # OpenCV is three times as fast where nothing is left
    return cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def is_two_tone(grey: Grey, reduction: int) -> bool:
    """Return whether a page was black and white before it was stored as grey (by a scanner's driver, or as JPEG).

    ``reduction`` 1: as stored. 2: halved by the JPEG decoder, whose pixels are means of four: five tones. Smaller ones
    hold too many tones to tell. Measured on sheets at 200 and 300 dpi: between the tones lie ≤ 1 % of the ink of
    black-and-white pages and ≥ 19 % of grey ones; on the three middle tones ≥ 98 % and ≤ 47 % of what lies between.
    """
    if reduction > len(_TONES):
        return False
    histogram = cv2.calcHist([np.ascontiguousarray(grey[::_EVERY])], [0], None, [256], [0, 256]).ravel()
    ink = histogram[:192].sum()
    if ink < _LEAST_INK * histogram.sum():
        return False  # nearly blank: nothing to tell by
    if reduction == 1:
        return bool(histogram[64:192].sum() < 0.05 * ink)
    near = sum(histogram[tone - 12 : tone + 13].sum() for tone in _TONES[1])
    return bool(near > 0.8 * histogram[20:236].sum())


_EVERY = 7  # rows looked at: one of so many
_LEAST_INK = 0.0005
_TONES = ((), (64, 128, 191))  # between black and white, by reduction
