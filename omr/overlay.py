"""Pictures of what was read: the page with its boxes outlined in the colour of their state. For people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.geometry import Array, apply
from omr.image import Page
from omr.known import KnownLayouts
from omr.measure import Target
from omr.reading import BoxState, PageReading, Status

_COLOURS = {  # BGR
    BoxState.EMPTY: (190, 190, 190),
    BoxState.MARKED: (60, 160, 0),
    BoxState.CANCELLED: (200, 80, 160),
    BoxState.UNSURE: (0, 90, 240),
}


def write(page: Page, readings: list[PageReading], layouts: KnownLayouts, folder: Path) -> Path:
    """Write one JPEG for a page; return its path. Raises OSError where the folder can't be written."""
    canvas = cv2.cvtColor(page.grey, cv2.COLOR_GRAY2BGR)
    for reading in readings:
        if reading.status is Status.READ and reading.registration and reading.digest and reading.sheet_page:
            known = layouts.find(reading.digest, reading.sheet_page)
            if known is not None:
                matrix = np.array(reading.registration.matrix).reshape(3, 3)
                _draw(canvas, np.diag([1 / page.reduction, 1 / page.reduction, 1.0]) @ matrix, reading, known.target)
    source = Path(readings[0].source).stem
    path = folder / f"{source}-p{page.index:04d}.jpg"
    done, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 80])
    if not done:
        raise OSError(f"{path}: not encoded")
    path.write_bytes(data.tobytes())
    return path


def _draw(canvas: NDArray[Any], matrix: Array, reading: PageReading, target: Target) -> None:
    for (question, box), (x, y, w, h) in zip(target.ids, target.boxes_mm, strict=True):
        state = reading.questions[question].boxes[box].state
        half_w, half_h = w / 2 + 0.6, h / 2 + 0.6
        ends = [(x - half_w, y - half_h), (x + half_w, y - half_h), (x + half_w, y + half_h), (x - half_w, y + half_h)]
        points = apply(matrix, np.array(ends)).round().astype(np.int32)
        cv2.polylines(canvas, [points], True, _COLOURS[state], 1 if state is BoxState.EMPTY else 2, cv2.LINE_AA)
