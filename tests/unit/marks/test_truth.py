from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.marks.answers import HARD, fill_in
from tests.marks.cancels import CANCELS
from tests.marks.curve import path, trace
from tests.marks.inks import ink
from tests.marks.model import State
from tests.marks.pens import PENS, SHARES
from tests.marks.shapes import STYLES, TICKS, tick
from tests.marks.writer import writer

PIXELS = 6.0  # per mm: enough to see whether there is ink


def filled(page, seed: int, hard_share: float = 0.34):
    rng = np.random.default_rng(seed)
    return fill_in(page, writer(rng), rng, hard_share)


def plane_of(drawn, seed: int = 0):
    return ink(drawn, (round(297 * PIXELS), round(210 * PIXELS)), PIXELS, np.random.default_rng(seed))


def about(plane, box, reach: float):
    """The part of a plane within ``reach`` mm of a box."""
    y0, y1 = (int(v * PIXELS) for v in (box.y - reach, box.y + box.h + reach))
    x0, x1 = (int(v * PIXELS) for v in (box.x - reach, box.x + box.w + reach))
    return plane[y0:y1, x0:x1]


@pytest.mark.parametrize("seed", range(4))
def test_truth__equals_the_ink(roster, seed):
    page = roster.pages[0]
    truths, drawn = filled(page, seed)
    everything = plane_of(drawn)
    for question, truth in zip(page.questions, truths, strict=True):
        own = plane_of([each for each in drawn if each.question == question.id])
        for box in question.boxes:
            if box.id in truth.inked and truth.kind != "word-ring":
                assert about(own, box, 4.0).max() > 0.1
            if truth.clear and box.id not in truth.inked:
                assert about(everything, box, 0.0).max() < 0.05  # the veil about a rubbed-out neighbour


@pytest.mark.parametrize("seed", range(3))
def test_truth__is_consistent(roster, seed):
    for truth in filled(roster.pages[0], seed, hard_share=1.0)[0]:
        one = truth.state in (State.ANSWERED, State.CORRECTED)
        assert len(truth.choice) == (1 if one else 2 if truth.state is State.MULTIPLE else 0)
        assert set(truth.choice) <= set(truth.inked)
        assert truth.kind.split(":")[0] == truth.state or truth.state in (State.ANSWERED, State.BLANK, State.MULTIPLE)


def test_hard_share__is_kept(roster):
    truths = [truth for seed in range(60) for truth in filled(roster.pages[0], seed)[0]]
    hard = [truth for truth in truths if truth.kind not in (*STYLES, "blank")]
    assert 0.25 < len(hard) / len(truths) < 0.4


def test_only_hard_questions__bring_every_kind(roster):
    truths = [truth for seed in range(250) for truth in filled(roster.pages[0], seed, hard_share=1.0)[0]]
    assert {truth.kind.split(":")[0] for truth in truths} == set(HARD)
    taken_back = {truth.kind.split(":")[1] for truth in truths if ":" in truth.kind}
    assert taken_back == set(CANCELS)


def test_no_hard_questions__leaves_marks_in_one_style_and_blanks(roster):
    rng = np.random.default_rng(7)
    by = writer(rng)
    truths, _ = fill_in(roster.pages[0], by, rng, 0.0)
    assert {truth.kind for truth in truths} <= {by.style, "blank"}


@pytest.mark.parametrize("name", PENS)
def test_every_pen__leaves_ink_within_its_range(name, roster):
    rng = np.random.default_rng(3)
    by = replace(writer(rng), pen=PENS[name], style="tick")
    _, drawn = fill_in(roster.pages[0], by, rng, 0.0)
    plane = plane_of(drawn)
    assert plane.min() >= 0
    assert 0.3 * PENS[name].density < np.quantile(plane[plane > 0.02], 0.95) < 1.6 * PENS[name].density


def test_shares_of_pens__are_one():
    assert sum(SHARES.values()) == pytest.approx(1)
    assert set(SHARES) == set(PENS)


@pytest.mark.parametrize("form", TICKS)
def test_every_tick__goes_down_and_then_up_to_the_right(form):
    rng = np.random.default_rng(5)
    points = np.concatenate([piece for line in tick(form, rng) for piece in line.pieces])
    lowest = points[points[:, 1].argmax()]
    assert points[-1][0] > lowest[0]
    assert points[-1][1] < lowest[1] - 0.8


def test_hand__is_slow_in_bends_and_at_its_ends():
    bend = [(0.0, 0.0), (4.0, 0.1), (5.0, 1.0), (5.1, 5.0)]
    drawn = trace(path(bend), 0.0, np.random.default_rng(0))
    corner = np.hypot(*(drawn.xy - (5.0, 1.0)).T).argmin()
    straight = np.hypot(*(drawn.xy - (2.0, 0.05)).T).argmin()
    assert drawn.speed[corner] < drawn.speed[straight]
    assert drawn.speed[0] < drawn.speed[straight]
