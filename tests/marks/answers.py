"""What a writer puts on a page: the drawn lines of every question, and what was meant by them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from forms.layout import Box, Page, Question
from tests.marks import strays
from tests.marks.cancels import CANCELS, UNLIKE
from tests.marks.curve import Floats, Path
from tests.marks.model import QuestionTruth, State
from tests.marks.pens import PENS
from tests.marks.shapes import SIDE, Rng, ring
from tests.marks.writer import Writer

HARD = {
    "blank": 0.06,
    "blank+dot": 0.07,
    "blank+line": 0.06,
    "blank+ghost": 0.07,
    "blank+writing": 0.03,
    "mark+dot": 0.06,
    "mark+line": 0.05,
    "mark+ghost": 0.06,
    "mark+writing": 0.02,
    "beside": 0.06,
    "twice": 0.05,
    "word-ring": 0.03,
    "over-edge": 0.04,
    "faint": 0.08,
    "tail": 0.05,
    "slip": 0.04,
    "double": 0.08,
    "corrected": 0.16,
    "cancelled": 0.05,
}
_PLAIN_BLANK = 0.06  # share of the clear questions that were left without ink


@dataclass(frozen=True, slots=True)
class Drawn:
    """Lines by one hand for one question. ``ghost``: rubbed out, this share of the ink stayed."""

    lines: tuple[Path, ...]
    by: Writer
    question: str
    ghost: float = 0.0


@dataclass(slots=True)
class _Sheet:
    """A page that is being filled in."""

    page: Page
    by: Writer
    rng: Rng
    drawn: list[Drawn]

    def put(self, question: Question, lines: list[Path], by: Writer | None = None, ghost: float = 0.0) -> None:
        self.drawn.append(Drawn(tuple(lines), by or self.by, question.id, ghost))

    def mark(self, question: Question, box: Box, by: Writer | None = None, ghost: float = 0.0, style: str = "") -> None:
        hand = by or self.by
        self.put(question, hand.mark(_middle(box), self.rng, style), hand, ghost)


def fill_in(page: Page, by: Writer, rng: Rng, hard_share: float) -> tuple[list[QuestionTruth], list[Drawn]]:
    """Fill in a page; return the truth of its questions and all that was drawn, in the order of the questions."""
    sheet = _Sheet(page, by, rng, [])
    taste = rng.dirichlet(np.array([6.0, 4.0, 1.6, 1.2]))
    truths = [_question(sheet, question, hard_share, taste) for question in page.questions]
    _opinion(sheet)
    return _touched(page, truths, sheet.drawn), sheet.drawn


def _opinion(sheet: _Sheet) -> None:
    """Write on a line or two of the opinion's; some begin too far to the left and run over the boxes beside it."""
    rng = sheet.rng
    for region in sheet.page.regions:
        if rng.random() > 0.3 or not region.lines_y:
            continue
        size = rng.uniform(4.0, 6.5)
        first = int(rng.integers(len(region.lines_y)))
        for y in region.lines_y[first : first + int(rng.integers(1, 3))]:
            early = rng.uniform(8, 24) if rng.random() < 0.15 else -rng.uniform(0, 6)
            count = min(int(region.w / size / 1.2), int(rng.integers(4, 15)))
            start = np.array([region.x - early, y - size - rng.uniform(0, 1)])
            lines = strays.writing(start, count, size, rng, rng.normal(0, 0.12))
            sheet.drawn.append(Drawn(tuple(lines), sheet.by, ""))


def _question(sheet: _Sheet, question: Question, hard_share: float, taste: Floats) -> QuestionTruth:
    rng = sheet.rng
    if rng.random() < hard_share:
        kind = str(rng.choice(list(HARD), p=np.array(list(HARD.values())) / sum(HARD.values())))
        if len(question.boxes) < 3:
            kind = kind.replace("writing", "dot")  # between two boxes and their words no line of writing has room
        return _hard(sheet, question, kind, taste)
    if rng.random() < _PLAIN_BLANK:
        return QuestionTruth(question.id, State.BLANK, (), True, "blank")
    box = _chosen(question, rng, taste)
    sheet.mark(question, box)
    return QuestionTruth(question.id, State.ANSWERED, (box.id,), True, sheet.by.style, (box.id,))


