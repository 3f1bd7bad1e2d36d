"""What a pen leaves that is no answer: resting dots, stray lines, handwriting. Paths in mm on the page."""

from __future__ import annotations

import numpy as np

from tests.marks.curve import Floats, Path, path
from tests.marks.shapes import Rng, turned

# Characters as strokes in a unit square, y down: enough for lines of writing that look like writing.
_SIGNS: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (
        ((0.05, 0.1), (0.95, 0.08)),
        ((0.55, 0.1), (0.35, 0.45), (0.05, 0.75)),
        ((0.5, 0.35), (0.5, 0.98)),
        ((0.6, 0.45), (0.85, 0.65)),
    ),
    (((0.1, 0.35), (0.9, 0.3)), ((0.5, 0.02), (0.45, 0.5), (0.08, 0.95)), ((0.5, 0.4), (0.92, 0.95))),
    (((0.15, 0.2), (0.85, 0.18)), ((0.5, 0.2), (0.5, 0.85)), ((0.05, 0.88), (0.95, 0.86))),
    (
        ((0.2, 0.25), (0.22, 0.7)),
        ((0.2, 0.25), (0.8, 0.22), (0.78, 0.68)),
        ((0.22, 0.65), (0.78, 0.62)),
        ((0.5, 0.0), (0.5, 1.0)),
    ),
    (
        ((0.25, 0.08), (0.25, 0.95)),
        ((0.25, 0.1), (0.75, 0.08), (0.76, 0.95)),
        ((0.27, 0.5), (0.74, 0.48)),
        ((0.26, 0.92), (0.75, 0.9)),
    ),
    (((0.1, 0.15), (0.9, 0.12)), ((0.15, 0.5), (0.85, 0.48)), ((0.5, 0.14), (0.5, 0.9)), ((0.02, 0.92), (0.98, 0.9))),
    (((0.5, 0.05), (0.4, 0.5), (0.05, 0.98)), ((0.45, 0.4), (0.95, 0.95))),
    (
        ((0.3, 0.02), (0.05, 0.45)),
        ((0.2, 0.3), (0.2, 0.98)),
        ((0.4, 0.15), (0.95, 0.12)),
        ((0.7, 0.15), (0.68, 0.95)),
        ((0.4, 0.55), (0.95, 0.52)),
    ),
    (((0.2, 0.05), (0.8, 0.03), (0.4, 0.3)), ((0.1, 0.4), (0.9, 0.36)), ((0.52, 0.3), (0.5, 0.85), (0.38, 0.95))),
    (
        ((0.1, 0.2), (0.2, 0.3)),
        ((0.05, 0.9), (0.3, 0.55)),
        ((0.4, 0.2), (0.9, 0.18)),
        ((0.65, 0.0), (0.65, 0.5)),
        ((0.45, 0.55), (0.45, 0.9), (0.85, 0.88), (0.86, 0.55)),
    ),
)


def dot(at: Floats, rng: Rng) -> list[Path]:
    """Return a resting pen's dot: hardly any way at all."""
    spot = at + rng.normal(0, 0.12, (3, 2))
    return [Path((spot,), 0.0, 0.4)]


def stray_line(at: Floats, rng: Rng) -> list[Path]:
    """Return a slip of the hand: a long line, 4 to 9 boxes long, that passes ``at`` to one side of the middle."""
    length, bow = rng.uniform(20, 44), rng.normal(0, 1.5)
    start = -rng.uniform(0.35, 0.65) * length
    beside = rng.choice((-1, 1)) * rng.uniform(1.2, 3.2)
    points = np.array([(start, beside), (start + 0.5 * length, beside + bow), (start + length, beside)])
    angle = rng.normal(0, 0.5) + (np.pi if rng.random() < 0.3 else 0)
    return [Path((points @ turned(angle, 1).T + at,), 0.3, 1.3)]


def writing(start: Floats, count: int, size: float, rng: Rng, falling: float = 0.0) -> list[Path]:
    """Return ``count`` characters of ``size`` mm from ``start`` (top left) to the right, ``falling`` mm for each."""
    lines = []
    for place in range(count):
        sign = _SIGNS[int(rng.integers(len(_SIGNS)))]
        along = np.array([place * size * rng.uniform(1.02, 1.12), place * falling + rng.normal(0, 0.05 * size)])
        corner = start + along
        side = size * rng.uniform(0.8, 1.0) * np.array([0.9, 1.0])
        for stroke in sign:
            points = [tuple(corner + side * (np.array(p) + rng.normal(0, 0.045, 2))) for p in stroke]
            lines.append(path([(float(x), float(y)) for x, y in points], flick=0.3, haste=1.1))
    return lines
