"""How many misreads may be left in a count, by the reader's own estimate, and what they could change. Pure.

A sure reading carries the probability p with which the reader believes it; p was calibrated on sheets whose truth was
known, and is an estimate, not a proof. The expected number of silent misreads is the sum of 1 - p. The bound is that of
a Poisson number with this mean: a sum of independent rare events has no heavier upper tail (Hoeffding 1956; Anderson
and Samuels 1967). Misreads that depend on each other (a dirty glass, one odd pen) are not in it; the hand check is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from omr.tally import Rate

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Residual:
    """Sure readings that no person has looked at. ``expected``: the sum of 1 - p over them."""

    readings: int = 0
    expected: float = 0.0

    def __add__(self, other: Residual) -> Residual:
        return Residual(self.readings + other.readings, self.expected + other.expected)

    @property
    def most(self) -> int:
        """So many misreads, or fewer, are left with a probability of CONFIDENCE or more."""
        return most(self.expected)


def most(mean: float, confidence: float = CONFIDENCE) -> int:
    """Return the least k with P(Poisson(mean) ≤ k) ≥ confidence. Raises ValueError for a mean below 0."""
    if not 0 <= mean < math.inf:
        raise ValueError(f"no mean of a number of misreads: {mean}")
    if mean > 400:  # exp(-mean) comes near the least float; the normal bound is on the safe side by one and a half
        return math.ceil(mean + 1.6449 * math.sqrt(mean) + 1.5)
    term = cumulated = math.exp(-mean)
    k = 0
    while cumulated < confidence:
        k += 1
        term *= mean / k
        cumulated += term
    return k


@dataclass(frozen=True, slots=True)
class Line:
    """A rate against a line. ``percent`` itself reaches it (以上 includes the number)."""

    rate: Rate
    percent: int

    @property
    def reached(self) -> bool:
        return self._margin >= 0

    @property
    def misreads(self) -> int:
        """The fewest misreads that could bring the rate to the other side of the line.

        One misread moves 100 x part - percent x whole by 100 at most: a mark for, read as a mark against, or back. One
        that adds or takes away a mark moves it by less.
        """
        margin = self._margin
        return margin // 100 + 1 if margin >= 0 else -(margin // 100)

    @property
    def _margin(self) -> int:
        return 100 * self.rate.part - self.percent * self.rate.whole


def nearest(rate: Rate, percents: tuple[int, ...]) -> Line | None:
    """Return the line that the fewest misreads could cross; None where there is no rate or no line."""
    lines = [Line(rate, percent) for percent in percents] if rate.whole else []
    return min(lines, key=lambda line: line.misreads, default=None)
