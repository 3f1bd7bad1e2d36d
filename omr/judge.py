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
_OUTLINE, _INK, _SOLID, _BLOCKS, _EVEN, _RING, _AROUND, _PEAK, _LENGTH, _THROUGH = (
    FEATURES.index(name)
    for name in ("outline", "ink", "solid", "blocks", "even", "ring", "around", "peak", "length", "through")
)
CONTEXT = (
    "strength",  # ink inside, or a circle's outside
    "rival",  # the most of that in another box of the question
    "share",  # of this box against its strongest rival
    "pen",  # peak over the middle peak of the sheet's marks: a pale line on a dark sheet is a stray
    "hand",  # strength over the middle strength of the sheet's marks
)
_CIRCLE = 0.6  # share of directions with ink outside from which it goes round the box
_MARK = 0.03  # strength from which the strongest box of a question is taken for the writer's mark
_USUAL_PEAK, _USUAL_STRENGTH = 0.8, 0.18  # of a sheet with too few marks to tell
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
    features = inputs(evidence)
    chances = dict(zip(keys, probabilities(features), strict=True))
    heavy = {key for key, row in zip(keys, features, strict=True) if _is_heavy(row, settings)}
    fills = _fills_are_answers(evidence, chances, heavy, settings)
    readings = {}
    for question, boxes in evidence.items():
        ids = list(boxes)
        rows = np.array([chances[question, box] for box in ids])
        solid = np.array([boxes[box][_SOLID] for box in ids])
        rows = _with_context(rows, np.array([(question, box) in heavy for box in ids]), solid, fills, settings)
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


def inputs(evidence: Mapping[str, Evidence]) -> NDArray[np.float64]:
    """Return the judge's inputs for all boxes of a page, in order: their features, then CONTEXT."""
    features = np.array([row for boxes in evidence.values() for row in boxes.values()], float)
    strength = np.maximum(features[:, _INK], np.where(features[:, _AROUND] > _CIRCLE, 0.5 * features[:, _RING], 0.0))
    question = np.repeat(np.arange(len(evidence)), [len(boxes) for boxes in evidence.values()])
    rival, first = np.zeros(len(features)), np.zeros(len(features), bool)
    for number in range(len(evidence)):
        row = np.flatnonzero(question == number)
        order = row[np.argsort(strength[row])]
        first[order[-1]] = strength[order[-1]] > _MARK
        if len(order) > 1:
            rival[order], rival[order[-1]] = strength[order[-1]], strength[order[-2]]
    pen = np.median(features[first, _PEAK]) if first.sum() > 1 else _USUAL_PEAK
    hand = np.median(strength[first]) if first.sum() > 1 else _USUAL_STRENGTH
    share = strength / (strength + rival + 0.01)
    context = [strength, rival, share, features[:, _PEAK] / max(pen, 0.1), np.minimum(strength / max(hand, 0.02), 4)]
    return np.column_stack([features, *context])


def probabilities(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chances of CLASSES, (n, 4), for ``inputs``."""
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
    if tuple(value["features"]) != (*FEATURES, *CONTEXT):
        raise ValueError(f"{WEIGHTS.name} was fitted to other features: fit it again")
    return np.array(value["mean"]), np.array(value["spread"]), np.array(value["weights"])


def _is_heavy(row: NDArray[np.float64], settings: JudgeSettings) -> bool:
    """Tell whether a box is inked all over, by any pen: an answer by filling, or a mark struck out.

    A pencil's fill is pale and speckled, so it is told by what it leaves white: no block of the box, and its lightest
    quarter is nearly as dark as its darkest place. A tick, a cross or a circle leaves its lightest quarter white.
    """
    dark = row[_SOLID] > settings.heavy_solid and row[_EVEN] > settings.heavy_even
    pale = row[_BLOCKS] > settings.heavy_blocks and row[_EVEN] > settings.heavy_share * row[_PEAK]
    return bool(row[_INK] > settings.trace_ink and (dark or pale))


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
            is_heavy = (question, marked[0]) in heavy
            fills += is_heavy
            strokes += not is_heavy and boxes[marked[0]][_BLOCKS] < settings.stroke_blocks
    return fills >= settings.habit_fills and 2 * strokes <= fills


def _with_context(
    rows: NDArray[np.float64],
    heavy: NDArray[np.bool_],
    solid: NDArray[np.float64],
    fills: bool,
    settings: JudgeSettings,
) -> NDArray[np.float64]:
    """Move probability between "marked" and "cancelled" of heavy boxes, by the row and by the writer's habit."""
    rows = rows.copy()
    both = rows[:, _MARKED] + rows[:, _CANCELLED]
    clear = ~heavy & (solid < settings.heavy_solid / 2) & (rows[:, _MARKED] > 0.9)
    if clear.sum() == 1 and not fills:  # ■ beside √: struck out and answered anew
        share = np.full(len(rows), 0.05)
    elif fills:  # fills are this hand's answers; one that looks struck out on top of that is still asked about
        odds = settings.habit_odds * rows[:, _MARKED] / np.maximum(rows[:, _CANCELLED], 1e-9)
        share = odds / (1 + odds)
    else:
        share = np.full(len(rows), 0.5)  # ■ alone, or two of them: a person looks
    rows[heavy, _MARKED] = (both * share)[heavy]
    rows[heavy, _CANCELLED] = (both * (1 - share))[heavy]
    return rows


def _question(
    boxes: Evidence, rows: NDArray[np.float64], lost: NDArray[np.bool_], most: int, settings: JudgeSettings
) -> QuestionReading:
    ids = list(boxes)
    states, sure = _box_states(boxes, rows, lost, settings)
    readings = {
        box: BoxReading(state, round(float(chance), 6), tuple(boxes[box]))
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
    sure = np.where(lost, 0.5, 1.0) * table.max(axis=1)
    beside = np.array([features[_RING] > settings.trace_ring for features in boxes.values()]) & (best == 0)
    if not (best > 0).any():  # ink beside a box matters where no box is marked: it may be the answer
        sure = np.where(beside, np.minimum(sure, settings.beside), sure)
    names = (BoxState.EMPTY, BoxState.MARKED, BoxState.CANCELLED)
    states = []
    for index, features in enumerate(boxes.values()):
        state = names[best[index]]
        least = (settings.sure, settings.sure_marked, settings.sure_cancelled)[best[index]]
        if state is BoxState.EMPTY and features[_INK] > settings.trace_ink:
            least = settings.sure_inked
        if state is BoxState.MARKED and _may_be_stray(features, settings):
            least = settings.sure_stray
        states.append(state if sure[index] >= least else BoxState.UNSURE)
    return states, sure


def _may_be_stray(features: Sequence[float], settings: JudgeSettings) -> bool:
    """Tell whether the ink is one short stroke to one side of the middle, as a pen leaves that only passed through."""
    short = features[_LENGTH] < settings.stray_length and features[_THROUGH] < settings.stray_through
    return short and features[_SOLID] < settings.heavy_solid / 2 and features[_AROUND] < _CIRCLE


def _likeliest(ids: list[str], rows: NDArray[np.float64]) -> tuple[str, ...]:
    return (ids[int(rows[:, _MARKED].argmax())],)
