"""The printed file: which layout page stands on each of its pages, and what it looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pypdfium2
import zxingcpp

from forms.code import CodeError, SheetCode, parse
from forms.layout import Layout, Page
from omr.synth.arrays import Grey

_CODE_DPI = 200
_POINT_MM = 25.4 / 72
_QUIET_MM = 3.0


@dataclass(frozen=True, slots=True)
class Side:
    """A sheet's side on a page of the file. ``sheet`` is the code's eight characters, ``offset_mm`` its place."""

    layout: Layout
    page: Page
    sheet: str
    offset_mm: tuple[float, float] = (0.0, 0.0)


class PrintedFile:
    """A printed PDF. Use it in a ``with`` statement."""

    def __init__(self, path: Path):
        self._document = pypdfium2.PdfDocument(path)

    def __enter__(self) -> PrintedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._document.close()

    def __len__(self) -> int:
        return len(self._document)

    def size_mm(self, number: int) -> tuple[float, float]:
        """Return width and height of a page (from 0)."""
        width, height = self._document[number].get_size()
        return width * _POINT_MM, height * _POINT_MM

    def image(self, number: int, dpi: int) -> Grey:
        """Return a page (from 0) as it leaves an ideal printer."""
        return self._render(number, dpi, (0, 0, 0, 0))

    def sides(self, number: int, layouts: Sequence[Layout]) -> tuple[Side, ...]:
        """Return the sheets on a page (from 0), by their printed codes; none on a blank back."""
        width, height = self.size_mm(number)
        found = []
        for left in sorted(
            {n * layout.page_mm[0] for layout in layouts for n in range(_across(width, height, layout))}
        ):
            code = self._code(number, left, [layout for layout in layouts if _across(width, height, layout)])
            if code is None:
                continue
            layout = next((layout for layout in layouts if layout.digest == code.digest), None)
            if layout is not None:
                found.append(Side(layout, layout.page(code.page), code.sheet, (left, 0.0)))
        return tuple(found)

    def _code(self, number: int, left: float, layouts: list[Layout]) -> SheetCode | None:
        places = {(page.code.x, page.code.y, page.code.w, page.code.h) for layout in layouts for page in layout.pages}
        width, height = self.size_mm(number)
        for x, y, w, h in sorted(places):
            x0, y0 = left + x - _QUIET_MM, y - _QUIET_MM
            x1, y1 = x0 + w + 2 * _QUIET_MM, y0 + h + 2 * _QUIET_MM
            crop = tuple(max(0.0, side / _POINT_MM) for side in (x0, height - y1, width - x1, y0))
            for result in zxingcpp.read_barcodes(self._render(number, _CODE_DPI, crop)):
                try:
                    return parse(result.text)
                except CodeError:
                    continue  # some other code stands there: this is not the place of ours
        return None

    def _render(self, number: int, dpi: int, crop: tuple[float, ...]) -> Grey:
        bitmap = self._document[number].render(scale=dpi / 72, grayscale=True, crop=crop)
        return np.array(bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width])


def _across(width: float, height: float, layout: Layout) -> int:
    """How many of a layout's pages stand side by side on paper of this size; 0 where it does not fit."""
    count = round(width / layout.page_mm[0])
    fits = abs(count * layout.page_mm[0] - width) < 1.5 and abs(layout.page_mm[1] - height) < 1.5
    return count if fits else 0
