from __future__ import annotations

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


def test_eye__sees_a_tick_and_an_empty_box():
    box = np.zeros((2, 66, 66), np.uint8)
    box[:, 18:20, 18:48] = box[:, 46:48, 18:48] = box[:, 18:48, 18:20] = box[:, 18:48, 46:48] = 255
    ticked = box.copy()
    for step in range(10):
        ticked[0, 32 + step : 35 + step, 24 + step // 2 : 27 + step // 2] = 220
    for step in range(24):
        ticked[0, 42 - step : 45 - step, 29 + step // 2 : 32 + step // 2] = 220
    seen = dict(zip(eye.NAMES, eye.look(ticked, box).T, strict=True))
    assert np.exp(seen["eye_marked"][0]) > 0.5
    assert np.exp(seen["eye_empty"][1]) > 0.9
    assert min(values.min() for values in seen.values()) >= eye.FLOOR
