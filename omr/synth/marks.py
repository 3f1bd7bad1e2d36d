"""The shapes that people draw at a box, as strokes in mm about the box's centre (a box is about 5 mm wide, y down).

Every shape takes ``size`` (1 is a mark of the box's own size) and a generator: no two are alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from omr.synth.arrays import Floats, between
from omr.synth.pens import Stroke

STEP = 0.12  # mm between the points of a stroke
Shape = Callable[[float, float, np.random.Generator], list[Stroke]]  # size, pen width in mm


def curve(
    corners: list[tuple[float, float]],
    rng: np.random.Generator,
    wobble: float = 0.07,
    lift: float = 0.5,
    round_mm: float = 0.72,
) -> Stroke:
    """Draw a smooth line by hand through ``corners``: trembling by ``wobble`` mm, its end ``lift`` lighter.

    Corners are rounded over ``round_mm`` to each side.
    """
    path = np.array(corners, float)
    path += rng.normal(0, wobble, path.shape)
    lengths = np.hypot(*np.diff(path, axis=0).T)
    count = max(4, int(lengths.sum() / STEP))
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], count)
    points = np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], axis=1)
    reach = max(1, min(count // 8, int(round_mm / STEP)))  # corners are rounded by the hand, not by a spline
    points = _smooth(points, reach) + _tremble(count, wobble * 0.5, rng)
    rise = np.minimum(1, 0.6 + np.linspace(0, 3, count))
    fall = 1 - lift * np.clip((np.linspace(0, 1, count) - 0.6) / 0.4, 0, 1)
    return Stroke(points, rise * fall * between(rng, 0.85, 1.1))


def tick(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """√ in one go: a short way down, a long way up to the right."""
    corners = [(-1.9, between(rng, -0.9, 0.3)), (-0.5, 1.6), (between(rng, 1.9, 2.9), between(rng, -3.0, -2.0))]
    return [curve(_scaled(corners, size), rng, 0.12 * size)]


def cross(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """× in two strokes."""
    a, b = 2.0 * size, 1.9 * size
    first = curve([(-a, -b), (a, b)], rng, 0.25)
    return [first, curve([(a, -b), (-a, b)], rng, 0.25)]


def circle(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """○ round the box; it rarely closes."""
    start, turn = between(rng, -2.4, -1.2), between(rng, 5.6, 7.0)
    angles = start - np.linspace(0, turn, 40)
    size = min(max(size, 0.85), 1.1)  # it goes round the box, and not round the next one
    wide, high = between(rng, 3.5, 4.3) * size, between(rng, 3.2, 3.7) * size
    grow = np.linspace(1, between(rng, 0.92, 1.08), 40)
    corners = [(wide * g * np.cos(a), high * g * np.sin(a)) for a, g in zip(angles, grow, strict=True)]
    return [curve(corners, rng, 0.05, 0.3)]


def fill(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """The box filled to and fro, sometimes a little over its edge."""
    half = 2.3 * min(size, 1.25)
    return _hatch(-half, half, -half, half, width * between(rng, 0.75, 1.3), rng)


def half(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """A careless fill: one half of the box."""
    reach = 2.2 * min(size, 1.15)
    edge = between(rng, -0.4, 0.4)
    low, high = ((-reach, edge), (edge, reach))[int(rng.integers(2))]
    return _hatch(low, high, -reach, reach, width * between(rng, 0.8, 1.4), rng)


def slash(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """／ from the lower left, now and then the other way."""
    x, y = 2.0 * size, 2.1 * size
    ends = [(-x, y), (x, -y)] if rng.random() < 0.8 else [(-x, -y), (x, y)]
    return [curve(ends, rng, 0.3)]


def dash(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """— through the middle."""
    tilt = between(rng, -0.5, 0.5)
    return [curve([(-2.1 * size, tilt), (2.1 * size, -tilt)], rng, 0.2, 0.2)]


def scribble(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """Loops over the whole box, as one strikes out."""
    turns = int(rng.integers(4, 7))
    angles = np.linspace(0, 2 * np.pi * turns, 24 * turns)
    drift = np.linspace(-1.4, 1.4, len(angles)) * size
    xs = drift + 1.5 * size * np.cos(angles)
    ys = 2.4 * size * np.sin(angles) * between(rng, 0.85, 1.15)
    return [curve(list(zip(xs.tolist(), ys.tolist(), strict=True)), rng, 0.08, 0.1)]


def strikes(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """Two or three lines through what stands there."""
    strokes = []
    for number in range(int(rng.integers(2, 4))):
        y = (number - 1) * between(rng, 0.7, 1.2)
        strokes.append(
            curve([(-2.9 * size, y + between(rng, -0.3, 0.6)), (2.9 * size, y - between(rng, 0, 0.9))], rng, 0.15, 0.2)
        )
    return strokes


def dot(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """The touch of a resting pen."""
    end = between(rng, 0.05, 0.35) * size
    return [curve([(0.0, 0.0), (end, between(rng, -0.15, 0.2))], rng, 0.02, 0.0)]


def stray(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """A line that slipped across a box on its way from somewhere else."""
    angle, reach = between(rng, -np.pi, np.pi), between(rng, 4.0, 9.0) * size
    bend = between(rng, -1.0, 1.0)
    x, y = reach * np.cos(angle), reach * np.sin(angle)
    near = (-x * 0.15, -y * 0.15)
    return [curve([near, (x * 0.4 - y / reach * bend, y * 0.4 + x / reach * bend), (x, y)], rng, 0.1, 0.8)]


def twice(size: float, width: float, rng: np.random.Generator) -> list[Stroke]:
    """√ gone over once more."""
    again = [stroke.moved(between(rng, -0.7, 0.7), between(rng, -0.6, 0.6)) for stroke in tick(size, width, rng)]
    return tick(size, width, rng) + again


def hook(size: float, _width: float, rng: np.random.Generator) -> list[Stroke]:
    """√ of a hurried hand: no way down to speak of, or none that is seen."""
    start = (between(rng, -1.6, -0.6), between(rng, 0.4, 1.5))
    return [curve(_scaled([start, (start[0] + 0.5, 1.6), (between(rng, 0.9, 2.4), -2.3)], size), rng, 0.1 * size)]


SHAPES: dict[str, Shape] = {
    "tick": tick,
    "cross": cross,
    "circle": circle,
    "fill": fill,
    "half": half,
    "slash": slash,
    "dash": dash,
    "twice": twice,
    "hook": hook,
}


def _hatch(
    left: float, right: float, top: float, bottom: float, pitch: float, rng: np.random.Generator
) -> list[Stroke]:
    """To and fro between two edges, in one stroke, at a slope of the hand's own."""
    slope = between(rng, -0.5, 0.5)
    corners = []
    y, side = top, 0
    while y < bottom:
        x = (left, right)[side] + between(rng, -0.25, 0.25)
        corners.append((x, float(np.clip(y + slope * x * 0.4, top - 0.3, bottom + 0.3))))
        y, side = y + pitch * between(rng, 0.7, 1.15) * 0.7, 1 - side
    return [curve(corners, rng, 0.06, 0.1, 0.36)]


def _scaled(corners: list[tuple[float, float]], size: float) -> list[tuple[float, float]]:
    return [(x * size, y * size) for x, y in corners]


def _smooth(points: Floats, reach: int) -> Floats:
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    padded = np.concatenate([np.repeat(points[:1], reach, axis=0), points, np.repeat(points[-1:], reach, axis=0)])
    return np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)


def _tremble(count: int, amplitude: float, rng: np.random.Generator) -> Floats:
    """Slow deviations of a hand: a few knots, joined."""
    knots = max(3, count // 12)
    values = rng.normal(0, amplitude, (knots, 2))
    at = np.linspace(0, knots - 1, count)
    return np.stack([np.interp(at, np.arange(knots), values[:, axis]) for axis in (0, 1)], axis=1)
