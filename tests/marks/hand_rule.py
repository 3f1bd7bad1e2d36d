"""A reader that a beginner would write: dark pixels inside the box against one fixed threshold.

It is told where every box lies, so it measures how hard the marks are and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.marks.model import PageTruth

DARK = 128  # grey value below which a pixel is ink
SHARE = 0.035  # share of such pixels that makes a mark
INSIDE = 0.76  # share of the box's side that is looked at: the outline stays out


def read(page: PageTruth, folder: Path) -> dict[str, object]:
    """Return what the rule makes of a page, as a line of readings.jsonl would say it; it is never unsure."""
    picture = cv2.imread(str(folder / page.file), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise FileNotFoundError(folder / page.file)
    marked: dict[str, list[str]] = {question.id: [] for question in page.questions}
    for name, corners in page.places.items():
        question, _, choice = name.rpartition(".")
        if dark_share(np.asarray(picture, np.uint8), np.array(corners).reshape(4, 2)) > SHARE:
            marked[question].append(choice)
    states = {0: "blank", 1: "answered"}
    return {
        "status": "read",
        "sheet": page.sheet,
        "sheet_page": page.page,
        "questions": {
            question: {"state": states.get(len(choices), "multiple"), "choice": choices, "probability": 1.0}
            for question, choices in marked.items()
        },
    }


def dark_share(picture: NDArray[np.uint8], corners: NDArray[np.float64]) -> float:
    """Return the share of dark pixels well inside a box; a box off the picture has none."""
    middle = corners.mean(0)
    reach = (corners - middle) * INSIDE
    x0, y0 = np.round(middle + reach.min(0)).astype(int)
    x1, y1 = np.round(middle + reach.max(0)).astype(int)
    patch = picture[max(0, y0) : y1, max(0, x0) : x1]
    return float((patch < DARK).mean()) if patch.size else 0.0
