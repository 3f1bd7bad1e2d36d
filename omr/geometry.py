"""Plane geometry between millimetres of a layout and pixels of an image.

Pixel coordinates are continuous: the top-left corner of the image is (0, 0), the middle of its first pixel (.5, .5).
So a reduced image differs from its original by a factor and nothing else. A map is a 3 × 3 matrix, mm → px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import CodeArea, Fiducial, Layout
from forms.layout import Page as LayoutPage
from omr.image import Grey

Array = NDArray[np.float64]
CORNERS = ("tl", "tr", "bl", "br")


@dataclass(frozen=True, slots=True)
class Geometry:
    """What pages of the same make have in common: enough to find and name them before their code is read."""

    page_mm: tuple[float, float]
    fiducials: tuple[Fiducial, ...]  # in the order of CORNERS
    code: CodeArea

    def centres(self) -> Array:
        """Return the middles of the four marks, in mm, (4, 2)."""
        return np.array([(f.x + f.w / 2, f.y + f.h / 2) for f in self.fiducials])

    def code_corners(self) -> Array:
        """Return the corners of the code, in mm, (4, 2): tl, tr, br, bl."""
        x, y, w, h = self.code.x, self.code.y, self.code.w, self.code.h
        return np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])


def geometry_of(layout: Layout, page: LayoutPage) -> Geometry:
    """Return the geometry of a layout's page. Raises KeyError where a corner is missing."""
    by_id = {f.id: f for f in page.fiducials}
    return Geometry(layout.page_mm, tuple(by_id[name] for name in CORNERS), page.code)


def apply(matrix: Array, points: Array) -> Array:
    """Map points (n, 2)."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:])


def inverse(matrix: Array) -> Array:
    """Return the map back, px → mm."""
    return np.asarray(np.linalg.inv(matrix), float)


def jacobians(matrix: Array, points: Array) -> Array:
    """Return the linear part of the map at each point, (n, 2, 2) in px per mm."""
    h = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    image, w = h[:, :2] / h[:, 2:], h[:, 2]
    return np.asarray((matrix[None, :2, :2] - image[:, :, None] * matrix[None, 2:, :2]) / w[:, None, None])


def px_per_mm(matrix: Array, point: Array) -> float:
    """Return the scale of the map at a point: the geometric mean over directions."""
    return float(math.sqrt(abs(np.linalg.det(jacobians(matrix, point.reshape(1, 2))[0]))))


def rotation_deg(matrix: Array, point: Array) -> float:
    """Return how far the page is turned clockwise in the image, in (-180, 180]."""
    linear = jacobians(matrix, point.reshape(1, 2))[0]
    return math.degrees(math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))


def affine_to_matrix(affine: Array) -> Array:
    """Return a 2 × 3 affine map as 3 × 3."""
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def fit_affine(source: Array, target: Array) -> tuple[Array, float]:
    """Fit an affine map by least squares; return it as 3 × 3 with the rms error in target units."""
    design = np.column_stack([source, np.ones(len(source))])
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    error = design @ solution - target
    return affine_to_matrix(np.asarray(solution.T, float)), float(np.sqrt((error**2).sum(axis=1).mean()))


def similarity(source: Array, target: Array) -> Array:
    """Return the turn, scale and shift (no shear) that bring points nearest to their targets, as 3 × 3."""
    p, z = (points @ np.array([1, 1j]) for points in (source, target))
    p0, z0 = p - p.mean(), z - z.mean()
    turn = (np.conj(p0) @ z0) / (np.conj(p0) @ p0)
    shift = z.mean() - turn * p.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag], [0.0, 0.0, 1.0]])


def patches(grey: Grey, matrix: Array, centres: Array, half_mm: tuple[float, float], scale: float) -> Grey:
    """Cut one upright patch around each centre (mm), at ``scale`` px per mm: (n, height, width).

    Outside the image is white. Inside a patch the map is taken as linear, which it is to 0.01 mm over a box.
    """
    width, height = (round(2 * half * scale) for half in half_mm)
    out = np.empty((len(centres), height, width), np.uint8)
    middle = np.array([width / 2, height / 2])
    linear = jacobians(matrix, centres) / scale
    offset = apply(matrix, centres) - linear @ (middle - 0.5) - 0.5  # pixel middles on both sides
    maps = np.concatenate([linear, offset[:, :, None]], axis=2)
    size, flags, edge = (width, height), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_CONSTANT
    for affine, patch in zip(maps, out, strict=True):
        cv2.warpAffine(grey, affine, size, patch, flags, edge, (255.0,))
    return out
