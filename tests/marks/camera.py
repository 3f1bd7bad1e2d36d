"""Scanners and phones: the light that comes off a page becomes the bytes of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.marks.curve import Floats
from tests.marks.geometry import Geometry, flat_scan, photographed, slip
from tests.marks.pens import Plane
from tests.marks.planes import clouds, noise, wide
from tests.marks.shapes import Rng

Bytes = NDArray[np.uint8]
BEYOND = ("one-bit", "dither", "copy", "slip", "sharpened", "gamma", "small-print", "pale-lamp")


@dataclass(frozen=True, slots=True)
class Camera:
    """Conditions of a picture: ``noise`` in grey values, ``blur`` in pixels, ``quality`` of the JPEG (0: 1-bit PNG)."""

    geometry: Geometry
    dpi: int
    blur: float
    noise: float
    white: float
    uneven: float
    quality: int
    backing: float = 1.0
    troubles: tuple[str, ...] = ()
    colour: bool = False


def camera(severity: str, page_mm: tuple[float, float], rng: Rng) -> Camera:
    """Draw the conditions of one picture of a severity."""
    return {"office": _office, "bad": _bad, "phone": _phone, "beyond": _beyond}[severity](page_mm, rng)


def _scan(
    page_mm: tuple[float, float], dpi: int, rng: Rng, skew: float, scale: float, smaller: float = 1.0
) -> Geometry:
    shift = rng.uniform(-3, 3, 2)
    return flat_scan(page_mm, dpi, rng.uniform(-skew, skew), shift, smaller * (1 + rng.uniform(-scale, scale, 2)))


def _office(page_mm: tuple[float, float], rng: Rng) -> Camera:
    dpi = 200 if rng.random() < 0.3 else 300
    geometry = _scan(page_mm, dpi, rng, 1.2, 0.007)
    white, colour = rng.uniform(236, 250), rng.random() < 0.15
    return Camera(geometry, dpi, rng.uniform(0.35, 0.75), rng.uniform(3, 6), white, 0.1, 75, colour=colour)


def _bad(page_mm: tuple[float, float], rng: Rng) -> Camera:
    dpi = 200 if rng.random() < 0.5 else 300
    geometry = _scan(page_mm, dpi, rng, 3.0, 0.012)
    wanted = ("streak", "dark-backing", "edge-shadow", "dust", "holes", "folded-corner")
    troubles = tuple(name for name in wanted if rng.random() < 0.4)
    backing = rng.uniform(0.1, 0.4) if "dark-backing" in troubles else 1.0
    quality = int(rng.integers(55, 76))
    return Camera(geometry, dpi, rng.uniform(0.5, 1.3), rng.uniform(6, 10), 225, 0.15, quality, backing, troubles)


def _phone(page_mm: tuple[float, float], rng: Rng) -> Camera:
    troubles = tuple(name for name in ("motion", "shadow") if rng.random() < 0.3)
    geometry = photographed(page_mm, rng)
    return Camera(
        geometry,
        300,
        rng.uniform(0.6, 1.5),
        rng.uniform(3, 7),
        232,
        0.4,
        int(rng.integers(70, 90)),
        0.35,
        troubles,
        True,
    )


def _beyond(page_mm: tuple[float, float], rng: Rng) -> Camera:
    trouble = BEYOND[int(rng.integers(len(BEYOND)))]
    base = _office(page_mm, rng)
    geometry = base.geometry
    if trouble == "slip":
        geometry = Geometry(geometry.matrix, geometry.size, slip(page_mm, rng))
    elif trouble == "small-print":
        geometry = _scan(page_mm, base.dpi, rng, 1.2, 0.007, 0.94)
    quality = 0 if trouble in ("one-bit", "dither") else base.quality
    return Camera(geometry, base.dpi, base.blur, base.noise, base.white, 0.1, quality, 1.0, (trouble,))


def take(light: Plane, pixels: float, by: Camera, rng: Rng) -> Bytes:
    """Return the grey picture of a page whose ``light`` (reflectance) is given with ``pixels`` per mm."""
    damaged = _paper_damage(light, pixels, by, rng)
    seen = by.geometry.picture(damaged, pixels, by.backing)
    seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), by.blur), np.float32)
    if "motion" in by.troubles:
        seen = _motion(seen, rng)
    seen *= np.float32(by.white) * _lamp(seen.shape, by, rng)
    seen += noise(seen.shape, by.noise, rng)
    _glass(seen, by, rng)
    return _electronics(seen, by, rng)


def encoded(picture: Bytes, by: Camera) -> tuple[str, bytes]:
    """Return the suffix and the bytes of the picture's file, its resolution written in."""
    stream = BytesIO()
    image = Image.fromarray(picture)
    dpi = (by.dpi, by.dpi)
    if by.quality:
        image.save(stream, "JPEG", quality=by.quality, dpi=dpi)
        return ".jpg", stream.getvalue()
    image.convert("1", dither=Image.Dither.FLOYDSTEINBERG if "dither" in by.troubles else Image.Dither.NONE).save(
        stream, "PNG", dpi=dpi
    )
    return ".png", stream.getvalue()


def tinted(picture: Bytes, blue: Plane | None, warm: float) -> Bytes:
    """Return a grey picture in colour (RGB) of the same lightness.

    ``blue`` are densities of blue ink, ``warm`` (0 to 1) is how yellow the paper is.
    """
    channels = []
    for by_ink, by_paper in ((-24.0, 7.0), (-4.0, 1.2), (84.0, -25.0)):
        channel = picture.astype(np.float32) * np.float32(1 + by_paper * warm / 255)
        if blue is not None:
            channel += np.float32(by_ink) * np.minimum(blue, 1)
        channels.append(cv2.convertScaleAbs(np.maximum(channel, 0)))
    return np.asarray(cv2.merge(channels), np.uint8)


