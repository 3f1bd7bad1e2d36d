"""Fits ``judge_weights.json``: ``python -m omr.fit_judge READINGS:TRUTH ... [--out FILE]``.

A reading's evidence is matched to the truth of the same page; a box is *marked* where its choice was meant,
*cancelled* or *trace* where it holds ink that is no answer, *empty* else. A mark beside its box teaches nothing: it
can only ever be asked about. The fit is a multinomial logistic with a quadratic penalty, by stochastic gradient from a
fixed seed: the same input gives the same file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omr.judge import CLASSES, CONTEXT, WEIGHTS, expand, inputs
from omr.measure import FEATURES

Floats = NDArray[np.float64]
_PENALTY = 1e-5  # of the mean loss: keeps products of rare features small
_EPOCHS, _BATCH = 60, 256
_EMPTY_SHARE = 0.25  # of the plain empty boxes: they are nine in ten and all alike
_LOSING = {"one-bit", "dither"}  # images that lost marks before we saw them teach that nothing is a mark
_PRIOR = {"cancelled": 0.6, "trace": 0.4}  # stacks to learn from hold far more trouble than stacks to read
_UNTOUCHED = 0.02  # ink and ring below this is a plain empty box


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and write the weights; print how well the fitted boxes are told apart."""
    parser = argparse.ArgumentParser(prog="python -m omr.fit_judge", description=__doc__)
    parser.add_argument("pairs", nargs="*", metavar="READINGS:TRUTH", help="none: weights that are unsure of all")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    names = [*FEATURES, *CONTEXT]
    if not options.pairs:  # after a change of features: something must judge the pages that the next fit learns from
        _write(options.out, np.zeros(len(names)), np.ones(len(names)), np.zeros((_terms(len(names)), len(CLASSES))), {})
        return 0
    rows = [row for pair in options.pairs for row in boxes(*map(Path, pair.rsplit(":", 1)))]
    features = np.array([row[0] for row in rows])
    labels = np.array([row[1] for row in rows])
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = expand((features - mean) / spread)
    weights = fit(scaled, labels)
    _write(options.out, mean, spread, weights, {c: int((labels == i).sum()) for i, c in enumerate(CLASSES)})
    chosen = (scaled @ weights).argmax(axis=1)
    for index, name in enumerate(CLASSES):
        counts = np.bincount(chosen[labels == index], minlength=len(CLASSES))
        sys.stdout.write(f"{name}: {dict(zip(CLASSES, counts.tolist(), strict=True))}\n")
    return 0


def _write(path: Path, mean: Floats, spread: Floats, weights: Floats, counts: dict[str, int]) -> None:
    value = {
        "features": [*FEATURES, *CONTEXT],
        "mean": np.round(mean, 6).tolist(),
        "spread": np.round(spread, 6).tolist(),
        "weights": np.round(weights, 5).tolist(),
        "fitted_on": counts,
    }
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n", "utf-8")


def _terms(features: int) -> int:
    return int(expand(np.zeros((1, features))).shape[1])


def fit(scaled: Floats, labels: NDArray[np.int64]) -> Floats:
    """Return weights (inputs, classes) of a multinomial logistic (Adam on small batches)."""
    data, wanted = scaled.astype(np.float32), np.eye(len(CLASSES), dtype=np.float32)[labels]
    weight = np.array([_PRIOR.get(name, 1.0) for name in CLASSES], np.float32)[labels][:, None]
    weights = np.zeros((data.shape[1], len(CLASSES)), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    shuffle = np.random.default_rng(1)
    steps = _EPOCHS * (len(data) // _BATCH + 1)
    for step in range(1, steps + 1):
        batch = shuffle.integers(0, len(data), _BATCH)
        logits = data[batch] @ weights
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = (odds / odds.sum(axis=1, keepdims=True) - wanted[batch]) * weight[batch]
        slope = data[batch].T @ error / _BATCH
        slope += 2 * _PENALTY * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.995 * second + 0.005 * slope**2
        rate = 0.01 * (1 - step / steps) + 1e-4
        weights -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.995**step)) + 1e-7)
    return weights.astype(float)


def boxes(readings: Path, truth: Path) -> Iterator[tuple[list[float], int]]:
    """Yield the judge's inputs and the class of each box; of plain empty ones every fourth."""
    parts = {
        (page["page"], part["sheet"]): part
        for page in json.loads(truth.read_text("utf-8"))["pages"]
        for part in page["parts"]
        if not _LOSING & set(page["troubles"])
    }
    plain = 0
    for line in readings.read_text("utf-8").splitlines():
        reading = json.loads(line)
        part = parts.get((reading["page"], reading["sheet"]))
        if part is None or reading["status"] != "read":
            continue
        questions = reading["questions"]
        evidence = {q: {b: seen["evidence"] for b, seen in value["boxes"].items()} for q, value in questions.items()}
        names = [(question, box) for question, row in evidence.items() for box in row]
        for (question, box), row in zip(names, inputs(evidence).tolist(), strict=True):
            label = _label(part["questions"][question], box)
            if label is None:
                continue
            if label == 0 and row[1] < _UNTOUCHED and row[9] < _UNTOUCHED:
                plain += 1
                if plain % round(1 / _EMPTY_SHARE):
                    continue
            yield row, label


def _label(question: dict[str, Any], box: str) -> int | None:
    if box in question["choice"]:
        return None if question["hard"] == "beside" else CLASSES.index("marked")
    if box in question["touched"]:
        return CLASSES.index("cancelled" if question["state"] in ("cancelled", "corrected") else "trace")
    return CLASSES.index("empty")


if __name__ == "__main__":
    sys.exit(main())
