"""Ink that a question may hold beside the usual kinds: more than one stack has, for a judge to learn from.

Each kind returns strokes in mm about the box's centre and the pen that leaves them. None of it is an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from omr.synth import marks
from omr.synth.arrays import between
from omr.synth.pens import Pen, Stroke
from omr.synth.writer import Writer

Trace = tuple[list[Stroke], Pen]


def slip(writer: Writer, rng: np.random.Generator) -> Trace:
    """A line that begins or ends somewhere in the box and leaves it for elsewhere."""
    start = rng.uniform(-2.2, 2.2, 2)
    angle = np.arctan2(start[1], start[0]) + rng.normal(0, 0.8)
    reach = between(rng, 2.0, 8.0)
    end = start + reach * np.array([np.cos(angle), np.sin(angle)])
    middle = (start + end) / 2 + rng.normal(0, 0.5, 2)
    stroke = marks.curve([tuple(start), tuple(middle), tuple(end)], rng, 0.08, between(rng, 0, 0.9))
    return [stroke], writer.pen.lighter(writer.pen.grey + between(rng, 0, 50), between(rng, 0.7, 1.0))


def touches(writer: Writer, rng: np.random.Generator) -> Trace:
    """A resting pen: one to four dots, some drawn out to a short hook."""
    strokes = []
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(-2.4, 2.4, 2)
        end = rng.normal(0, between(rng, 0.1, 0.5), 2)
        strokes.append(marks.curve([(0.0, 0.0), (float(end[0]), float(end[1]))], rng, 0.03, 0.0).moved(x, y))
    return strokes, writer.pen


def scrawl(writer: Writer, rng: np.random.Generator) -> Trace:
    """Somebody's handwriting that reaches over an edge of the box."""
    away = between(rng, 1.8, 3.6)
    angle = between(rng, -np.pi, np.pi)
    x, y = away * np.cos(angle), away * np.sin(angle)
    strokes = []
    for _ in range(int(rng.integers(2, 6))):
        corners = [(float(a), float(b)) for a, b in rng.normal(0, 0.7, (int(rng.integers(2, 5)), 2))]
        strokes.append(marks.curve(corners, rng, 0.05).moved(x + float(rng.normal(0, 0.6)), y))
    return strokes, writer.pen


def shadow(writer: Writer, rng: np.random.Generator) -> Trace:
    """A mark of the other side that shines or bleeds through: soft, mirrored, anywhere."""
    style = ("tick", "cross", "fill", "dash", "half", "circle")[int(rng.integers(6))]
    x, y = rng.uniform(-4, 4, 2)
    strokes = [Stroke(stroke.points * np.array([-1.0, 1.0]), stroke.pressure) for stroke in writer.mark(style, rng)]
    pen = replace(writer.pen, grey=between(rng, 90, 225), soft_mm=between(rng, 0.12, 0.5), grain=between(rng, 0.1, 0.9))
    return [stroke.moved(x, y) for stroke in strokes], pen


def near(writer: Writer, rng: np.random.Generator, half_mm: float) -> Trace:
    """A small mark on any side of a box instead of in it, now and then hardly pressed."""
    share = between(rng, 0.3, 0.75)
    name = ("tick", "tick", "cross", "dash")[int(rng.integers(4))]
    strokes = [Stroke(stroke.points * share, stroke.pressure) for stroke in marks.SHAPES[name](1.0, 0.5, rng)]
    away = half_mm + 0.6 + 2.0 * share + between(rng, 0, 0.6)
    side = int(rng.choice(4, p=(0.5, 0.3, 0.1, 0.1)))
    x, y = ((away, 0.0), (-away, 0.0), (0.0, away), (0.0, -away))[side]
    pen = writer.pen.lighter(between(rng, 110, 185), 0.8) if rng.random() < 0.4 else writer.pen
    return [stroke.moved(x, y + between(rng, -0.6, 0.6)) for stroke in strokes], pen


def ring(until_mm: float, half_mm: float, rng: np.random.Generator) -> list[Stroke]:
    """A ring round the word right of a box: the answer of one who overlooks boxes, or who means both."""
    first = half_mm + between(rng, -1.5, 0.8)
    last = until_mm + between(rng, 0.3, 2.0)
    high = between(rng, 2.2, 4.0)
    angles = between(rng, -np.pi, np.pi) - np.linspace(0, between(rng, 5.4, 7.5), 60)
    xs = (first + last) / 2 + (last - first) / 2 * np.cos(angles)
    ys = high * np.sin(angles) + between(rng, -0.7, 0.7)
    return [marks.curve(list(zip(xs.tolist(), ys.tolist(), strict=True)), rng, 0.06, 0.3)]


def tiny(writer: Writer, rng: np.random.Generator, half_mm: float) -> list[Stroke]:
    """A mark far smaller than its box, anywhere in it: in a corner, on an edge."""
    strokes = writer.mark(writer.style_now(rng), rng, between(rng, 0.22, 0.5))
    reach = half_mm - 0.5
    x, y = (
        rng.uniform(-reach, reach, 2)
        if rng.random() < 0.5
        else rng.choice((-1.0, 1.0), 2) * between(rng, 0.6, 1) * reach
    )
    return [stroke.moved(float(x), float(y)) for stroke in strokes]


def tailed(writer: Writer, rng: np.random.Generator) -> list[Stroke]:
    """A tick whose tail runs far beyond its box, over whatever stands there: the next row, the next box."""
    low = (between(rng, -1.2, 0.3), between(rng, 0.6, 2.0))
    start = (low[0] - between(rng, 0.3, 1.8), low[1] - between(rng, 0.3, 2.0))
    angle = between(rng, -1.45, -0.15)
    reach = between(rng, 6.0, 15.0)
    end = (low[0] + reach * np.cos(angle), low[1] + reach * np.sin(angle))
    middle = ((low[0] + end[0]) / 2 + rng.normal(0, 0.6), (low[1] + end[1]) / 2 + rng.normal(0, 0.6))
    if rng.random() < 0.15:
        start, low, middle, end = ((-x, y) for x, y in (start, low, middle, end))
    size = min(1.15, writer.size)
    return [marks.curve([(x * size, y * size) for x, y in (start, low, middle, end)], rng, 0.1, between(rng, 0.2, 0.9))]


def struck(rng: np.random.Generator) -> list[Stroke]:
    """One line through a mark: straight, waved, or to and fro."""
    reach, turns = between(rng, 2.2, 3.6), int(rng.integers(0, 5))
    tilt, wave = between(rng, -0.5, 0.5), between(rng, 0.3, 1.3)
    xs = np.linspace(-reach, reach, turns + 2)
    corners = [
        (float(x), float(tilt * x + (wave if number % 2 else -wave) * (turns > 0))) for number, x in enumerate(xs)
    ]
    return [marks.curve(corners, rng, 0.15, 0.2, 0.4)]


TRACES: dict[str, Callable[[Writer, np.random.Generator], Trace]] = {
    "slip": slip,
    "touches": touches,
    "scrawl": scrawl,
    "shadow": shadow,
}
