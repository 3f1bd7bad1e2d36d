"""One printed page, many fates: every file kind, orientation, size and mishap that still gives its answers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from omr_scans import ANSWERS, DPI, print_form, scanned, tick

from forms import code
from omr.reader import Reader
from omr.reading import FaultCode, ProblemCode, QuestionState, Status

PX = DPI / 25.4


def read(path, *sets):
    return list(Reader({s.layout.digest: s.layout for s in sets}).read_file(path))


def answers(reading):
    return {name: q.choice[0] for name, q in reading.questions.items() if q.state is QuestionState.ANSWERED}


def fault_codes(reading):
    return {fault.code for fault in reading.faults}


def assert_filled(reading, org):
    assert reading.status is Status.READ, reading.problem
    assert (reading.form, reading.sheet) == ("org", code.readable(org.sheets[0]))
    assert answers(reading) == ANSWERS


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_four_orientations__same_answers(filled, org, stack, turns):
    (reading,) = read(stack.jpeg_pdf([np.ascontiguousarray(np.rot90(filled, -turns))]), org)
    assert_filled(reading, org)
    assert (FaultCode.UPSIDE_DOWN in fault_codes(reading)) == bool(turns)
    assert round(reading.registration.rotation_deg / 90) % 4 == turns


def test_rotated_by_the_pdf_itself__same_answers(filled, org, stack):
    (reading,) = read(stack.jpeg_pdf([np.ascontiguousarray(np.rot90(filled))], rotate=90), org)
    assert_filled(reading, org)


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "jpeg"])
def test_tiff_of_three_pages__all_read_in_order(filled, org, stack, compression):
    pages = [filled, scanned(org.pages[1]), filled]
    readings = read(stack.tiff(pages, compression), org)
    assert [r.page for r in readings] == [1, 2, 3]
    assert_filled(readings[0], org)
    assert readings[1].sheet == code.readable(org.sheets[1])
    assert (FaultCode.ONE_BIT in fault_codes(readings[0])) == (compression == "group4")


@pytest.mark.parametrize(("suffix", "options"), [(".jpg", {"quality": 70}), (".png", {})])
def test_single_image__read(filled, org, stack, suffix, options):
    (reading,) = read(stack.image(filled, suffix, **options), org)
    assert_filled(reading, org)


def test_colour_scan__read(filled, org, stack):
    colour = cv2.cvtColor(filled, cv2.COLOR_GRAY2RGB)
    colour[:, :, 2] = (colour[:, :, 2] * 0.85).astype(np.uint8)
    (reading,) = read(stack.image(colour, ".jpg"), org)
    assert_filled(reading, org)


def test_name_lies_about_the_kind__content_counts(filled, org, stack):
    path = stack.image(filled, ".png")
    (reading,) = read(path.rename(path.with_suffix(".pdf")), org)
    assert_filled(reading, org)


@pytest.mark.parametrize("dpi", [150, 300, 600])
def test_other_resolution__same_answers_and_matrix_of_the_stored_image(filled, org, stack, dpi):
    factor = dpi / DPI
    image = cv2.resize(filled, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    (reading,) = read(stack.image(image, ".jpg"), org)
    assert_filled(reading, org)
    matrix = np.array(reading.registration.matrix).reshape(3, 3)
    assert (reading.registration.width_px, reading.registration.height_px) == image.shape[::-1]
    assert matrix[0, 0] == pytest.approx(dpi / 25.4, rel=0.002)


def test_drawn_pdf_without_a_scan__blank_sheets_read(org):
    readings = read(org.path, org)
    assert [r.sheet for r in readings] == [code.readable(sheet) for sheet in org.sheets]
    assert {q.state for r in readings for q in r.questions.values()} == {QuestionState.BLANK}


def test_printed_at_94_percent__read_and_told(filled, org, stack):
    small = np.full_like(filled, 235)
    shrunk = cv2.resize(filled, None, fx=0.94, fy=0.94, interpolation=cv2.INTER_AREA)
    top, left = 60, 50
    small[top : top + shrunk.shape[0], left : left + shrunk.shape[1]] = shrunk
    (reading,) = read(stack.image(small, ".png"), org)
    assert_filled(reading, org)
    scale = next(f for f in reading.faults if f.code == FaultCode.SCALE)
    assert scale.params["percent"] == pytest.approx(94, abs=0.3)


def test_letter_paper__printed_to_fit_is_read(filled, org, stack):
    letter = np.full((11 * DPI, round(8.5 * DPI)), 235, np.uint8)
    factor = 11 / 11.693
    shrunk = cv2.resize(filled, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    left = (letter.shape[1] - shrunk.shape[1]) // 2
    letter[: shrunk.shape[0], left : left + shrunk.shape[1]] = shrunk[: letter.shape[0]]
    (reading,) = read(stack.image(letter, ".png"), org)
    assert_filled(reading, org)


def test_skewed_and_shifted__read(filled, org, stack):
    height, width = filled.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 2.5, 1.0)
    turn[:, 2] += (12, -10)
    (reading,) = read(stack.jpeg_pdf([cv2.warpAffine(filled, turn, (width, height), borderValue=235)]), org)
    assert_filled(reading, org)
    assert reading.registration.rotation_deg == pytest.approx(-2.5, abs=0.1)


def test_staple_over_a_mark__read_by_the_other_three(filled, org, stack):
    page = filled.copy()
    cv2.line(page, (round(8 * PX), round(29 * PX)), (round(19 * PX), round(26 * PX)), 220, round(2.5 * PX))
    (reading,) = read(stack.image(page, ".png"), org)
    assert_filled(reading, org)
    assert FaultCode.CORNER_MISSING in fault_codes(reading)


def test_both_upper_corners_torn_off__placed_by_code_and_boxes(filled, org, stack):
    page = filled.copy()
    page[: round(34 * PX), : round(18 * PX)] = 235
    page[: round(34 * PX), round(192 * PX) :] = 235
    (reading,) = read(stack.image(page, ".png"), org)
    assert_filled(reading, org)


def test_streak_through_a_column_of_boxes__these_go_to_review(filled, org, stack):
    page = filled.copy()
    x = round((115.75 + 2.6) * PX)
    page[:, x : x + 3] = 90
    (reading,) = read(stack.image(page, ".png"), org)
    streak = next(f for f in reading.faults if f.code == FaultCode.STREAK)
    assert streak.params["x_mm"] == pytest.approx(118, abs=2)
    assert {"q1.satisfied", "q2.satisfied", "q3.satisfied"} <= set(streak.boxes)
    assert {reading.questions[q].state for q in ("q1", "q2", "q3")} == {QuestionState.UNSURE}
    assert reading.questions["rater_class"].state is QuestionState.ANSWERED


def test_handwriting_in_the_opinion_box__told_from_its_lines(filled, org, stack):
    page = filled.copy()
    for i in range(6):
        centre = (round((30 + 9 * i) * PX), round(205 * PX))
        cv2.ellipse(page, centre, (20, 14), 30 * i, 0, 300, 60, 3, cv2.LINE_AA)
    written, empty = (read(stack.image(p, ".png"), org)[0].regions["opinion"] for p in (page, filled))
    assert written["has_ink"] is True
    assert empty["has_ink"] is False


def test_mixed_forms_shuffled_in_one_stack__each_by_its_own_layout(org, roster, items, filled, stack):
    marked = items.pages[0].copy()
    tick(marked, items.layout, {"m01.q2": "fairly", "m08.q3": "dissatisfied"})
    pages = [scanned(roster.pages[1]), scanned(marked), filled, scanned(roster.pages[0])]
    readings = read(stack.jpeg_pdf(pages), org, roster, items)
    assert [r.form for r in readings] == ["roster-overall", "roster-items", "org", "roster-overall"]
    assert [r.sheet for r in readings[::3]] == [code.readable(s) for s in roster.sheets[::-1]]
    assert answers(readings[1]) == {"m01.q2": "fairly", "m08.q3": "dissatisfied"}
    assert_filled(readings[2], org)


def test_even_page_of_a_long_roster__its_nearer_marks_are_found(stack, tmp_path):
    long = print_form("roster-overall", 1, tmp_path, tuple(f"党员{chr(0x4E00 + i)}" for i in range(27)))
    readings = read(stack.jpeg_pdf([scanned(page) for page in long.pages[::-1]]), long)
    assert [r.sheet_page for r in readings] == [2, 1]
    assert len({r.sheet for r in readings}) == 1


def test_two_pages_of_different_layouts_only_one_given__the_other_is_named_unknown(org, roster, filled, stack):
    readings = read(stack.jpeg_pdf([scanned(roster.pages[0]), filled]), org)
    assert readings[0].problem.code == ProblemCode.UNKNOWN_LAYOUT
    assert readings[0].problem.params["digest"] == roster.layout.digest
    assert_filled(readings[1], org)


def test_blank_page__named_blank(org, stack):
    (reading,) = read(stack.jpeg_pdf([scanned(np.full((2339, 1654), 255, np.uint8))]), org)
    assert reading.problem.code == ProblemCode.BLANK_PAGE


def test_foreign_page__not_a_sheet(org, stack):
    page = np.full((2339, 1654), 255, np.uint8)
    for row in range(12):
        cv2.putText(page, "Minutes of the meeting of last week", (150, 250 + 150 * row), 0, 1.6, 20, 3)
    (reading,) = read(stack.jpeg_pdf([scanned(page)]), org)
    assert reading.problem.code == ProblemCode.NOT_A_SHEET


def without_code(page):
    page = page.copy()
    page[round(268 * PX) : round(289 * PX), round(171 * PX) : round(192 * PX)] = 235
    return page


class TestPrintedNumber:
    def test_code_lost_number_legible__read_by_ocr_and_said_so(self, filled, org, stack):
        (reading,) = read(stack.image(without_code(filled), ".png"), org)
        assert_filled(reading, org)
        assert FaultCode.CODE_BY_OCR in fault_codes(reading)

    def test_code_and_number_lost__bad_code_with_what_it_seems(self, filled, org, roster, stack):
        page = without_code(filled)
        page[round(279 * PX) : round(289 * PX), round(19 * PX) : round(100 * PX)] = 235
        (reading,) = read(stack.image(page, ".png"), roster, org)
        assert reading.problem.code == ProblemCode.BAD_CODE
        assert reading.problem.params["form"] == "org"


def test_code_typed_by_a_person__believed(filled, org, stack):
    from omr.stack import open_stack

    page = without_code(filled)
    page[round(279 * PX) : round(289 * PX), round(19 * PX) : round(100 * PX)] = 235
    image = open_stack(stack.image(page, ".png")).page(1, reduce=True)
    typed = code.SheetCode(org.sheets[0], org.layout.digest, 1)
    (reading,) = Reader({org.layout.digest: org.layout}).read(image, "x.png", assume=typed)
    assert_filled(reading, org)


def test_half_of_the_page_outside_the_image__rejected_not_guessed(filled, org, stack):
    cut = np.full_like(filled, 235)
    half = filled.shape[1] // 2
    cut[:, : filled.shape[1] - half] = filled[:, half:]
    (reading,) = read(stack.image(cut, ".png"), org)
    assert reading.status is Status.REJECTED
    assert reading.problem.code == ProblemCode.CUT_OFF


def covered(page, x0, x1):
    """The foot of a page without its code, covered from x0 to x1 mm."""
    page = without_code(page)
    page[round(279 * PX) : round(289 * PX), round(x0 * PX) : round(x1 * PX)] = 235
    return page


def test_code_lost_and_the_version_covered__the_number_is_believed_by_the_rows(filled, org, stack):
    (reading,) = read(stack.image(covered(filled, 62, 110), ".png"), org)
    assert_filled(reading, org)
    assert FaultCode.CODE_BY_OCR in fault_codes(reading)


def test_code_and_number_lost__told_how_the_page_lies_and_which_form_it_is(filled, org, roster, stack):
    (reading,) = read(stack.image(covered(filled, 19, 100), ".png"), roster, org)
    assert reading.problem.code == ProblemCode.BAD_CODE
    assert (reading.form, reading.digest, reading.sheet_page) == ("org", org.layout.digest, 1)
    assert reading.sheet is None
    matrix = np.array(reading.registration.matrix).reshape(3, 3)
    assert matrix[0, 0] == pytest.approx(PX, rel=0.002)
