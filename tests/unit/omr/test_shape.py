from __future__ import annotations

import cv2
import numpy as np
import pytest

from omr import eye
from omr.shape import NAMES, describe

SIZE, SCALE = 66, 6.0
WINDOW = (slice(21, 45), slice(21, 45))
COLUMN = {name: index for index, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def marks():
    """Ticks, lines over the edge, blots at the border, specks and nothing: what one sees must not touch the next."""
    chance = np.random.default_rng(11)
    patches = np.zeros((24, SIZE, SIZE), np.uint8)
    for index, patch in enumerate(patches[:-2]):
        for _ in range(index % 3 + 1):
            ends = chance.integers(-5, SIZE + 5, (2, 2)).tolist()
            cv2.line(patch, ends[0], ends[1], int(chance.integers(60, 255)), int(chance.integers(1, 9)))
    patches[-2] = 255
    return patches


@pytest.fixture(scope="module")
def ring():
    ring = np.full((SIZE, SIZE), 255, np.uint8)
    ring[17:49, 17:49] = 0
    return ring


def test_many_boxes_at_once__the_same_as_each_alone(marks, ring):
    rings = np.stack([ring] * len(marks))
    together = describe(marks, rings, WINDOW, SCALE)
    alone = np.vstack([describe(one[None], ring[None], WINDOW, SCALE) for one in marks])
    assert np.allclose(together, alone, atol=1e-6)
    assert len(np.unique(alone.round(3), axis=0)) > 15


def test_full_box__solid_even_and_on_all_sides(marks, ring):
    row = describe(np.full((1, SIZE, SIZE), 255, np.uint8), ring[None], WINDOW, SCALE)[0]
    got = {name: row[COLUMN[name]] for name in ("cover", "solid", "even", "blocks", "around", "crossing")}
    assert got == {"cover": 1, "solid": 1, "even": 1, "blocks": 1, "around": 1, "crossing": 4}


def test_line_beside_the_box__not_connected_to_it(ring):
    patch = np.zeros((1, SIZE, SIZE), np.uint8)
    patch[0, :, 2:5] = 255
    row = describe(patch, ring[None], WINDOW, SCALE)[0]
    assert row[COLUMN["reach"]] == 0
    assert row[COLUMN["crossing"]] == 0


def test_line_through_the_box__reaches_out_on_two_sides(ring):
    patch = np.zeros((1, SIZE, SIZE), np.uint8)
    patch[0, 31:34] = 255
    row = describe(patch, ring[None], WINDOW, SCALE)[0]
    assert row[COLUMN["crossing"]] == 2
    assert row[COLUMN["reach"]] == pytest.approx((SIZE - 1 - 24) / 2 / 24, abs=0.01)


def test_pictures_for_the_net__the_same_as_each_alone(marks):
    together = eye.shrunk(marks)
    alone = np.concatenate([eye.shrunk(one[None]) for one in marks])
    assert together.shape == (len(marks), eye.SIDE, eye.SIDE)
    assert np.array_equal(together, alone)
