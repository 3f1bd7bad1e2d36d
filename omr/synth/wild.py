"""Marks from ranges far wider than one office's hands: what a judge learns from, not what a stack looks like.

A style here is a family of strokes with hardly a fixed number in it: where a tick turns, how far it runs, how a box is
filled, at which angle a line lies. ``Writer`` draws one member of the family for a sheet and varies it from mark to
mark. Strokes are in mm about the box's centre, as in ``marks``.
"""

from __future__ import annotations

import numpy as np

from omr.synth.arrays import Floats, between
from omr.synth.marks import Shape, curve
from omr.synth.pens import Pen, Stroke

Corners = list[tuple[float, float]]


def tick(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """√ of any slant, length and bend; some without a way down, some mirrored, some gone over twice."""
    low = np.array([between(rng, -1.6, 0.6), between(rng, 0.3, 2.3)])
    start = low + np.array([between(rng, -2.2, -0.2), between(rng, -2.4, 0.1)])
    if rng.random() < 0.2:
        start = low + rng.normal(0, 0.25, 2)
    end = low + np.array([between(rng, 1.0, 4.6), -between(rng, 1.8, 6.4)])
    bulge = (low + end) / 2 + rng.normal(0, 0.35, 2)
    path = np.array([start, low, bulge, end]) * size
    if rng.random() < 0.12:
        path[:, 0] *= -1
    if rng.random() < 0.04:
        path[:, 1] *= -1
    strokes = [_free(path, rng, 0.05)]
    if rng.random() < 0.06:
        strokes.append(_free(path + rng.normal(0, 0.4, 2), rng, 0.2))
    return strokes


def cross(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """× or +, its arms of any length; now and then without lifting the pen."""
    turn = between(rng, -0.5, 0.5) + (np.pi / 4 if rng.random() < 0.12 else 0)
    lines = []
    for angle in (np.pi / 4 + turn, 3 * np.pi / 4 + turn + between(rng, -0.5, 0.5)):
        reach, back = between(rng, 1.2, 3.5) * size, between(rng, 1.2, 3.5) * size
        way = np.array([np.cos(angle), np.sin(angle)])
        middle = rng.normal(0, 0.35, 2)
        lines.append(np.array([middle - way * back, middle + rng.normal(0, 0.25, 2), middle + way * reach]))
    if rng.random() < 0.15:
        return [_free(np.concatenate(lines), rng, 0.1)]
    return [_free(line, rng, 0.1) for line in lines]


def circle(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """○ in the box, on its edge or round it; open, closed or gone round twice."""
    within = rng.random() < 0.35
    least, most = (0.9, 2.2) if within else (2.7, 4.2)
    wide, high = between(rng, least, most) * min(1.1, max(0.85, size)), min(3.9, between(rng, least, most))
    angles = between(rng, -np.pi, np.pi) + np.linspace(0, between(rng, 5.0, 11.5), 50) * rng.choice([-1, 1])
    grow = np.linspace(1, between(rng, 0.85, 1.1), 50)
    path = np.stack([wide * grow * np.cos(angles), high * grow * np.sin(angles)], axis=1)
    return [_free(path, rng, 0.04)]


def fill(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """The box filled: to and fro at any angle, in loops or in a spiral, tidily or not."""
    return _filled((2.3 * min(size, 1.3) * between(rng, 0.85, 1.2),) * 2, width * between(rng, 0.5, 1.15), rng)


def half(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """A careless fill of some part of the box."""
    reach = between(rng, 0.8, 1.6) * size, between(rng, 1.0, 2.2) * size
    x, y = rng.uniform(-0.9, 0.9, 2)
    return [stroke.moved(x, y) for stroke in _filled(reach, width * between(rng, 0.6, 1.5), rng)]


def line(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """One line at any angle through the box, short or long."""
    return [_line(between(rng, 0, np.pi), between(rng, 1.1, 4.0) * size, rng)]


def slash(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """／ more or less."""
    return [_line(between(rng, -1.35, -0.45), between(rng, 1.5, 3.8) * size, rng)]


def dash(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """— more or less."""
    return [_line(between(rng, -0.35, 0.35), between(rng, 1.3, 3.6) * size, rng)]


def spot(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """A fat point set on purpose in the middle of the box, far larger than a resting pen leaves."""
    radius = between(rng, 0.8, 1.5) * size
    return _filled((radius, radius), width * 0.6, rng)


def sign(_size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """A letter or a character for "yes": three to six short strokes in the box."""
    strokes = []
    for _ in range(int(rng.integers(3, 7))):
        path = rng.uniform(-1.9, 1.9, 2) + np.cumsum(rng.normal(0, 1.0, (int(rng.integers(2, 4)), 2)), axis=0)
        strokes.append(_free(np.clip(path, -2.6, 2.6), rng, 0.05))
    return strokes


SHAPES: dict[str, Shape] = {
    "tick": tick,
    "cross": cross,
    "circle": circle,
    "fill": fill,
    "half": half,
    "slash": slash,
    "dash": dash,
    "line": line,
    "spot": spot,
    "sign": sign,
}


def struck(width: float, rng: np.random.Generator) -> list[Stroke]:
    """What takes a mark back: ■, loops, lines, waves, one big × or a ring with a line, at any angle."""
    way = rng.random()
    if way < 0.3:
        reach = between(rng, 2.1, 3.2), between(rng, 2.1, 3.2)
        return _filled(reach, width * between(rng, 0.45, 1.1), rng)
    if way < 0.5:
        return _filled((between(rng, 1.8, 3.4), between(rng, 1.4, 3.0)), width * between(rng, 1.2, 2.6), rng)
    if way < 0.72:
        angle, count = between(rng, 0, np.pi), int(rng.integers(2, 6))
        aside = np.array([-np.sin(angle), np.cos(angle)])
        places = np.linspace(-1, 1, count) * between(rng, 0.5, 1.8)
        lines = [_line(angle + rng.normal(0, 0.1), between(rng, 2.0, 4.2), rng) for _ in places]
        return [stroke.moved(*(aside * place)) for stroke, place in zip(lines, places, strict=True)]
    if way < 0.82:
        return [_zigzag(between(rng, 2.0, 3.6), between(rng, 0.6, 2.0), int(rng.integers(4, 12)), rng)]
    if way < 0.93:
        return cross(between(rng, 1.15, 1.9), width, rng)
    ring = circle(1.0, width, rng)
    return [*ring, _line(between(rng, 0, np.pi), between(rng, 2.8, 4.2), rng)]


def struck_once(rng: np.random.Generator) -> list[Stroke]:
    """One line through a mark, two side by side, or a hasty ×: as little as takes it back."""
    angle, way = between(rng, -0.9, 0.9), rng.random()
    if way < 0.55:
        return [_line(angle, between(rng, 2.2, 4.5), rng)]
    if way < 0.8:
        apart = between(rng, 0.25, 0.9)
        return [_line(angle + rng.normal(0, 0.08), between(rng, 2.2, 4.2), rng).moved(0, y) for y in (-apart, apart)]
    return cross(between(rng, 1.05, 1.7), 0.5, rng)


def through(rng: np.random.Generator) -> list[Stroke]:
    """A long line that passes over or near the box from somewhere to somewhere else, or ends in it."""
    angle, bend = between(rng, 0, 2 * np.pi), between(rng, -3, 3)
    way, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    back = between(rng, -1.5, 2.0) if rng.random() < 0.4 else between(rng, 3.0, 25.0)
    near = aside * between(rng, -3.0, 3.0)
    end = near + way * between(rng, 4.0, 30.0) + aside * bend
    path = np.array([near - way * back, near + aside * bend * 0.15, end])
    return [_free(path, rng, 0.0)]


def letters(rng: np.random.Generator) -> list[Stroke]:
    """A piece of handwriting over or beside the box, larger than the box or smaller."""
    em, place = between(rng, 2.5, 9.0), rng.normal(0, 3.2, 2)
    strokes = []
    for _ in range(int(rng.integers(3, 10))):
        path = place + rng.uniform(-0.5, 0.5, 2) * em + np.cumsum(rng.normal(0, 0.22 * em, (3, 2)), axis=0)
        strokes.append(_free(path, rng, 0.05))
    return strokes


def any_pen(rng: np.random.Generator) -> Pen:
    """Return a pen out of ranges instead of a drawer: any grey, any width, any grain that pens can have."""
    width = float(np.exp(rng.uniform(np.log(0.18), np.log(2.2))))
    grey = between(rng, 5, 130) if width > 1.0 or rng.random() < 0.75 else between(rng, 110, 195)
    grain, skip = between(rng, 0, 0.95) * rng.random(), between(rng, 0, 0.35) * (rng.random() < 0.2)
    return Pen("any", grey, width, grain, skip, float(np.exp(rng.uniform(np.log(0.01), np.log(0.2)))))


def _line(angle: float, reach: float, rng: np.random.Generator) -> Stroke:
    way = np.array([np.cos(angle), np.sin(angle)])
    middle = rng.normal(0, 0.3, 2)
    ends = middle - way * reach * between(rng, 0.7, 1.1), middle + way * reach * between(rng, 0.7, 1.1)
    return _free(np.array([ends[0], middle + rng.normal(0, 0.2, 2), ends[1]]), rng, 0.05)


def _zigzag(reach: float, high: float, turns: int, rng: np.random.Generator) -> Stroke:
    xs = np.linspace(-reach, reach, turns)
    ys = high * np.where(np.arange(turns) % 2, 1, -1) * rng.uniform(0.7, 1.2, turns)
    return _free(_turned(np.stack([xs, ys], axis=1), between(rng, 0, np.pi)), rng, 0.1)


def _filled(reach: tuple[float, float], pitch: float, rng: np.random.Generator) -> list[Stroke]:
    """Cover a rectangle or an ellipse of half sides ``reach``, its lines ``pitch`` mm apart."""
    (wide, high), pitch = reach, max(pitch, 0.12)
    way = rng.random()
    if way < 0.2:  # from the middle outwards
        turns = min(14.0, max(wide, high) / pitch)
        angles = np.linspace(0, 2 * np.pi * turns, int(24 * turns) + 8)
        grow = np.linspace(0.05, 1.05, len(angles))
        path = np.stack([wide * grow * np.cos(angles), high * grow * np.sin(angles)], axis=1)
    elif way < 0.35:  # loops from one side to the other
        turns = min(18.0, 2 * wide / pitch)
        angles = np.linspace(0, 2 * np.pi * turns, int(20 * turns) + 8)
        drift = np.linspace(-0.75, 0.75, len(angles)) * wide
        path = np.stack([drift + 0.3 * wide * np.cos(angles), high * np.sin(angles)], axis=1)
    else:  # to and fro
        rows = int(np.clip(2 * high / pitch, 4, 40))
        ys = np.linspace(-high, high, rows) + rng.normal(0, 0.15 * pitch, rows)
        xs = wide * np.where(np.arange(rows) % 2, 1, -1) * rng.uniform(0.85, 1.08, rows)
        if rng.random() < 0.3:
            xs = xs * np.sqrt(np.clip(1.1 - (ys / high) ** 2, 0.02, 1))
        turn = (0.0, np.pi / 2, np.pi / 4, -np.pi / 4)[int(rng.integers(4))]
        path = _turned(np.stack([xs, ys], axis=1), turn + rng.normal(0, 0.15))
        path = np.clip(path, (-1.15 * wide, -1.15 * high), (1.15 * wide, 1.15 * high))
    return [_free(path, rng, 0.05, 0.2)]


def _turned(path: Floats, angle: float) -> Floats:
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(path @ np.array([[c, s], [-s, c]]))


def _free(path: Floats, rng: np.random.Generator, wobble: float, round_mm: float | None = None) -> Stroke:
    """Draw a path by a hand of any steadiness, its corners of any roundness, its end of any lightness."""
    corners: Corners = [(float(x), float(y)) for x, y in path]
    rounded = between(rng, 0.15, 1.1) if round_mm is None else round_mm
    return curve(corners, rng, wobble * between(rng, 0.3, 2.0), between(rng, 0, 0.85), rounded)
