"""Files that are no scans, or broken ones: each is one named line, and what can be read of it is read."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import cv2
import numpy as np
import pikepdf
import pytest
from omr_scans import scanned
from PIL import Image

from omr.errors import FileProblem
from omr.reader import Reader
from omr.reading import ProblemCode, Status
from omr.settings import ReaderSettings, StackSettings
from omr.stack import iter_pages, open_page, open_stack


def code_of(path, settings=None):
    with pytest.raises(FileProblem) as caught:
        open_stack(path, settings)
    return caught.value.code


def test_empty_file__named(tmp_path):
    path = tmp_path / "a.pdf"
    path.touch()
    assert code_of(path) == ProblemCode.EMPTY_FILE


@pytest.mark.parametrize("name", ["a.pdf", "a.jpg", "a.tif"])
def test_text_under_another_name__not_an_image(tmp_path, name):
    path = tmp_path / name
    path.write_text("这不是扫描件\n" * 100, "utf-8")
    assert code_of(path) == ProblemCode.NOT_AN_IMAGE


def test_encrypted_pdf__named(stack, filled):
    assert code_of(stack.jpeg_pdf([filled], password="secret")) == ProblemCode.ENCRYPTED


def test_too_many_bytes__refused_unopened(stack, filled):
    path = stack.image(filled, ".png")
    assert code_of(path, StackSettings(max_bytes=1000)) == ProblemCode.TOO_LARGE


def test_too_many_pages__refused(stack, filled):
    path = stack.jpeg_pdf([filled[:200, :200]] * 5)
    assert code_of(path, StackSettings(max_pages=4)) == ProblemCode.TOO_MANY_PAGES


def png_bomb(side):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    row = b"\0" * (side // 8 + 1)
    packed = zlib.compress(row * 64, 9)  # far too short: whoever decodes it fails another way
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_png_of_40000_px__refused_before_decoding(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_bomb(40_000))
    assert code_of(path) == ProblemCode.TOO_MANY_PIXELS


def test_pdf_with_an_image_of_40000_px__its_page_refused_the_others_read(tmp_path, stack, filled):
    path = stack.jpeg_pdf([filled, filled])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        image = next(iter(pdf.pages[0].Resources.XObject.values()))
        image.Width = image.Height = 40_000
        pdf.save(path)
    first, second = iter_pages(path)
    assert first.code == ProblemCode.TOO_MANY_PIXELS
    assert second.grey.shape == filled.shape


def test_truncated_jpeg__damaged_not_half_grey(stack, filled):
    path = stack.image(filled, ".jpg")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    (page,) = iter_pages(path)
    assert isinstance(page, FileProblem)
    assert page.code == ProblemCode.DAMAGED


def test_truncated_png__damaged(stack, filled):
    path = stack.image(filled, ".png")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    (page,) = iter_pages(path)
    assert page.code == ProblemCode.DAMAGED


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_truncated_pdf__whole_pages_are_read_the_others_named(org, filled, stack, share):
    path = stack.jpeg_pdf([filled] * 5)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    readings = list(Reader({org.layout.digest: org.layout}).read_file(path))
    good = [r for r in readings if r.status is Status.READ]
    assert len(good) >= int(5 * share) - 1
    assert {r.problem.code for r in readings[len(good) :]} == {ProblemCode.DAMAGED}


def test_truncated_tiff__whole_pages_are_read_then_one_problem(org, filled, stack):
    path = stack.tiff([filled] * 4, "tiff_lzw")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.6)])
    readings = list(Reader({org.layout.digest: org.layout}).read_file(path))
    good = [r for r in readings if r.status is Status.READ]
    assert len(good) >= 1
    assert [r.problem.code for r in readings[len(good) :]] == [ProblemCode.DAMAGED]


def test_file_that_can_not_be_opened__one_line_without_a_page(org, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_text("no", "ascii")
    (reading,) = Reader({org.layout.digest: org.layout}).read_file(path)
    assert reading.page is None
    assert reading.to_json()["problem"]["code"] == "not-an-image"
    assert "PDF" in reading.problem.message


def test_one_page_by_its_number__full_resolution_without_the_others(org, stack):
    pages = [scanned(page) for page in org.pages]
    path = stack.tiff(pages, "tiff_lzw")
    assert np.array_equal(open_page(path, 2), pages[1])
    with pytest.raises(FileProblem):
        open_page(path, 4)


def test_exif_orientation__page_upright(filled, tmp_path):
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[274] = 6  # "turn me by 90° clockwise"
    Image.fromarray(np.ascontiguousarray(np.rot90(filled))).save(path, exif=exif, quality=90)
    (page,) = iter_pages(path, reduce=False)
    assert page.grey.shape == filled.shape
    assert np.abs(page.grey.astype(int) - filled).mean() < 4


def test_transparent_png__is_white_not_black(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGBA", (300, 400), (0, 0, 0, 0)).save(path)
    (page,) = iter_pages(path)
    assert page.grey.min() == 255


def test_large_page__reduced_when_asked(filled, stack):
    large = cv2.resize(filled, None, fx=1.5, fy=1.5)
    path = stack.jpeg_pdf([large])
    (page,) = iter_pages(path)
    assert (page.reduction, page.width_px, page.height_px) == (2, large.shape[1], large.shape[0])
    assert page.grey.shape == (large.shape[0] // 2 + large.shape[0] % 2, large.shape[1] // 2 + large.shape[1] % 2)


def test_pdf_page_with_an_image_and_text__drawn_whole(stack, filled):
    path = stack.jpeg_pdf([filled])
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        box = b" 0 0 0 rg 10 10 100 100 re f"
        page.Contents = pikepdf.Stream(pdf, page.Contents.read_bytes() + box)
        pdf.save(path)
    (drawn,) = iter_pages(path)
    assert drawn.grey[-60, 60] < 40


def test_settings_limit_pixels__from_the_reader_too(org, filled, stack):
    settings = replace(ReaderSettings(), stack=StackSettings(max_pixels=1000))
    (reading,) = Reader({org.layout.digest: org.layout}, settings).read_file(stack.jpeg_pdf([filled]))
    assert reading.problem.code == ProblemCode.TOO_MANY_PIXELS
