"""Turns evidence into states. Pure: no image, no file, no clock.

Two judges of different kinds say what each box is (``context`` tells what they are given); where they disagree, their
geometric mean is unsure, and a person looks. A question's states follow from its boxes. A page's
boxes teach one thing more, the writer's habit: a box filled all over is a struck-out one on a sheet of ticks, and an
answer on a sheet of fills; nothing inside the box can tell them apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
(
    _OUTLINE, _INK, _SOLID, _BLOCKS, _EVEN, _AROUND, _PEAK, _LENGTH, _THROUGH, _RING,
    _EYE_MARKED, _EYE_CANCELLED, _EYE_TRACE, _EYE_ASIDE, _FAR_MARKED, _FAR_CANCELLED, _FAR_TRACE, _FAR_ASIDE,
) = (
    FEATURES.index(name)
    for name in (
        "outline", "ink", "solid", "blocks", "even", "around", "peak", "length", "through", "ring",
        "eye_marked", "eye_cancelled", "eye_trace", "eye_aside",
        "far_marked", "far_cancelled", "far_trace", "far_aside",
    )
)  # fmt: skip
_UNTOUCHED = (0.9999, 0.00003, 0.00001, 0.00003, 0.00003)  # of a box in which the eye sees nothing at all
_LEAST = 1e-5  # chance below which no judge goes
_NEVER = 2.0  # a bar that no probability reaches
_STATES = (BoxState.EMPTY, BoxState.MARKED, BoxState.CANCELLED, BoxState.UNSURE)
_IS_MARKED, _IS_CANCELLED, _IS_UNSURE = 1, 2, 3
_FOLDER = Path(__file__).parent
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Page:
    """All boxes of a page in order, question by question: ``features`` (n, FEATURES) and ``chances`` (n, CLASSES).

    ``question`` (n,) numbers each box's question, ``starts`` the first box of each.
    """

    features: Floats
    chances: Floats
    question: NDArray[np.int64]
    starts: NDArray[np.int64]

    def column(self, number: int) -> Floats:
        """Return one feature of all boxes."""
        return self.features[:, number]

    def any_of_question(self, flags: Flags) -> Flags:
        """Tell of each box whether any box of its question has the flag."""
        return np.asarray(np.logical_or.reduceat(flags, self.starts)[self.question])

    def sum_of_question(self, flags: Flags) -> NDArray[np.int64]:
        """Return for each box how many boxes of its question have the flag."""
        return np.asarray(np.add.reduceat(flags.astype(np.int64), self.starts)[self.question])


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
    if not evidence:
        return {}
    sizes = [len(boxes) for boxes in evidence.values()]
    features = np.array([row for boxes in evidence.values() for row in boxes.values()], float)
    page = _Page(
        features, probabilities(evidence), np.repeat(np.arange(len(sizes)), sizes), np.cumsum([0, *sizes[:-1]])
    )
    hidden = features[:, _OUTLINE] < settings.min_outline
    if spoiled:
        hidden |= np.array([f"{question}.{box}" in spoiled for question, boxes in evidence.items() for box in boxes])
    best, sure, believed = _boxes(page, hidden, one_bit, settings)
    states = np.where(believed, best, len(_STATES) - 1).tolist()
    sure, likeliest = sure.tolist(), page.chances[:, _MARKED].tolist()
    readings, end = {}, 0
    for question, boxes in evidence.items():
        own = slice(end, end := end + len(boxes))
        readings[question] = _question(
            boxes, states[own], sure[own], likeliest[own], (most or {}).get(question, 1), settings
        )
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


def trusted(chance: float, line: tuple[float, float]) -> float:
    """Return the probability that held-out sheets bear out, for a product of the boxes' (0–1); rises with it.

    ``line`` is offset and slope between the logarithms of their odds (``omr.training.trust``).
    """
    raw = min(max(chance, 1e-6), 1 - 1e-6)
    return 1 / (1 + math.exp(-line[0] - line[1] * math.log(raw / (1 - raw))))


def _boxes(
    page: _Page, hidden: Flags, one_bit: bool, settings: JudgeSettings
) -> tuple[NDArray[np.int64], Floats, Flags]:
    """Return of all boxes: what each is most likely (empty, marked, cancelled), how surely, and if that is believed."""
    chances = _with_context(page, settings)
    lost = hidden.copy()
    if (one_bit and not _inks_well(page, settings)) or _fades(page, settings):
        lost |= ~page.any_of_question(chances[:, _MARKED] > 0.5)
    no_answer = chances[:, _EMPTY] + chances[:, _TRACE] + chances[:, _ASIDE]  # a trace is none
    table = np.column_stack([no_answer, chances[:, _MARKED], chances[:, _CANCELLED]])
    best = table.argmax(axis=1)
    sure = table.max(axis=1) * np.where(lost, 0.5, 1.0)
    alone = ~page.any_of_question(best > 0)  # ink beside a box matters where none is marked: it may be the answer
    sure = np.where(alone, sure - chances[:, _ASIDE], sure)
    asked = alone & (_may_be_beside(page, settings) | (_net_says_marked(page) > settings.looks_marked))
    asked |= ~alone & (best == 0) & (_net_says_marked(page) > settings.looks_second)  # the second of two marks
    sure = np.where(asked, np.minimum(sure, settings.beside), sure)
    return best, sure, sure >= _least(page, best, chances[:, _CANCELLED], settings)


def _least(page: _Page, best: NDArray[np.int64], struck: Floats, settings: JudgeSettings) -> Floats:
    """Return the probability from which each box's state is believed; more than 1 where a person is asked anyway."""
    inked = (page.column(_INK) > settings.trace_ink) | (page.column(_EYE_MARKED) > settings.eye_marked)
    empty = np.where(inked, settings.sure_inked, settings.sure)
    marked = np.full(len(best), settings.sure_marked)
    marked[_may_be_stray(page, settings)] = max(settings.sure_stray, settings.sure_marked)
    marked[page.column(_PEAK) < settings.pale_peak] = max(settings.sure_pale, settings.sure_marked)
    looks_struck = np.maximum(page.column(_EYE_CANCELLED), page.column(_FAR_CANCELLED)) > settings.looks_struck
    looks_trace = np.maximum(page.column(_EYE_TRACE), page.column(_FAR_TRACE)) > settings.looks_trace
    strokes = page.column(_BLOCKS) < settings.stroke_blocks  # of fills the net alone can't tell
    usual = _usual(page, _INK, settings)
    more = (page.column(_INK) > settings.more_ink * usual) & (usual > 0)  # a mark, and the line that takes it back
    may_be_struck = (looks_struck & strokes) | (more & (struck > settings.may_be_struck_inked))
    asked = (struck > settings.may_be_struck) | may_be_struck | (looks_trace & strokes) | _pales(page, settings)
    marked[asked] = _NEVER
    like_marks = page.column(_INK) < settings.struck_ink * usual
    cancelled = np.where(like_marks, _NEVER, settings.sure_cancelled)  # one of two marks, rather
    return np.choose(best, [empty, marked, cancelled])


