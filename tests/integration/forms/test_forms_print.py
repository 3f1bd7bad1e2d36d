"""Real PDFs: what is on the page, at which place, and what the command line says."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from forms import code, loader, proof, render
from forms.__main__ import main
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset

MEMBERS = ("王芳", "李建国", "买买提·阿不都热合曼", "䶮喆祎", "𬭊𫖯")
VALUES = Values("材料科学与工程学院党委", "", "2011年7月15日", MEMBERS)


def sheets_of(layout: Layout, copies: int) -> list[str]:
    sheets: list[str] = []
    while len(sheets) < copies:
        sheets.append(code.new_sheet(layout.digest, sheets))
    return sheets


def printed(layout: Layout, tmp_path: Path, copies: int = 1) -> tuple[Path, list[str]]:
    sheets, path = sheets_of(layout, copies), tmp_path / "sheets.pdf"
    assert render.write_pdf(layout, sheets, path) == copies
    return path, sheets


def picture(path: Path, page: int, dpi: float) -> Image.Image:
    document = pypdfium2.PdfDocument(path)
    try:
        return document[page].render(scale=dpi / 72, grayscale=True).to_pil()
    finally:
        document.close()


def extracted(path: Path, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return document[page].get_textpage().get_text_range()
    finally:
        document.close()


@pytest.mark.parametrize("name", loader.PRESETS)
def test_codes__decode_plain_and_blurred_at_200_dpi(name, tmp_path):
    layout = typeset(loader.preset(name), VALUES)
    path, sheets = printed(layout, tmp_path, copies=2)
    for number, sheet in enumerate(sheets):
        image = picture(path, number, 200)
        for seen in (image, image.filter(ImageFilter.GaussianBlur(2)), image.point(lambda v: 255 * (v > 128))):
            (found,) = zxingcpp.read_barcodes(np.asarray(seen), formats=zxingcpp.BarcodeFormat.QRCode)
            assert found.text == str(code.SheetCode(sheet, layout.digest, 1))
            assert code.parse(found.text).sheet == sheet
            corner = found.position.top_left
            assert abs(corner.x / 200 * 25.4 - layout.page(1).code.x) < 0.6


@pytest.mark.parametrize("name", loader.PRESETS)
def test_ink_at_600_dpi__stands_where_the_layout_says(name, tmp_path):
    layout = typeset(loader.preset(name), VALUES)
    path, _ = printed(layout, tmp_path)
    dark = np.asarray(picture(path, 0, 600)) < 128
    scale = 600 / 25.4
    page = layout.page(1)
    for thing in (*page.fiducials, *(box for question in page.questions for box in question.boxes)):
        pad = 0.8  # less than the white round any of them
        x, y = (thing.x - pad) * scale, (thing.y - pad) * scale
        w, h = (thing.w + 2 * pad) * scale, (thing.h + 2 * pad) * scale
        patch = dark[round(y) : round(y + h), round(x) : round(x + w)]
        rows, columns = np.flatnonzero(patch.any(axis=1)), np.flatnonzero(patch.any(axis=0))
        left, right = (columns[0] + round(x)) / scale, (columns[-1] + 1 + round(x)) / scale
        top, bottom = (rows[0] + round(y)) / scale, (rows[-1] + 1 + round(y)) / scale
        for found, expected in (
            (left, thing.x),
            (right, thing.x + thing.w),
            (top, thing.y),
            (bottom, thing.y + thing.h),
        ):
            assert abs(found - expected) <= 0.05
    for question in page.questions:
        for box in question.boxes:
            inside = dark[
                round((box.y + 0.4) * scale) : round((box.y + 4.6) * scale),
                round((box.x + 0.4) * scale) : round((box.x + 4.6) * scale),
            ]
            assert not inside.any()


@pytest.mark.parametrize("name", loader.PRESETS)
def test_outer_nine_millimetres__are_white(name, tmp_path):
    layout = typeset(loader.preset(name), VALUES)
    path, _ = printed(layout, tmp_path)
    dark = np.asarray(picture(path, 0, 200)) < 200
    edge = int(9 / 25.4 * 200)
    staple = int(19 / 25.4 * 200)
    assert not dark[:edge].any()
    assert not dark[-edge:].any()
    assert not dark[:, :edge].any()
    assert not dark[:, -edge:].any()
    assert not dark[:staple, :staple].any()


def test_text__can_be_searched_and_copied(tmp_path):
    layout = typeset(loader.preset("roster-items"), VALUES)
    path, sheets = printed(layout, tmp_path)
    text = extracted(path)
    for words in (
        "内蒙古工业大学党员参加创先争优活动满意度测评表",
        "买买提·阿不都热合曼",
        "䶮喆祎",
        "𬭊",
        "𫖯",
        "第1页 / 共1页",
    ):
        assert words in text
    assert code.readable(sheets[0]) in text
    assert f"版 {layout.digest[:4]}" in text


def test_fonts__are_embedded_as_subsets_and_the_page_is_exact(tmp_path):
    path, _ = printed(typeset(loader.preset("org"), VALUES), tmp_path)
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0]
        assert [float(side) for side in page.mediabox] == pytest.approx(
            [0, 0, 210 * 72 / 25.4, 297 * 72 / 25.4], abs=1e-3
        )
        fonts = list(page.Resources.Font.values())
        assert {str(font.BaseFont)[8:] for font in fonts} == {"NotoSerifSC", "NotoSansSC"}
        for font in fonts:
            assert "+" in str(font.BaseFont)
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert 1_000 < len(descriptor.FontFile3.read_bytes()) < 300_000
            assert "/ToUnicode" in font


def test_file__tells_nothing_of_when_and_where(tmp_path):
    layout = typeset(loader.preset("org"), VALUES)
    sheets = sheets_of(layout, 3)
    first, second = tmp_path / "a.pdf", tmp_path / "b.pdf"
    render.write_pdf(layout, sheets, first)
    render.write_pdf(layout, sheets, second)
    assert first.read_bytes() == second.read_bytes()
    with pikepdf.open(first) as pdf:
        assert "/Info" not in pdf.trailer
        assert "/Metadata" not in pdf.Root
    assert str(tmp_path).encode() not in first.read_bytes()


def test_roster_of_two_pages__keeps_the_pages_of_a_copy_together(tmp_path):
    members = tuple(f"成员{number}" for number in range(1, 31))
    layout = typeset(loader.preset("roster-overall"), Values(members=members))
    path, sheets = printed(layout, tmp_path, copies=2)
    seen = []
    for page in range(4):
        (found,) = zxingcpp.read_barcodes(np.asarray(picture(path, page, 150)))
        seen.append((code.parse(found.text).sheet, code.parse(found.text).page))
    assert seen == [(sheets[0], 1), (sheets[0], 2), (sheets[1], 1), (sheets[1], 2)]


def test_body__is_drawn_once_whatever_the_copies(tmp_path):
    layout = typeset(loader.preset("org"), VALUES)
    sheets = sheets_of(layout, 300)
    few, many = tmp_path / "few.pdf", tmp_path / "many.pdf"
    done: list[int] = []
    render.write_pdf(layout, sheets[:100], few)
    render.write_pdf(layout, sheets, many, done.append)
    assert (many.stat().st_size - few.stat().st_size) / 200 < 800
    assert done == [100, 200, 300]


def test_foreign_sheet__is_refused_and_leaves_no_file(tmp_path):
    layout = typeset(loader.preset("org"), VALUES)
    right = code.new_sheet(layout.digest)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    with pytest.raises(ValueError, match="does not belong"):
        render.write_pdf(layout, [right, wrong], tmp_path / "sheets.pdf")
    assert list(tmp_path.iterdir()) == []


def test_specimen__cannot_pass_for_an_issued_sheet():
    layout = typeset(loader.preset("org"), VALUES)
    image = Image.open(io.BytesIO(proof.preview_png(layout, 1, 200)))
    assert image.size == pytest.approx((210 / 25.4 * 200, 297 / 25.4 * 200), abs=1)
    assert zxingcpp.read_barcodes(np.asarray(image.convert("L"))) == []
    area = layout.page(1).code
    inside = [round(side / 25.4 * 200) for side in (area.x + 1, area.y + 1, area.x + area.w - 1, area.y + area.h - 1)]
    assert 0 < (np.asarray(image.crop(inside)) < 128).mean() < 0.1  # 样张, and no modules


@pytest.mark.parametrize("name", loader.PRESETS)
def test_specimen__is_what_is_printed_but_for_the_codes(name, tmp_path):
    layout = typeset(loader.preset(name), replace(VALUES, subject="䶮喆祎"))
    path, _ = printed(layout, tmp_path)
    looks = ImageFilter.GaussianBlur(2)  # the two smooth their edges each in its own way
    shown = np.asarray(proof.page_image(layout, 1, 300).filter(looks)).astype(int)
    sheet = np.asarray(picture(path, 0, 300).filter(looks)).astype(int)
    height, width = np.minimum(shown.shape, sheet.shape)  # the PDF's page is rounded up to a whole pixel
    different = np.argwhere(np.abs(shown[:height, :width] - sheet[:height, :width]) > 64) / 300 * 25.4
    area, foot = layout.page(1).code, layout.page_mm[1] - 16
    at_code = (different[:, 1] > area.x - 0.5) & (different[:, 0] > area.y - 0.5)
    at_number = (different[:, 0] > foot) & (different[:, 1] > 27) & (different[:, 1] < 60)
    assert (at_code | at_number).all()
    assert at_number.any()


def test_outlined_letters__as_bold_on_paper_as_in_the_layout(tmp_path):
    layout = typeset(loader.preset("org"), VALUES)
    path, _ = printed(layout, tmp_path)
    with pikepdf.open(path) as pdf:
        body = bytes(pdf.pages[0].Resources.XObject["/B"].read_bytes())
    widths = {float(width) for width in re.findall(rb"2 Tr ([0-9.]+) w", body)}
    wanted = {
        round(text.stroke / 25.4 * 72, 2)
        for text in layout.page(1).texts
        if text.stroke and "{sheet}" not in text.string
    }
    assert 0.3 in wanted  # the title
    assert widths == wanted


def test_page_that_is_not_there__raises_key_error():
    with pytest.raises(KeyError):
        proof.preview_png(typeset(loader.preset("org")), 2)


# --- the command line


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "forms", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def test_print_command__writes_sheets_layout_and_sorted_codes(tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text("unit: 第一党支部\nmembers: [王芳, 李建国]\n", "utf-8")
    out, layout_path, codes = tmp_path / "s.pdf", tmp_path / "layout.json", tmp_path / "codes.txt"
    done = run(
        *("print", "roster-overall", "--copies", 3, "--out", out, "--layout", layout_path),
        *("--values", values, "--codes", codes),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    layout = Layout.loads(layout_path.read_text("utf-8"))
    assert layout.rows == {"m01": "王芳", "m02": "李建国"}
    listed = codes.read_text("ascii").split()
    assert listed == sorted(listed)
    assert len(set(listed)) == 3
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 3
    texts = "".join(extracted(out, page) for page in range(3))
    assert all(number in texts for number in listed)


def test_form_of_ones_own__is_printed(tmp_path):
    form = tmp_path / "own.yaml"
    preset = (Path(loader.__file__).parent / "presets" / "org.yaml").read_text("utf-8")
    form.write_text(preset.replace("form: org", "form: own").replace("unknown: false", "unknown: true"), "utf-8")
    out, layout_path = tmp_path / "s.pdf", tmp_path / "layout.json"
    assert main(["print", str(form), "--copies", "1", "--out", str(out), "--layout", str(layout_path)]) == 0
    layout = Layout.loads(layout_path.read_text("utf-8"))
    assert layout.form == "own"
    assert [box.id for box in layout.question("q1")[1].boxes][-1] == "unknown"


def test_bad_form__exits_2_with_file_line_place_cause_remedy(tmp_path):
    form = tmp_path / "bad.yaml"
    form.write_text("form: bad\ndesing: sheet\n", "utf-8")
    for command in (
        ["check", str(form)],
        ["print", str(form), "--copies", "1", "--out", str(tmp_path / "o.pdf"), "--layout", str(tmp_path / "l.json")],
    ):
        done = run(*command, "--lang", "en")
        assert done.returncode == 2
        assert 'bad.yaml:2: desing – there is no key "desing" – remove it, or write design' in done.stderr.splitlines()
    assert not (tmp_path / "o.pdf").exists()
    assert not (tmp_path / "l.json").exists()


def test_bad_name_in_values__points_into_the_values_file(tmp_path, capsys):
    values = tmp_path / "values.yaml"
    values.write_text("unit: 一\nmembers:\n  - 王芳\n  - " + "长" * 50 + "\n", "utf-8")
    assert main(["check", "roster-items", "--values", str(values)]) == 2
    assert capsys.readouterr().err.startswith("values.yaml:4: members[2] – “长")


def test_mistakes_in_form_and_values__are_reported_together(tmp_path, capsys):
    form, values = tmp_path / "f.yaml", tmp_path / "v.yaml"
    form.write_text("form: x\n", "utf-8")
    values.write_text("members: [王芳, 王芳]\n", "utf-8")
    assert main(["check", str(form), "--values", str(values)]) == 2
    report = capsys.readouterr().err
    assert "f.yaml:1: title" in report
    assert "v.yaml:1: members[2]" in report


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nothing"], "没有"),
        (["check", "org", "--values", "missing.yaml"], "missing.yaml"),
        (["print", "org", "--copies", "0", "--out", "o.pdf", "--layout", "l.json"], "份数"),
        (["print", "org", "--copies", "many", "--out", "o.pdf", "--layout", "l.json"], "份数"),
        (["print", "org", "--copies", "1", "--out", "no/o.pdf", "--layout", "l.json"], "写不了"),
        (["print", "org", "--copies", "1", "--out", "o.pdf", "--layout", "no/l.json"], "写不了"),
    ],
)
def test_wrong_arguments__exit_2_with_a_sentence(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count(" – ") == 2
    assert not list(tmp_path.glob("*.pdf*"))


def test_check_and_presets__succeed(capsys, monkeypatch):
    assert main(["check", "member"]) == 0
    assert main(["presets", "--lang", "en"]) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == list(loader.PRESETS)


def test_language__follows_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("PINGYI_LANG", "en")
    assert main(["check", "nothing"]) == 2
    assert "there is no preset" in capsys.readouterr().err