def _paper_damage(light: Plane, pixels: float, by: Camera, rng: Rng) -> Plane:
    if "holes" in by.troubles:
        middle = light.shape[0] / 2
        for side in (-40, 40):
            at = (int(rng.uniform(9, 11) * pixels), int(middle + side * pixels))
            cv2.circle(light, at, int(2.8 * pixels), float(by.backing), -1, cv2.LINE_AA)
    if "folded-corner" in by.troubles:
        reach = rng.uniform(6, 17) * pixels
        height, width = light.shape
        x, y = rng.choice((0, width)), rng.choice((0, height))
        inward = (reach if x == 0 else -reach, reach * rng.uniform(0.6, 1.4) * (1 if y == 0 else -1))
        corner = np.array([(x, y), (x + inward[0], y), (x, y + inward[1])], np.int32)
        cv2.fillPoly(light, [corner], float(by.backing), cv2.LINE_AA)
        flap = np.array([(x + inward[0], y), (x, y + inward[1]), (x + inward[0] * 0.9, y + inward[1] * 0.9)], np.int32)
        cv2.fillPoly(light, [flap], 0.88, cv2.LINE_AA)
        cv2.line(light, tuple(map(int, corner[1])), tuple(map(int, corner[2])), 0.6, 2, cv2.LINE_AA)
    return light


def _lamp(shape: tuple[int, int], by: Camera, rng: Rng) -> Plane:
    """Light that is not the same all over; on photos with a soft shadow across."""
    height, width = shape
    small = (height // 32 + 1, width // 32 + 1)
    y, x = np.mgrid[0 : small[0], 0 : small[1]].astype(np.float32)
    slope = rng.uniform(-1, 1) * (x / small[1] - 0.5) + rng.uniform(-1, 1) * (y / small[0] - 0.5)
    light = 1 + by.uneven * (slope - np.abs(slope).max()) * 0.5 + 0.15 * by.uneven * clouds(small, 3, rng)
    if "shadow" in by.troubles:
        edge = (x / small[1] - rng.uniform(0.2, 0.8)) * np.cos(a := rng.uniform(0, 6)) + (y / small[0] - 0.5) * np.sin(
            a
        )
        light = light * (1 - rng.uniform(0.15, 0.35) / (1 + np.exp(-edge * rng.uniform(15, 60))))
    return wide(light.astype(np.float32), shape)


def _motion(seen: Plane, rng: Rng) -> Plane:
    length = int(rng.integers(3, 7))
    kernel = np.zeros((9, 9), np.float32)
    angle = rng.uniform(0, np.pi)
    way = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    cv2.line(kernel, tuple(np.round(4 - way).astype(int).tolist()), tuple(np.round(4 + way).astype(int).tolist()), 1.0)
    return np.asarray(cv2.filter2D(seen, -1, kernel / kernel.sum()), np.float32)


def _glass(seen: Plane, by: Camera, rng: Rng) -> None:
    """Dirt of the scanner: streaks that waver and break off, dust, the shadow at the lid's edge."""
    height, width = seen.shape
    if "streak" in by.troubles:
        for _ in range(int(rng.integers(1, 4))):
            x, thick = int(rng.uniform(0.04, 0.96) * width), int(rng.integers(1, 6))
            start, end = (0, height) if rng.random() < 0.6 else sorted(int(v) for v in rng.integers(0, height, 2))
            depth = rng.uniform(30, 120) * (1 + 0.3 * rng.standard_normal((end - start, 1)))
            seen[start:end, x : x + thick] -= depth.astype(np.float32)
    if "dust" in by.troubles:
        for x, y in (rng.uniform(0, 1, (int(rng.integers(40, 160)), 2)) * (width, height)).astype(int).tolist():
            cv2.circle(seen, (x, y), int(rng.integers(1, 4)), float(rng.uniform(60, 170)), -1, cv2.LINE_AA)
    if "edge-shadow" in by.troubles:
        reach = int(rng.uniform(0.008, 0.03) * width)
        fall = (1 - rng.uniform(0.4, 0.8) * np.exp(-np.arange(width) / reach)).astype(np.float32)
        seen *= fall[None, :] if rng.random() < 0.5 else fall[None, ::-1]


def _electronics(seen: Plane, by: Camera, rng: Rng) -> Bytes:
    if "sharpened" in by.troubles:
        soft = np.asarray(cv2.GaussianBlur(seen, (0, 0), 1.6), np.float32)
        seen = seen + np.float32(rng.uniform(0.8, 1.8)) * (seen - soft)
    picture: Plane = np.clip(seen, 0, 255)
    if "gamma" in by.troubles:
        picture = (255 * (picture / 255) ** float(rng.choice((0.6, 0.75, 1.4, 1.8)))).astype(np.float32)
    if "pale-lamp" in by.troubles:
        low = np.float32(rng.uniform(50, 90))
        picture = low + picture * (1 - low / 255) if rng.random() < 0.5 else picture * np.float32(0.7)
    if "one-bit" in by.troubles:
        picture = np.where(picture > rng.uniform(115, 185), 255, 0).astype(np.float32)
    return np.asarray(np.rint(picture), np.uint8)


def corners(geometry: Geometry, boxes: Floats) -> Floats:
    """Return the boxes' corners (n, 4, 2) in the picture, of boxes (n, 4) as x, y, w, h in mm."""
    x, y, w, h = boxes.T
    points = np.stack([np.stack(p, 1) for p in ((x, y), (x + w, y), (x + w, y + h), (x, y + h))], 1)
    return geometry.pixels_of(points.reshape(-1, 2)).reshape(-1, 4, 2)