def _pales(page: _Page, settings: JudgeSettings) -> Flags:
    """Tell which boxes hold pale ink on a sheet of dark marks: rubbed out, or hardly pressed."""
    peak, usual = page.column(_PEAK), _usual(page, _PEAK, settings)
    inside = page.column(_INK) > settings.trace_ink  # a ring round the box leaves its inside white
    return np.asarray(inside & (peak < settings.ghost_peak) & (peak < settings.ghost_share * usual))


def _usual(page: _Page, number: int, settings: JudgeSettings) -> float:
    """Return the middle of a feature over the sheet's marks; 0 where there are too few to tell."""
    marks = (page.chances[:, _MARKED] > 0.9) & (page.column(_INK) > settings.trace_ink)
    return float(np.median(page.column(number)[marks])) if marks.sum() >= settings.fading_marks else 0.0


def _inks_well(page: _Page, settings: JudgeSettings) -> bool:
    """Tell whether this sheet's pen surely shows in black and white: half the questions hold a solid black mark.

    A blank question beside them is then believed. Pencil comes through as specks, or not at all.
    """
    solid = (page.chances[:, _MARKED] > settings.sure_marked) & (page.column(_PEAK) > settings.one_bit_peak)
    questions = len(page.starts)
    return int(np.logical_or.reduceat(solid, page.starts).sum()) >= max(settings.one_bit_marks, questions // 2)


def _fades(page: _Page, settings: JudgeSettings) -> bool:
    """Tell whether this sheet's faintest marks are near nothing: then a blank question may be a lost mark.

    A ring round the box leaves its inside white and tells nothing of the pen.
    """
    inside = (page.column(_AROUND) < CIRCLE) | (page.column(_INK) > settings.trace_ink)
    peaks = page.column(_PEAK)[(page.chances[:, _MARKED] > 0.5) & inside]
    return bool(len(peaks) >= settings.fading_marks and np.quantile(peaks, 0.05) < settings.fading_peak)


def _heavy(page: _Page, settings: JudgeSettings) -> Flags:
    """Tell which boxes are inked all over, by any pen: an answer by filling, or a mark struck out.

    A pencil's fill is pale and speckled, so it is told by what it leaves white: no block of the box, and its lightest
    quarter is nearly as dark as its darkest place. A tick, a cross or a circle leaves its lightest quarter white.
    """
    even = page.column(_EVEN)
    dark = (page.column(_SOLID) > settings.heavy_solid) & (even > settings.heavy_even)
    pale = (page.column(_BLOCKS) > settings.heavy_blocks) & (even > settings.heavy_share * page.column(_PEAK))
    return np.asarray((page.column(_INK) > settings.trace_ink) & (dark | pale))


def _fills_are_answers(page: _Page, heavy: Flags, settings: JudgeSettings) -> bool:
    """Tell whether this writer answers by filling: several questions have one heavy box alone, hardly any a stroke."""
    inked = page.chances[:, _EMPTY] < 0.5
    single = inked & (page.sum_of_question(inked) == 1)
    fills = int((single & heavy).sum())
    strokes = int((single & ~heavy & (page.column(_BLOCKS) < settings.stroke_blocks)).sum())
    most_are = fills >= settings.habit_fills and strokes <= fills
    return most_are or (fills >= settings.many_fills and strokes <= settings.strokes_a_fill * fills)


def _with_context(page: _Page, settings: JudgeSettings) -> Floats:
    """Return the chances with those of heavy boxes moved between "marked" and "cancelled", by the row and the habit."""
    heavy = _heavy(page, settings)
    if not heavy.any():
        return page.chances
    chances = page.chances.copy()
    both = chances[:, _MARKED] + chances[:, _CANCELLED]
    if _fills_are_answers(page, heavy, settings):
        # fills are this hand's answers; one that looks struck out on top of that is asked about
        looks_struck = np.maximum(page.column(_EYE_CANCELLED), page.column(_FAR_CANCELLED)) > settings.fill_looks_struck
        plain = (chances[:, _MARKED] > settings.sure_fill * both) & ~looks_struck
        share = np.where(plain, 1.0, 0.5)
    else:  # ■ beside √: struck out and answered anew; ■ alone, or two of them: a person looks
        clear = ~heavy & (page.column(_BLOCKS) < settings.stroke_blocks) & (chances[:, _MARKED] > 0.9)
        share = np.where(page.sum_of_question(clear) == 1, 0.05, 0.5)
    chances[heavy, _MARKED] = (both * share)[heavy]
    chances[heavy, _CANCELLED] = (both * (1 - share))[heavy]
    return chances


def _may_be_beside(page: _Page, settings: JudgeSettings) -> Flags:
    """Tell which boxes have ink round them that may be the answer of a question without any mark.

    Where the net is sure, close by and from further off, that it is none, it is the tail of a mark in another row.
    """
    far = page.column(_FAR_ASIDE)
    ringed = (page.column(_RING) > settings.trace_ring) & (np.maximum(page.column(_EYE_ASIDE), far) > settings.tail)
    return np.asarray((far > settings.far_aside) | ringed)


def _net_says_marked(page: _Page) -> Floats:
    """Return the logarithm of the most that the net alone, close by or from further off, gives a mark."""
    return np.maximum(page.column(_EYE_MARKED), page.column(_FAR_MARKED))


def _may_be_stray(page: _Page, settings: JudgeSettings) -> Flags:
    """Tell where the ink is one short stroke to one side of the middle, as a pen leaves that only passed through."""
    short = (page.column(_LENGTH) < settings.stray_length) & (page.column(_THROUGH) < settings.stray_through)
    return np.asarray(short & (page.column(_SOLID) < settings.heavy_solid / 2) & (page.column(_AROUND) < CIRCLE))


def _question(
    boxes: Evidence,
    states: list[int],
    sure: list[float],
    likeliest: list[float],
    most: int,
    settings: JudgeSettings,
) -> QuestionReading:
    ids = list(boxes)
    readings = {
        box: BoxReading(_STATES[state], round(chance, 6), tuple(row))
        for (box, row), state, chance in zip(boxes.items(), states, sure, strict=True)
    }
    marked, struck, open_ = (
        tuple([box for box, state in zip(ids, states, strict=True) if state == wanted])
        for wanted in (_IS_MARKED, _IS_CANCELLED, _IS_UNSURE)
    )
    # rounded before it is held against the bar: what is stored must say the same (another bar is judged from that)
    chance = round(trusted(math.prod(sure), settings.trust_answered if marked else settings.trust_blank), 6)
    if open_ or (struck and not marked) or chance < settings.sure_question:
        choice = marked + open_ or struck or (ids[likeliest.index(max(likeliest))],)
        state = QuestionState.UNSURE
    elif len(marked) > most:
        choice, state = marked, QuestionState.MULTIPLE
    else:
        choice, state = marked, QuestionState.ANSWERED if marked else QuestionState.BLANK
    return QuestionReading(state, choice, chance, readings)
