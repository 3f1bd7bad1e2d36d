"""Turns evidence into states. Pure: no image, no file, no clock.

Two judges of different kinds say what each box is (``context`` tells what they are given); where they disagree, their
geometric mean is unsure, and a person looks. A question's states follow from its boxes. A page's
boxes teach one thing more, the writer's habit: a box filled all over is a struck-out one on a sheet of ticks, and an
answer on a sheet of fills; nothing inside the box can tell them apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omr.context import CIRCLE, Evidence, inputs, is_open
from omr.measure import FEATURES
from omr.models import run
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

CLASSES = (
    "empty",
    "marked",
    "cancelled",
    "trace",  # ink that is no answer: a dot, a stray line, a ghost
    "aside",  # nothing in the box, but the mark of an answer close by
)
MODELS = ("judge_by_shape.onnx", "judge_by_eye.onnx")
_EMPTY, _MARKED, _CANCELLED, _TRACE, _ASIDE = range(5)
_OUTLINE, _INK, _SOLID, _BLOCKS, _EVEN, _AROUND, _PEAK, _LENGTH, _THROUGH, _RING, _EYE_MARKED = (
    FEATURES.index(name)
    for name in (
        "outline",
        "ink",
        "solid",
        "blocks",
        "even",
        "around",
        "peak",
        "length",
        "through",
        "ring",
        "eye_marked",
    )
)
_UNTOUCHED = (0.9999, 0.00003, 0.00001, 0.00003, 0.00003)  # of a box in which the eye sees nothing at all
_LEAST = 1e-5  # chance below which no judge goes
_FOLDER = Path(__file__).parent


def judge(
    evidence: Mapping[str, Evidence],
    settings: JudgeSettings,
    spoiled: frozenset[str] = frozenset(),
    most: Mapping[str, int] | None = None,
    *,
    one_bit: bool = False,
) -> dict[str, QuestionReading]:
    """Decide all questions of one page.

    Args:
        evidence: question id → box id → features.
        settings: the thresholds.
        spoiled: ``question.choice`` of boxes that a fault of the page spoils: they are unsure, whatever they show.
        most: how many choices a question takes, where that is not one.
        one_bit: the scan has black and white only, so that pale marks may be gone without a trace.
    """
    keys = [(question, box) for question, boxes in evidence.items() for box in boxes]
    if not keys:
        return {}
    features = np.array([row for boxes in evidence.values() for row in boxes.values()], float)
    table = probabilities(evidence)
    chances = dict(zip(keys, table, strict=True))
    heavy = {key for key, row in zip(keys, features, strict=True) if _is_heavy(row, settings)}
    fills = _fills_are_answers(evidence, chances, heavy, settings)
    may_be_lost = (one_bit and not _inks_well(evidence, chances, settings)) or _fades(evidence, chances, settings)
    full = np.array([key in heavy for key in keys])
    hidden = features[:, _OUTLINE] < settings.min_outline
    if spoiled:
        hidden |= np.array([f"{question}.{box}" in spoiled for question, box in keys])
    readings, end = {}, 0
    for question, boxes in evidence.items():
        own = slice(end, end := end + len(boxes))
        rows = _with_context(table[own], full[own], features[own, _BLOCKS], fills, settings)
        lost = hidden[own]
        if may_be_lost and not (rows[:, _MARKED] > 0.5).any():
            lost[:] = True
        readings[question] = _question(boxes, rows, lost, (most or {}).get(question, 1), settings)
    return readings


def decide(reading: PageReading, settings: JudgeSettings, most: Mapping[str, int] | None = None) -> PageReading:
    """Return the same page judged again from its stored evidence: a moved threshold needs no rescan."""
    if reading.status is not Status.READ:
        return reading
    evidence = {q: {b: box.evidence for b, box in question.boxes.items()} for q, question in reading.questions.items()}
    spoiled = frozenset(box for fault in reading.faults if fault.code == FaultCode.STREAK for box in fault.boxes)
    one_bit = any(fault.code == FaultCode.ONE_BIT for fault in reading.faults)
    return replace(reading, questions=judge(evidence, settings, spoiled, most, one_bit=one_bit))


def probabilities(evidence: Mapping[str, Evidence]) -> NDArray[np.float64]:
    """Return the chances of CLASSES, (n, 5), of all boxes of a page in order: the geometric mean of both judges."""
    seen = inputs(evidence)
    chances = np.tile(_UNTOUCHED, (len(seen[0]), 1))
    judged = is_open(seen[1])
    if judged.any():
        said = [run(_FOLDER / name, each[judged]).astype(float) for name, each in zip(MODELS, seen, strict=True)]
        both = np.sqrt(np.maximum(said[0], _LEAST) * np.maximum(said[1], _LEAST))
        chances[judged] = both / both.sum(axis=1, keepdims=True)
    return chances


def _inks_well(
    evidence: Mapping[str, Evidence], chances: Mapping[tuple[str, str], NDArray[np.float64]], settings: JudgeSettings
) -> bool:
    """Tell whether this sheet's pen surely shows in black and white: half the questions hold a solid black mark.

    A blank question beside them is then believed. Pencil comes through as specks, or not at all.
    """
    solid = 0
    for question, boxes in evidence.items():
        marks = [features for box, features in boxes.items() if chances[question, box][_MARKED] > settings.sure_marked]
        solid += any(features[_PEAK] > settings.one_bit_peak for features in marks)
    return solid >= max(settings.one_bit_marks, len(evidence) // 2)


def _fades(
    evidence: Mapping[str, Evidence], chances: Mapping[tuple[str, str], NDArray[np.float64]], settings: JudgeSettings
) -> bool:
    """Tell whether this sheet's faintest marks are near nothing: then a blank question may be a lost mark."""
    peaks = [
        features[_PEAK]
        for question, boxes in evidence.items()
        for box, features in boxes.items()
        if chances[question, box][_MARKED] > 0.5
    ]
    return bool(len(peaks) >= settings.fading_marks and np.quantile(peaks, 0.05) < settings.fading_peak)


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
    blocks: NDArray[np.float64],
    fills: bool,
    settings: JudgeSettings,
) -> NDArray[np.float64]:
    """Move probability between "marked" and "cancelled" of heavy boxes, by the row and by the writer's habit."""
    if not heavy.any():
        return rows
    rows = rows.copy()
    both = rows[:, _MARKED] + rows[:, _CANCELLED]
    clear = ~heavy & (blocks < settings.stroke_blocks) & (rows[:, _MARKED] > 0.9)
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
        box: BoxReading(state, round(chance, 6), tuple(boxes[box]))
        for box, state, chance in zip(ids, states, sure, strict=True)
    }
    marked = tuple(box for box, state in zip(ids, states, strict=True) if state is BoxState.MARKED)
    open_ = tuple(box for box, state in zip(ids, states, strict=True) if state is BoxState.UNSURE)
    struck = tuple(box for box, state in zip(ids, states, strict=True) if state is BoxState.CANCELLED)
    chance = math.prod(sure)
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
) -> tuple[list[BoxState], list[float]]:
    """Return each box's state and the probability of it. A trace counts as empty: it is no answer."""
    chances = rows.tolist()  # a handful of numbers: plain Python is faster
    table = [(row[_EMPTY] + row[_TRACE] + row[_ASIDE], row[_MARKED], row[_CANCELLED]) for row in chances]
    best = [row.index(max(row)) for row in table]
    sure = [(0.5 if gone else 1.0) * max(row) for row, gone in zip(table, lost.tolist(), strict=True)]
    if not any(best):  # ink beside a box matters where no box is marked: it may be the answer
        round_it = [features[_RING] > settings.trace_ring for features in boxes.values()]
        sure = [
            min(chance, settings.beside) if ringed else chance - row[_ASIDE]
            for chance, ringed, row in zip(sure, round_it, chances, strict=True)
        ]
    names = (BoxState.EMPTY, BoxState.MARKED, BoxState.CANCELLED)
    states = []
    for features, place, chance in zip(boxes.values(), best, sure, strict=True):
        state = names[place]
        least = (settings.sure, settings.sure_marked, settings.sure_cancelled)[place]
        if state is BoxState.EMPTY and (
            features[_INK] > settings.trace_ink or features[_EYE_MARKED] > settings.eye_marked
        ):
            least = settings.sure_inked
        if state is BoxState.MARKED and _may_be_stray(features, settings):
            least = settings.sure_stray
        if state is BoxState.MARKED and features[_PEAK] < settings.pale_peak:
            least = settings.sure_pale
        states.append(state if chance >= least else BoxState.UNSURE)
    return states, sure


def _may_be_stray(features: Sequence[float], settings: JudgeSettings) -> bool:
    """Tell whether the ink is one short stroke to one side of the middle, as a pen leaves that only passed through."""
    short = features[_LENGTH] < settings.stray_length and features[_THROUGH] < settings.stray_through
    return short and features[_SOLID] < settings.heavy_solid / 2 and features[_AROUND] < CIRCLE


def _likeliest(ids: list[str], rows: NDArray[np.float64]) -> tuple[str, ...]:
    return (ids[int(rows[:, _MARKED].argmax())],)
