"""Shapes of deliberate marks, as a writer draws them: lists of paths about (0, 0) in mm, for a box of ``SIDE``.

The ticks are ways in which √ is written by hand in Chinese offices and schools: with one stroke or two, with a hook,
with a long tail, round or pointed, some mirrored by left hands.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.marks.curve import Floats, Path, path

SIDE = 5.0
Rng = np.random.Generator
Points = list[tuple[float, float]]

# Each tick: its pieces, in box sides from the middle of the box, y down; and the share of its way that lifts off.
_TICKS: dict[str, tuple[list[Points], float]] = {
    "pointed": ([[(-0.36, -0.02), (-0.22, 0.16), (-0.1, 0.36)], [(-0.1, 0.36), (0.12, -0.08), (0.52, -0.6)]], 0.3),
    "rounded": ([[(-0.38, -0.05), (-0.2, 0.22), (-0.06, 0.34), (0.08, 0.2), (0.3, -0.2), (0.56, -0.55)]], 0.35),
    "hooked": (
        [
            [(-0.44, 0.08), (-0.36, -0.06), (-0.24, 0.08), (-0.12, 0.38)],
            [(-0.12, 0.38), (0.1, -0.1), (0.42, -0.5), (0.6, -0.52)],
        ],
        0.12,
    ),
    "long-tail": ([[(-0.4, 0.0), (-0.27, 0.14), (-0.16, 0.34)], [(-0.16, 0.34), (0.4, -0.34), (1.25, -1.05)]], 0.45),
    "steep": ([[(-0.24, 0.02), (-0.14, 0.2), (-0.06, 0.42)], [(-0.06, 0.42), (0.06, -0.2), (0.26, -0.95)]], 0.3),
    "flat": ([[(-0.42, 0.0), (-0.3, 0.14), (-0.2, 0.22)], [(-0.2, 0.22), (0.25, 0.0), (0.75, -0.2)]], 0.3),
    "small": ([[(-0.2, 0.0), (-0.1, 0.12), (-0.04, 0.2)], [(-0.04, 0.2), (0.1, -0.05), (0.26, -0.28)]], 0.25),
    "even": ([[(-0.42, -0.34), (-0.2, 0.05), (0.0, 0.34)], [(0.0, 0.34), (0.2, -0.02), (0.42, -0.42)]], 0.15),
    "bowed": (
        [[(-0.34, 0.04), (-0.24, 0.16), (-0.14, 0.32)], [(-0.14, 0.32), (0.02, -0.12), (0.3, -0.42), (0.66, -0.5)]],
        0.4,
    ),
    "sagging": ([[(-0.34, 0.0), (-0.2, 0.3), (0.02, 0.3)], [(0.02, 0.3), (0.34, 0.02), (0.5, -0.66)]], 0.3),
}
_TWO_STROKES: tuple[list[Points], ...] = (
    [[(-0.38, -0.1), (-0.26, 0.05), (-0.14, 0.3)], [(-0.1, 0.38), (0.14, -0.1), (0.55, -0.62)]],
    [[(-0.3, 0.0), (-0.14, 0.3)], [(-0.24, 0.32), (0.1, 0.1), (0.5, -0.5)]],
)
TICKS = (*_TICKS, "two-strokes")


def tick(form: str, rng: Rng) -> list[Path]:
    """Return one √ of a named form."""
    if form == "two-strokes":
        pieces = _TWO_STROKES[int(rng.integers(2))]
        return [_path([piece], 0.25, rng) for piece in pieces]
    pieces, flick = _TICKS[form]
    return [_path(pieces, flick, rng)]


def cross(form: str, rng: Rng) -> list[Path]:
    """Return a ×: two straight strokes, or one without lifting the pen (``form`` "looped")."""
    a = rng.uniform(0.3, 0.48)
    if form == "looped":
        return [
            _path(
                [[(-a, -a), (0, 0.02), (a, a)], [(a, a), (a + 0.1, 0.1), (a, -a)], [(a, -a), (0, 0), (-a, a)]], 0.1, rng
            )
        ]
    return [_path([[(-a, -a), (0, 0.04), (a, a)]], 0.1, rng), _path([[(a, -a), (-0.03, 0), (-a, a)]], 0.15, rng)]


def ring(form: str, rng: Rng, half: tuple[float, float] = (0.72, 0.68)) -> list[Path]:
    """Return a ring of ``half`` box sides, ends overlapping or not meeting, started at the top or the left."""
    start, turn = rng.uniform(-2.2, -1.2), rng.uniform(5.9, 7.2) * (-1 if form == "looped" else 1)
    angle = np.linspace(start, start + turn, 16)
    drift = np.linspace(0.94, 1.06, 16) * rng.uniform(0.95, 1.05)
    points = np.stack([half[0] * drift * np.cos(angle), half[1] * drift * np.sin(angle)], 1)
    return [Path((points * SIDE,), 0.08)]


def fill(form: str, rng: Rng, pitch: float, reach: float = 0.5, left: float = -1.0, right: float = 1.0) -> list[Path]:
    """Return a box filled by a zigzag line, ``pitch`` mm apart, to ``reach`` box sides, from ``left`` to ``right``."""
    half = reach * SIDE
    steps = max(6, int(2 * half / pitch))
    across = np.linspace(-half, half, steps)
    ends = np.where(np.arange(steps) % 2 == 0, left * half, right * half) * rng.uniform(0.86, 1.06, steps)
    points = np.stack([ends, across], 1) + rng.normal(0, 0.12, (steps, 2))
    if form == "looped":
        points = points[:, ::-1]
    angle = rng.uniform(-0.35, 0.35)
    return [Path((points @ _turn(angle).T,), 0.0, 1.1)]


def half(form: str, rng: Rng, pitch: float) -> list[Path]:
    """Return a box of which about the half was filled."""
    return fill(form, rng, pitch * 0.85, 0.45, -0.95, rng.uniform(-0.15, 0.25))


def slash(form: str, rng: Rng) -> list[Path]:
    """Return one slanting stroke through the box; ``form`` "looped" falls from left to right."""
    a, b = rng.uniform(0.3, 0.55), rng.uniform(0.4, 0.65)
    if form == "looped":
        return [_path([[(-a, -b), (0, 0.03), (a, b)]], 0.2, rng)]
    return [_path([[(-a, b), (0.02, 0.0), (a, -b)]], 0.25, rng)]


def dash(form: str, rng: Rng) -> list[Path]:
    """Return a level stroke through the box."""
    a = rng.uniform(0.35, 0.6)
    return [_path([[(-a, 0.04), (0, -0.02), (a, -0.05)]], 0.15, rng)]


def short(form: str, rng: Rng) -> list[Path]:
    """Return a tick so short that it looks like a comma: some 2 mm."""
    if form == "looped":
        return [_path([[(-0.16, -0.18), (0.02, 0.0), (0.1, 0.22)]], 0.3, rng)]
    return [_path([[(-0.14, 0.02), (-0.06, 0.14)], [(-0.06, 0.14), (0.06, 0.0), (0.22, -0.24)]], 0.4, rng)]


def plain(draw: Callable[[str, Rng], list[Path]]) -> Callable[[str, Rng, float], list[Path]]:
    """Give a shape that does not depend on the pen the form of those that do."""
    return lambda form, rng, pitch: draw(form, rng)


STYLES: dict[str, Callable[[str, Rng, float], list[Path]]] = {
    "tick": plain(tick),
    "cross": plain(cross),
    "ring": plain(ring),
    "fill": fill,
    "half": half,
    "slash": plain(slash),
    "dash": plain(dash),
    "short": plain(short),
}


def turned(angle: float, size: float, mirrored: bool = False) -> Floats:
    """Return the matrix that turns by ``angle`` (rad), scales by ``size`` and mirrors left and right."""
    return size * _turn(angle) @ np.diag([-1.0 if mirrored else 1.0, 1.0])


def _turn(angle: float) -> Floats:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _path(pieces: list[Points], flick: float, rng: Rng) -> Path:
    """Return pieces in mm, each inner point a little off; pieces keep their common corners."""
    drawn = path(
        *[[(x * SIDE, y * SIDE) for x, y in piece] for piece in pieces], flick=flick, haste=rng.uniform(0.7, 1.2)
    )
    off = {tuple(point): rng.normal(0, 0.14, 2) for piece in drawn.pieces for point in piece}
    return Path(tuple(np.array([p + off[tuple(p)] for p in piece]) for piece in drawn.pieces), flick, drawn.haste)
