"""A sheet on another's lower part, and sheets with two opposite corners torn off: read, or refused by name."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from omr_scans import ANSWERS, DPI, MEMBERS, print_form, scanned, tick
from synth_pages import fill, quieter, read

from omr.image import Page
from omr.reading import FaultCode, ProblemCode, QuestionState, Status

MM = DPI / 25.4


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two sheets of a roster, whose boxes end above the lower third."""
    return print_form("roster-overall", 2, tmp_path_factory.mktemp("pair"), MEMBERS)


def marked(form, copy, choice):
    """A sheet with one choice ticked in every row."""
    grey = form.pages[copy].copy()
    questions = form.layout.pages[0].questions
    answers = {q.id: q.boxes[min(choice, len(q.boxes) - 1)].id for q in questions}
    tick(grey, form.layout, answers)
    return grey, answers


def on_top(under, over, at_mm, aside_mm, along_mm, turned_deg):
    """Lay what of ``over`` is below ``at_mm`` on ``under``, moved and turned, with the shadow of its edge."""
    height, width = under.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height * 0.75), turned_deg, 1)
    matrix[:, 2] += aside_mm * MM, along_mm * MM
    there = np.zeros_like(under)
    there[int(at_mm * MM) :] = 255
    moved = cv2.warpAffine(over, matrix, (width, height), borderValue=255)
    there = cv2.warpAffine(there, matrix, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    both = np.where(there > 0, moved, under)
    edge = cv2.morphologyEx(there, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    both[edge] = np.clip(both[edge].astype(int) - 25, 0, 255)
    return scanned(both)


def as_page(grey):
    return Page(1, grey, 1, grey.shape[1], grey.shape[0], float(DPI))


@pytest.mark.parametrize(
    "moved", [(4, -6, 1.5), (-5, 5, -2), (-1, -7, -0.7), (3, -6, -0.7), (0, 0, -1), (2, 1, 0), (0, 4, 0)]
)
def test_sheet_over_the_lower_part_of_another__refused_by_name(pair, moved):
    under, _ = marked(pair, 0, 0)
    over, _ = marked(pair, 1, 2)
    reading = read(pair, as_page(on_top(under, over, 160, *moved)))
    assert reading.status is Status.REJECTED
    assert reading.problem.code == ProblemCode.SHEETS_OVERLAP
    assert not reading.questions


def test_sheet_over_another_scanned_upside_down__refused_too(pair):
    under, _ = marked(pair, 0, 0)
    over, _ = marked(pair, 1, 2)
    image = np.ascontiguousarray(np.rot90(on_top(under, over, 160, 4, -6, 1.5), 2))
    assert read(pair, as_page(image)).problem.code == ProblemCode.SHEETS_OVERLAP


def test_one_sheet_cut_and_laid_together_true__is_one_sheet(pair):
    grey, answers = marked(pair, 0, 1)
    reading = read(pair, as_page(on_top(grey, grey, 160, 0.3, -0.4, 0.05)))
    assert reading.status is Status.READ
    assert {name: said.choice for name, said in reading.questions.items()} == {n: (c,) for n, c in answers.items()}


@pytest.mark.parametrize("trouble", ["feed-slip", "print-94", "covered-mark", "torn-corner"])
def test_one_sheet_in_trouble__is_not_taken_for_two(pair, trouble):
    for seed in (11, 12, 13):
        assert read(pair, fill(pair, seed, quieter("office"), trouble).page()).status is Status.READ


def test_bent_photographs__are_not_taken_for_two_sheets(pair):
    for seed in (11, 12, 13, 14):
        assert read(pair, fill(pair, seed, quieter("phone")).page()).status is Status.READ


def torn(grey, corners, reach_mm):
    """Tear corners off; the backing of the scanner shows grey."""
    height, width = grey.shape
    out, reach = grey.copy(), reach_mm * MM
    for name in corners:
        x, along = (0, 1) if name[1] == "l" else (width, -1)
        y, down = (0, 1) if name[0] == "t" else (height, -1)
        rim = [(0, 0), (1.1, 0), (0.55, 0.5), (0, 1)]
        cv2.fillPoly(out, [np.array([(x + along * a * reach, y + down * b * reach) for a, b in rim], np.int32)], 200)
    return scanned(out)


def test_two_opposite_corners_torn_off__read_by_the_code_and_said(org, filled):
    reading = read(org, as_page(torn(filled, ("tr", "bl"), 45)))
    assert reading.status is Status.READ
    lost = [fault.params["corners"] for fault in reading.faults if fault.code == FaultCode.CORNER_MISSING]
    assert lost == ["tr, bl"]
    said = {name: q.choice for name, q in reading.questions.items() if q.state is QuestionState.ANSWERED}
    assert said == {name: (choice,) for name, choice in ANSWERS.items()}


def test_two_opposite_corners_torn_off_with_the_code__named_and_told_which_form(org, filled):
    reading = read(org, as_page(torn(filled, ("tl", "br"), 45)))
    assert reading.status is Status.REJECTED
    assert (reading.problem.code, reading.problem.params["form"]) == (ProblemCode.BAD_CODE, "org")
