"""Pens: how a line of ink looks. Strokes are polylines in mm; a pen lays them on a grey image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from omr.synth.arrays import Floats, Grey, between

FINE = 4  # lines are drawn this much finer and then averaged down: soft, unquantised edges
KINDS = ("ball", "gel", "felt", "pencil", "fine", "pale", "dry", "marker")


@dataclass(frozen=True, slots=True)
class Stroke:
    """``points`` (n, 2) in mm; ``pressure`` (n,) about 1, 0 where the pen leaves the paper."""

    points: Floats
    pressure: Floats

    def moved(self, x: float, y: float) -> Stroke:
        """Return the stroke shifted by mm."""
        return Stroke(self.points + np.array([x, y]), self.pressure)


@dataclass(frozen=True, slots=True)
class Pen:
    """One pen.

    ``grey`` of the full ink (0 black), ``width_mm`` of its line, ``grain`` how much the paper's tooth shows (0–1),
    ``skip`` the share of the line where the ink fails, ``soft_mm`` the bleed of its edge.
    """

    kind: str
    grey: float
    width_mm: float
    grain: float
    skip: float
    soft_mm: float

    def lighter(self, grey: float, width: float = 1.0) -> Pen:
        """Return the same pen held lightly: its line is at least ``grey`` and ``width`` times as wide."""
        return replace(self, grey=max(self.grey, grey), width_mm=self.width_mm * width)


def choose_pen(kind: str, rng: np.random.Generator) -> Pen:
    """Return one pen out of the drawer of its kind. Raises ValueError for an unknown kind."""
    if kind == "ball":  # blue ballpoints scan to a middle grey, black ones are dark
        return Pen(kind, between(rng, 35, 120), between(rng, 0.35, 0.6), 0.25, between(rng, 0, 0.06), 0.02)
    if kind == "gel":
        return Pen(kind, between(rng, 10, 75), between(rng, 0.4, 0.75), 0.05, between(rng, 0, 0.01), 0.04)
    if kind == "felt":
        return Pen(kind, between(rng, 10, 60), between(rng, 0.9, 1.7), 0.1, 0.0, 0.10)
    if kind == "pencil":
        return Pen(kind, between(rng, 75, 135), between(rng, 0.4, 0.85), 0.75, between(rng, 0, 0.02), 0.05)
    if kind == "fine":
        return Pen(kind, between(rng, 20, 110), between(rng, 0.2, 0.34), 0.15, between(rng, 0, 0.03), 0.02)
    if kind == "pale":  # a hard pencil, or a hand that hardly presses
        return Pen(kind, between(rng, 120, 185), between(rng, 0.3, 0.7), 0.8, between(rng, 0, 0.05), 0.05)
    if kind == "dry":  # a ballpoint at its end
        return Pen(kind, between(rng, 60, 150), between(rng, 0.3, 0.5), 0.4, between(rng, 0.1, 0.4), 0.02)
    if kind == "marker":
        return Pen(kind, between(rng, 10, 150), between(rng, 1.6, 2.8), 0.1, 0.0, 0.15)
    raise ValueError(f"no such pen: {kind}")


def draw(image: Grey, strokes: list[Stroke], pen: Pen, scale: tuple[float, float], rng: np.random.Generator) -> None:
    """Lay strokes on ``image`` in place. ``scale`` is px per mm in x and y; ink outside the image is cut off."""
    found = _window(image, strokes, pen, scale)
    if found is None:
        return
    left, top, right, bottom = found
    cover = _cover(strokes, pen, scale, (left, top, right - left, bottom - top), rng)
    soft = pen.soft_mm * scale[0]
    if soft > 0.3:
        cover = cv2.GaussianBlur(cover, (0, 0), soft)
    if pen.grain:
        cover = cover * (1 - pen.grain * _grain(cover.shape, scale[0], rng))
    lay(image, cover, pen.grey, left, top)


def lay(image: Grey, cover: Floats, grey: float, left: int, top: int) -> None:
    """Darken a window of ``image`` in place by ink of ``grey`` covering it by ``cover`` (0–1)."""
    window = image[top : top + cover.shape[0], left : left + cover.shape[1]]
    window[:] = np.rint(window * (1 - cover * (1 - grey / 255))).astype(np.uint8)


def _window(
    image: Grey, strokes: list[Stroke], pen: Pen, scale: tuple[float, float]
) -> tuple[int, int, int, int] | None:
    points = np.concatenate([stroke.points for stroke in strokes]) * scale
    margin = (pen.width_mm + 3 * pen.soft_mm) * scale[0] + 3
    left, top = np.maximum(np.floor(points.min(axis=0) - margin), 0).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + margin).astype(int)
    right, bottom = min(int(right), image.shape[1]), min(int(bottom), image.shape[0])
    return (int(left), int(top), right, bottom) if right > left and bottom > top else None


def _cover(
    strokes: list[Stroke],
    pen: Pen,
    scale: tuple[float, float],
    window: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> Floats:
    left, top, width, height = window
    mask = np.zeros((height * FINE, width * FINE), np.uint8)
    for stroke in strokes:
        points = np.rint((stroke.points * scale - (left, top)) * FINE).astype(int).tolist()
        ink = _flow(stroke, pen, rng)
        widths = np.maximum(1, np.rint(pen.width_mm * scale[0] * FINE * (0.75 + 0.25 * ink))).astype(int).tolist()
        levels = np.clip(255 * ink, 0, 255).tolist()
        for number in range(len(points) - 1):
            if levels[number] > 8:
                cv2.line(mask, points[number], points[number + 1], levels[number], widths[number])
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _flow(stroke: Stroke, pen: Pen, rng: np.random.Generator) -> Floats:
    """How much ink leaves the pen along a stroke: pressure, with gaps where a ballpoint skips."""
    ink = np.clip(0.25 + 0.75 * stroke.pressure, 0, 1.2) * (stroke.pressure > 0.02)
    if pen.skip:
        ink = np.where(rng.random(len(ink)) < pen.skip, 0.35 * ink, ink)
    return np.clip(ink, 0, 1)


def _grain(shape: tuple[int, ...], scale: float, rng: np.random.Generator) -> Floats:
    tile = _tooth(round(scale, 1))
    top, left = (int(rng.integers(0, tile.shape[0])) for _ in range(2))
    rows = (np.arange(shape[0]) + top) % tile.shape[0]
    columns = (np.arange(shape[1]) + left) % tile.shape[1]
    return tile[np.ix_(rows, columns)]


@lru_cache(maxsize=8)
def _tooth(scale: float) -> Floats:
    """The tooth of the paper as a tile, 0 (hill) to 1 (valley); hills are about .15 mm wide."""
    noise = np.random.default_rng(7).standard_normal((509, 509)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), max(0.4, 0.07 * scale), borderType=cv2.BORDER_REFLECT))
    return np.asarray(np.clip(0.5 + 0.45 * soft / soft.std(), 0, 1), np.float32)
