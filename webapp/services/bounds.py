"""How much may be wrong when a sample showed so little: the exact binomial bound of Clopper and Pearson."""

from __future__ import annotations

import math

CONFIDENCE = 0.95
_STEPS = 60  # halvings: the bound is exact to 18 digits


def upper(wrong: int, looked_at: int, confidence: float = CONFIDENCE) -> float:
    """Return the share p at which ``wrong`` or fewer of ``looked_at`` would be seen in 1 − confidence of all samples.

    Raises ValueError where nothing was looked at or more was wrong than was looked at.
    """
    if not 0 <= wrong <= looked_at or looked_at < 1:
        raise ValueError("a bound needs 0 ≤ wrong ≤ looked_at and something looked at")
    if wrong == looked_at:
        return 1.0
    low, high = wrong / looked_at, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if at_most(wrong, looked_at, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def at_most(wrong: int, looked_at: int, share: float) -> float:
    """Return the chance of seeing ``wrong`` or fewer where each of ``looked_at`` is wrong with the chance ``share``."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return float(wrong >= looked_at)
    whole = math.lgamma(looked_at + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(k + 1)
            - math.lgamma(looked_at - k + 1)
            + k * math.log(share)
            + (looked_at - k) * math.log1p(-share)
        )
        for k in range(wrong + 1)
    )
