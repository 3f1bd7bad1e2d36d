"""What print and use do to a sheet before it is scanned.

Every function takes the flat page (0 black, 255 paper) and returns it changed; ``Spot`` says where things are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from forms.layout import Page
from omr.synth.arrays import Floats, Grey, between


@dataclass(frozen=True, slots=True)
class Spot:
    """``scale`` px per mm, ``backing`` the grey seen where paper is missing, ``back`` what stands on the other side."""

    scale: tuple[float, float]
    size_mm: tuple[float, float]
    page: Page
    offset_mm: tuple[float, float]
    backing: int
    back: Grey | None
    rng: np.random.Generator

    def px(self, points_mm: Floats) -> Floats:
        """Return drawing coordinates of points (n, 2) in mm of the image."""
        return np.rint(np.asarray(points_mm) * self.scale - 0.5).astype(np.int32)


Damage = Callable[[Grey, Spot], Grey]


def faint_toner(image: Grey, spot: Spot) -> Grey:
    """The cartridge runs out: all print is grey, worse towards one side."""
    strength = between(spot.rng, 0.35, 0.7)
    slope = np.clip(np.linspace(strength, between(spot.rng, 0.45, 1.0), image.shape[1]), 0, 1)
    return _faded(image, np.broadcast_to((255 * slope).astype(np.uint8), image.shape))


def mottled_toner(image: Grey, spot: Spot) -> Grey:
    """Toner that did not hold: specks of white in the black, in clouds."""
    fine, coarse = (cloud(image.shape, cell * spot.scale[0], spot.rng) for cell in (0.16, 6.0))
    hold = np.clip(6 * (fine + 0.5 * coarse + between(spot.rng, 1.0, 1.7)), 0.15, 1)
    return _faded(image, (255 * hold).astype(np.uint8))


def fat_toner(image: Grey, spot: Spot) -> Grey:
    """Too much toner: lines run wide, and a grey veil lies on the paper."""
    wide = cv2.GaussianBlur(image, (0, 0), 0.09 * spot.scale[0]).astype(np.int16)
    return np.asarray(np.clip((wide - 150) * 2.4 + 40, 0, 252), np.uint8)


def copied(image: Grey, spot: Spot) -> Grey:
    """A copy of a copy: edges soften, contrast grows, dirt of the glass is printed with it."""
    for _ in range(int(spot.rng.integers(2, 4))):
        image = cv2.GaussianBlur(image, (0, 0), between(spot.rng, 0.07, 0.11) * spot.scale[0])
        steep, middle = between(spot.rng, 1.6, 2.4), between(spot.rng, 120, 165)
        image = np.clip((image.astype(np.float32) - middle) * steep + 127, 12, 250).astype(np.uint8)
        for _ in range(int(spot.rng.integers(10, 60))):
            place = spot.px(spot.rng.uniform((0, 0), spot.size_mm, (1, 2)))[0]
            cv2.circle(image, place.tolist(), int(spot.rng.integers(0, 3)), int(spot.rng.integers(30, 140)), -1)
    return image


def show_through(image: Grey, spot: Spot) -> Grey:
    """The other side shines through, mirrored and soft; without a known other side, the sheet's own like."""
    back = image if spot.back is None or spot.back.shape != image.shape else spot.back
    small = cv2.resize(cv2.flip(back, 1), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.1 * spot.scale[0])
    veil = 255 - between(spot.rng, 0.06, 0.16) * (255.0 - small)
    seen = cv2.resize(veil.astype(np.uint8), image.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(image, seen, scale=1 / 255)


def punch_holes(image: Grey, spot: Spot) -> Grey:
    """Two holes of an office punch in the left margin."""
    x, middle = between(spot.rng, 10.5, 13.5), spot.size_mm[1] / 2 + between(spot.rng, -2, 2)
    for y in (middle - 40, middle + 40):
        centre = spot.px(np.array([[x, y]]))[0].tolist()
        cv2.circle(image, centre, int(3 * spot.scale[0]), int(spot.backing), -1, cv2.LINE_AA)
        cv2.circle(image, centre, int(3 * spot.scale[0]), 150, 1, cv2.LINE_AA)
    return image


def folded_corner(image: Grey, spot: Spot) -> Grey:
    """A dog-ear: folded back (the backing is seen) or over (its white back covers the print)."""
    corner, inward = _corner(spot)
    legs = spot.rng.uniform(8, 22, 2)
    a, b = (corner + inward * legs * np.array(axis) for axis in ((1, 0), (0, 1)))
    cv2.fillPoly(image, [spot.px(np.array([corner, a, b]))], int(spot.backing), cv2.LINE_AA)
    if spot.rng.random() < 0.5:
        along = (b - a) / np.hypot(*(b - a))
        tip = 2 * (a + along * np.dot(corner - a, along)) - corner
        cv2.fillPoly(image, [spot.px(np.array([a, b, tip]))], 238, cv2.LINE_AA)
        cv2.polylines(
            image, [spot.px(np.array([a, tip, b]))], False, 175, max(1, int(0.3 * spot.scale[0])), cv2.LINE_AA
        )
    return image


def torn_corner(image: Grey, spot: Spot) -> Grey:
    """A corner torn off along a ragged line."""
    corner, inward = _corner(spot)
    legs = spot.rng.uniform(10, 26, 2)
    steps = np.linspace(0, 1, 14)[:, None]
    edge = corner + inward * legs * np.hstack([1 - steps, steps]) + spot.rng.normal(0, 0.5, (14, 2))
    outline = np.vstack([corner + inward * legs * (1, 0), edge, corner + inward * legs * (0, 1), corner])
    cv2.fillPoly(image, [spot.px(outline)], int(spot.backing), cv2.LINE_AA)
    cv2.polylines(image, [spot.px(edge)], False, 215, max(1, int(0.4 * spot.scale[0])), cv2.LINE_AA)
    return image


def stapled(image: Grey, spot: Spot) -> Grey:
    """A staple where it hurts: across a locating mark or the code, or in its proper corner."""
    targets = [(f.x + f.w / 2, f.y + f.h / 2) for f in spot.page.fiducials]
    code = spot.page.code
    targets += [(code.x + code.w / 2, code.y + code.h / 2), (9.0, 9.0)]
    x, y = np.array(targets[int(spot.rng.integers(len(targets)))]) + spot.offset_mm + spot.rng.normal(0, 1, 2)
    angle, reach = between(spot.rng, -0.9, 0.9), between(spot.rng, 4.5, 6.0)
    ends = np.array([[x, y]]) + np.array([[-1], [1]]) * reach * np.array([[np.cos(angle), np.sin(angle)]])
    _line(image, spot.px(ends + 0.5), 160, 0.55 * spot.scale[0])  # its shadow
    _line(image, spot.px(ends), int(spot.rng.integers(70, 200)), 0.55 * spot.scale[0])
    return image


def covered_mark(image: Grey, spot: Spot) -> Grey:
    """One locating mark is gone: under a sticker, a dark clip, or the fold of the corner."""
    mark = spot.page.fiducials[int(spot.rng.integers(len(spot.page.fiducials)))]
    grey = int(spot.rng.choice([242, int(spot.backing), 40]))
    return _patched(image, spot, (mark.x, mark.y, mark.w, mark.h), spot.rng.uniform(0.5, 5, 4), grey)


def half_mark(image: Grey, spot: Spot) -> Grey:
    """One locating mark is covered in part: a tenth to three quarters of it, from one side."""
    mark = spot.page.fiducials[int(spot.rng.integers(len(spot.page.fiducials)))]
    beside = spot.rng.uniform(0.5, 4, 4)
    side, left = int(spot.rng.integers(4)), 1 - between(spot.rng, 0.1, 0.75)
    beside[side] = -left * (mark.w if side % 2 == 0 else mark.h)
    return _patched(image, spot, (mark.x, mark.y, mark.w, mark.h), beside, int(spot.rng.choice([242, 200])))


def lost_marks(image: Grey, spot: Spot) -> Grey:
    """Two or three of the four marks are gone, as where a bundle was torn from its staple."""
    marks = spot.page.fiducials
    for index in spot.rng.permutation(len(marks))[: int(spot.rng.integers(2, 4))].tolist():
        mark = marks[index]
        image = _patched(image, spot, (mark.x, mark.y, mark.w, mark.h), spot.rng.uniform(0.5, 3, 4), 242)
    return image


def smudged_code(image: Grey, spot: Spot) -> Grey:
    """A thumb or a pen went over the code: a wide grey stroke through it, and a scribble."""
    code = spot.page.code
    middle = np.array([code.x + code.w / 2, code.y + code.h / 2]) + spot.offset_mm
    path = middle + np.cumsum(spot.rng.normal(0, 0.28 * code.w, (5, 2)), axis=0) - spot.rng.normal(0, 1, 2)
    wide = max(1, round(between(spot.rng, 0.6, 1.6) * spot.scale[0]))
    cv2.polylines(image, [spot.px(path)], False, int(spot.rng.integers(20, 90)), wide, cv2.LINE_AA)
    return image


def lost_code(image: Grey, spot: Spot) -> Grey:
    """The code is covered altogether: a sticker, a coffee cup."""
    code = spot.page.code
    return _patched(image, spot, (code.x, code.y, code.w, code.h), spot.rng.uniform(0, 2, 4), 225)


def double_feed(image: Grey, spot: Spot) -> Grey:
    """Two sheets went through together: the second covers the lower part of the first."""
    start = round(between(spot.rng, 0.4, 0.75) * image.shape[0])
    under = image.copy()
    image[start:] = under[: image.shape[0] - start]
    shadow = max(2, round(0.5 * spot.scale[1]))
    image[start - shadow : start] = (image[start - shadow : start] * 0.7).astype(np.uint8)
    return image


def fold_through_boxes(image: Grey, spot: Spot) -> Grey:
    """Folded once and opened, right through a row of boxes."""
    rows = sorted({box.cy for question in spot.page.questions for box in question.boxes})
    y = rows[int(spot.rng.integers(len(rows)))] + spot.offset_mm[1] + between(spot.rng, -1.5, 1.5)
    return _crease(image, spot, y, between(spot.rng, -0.8, 0.8))


def creased(image: Grey, spot: Spot) -> Grey:
    """Folded once and opened: a dark edge and a bright one across the page, toner broken off along it."""
    height = spot.size_mm[1]
    y = height * (0.5 if spot.rng.random() < 0.3 else between(spot.rng, 0.2, 0.8))
    return _crease(image, spot, y, between(spot.rng, -6, 6))


def _crease(image: Grey, spot: Spot, y: float, tilt: float) -> Grey:
    width = spot.size_mm[0]
    ends = np.array([[0, y - tilt], [width, y + tilt]])
    veil = np.full((image.shape[0] // 4, image.shape[1] // 4), 255, np.uint8)
    _line(veil, spot.px(ends) // 4, int(spot.rng.integers(130, 200)), 0.1 * spot.scale[0])
    veil = cv2.GaussianBlur(veil, (0, 0), between(spot.rng, 0.1, 0.3) * spot.scale[0] / 4 + 0.3)
    image = cv2.multiply(image, cv2.resize(veil, image.shape[::-1]), scale=1 / 255)
    _line(image, spot.px(ends + np.array([0, 0.25])), 235, 0.12 * spot.scale[0])
    return image


def cloud(shape: tuple[int, ...], cell_px: float, rng: np.random.Generator) -> Floats:
    """Return a smooth random field of mean 0 and deviation 1, its lumps about ``cell_px`` wide."""
    rows, columns = (max(3, int(side / cell_px) + 2) for side in shape[:2])
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def _patched(image: Grey, spot: Spot, area: tuple[float, float, float, float], beside_mm: Floats, grey: int) -> Grey:
    """Cover an area (x, y, w, h in mm), and ``beside_mm`` more to its left, top, right and bottom."""
    x, y, w, h = area
    left, top, right, bottom = beside_mm
    ends = np.array([[x - left, y - top], [x + w + right, y + h + bottom]]) + spot.offset_mm
    (x0, y0), (x1, y1) = spot.px(ends).tolist()
    cv2.rectangle(image, (x0, y0), (x1, y1), grey, -1, cv2.LINE_AA)
    return image


def _line(image: Grey, ends_px: Floats, grey: int, width_px: float) -> None:
    start, end = ends_px.tolist()
    cv2.line(image, start, end, grey, max(1, round(width_px)), cv2.LINE_AA)


def _faded(image: Grey, strength: Grey) -> Grey:
    """Lay the print on the paper with ``strength`` (255 full)."""
    return cv2.bitwise_not(cv2.multiply(cv2.bitwise_not(image), np.ascontiguousarray(strength), scale=1 / 255))


def _corner(spot: Spot) -> tuple[Floats, Floats]:
    """A corner of the paper at random, and the signs of the way inward."""
    side = spot.rng.integers(0, 2, 2)
    return side * np.array(spot.size_mm, float), 1.0 - 2.0 * side
