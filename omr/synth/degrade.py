"""From a printed sheet to what the scanner delivers: print, (people), paper, place, optics, in that order."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from omr.synth import scanner
from omr.synth.arrays import Floats, Grey, between
from omr.synth.paper import Spot
from omr.synth.severity import AT_LAST, IN_IMAGE, IN_PRINT, ON_PAPER, Severity
from omr.synth.warp import Curl, Slip, Warp, photo_view, scanner_view, turned_view

_PRINT_SCALE = 0.94


@dataclass(frozen=True, slots=True)
class Scan:
    """The delivered image and where the sheet lies in it. ``printed`` maps layout mm to mm of the paper."""

    image: Grey
    warp: Warp
    printed: Floats
    turned_deg: int
    jpeg: int
    bilevel: bool

    @property
    def matrix(self) -> Floats:
        """Layout mm → px, row-major 3 × 3, as if nothing were bent."""
        return np.asarray(self.warp.matrix @ self.printed)

    def to_image(self, points_mm: Floats) -> Floats:
        """Return the true pixels of layout points (n, 2)."""
        return self.warp.to_image(points_mm @ self.printed[:2, :2].T + self.printed[:2, 2])


def choose_troubles(severity: Severity, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw the troubles of one page."""
    drawn = [name for name, share in severity.troubles.items() if rng.random() < share]
    if severity.one_of:
        drawn.append(severity.one_of[int(rng.integers(len(severity.one_of)))])
    return tuple(dict.fromkeys(drawn))


def backing_of(severity: Severity, troubles: tuple[str, ...], rng: np.random.Generator) -> int:
    """Draw the grey behind the paper: white or nearly so, a dark backing, or a table top."""
    if severity.photo:
        return int(rng.integers(30, 170))
    return int(rng.integers(15, 70)) if "dark-backing" in troubles else int(rng.integers(235, 256))


def misprint(flat: Grey, spot: Spot, troubles: tuple[str, ...]) -> Grey:
    """Return the flat page as a poor printer or copier hands it out, before anybody fills it."""
    for name, damage in IN_PRINT.items():
        if name in troubles:
            flat = damage(flat, spot)
    return flat


def degrade(flat: Grey, spot: Spot, severity: Severity, troubles: tuple[str, ...], dpi: int) -> Scan:
    """Return the scan of a filled flat sheet. ``troubles`` are names of ``severity.TROUBLES``."""
    rng = spot.rng
    printed = np.eye(3)
    if "print-94" in troubles:
        printed = _printed_smaller(spot.size_mm)
        flat = _shrunk(flat, printed, spot)
    for name, damage in ON_PAPER.items():
        if name in troubles:
            flat = damage(flat, spot)
    warp, turned = _placed(spot, severity, troubles, dpi)
    image = warp.apply(flat, spot.scale, spot.backing)
    image = _optics(image, severity, troubles, dpi / 25.4, rng)
    jpeg = 30 if "jpeg-30" in troubles else int(rng.integers(severity.jpeg[0], severity.jpeg[1] + 1))
    return Scan(image, warp, printed, turned, jpeg, bool({"one-bit", "dither"} & set(troubles)))


def _placed(spot: Spot, severity: Severity, troubles: tuple[str, ...], dpi: int) -> tuple[Warp, int]:
    rng, (width, height) = spot.rng, spot.size_mm
    turned = 180 if "upside-down" in troubles else int(rng.choice([90, 270])) if "quarter-turn" in troubles else 0
    bends: list[Curl | Slip] = []
    if "feed-slip" in troubles:
        bends.append(Slip(height * between(rng, 0.3, 0.7), between(rng, 0.6, 1.5), between(rng, -0.5, 0.5)))
    if severity.curl_mm:
        parts = rng.dirichlet((2, 1, 1)) * severity.curl_mm * rng.uniform(0.2, 1) * rng.choice([-1, 1], 3)
        bends.append(Curl(spot.size_mm, float(parts[0]), float(parts[1]), between(rng, 0, 6.3), float(parts[2])))
    if severity.photo:
        matrix, size = photo_view(spot.size_mm, round(1.12 * max(spot.size_mm) * dpi / 25.4), rng)
    else:
        skew = between(rng, -severity.skew_deg, severity.skew_deg)
        x, y = (between(rng, -severity.shift_mm, severity.shift_mm) for _ in range(2))
        if "cut-edge" in troubles:
            x += float(rng.choice([-1, 1])) * between(rng, 8, 14)
        scale = 1 + between(rng, -severity.scale, severity.scale)
        matrix, size = scanner_view((width, height), dpi, skew, (x, y), scale)
    matrix, size = turned_view(matrix, size, turned // 90)
    lens = between(rng, -severity.lens, severity.lens)
    return Warp(matrix, size, tuple(bends), lens), turned


def _optics(
    image: Grey, severity: Severity, troubles: tuple[str, ...], per_mm: float, rng: np.random.Generator
) -> Grey:
    if severity.light:
        image = scanner.uneven_light(image, between(rng, 0.2, 1) * severity.light, rng)
    for name, effect in IN_IMAGE.items():
        if name in troubles:
            image = effect(image, per_mm, rng)
    image = scanner.tone(image, between(rng, *severity.black), between(rng, *severity.white))
    image = scanner.blurred(image, between(rng, *severity.blur_px) * per_mm * 25.4 / 300)
    if severity.motion_px and rng.random() < 0.5:
        image = scanner.moved(image, between(rng, 2, severity.motion_px), rng)
    if severity.noise[1]:
        image = scanner.noisy(image, between(rng, *severity.noise), rng)
    for name, effect in AT_LAST.items():
        if name in troubles:
            image = effect(image, per_mm, rng)
    return image


def _printed_smaller(size_mm: tuple[float, float]) -> Floats:
    """What a driver's "fit to page" does: 94 % about the middle of the paper."""
    move = (1 - _PRINT_SCALE) / 2 * np.array(size_mm)
    return np.array([[_PRINT_SCALE, 0, move[0]], [0, _PRINT_SCALE, move[1]], [0, 0, 1.0]])


def _shrunk(flat: Grey, printed: Floats, spot: Spot) -> Grey:
    sheet = _in_pixels(printed, spot.scale)
    return cv2.warpAffine(flat, sheet[:2], flat.shape[::-1], flags=cv2.INTER_AREA, borderValue=255)


def _in_pixels(in_mm: Floats, scale: tuple[float, float]) -> Floats:
    """Return a matrix mm → mm as one of flat pixels → flat pixels."""
    onto = np.array([[scale[0], 0, -0.5], [0, scale[1], -0.5], [0, 0, 1.0]])
    return np.asarray(onto @ in_mm @ np.linalg.inv(onto))
