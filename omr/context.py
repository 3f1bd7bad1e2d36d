"""What a box's row and its sheet say about it: the inputs of both judges, from the evidence of one page.

One judge goes by what was measured (``measure.SHAPES``) and what the net saw from further off (``eye.FAR``), the other
by all that the net saw; both are told what else is marked in the question, what this hand's marks look like, and how
tidy the rest of the sheet is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from omr import eye
from omr.measure import FEATURES, SHAPES

Floats = NDArray[np.float64]
Evidence = Mapping[str, Sequence[float]]  # box id -> FEATURES
ROW = (
    "strength",  # ink inside, or a circle's outside
    "rival",  # the most of that in another box of the question
    "share",  # of this box against its strongest rival
    "veil_rival",  # the most ink round another box: whose mark is it?
)
HAND = (
    "pen",  # peak over the middle peak of the sheet's marks: a pale line on a dark sheet is a stray
    "hand",  # strength over the middle strength of the sheet's marks
    "kin",  # how unlike the three most similar marks of other questions, in SPREADS
    "others",  # how many other questions of the page hold a mark
)
SEEN = (
    "eye_rival",  # chance of a mark in the most likely other box
    "eye_struck",  # chance of a struck-out mark in the most likely other box
    "eye_page",  # middle chance of a mark over the other questions' strongest boxes
)
STYLE = (  # the middle of the sheet's marks: a line is an answer on a sheet of lines
    "hand_blocks",
    "hand_length",
    "hand_around",
)
SHEET = (
    "doubt",  # share of the other questions that hold more or other than one plain mark, drawn towards a fifth
    "blanks",  # share of the other questions without a mark
)
NEAR = ("ink", "ring", "veil", "peak")
BY_SHAPE = (*SHAPES, *ROW, *HAND, *STYLE, *SHEET, *eye.FAR, "far_rival")
BY_EYE = (*eye.NAMES, *NEAR, *ROW, *HAND, *STYLE, *SHEET, *SEEN)
CIRCLE = 0.6  # share of directions with ink outside from which it goes round the box
SPREADS = {  # of marks of one hand, by which likeness is measured
    "ink": 0.08, "peak": 0.12, "extent": 0.2, "solid": 0.15, "blocks": 0.15, "even": 0.1, "length": 0.3,
    "through": 0.3, "reach": 0.25, "sharp": 0.1,
}  # fmt: skip
_MARK = 0.03  # strength from which the strongest box of a question is taken for the writer's mark
_PALE_MARK = 0.012  # the same on a sheet that has no stronger ones
_USUAL_PEAK, _USUAL_STRENGTH = 0.8, 0.18  # of a sheet with too few marks to tell
_DOUBT, _DOUBTED = 0.5, 2.5  # questions in doubt, and questions, that are added to a sheet's own
_USUAL_STYLE = (0.4, 1.1, 0.1)
_CLOSED = -0.0005  # of eye_empty; what was not touched has 0
_KIN, _STRANGER = 3, 6.0
_COLUMN = {name: FEATURES.index(name) for name in FEATURES}


def inputs(evidence: Mapping[str, Evidence]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the judge by shape and the judge by eye are given, (n, BY_SHAPE) and (n, BY_EYE), boxes in order."""
    features = np.array([row for boxes in evidence.values() for row in boxes.values()], float)
    sizes = np.array([len(boxes) for boxes in evidence.values()])
    question = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    strength = _strength(features)
    first = _strongest(strength, question, starts)
    leads = _leads(strength, first)
    row, hand = _row(features, strength, question, starts), _hand(features, strength, leads, question)
    seen = _seen(features, leads, question, starts)
    sheet = np.column_stack([_style(features, leads), _sheet(features, question, starts)])
    far = features[:, [_COLUMN[name] for name in eye.FAR]]
    far_rival = _others(np.exp(features[:, _COLUMN["far_marked"]]), question, starts)
    near = features[:, [_COLUMN[name] for name in NEAR]]
    by_shape = np.column_stack([features[:, : len(SHAPES)], row, hand, sheet, far, far_rival])
    by_eye = np.column_stack([features[:, len(SHAPES) :], near, row, hand, sheet, seen])
    return by_shape.astype(np.float32), by_eye.astype(np.float32)


def _strength(features: Floats) -> Floats:
    round_it = np.where(features[:, _COLUMN["around"]] > CIRCLE, 0.5 * features[:, _COLUMN["ring"]], 0.0)
    return np.maximum(features[:, _COLUMN["ink"]], round_it)


