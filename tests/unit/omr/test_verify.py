from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from forms.layout import Text
from omr import blank, verify
from omr.known import KnownPage
from omr.measure import SCALE
from omr.reading import ProblemCode
from omr.register import Fit, Placed
from omr.settings import RegisterSettings

PX = 150 / 25.4
SETTINGS = RegisterSettings()


@pytest.fixture(scope="module")
def roster(layout):
    """The small layout with a name printed at each row."""
    page = layout.page(1)
    names = ("王芳", "李建国", "张丽娟", "巴特尔", "乌云其其格", "陈志远")
    texts = tuple(Text(40, 67.5 + 16.5 * i, 13, "serif", name) for i, name in enumerate(names))
    return KnownPage(layout, replace(page, texts=texts))


@pytest.fixture(scope="module")
def image(roster):
    print_ = blank.draw(roster.layout.page_mm, roster.page, SCALE)
    return cv2.resize(255 - print_, (1240, 1754), interpolation=cv2.INTER_AREA)


def placed(roster, shift_mm=0.0, residual=0.02, found=None):
    matrix = np.array([[PX, 0, 0], [0, PX, shift_mm * PX], [0, 0, 1.0]])
    count = len(roster.target.boxes_mm)
    fit = Fit(matrix, np.zeros((count, 2)), residual, count if found is None else found, False)
    return Placed((), fit, 0.1)


def trouble(image, roster, **changes):
    return verify.trouble_of(image, placed(roster, **changes), roster, SETTINGS)


def test_page_in_its_place__believed(image, roster):
    assert trouble(image, roster) is None


@pytest.mark.parametrize("rows", [-1, 1])
def test_page_laid_one_row_off__refused_by_its_names(image, roster, rows):
    assert verify.row_pitch(roster) == pytest.approx(16.5)
    assert trouble(image, roster, shift_mm=16.5 * rows).code == ProblemCode.ROW_SLIP


def test_too_few_outlines__refused(image, roster):
    assert trouble(image, roster, found=10).code == ProblemCode.POOR_FIT


def test_outlines_that_do_not_fit__refused(image, roster):
    assert trouble(image, roster, residual=0.9).code == ProblemCode.POOR_FIT


def test_boxes_outside_the_image__cut_off_with_their_number(image, roster):
    wrong = trouble(image, roster, shift_mm=170.0)
    assert wrong.code == ProblemCode.CUT_OFF
    assert wrong.params["boxes"] > 0


def test_rows_of_names__each_checked_and_none_astray(image, roster):
    assert verify.rows_astray(image, placed(roster), roster) == (0, 6)


def test_half_of_the_page_slipped_by_a_row__these_rows_are_astray(image, roster):
    fit = placed(roster).fit
    below = roster.target.boxes_mm[:, 1] > 100
    shifts = np.where(below[:, None], [[0.0, 16.5]], [[0.0, 0.0]])
    astray, checked = verify.rows_astray(image, Placed((), replace(fit, shifts_mm=shifts), 0.1), roster)
    assert astray == 2  # the last of the three shows an empty row
    assert checked == 6


def test_rows_of_the_same_name__can_not_be_told_apart_and_are_not_checked(layout, image):
    page = layout.page(1)
    texts = tuple(Text(40, 67.5 + 16.5 * i, 13, "serif", "王芳") for i in range(6))
    same = KnownPage(layout, replace(page, texts=texts))
    assert verify.rows_astray(image, placed(same), same) == (0, 0)
