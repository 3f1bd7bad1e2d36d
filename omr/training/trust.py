"""Holds the judges' word against pages that they did not learn from: ``python -m omr.training.trust PAGES.npz …``.

Prints, for answers and for blanks, offset and slope of ``judge.trusted``: the line from the log odds of the product of
a question's boxes to those of its being right, by maximum likelihood over the questions that nobody would be asked
about. They stand in ``settings.JudgeSettings`` (``trust_answered``, ``trust_blank``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omr.judge import judge
from omr.reading import QuestionState
from omr.settings import JudgeSettings
from omr.training.labels import evidence, features, lost_ink
from omr.training.pages import load

ROUNDS = 50
PRIOR = 0.5  # errors and right answers each that are added at the mean: few errors are no certainty


def said(paths: Sequence[Path], settings: JudgeSettings) -> Iterator[tuple[QuestionState, float, bool]]:
    """Yield what the judge says of each question that it answers itself, its raw chance, and whether it is right."""
    raw = replace(settings, trust_answered=(0.0, 1.0), trust_blank=(0.0, 1.0), sure_question=0.0)
    for page in load(paths):
        if lost_ink(page):
            continue
        readings = judge(evidence(page, features(page).tolist()), raw)
        for key, reading in readings.items():
            if reading.state in (QuestionState.ANSWERED, QuestionState.BLANK):
                yield reading.state, reading.probability, is_right(page.truth[key], reading.state, reading.choice)


def is_right(truth: dict[str, Any], state: QuestionState, choice: Sequence[str]) -> bool:
    """Tell whether an answer, or a blank, is what the writer meant. Two marks are neither."""
    if truth["state"] in ("answered", "corrected"):
        return state is QuestionState.ANSWERED and set(choice) == set(truth["choice"])
    return truth["state"] in ("blank", "cancelled") and state is QuestionState.BLANK


def line(chances: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return offset and slope of the most likely line between log odds, by Newton's method."""
    clipped = np.clip(chances, 1e-6, 1 - 1e-6)
    odds = np.log(clipped / (1 - clipped))
    x = np.append(odds, [odds.mean()] * 2)
    y = np.append(right.astype(float), [0.0, 1.0])
    weight = np.append(np.ones(len(odds)), [PRIOR, PRIOR])
    design = np.column_stack([np.ones(len(x)), x])
    found = np.array([0.0, 1.0])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (weight * (y - p))
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        found += np.clip(np.linalg.solve(curve, gradient), -1, 1)
    return float(found[0]), float(found[1])


def main() -> None:
    """Print both lines."""
    parser = argparse.ArgumentParser(prog="python -m omr.training.trust", description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    options = parser.parse_args()
    found = list(said(options.pages, JudgeSettings()))
    for state in (QuestionState.ANSWERED, QuestionState.BLANK):
        chances = np.array([chance for name, chance, _ in found if name is state])
        right = np.array([is_so for name, _, is_so in found if name is state])
        offset, slope = line(chances, right)
        wrong = int((~right).sum())
        sys.stdout.write(f"{state}: {len(right)} questions, {wrong} wrong: offset {offset:.3f}, slope {slope:.3f}\n")


if __name__ == "__main__":
    main()
