"""How the paper lies under the glass or before the lens: a plane map and, over it, a bend of the paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.marks.curve import Floats
from tests.marks.pens import Plane
from tests.marks.shapes import Rng

Bend = Callable[[Floats], Floats]
_CELL = 16  # pixels between the knots of a bent map


@dataclass(frozen=True, slots=True)
class Geometry:
    """``matrix`` (3 × 3) maps mm of the flat page to pixels of a picture of ``size`` (width, height).

    ``bend`` gives for places on the flat page (n, 2) in mm where, in mm from there, the paper's ink is taken from.
    """

    matrix: Floats
    size: tuple[int, int]
    bend: Bend | None = None

    def pixels_of(self, page: Floats) -> Floats:
        """Return where points of the paper (n, 2 in mm) come to lie in the picture (px, first pixel's middle is 0)."""
        flat = page.copy()
        if self.bend is not None:
            for _ in range(6):
                flat = page - self.bend(flat)
        return _project(self.matrix, flat) - 0.5

    def picture(self, plane: Plane, pixels: float, backing: float) -> Plane:
        """Return the plane (``pixels`` per mm) as it lies in the picture; ``backing`` shows where there is no paper."""
        to_plane = np.diag([pixels, pixels, 1.0])
        if self.bend is None:
            half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
            matrix = half @ self.matrix @ np.linalg.inv(to_plane) @ np.linalg.inv(half)
            return np.asarray(
                cv2.warpPerspective(plane, matrix, self.size, flags=cv2.INTER_LINEAR, borderValue=backing), np.float32
            )
        u, v = self._maps(pixels)
        return np.asarray(cv2.remap(plane, u, v, cv2.INTER_LINEAR, borderValue=backing), np.float32)

    def _maps(self, pixels: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        assert self.bend is not None
        width, height = self.size
        columns, rows = width // _CELL + 3, height // _CELL + 3
        x, y = (np.arange(columns) - 0.5) * _CELL, (np.arange(rows) - 0.5) * _CELL
        knots = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2).astype(float)
        back = np.asarray(np.linalg.inv(self.matrix), np.float64)
        flat = _project(back, knots)
        paper = ((flat + self.bend(flat)) * pixels - 0.5).astype(np.float32).reshape(rows, columns, 2)
        full = cv2.resize(paper, (columns * _CELL, rows * _CELL), interpolation=cv2.INTER_LINEAR)
        full = full[_CELL : _CELL + height, _CELL : _CELL + width]
        return np.ascontiguousarray(full[..., 0]), np.ascontiguousarray(full[..., 1])


def flat_scan(page_mm: tuple[float, float], dpi: int, skew: float, shift: Floats, scale: Floats) -> Geometry:
    """Return a page on the glass: ``skew`` in degrees and ``scale`` (2) about the middle, ``shift`` in mm."""
    pixels = dpi / 25.4
    size = (round(page_mm[0] * pixels), round(page_mm[1] * pixels))
    middle = np.array(page_mm) / 2
    a = np.deg2rad(skew)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ np.diag(scale)
    matrix = np.eye(3)
    matrix[:2, :2] = pixels * turn
    matrix[:2, 2] = pixels * (middle - turn @ middle + shift)
    return Geometry(matrix, size)


def slip(page_mm: tuple[float, float], rng: Rng) -> Bend:
    """Return a feed that slips once or twice: from a line on, the page is some .3 to 1.5 mm shorter or longer."""
    places = rng.uniform(0.2, 0.8, int(rng.integers(1, 3))) * page_mm[1]
    sizes = rng.uniform(0.3, 1.5, len(places)) * rng.choice((-1, 1), len(places))

    def bend(at: Floats) -> Floats:
        step = sum(s * np.clip((at[:, 1] - y) / 3.0 + 0.5, 0, 1) for y, s in zip(places, sizes, strict=True))
        return np.stack([np.zeros(len(at)), step - sizes.sum() / 2], 1)

    return bend


def curl(page_mm: tuple[float, float], most: float, rng: Rng) -> Bend:
    """Return paper that does not lie flat: waves along one side, up to ``most`` mm, with all their slopes."""
    angle, length = rng.uniform(0, np.pi), rng.uniform(0.9, 1.8) * max(page_mm)
    along = np.array([np.cos(angle), np.sin(angle)])
    lift = rng.normal(0, 1, 2)
    lift *= rng.uniform(0.3, 1) * most / np.hypot(*lift)
    phase = rng.uniform(0, 6)

    def bend(at: Floats) -> Floats:
        wave = np.sin(2 * np.pi * (at @ along) / length + phase)
        return np.asarray(wave[:, None] * lift)

    return bend


def photographed(page_mm: tuple[float, float], rng: Rng) -> Geometry:
    """Return a page on a table, seen by a phone from above, not quite straight."""
    width, height = 2480, 3508
    if page_mm[0] > page_mm[1]:
        width, height = height, width
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
    margin = rng.uniform(0.02, 0.07)
    seen = (margin + (1 - 2 * margin) * corners) + rng.normal(0, 0.014, (4, 2))
    seen = np.clip(seen, 0.006, 0.994) * (width, height)
    matrix = cv2.getPerspectiveTransform((corners * page_mm).astype(np.float32), seen.astype(np.float32))
    return Geometry(np.asarray(matrix, float), (width, height), curl(page_mm, 2.5, rng))


def _project(matrix: Floats, points: Floats) -> Floats:
    moved = np.c_[points, np.ones(len(points))] @ matrix.T
    return np.asarray(moved[:, :2] / moved[:, 2:])