def _hard(sheet: _Sheet, question: Question, kind: str, taste: Floats) -> QuestionTruth:
    if kind in ("corrected", "cancelled", "double"):
        return _two(sheet, question, kind, taste)
    box = _chosen(question, sheet.rng, taste)
    what, _, extra = kind.partition("+")
    if what == "blank":
        if extra:
            _extra(sheet, question, box, extra)
        return QuestionTruth(question.id, State.BLANK, (), not extra, kind)
    if extra:
        sheet.mark(question, box)
        _extra(sheet, question, _other(question, box, sheet.rng), extra, box)
    else:
        kind = _odd_mark(sheet, question, box, kind)
    return QuestionTruth(question.id, State.ANSWERED, (box.id,), False, kind, (box.id,))


def _two(sheet: _Sheet, question: Question, kind: str, taste: Floats) -> QuestionTruth:
    """Draw two marks, or one taken back with or without a new one."""
    rng = sheet.rng
    box = _chosen(question, rng, taste)
    other = _other(question, box, rng)
    sheet.mark(question, other)
    if kind == "double":
        sheet.mark(question, box)
        both = tuple(b.id for b in question.boxes if b.id in (box.id, other.id))
        return QuestionTruth(question.id, State.MULTIPLE, both, False, kind, both)
    ways = UNLIKE[sheet.by.style]
    if sheet.by.pen.skips:  # one line of a pen that skips would not be seen
        ways = tuple(way for way in ways if way not in ("one-line", "two-lines"))
    way = str(rng.choice(ways))
    over = CANCELS[way](rng, sheet.by.pen.width)
    place = _middle(other) + rng.normal(0, 0.3, 2)
    larger = np.eye(2) * (1.3 if sheet.by.style in ("fill", "half") else 1.0)  # else nobody could see it on a fill
    sheet.put(question, [line.moved(larger, place) for line in over])
    if kind == "cancelled":
        return QuestionTruth(question.id, State.CANCELLED, (), False, f"cancelled:{way}", (other.id,))
    sheet.mark(question, box)
    return QuestionTruth(question.id, State.CORRECTED, (box.id,), False, f"corrected:{way}", (box.id, other.id))


def _extra(sheet: _Sheet, question: Question, box: Box, extra: str, marked: Box | None = None) -> None:
    """Draw what is no answer at a box; handwriting keeps clear of the ``marked`` one, else nobody could read either."""
    rng, middle = sheet.rng, _middle(box)
    if extra == "dot":
        sheet.put(question, strays.dot(middle + rng.uniform(-0.45, 0.45, 2) * SIDE, rng))
    elif extra == "line":
        sheet.put(question, strays.stray_line(middle, rng))
    elif extra == "ghost":
        style = "tick" if sheet.by.style in ("fill", "half") else ""
        graphite = replace(sheet.by, pen=PENS["pencil-soft"]) if not sheet.by.pen.grain else sheet.by
        sheet.mark(question, box, graphite, rng.uniform(0.07, 0.22), style)
    else:
        count, size = int(rng.integers(5, 9)), rng.uniform(4.5, 6.5)
        start = middle - (size * rng.uniform(0.5, count - 1.5), size * rng.uniform(0.2, 0.9))
        if marked is not None:
            start[0] = marked.x + 2 * SIDE if box.x > marked.x else marked.x - SIDE / 2 - 1.1 * size * count
        sheet.put(question, strays.writing(start, count, size, rng, rng.normal(0, 0.25)))