def _strongest(strength: Floats, question: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of the strongest box of each question."""
    order = np.lexsort((strength, question))
    ends = np.concatenate([starts[1:], [len(strength)]]) - 1
    return np.asarray(order[ends])


def _leads(strength: Floats, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the boxes that seem to be the sheet's marks; on a sheet of faint marks, the faint ones."""
    leads = first[strength[first] > _MARK]
    return leads if len(leads) > 1 else first[strength[first] > _PALE_MARK]


def _others(values: Floats, question: NDArray[np.int64], starts: NDArray[np.int64]) -> Floats:
    """Return, for each box, the largest value of the other boxes of its question (0 where there is none)."""
    first = _strongest(values, question, starts)
    rest = values.copy()
    rest[first] = 0.0
    second = np.maximum.reduceat(rest, starts)
    largest = values[first][question]
    largest[first] = second
    return largest


def _row(features: Floats, strength: Floats, question: NDArray[np.int64], starts: NDArray[np.int64]) -> Floats:
    rival = _others(strength, question, starts)
    veil = _others(features[:, _COLUMN["veil"]], question, starts)
    return np.column_stack([strength, rival, strength / (strength + rival + 0.01), veil])


def _hand(features: Floats, strength: Floats, leads: NDArray[np.int64], question: NDArray[np.int64]) -> Floats:
    many = len(leads) > 1
    peak = features[:, _COLUMN["peak"]]
    pen = np.median(peak[leads]) if many else _USUAL_PEAK
    size = np.median(strength[leads]) if many else _USUAL_STRENGTH
    own = np.isin(question, question[leads])
    others = len(leads) - own
    return np.column_stack(
        [
            peak / max(pen, 0.1),
            np.minimum(strength / max(size, 0.02), 4),
            _kin(features, leads, question),
            np.minimum(others, 12),
        ]
    )


def _kin(features: Floats, leads: NDArray[np.int64], question: NDArray[np.int64]) -> Floats:
    """Return how unlike each box is to the sheet's other marks: the mean of its three smallest distances."""
    kin = np.full(len(features), _STRANGER)
    if len(leads) <= _KIN:
        return kin
    columns = [_COLUMN[name] for name in SPREADS]
    space = features[:, columns] / np.array(list(SPREADS.values()))
    touched = np.flatnonzero(features[:, _COLUMN["peak"]] > 0)
    apart = np.sqrt(((space[touched, None] - space[None, leads]) ** 2).mean(axis=2))
    apart[question[touched, None] == question[None, leads]] = _STRANGER
    kin[touched] = np.minimum(np.partition(apart, _KIN - 1, axis=1)[:, :_KIN].mean(axis=1), _STRANGER)
    return kin


def _seen(features: Floats, leads: NDArray[np.int64], question: NDArray[np.int64], starts: NDArray[np.int64]) -> Floats:
    marked, struck = (np.exp(features[:, _COLUMN[name]]) for name in ("eye_marked", "eye_cancelled"))
    page = np.full(len(features), 0.9 if len(leads) < 2 else float(np.median(marked[leads])))
    return np.column_stack([_others(marked, question, starts), _others(struck, question, starts), page])


def _style(features: Floats, leads: NDArray[np.int64]) -> Floats:
    """Return STYLE, the same for all boxes of the sheet."""
    columns = [_COLUMN[name] for name in ("blocks", "length", "around")]
    usual = np.median(features[leads][:, columns], axis=0) if len(leads) > _KIN else np.array(_USUAL_STYLE)
    return np.tile(usual, (len(features), 1))


def _sheet(features: Floats, question: NDArray[np.int64], starts: NDArray[np.int64]) -> Floats:
    """Return SHEET: a tidy sheet's odd mark is more likely a plain one badly made than a messy sheet's."""
    chances = np.exp(features[:, [_COLUMN[name] for name in eye.FAR]])
    odd = np.maximum.reduceat(np.minimum(1, chances[:, 2:].sum(axis=1)), starts)
    marks = np.add.reduceat(chances[:, 1], starts)
    doubt, blank = np.maximum(odd, np.clip(marks - 1, 0, 1)), np.clip(1 - marks, 0, 1)
    others = len(starts) - 1
    own = np.column_stack(
        [
            (doubt.sum() + _DOUBT - doubt) / (others + _DOUBTED),
            (blank.sum() - blank) / max(others, 1),
        ]
    )
    return np.asarray(own[question])


def is_open(by_eye: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which boxes are worth judging: the net is not wholly sure that nothing is there."""
    return np.asarray(by_eye[:, [0, len(eye.CLOSE)]].min(axis=1) < _CLOSED)
