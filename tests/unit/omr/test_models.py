from __future__ import annotations

import cv2
import numpy as np
import pytest

from omr import context, eye, judge, models


@pytest.mark.parametrize(
    ("name", "width"), zip(judge.MODELS, (len(context.BY_SHAPE), len(context.BY_EYE)), strict=True)
)
def test_each_judge__takes_its_inputs_and_gives_chances(name, width):
    chances = models.run(eye.MODEL.with_name(name), np.zeros((3, width), np.float32))
    assert chances.shape == (3, len(judge.CLASSES))
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-4)


def test_all_models_together__less_than_a_megabyte():
    files = [eye.MODEL, *(eye.MODEL.with_name(name) for name in judge.MODELS)]
    assert sum(path.stat().st_size for path in files) <= 2**20


def drawn(scale, tick):
    """Scan and blank print of a box of 5 mm in the middle of 40 × 40 px, with a tick or none."""
    print_ = np.zeros((40, 40), np.uint8)
    half = round(2.5 * scale)
    cv2.rectangle(print_, (20 - half, 20 - half), (20 + half, 20 + half), 255, 1)
    scan = print_.copy()
    if tick:
        path = (np.array([(-1.7, 0.0), (-0.4, 1.6), (2.2, -2.6)]) * scale + 20).round().astype(np.int32)
        cv2.polylines(scan, [path], False, 220, max(1, round(0.5 * scale)))
    return [scan, print_]


def test_eye__sees_a_tick_and_an_empty_box():
    pictures = np.array([drawn(4, tick) + drawn(2, tick) for tick in (True, False)])
    seen = dict(zip(eye.NAMES, eye.look_at(pictures).T, strict=True))
    for names in (eye.CLOSE, eye.FAR):
        assert np.exp(seen[names[1]][0]) > 0.5
        assert np.exp(seen[names[0]][1]) > 0.9
    assert min(values.min() for values in seen.values()) >= eye.FLOOR
