"""The second look at a box: a small convolutional net sees the scan and, beside it, the sheet's own blank print.

It knows nothing of the row, the page or the hand; ``judge`` does. ``eye.onnx`` is trained by ``omr.training.eye``.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.image import Grey
from omr.models import run

NAMES = ("eye_empty", "eye_marked", "eye_cancelled", "eye_trace", "eye_aside")  # logarithms of probabilities
MODEL = Path(__file__).with_name("eye.onnx")
SIDE = 40  # px of what it sees, over SPAN_SHARE of a patch: 10 mm
SPAN_SHARE = 10 / 11
FLOOR = -9.0  # of a logarithm: surer than 1 in 8,000 it never is
UNTOUCHED = (0.0, FLOOR, FLOOR, FLOOR, FLOOR)  # of a box that holds too little to look at


def look(dark: Grey, print_: Grey) -> NDArray[np.float32]:
    """Return the logarithms of the probabilities of NAMES, (n, 5), for patches of boxes and of their blank print."""
    return look_at(np.stack([shrunk(dark), shrunk(print_)], axis=1))


def look_at(pictures: Grey) -> NDArray[np.float32]:
    """Return the same for pictures as the net sees them, (n, 2, SIDE, SIDE), 255 for black."""
    logits = run(MODEL, pictures.astype(np.float32) / np.float32(255))
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return np.maximum(logits, np.float32(FLOOR))


def shrunk(patches: Grey) -> Grey:
    """Return the middles of patches (n, size, size) at SIDE px."""
    span = round(patches.shape[1] * SPAN_SHARE)
    first = (patches.shape[1] - span) // 2
    inner = patches[:, first : first + span, first : first + span].reshape(-1, span)  # one under another: one call
    out = cv2.resize(inner, (SIDE, len(patches) * SIDE), interpolation=cv2.INTER_AREA)
    return out.reshape(-1, SIDE, SIDE).astype(np.uint8, copy=False)
