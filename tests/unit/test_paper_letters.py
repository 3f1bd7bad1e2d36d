"""What PDFs do with characters that the shipped fonts lack: another font, or 〓 with a note; never an empty box."""

from __future__ import annotations

import io

import pikepdf
import pytest
from fpdf import FPDF

from forms import font_files, rare
from forms.typeset.metrics import FONT_FILES
from tests.unit.forms.test_forms_rare import JI, font_with
from webapp.papers import pdf
from webapp.papers.letters import Letters
from webapp.papers.paper import Cell, Line, Paper, Table


@pytest.fixture
def bare(monkeypatch, tmp_path):
    monkeypatch.setattr(font_files, "installed", tuple)
    rare.look_in(tmp_path)
    yield tmp_path
    rare.look_in(None)


def letters():
    made = FPDF()
    made.add_font("song", "", FONT_FILES["serif"])
    made.add_font("hei", "", FONT_FILES["sans"])
    return Letters(made)


def test_character_in_no_font__has_a_sign_and_a_note(bare):
    made = letters()
    assert made.readable(f"王{JI}、李\U0001f600、赵{JI}") == "王〓〔1〕、李〓〔2〕、赵〓〔1〕"
    assert made.note().endswith("〔1〕U+20BB7；〔2〕U+1F600。")


def test_all_characters_known__no_note(bare):
    made = letters()
    assert made.readable("喆祎䶮\n√ 3.7 %") == "喆祎䶮\n√ 3.7 %"
    assert made.note() == ""


@pytest.mark.parametrize(
    ("typed", "printed"), [("e\u0301", "é"), ("葛\U000e0100", "葛"), ("a\u200bb", "ab"), ("a\tb", "a b")]
)
def test_what_has_no_ink__leaves_no_sign(bare, typed, printed):
    made = letters()
    assert made.readable(typed) == printed
    assert made.note() == ""


def test_readable_text__stays_when_read_again(bare):
    made = letters()
    once = made.readable(JI)
    assert made.readable(once) == once


def paper(text):
    return Paper("p", ("题",), (Line(text), Table((26, 26), ((Cell(text), Cell("甲")),))), stamp=text, foot=text)


def fonts_of(document):
    with pikepdf.open(io.BytesIO(document)) as read:
        return len(read.pages[0].Resources.Font)


def test_office_font__is_embedded_as_a_subset(bare):
    without = pdf.write(paper(JI))
    font_with(bare / "own.otf", "吉", JI)
    with_font = pdf.write(paper(JI))
    assert fonts_of(with_font) == fonts_of(without) + 1
    assert len(with_font) < 200_000
