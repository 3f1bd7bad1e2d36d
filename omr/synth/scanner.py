"""What a scanner or a camera adds to the image it sees. Every function returns the image changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from omr.synth.arrays import Floats, Grey, between

Effect = Callable[[Grey, float, np.random.Generator], Grey]  # image, px per mm, generator


def uneven_light(image: Grey, depth: float, rng: np.random.Generator) -> Grey:
    """Darken by up to the share ``depth``, in one broad slope with a soft blot."""
    y, x = np.mgrid[0:1:24j, 0:1:24j]
    angle = between(rng, 0, 2 * np.pi)
    field = np.cos(angle) * x + np.sin(angle) * y
    cx, cy = rng.random(2)
    field = field + between(rng, 0, 0.7) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.15)
    field = (field - field.min()) / np.ptp(field)
    gain = (255 * (1 - depth * field)).astype(np.uint8)
    return cv2.multiply(image, cv2.resize(gain, image.shape[::-1], interpolation=cv2.INTER_CUBIC), scale=1 / 255)


def tone(image: Grey, black: float, white: float) -> Grey:
    """Map 0–255 to ``black``–``white``."""
    return cv2.LUT(image, np.linspace(black, white, 256).round().astype(np.uint8))


def blurred(image: Grey, sigma_px: float) -> Grey:
    """Soften by a Gaussian of ``sigma_px``."""
    return cv2.GaussianBlur(image, (0, 0), sigma_px) if sigma_px > 0.25 else image


def moved(image: Grey, length_px: float, rng: np.random.Generator) -> Grey:
    """A camera that moved ``length_px`` while it looked."""
    size = max(3, int(length_px) | 1)
    kernel = np.zeros((size, size), np.float32)
    angle, middle = between(rng, 0, np.pi), (size - 1) / 2
    reach = np.array([np.cos(angle), np.sin(angle)]) * middle
    ends = [tuple(int(v) for v in np.rint(middle + sign * reach)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def noisy(image: Grey, sigma: float, rng: np.random.Generator) -> Grey:
    """Add sensor noise of deviation ``sigma``."""
    grain: Grey = np.rint(_noise() * sigma).astype(np.int8)
    grain = np.roll(grain, tuple(int(n) for n in rng.integers(0, grain.shape[0], 2)), axis=(0, 1))
    if rng.random() < 0.5:
        grain = cv2.flip(grain, int(rng.integers(-1, 2)))
    height, width = image.shape
    tiled = cv2.copyMakeBorder(
        grain, 0, max(0, height - grain.shape[0]), 0, max(0, width - grain.shape[1]), cv2.BORDER_WRAP
    )
    return cv2.add(image, np.ascontiguousarray(tiled[:height, :width]), dtype=cv2.CV_8U)


def streaks(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """Dirt on the glass of a feeder: lines along the feed, 1–5 px wide, wavering in strength, some not all the way."""
    height, width = image.shape
    for _ in range(int(rng.integers(1, 4))):
        x, wide = int(rng.integers(0, width - 6)), int(rng.integers(1, 6))
        top, bottom = (0, height) if rng.random() < 0.7 else sorted(int(n) for n in rng.integers(0, height, 2))
        strength = between(rng, 0.15, 0.95)
        waver = np.interp(np.arange(height), np.linspace(0, height, 30), rng.uniform(0.6, 1.0, 30)) * strength
        column = image[top:bottom, x : x + wide].astype(np.float32)
        target = 30.0 if rng.random() < 0.8 else 255.0
        column += (target - column) * waver[top:bottom, None]
        image[top:bottom, x : x + wide] = column.astype(np.uint8)
    return image


def streak(image: Grey, per_mm: float, rng: np.random.Generator, wide: int) -> Grey:
    """One line of dirt from edge to edge, ``wide`` px, in the middle half of the page."""
    x = int(image.shape[1] * between(rng, 0.25, 0.75))
    strength = np.interp(np.arange(image.shape[0]), np.linspace(0, image.shape[0], 30), rng.uniform(0.45, 0.8, 30))
    column = image[:, x : x + wide].astype(np.float32)
    image[:, x : x + wide] = (column + (40 - column) * strength[:, None]).astype(np.uint8)
    return image


def dust(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """Specks and a hair or two."""
    height, width = image.shape
    for _ in range(int(rng.integers(15, 80))):
        place = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(image, place, int(rng.integers(0, max(1, int(0.22 * per_mm)) + 1)), int(rng.integers(40, 190)), -1)
    for _ in range(int(rng.integers(0, 3))):
        start = rng.uniform((0, 0), (width, height))
        path = start + np.cumsum(rng.normal(0, 0.5 * per_mm, (14, 2)), axis=0)
        cv2.polylines(image, [np.rint(path).astype(np.int32)], False, int(rng.integers(90, 180)), 1, cv2.LINE_AA)
    return image


def edge_shadow(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """The lid does not close: the image darkens towards one side."""
    reach = max(2, int(between(rng, 5, 22) * per_mm))
    fade = np.full(image.shape[1], 255, np.uint8)
    fade[:reach] = np.linspace(between(rng, 90, 200), 255, reach).astype(np.uint8)
    if rng.random() < 0.5:
        fade = fade[::-1]
    return cv2.multiply(image, np.ascontiguousarray(np.broadcast_to(fade, image.shape)), scale=1 / 255)


def hard_shadow(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """The shadow of a hand or a phone, its edge sharp."""
    height, width = image.shape
    small = np.full((height // 8, width // 8), 255, np.uint8)
    size = np.array([width // 8, height // 8])
    centre = rng.uniform(0.1, 0.9, 2) * size
    angles = np.sort(rng.uniform(0, 2 * np.pi, 7))
    outline = centre + np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(0.25, 0.6, (7, 1)) * size.max()
    cv2.fillPoly(small, [outline.astype(np.int32)], int(rng.integers(120, 190)))
    small = cv2.GaussianBlur(small, (0, 0), between(rng, 0.6, 3))
    return cv2.multiply(image, cv2.resize(small, (width, height)), scale=1 / 255)


def glare(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """A lamp mirrored in the paper: a bright blot that washes the ink out."""
    height, width = image.shape
    y, x = np.mgrid[0:1:48j, 0:1:48j]
    cx, cy, reach = *rng.uniform(0.15, 0.85, 2), between(rng, 0.05, 0.12)
    blot = 150 * between(rng, 0.5, 1) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * reach**2))
    return cv2.add(image, cv2.resize(blot.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC))


def sharpened(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """The driver's "text enhancement": halos along edges."""
    return cv2.addWeighted(image, 1.9, cv2.GaussianBlur(image, (0, 0), between(rng, 1.0, 2.2)), -0.9, 0)


def one_bit(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """Black and white at a fixed threshold: faint pencil is gone for ever."""
    return cv2.threshold(image, between(rng, 110, 165), 255, cv2.THRESH_BINARY)[1]


def dithered(image: Grey, per_mm: float, rng: np.random.Generator) -> Grey:
    """Black and white by error diffusion."""
    return np.asarray(Image.fromarray(image).convert("1")).astype(np.uint8) * 255


@lru_cache(maxsize=1)
def _noise() -> Floats:
    """Noise of deviation 1, drawn once: pages take it from another place and turned."""
    grain = np.random.default_rng(11).standard_normal((2053, 2053)).astype(np.float32)
    grain = 0.85 * grain + 0.5 * cv2.GaussianBlur(grain, (0, 0), 0.8)  # neighbouring sensor cells are not independent
    return np.asarray(np.clip(grain / np.std(grain), -4.2, 4.2), np.float32)
