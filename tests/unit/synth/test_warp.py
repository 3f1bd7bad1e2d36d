"""Where the truth says a point is, there it is in the image."""

from __future__ import annotations

import numpy as np
import pytest

from omr.synth.warp import Curl, Slip, Warp, photo_view, scanner_view, turned_view
from tests.unit.synth.conftest import SCALE

SIZE = (120.0, 100.0)
PLACES = np.array([[10.0, 12.0], [110, 15], [12, 88], [108, 85], [60, 50], [33, 71]])


def dotted() -> np.ndarray:
    """A white page with a soft dot at each of PLACES."""
    height, width = round(SIZE[1] * SCALE), round(SIZE[0] * SCALE)
    y, x = np.mgrid[0:height, 0:width]
    page = np.full((height, width), 255.0)
    for px, py in PLACES * (width / SIZE[0], height / SIZE[1]) - 0.5:
        page -= 255 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 4.0**2))
    return np.clip(page, 0, 255).astype(np.uint8)


def found(image: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The centre of mass of the ink within 15 px of a place."""
    left, top = (near - 15).astype(int)
    ink = 255.0 - image[top : top + 31, left : left + 31]
    ink[ink < 40] = 0
    y, x = np.mgrid[0:31, 0:31]
    return np.array([(x * ink).sum(), (y * ink).sum()]) / ink.sum() + (left, top)


def warps() -> list[Warp]:
    rng = np.random.default_rng(2)
    flat, size = scanner_view(SIZE, 300, 1.1, (2.0, -1.5), 1.006)
    turned = turned_view(flat, size, 2)
    quarter = turned_view(*scanner_view(SIZE, 200, -0.7, (0.0, 1.0), 0.995), 1)
    photo = photo_view(SIZE, 1600, rng)
    return [
        Warp(flat, size),
        Warp(*turned),
        Warp(*quarter),
        Warp(flat, size, (Slip(40.0, 1.5, 0.4),)),
        Warp(*photo),
        Warp(*photo, (Curl(SIZE, 1.6, 0.6, 1.0, 0.4),), 0.02),
    ]


@pytest.mark.parametrize("number", range(6))
def test_every_view__dots_lie_where_the_truth_says(number):
    warp = warps()[number]
    page = dotted()
    image = warp.apply(page, (page.shape[1] / SIZE[0], page.shape[0] / SIZE[1]), 255)
    assert image.shape == warp.size_px[::-1]
    for place, told in zip(PLACES, warp.to_image(PLACES), strict=True):
        assert np.abs(found(image, told) - told).max() < 0.35, place


@pytest.mark.parametrize("number", range(6))
def test_there_and_back__same_millimetres(number):
    warp = warps()[number]
    assert np.abs(warp.to_paper(warp.to_image(PLACES)) - PLACES).max() < 1e-3


def test_slip__moves_only_what_lies_below():
    shift = Slip(50.0, 1.5, 0.3).shift(np.array([[10.0, 20.0], [10.0, 90.0]]))
    assert shift.tolist() == [[0.0, 0.0], [0.3, 1.5]]
