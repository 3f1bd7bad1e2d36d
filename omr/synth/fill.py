"""Fills one printed sheet as one person does, and tells what was meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from forms.layout import Box, Page, Question
from omr.synth import held, marks, strange, wild
from omr.synth.arrays import Grey, between
from omr.synth.handwriting import write_lines
from omr.synth.pens import Pen, Stroke, choose_pen, draw, lay
from omr.synth.plan import Mix, Wish, wish_at_random, wish_for
from omr.synth.truth import QuestionTruth
from omr.synth.writer import Writer

Answers = Mapping[str, Sequence[str]]  # question id -> choices; a missing question stays blank
_KEEP_OFF_MM = 0.25  # clear marks stay this far from other boxes
_CANCEL = {
    "corrected-black": "black",
    "corrected-scribble": "scribble",
    "corrected-strikes": "strikes",
    "corrected-cross": "cross",
    "corrected-line": "line",
    "cancelled-black": "black",
}
_LINES = {"slash", "dash", "line", "cross"}  # one more line and they are another mark: nobody takes them back so
_ASIDE = {"beside", "near", "word", "tail", "tiny"}  # the mark of an answer, but not in its box, or hardly


@dataclass(slots=True)
class Sheet:
    """A flat page image under the pen. ``scale`` is px per mm; ``offset_mm`` where the sheet begins in the image."""

    image: Grey
    scale: tuple[float, float]
    offset_mm: tuple[float, float]
    writer: Writer
    rng: np.random.Generator

    def put(self, strokes: list[Stroke], x: float, y: float, pen: Pen) -> None:
        """Draw strokes about a place of the sheet (mm), in place."""
        dx, dy = self.offset_mm
        draw(self.image, [stroke.moved(x + dx, y + dy) for stroke in strokes], pen, self.scale, self.rng)


def fill_page(sheet: Sheet, page: Page, mix: Mix, answers: Answers | None) -> dict[str, QuestionTruth]:
    """Mark every question of ``page``: by ``answers`` where given, else at random by ``mix``. Changes the image.

    Raises ValueError where an answer names a choice that is not on the page.
    """
    boxes = [box for question in page.questions for box in question.boxes]
    truths = {}
    for question in page.questions:
        if answers is None:
            wish = wish_at_random(question, mix, sheet.rng)
        else:
            wish = wish_for(question, answers.get(question.id, ()))
        truths[question.id] = _fill_question(sheet, page, question, wish, boxes)
    return truths


def write_regions(sheet: Sheet, page: Page, share: float) -> dict[str, bool]:
    """Write something into a ``share`` of the text regions; tell which hold writing. Changes the image."""
    written = {}
    for region in page.regions:
        written[region.id] = bool(sheet.rng.random() < share)
        if written[region.id]:
            for strokes in write_lines(region, sheet.rng):
                sheet.put(strokes, 0, 0, sheet.writer.pen)
    return written


def _fill_question(sheet: Sheet, page: Page, question: Question, wish: Wish, boxes: list[Box]) -> QuestionTruth:
    if wish.hard == "word" and any(_word(page, box) is None for box in question.boxes):
        wish = replace(wish, hard="near")
    by_id = {box.id: box for box in question.boxes}
    # One style a question: by the sheet's own rule a full box beside another mark is struck out, not a second answer.
    style = sheet.writer.style_now(sheet.rng) if wish.choice else ""
    if wish.other:
        _trace(sheet, by_id[wish.other], wish, boxes)
    for choice in wish.choice:
        if wish.hard == "near":
            strokes, pen = strange.near(sheet.writer, sheet.rng, by_id[choice].w / 2)
            sheet.put(strokes, by_id[choice].cx, by_id[choice].cy, pen)
        elif wish.hard == "beside":
            style = _beside(sheet, by_id[choice], boxes)
        elif wish.hard == "word":
            strokes = strange.ring(_word(page, by_id[choice]) or 0.0, by_id[choice].w / 2, sheet.rng)
            sheet.put(strokes, by_id[choice].cx, by_id[choice].cy, sheet.writer.pen)
        elif wish.hard == "tiny":
            strokes = strange.tiny(sheet.writer, sheet.rng, by_id[choice].w / 2)
            sheet.put(strokes, by_id[choice].cx, by_id[choice].cy, sheet.writer.pen)
        elif wish.hard == "tail":
            style = "tick"
            strokes = strange.tailed(sheet.writer, sheet.rng)
            sheet.put(strokes, by_id[choice].cx, by_id[choice].cy, sheet.writer.pen)
        else:
            _mark(sheet, by_id[choice], style, boxes)
    touched = (wish.other,) if wish.other and wish.hard not in _ASIDE else ()
    return QuestionTruth(wish.state, wish.choice, style, bool(wish.choice) and not wish.hard, wish.hard, touched)


def _mark(sheet: Sheet, box: Box, style: str, boxes: list[Box]) -> None:
    """One deliberate mark. A long stroke that would cross another box is drawn smaller: nobody means two boxes."""
    shrink = 1.0
    strokes = sheet.writer.mark(style, sheet.rng)
    while shrink > 0.4 and _touches(strokes, box, boxes, sheet.writer.pen.width_mm):
        shrink *= 0.85
        strokes = sheet.writer.mark(style, sheet.rng, shrink)
    sheet.put(strokes, box.cx, box.cy, sheet.writer.pen_for(style, sheet.rng))


def _touches(strokes: list[Stroke], own: Box, boxes: list[Box], width: float) -> bool:
    """Tell whether strokes about ``own`` come near another box."""
    points = np.concatenate([stroke.points for stroke in strokes]) + np.array([own.cx, own.cy])
    margin = _KEEP_OFF_MM + width / 2
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    for box in boxes:
        if box is own or box.x > high[0] or box.y > high[1] or box.x + box.w < low[0] or box.y + box.h < low[1]:
            continue
        inside = (np.abs(points[:, 0] - box.cx) < box.w / 2 + margin) & (
            np.abs(points[:, 1] - box.cy) < box.h / 2 + margin
        )
        if inside.any():
            return True
    return False


def _beside(sheet: Sheet, box: Box, boxes: list[Box]) -> str:
    """A tick next to the box instead of in it."""
    side = 1 if sheet.rng.random() < 0.7 else -1
    small = [Stroke(stroke.points * 0.55, stroke.pressure) for stroke in marks.tick(1.0, 0.5, sheet.rng)]
    x = side * (box.w / 2 + between(sheet.rng, 1.0, 1.9))
    sheet.put(small, box.cx + x, box.cy + between(sheet.rng, -0.8, 0.8), sheet.writer.pen)
    return "tick"


def _trace(sheet: Sheet, box: Box, wish: Wish, boxes: list[Box]) -> None:
    """Ink at a box that is no answer."""
    rng, pen = sheet.rng, sheet.writer.pen
    kind = wish.hard.removesuffix("-answered")
    if kind in ("through", "letters"):
        strokes = getattr(held if sheet.writer.mix.family == "held" else wild, kind)(rng)
        own = pen if rng.random() < 0.6 else pen.lighter(pen.grey + between(rng, 0, 70), between(rng, 0.6, 1.0))
        sheet.put(strokes, box.cx, box.cy, own)
    elif kind == "smear":
        _smear(sheet, box)
    elif kind in strange.TRACES:
        strokes, own = strange.TRACES[kind](sheet.writer, rng)
        sheet.put(strokes, box.cx, box.cy, own)
    elif wish.hard == "dot":
        x, y = rng.uniform(-2.0, 2.0, 2)
        sheet.put(marks.dot(1.0, pen.width_mm, rng), box.cx + x, box.cy + y, pen)
    elif wish.hard.startswith("stray"):
        sheet.put(marks.stray(1.0, pen.width_mm, rng), box.cx, box.cy, pen.lighter(pen.grey + between(rng, 0, 40), 0.8))
    elif kind in ("erased", "ghost"):
        _ghost(sheet, box, kind == "ghost")
    elif wish.hard.endswith(("-any", "-once")):
        style = sheet.writer.style_now(rng)
        _mark(sheet, box, style if style not in ("half", "circle", "spot") else "tick", boxes)
        if wish.hard.endswith("-once") and style not in _LINES:
            strokes = wild.struck_once(rng)
        else:
            strokes = (held if sheet.writer.mix.family == "held" else wild).struck(pen.width_mm, rng)
        sheet.put(strokes, box.cx, box.cy, pen)
    elif wish.hard == "cancelled" or wish.hard in _CANCEL:
        _mark(sheet, box, "tick", boxes)
        _strike(sheet, box, _CANCEL.get(wish.hard, ("scribble", "strikes")[int(rng.integers(2))]))


def _strike(sheet: Sheet, box: Box, how: str) -> None:
    """Strike a mark out: ■ over it, loops, lines, or a cross."""
    rng, width = sheet.rng, sheet.writer.pen.width_mm
    if how == "black":
        strokes = marks.fill(between(rng, 1.0, 1.25), width * 0.8, rng)
    elif how == "line":
        strokes = strange.struck(rng)
    elif how == "cross":
        strokes = marks.cross(between(rng, 1.1, 1.5), width, rng)
    else:
        strokes = (marks.scribble if how == "scribble" else marks.strikes)(between(rng, 0.9, 1.1), width, rng)
    sheet.put(strokes, box.cx, box.cy, sheet.writer.pen)


def _word(page: Page, box: Box) -> float | None:
    """Return how far the word printed right of a box runs, in mm from its middle; None where there is none."""
    for text in page.texts:
        if abs(text.y - 1.5 - box.cy) < 2.5 and 0 < text.x - box.cx - box.w / 2 < 5:
            return text.x - box.cx + len(text.string) * text.size * 25.4 / 72
    return None


def _smear(sheet: Sheet, box: Box) -> None:
    """A finger's smudge of ink or graphite: one or two soft clouds."""
    rng, (sx, sy) = sheet.rng, sheet.scale
    height, width = sheet.image.shape
    for _ in range(int(rng.integers(1, 3))):
        x, y = np.array([box.cx, box.cy]) + sheet.offset_mm + rng.normal(0, 2.0, 2)
        wide, high = rng.uniform(0.6, 3.5, 2)
        left, top = max(0, int((x - 3 * wide) * sx)), max(0, int((y - 3 * high) * sy))
        right, bottom = min(width, int((x + 3 * wide) * sx)), min(height, int((y + 3 * high) * sy))
        if right <= left or bottom <= top:
            continue
        dx = (np.arange(left, right) / sx - x)[None, :] / wide
        dy = (np.arange(top, bottom) / sy - y)[:, None] / high
        lay(sheet.image, np.exp(-(dx**2 + dy**2) / 2) * between(rng, 0.03, 0.3), 60, left, top)


