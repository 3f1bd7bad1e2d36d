"""Pages of a PDF as images: taken out as they are where the page is one picture, drawn at 300 dpi where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2

from omr.errors import FileProblem
from omr.image import Grey, Page, check_pixels, is_two_tone, reduction_for, shrink
from omr.raster import decode_jpeg, jpeg_quality
from omr.reading import ProblemCode
from omr.settings import StackSettings

_DRAWING = {"Do", "cm", "q", "Q", "gs", "ri", "i"}  # all that a page of one picture may use
# What the two libraries raise on pages of a hostile shape: a number that is a name, a dictionary that is an array.
_BROKEN = (pikepdf.PdfError, pypdfium2.PdfiumError, ValueError, RuntimeError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class _Picture:
    """The one image of a page, and the resolution at which it lies there."""

    stream: pikepdf.Object
    width: int
    height: int
    dpi: float
    quarter_turns: int  # clockwise, from the page's /Rotate


class PdfStack:
    """An open PDF. Two libraries look at it: pikepdf hands out the bytes of a picture, pdfium decodes or draws."""

    def __init__(self, path: Path, settings: StackSettings) -> None:
        self._path, self._settings = path, settings
        self._drawer: pypdfium2.PdfDocument | None = None
        try:
            self._pdf = pikepdf.open(path)
            self._count = len(self._pdf.pages)
        except pikepdf.PasswordError as error:
            raise FileProblem(ProblemCode.ENCRYPTED) from error
        except _BROKEN as error:
            raise FileProblem(ProblemCode.DAMAGED, page=1) from error
        self._pages = _page_objects(self._pdf) if self._count == 0 else list(self._pdf.pages)
        if not self._pages:
            raise FileProblem(ProblemCode.DAMAGED, page=1)

    def __len__(self) -> int:
        return len(self._pages)

    def page(self, index: int, reduce: bool) -> Page:
        try:
            picture = _only_picture(self._pages[index - 1])
            if picture is None:
                return self._drawn(index, reduce)
            return self._taken_out(picture, index, reduce)
        except _BROKEN as error:
            raise FileProblem(ProblemCode.DAMAGED, page=index) from error

    def close(self) -> None:
        self._pdf.close()
        if self._drawer is not None:
            self._drawer.close()

    def _taken_out(self, picture: _Picture, index: int, reduce: bool) -> Page:
        width, height = picture.width, picture.height
        check_pixels(width, height, index, self._settings)
        reduction = reduction_for(width, height, self._settings) if reduce else 1
        quality = None
        if _is_plain_jpeg(picture.stream):
            data = picture.stream.read_raw_bytes()
            quality = jpeg_quality(data)
            grey = decode_jpeg(data, reduction, index, follow_exif=False)
            one_bit = is_two_tone(grey, reduction)
        elif _is_plain_bitmap(picture.stream):
            whole = self._bitmap(index)
            stored_so = int(picture.stream.get("/BitsPerComponent", 8)) == 1
            one_bit, grey = stored_so or is_two_tone(whole, 1), shrink(whole, reduction)
        else:
            return self._drawn(index, reduce, picture.dpi)
        if picture.quarter_turns:
            grey = np.ascontiguousarray(np.rot90(grey, -picture.quarter_turns))
            if picture.quarter_turns % 2:
                width, height = height, width
        return Page(index, grey, reduction, width, height, picture.dpi, one_bit, quality)

    def _bitmap(self, index: int) -> Grey:
        page = self._document()[index - 1]
        try:
            found = next(iter(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])))
            return _grey(found.get_bitmap().to_numpy())
        finally:
            page.close()

    def _drawn(self, index: int, reduce: bool, dpi: float | None = None) -> Page:
        dpi = min(dpi or self._settings.render_dpi, 600.0)
        page = self._document()[index - 1]
        try:
            width, height = (round(side * dpi / 72) for side in page.get_size())
            check_pixels(width, height, index, self._settings)
            grey = _grey(page.render(scale=dpi / 72, grayscale=True).to_numpy())
        finally:
            page.close()
        height, width = grey.shape
        reduction = reduction_for(width, height, self._settings) if reduce else 1
        one_bit = _holds_one_bit(self._pages[index - 1]) or is_two_tone(grey, 1)
        return Page(index, shrink(grey, reduction), reduction, width, height, dpi, one_bit)

    def _document(self) -> pypdfium2.PdfDocument:
        if self._drawer is None:
            self._drawer = pypdfium2.PdfDocument(self._path)
        return self._drawer


def _holds_one_bit(page: Any) -> bool:
    """Return whether all pictures of a page are black and white; drawing them makes greys at their edges."""
    pictures = list(page.get_images(recursive=False).values())
    return bool(pictures) and all(
        int(picture.get("/BitsPerComponent", 8)) == 1 or bool(picture.get("/ImageMask", False)) for picture in pictures
    )


def _page_objects(pdf: pikepdf.Pdf) -> list[Any]:
    """Return the pages of a file whose tree of pages is gone (a copy that broke off), in the order of the file."""
    found = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Page"]
    return [pikepdf.Page(item) for item in found]


def _only_picture(page: Any) -> _Picture | None:
    """Return the page's picture where the page shows nothing but one upright image, else None."""
    images = dict(page.get_images(recursive=False).items())
    if len(images) != 1 or page.get("/Annots"):
        return None
    ((name, stream),) = images.items()
    placed = _placement(page, name)
    if placed is None:
        return None
    width_pt, height_pt = placed
    left, bottom, right, top = (float(v) for v in page.mediabox)
    if width_pt * height_pt < 0.5 * (right - left) * (top - bottom):  # a logo on a drawn page
        return None
    width, height = int(stream["/Width"]), int(stream["/Height"])
    turns = int(page.get("/Rotate", 0)) // 90 % 4
    return _Picture(stream, width, height, width / (width_pt / 72), turns)


