"""What a box of a page to learn from is by the truth (one of ``judge.CLASSES``, or nothing), and its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omr import eye, measure
from omr.judge import CLASSES
from omr.training.pages import Seen

IGNORED = -1
_ASIDE = ("beside", "near", "word")  # marks next to their box
_LOSING = {"one-bit", "dither"}  # images that lost marks before we saw them teach that nothing is a mark


def labels(page: Seen) -> NDArray[np.int64]:
    """Return the class of every box of a page, (n,), or IGNORED."""
    if lost_ink(page):
        return np.full(len(page.ids), IGNORED)
    return np.array([_label(page.truth[question], box) for question, box in page.ids])


def lost_ink(page: Seen) -> bool:
    """Tell whether the image itself lost marks."""
    return bool(_LOSING & set(page.about["troubles"]))


def _label(question: Mapping[str, Any], box: str) -> int:
    if question["hard"] in _ASIDE:  # its neighbours see the same ink, and may rightly wonder
        return CLASSES.index("aside") if box in question["choice"] else IGNORED
    if box in question["choice"]:
        return CLASSES.index("marked")
    if box in question["touched"]:
        return CLASSES.index("cancelled" if question["state"] in ("cancelled", "corrected") else "trace")
    return CLASSES.index("empty")


def weights(classes: NDArray[np.int64], share: Mapping[str, float]) -> NDArray[np.float64]:
    """Return a weight for each box by its class (1 where ``share`` is silent): stacks to learn from are not usual."""
    return np.array([share.get(name, 1.0) for name in CLASSES])[classes]


def features(page: Seen) -> NDArray[np.float32]:
    """Return the evidence that the reader would store for a page, (boxes, measure.FEATURES)."""
    rows = np.empty((len(page.ids), len(measure.FEATURES)), np.float32)
    rows[:, : len(measure.SHAPES)] = page.shapes
    rows[:, len(measure.SHAPES) :] = eye.UNTOUCHED
    if len(page.touched):
        rows[page.touched, len(measure.SHAPES) :] = eye.look_at(page.pictures)
    return rows.astype(float).round(4).astype(np.float32)


def evidence(page: Seen, rows: Iterable[Iterable[float]]) -> dict[str, dict[str, list[float]]]:
    """Return rows of features, one a box, as ``judge.judge`` takes them."""
    found: dict[str, dict[str, list[float]]] = {}
    for (question, box), row in zip(page.ids, rows, strict=True):
        found.setdefault(question, {})[box] = list(row)
    return found
