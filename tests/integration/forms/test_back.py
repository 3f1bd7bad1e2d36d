"""The criteria on the back of a sheet: printed behind each page, told apart by the reader, counted nowhere."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pypdfium2
import pytest

from forms import back, code, loader, render
from forms.survey import Values
from forms.typeset import typeset
from omr import identify
from omr.reader import Reader
from omr.reading import ProblemCode, Status

TEXT = "评议标准\n" + "五个好：领导班子好，党员队伍好。\n" * 12


def greys(pdf):
    """Each page of a PDF as the scanner would see it, 200 dpi."""
    document = pypdfium2.PdfDocument(pdf)
    return [np.asarray(page.render(scale=200 / 72, grayscale=True).to_pil()) for page in document]


@pytest.mark.parametrize("form", ["org", "roster-items"])
def test_back__stands_behind_each_page_and_the_reader_knows_it(tmp_path, form):
    layout = typeset(loader.preset(form), Values(members=("陈静", "李强")))
    sheets = [code.new_sheet(layout.digest) for _ in range(2)]
    path = tmp_path / "sheets.pdf"
    render.write_pdf(layout, sheets, path, behind=TEXT)
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == 4
        assert len({tuple(map(float, page.mediabox)) for page in pdf.pages}) == 1
    readings = list(Reader({layout.digest: layout}).read_file(path))
    assert [(each.status, each.problem and each.problem.code) for each in readings] == [
        (Status.READ, None), (Status.REJECTED, ProblemCode.OWN_BACK),
    ] * 2  # fmt: skip
    front, behind, *_rest = greys(path.read_bytes())
    assert identify.find_code(front)[0].sheet == sheets[0]
    assert not identify.is_back(front)
    for turned in (behind, np.rot90(behind, 2), np.rot90(behind)):
        assert identify.is_back(np.ascontiguousarray(turned))
        assert identify.find_code(np.ascontiguousarray(turned)) is None


def test_text_that_does_not_fit__is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        back.draw("标准\n" + "很长的一行评议标准文字。\n" * 400, (210.0, 297.0))


def test_code_of_a_back__is_no_sheet_code():
    with pytest.raises(code.CodeError):
        code.parse(code.BACK)
    assert pikepdf.open(io.BytesIO(back.draw(TEXT, (210.0, 297.0)))).pages[0] is not None
