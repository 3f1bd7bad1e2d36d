"""Names for arrays and two small draws from a generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[Any]  # uint8 (height, width), 0 black; "Any" because OpenCV's own types promise no more
Floats = npt.NDArray[Any]  # float32 or float64
Range = tuple[float, float]


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw evenly from a range."""
    return float(rng.uniform(low, high))


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """Draw a key by its weight (they need not add up to 1)."""
    keys = list(weights)
    values = np.array([weights[key] for key in keys], dtype=float)
    return keys[int(rng.choice(len(keys), p=values / values.sum()))]
