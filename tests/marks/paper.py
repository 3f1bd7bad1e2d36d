"""Paper and its life until the scanner: sort, crease, stain, staple, smear, what shines through from the back."""

from __future__ import annotations

import cv2
import numpy as np

from tests.marks.pens import Plane
from tests.marks.planes import clouds, noise, wide
from tests.marks.shapes import Rng

PAPERS = {"white": 0.5, "recycled": 0.14, "yellow": 0.12, "thin": 0.14, "creased": 0.1}
_LIGHT = {"white": 0.97, "recycled": 0.83, "yellow": 0.89, "thin": 0.94, "creased": 0.95}
TROUBLES = {"stain": 0.04, "staple": 0.06, "smear": 0.06}  # share of the pages


def sheet(kind: str, shape: tuple[int, int], pixels: float, rng: Rng) -> Plane:
    """Return the paper's reflectance, about 1, with its fibres and flecks."""
    tile = noise((768, 768), 1, rng)
    fibres = np.asarray(cv2.GaussianBlur(tile, (0, 0), 0.14 * pixels), np.float32)
    strength = 0.025 if kind == "recycled" else 0.008
    flecks = (tile > 4.0).astype(np.float32) if kind == "recycled" else np.zeros_like(tile)
    grown = cv2.dilate(flecks, np.ones((3, 2), np.uint8))
    flecks = np.asarray(cv2.GaussianBlur(grown, (0, 0), 0.7), np.float32)
    plane = _LIGHT[kind] * (1 + strength * fibres / fibres.std() - 0.35 * flecks)
    times = (-(-shape[0] // 768), -(-shape[1] // 768))
    return np.ascontiguousarray(np.tile(plane, times)[: shape[0], : shape[1]], np.float32)


def shine_through(density: Plane, pixels: float, strength: float, rng: Rng) -> Plane:
    """Return what of a like page printed and filled on the back is seen: mirrored, shifted, blurred."""
    half = cv2.resize(density, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(half[:, ::-1], (0, 0), 0.045 * pixels)
    by = rng.normal(0, 3.5 * pixels / 4, 2)
    moved = cv2.warpAffine(soft, np.array([[1, 0, by[0]], [0, 1, by[1]]]), (half.shape[1], half.shape[0]))
    return wide(np.asarray(moved, np.float32), density.shape) * np.float32(strength)


def crease(plane: Plane, toner: Plane, pixels: float, rng: Rng) -> None:
    """Fold the page once: a dark and a light side, and toner broken off along the line."""
    height, width = plane.shape
    angle, middle = rng.normal(0, 0.05), rng.uniform(0.3, 0.7)
    across = rng.random() < 0.6
    length = width if across else height
    line = middle * (height if across else width) + np.tan(angle) * (np.arange(length) - length / 2)
    reach = int(1.2 * pixels)
    for k in range(-reach, reach + 1):
        at = np.round(line + k).astype(int)
        ok = (at >= 0) & (at < (height if across else width))
        where = (at[ok], np.arange(length)[ok]) if across else (np.arange(length)[ok], at[ok])
        d = k / pixels
        plane[where] *= np.float32(
            1 - 0.16 * np.exp(-((d - 0.15) ** 2) / 0.02) + 0.05 * np.exp(-((d + 0.25) ** 2) / 0.05)
        )
        if abs(d) < 0.18:
            toner[where] *= np.float32(0.45) + rng.random(int(ok.sum()), np.float32) * np.float32(0.4)


def stain(density: Plane, pixels: float, rng: Rng) -> None:
    """Set a cup on the page: a ring with a dark rim, in part, and a pale disc."""
    radius, thick = rng.uniform(28, 42), rng.uniform(0.7, 1.6)
    middle = rng.uniform(0.15, 0.85, 2) * np.array(density.shape[::-1]) / pixels
    coarse = max(1, int(0.25 * pixels))
    y, x = (np.mgrid[0 : density.shape[0] : coarse, 0 : density.shape[1] : coarse] / pixels).astype(np.float32)
    dx, dy = x - np.float32(middle[0]), y - np.float32(middle[1])
    away = np.hypot(dx, dy) - radius - 0.5 * np.sin(5 * np.arctan2(dy, dx))
    gap = np.clip(0.6 + 0.8 * np.sin(np.arctan2(dy, dx) + rng.uniform(0, 6)), 0, 1)
    wet = rng.uniform(0.12, 0.35) * gap * np.exp(-((away / thick) ** 2)) + 0.05 * (away < 0)
    density += wide(wet.astype(np.float32), density.shape)


def staple(density: Plane, pixels: float, rng: Rng) -> None:
    """Leave a staple, or its holes and shadow, near a top corner."""
    width = density.shape[1]
    x = rng.choice([rng.uniform(4, 22), width / pixels - rng.uniform(4, 22)])
    at = np.array([x, rng.uniform(4, 20)]) * pixels
    angle = rng.uniform(-1, 1)
    way = np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(5, 6.5) * pixels
    for shift, weight, thick in ((0.0, 1.3, 0.5), (0.5, 0.35, 0.9)):
        ends = [tuple(int(v) for v in at + side * way + shift * pixels) for side in (-1, 1)]
        bar = np.zeros_like(density[: int(45 * pixels)])
        cv2.line(bar, ends[0], ends[1], weight, max(1, int(thick * pixels)), cv2.LINE_AA)
        density[: len(bar)] += cv2.GaussianBlur(bar, (0, 0), 1.2)


def smear(ink: Plane, pixels: float, to_left: bool, rng: Rng) -> None:
    """Draw a wet hand over some of the marks: a pale veil to one side of the ink."""
    height = ink.shape[0]
    for _ in range(int(rng.integers(1, 4))):
        top = int(rng.uniform(0.15, 0.85) * height)
        band = ink[top : top + int(rng.uniform(8, 20) * pixels)]
        reach = int(rng.uniform(2, 6) * pixels)
        kernel = np.zeros((1, 2 * reach + 1), np.float32)
        fall = np.exp(-np.arange(reach) / (0.5 * reach)).astype(np.float32)
        kernel[0, reach + 1 :] = fall / fall.sum()
        veil = cv2.filter2D(band, cv2.CV_32F, kernel if to_left else kernel[:, ::-1])
        band += np.float32(rng.uniform(0.12, 0.4)) * np.minimum(veil, 0.6)


def handled(plane: Plane, rng: Rng) -> None:
    """Shade the paper a little, as no sheet is the same all over."""
    plane *= 1 + np.float32(0.012) * clouds(plane.shape, 4, rng)
