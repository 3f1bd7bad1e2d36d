from __future__ import annotations

import cv2
import numpy as np
import pytest

from omr import quality
from omr.image import Page
from omr.known import KnownPage
from omr.locate import Corner
from omr.measure import SCALE
from omr.raster import jpeg_quality
from omr.reading import FaultCode
from omr.regions import has_ink
from omr.settings import QualitySettings

SETTINGS = QualitySettings()
PX = 150 / 25.4
MATRIX = np.diag([PX, PX, 1.0])


@pytest.fixture(scope="module")
def known(layout):
    return KnownPage(layout, layout.page(1))


def streaks(grey, known, across=False):
    return quality.streaks(grey, across, MATRIX, known.near_print, SCALE, 200.0, SETTINGS)


def corner(**changes):
    values = {"edge_mm": 0.15, "paper": 240.0, "black": 20.0} | changes
    return Corner("tl", 0, 0, 6, 6, values["edge_mm"], values["paper"], values["black"], True)


def codes(corners, dpi=300.0, grey=None, **changes):
    white = np.full((300, 200), 255, np.uint8) if grey is None else grey
    page = Page(1, white, 1, white.shape[1], white.shape[0], 300.0, **changes)
    return [fault.code for fault in quality.image_faults(corners, page, dpi, SETTINGS)]


def test_good_image__no_fault():
    assert codes([corner()] * 4) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"edge_mm": 0.9}, FaultCode.BLURRED),
        ({"paper": 120.0}, FaultCode.TOO_DARK),
        ({"black": 180.0}, FaultCode.TOO_LIGHT),
    ],
)
def test_bad_image__named(changes, code):
    assert codes([corner(**changes)] * 4) == [code]


def test_one_bit_and_coarse__both_named():
    assert codes([corner()], is_one_bit=True, dpi=100.0) == [FaultCode.ONE_BIT, FaultCode.LOW_RESOLUTION]


def test_black_and_white_by_scattered_dots__named():
    dots = np.where(np.random.default_rng(4).random((300, 200)) < 0.03, 0, 255).astype(np.uint8)
    assert codes([corner()], grey=dots, is_one_bit=True) == [FaultCode.ONE_BIT, FaultCode.DITHERED]


@pytest.mark.parametrize(("quality_", "found"), [(90, []), (60, []), (30, [FaultCode.OVER_COMPRESSED])])
def test_quality_of_a_jpeg__read_from_its_tables(scan, quality_, found):
    data = cv2.imencode(".jpg", scan, [cv2.IMWRITE_JPEG_QUALITY, quality_])[1].tobytes()
    assert jpeg_quality(data) == pytest.approx(quality_, abs=1)
    assert codes([corner()], jpeg_quality=jpeg_quality(data)) == found


def test_quality_of_what_is_no_jpeg__unknown():
    assert jpeg_quality(b"\x89PNG and no table at all") is None


def test_noisy_white_page__blank():
    noise = np.random.default_rng(1).normal(235, 8, (1754, 1240))
    assert quality.is_blank(np.clip(noise, 0, 255).astype(np.uint8), SETTINGS)


def test_blank_page_with_dark_border_and_holes__still_blank():
    page = np.full((1754, 1240), 235, np.uint8)
    page[:, :25] = 15
    for y in (620, 1100):
        cv2.circle(page, (70, y), 18, 15, -1)
    assert quality.is_blank(page, SETTINGS)


def test_printed_sheet__not_blank(scan):
    assert not quality.is_blank(scan, SETTINGS)


def test_clean_sheet_with_columns_of_boxes__no_streak(scan, known):
    assert streaks(scan, known) == []
    assert streaks(scan, known, across=True) == []


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("grey", [60, 255])
def test_streak_down_the_page__found_with_the_boxes_it_crosses(scan, known, width, grey):
    x = round(138.0 * PX)
    scan[:, x : x + width] = grey
    ((start, end),) = streaks(scan, known)
    assert start - 1.5 <= x <= end + 1.5
    touched = quality.touched_boxes((start, end), False, MATRIX, known.target.boxes_mm)
    assert {box for (_, box), hit in zip(known.target.ids, touched, strict=True) if hit} == {"fairly"}


def test_streak_across_the_page__found(scan, known):
    y = round(150.0 * PX)
    scan[y : y + 2] = 60
    ((start, end),) = streaks(scan, known, across=True)
    assert start - 1.5 <= y <= end + 1.5


def ink_in(grey, known):
    region = known.page.regions[0]
    return has_ink(grey, MATRIX, known.region_print[region.id], region, 0.08)["has_ink"]


def test_ruled_lines_alone__no_ink(scan, known):
    assert ink_in(scan, known) is False


def test_a_few_characters__ink(scan, known):
    cv2.putText(scan, "abcde", (round(25 * PX), round(184 * PX)), 0, 0.9, 60, 2, cv2.LINE_AA)
    assert ink_in(scan, known) is True


def test_dust_and_a_streak_in_the_region__no_ink(scan, known):
    rng = np.random.default_rng(3)
    for _ in range(40):
        cv2.circle(scan, (int(rng.integers(120, 580)), int(rng.integers(1010, 1230))), 1, 90, -1)
    scan[:, round(60 * PX)] = 90
    assert ink_in(scan, known) is False
