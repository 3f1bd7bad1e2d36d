"""A third hand, kept out of all training: thresholds are chosen, and probabilities held against errors, on its marks.

Marks are pieces of Bézier curves between jittered anchors, pressed in waves; ways of striking out and of leaving ink
that is no answer are others than in ``wild`` and ``strange``. It shares the pens' drawing with them, and nothing else.
"""

from __future__ import annotations

import numpy as np

from omr.synth.arrays import Floats, between
from omr.synth.marks import Shape
from omr.synth.pens import Pen, Stroke


def tick(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """√ of two bows."""
    a, b, c = (-1.5, -0.3), (-0.3, 1.5), (2.1, -2.4)
    return [_bezier([a, (-1.0, 0.2), b], size, rng).joined(_bezier([b, (0.2, 0.0), c], size, rng))]


def cross(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """× of two bows."""
    return [
        _bezier([(-1.8, -1.6), (0.2, 0.1), (1.7, 1.8)], size, rng),
        _bezier([(1.7, -1.9), (0.1, -0.1), (-1.8, 1.7)], size, rng),
    ]


def circle(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """○ of four bows round the box."""
    reach = 3.3 * float(np.clip(size, 0.9, 1.1))
    k = 1.35
    ring = [(0, -1), (k, -1), (1, 0), (1, k), (0, 1), (-k, 1), (-1, 0), (-1, -k), (0.1, -1)]
    corners = [(x * reach / 1.0, y * reach * 0.95) for x, y in ring]
    path = _bezier(corners[0:3], 1.0, rng)
    for first in (2, 4, 6):
        path = path.joined(_bezier(corners[first : first + 3], 1.0, rng))
    return [path]


def fill(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """Up and down, column by column."""
    return _columns(2.25 * min(size, 1.2), 2.2 * min(size, 1.2), 0.8 * width, rng)


def half(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """The same over a part of the box."""
    return [stroke.moved(between(rng, -0.8, 0.8), 0) for stroke in _columns(1.3 * size, 2.0 * size, width, rng)]


def slash(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """／ as one bow."""
    return [_bezier([(-1.7, 1.9), (0.3, 0.2), (1.9, -2.0)], size, rng)]


def dash(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """— as one bow."""
    return [_bezier([(-2.0, 0.2), (0.0, -0.2), (2.0, 0.1)], size, rng)]


SHAPES: dict[str, Shape] = {
    "tick": tick,
    "cross": cross,
    "circle": circle,
    "fill": fill,
    "half": half,
    "slash": slash,
    "dash": dash,
}


def struck(width: float, rng: np.random.Generator) -> list[Stroke]:
    """Take a mark back: columns of ink, crossing hatches, a coil, or an hourglass."""
    way = int(rng.integers(4))
    if way == 0:
        return _columns(between(rng, 2.3, 2.9), between(rng, 2.3, 2.9), 0.75 * width, rng)
    if way == 1:
        first = _columns(2.4, 2.4, between(rng, 0.7, 1.3), rng)
        return first + [Stroke(stroke.points[:, ::-1], stroke.pressure) for stroke in _columns(2.4, 2.4, 1.0, rng)]
    if way == 2:
        at = np.linspace(0, 2 * np.pi * int(rng.integers(4, 8)), 200)
        points = np.stack([np.linspace(-2.2, 2.2, 200) + 1.1 * np.cos(at), 2.0 * np.sin(at)], axis=1)
        return [_pressed(points, rng)]
    path = _bezier([(-2.6, -2.3), (0, 0), (2.6, 2.3)], 1.0, rng)
    for a, b in (((2.6, 2.3), (2.6, -2.3)), ((2.6, -2.3), (-2.6, 2.3)), ((-2.6, 2.3), (-2.6, -2.2))):
        path = path.joined(_bezier([a, ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), b], 1.0, rng))
    return [path]


def through(rng: np.random.Generator) -> list[Stroke]:
    """An arc that crosses the box, or dips into it and leaves it again on the same side."""
    angle = between(rng, 0, 2 * np.pi)
    far, near = between(rng, 5, 18), between(rng, -1.5, 2.5)
    way, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    spread = between(rng, 2, 14)
    ends = way * far + aside * spread, way * far - aside * spread
    if rng.random() < 0.5:
        ends = (way * far, -way * between(rng, 4, 16))
    corners = [tuple(ends[0]), tuple(way * (2 * near - 0.4 * far)), tuple(ends[1])]
    return [_bezier(corners, 1.0, rng)]


def letters(rng: np.random.Generator) -> list[Stroke]:
    """A cursive word that runs by the box."""
    count, em = int(rng.integers(3, 8)), between(rng, 2.0, 4.5)
    x, y = between(rng, -8, 1.5), rng.choice([-1, 1]) * between(rng, 0.5, 4.5)
    points = [np.array([x, y])]
    for number in range(count):
        points.append(points[-1] + (between(rng, 0.2, 0.8) * em, (-1, 1)[number % 2] * between(rng, 0.3, 1.0) * em))
    middles = [(points[n] + points[n + 1]) / 2 + rng.normal(0, 0.4, 2) for n in range(count)]
    parts = [_bezier([tuple(points[n]), tuple(middles[n]), tuple(points[n + 1])], 1.0, rng, 0.02) for n in range(count)]
    path = parts[0]
    for part in parts[1:]:
        path = path.joined(part)
    return [path]


def any_pen(rng: np.random.Generator) -> Pen:
    """Return a pen of four drawers with their own ranges."""
    way = rng.random()
    if way < 0.45:
        return Pen("any", between(rng, 15, 110), between(rng, 0.3, 0.65), between(rng, 0, 0.3), 0.01, 0.03)
    if way < 0.7:
        return Pen("any", between(rng, 60, 150), between(rng, 0.35, 0.9), between(rng, 0.5, 0.85), 0.02, 0.06)
    if way < 0.85:
        return Pen("any", between(rng, 20, 90), between(rng, 0.8, 1.8), 0.05, 0.0, 0.1)
    return Pen("any", between(rng, 110, 170), between(rng, 0.25, 0.5), between(rng, 0.2, 0.7), 0.08, 0.03)


class Path(Stroke):
    """A stroke that another can follow without lifting the pen."""

    __slots__ = ()

    def joined(self, other: Stroke) -> Path:
        """Return both as one stroke."""
        return Path(np.concatenate([self.points, other.points]), np.concatenate([self.pressure, other.pressure]))


def _columns(wide: float, high: float, pitch: float, rng: np.random.Generator) -> list[Stroke]:
    count = int(np.clip(2 * wide / max(pitch, 0.15), 4, 30))
    xs = np.repeat(np.linspace(-wide, wide, count), 2)
    ends = high * rng.uniform(0.85, 1.1, 2 * count)
    ys = ends * np.tile([1, -1, -1, 1], count)[: 2 * count]
    steps = [np.linspace(a, b, 14) for a, b in zip(np.stack([xs, ys], 1)[:-1], np.stack([xs, ys], 1)[1:], strict=True)]
    return [_pressed(np.concatenate(steps) + rng.normal(0, 0.03, (14 * len(steps), 2)), rng)]


def _bezier(corners: list[tuple[float, float]], size: float, rng: np.random.Generator, jitter: float = 0.22) -> Path:
    a, b, c = np.array(corners, float) * size + rng.normal(0, jitter * size, (3, 2))
    length = float(np.hypot(*(b - a)) + np.hypot(*(c - b)))
    t = np.linspace(0, 1, max(6, int(length / 0.12)))[:, None]
    return _pressed((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c, rng)


def _pressed(points: Floats, rng: np.random.Generator) -> Path:
    """Press in waves, lighter at both ends."""
    at = np.linspace(0, 1, len(points))
    wave = 1 + between(rng, 0, 0.25) * np.sin(2 * np.pi * (at * between(rng, 0.5, 3) + rng.random()))
    taper = np.minimum(1, 0.45 + np.minimum(at, 1 - at) * between(rng, 3, 12))
    return Path(points, wave * taper * between(rng, 0.8, 1.1))
