from __future__ import annotations

import cv2
import numpy as np
import pytest

from omr.components import components


@pytest.mark.parametrize("connectivity", [4, 8])
def test_random_specks__the_same_as_opencv_says(connectivity):
    mask = np.where(np.random.default_rng(5).random((80, 120)) < 0.4, 255, 0).astype(np.uint8)
    count, _, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    found = components(mask, connectivity)
    assert len(found.area) == count - 1 > 50
    assert np.array_equal(np.column_stack([found.width, found.height, found.area]), stats[1:, 2:])
    assert np.allclose(np.column_stack([found.x, found.y]), middles[1:])


@pytest.mark.parametrize(("value", "count"), [(0, 0), (1, 1)])
def test_mask_of_one_value__nothing_or_one_patch(value, count):
    found = components(np.full((6, 9), value, np.uint8), 8)
    assert found.area.tolist() == [54] * count
    assert found.width.tolist() == [9] * count
