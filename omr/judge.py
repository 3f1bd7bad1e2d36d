"""Turns evidence into states. Pure: no image, no file, no clock.

A box gets probabilities of four classes from its features: a multinomial logistic over the features and their
products (``judge_weights.json``, fitted by ``omr.fit_judge``). A question's states follow from its boxes. A page's
boxes teach one thing more, the writer's habit: a box filled all over is a struck-out one on a sheet of ticks, and an
answer on a sheet of fills; nothing inside the box can tell them apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omr.measure import FEATURES
from omr.reading import (
    BoxReading,
    BoxState,
    FaultCode,
    PageReading,
    QuestionReading,
    QuestionState,
    Status,
)
from omr.settings import JudgeSettings

CLASSES = ("empty", "marked", "cancelled", "trace")  # trace: ink that is no answer (dot, stray line, ghost)
WEIGHTS = Path(__file__).with_name("judge_weights.json")
_EMPTY, _MARKED, _CANCELLED, _TRACE = range(4)
_OUTLINE, _INK, _SOLID, _EVEN, _RING = (FEATURES.index(name) for name in ("outline", "ink", "solid", "even", "ring"))
Evidence = Mapping[str, Sequence[float]]  # box id -> features


def judge(
    evidence: Mapping[str, Evidence],
    settings: JudgeSettings,
    spoiled: frozenset[str] = frozenset(),
    most: Mapping[str, int] | None = None,
) -> dict[str, QuestionReading]:
    """Decide all questions of one page.

    Args:
        evidence: question id → box id → features.
        settings: the thresholds.
        spoiled: ``question.choice`` of boxes that a fault of the page spoils: they are unsure, whatever they show.
        most: how many choices a question takes, where that is not one.
    """
    keys = [(question, box) for question, boxes in evidence.items() for box in boxes]
    if not keys:
        return {}
    features = np.array([evidence[question][box] for question, box in keys], float)
    chances = dict(zip(keys, probabilities(features), strict=True))
    heavy = {key for key, row in zip(keys, features, strict=True) if _is_heavy(row, settings)}
    fills = _fills_are_answers(evidence, chances, heavy, settings)
    readings = {}
    for question, boxes in evidence.items():
        ids = list(boxes)
        rows = np.array([chances[question, box] for box in ids])
        rows = _with_context(rows, np.array([(question, box) in heavy for box in ids]), fills)
        lost = np.array([f"{question}.{box}" in spoiled or boxes[box][_OUTLINE] < settings.min_outline for box in ids])
        readings[question] = _question(boxes, rows, lost, (most or {}).get(question, 1), settings)
    return readings


def decide(reading: PageReading, settings: JudgeSettings, most: Mapping[str, int] | None = None) -> PageReading:
    """Return the same page judged again from its stored evidence: a moved threshold needs no rescan."""
    if reading.status is not Status.READ:
        return reading
    evidence = {q: {b: box.evidence for b, box in question.boxes.items()} for q, question in reading.questions.items()}
    spoiled = frozenset(box for fault in reading.faults if fault.code == FaultCode.STREAK for box in fault.boxes)
    return replace(reading, questions=judge(evidence, settings, spoiled, most))


def probabilities(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chances of CLASSES, (n, 4), for features (n, len(FEATURES))."""
    mean, spread, weights = _model()
    logits = expand((features - mean) / spread) @ weights
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def expand(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1, the features (cut at ±4 spreads) and all their products: what the logistic is linear in."""
    cut = np.clip(scaled, -4, 4)
    first, second = np.triu_indices(cut.shape[1])
    return np.hstack([np.ones((len(cut), 1)), cut, cut[:, first] * cut[:, second]])


@cache
def _model() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    value = json.loads(WEIGHTS.read_text("utf-8"))
    if tuple(value["features"]) != FEATURES:
        raise ValueError(f"{WEIGHTS.name} was fitted to other features: fit it again")
    return np.array(value["mean"]), np.array(value["spread"]), np.array(value["weights"])


def _is_heavy(row: NDArray[np.float64], settings: JudgeSettings) -> bool:
    """Tell whether a box is inked all over: an answer by filling, or a mark struck out."""
    return bool(row[_SOLID] > settings.heavy_solid and row[_EVEN] > settings.heavy_even)


def _fills_are_answers(
    evidence: Mapping[str, Evidence],
    chances: Mapping[tuple[str, str], NDArray[np.float64]],
    heavy: set[tuple[str, str]],
    settings: JudgeSettings,
) -> bool:
    """Tell whether this writer answers by filling: several questions have one heavy box alone, hardly any a stroke."""
    fills = strokes = 0
    for question, boxes in evidence.items():
        marked = [box for box in boxes if chances[question, box][_EMPTY] < 0.5]
        if len(marked) == 1:
            fills += (question, marked[0]) in heavy
            strokes += (question, marked[0]) not in heavy and chances[question, marked[0]][_MARKED] > 0.5
    return fills >= settings.habit_fills and strokes <= fills // 4


def _with_context(rows: NDArray[np.float64], heavy: NDArray[np.bool_], fills: bool) -> NDArray[np.float64]:
    """Move probability between "marked" and "cancelled" of heavy boxes, by the row and by the writer's habit."""
    rows = rows.copy()
    both = rows[:, _MARKED] + rows[:, _CANCELLED]
    clear = (~heavy) & (rows[:, _MARKED] > 0.9)
    if clear.sum() == 1:  # ■ beside √: struck out and answered anew
        share = 0.05
    elif fills and heavy.sum() == 1:
        share = 0.995
    else:
        share = 0.5  # ■ alone, or two of them: a person looks
    rows[heavy, _MARKED] = (both * share)[heavy]
    rows[heavy, _CANCELLED] = (both * (1 - share))[heavy]
    return rows


def _question(
    boxes: Evidence, rows: NDArray[np.float64], lost: NDArray[np.bool_], most: int, settings: JudgeSettings
) -> QuestionReading:
    ids = list(boxes)
    states, sure = _box_states(boxes, rows, lost, settings)
    readings = {
        box: BoxReading(state, round(float(chance), 6), tuple(round(float(v), 4) for v in boxes[box]))
        for box, state, chance in zip(ids, states, sure, strict=True)
    }
    marked = tuple(box for box, state in zip(ids, states, strict=True) if state is BoxState.MARKED)
    open_ = tuple(box for box, state in zip(ids, states, strict=True) if state is BoxState.UNSURE)
    struck = tuple(box for box, state in zip(ids, states, strict=True) if state is BoxState.CANCELLED)
    chance = float(np.prod(sure))
    if open_ or (struck and not marked) or chance < settings.sure_question:
        candidates = marked + open_ or struck or _likeliest(ids, rows)
        state = QuestionState.UNSURE
    elif len(marked) > most:
        candidates, state = marked, QuestionState.MULTIPLE
    else:
        candidates, state = marked, QuestionState.ANSWERED if marked else QuestionState.BLANK
    return QuestionReading(state, candidates, round(chance, 6), readings)


def _box_states(
    boxes: Evidence, rows: NDArray[np.float64], lost: NDArray[np.bool_], settings: JudgeSettings
) -> tuple[list[BoxState], NDArray[np.float64]]:
    """Return each box's state and the probability of it. A trace counts as empty: it is no answer."""
    empty = rows[:, _EMPTY] + rows[:, _TRACE]
    table = np.stack([empty, rows[:, _MARKED], rows[:, _CANCELLED]], axis=1)
    best = table.argmax(axis=1)
    sure = table.max(axis=1)
    names = (BoxState.EMPTY, BoxState.MARKED, BoxState.CANCELLED)
    states = []
    for index, features in enumerate(boxes.values()):
        state = names[best[index]]
        least = settings.sure_cancelled if state is BoxState.CANCELLED else settings.sure
        inked = features[_INK] > settings.trace_ink or features[_RING] > settings.trace_ring
        if lost[index] or sure[index] < (settings.sure_inked if inked and state is BoxState.EMPTY else least):
            state = BoxState.UNSURE
        states.append(state)
    return states, np.where(lost, 0.5 * sure, sure)


def _likeliest(ids: list[str], rows: NDArray[np.float64]) -> tuple[str, ...]:
    return (ids[int(rows[:, _MARKED].argmax())],)
