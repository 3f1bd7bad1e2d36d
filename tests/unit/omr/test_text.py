"""Writing on ruled lines: how it is split into lines and read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
import pytest
from PIL import Image, ImageDraw, ImageFont

from forms.layout import Region
from omr import ocr, text

REGION = Region("opinion", "text", 20, 190, 170, 51, (198.25, 206.5, 214.75, 223.0, 231.25, 239.5))
FONT = Path(pylopdf_fonts_zh_cn.__file__).with_name("NotoSerifSC-Regular.otf")
SAID = {0: "希望实训设备尽快更新，夏天车间太热", 1: "会议太多，办事快了", 4: "党员要多带学生做项目"}
DPI = 200
PX = DPI / 25.4


def page(said: dict[int, str] | None = None, angle_deg: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A page with ruled lines and text on some rows, and the map from mm to its pixels."""
    image = Image.new("L", (round(210 * PX), round(297 * PX)), 250)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, round(5.2 * PX))
    for y in REGION.lines_y:
        pen.line([(REGION.x * PX, y * PX), ((REGION.x + REGION.w) * PX, y * PX)], fill=60, width=1)
    for row, string in (said or {}).items():
        pen.text(((REGION.x + 4) * PX, (REGION.lines_y[row] - 0.4) * PX), string, fill=40, font=font, anchor="ls")
    grey = cv2.GaussianBlur(np.asarray(image), (0, 0), 0.7)
    turn = cv2.getRotationMatrix2D((grey.shape[1] / 2, grey.shape[0] / 2), angle_deg, 1.0)
    grey = cv2.warpAffine(grey, turn, grey.shape[::-1], borderValue=(250.0,))
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV turns about middles of pixels
    return grey, shift @ np.vstack([turn, [0, 0, 1]]) @ np.linalg.inv(shift) @ np.diag([PX, PX, 1.0])


def region(said: dict[int, str] | None = None, angle_deg: float = 0.0) -> np.ndarray:
    return text.cut(*page(said, angle_deg), REGION)


def distance(one: str, other: str) -> int:
    """Edit distance."""
    row = list(range(len(other) + 1))
    for n, a in enumerate(one, 1):
        before, row[0] = row[0], n
        for m, b in enumerate(other, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (a != b))
    return row[-1]


def error_rate(engine: ocr.Engine, said: dict[int, str], angle_deg: float = 0.0) -> float:
    read = {crop.row: engine.read(crop.image).text for crop in text.lines(region(said, angle_deg), REGION)}
    return sum(distance(string, read.get(row, "")) for row, string in said.items()) / sum(map(len, said.values()))


@pytest.mark.parametrize("angle", [0.0, 2.0, 179.0])
def test_region_of_a_turned_page__is_cut_upright(angle):
    straight, turned = region(SAID), region(SAID, angle)
    assert straight.shape == turned.shape == (408, 1360)
    assert np.corrcoef(cv2.blur(straight, (9, 9)).ravel(), cv2.blur(turned, (9, 9)).ravel())[0, 1] > 0.98


def test_region_half_outside_the_image__is_white_there():
    grey, matrix = page(SAID)
    cut = text.cut(grey[: round(215 * PX)], matrix, REGION)
    assert (cut[-100:] == 255).all()
    assert [crop.row for crop in text.lines(cut, REGION)] == [0, 1]


def test_ruled_lines__are_removed_and_strokes_across_them_stay():
    grey = region()
    cv2.line(grey, (700, 20), (700, 380), 40, 4)
    clean = text.without_rules(grey, [y - REGION.y for y in REGION.lines_y])
    assert (grey < 200).sum() > 5000
    assert (clean[:, :680] < 200).sum() == 0
    assert (clean[20:380, 700] < 100).all()


def test_blank_region__has_no_lines():
    assert text.lines(region(), REGION) == []


def test_dust__is_no_line():
    grey = region()
    grey[100:103, 100:103] = grey[300:304, 900:902] = 30
    assert text.lines(grey, REGION) == []


def test_written_rows__come_in_order_with_their_numbers():
    assert [crop.row for crop in text.lines(region(SAID), REGION)] == [0, 1, 4]


def test_stroke_that_hangs_into_the_next_row__stays_with_its_own():
    grey = region()
    cv2.line(grey, (300, 20), (300, 78), 30, 4)  # row 0 ends at 66
    crop, *others = text.lines(grey, REGION)
    assert (crop.row, others) == (0, [])
    assert (crop.image < 100).any(axis=1).sum() == pytest.approx(62, abs=3)


def test_row_to_look_at__is_a_part_of_the_region_with_a_margin():
    image = region(SAID)
    first, last = (text.row_image(image, REGION, row) for row in (0, 5))
    assert np.array_equal(first, image[: round((8.25 + 8.25 / 4) * text.SCALE)])
    assert np.array_equal(last, image[round((41.25 - 9.75 / 4) * text.SCALE) :])


@pytest.mark.parametrize("angle", [0.0, 1.5])
def test_rapidocr_on_printed_characters__errs_in_few(angle):
    assert error_rate(ocr.load("rapidocr"), SAID, angle) <= 0.06


def test_rapidocr__gives_a_probability_to_every_character():
    engine = ocr.load("rapidocr")
    line = engine.read(text.lines(region(SAID), REGION)[0].image)
    assert "".join(character for character, _ in line.characters) == line.text
    assert all(0 < p <= 1 for _, p in line.characters)
    assert len({p for _, p in line.characters}) > 1
    assert engine.read(np.full((60, 400), 255, np.uint8)) == ocr.Line("", ())


def test_tesseract_on_printed_characters__errs_in_few():
    assert error_rate(ocr.load("tesseract"), SAID) <= 0.25


def test_engine_gives_the_line_alone__its_probability_stands_for_each_character():
    assert ocr._line("满意", 0.7, ()) == ocr.Line("满意", (("满", 0.7), ("意", 0.7)))


def test_engine_off__is_none():
    assert ocr.choose("off") == "off"
    assert ocr.load("off") is None


@pytest.mark.parametrize(
    ("setting", "installed", "chosen"),
    [
        ("auto", {"rapidocr", "tesseract"}, "rapidocr"),
        ("auto", {"tesseract"}, "tesseract"),
        ("auto", set(), "off"),
        ("rapidocr", {"tesseract"}, "off"),
        ("tesseract", {"rapidocr", "tesseract"}, "tesseract"),
    ],
)
def test_engine_missing__the_next_or_none_is_chosen(monkeypatch, setting, installed, chosen):
    engines = {name: ((lambda name=name: name in installed), make) for name, (_, make) in ocr.ENGINES.items()}
    monkeypatch.setattr(ocr, "ENGINES", engines)
    assert ocr.choose(setting) == chosen


def test_engine_that_does_not_start__gives_way_to_the_next(monkeypatch):
    def broken():
        raise ImportError("libonnxruntime.so.1")

    monkeypatch.setattr(
        ocr, "ENGINES", {"rapidocr": (lambda: True, broken), "tesseract": (lambda: True, ocr.Tesseract)}
    )
    ocr.load.cache_clear()
    assert ocr.load("auto").name == "tesseract"
    assert ocr.load("rapidocr") is None
    ocr.load.cache_clear()


def test_unknown_engine__is_refused():
    with pytest.raises(ValueError, match="paddle"):
        ocr.choose("paddle")
