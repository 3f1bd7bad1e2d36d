"""Ways of taking a mark back: what is drawn over it. Lists of paths about the middle of the box, in mm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.marks.curve import Path
from tests.marks.shapes import SIDE, Rng, fill


def solid(rng: Rng, pitch: float) -> list[Path]:
    """■ as the sheet asks for it: filled twice, once each way."""
    return [*fill("plain", rng, pitch * 0.75, 0.53), *fill("looped", rng, pitch * 0.95, 0.51)]


def sloppy(rng: Rng, pitch: float) -> list[Path]:
    """■ in a hurry: white between the lines, ends beyond the box."""
    return fill(
        "plain" if rng.random() < 0.6 else "looped",
        rng,
        max(0.55, pitch * rng.uniform(1.2, 1.9)),
        rng.uniform(0.55, 0.7),
    )


def big_cross(rng: Rng, pitch: float) -> list[Path]:
    """A × larger than the box."""
    a = SIDE * rng.uniform(0.7, 0.95)
    wave = rng.normal(0, 0.25, (2, 2))
    first = np.array([(-a, -a * 0.9), wave[0], (a, a * 0.9)])
    second = np.array([(a, -a * 0.9), wave[1], (-a, a * 0.9)])
    return [Path((first,), 0.15), Path((second,), 0.15)]


def one_line(rng: Rng, pitch: float) -> list[Path]:
    """One long line through the mark, level or falling, clearly longer than the box."""
    return [_line(rng, 0.0, rng.uniform(-0.3, 0.35))]


def two_lines(rng: Rng, pitch: float) -> list[Path]:
    """Two long lines side by side."""
    slant, gap = rng.uniform(-0.3, 0.35), rng.uniform(0.5, 0.9)
    return [_line(rng, -gap, slant), _line(rng, gap, slant)]


def scribble(rng: Rng, pitch: float) -> list[Path]:
    """Loops over the box without lifting the pen."""
    turns = rng.integers(5, 9)
    t = np.linspace(0, 2 * np.pi * turns, int(9 * turns))
    a = SIDE * rng.uniform(0.45, 0.62) * (1 + 0.15 * np.sin(t * 0.37 + rng.uniform(0, 6)))
    drift = np.linspace(-0.5, 0.5, len(t)) * SIDE
    points = np.stack([0.5 * a * np.cos(t) + drift, a * np.sin(t + rng.uniform(-0.5, 0.5))], 1)
    return [Path((points + rng.normal(0, 0.18, points.shape),), 0.05, 1.2)]


def zigzag(rng: Rng, pitch: float) -> list[Path]:
    """Four to seven strong strokes up and down, wide apart."""
    n = int(rng.integers(5, 9))
    x = np.linspace(-0.6, 0.6, n) * SIDE
    y = np.where(np.arange(n) % 2, -0.62, 0.62) * SIDE * rng.uniform(0.8, 1.15, n)
    corners = np.stack([x, y], 1)
    return [Path(tuple(corners[k : k + 2] for k in range(n - 1)), 0.06, 1.1)]


def _line(rng: Rng, shift: float, slant: float) -> Path:
    a = SIDE * rng.uniform(0.8, 1.1)
    y = shift + np.array([slant, 0.0, -slant]) * SIDE + rng.normal(0, 0.15, 3)
    return Path((np.stack([np.array([-a, 0.0, a]), y], 1),), 0.12)


CANCELS: dict[str, Callable[[Rng, float], list[Path]]] = {
    "solid": solid,
    "sloppy": sloppy,
    "big-cross": big_cross,
    "one-line": one_line,
    "two-lines": two_lines,
    "scribble": scribble,
    "zigzag": zigzag,
}
# A way of cancelling that a person could not tell from the writer's own mark is not used by that writer.
UNLIKE = {
    "cross": ("solid", "scribble", "zigzag", "two-lines"),
    "slash": ("solid", "sloppy", "scribble", "zigzag"),
    "dash": ("solid", "sloppy", "scribble", "zigzag"),
    "short": ("solid", "scribble", "zigzag", "big-cross"),
    "fill": ("big-cross", "zigzag", "two-lines"),
    "half": ("big-cross", "scribble", "zigzag"),
    "ring": ("solid", "big-cross", "scribble", "two-lines"),
    "tick": tuple(CANCELS),
}