def _placement(page: Any, image: str) -> tuple[float, float] | None:
    """Return the width and height in points at which the page's only image is drawn, if it is drawn upright."""
    matrix = pikepdf.Matrix()
    shown = None
    saved: list[pikepdf.Matrix] = []
    for instruction in pikepdf.parse_content_stream(page):
        operands, name = instruction.operands, str(instruction.operator)
        if name not in _DRAWING:
            return None
        if name == "cm":
            matrix = pikepdf.Matrix(*(float(v) for v in operands)) @ matrix
        elif name == "q":
            saved.append(matrix)
        elif name == "Q" and saved:
            matrix = saved.pop()
        elif name == "Do":
            if shown is not None or str(operands[0]) != image:  # drawn twice, or something else is drawn
                return None
            shown = matrix
    if shown is None or abs(shown.b) + abs(shown.c) > 0.01 * abs(shown.a) or shown.a <= 0 or shown.d <= 0:
        return None
    return shown.a, shown.d


def _is_plain_jpeg(stream: pikepdf.Object) -> bool:
    filters = stream.get("/Filter")
    names = [str(f) for f in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    return names == ["/DCTDecode"] and _is_plain(stream) and str(stream.get("/ColorSpace")) != "/DeviceCMYK"


def _is_plain_bitmap(stream: pikepdf.Object) -> bool:
    filters = stream.get("/Filter")
    names = [str(f) for f in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    return _is_plain(stream) and "/JPXDecode" not in names and not stream.get("/ImageMask", False)


def _is_plain(stream: pikepdf.Object) -> bool:
    return not any(key in stream for key in ("/SMask", "/Mask", "/Decode"))


def _grey(pixels: Any) -> Grey:
    array = np.asarray(pixels, dtype=np.uint8)
    if array.ndim == 2:
        return np.ascontiguousarray(array)
    if array.shape[2] == 1:
        return np.ascontiguousarray(array[:, :, 0])
    code = cv2.COLOR_BGRA2GRAY if array.shape[2] == 4 else cv2.COLOR_BGR2GRAY
    return cv2.cvtColor(array, code).astype(np.uint8, copy=False)