def _ghost(sheet: Sheet, box: Box, of_any: bool = False) -> None:
    """A pencil mark rubbed out: pale, blurred, smeared. Drawn on a sheet of its own and laid over faintly.

    It is a tick, or one of the writer's marks rubbed out well or hardly (``of_any``).
    """
    rng, (sx, sy) = sheet.rng, sheet.scale
    reach = 8.0
    x0, y0 = (int((box.cx + sheet.offset_mm[0] - reach) * sx), int((box.cy + sheet.offset_mm[1] - reach) * sy))
    x0, y0 = max(0, x0), max(0, y0)
    window = sheet.image[y0 : y0 + int(2 * reach * sy), x0 : x0 + int(2 * reach * sx)]
    clean = np.full(window.shape, 255, np.uint8)
    at = [
        stroke.moved(box.cx + sheet.offset_mm[0] - x0 / sx, box.cy + sheet.offset_mm[1] - y0 / sy)
        for stroke in sheet.writer.mark(sheet.writer.style_now(rng) if of_any else "tick", rng)
    ]
    draw(clean, at, choose_pen("pencil", rng), sheet.scale, rng)
    ink = (255.0 - clean) * (between(rng, 0.05, 0.6) if of_any else between(rng, 0.12, 0.32))
    smear = cv2.GaussianBlur(ink, (0, 0), 0.5 * sx) * between(rng, 0.2, 0.8)
    ink = cv2.GaussianBlur(ink, (0, 0), (between(rng, 0.06, 0.4) if of_any else 0.11) * sx) + smear
    window[:] = np.clip(window - ink, 0, 255).astype(np.uint8)
