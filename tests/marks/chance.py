"""What chance allows: exact bounds of rates, tests of tables. Plain mathematics, no reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def upper_95(errors: int, trials: int) -> float:
    """Return the one-sided 95 % upper bound of a rate with ``errors`` in ``trials``, after Poisson (3 / N for none)."""
    if trials == 0:
        return 1.0
    low, high = float(errors), errors + 10 + 6 * math.sqrt(errors + 1)
    for _ in range(60):
        middle = (low + high) / 2
        if 1 - gamma_p(errors + 1, middle) > 0.05:
            low = middle
        else:
            high = middle
    return min(1.0, high / trials)


def gamma_p(a: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function: a series for small x, a continued fraction beyond."""
    if x <= 0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > 1e-14 * abs(total):
            n += 1
            term *= x / n
            total += term
        return min(1.0, front * total)
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 500):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return max(0.0, 1 - front * h)


def chi_square_p(statistic: float, freedom: int) -> float:
    """Return the chance of a chi-square at least this large."""
    return 1 - gamma_p(freedom / 2, statistic / 2) if freedom > 0 else 1.0


def even_rates_p(events: Sequence[int], trials: Sequence[int]) -> float:
    """Return the p-value that groups of ``trials`` have one rate of ``events`` (chi-square over groups with trials)."""
    pairs = [(e, n) for e, n in zip(events, trials, strict=True) if n]
    total, number = sum(e for e, _ in pairs), sum(n for _, n in pairs)
    if total in (0, number) or len(pairs) < 2:
        return 1.0
    rate = total / number
    statistic = sum((e - n * rate) ** 2 / (n * rate * (1 - rate)) for e, n in pairs)
    return chi_square_p(statistic, len(pairs) - 1)


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like probability: how many, the errors expected of them and found."""

    low: float
    high: float
    count: int
    expected: float
    found: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """``p_value``: chance of a table at least this far from what the probabilities promise."""

    bins: tuple[Bin, ...]
    p_value: float
    brier: float
    log_loss: float


def calibration(probability: Floats, right: Floats, bins: int = 10) -> Calibration:
    """Judge probabilities (n) of being right against what was ``right`` (n, 0 or 1).

    Bins hold equal shares of the expected errors. The joint test is Poisson's likelihood ratio over them, its
    distribution simulated from the probabilities themselves (fixed seed), so that few errors are no trouble.
    """
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    order = np.argsort(p)
    p, right = p[order], right[order]
    shares = np.cumsum(1 - p)
    group = np.minimum((shares / shares[-1] * bins).astype(int), bins - 1)
    expected = np.bincount(group, 1 - p, bins).astype(float)
    found = np.bincount(group, 1 - right, bins).astype(float)
    rng = np.random.default_rng(20)
    chance = _likelihood_ratio(rng.poisson(expected, (4000, bins)).astype(float), expected)
    p_value = float(np.mean(chance >= _likelihood_ratio(found[None], expected)[0]))
    table = tuple(
        Bin(float(p[at].min()), float(p[at].max()), int(at.sum()), float(expected[k]), int(found[k]))
        for k in range(bins)
        if (at := group == k).any()
    )
    loss = float(-np.mean(right * np.log(p) + (1 - right) * np.log(1 - p)))
    return Calibration(table, p_value, float(np.mean((right - p) ** 2)), loss)


def _likelihood_ratio(found: Floats, expected: Floats) -> Floats:
    ratio = np.where(found > 0, found, 1) / np.maximum(expected, 1e-12)
    return np.asarray(2 * np.sum(np.where(found > 0, found * np.log(ratio), 0) - (found - expected), 1))
