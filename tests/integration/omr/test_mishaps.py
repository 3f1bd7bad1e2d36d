"""What happens to sheets: each mishap is read or refused by name, and no answer is surely wrong.

Every image is made by the synthesiser, three of each mishap; one in three may be beyond reading, none may be guessed.
"""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from omr_scans import DPI, MEMBERS, print_form
from synth_pages import fill, quieter, read, rescans, wrong

from omr.image import Page
from omr.reading import BoxState, FaultCode, ProblemCode, QuestionState, Status

SEEDS = (11, 12, 13)
READ_ALL_THE_SAME = {  # mishap -> the fault that two of three pages must name
    "print-94": FaultCode.SCALE,
    "upside-down": FaultCode.UPSIDE_DOWN,
    "quarter-turn": FaultCode.UPSIDE_DOWN,
    "covered-mark": FaultCode.CORNER_MISSING,
    "half-mark": FaultCode.CORNER_MISSING,
    "lost-marks": FaultCode.CORNER_MISSING,
    "cut-edge": FaultCode.EDGE_CUT,
    "jpeg-30": FaultCode.OVER_COMPRESSED,
    "dither": FaultCode.DITHERED,
    "one-bit": FaultCode.ONE_BIT,
    "streak-5px": FaultCode.STREAK,
    "fold-through-boxes": FaultCode.FOLD,
    "show-through": FaultCode.BLEED_THROUGH,
}
READ_SILENTLY = (
    "stapled",
    "torn-corner",
    "folded-corner",
    "punch-holes",
    "dark-backing",
    "smudged-code",
    "copied",
    "streak-1px",
)


@pytest.mark.parametrize("mishap", READ_ALL_THE_SAME)
def test_mishap_with_a_name__read_and_named(roster, mishap):
    named = Counter()
    for seed in SEEDS:
        page = fill(roster, seed, quieter("office"), mishap)
        reading = read(roster, page.page())
        assert reading.status is Status.READ, reading.problem
        assert wrong(reading, page.truth) == []
        named[mishap] += READ_ALL_THE_SAME[mishap] in {fault.code for fault in reading.faults}
    assert named[mishap] >= 2


@pytest.mark.parametrize("mishap", READ_SILENTLY)
def test_mishap_that_spoils_nothing__read(roster, mishap):
    for seed in SEEDS:
        page = fill(roster, seed, quieter("office"), mishap)
        reading = read(roster, page.page())
        assert reading.status is Status.READ, reading.problem
        assert wrong(reading, page.truth) == []


@pytest.mark.parametrize("form", ["org", "roster", "items"])
def test_clean_page__has_no_fault(form, request):
    printed = request.getfixturevalue(form)
    for seed in SEEDS:
        page = fill(printed, seed, quieter("office"))
        reading = read(printed, page.page())
        assert [fault.code for fault in reading.faults] == []
        assert wrong(reading, page.truth) == []


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A roster whose rows fill the page."""
    return print_form(
        "roster-overall", 1, tmp_path_factory.mktemp("full"), tuple(f"{name}{n}" for n in (1, 2, 3) for name in MEMBERS)
    )


def test_feed_that_slipped__told_and_no_row_read_for_another(full):
    told = 0  # a slip above the first row or below the last leaves nothing to tell
    for seed in SEEDS:
        page = fill(full, seed, quieter("office"), "feed-slip")
        reading = read(full, page.page())
        assert reading.status is Status.READ
        assert wrong(reading, page.truth) == []
        told += bool({FaultCode.FEED_SLIP, FaultCode.BOX_NOT_FOUND} & {fault.code for fault in reading.faults})
    assert told >= 2


def test_two_sheets_fed_together__never_mixed(org):
    for seed in SEEDS:
        page = fill(org, seed, quieter("office"), "double-feed")
        reading = read(org, page.page())
        assert reading.status is Status.REJECTED or wrong(reading, page.truth) == []


def test_lines_of_writing__are_no_folds(org, filled):
    region = next(r for r in org.layout.pages[0].regions if r.lines_y)
    page, chance = filled.copy(), np.random.default_rng(3)
    for line in region.lines_y:
        for x in np.arange(region.x + 4, region.x + 0.85 * region.w, 1.2):  # as densely as people write
            strokes = np.array([x, line - 2.5]) + chance.uniform((-1.4, -1.6), (1.4, 1.6), (4, 2))
            cv2.polylines(page, [(strokes * DPI / 25.4).round().astype(np.int32)], False, 50, 3, cv2.LINE_AA)
    reading = read(org, Page(1, page, 1, page.shape[1], page.shape[0], float(DPI)))
    assert reading.regions[region.id]["has_ink"]
    assert [fault.code for fault in reading.faults] == []


def test_photograph__read_and_followed(roster):
    for seed in SEEDS:
        page = fill(roster, seed, quieter("phone"))
        reading = read(roster, page.page())
        assert reading.status is Status.READ
        assert reading.registration.residual_mm < 0.2
        assert wrong(reading, page.truth) == []


def test_nobody_marked_anything__blank_sheet(org):
    reading = read(org, fill(org, 5, quieter("office"), mix="usual,blank=1,hard=0").page())
    assert {q.state for q in reading.questions.values()} == {QuestionState.BLANK}
    assert [fault.code for fault in reading.faults] == [FaultCode.BLANK_SHEET]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_page_turned__same_answers(roster, turns):
    page = fill(roster, 21, quieter("office"))
    upright, turned = read(roster, page.page()), read(roster, page.page(turns))
    assert {n: (q.state, q.choice) for n, q in turned.questions.items()} == {
        n: (q.state, q.choice) for n, q in upright.questions.items()
    }


@pytest.mark.parametrize("form", ["org", "roster"])
def test_sheet_scanned_again__no_box_moves_between_empty_and_marked(form, request):
    printed = request.getfixturevalue(form)
    sure = (BoxState.EMPTY, BoxState.MARKED)
    for seed in range(40, 50):
        one, two = (read(printed, page.page()) for page in rescans(printed, seed))
        pairs = [(b, two.questions[n].boxes[c]) for n, q in one.questions.items() for c, b in q.boxes.items()]
        assert [
            (a.state, b.state) for a, b in pairs if a.state in sure and b.state in sure and a.state != b.state
        ] == []
        assert sum(a.state == b.state == BoxState.MARKED for a, b in pairs) >= len(one.questions) // 2


def test_code_that_fails_its_check__refused_by_name(org):
    reading = read(org, fill(org, 31, quieter("office"), "lost-code").page())
    assert reading.status is Status.READ or reading.problem.code == ProblemCode.BAD_CODE
