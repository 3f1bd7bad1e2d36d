"""What misreads may be left, and which rates they could bring over a line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omr.residual import CONFIDENCE, Line, Residual, most, nearest
from omr.tally import Rate


def poisson(k: int, mean: float) -> float:
    return sum(
        math.exp(-mean + i * math.log(mean) - math.lgamma(i + 1)) if mean else float(i == 0) for i in range(k + 1)
    )


@given(st.floats(0, 390))
def test_most__is_the_least_number_that_is_sure_enough(mean: float) -> None:
    found = most(mean)
    assert poisson(found, mean) >= CONFIDENCE - 1e-9
    assert found == 0 or poisson(found - 1, mean) < CONFIDENCE + 1e-9


@pytest.mark.parametrize(("mean", "expected"), [(0.0, 0), (0.05, 0), (0.3, 1), (0.9, 3), (10.0, 15)])
def test_most__known_values(mean: float, expected: int) -> None:
    assert most(mean) == expected


@given(st.floats(400.001, 1e5))
def test_most_of_many__is_on_the_safe_side(mean: float) -> None:
    assert mean < most(mean) < mean + 2 * math.sqrt(mean) + 3


@pytest.mark.parametrize("mean", [-0.1, math.inf, math.nan])
def test_most_of_no_mean__refused(mean: float) -> None:
    with pytest.raises(ValueError, match="no mean"):
        most(mean)


def test_residuals__add_up() -> None:
    found = Residual(10, 0.25) + Residual(4, 0.5)
    assert (found.readings, found.expected, found.most) == (14, 0.75, 2)


def test_worked_figures__four_votes_to_the_line() -> None:
    line = nearest(Rate(257, 289), (90, 60))
    assert line is not None
    assert (line.percent, line.reached, line.misreads) == (90, False, 4)


@given(st.integers(1, 400), st.data(), st.integers(1, 100))
def test_fewest_misreads__one_less_changes_nothing_whatever_they_are(
    whole: int, data: st.DataObject, percent: int
) -> None:
    """Of all that so many misreads can do, none crosses the line with one fewer; with all, one way at least does."""
    part = data.draw(st.integers(0, whole))
    line = Line(Rate(part, whole), percent)

    def crosses(misreads: int) -> bool:
        turned = [Line(Rate(part + shift, whole), percent).reached for shift in (-misreads, misreads)]
        return any(reached != line.reached for reached in turned)

    def crosses_by_number(misreads: int) -> bool:
        """A mark that was none, or a mark lost, changes the denominator too."""
        cases = [(part + a, whole + a + b) for a in (-misreads, 0, misreads) for b in (-misreads, 0, misreads)
                 if abs(a) + abs(b) <= misreads]  # fmt: skip
        return any(Line(Rate(p, w), percent).reached != line.reached for p, w in cases if 0 <= p <= w and w > 0)

    assert crosses(line.misreads)
    assert not crosses(line.misreads - 1)
    assert not crosses_by_number(line.misreads - 1)


def test_rate_of_nothing__has_no_line() -> None:
    assert nearest(Rate(0, 0), (90, 60)) is None
