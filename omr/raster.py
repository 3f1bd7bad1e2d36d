"""JPEG, PNG and TIFF files, and the decoding of one JPEG's bytes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from omr.errors import FileProblem
from omr.image import Grey, Page, check_pixels, is_two_tone, reduction_for, shrink
from omr.reading import ProblemCode
from omr.settings import StackSettings

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before decoding; Pillow's would only warn

_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
)  # what Pillow raises on junk
_ORIENTATION = 274  # the tag, in EXIF and in TIFF
_EOI = b"\xff\xd9"
_TABLE_50 = 3688  # sum of the standard's table for brightness, which is that of quality 50


class ImageStack:
    """A JPEG or PNG file: a stack of one page."""

    def __init__(self, path: Path, settings: StackSettings) -> None:
        self._data = path.read_bytes()
        self._settings = settings
        try:
            with Image.open(BytesIO(self._data)) as image:
                check_pixels(*image.size, 1, settings)
        except UnidentifiedImageError as error:
            raise FileProblem(ProblemCode.DAMAGED, page=1) from error

    def __len__(self) -> int:
        return 1

    def page(self, index: int, reduce: bool) -> Page:
        with Image.open(BytesIO(self._data)) as image:
            plain_jpeg = image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB")
            if not plain_jpeg:
                return _page_of(image, index, reduce, self._settings)
            dpi = _dpi(image)
            turned = image.getexif().get(_ORIENTATION, 1) >= 5
            width, height = image.size[::-1] if turned else image.size
        reduction = reduction_for(width, height, self._settings) if reduce else 1
        grey = decode_jpeg(self._data, reduction, index, follow_exif=True)
        return Page(index, grey, reduction, width, height, dpi, is_two_tone(grey, reduction), jpeg_quality(self._data))

    def close(self) -> None:
        self._data = b""


class TiffStack:
    """A TIFF file of any number of pages. The file stays open; pages are decoded when asked for."""

    def __init__(self, path: Path, settings: StackSettings) -> None:
        self._settings = settings
        try:
            self._image = Image.open(path)
        except _DECODE_ERRORS as error:
            raise FileProblem(ProblemCode.DAMAGED, page=1) from error
        self._count, self._cut = _count_frames(self._image, settings.max_pages)

    def __len__(self) -> int:
        return self._count + self._cut  # a chain of pages that breaks off counts as one more, which can't be read

    def page(self, index: int, reduce: bool) -> Page:
        try:
            self._image.seek(index - 1)
        except _DECODE_ERRORS as error:
            raise FileProblem(ProblemCode.DAMAGED, page=index) from error
        return _page_of(self._image, index, reduce, self._settings)

    def close(self) -> None:
        self._image.close()


def decode_jpeg(data: bytes, reduction: int, page: int, follow_exif: bool) -> Grey:
    """Decode JPEG bytes to grey, ``reduction`` times smaller. Raises FileProblem where the data end too early.

    ``follow_exif`` turns the picture as its camera says; images inside a PDF are not turned.
    """
    if _EOI not in data[-4096:]:  # the decoder would fill the missing part with grey and call it a page
        raise FileProblem(ProblemCode.DAMAGED, page=page)
    flags = _REDUCED[reduction] | (0 if follow_exif else cv2.IMREAD_IGNORE_ORIENTATION)
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if grey is None:
        raise FileProblem(ProblemCode.DAMAGED, page=page)
    return grey.astype(np.uint8, copy=False)


def jpeg_quality(data: bytes) -> int | None:
    """Return the usual quality (1–100) of which a JPEG's brightness table is, or None where there is no table."""
    at = data.find(b"\xff\xdb", 0, 65_536)
    table = data[at + 5 : at + 5 + 64]
    if at < 0 or len(table) < 64 or data[at + 4] != 0:  # 16-bit tables and others are no scanner's
        return None
    percent = 100 * sum(table) / _TABLE_50
    return round(max(1.0, min(100.0, (200 - percent) / 2 if percent < 100 else 5000 / percent)))


def _page_of(image: Image.Image, index: int, reduce: bool, settings: StackSettings) -> Page:
    check_pixels(*image.size, index, settings)
    dpi = _dpi(image)
    stored_so = image.mode == "1"
    try:
        upright = ImageOps.exif_transpose(image)
        grey = np.asarray(_on_white(upright).convert("L"))
    except _DECODE_ERRORS as error:
        raise FileProblem(ProblemCode.DAMAGED, page=index) from error
    height, width = grey.shape
    reduction = reduction_for(width, height, settings) if reduce else 1
    return Page(index, shrink(grey, reduction), reduction, width, height, dpi, stored_so or is_two_tone(grey, 1))


def _on_white(image: Image.Image) -> Image.Image:
    """Return the image as it looks on white paper: transparent pixels may be black underneath."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode not in ("LA", "RGBA", "PA") and "transparency" not in image.info:
        return image
    rgba = image.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(paper, rgba)


def _dpi(image: Image.Image) -> float | None:
    value = image.info.get("dpi")
    if not value or not 60 <= float(value[0]) <= 2400:  # 0, 1 and 72-less values are fillers, not measures
        return None
    return float(value[0])


def _count_frames(image: Image.Image, most: int) -> tuple[int, bool]:
    """Return the number of readable page headers, and whether the chain breaks off behind them."""
    count = 1
    try:
        while count <= most:
            image.seek(count)
            count += 1
    except EOFError:
        return count, False
    except _DECODE_ERRORS:
        return count, True
    return count, False
