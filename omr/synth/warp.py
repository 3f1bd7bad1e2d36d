"""Where a point of the paper comes to lie in the image. One definition, pixel → mm; the other way is solved for.

Pixels follow OpenCV's convention (the centre of the first pixel is 0, 0); millimetres are those of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from omr.synth.arrays import Floats, Grey, between

_GRID = 16  # px between the points at which a bent page is computed; between them it is straight


@dataclass(frozen=True, slots=True)
class Curl:
    """Paper that does not lie flat: waves of ``rise_mm`` across and ``lean_mm`` down the page."""

    size_mm: tuple[float, float]
    rise_mm: float
    ripple_mm: float
    phase: float
    lean_mm: float

    def shift(self, points: Floats) -> Floats:
        """Return by how much (mm) the seen points (n, 2) deviate."""
        x, y = points[:, 0] / self.size_mm[0], points[:, 1] / self.size_mm[1]
        down = self.rise_mm * np.sin(np.pi * x) + self.ripple_mm * np.sin(2 * np.pi * x + self.phase)
        return np.stack([self.lean_mm * np.sin(np.pi * y), down], axis=1)


@dataclass(frozen=True, slots=True)
class Slip:
    """The feeder's rollers slipped at ``y_mm``: below, all stands ``by_mm`` off, reached within ``ramp_mm``."""

    y_mm: float
    by_mm: float
    side_mm: float
    ramp_mm: float = 4.0

    def shift(self, points: Floats) -> Floats:
        """Return by how much (mm) the seen points (n, 2) deviate."""
        share = np.clip((points[:, 1] - self.y_mm) / self.ramp_mm, 0, 1)
        return np.stack([self.side_mm * share, self.by_mm * share], axis=1)


@dataclass(frozen=True, slots=True)
class Warp:
    """``matrix`` maps paper mm to px where nothing is bent; ``lens`` is the barrel's strength at the image's corner."""

    matrix: Floats
    size_px: tuple[int, int]  # width, height
    bends: tuple[Curl | Slip, ...] = ()
    lens: float = 0.0

    def to_paper(self, pixels: Floats) -> Floats:
        """Return the mm on the paper that are seen at ``pixels`` (n, 2)."""
        points = _project(np.linalg.inv(self.matrix), self._straight(pixels))
        for bend in self.bends:
            points = points + bend.shift(points)
        return points

    def to_image(self, points: Floats) -> Floats:
        """Return the pixels (n, 2) where ``points`` in mm are seen. Raises ValueError where none is found."""
        inverse = np.linalg.inv(self.matrix)
        pixels = _project(self.matrix, points)
        for _ in range(60):
            missed = self.to_paper(pixels) - points
            if np.abs(missed).max(initial=0) < 1e-4:
                return pixels
            pixels = _project(self.matrix, _project(inverse, pixels) - missed)
        raise ValueError("the page is bent too far to be followed")

    def apply(self, paper: Grey, scale: tuple[float, float], backing: int) -> Grey:
        """Return the image of a flat ``paper`` of ``scale`` px per mm before a ``backing`` of that grey."""
        if not self.bends and not self.lens:
            onto = self.matrix @ np.linalg.inv(_paper_matrix(scale))
            return cv2.warpPerspective(paper, onto, self.size_px, flags=cv2.INTER_LINEAR, borderValue=backing)
        maps = self._maps(scale)
        return cv2.remap(paper, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=backing)

    def _straight(self, pixels: Floats) -> Floats:
        if not self.lens:
            return pixels
        centre = (np.array(self.size_px) - 1) / 2
        away = (pixels - centre) / np.hypot(*centre)
        return np.asarray(centre + (pixels - centre) * (1 + self.lens * (away**2).sum(axis=1, keepdims=True)))

    def _maps(self, scale: tuple[float, float]) -> tuple[Floats, Floats]:
        """The flat paper's pixel for each pixel of the image: computed on a grid, drawn out between its points."""
        width, height = self.size_px
        columns, rows = -(-width // _GRID), -(-height // _GRID)
        xs, ys = (np.arange(count) * _GRID + (_GRID - 1) / 2 for count in (columns, rows))
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        flat = (self.to_paper(grid) * scale - 0.5).astype(np.float32).reshape(rows, columns, 2)
        full = cv2.resize(_edged(flat), ((columns + 2) * _GRID, (rows + 2) * _GRID), interpolation=cv2.INTER_LINEAR)
        full = full[_GRID : _GRID + height, _GRID : _GRID + width]
        return np.ascontiguousarray(full[..., 0]), np.ascontiguousarray(full[..., 1])


def scanner_view(
    size_mm: tuple[float, float], dpi: int, skew_deg: float, shift_mm: tuple[float, float], scale: float
) -> tuple[Floats, tuple[int, int]]:
    """Return the matrix mm → px and the size of a scan at ``dpi``."""
    width, height = size_mm
    angle = np.deg2rad(skew_deg)
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
    turn = np.array([[c, -s, shift_mm[0] + width / 2], [s, c, shift_mm[1] + height / 2], [0, 0, 1.0]])
    per_mm = dpi / 25.4
    return _paper_matrix((per_mm, per_mm)) @ turn @ middle, (round(width * per_mm), round(height * per_mm))


def turned_view(matrix: Floats, size_px: tuple[int, int], quarters: int) -> tuple[Floats, tuple[int, int]]:
    """Return matrix and size of the same image turned clockwise by quarters."""
    for _ in range(quarters % 4):
        matrix = np.array([[0, -1, size_px[1] - 1], [1, 0, 0], [0, 0, 1.0]]) @ matrix
        size_px = (size_px[1], size_px[0])
    return matrix, size_px


def photo_view(size_mm: tuple[float, float], long_px: int, rng: np.random.Generator) -> tuple[Floats, tuple[int, int]]:
    """Return matrix and size of a photo: the page nearly fills the frame, seen somewhat from the side."""
    portrait = size_mm[1] >= size_mm[0]
    frame = np.array([0.75 * long_px, long_px] if portrait else [long_px, 0.75 * long_px]).round()
    page = np.array(size_mm) * (min(frame / size_mm) * between(rng, 0.86, 0.93))
    angle = np.deg2rad(between(rng, -2.5, 2.5))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * page / 2
    seen = corners @ turn.T + rng.uniform(-0.022, 0.022, (4, 2)) * frame + frame / 2
    on_paper = (np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size_mm).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(on_paper, seen.astype(np.float32))
    return np.asarray(matrix, float), (int(frame[0]), int(frame[1]))


def _paper_matrix(scale: tuple[float, float]) -> Floats:
    return np.array([[scale[0], 0, -0.5], [0, scale[1], -0.5], [0, 0, 1.0]])


def _project(matrix: Floats, points: Floats) -> Floats:
    seen = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(seen[:, :2] / seen[:, 2:])


def _edged(grid: Floats) -> Floats:
    """Continue a grid of positions by one step on each side, in a straight line."""
    rows = np.concatenate([2 * grid[:1] - grid[1:2], grid, 2 * grid[-1:] - grid[-2:-1]])
    return np.concatenate([2 * rows[:, :1] - rows[:, 1:2], rows, 2 * rows[:, -1:] - rows[:, -2:-1]], axis=1)