def _odd_mark(sheet: _Sheet, question: Question, box: Box, kind: str) -> str:
    """Draw an unusual deliberate mark; return what became of the kind."""
    rng, by, middle = sheet.rng, sheet.by, _middle(box)
    if kind == "faint":
        sheet.mark(question, box, by.lightly(rng))
    elif kind == "slip":
        styles = [style for style in ("tick", "cross", "ring", "slash") if style != by.style]
        sheet.mark(question, box, style=str(rng.choice(styles)))
    elif kind == "over-edge" and by.style in ("fill", "half"):  # on others' sheets it would mean a mark taken back
        rub = by.mark(middle + rng.normal(0, 0.5, 2), rng, "fill")
        sheet.put(question, _larger(rub, rng.uniform(1.2, 1.5), middle))
    elif kind in ("twice", "over-edge"):
        kind = "twice"
        sheet.put(question, [*by.mark(middle, rng, "tick"), *by.mark(middle + rng.normal(0, 0.6, 2), rng, "tick")])
    elif kind == "tail":
        tail = by.mark(middle, rng, "tick", "long-tail" if rng.random() < 0.7 else "steep")
        sheet.put(question, _larger(tail, rng.uniform(1.1, 1.5), middle))
    elif kind == "word-ring" and (word := _word(sheet.page, box)) is not None:
        sheet.put(question, [line.moved(np.eye(2), word[0]) for line in ring(by.form, rng, word[1])])
    else:
        kind = "beside"
        away = np.array([rng.choice((-1, 1)) * rng.uniform(0.74, 0.86), rng.normal(0, 0.12)]) * SIDE
        small = replace(by, size=min(by.size, 0.8), scatter=0.2, aim=(0.0, 0.0), mirrored=False)
        sheet.put(question, small.mark(middle + away, rng, "tick", "small" if rng.random() < 0.5 else "even"))
    return kind


def _larger(lines: list[Path], factor: float, middle: Floats) -> list[Path]:
    return [line.moved(np.eye(2) * factor, (1 - factor) * middle) for line in lines]


def _word(page: Page, box: Box) -> tuple[Floats, tuple[float, float]] | None:
    """Return the middle of the word right of a box and the half axes of a ring round it, in box sides."""
    for text in page.texts:
        if 0 < text.x - box.x - box.w < 6 and abs(text.y - box.cy) < 4 and 2 <= len(text.string) <= 5:
            width = len(text.string) * (text.size * 0.3528 + text.spacing * 0.3528)
            middle = np.array([text.x + width / 2, text.y - 0.12 * text.size])
            return middle, ((width / 2 + 1.2) / SIDE, 0.62)
    return None


def _chosen(question: Question, rng: Rng, taste: Floats) -> Box:
    """Choose a box: people of one mind on one sheet, yet every place of the row comes up."""
    if len(question.boxes) != len(taste) or rng.random() < 0.35:
        return question.boxes[int(rng.integers(len(question.boxes)))]
    return question.boxes[int(rng.choice(len(taste), p=taste))]


def _other(question: Question, box: Box, rng: Rng) -> Box:
    others = [b for b in question.boxes if b.id != box.id]
    return others[int(rng.integers(len(others)))]


def _middle(box: Box) -> Floats:
    return np.array([box.cx, box.cy])


def _touched(page: Page, truths: list[QuestionTruth], drawn: list[Drawn]) -> list[QuestionTruth]:
    """A question is not clear where another's ink runs through one of its boxes."""
    points = [(d.question, np.concatenate([p for line in d.lines for p in _dense(line)])) for d in drawn]
    return [
        replace(truth, clear=truth.clear and not any(_enters(xy, q) for who, xy in points if who != truth.id))
        for truth, q in zip(truths, page.questions, strict=True)
    ]


def _dense(line: Path) -> list[Floats]:
    steps = np.linspace(0, 1, 12)[:, None]
    return [np.concatenate([a + (b - a) * steps for a, b in pairwise(p)]) for p in line.pieces]


def _enters(xy: Floats, question: Question) -> bool:
    low, high = xy.min(0), xy.max(0)
    for box in question.boxes:
        if (
            high[0] > box.x - 0.5
            and low[0] < box.x + box.w + 0.5
            and high[1] > box.y - 0.5
            and low[1] < box.y + box.h + 0.5
        ):
            inside = np.abs(xy - _middle(box)).max(1) < SIDE / 2 + 0.5
            if inside.any():
                return True
    return False
