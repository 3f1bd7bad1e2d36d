"""Planes of noise and light that stay cheap on a page of nine million pixels."""

from __future__ import annotations

import cv2
import numpy as np

from tests.marks.pens import Plane
from tests.marks.shapes import Rng


def tiled(tile: Plane, shape: tuple[int, int], rng: Rng) -> Plane:
    """Return a plane made of a square tile, begun at a random place and turned at random."""
    side = len(tile)
    tile = np.rot90(np.roll(tile, tuple(int(k) for k in rng.integers(0, side, 2)), (0, 1)), int(rng.integers(4)))
    times = (-(-shape[0] // side), -(-shape[1] // side))
    return np.ascontiguousarray(np.tile(tile, times)[: shape[0], : shape[1]], np.float32)


def noise(shape: tuple[int, int], sigma: float, rng: Rng, side: int = 768) -> Plane:
    """Return white noise of a spread ``sigma``; the tile repeats each ``side`` pixels."""
    return tiled(rng.standard_normal((side, side), np.float32) * np.float32(sigma), shape, rng)


def clouds(shape: tuple[int, int], cells: int, rng: Rng) -> Plane:
    """Return smooth noise between about -1 and 1 with some ``cells`` humps across the page."""
    coarse = rng.uniform(-1, 1, (cells + 2, cells + 2)).astype(np.float32)
    small = cv2.resize(coarse, (shape[1] // 16 + 1, shape[0] // 16 + 1), interpolation=cv2.INTER_CUBIC)
    return wide(np.asarray(small, np.float32), shape)


def wide(coarse: Plane, shape: tuple[int, int]) -> Plane:
    """Stretch a coarse plane over a page."""
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
