"""人工判读记录: each place with its picture, reading, rulings, reasons and persons; never handwriting."""

from __future__ import annotations

import io
import zipfile

import cv2
import numpy as np
import openpyxl
import pypdfium2
import pytest

from webapp.papers import docx, pdf, xlsx
from webapp.services import closing_papers, pictures, review, sheet_rulings
from webapp.services.review import Verdict

SATISFIED = Verdict("answered", ("satisfied",), "勾在满意框")


@pytest.fixture
def decided(office, meeting, pages, user):
    """The doubtful places were decided, the first of them taken back and decided again; one sheet was voided."""
    items = review.queue(office, meeting.id).items
    newest = {}
    for item in items:
        newest[item] = review.decide(
            office, page_id=item.page_id, question=item.question, verdict=SATISFIED, user_id=user.id, seen=None
        )
    first = items[0]
    at = {"page_id": first.page_id, "question": first.question, "user_id": user.id}
    review.undo(office, **at, seen=newest[first])
    with office.db.read() as session:
        seen = review.history(session, first.page_id, first.question)[-1][0].id
    review.decide(office, **at, verdict=Verdict("invalid", (), "看不出"), seen=seen)
    sheet_rulings.void(office, sheet=sheet_of(office, pages[0]), note="撕去一半", user_id=user.id)
    return items


def sheet_of(office, page_id):
    with office.db.read() as session:
        return session.get_one(review.Page, page_id).sheet


def cells(paper):
    (table,) = paper.blocks
    return [cell for row in table.rows for cell in row]


def test_each_place__stands_once_with_its_picture_and_all_that_was_said_of_it(office, meeting, decided):
    paper = closing_papers.log(office, meeting.id)
    shown = [cell for cell in cells(paper) if cell.picture]
    assert len(shown) == len(decided)
    assert sorted(cell.rows for cell in shown) == [1] * (len(decided) - 1) + [3]
    texts = [cell.text for cell in cells(paper)]
    for words in ("勾在满意框", "看不出", "撤回到机读", "撤销；一人裁定", "整张作废"):
        assert words in texts


def test_picture__shows_the_boxes_of_the_place(office, meeting, decided):
    item = decided[0]
    picture, width_mm, height_mm = pictures.boxes_jpeg(office, item.page_id, item.question)
    grey = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey.shape == (round(height_mm * pictures.SCALE), round(width_mm * pictures.SCALE))
    assert (grey < 120).mean() > 0.005  # print and marks


def test_word_pdf_and_excel__carry_the_pictures(office, meeting, decided):
    paper = closing_papers.log(office, meeting.id)
    with zipfile.ZipFile(io.BytesIO(docx.write(paper))) as file:
        assert len([name for name in file.namelist() if name.startswith("word/media/")]) == len(decided)
    document = pypdfium2.PdfDocument(pdf.write(paper))
    found = [each for page in document for each in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,))]
    assert len(found) == len(decided)
    for image in found:
        left, _bottom, right, _top = image.get_bounds()
        assert right - left <= 48.0 * 72 / 25.4
    document.close()
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.write(paper))).active
    assert len(sheet._images) == len(decided)


@pytest.mark.parametrize("make", [pictures.crop_jpeg, lambda *what: pictures.boxes_jpeg(*what)[0]])
def test_handwriting_that_reaches_into_a_crop__is_covered(office, pages, monkeypatch, make):
    page_id = pages[3]  # bears an opinion
    source = pictures.source_of(office, page_id)
    (region,) = source.regions()
    monkeypatch.setattr(pictures, "MARGIN_MM", 400.0)  # the crop is the whole page and more
    picture = cv2.imdecode(np.frombuffer(make(office, page_id, "q3"), np.uint8), cv2.IMREAD_GRAYSCALE)
    part = pictures.boxes_of(source, "q3")
    across = 0.0 if make is pictures.crop_jpeg else part.x
    top, left = round((region.y - part.y) * pictures.SCALE), round((region.x - across) * pictures.SCALE)
    inside = picture[top : top + round(region.h * pictures.SCALE), left : left + round(region.w * pictures.SCALE)]
    assert inside.size > 0
    assert inside.min() > 180
    assert np.median(inside) > 225


def test_place_without_a_picture__says_why(office, meeting, decided, monkeypatch):
    for path in office.settings.scans_folder.glob("??/*"):
        path.unlink()
    paper = closing_papers.log(office, meeting.id)
    assert [cell for cell in cells(paper) if cell.picture] == []
    assert "原件\n打不开" in [cell.text for cell in cells(paper)]
