"""Ideographs that the shipped fonts lack: found in real font files, drawn as shapes, refused where no font has them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from PIL import Image, ImageDraw, ImageFont

from forms import font_files, loader, proof, rare
from forms.errors import FormErrors
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from forms.typeset.metrics import FONT_FILES

JI = "\U00020bb7"  # 𠮷, which the shipped fonts lack
YOUNG = "\U00031350"  # Unicode 15: younger than Python 3.11


@cache
def subset(model, face):
    with TTFont(FONT_FILES[face]) as font:
        subsetter = Subsetter()
        subsetter.populate(text=model)
        subsetter.subset(font)
        stream = BytesIO()
        font.save(stream)
    return stream.getvalue()


def font_with(path, model, character, face="serif"):
    """Write a real OpenType font: the shipped one's drawing of ``model`` under another code point."""
    with TTFont(BytesIO(subset(model, face))) as font:
        table = CmapSubtable.newSubtable(12)
        table.platformID, table.platEncID, table.language = 3, 10, 0
        table.cmap = {ord(character): font.getBestCmap()[ord(model)]}
        font["cmap"].tables = [table]
        font.save(path)
    return path


@pytest.fixture
def bare(monkeypatch):
    """A computer without fonts of its own."""
    monkeypatch.setattr(font_files, "installed", tuple)
    yield
    rare.look_in(None)


@pytest.fixture
def office_folder(bare, tmp_path):
    folder = tmp_path / "fonts"
    folder.mkdir()
    rare.look_in(folder)
    return folder


def title_of(subject):
    return typeset(loader.preset("member"), Values(subject=subject))


def test_no_font_has_it__is_refused_with_place_and_code_point(bare):
    with pytest.raises(FormErrors) as raised:
        title_of(f"{JI}田")
    (error,) = raised.value.errors
    assert (error.code, error.place, error.params) == ("unprintable", "subject", {"character": JI, "point": "U+20BB7"})


def test_font_put_in_later__is_used_without_a_restart(office_folder):
    with pytest.raises(FormErrors):
        title_of(JI)
    font_with(office_folder / "own.otf", "吉", JI)
    assert len(title_of(JI).page(1).shapes) > len(title_of("吉").page(1).shapes)


@pytest.mark.parametrize("model", ["吉", "国", "器", "䶮", "回"])
@pytest.mark.parametrize("face", ["serif", "sans"])
def test_shapes__have_the_ink_of_the_font(office_folder, model, face):
    font_with(office_folder / "own.otf", model, JI, face)
    em, size = 60.0, 64
    drawn = Image.new("L", (size * 4, size * 4))
    pen = ImageDraw.Draw(drawn)
    for shape in rare.shapes(rare.outline(JI), 0, 54, em):
        pen.polygon([(x * 4, y * 4) for x, y in shape.points], fill=255)
    expected = Image.new("L", (size * 4, size * 4))
    font = ImageFont.truetype(FONT_FILES[face], em * 4, layout_engine=ImageFont.Layout.BASIC)
    ImageDraw.Draw(expected).text((0, 54 * 4), model, fill=255, font=font, anchor="ls")
    ours, theirs = (np.asarray(image.reduce(4), float) for image in (drawn, expected))
    assert abs(ours.sum() / theirs.sum() - 1) < 0.12  # Pillow fills the edge's pixels, too
    assert np.abs(ours - theirs).max() < 160


def test_outline_with_holes__leaves_them_white(office_folder):
    font_with(office_folder / "own.otf", "口", JI)
    drawn = Image.new("L", (100, 100))
    for shape in rare.shapes(rare.outline(JI), 0, 88, 100):
        ImageDraw.Draw(drawn).polygon(shape.points, fill=255)
    assert drawn.getpixel((50, 50)) == 0
    assert drawn.getpixel((14, 50)) + drawn.getpixel((18, 50)) + drawn.getpixel((16, 50)) > 0


def test_layout__needs_the_font_no_more(office_folder):
    font = font_with(office_folder / "own.otf", "吉", JI)
    layout = Layout.loads(title_of(JI).dumps())
    with_font = proof.page_image(layout, 1, 60)
    font.unlink()
    assert proof.page_image(layout, 1, 60).tobytes() == with_font.tobytes()
    assert JI not in "".join(text.string for text in layout.page(1).texts)


def test_rare_name_on_a_roster__stays_a_name_in_its_row(office_folder):
    font_with(office_folder / "own.otf", "吉", JI)
    layout = typeset(loader.preset("roster-items"), Values(members=(f"王{JI}",)))
    assert layout.rows["m01"] == f"王{JI}"


def test_bold_and_plain__differ_by_an_outline(office_folder):
    font_with(office_folder / "own.otf", "吉", JI)
    drawn = rare.outline(JI)
    plain, bold = rare.shapes(drawn, 0, 0, 5), rare.shapes(drawn, 0, 0, 5, stroke=0.1)
    assert bold[: len(plain)] == plain
    assert {(shape.fill, shape.width) for shape in bold[len(plain) :]} == {(False, 0.1)}


def test_two_fonts__the_first_by_name_is_taken(office_folder):
    font_with(office_folder / "b.otf", "吉", JI)
    font_with(office_folder / "a.otf", "国", JI)
    assert rare.font_of(JI).path.name == "a.otf"


def test_office_font__goes_before_an_installed_one(office_folder, monkeypatch, tmp_path):
    installed = font_with(tmp_path / "HanaMinB.otf", "国", JI)
    monkeypatch.setattr(font_files, "installed", lambda: (installed,))
    assert rare.font_of(JI).path == installed
    own = font_with(office_folder / "own.otf", "吉", JI)
    assert rare.font_of(JI).path == own


@pytest.mark.parametrize("content", [b"", b"no font", b"OTTO" + bytes(40)])
def test_broken_font__is_told_and_the_next_is_asked(office_folder, content):
    (office_folder / "a.ttf").write_bytes(content)
    font_with(office_folder / "b.otf", "吉", JI)
    assert rare.font_of(JI).path.name == "b.otf"
    assert [path.name for path in rare.broken()] == ["a.ttf"]


def test_empty_glyph__is_no_character(office_folder):
    font_with(office_folder / "a.otf", "\u3000", JI)
    assert rare.outline(JI) is None


def test_ideograph_younger_than_python__prints(office_folder):
    font_with(office_folder / "own.otf", "吉", YOUNG)
    assert title_of(YOUNG)


@pytest.mark.parametrize("character", ["\U0001f600", "\u182e", "\ue000", "\U000f0000"])
def test_what_is_no_ideograph__is_refused_though_a_font_has_it(office_folder, character):
    font_with(office_folder / "own.otf", "吉", character)
    with pytest.raises(FormErrors):
        title_of(character)


def test_known_fonts__are_found_in_their_order_whatever_the_case(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("hanaminb.TTF", "deep/SIMSUNB.TTF", "other.ttf"):
        (tmp_path / name).write_bytes(b"")
    found = font_files.known_in([tmp_path, tmp_path / "missing"])
    assert [path.name for path in found] == ["SIMSUNB.TTF", "hanaminb.TTF"]


def test_digest__changes_with_the_drawing(office_folder):
    font = font_with(office_folder / "own.otf", "吉", JI)
    before = title_of(JI)
    font.unlink()
    font_with(office_folder / "own2.otf", "国", JI)
    assert title_of(JI).digest != before.digest
    assert replace(before, digest="").sealed() == before
