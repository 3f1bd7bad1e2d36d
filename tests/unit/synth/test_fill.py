"""The truth is what was drawn: ink in the chosen box, none in the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forms import loader
from forms.layout import Box, Layout
from forms.survey import Values
from forms.typeset import typeset
from omr.synth.fill import Sheet, fill_page, write_regions
from omr.synth.plan import HARD, MIXES, STYLES, WILD_HARD, Mix, mix_of
from omr.synth.truth import ANSWERED, BLANK, CANCELLED, CORRECTED, MULTIPLE
from omr.synth.writer import choose_writer
from tests.unit.synth.conftest import SCALE

CLEAN = MIXES["clean"]


def fresh(layout: Layout, mix: Mix = CLEAN, seed: int = 0) -> Sheet:
    rng = np.random.default_rng(seed)
    shape = round(layout.page_mm[1] * SCALE), round(layout.page_mm[0] * SCALE)
    return Sheet(np.full(shape, 255, np.uint8), (SCALE, SCALE), (0.0, 0.0), choose_writer(mix, rng), rng)


def window(sheet: Sheet, box: Box, margin: float = 0.0) -> np.ndarray:
    """The pixels in and ``margin`` mm about a box."""
    top, left = int((box.y - margin) * SCALE), int((box.x - margin) * SCALE)
    bottom, right = int((box.y + box.h + margin) * SCALE), int((box.x + box.w + margin) * SCALE)
    return sheet.image[top:bottom, left:right]


def ink(sheet: Sheet, box: Box, margin: float = 0.0) -> float:
    """Darkness in and ``margin`` mm about a box, in mm² of full black."""
    return float((255.0 - window(sheet, box, margin)).sum() / 255 / SCALE**2)


@pytest.mark.parametrize("style", STYLES)
def test_clear_mark_of_each_style__ink_at_the_chosen_box_only(layout, style):
    mix = Mix(styles={style: 1}, blank=0, hard=0)
    page = layout.pages[0]
    for seed in range(12):
        sheet = fresh(layout, mix, seed)
        truth = fill_page(sheet, page, mix, {item.id: ["fairly"] for item in page.questions})
        for item in page.questions:
            assert truth[item.id].state == ANSWERED
            assert (truth[item.id].choice, truth[item.id].clear, truth[item.id].style) == (("fairly",), True, style)
            for box in item.boxes:
                if box.id == "fairly":
                    assert ink(sheet, box, 2.0) > 0.5
                else:
                    assert ink(sheet, box) < 0.01


def test_no_answers__no_ink_and_all_blank(layout):
    sheet = fresh(layout)
    truth = fill_page(sheet, layout.pages[0], CLEAN, {})
    assert {item.state for item in truth.values()} == {BLANK}
    assert (sheet.image == 255).all()


def test_too_many_choices__multiple_and_not_clear(layout):
    sheet = fresh(layout)
    truth = fill_page(sheet, layout.pages[0], CLEAN, {"q1": ["satisfied", "basically"]})
    assert (truth["q1"].state, truth["q1"].choice, truth["q1"].clear) == (MULTIPLE, ("satisfied", "basically"), False)
    boxes = layout.pages[0].questions[0].boxes
    assert [ink(sheet, box, 1.0) > 0.3 for box in boxes] == [True, False, True, False]


def test_two_marks_of_one_question__in_one_style(layout):
    mix = Mix(blank=0, hard=1, hards={"double": 1}, odd_mark=1.0, styles={"fill": 1, "circle": 1})
    for seed in range(6):
        sheet = fresh(layout, mix, seed)
        for item, said in fill_page(sheet, layout.pages[0], mix, None).items():
            boxes = [box for box in layout.question(item)[1].boxes if box.id in said.choice]
            full = [window(sheet, box)[20:40, 20:40].mean() < 200 for box in boxes]
            assert len(boxes) == 2
            assert full == [said.style == "fill"] * 2


def test_unknown_choice__value_error(layout):
    with pytest.raises(ValueError, match="q1 has no choice excellent"):
        fill_page(fresh(layout), layout.pages[0], CLEAN, {"q1": ["excellent"]})


STATES = {"double": MULTIPLE, "cancelled": CANCELLED, "dot": BLANK, "stray": BLANK, "erased": BLANK}


@pytest.mark.parametrize("kind", HARD)
def test_hard_class__state_and_touched_box_are_told(layout, kind):
    mix = Mix(blank=0, hard=1, hards={kind: 1}, styles={"tick": 1}, pens={"gel": 1})
    sheet = fresh(layout, mix, 3)
    truth = fill_page(sheet, layout.pages[0], mix, None)
    for item in layout.pages[0].questions:
        said = truth[item.id]
        assert said.hard == kind
        assert not said.clear
        assert said.state == STATES.get(kind, CORRECTED if kind.startswith("corrected") else ANSWERED)
        for box in item.boxes:
            if box.id in said.touched or (box.id in said.choice and kind != "beside"):
                assert ink(sheet, box, 1.0) > 0.02


@pytest.mark.parametrize("family", ["wild", "held"])
@pytest.mark.parametrize("kind", [kind for kind in WILD_HARD if kind not in HARD])
def test_class_of_a_strange_hand__state_and_touched_box_are_told(layout, family, kind):
    mix = Mix(blank=0, hard=1, hards={kind: 1}, styles={"tick": 1}, family=family)
    sheet = fresh(layout, mix, 3)
    for said in fill_page(sheet, layout.pages[0], mix, None).values():
        told = "near" if kind == "word" and said.hard == "near" else kind
        wanted = CORRECTED if kind.startswith("corrected") else CANCELLED if kind.startswith("cancelled") else BLANK
        assert said.hard == told
        assert said.state == (ANSWERED if said.choice and wanted is BLANK else wanted)
        assert len(said.choice) == (
            wanted is CORRECTED or kind in ("near", "word", "tail", "tiny") or "-answered" in kind
        )
        assert len(said.touched) == (kind not in ("near", "word", "tail", "tiny"))
    assert (sheet.image < 250).any()


@pytest.mark.parametrize("family", ["wild", "held"])
def test_strange_hand__keeps_its_pen_and_its_style_and_leaves_other_boxes_white(layout, family):
    mix = replace(MIXES[family], hard=0.0, blank=0.0, odd_mark=0.0)
    for seed in range(12):
        sheet = fresh(layout, mix, seed)
        truth = fill_page(sheet, layout.pages[0], mix, None)
        assert {said.style for said in truth.values()} == {sheet.writer.style}
        inks = [ink(sheet, box, 2.0) for q, said in truth.items() for box in chosen(layout, q, said.choice)]
        assert min(inks) > 0.03


def chosen(layout: Layout, question: str, choice: tuple[str, ...]) -> list[Box]:
    return [box for box in layout.question(question)[1].boxes if box.id in choice]


def test_ring_round_the_word__runs_beside_its_box():
    layout = typeset(loader.preset("org"), Values("某单位", "某单位", "2011年7月15日", ()))
    mix = Mix(blank=0, hard=1, hards={"word": 1}, family="wild")
    sheet = fresh(layout, mix, 5)
    truth = fill_page(sheet, layout.pages[0], mix, None)
    [ringed] = [q for q, said in truth.items() if said.hard == "word"]
    [box] = chosen(layout, ringed, truth[ringed].choice)
    assert ink(sheet, box, 6.0) > ink(sheet, box) + 1.0


def test_erased_ghost__fainter_than_a_clear_mark(layout):
    ghost = Mix(blank=0, hard=1, hards={"erased": 1})
    boxes = []
    sheet = fresh(layout, ghost, 4)
    truth = fill_page(sheet, layout.pages[0], ghost, None)
    for item in layout.pages[0].questions:
        boxes += [box for box in item.boxes if box.id in truth[item.id].touched]
    darkest = min(int(window(sheet, box).min()) for box in boxes)
    assert 150 < darkest < 252


def test_writer__keeps_style_and_pen_over_a_sheet(layout):
    mix = Mix(blank=0, hard=0, odd_mark=0)
    for seed in range(10):
        sheet = fresh(layout, mix, seed)
        truth = fill_page(sheet, layout.pages[0], mix, None)
        assert {item.style for item in truth.values()} == {sheet.writer.style}


def test_random_mix__shares_are_those_asked_for(layout):
    mix = Mix(blank=0.3, hard=0.0, choices=(1, 0, 0, 1))
    seen = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        sheet = Sheet(np.full((4, 4), 255, np.uint8), (SCALE, SCALE), (0.0, 0.0), choose_writer(mix, rng), rng)
        seen += list(fill_page(sheet, layout.pages[0], mix, None).values())
    assert 0.24 < sum(item.state == BLANK for item in seen) / len(seen) < 0.36
    assert {choice for item in seen for choice in item.choice} == {"satisfied", "dissatisfied"}


def test_regions__truth_says_where_ink_is(layout):
    sheet = fresh(layout)
    assert write_regions(sheet, layout.pages[0], 0.0) == {"opinion": False}
    assert (sheet.image == 255).all()
    assert write_regions(sheet, layout.pages[0], 1.0) == {"opinion": True}
    region = layout.pages[0].regions[0]
    inside = sheet.image[int(region.y * SCALE) : int((region.y + region.h) * SCALE), int(region.x * SCALE) :]
    assert (inside < 160).sum() > 500


def test_mix_text__read_or_refused():
    assert mix_of("usual,blank=0.5,hard=0").blank == 0.5
    with pytest.raises(ValueError, match="no such mix: odd"):
        mix_of("odd")
    with pytest.raises(ValueError, match="no such share"):
        mix_of("usual,pens=3")
