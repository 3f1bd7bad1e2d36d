"""Paths of a pen: smooth pieces between sharp corners, sampled evenly, with the speed and the pressure of a hand.

The speed follows the two-thirds power law of human drawing (slow in tight bends), starts and ends slowly unless the
stroke is flicked away, and the tremor is noise with a wavelength of some half a millimetre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEP = 0.08  # mm between samples


@dataclass(frozen=True, slots=True)
class Path:
    """Control points in mm, piece by piece; pieces meet in sharp corners.

    ``flick`` is the share of the length that lifts off, ``haste`` the speed, about 1.
    """

    pieces: tuple[Floats, ...]
    flick: float = 0.0
    haste: float = 1.0

    def moved(self, matrix: Floats, by: Floats) -> Path:
        """Return the path turned and scaled by a 2 × 2 ``matrix`` and moved ``by`` mm."""
        return Path(tuple(piece @ matrix.T + by for piece in self.pieces), self.flick, self.haste)


@dataclass(frozen=True, slots=True)
class Trace:
    """A sampled path: ``xy`` (n, 2) in mm, ``speed`` (about 1) and ``pressure`` (0 to 1.2) at each sample."""

    xy: Floats
    speed: Floats
    pressure: Floats


def path(*pieces: list[tuple[float, float]], flick: float = 0.0, haste: float = 1.0) -> Path:
    """Return a path of pieces given as lists of points in mm."""
    return Path(tuple(np.asarray(piece, float) for piece in pieces), flick, haste)


def trace(line: Path, tremor: float, rng: np.random.Generator) -> Trace:
    """Sample a path as a hand draws it; ``tremor`` is the standard deviation of its shake in mm."""
    xy = _even(np.concatenate([_spline(piece) for piece in line.pieces]))
    n = len(xy)
    xy = xy + _shake(n, tremor, rng)
    along = np.linspace(0, 1, n)
    bend = _curvature(xy)
    speed = line.haste * np.clip((1 + bend) ** (-1 / 3), 0.35, 1)
    landing = np.clip(along * n * STEP / 0.5, 0.25, 1)
    lift = np.ones(n) if line.flick <= 0 else np.clip((1 - along) / line.flick, 0.12, 1)
    braking = np.clip((1 - along) * n * STEP / 0.4, 0.35, 1) if line.flick <= 0 else np.ones(n)
    wander = 1 + 0.09 * _smooth(rng.standard_normal(n), 12)
    return Trace(xy, speed * landing * braking, np.clip(lift * wander, 0.05, 1.2))


def _spline(points: Floats) -> Floats:
    """Catmull-Rom through the points, ends doubled; two points give a straight line."""
    if len(points) < 3:
        return points
    p = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 14)[:, None, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.asarray(curve.transpose(1, 0, 2).reshape(-1, 2))


def _even(points: Floats) -> Floats:
    gaps = np.hypot(*np.diff(points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(gaps)])
    wanted = np.linspace(0, at[-1], max(3, int(at[-1] / STEP) + 1))
    return np.stack([np.interp(wanted, at, points[:, k]) for k in (0, 1)], 1)


def _shake(n: int, tremor: float, rng: np.random.Generator) -> Floats:
    noise = rng.standard_normal((n, 2))
    slow = np.stack([_smooth(noise[:, k], 9) + 1.6 * _smooth(noise[:, k], 40) for k in (0, 1)], 1)
    return tremor * slow


def _smooth(noise: Floats, width: int) -> Floats:
    """Moving average over ``width`` samples, brought back to a spread of 1."""
    width = min(width, len(noise))
    return np.convolve(noise, np.ones(width) / np.sqrt(width), "same")


def _curvature(xy: Floats) -> Floats:
    """Turning per mm, taken over some 0.4 mm."""
    if len(xy) < 12:
        return np.zeros(len(xy))
    ahead, behind = np.roll(xy, -5, 0) - xy, xy - np.roll(xy, 5, 0)
    turn = np.arctan2(ahead[:, 1], ahead[:, 0]) - np.arctan2(behind[:, 1], behind[:, 0])
    turn = np.abs((turn + np.pi) % (2 * np.pi) - np.pi) / (5 * STEP)
    turn[:5] = turn[-5:] = 0
    return turn
