"""A net's look at a box, close by and from further off: what its marks look like to one who has seen many.

It is given four pictures of each box: scan and blank print of 10 mm, and the same of 20 mm (``wide``), where a line's
way, the rows above and below and the printed word are seen. It answers twice: by what is close, and by both.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.image import Grey
from omr.models import run

CLOSE = ("eye_empty", "eye_marked", "eye_cancelled", "eye_trace", "eye_aside")  # logarithms of probabilities
FAR = ("far_empty", "far_marked", "far_cancelled", "far_trace", "far_aside")
NAMES = (*CLOSE, *FAR)
MODEL = Path(__file__).with_name("eye.onnx")
SIDE = 40  # px of what it sees, over SPAN_SHARE of a patch: 10 mm
SPAN_SHARE = 10 / 11
FLOOR = -9.0  # of a logarithm: surer than 1 in 8,000 it never is
UNTOUCHED = (0.0, FLOOR, FLOOR, FLOOR, FLOOR) * 2  # of a box that holds too little to look at


def look_at(pictures: Grey) -> NDArray[np.float32]:
    """Return the logarithms of the probabilities of NAMES, (n, 10), for pictures (n, 4, SIDE, SIDE), 255 for black."""
    logits = run(MODEL, pictures.astype(np.float32) / np.float32(255)).reshape(-1, 2, len(CLOSE))
    logits -= logits.max(axis=2, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=2, keepdims=True))
    return np.maximum(logits, np.float32(FLOOR)).reshape(-1, len(NAMES))


def shrunk(patches: Grey) -> Grey:
    """Return the middles of patches (n, size, size) at SIDE px."""
    span = round(patches.shape[1] * SPAN_SHARE)
    first = (patches.shape[1] - span) // 2
    inner = patches[:, first : first + span, first : first + span].reshape(-1, span)  # one under another: one call
    out = cv2.resize(inner, (SIDE, len(patches) * SIDE), interpolation=cv2.INTER_AREA)
    return out.reshape(-1, SIDE, SIDE).astype(np.uint8, copy=False)
