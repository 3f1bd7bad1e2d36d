"""Pages that lost their greys before they were stored: known whatever the file says of itself."""

from __future__ import annotations

import cv2
import numpy as np
import pikepdf
import pytest
from omr_scans import DPI

from omr import stack as stacks
from omr.image import is_two_tone
from omr.settings import StackSettings


def two_tones(grey):
    return np.where(grey < 128, 0, 255).astype(np.uint8)


def page_of(path):
    opened = stacks.open_stack(path, StackSettings())
    try:
        return opened.page(1, reduce=True)
    finally:
        opened.close()


def strips_pdf(grey, path, strips=4):
    """A page of several G4 pictures, one below the other, as some scanners write it."""
    pdf = pikepdf.new()
    height, width = grey.shape
    page = pdf.add_blank_page(page_size=(width * 72 / DPI, height * 72 / DPI))
    images, contents = pikepdf.Dictionary(), []
    for number, part in enumerate(np.array_split(grey, strips)):
        top = sum(len(piece) for piece in np.array_split(grey, strips)[:number])
        image = pikepdf.Stream(pdf, np.packbits(part > 127, axis=1).tobytes())
        image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        image.Width, image.Height, image.BitsPerComponent = width, len(part), 1
        image.ColorSpace = pikepdf.Name.DeviceGray
        images[f"/Im{number}"] = pdf.make_indirect(image)
        scale = 72 / DPI
        contents.append(
            f"q {width * scale} 0 0 {len(part) * scale} 0 {(height - top - len(part)) * scale} cm /Im{number} Do Q"
        )
    page.Resources = pikepdf.Dictionary(XObject=images)
    page.Contents = pikepdf.Stream(pdf, "\n".join(contents).encode())
    pdf.save(path)
    return path


def test_pdf_of_strips__black_and_white_is_known(filled, tmp_path):
    assert page_of(strips_pdf(two_tones(filled), tmp_path / "strips.pdf")).is_one_bit


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_grey_file_of_two_tones__known(filled, stack, suffix):
    assert page_of(stack.image(two_tones(filled), suffix)).is_one_bit
    assert not page_of(stack.image(filled, suffix)).is_one_bit


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("scale", [1.0, 1.5], ids=["as-stored", "halved-by-the-decoder"])
def test_jpeg_of_two_tones__known(filled, stack, quality, scale):
    grey = cv2.resize(filled, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    pages = [page_of(stack.image(image, ".jpg", quality=quality)) for image in (two_tones(grey), grey)]
    assert [page.is_one_bit for page in pages] == [True, False]


def test_blank_page__nothing_to_tell_by():
    assert not is_two_tone(np.full((500, 400), 255, np.uint8), 1)
