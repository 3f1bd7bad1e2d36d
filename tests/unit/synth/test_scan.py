"""From a printed PDF to a stack and its truth."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from forms.code import readable
from omr.synth import Truth, scan_stack
from omr.synth.__main__ import main
from omr.synth.write_stack import open_stack


def test_same_seed__same_bytes_and_same_truth(printed_pdf, layout, tmp_path):
    for name in ("one", "two", "other"):
        (tmp_path / name).mkdir()
        truth = scan_stack(printed_pdf, [layout], tmp_path / name / "s.pdf", seed=9 if name != "other" else 10)
        (tmp_path / name / "s.json").write_text(truth.dumps())
    for file in ("s.pdf", "s.json"):
        one, two, other = ((tmp_path / name / file).read_bytes() for name in ("one", "two", "other"))
        assert one == two
        assert one != other


def test_wanted_answers__are_the_truth_and_other_sheets_stay_blank(printed_pdf, layout, sheets, tmp_path):
    answers = {readable(sheets[1]): {"q1": ["fairly"], "q2": ["dissatisfied"]}}
    truth = scan_stack(printed_pdf, [layout], tmp_path / "out", answers=answers, mix="clean")
    parts = {part.sheet: part for page in truth.pages for part in page.parts}
    assert set(parts) == {readable(sheet) for sheet in sheets}
    assert parts[readable(sheets[1])].questions["q2"].choice == ("dissatisfied",)
    blank = parts[readable(sheets[0])]
    assert {item.state for item in blank.questions.values()} == {"blank"}


def test_truth_of_places__fiducials_are_black_there(printed_pdf, layout, tmp_path):
    for severity in ("office", "phone"):
        truth = scan_stack(printed_pdf, [layout], tmp_path / severity, severity=severity, seed=3)
        for page in truth.pages:
            image = cv2.imread(str(tmp_path / severity / page.source), cv2.IMREAD_GRAYSCALE)
            assert image.shape == (page.height_px, page.width_px)
            for name in ("tl", "tr", "bl", "br"):
                x, y = page.parts[0].centres_px[f"fiducial.{name}"]
                near = image[int(y) - 5 : int(y) + 6, int(x) - 5 : int(x) + 6]
                assert near.mean() < 90, (page.page, name)


def test_matrix__agrees_with_the_centres_on_a_flat_scan(printed_pdf, layout, tmp_path):
    truth = scan_stack(printed_pdf, [layout], tmp_path / "out.tif", seed=4)
    part = truth.pages[0].parts[0]
    matrix = np.array(part.matrix).reshape(3, 3)
    box = layout.pages[0].questions[1].boxes[2]
    seen = matrix @ [box.cx, box.cy, 1]
    assert np.abs(seen[:2] / seen[2] - part.centres_px[f"q2.{box.id}"]).max() < 0.01


def test_shuffled__every_sheet_once_in_another_order(printed_pdf, layout, sheets, tmp_path):
    truth = scan_stack(printed_pdf, [layout], tmp_path / "out", shuffle=True, seed=2)
    assert sorted(page.printed for page in truth.pages) == [1, 2, 3, 4]
    assert [page.printed for page in truth.pages] != [1, 2, 3, 4]
    assert [page.page for page in truth.pages] == [1, 2, 3, 4]
    assert all(page.parts[0].sheet == readable(sheets[page.printed - 1]) for page in truth.pages)


def test_truth_file__reads_back_equal(printed_pdf, layout, tmp_path):
    truth = scan_stack(printed_pdf, [layout], tmp_path / "out", mix="hard")
    assert Truth.loads(truth.dumps()) == truth
    with pytest.raises(ValueError, match=r"pingyi\.truth/1"):
        Truth.loads("{}")


def test_foreign_pdf__value_error(layout, tmp_path):
    stack = open_stack(tmp_path / "white.pdf")
    stack.add(np.full((1181, 1417), 255, np.uint8), 300, 75, False)
    stack.close()
    with pytest.raises(ValueError, match="carries a code"):
        scan_stack(tmp_path / "white.pdf", [layout], tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "codec"), [("a.pdf", "jpeg"), ("a.pdf", "g4"), ("a.tif", "lzw"), ("a.tif", "jpeg"), ("a.tif", "g4")]
)
def test_stack_files__hold_all_pages_at_their_size(tmp_path, name, codec):
    pages = [np.full((220, 300), 255, np.uint8) for _ in range(3)]
    for number, page in enumerate(pages):
        page[20:60, 10 : 40 * (number + 1)] = 0
    stack = open_stack(tmp_path / name, codec)
    for page in pages:
        stack.add(page, 200, 90, False)
    stack.close()
    for number, page in enumerate(pages):
        if name.endswith(".pdf"):
            document = pypdfium2.PdfDocument(tmp_path / name)
            assert len(document) == 3
            assert document[number].get_size() == pytest.approx((108, 79.2), abs=0.01)
            seen = document[number].render(scale=200 / 72, grayscale=True).to_numpy().reshape(page.shape)
        else:
            with Image.open(tmp_path / name) as picture:
                assert picture.n_frames == 3
                picture.seek(number)
                assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
                seen = np.asarray(picture.convert("L"))
        assert np.abs(seen.astype(int) - page).mean() < 3


def test_folder_of_jpegs__carry_their_resolution(tmp_path):
    stack = open_stack(tmp_path / "pages")
    assert stack.add(np.full((50, 60), 200, np.uint8), 300, 80, False) == "page-0001.jpg"
    with Image.open(tmp_path / "pages" / "page-0001.jpg") as picture:
        assert picture.info["dpi"] == (300, 300)


def test_unknown_kind_of_stack__value_error(tmp_path):
    with pytest.raises(ValueError, match=r"\.doc"):
        open_stack(tmp_path / "a.doc")
    with pytest.raises(ValueError, match="lzw"):
        open_stack(tmp_path / "a.pdf", "lzw")


def test_command_line__writes_stack_and_truth(printed_pdf, layout, tmp_path, capsys):
    (tmp_path / "layout.json").write_text(layout.dumps())
    arguments = [str(printed_pdf), "--layout", str(tmp_path / "layout.json"), "--out", str(tmp_path / "s.pdf")]
    more = ["--truth", str(tmp_path / "t.json"), "--mix", "usual,blank=1", "--trouble", "upside-down", "--shuffle"]
    assert main(arguments + more) == 0
    truth = json.loads((tmp_path / "t.json").read_text())
    assert [page["turned_deg"] for page in truth["pages"]] == [180] * 4
    assert "4 pages" in capsys.readouterr().out
    assert main([*arguments, "--trouble", "coffee"]) == 2
    assert "coffee" in capsys.readouterr().err
