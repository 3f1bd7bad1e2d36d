"""Severities stay within their stated ranges, and each trouble does what it says."""

from __future__ import annotations

import numpy as np
import pytest

from omr.synth import scanner
from omr.synth.degrade import backing_of, choose_troubles, degrade, misprint
from omr.synth.paper import Spot
from omr.synth.severity import IN_PRINT, SEVERITIES, TROUBLES
from tests.unit.synth.conftest import SCALE, printed


@pytest.fixture(scope="module")
def flat(layout, sheets):
    return printed(layout, sheets[0])


def spot_for(layout, flat, seed=0, backing=250):
    scale = (flat.shape[1] / layout.page_mm[0], flat.shape[0] / layout.page_mm[1])
    return Spot(scale, layout.page_mm, layout.pages[0], (0.0, 0.0), backing, None, np.random.default_rng(seed))


def geometry(matrix, dpi):
    """Skew in degrees, scale, and shift of the page's middle in mm."""
    a = matrix[:2, :2] / (dpi / 25.4)
    middle = (matrix @ [60, 50, 1])[:2]
    return (
        np.rad2deg(np.arctan2(a[1, 0], a[0, 0])),
        np.sqrt(abs(np.linalg.det(a))),
        (middle + 0.5) / (dpi / 25.4) - (60, 50),
    )


@pytest.mark.parametrize("name", ["office", "bad"])
def test_scanner_severity__geometry_within_its_bounds_and_uses_them(layout, flat, name):
    severity = SEVERITIES[name]
    skews, scales, shifts = [], [], []
    for seed in range(25):
        scan = degrade(flat.copy(), spot_for(layout, flat, seed), severity, (), 200)
        skew, scale, shift = geometry(scan.matrix, 200)
        skews.append(abs(skew))
        scales.append(abs(scale - 1))
        shifts.append(np.abs(shift).max())
    for values, bound in ((skews, severity.skew_deg), (scales, severity.scale), (shifts, severity.shift_mm)):
        assert 0.6 * bound < max(values) <= bound * 1.001


def test_stated_severities__are_those_of_the_words_of_measurement():
    office, bad, phone = (SEVERITIES[name] for name in ("office", "bad", "phone"))
    assert (office.skew_deg, office.shift_mm, office.scale, office.noise[1], office.light) == (
        1.2,
        3.0,
        0.007,
        6.0,
        0.10,
    )
    assert (office.jpeg, office.dpi[200]) == ((75, 75), 0.3)
    assert (bad.skew_deg, bad.scale, bad.noise[1], bad.blur_px[1], bad.jpeg, bad.dpi[200]) == (
        3.0,
        0.012,
        10.0,
        1.3,
        (55, 75),
        0.5,
    )
    assert all(1 / 3 <= share <= 1 / 2 for share in bad.troubles.values())
    assert len(bad.troubles) == 7
    assert (phone.photo, phone.curl_mm, phone.light) == (True, 2.5, 0.40)


def test_noise__has_the_deviation_asked_for():
    grey = np.full((900, 1200), 128, np.uint8)
    for sigma in (4.0, 10.0):
        assert abs(scanner.noisy(grey, sigma, np.random.default_rng(1)).std() - sigma) < 0.05 * sigma + 0.3


def test_light__darkens_by_the_depth_asked_for():
    lit = scanner.uneven_light(np.full((300, 300), 200, np.uint8), 0.4, np.random.default_rng(1))
    assert 115 <= lit.min() <= 125
    assert lit.max() >= 195


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble__changes_the_page_and_the_same_seed_gives_the_same(layout, flat, trouble):
    def scanned(troubles):
        spot = spot_for(layout, flat, 7, backing_of(SEVERITIES["none"], troubles, np.random.default_rng(1)))
        page = misprint(flat.copy(), spot, troubles)
        page = degrade(page, spot, SEVERITIES["none"], troubles, 200)
        return page.image

    if trouble == "dark-backing":  # seen only where the paper ends
        assert backing_of(SEVERITIES["bad"], (trouble,), np.random.default_rng(1)) < 80
        return
    if trouble == "jpeg-30":  # seen only when the page is written
        assert degrade(flat, spot_for(layout, flat, 7, 255), SEVERITIES["none"], (trouble,), 200).jpeg == 30
        return
    one, two, clean = scanned((trouble,)), scanned((trouble,)), scanned(())
    assert (one == two).all()
    assert one.shape != clean.shape or (one != clean).any()


@pytest.mark.parametrize("trouble", ["one-bit", "dither"])
def test_one_bit_troubles__two_values_and_marked_as_bilevel(layout, flat, trouble):
    scan = degrade(flat.copy(), spot_for(layout, flat), SEVERITIES["office"], (trouble,), 200)
    assert scan.bilevel
    assert set(np.unique(scan.image)) <= {0, 255}


def test_print_94__truth_moves_with_the_print(layout, flat):
    scan = degrade(flat.copy(), spot_for(layout, flat), SEVERITIES["none"], ("print-94",), 300)
    assert abs(geometry(scan.matrix, 300)[1] - 0.94) < 1e-6
    x, y = scan.to_image(np.array([[11.0, 18.0]]))[0]  # the middle of the upper left mark
    assert scan.image[int(y), int(x)] < 40
    x, y = scan.to_image(np.array([[7.0, 18.0]]))[0]  # a millimetre left of it
    assert scan.image[int(y), int(x)] > 215


def test_turned__the_top_is_told(layout, flat):
    for trouble, turns in (("upside-down", {180}), ("quarter-turn", {90, 270})):
        scan = degrade(flat.copy(), spot_for(layout, flat), SEVERITIES["none"], (trouble,), 200)
        assert scan.turned_deg in turns
        up = scan.to_image(np.array([[60.0, 0.0], [60.0, 100.0]]))
        direction = up[0] - up[1]  # from the foot to the top, in px
        angle = np.rad2deg(np.arctan2(direction[0], -direction[1])) % 360
        assert round(angle) == scan.turned_deg


def test_beyond__exactly_one_trouble_a_page():
    rng = np.random.default_rng(1)
    drawn = [choose_troubles(SEVERITIES["beyond"], rng) for _ in range(200)]
    assert {len(troubles) for troubles in drawn} == {1}
    assert {troubles[0] for troubles in drawn} == set(SEVERITIES["beyond"].one_of)


def test_toner_troubles__come_before_the_pen(layout, flat):
    assert set(IN_PRINT) == {"faint-toner", "mottled-toner", "fat-toner", "copied"}
    spot = spot_for(layout, flat)
    assert (misprint(flat.copy(), spot, ("streaks", "dust")) == flat).all()


def test_unknown_trouble__value_error():
    with pytest.raises(ValueError, match="no such trouble: coffee"):
        SEVERITIES["office"].always("coffee")


def test_sizes__follow_the_resolution(layout, flat):
    for dpi in (200, 300):
        scan = degrade(flat.copy(), spot_for(layout, flat), SEVERITIES["office"], (), dpi)
        assert scan.image.shape == (round(100 * dpi / 25.4), round(120 * dpi / 25.4))
    assert flat.shape == (round(100 * SCALE), round(120 * SCALE))
