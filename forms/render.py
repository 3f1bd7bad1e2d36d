"""Layout + sheet codes → PDF. Draws nothing but what the Layout holds.

A body is drawn once a page and kept as a form XObject; a copy adds its number and its QR code, some 500 bytes. The file
holds no date, no name and no path: the same codes give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pikepdf
import segno

from forms import back, code
from forms.body import Bodies, draw, filled, per_copy, points
from forms.layout import CodeArea, Layout, Page, Text

QR_MODULES = 21  # version 1
Progress = Callable[[int], None]


def write_pdf(
    layout: Layout, sheets: Iterable[str], path: Path, on_progress: Progress | None = None, *, behind: str = ""
) -> int:
    """Write one copy for each sheet code, its pages one after the other; return the number of copies.

    ``sheets`` are eight characters each. ``on_progress`` is called with the number of copies done, each hundred and at
    the end. ``behind``: a text that is printed on the back of each page (for a printer that prints both sides; see
    ``forms.back``). The file appears under its name only when it is whole. Raises ValueError for a sheet whose check
    does not fit the layout or a text that does not fit on a back, OSError where the file cannot be written.
    """
    press = _Press(layout, behind)
    copies = 0
    for sheet in sheets:
        if not code.belongs(sheet, layout.digest):
            raise ValueError(f"sheet {sheet} does not belong to layout {layout.digest}")
        press.add_copy(sheet)
        copies += 1
        if on_progress and copies % 100 == 0:
            on_progress(copies)
    part = path.with_name(path.name + ".part")
    try:
        press.save(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if on_progress and copies % 100:
        on_progress(copies)
    return copies


class _Press:
    """Puts copies into one PDF."""

    def __init__(self, layout: Layout, behind: str = "") -> None:
        self.layout = layout
        self.bodies: Bodies = draw(layout)
        self.pdf = self.bodies.pdf
        self._resources: list[pikepdf.Object] = []
        embedded = self.pdf.pages[0].obj.Resources.Font
        for body in list(self.pdf.pages):
            form = body.as_form_xobject()
            resources = pikepdf.Dictionary(Font=embedded, XObject=pikepdf.Dictionary(B=form))
            self._resources.append(self.pdf.make_indirect(resources))
        del self.pdf.pages[:]
        width, height = layout.page_mm
        self._media_box = pikepdf.Array([0, 0, _exact(width), _exact(height)])
        self._back: pikepdf.Page | None = None
        if behind:
            self._behind = back.page(behind, layout.page_mm)  # kept open: its page is copied into the file
            self._back = self._behind.pages[0]
            self._back.mediabox = self._media_box

    def add_copy(self, sheet: str) -> None:
        """Add the pages of one copy."""
        for page, resources in zip(self.layout.pages, self._resources, strict=True):
            content = self.pdf.make_stream(self._content(page, sheet).encode("ascii"))
            leaf = pikepdf.Dictionary(
                Type=pikepdf.Name.Page, MediaBox=self._media_box, Resources=resources, Contents=content
            )
            self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(leaf)))
            if self._back is not None:
                self.pdf.pages.append(self._back)

    def save(self, target: Path) -> None:
        """Write the file without any trace of when and where."""
        for key in ("/Info", "/ID"):  # fpdf2 makes both of the time; the new ID is a hash of the content
            if key in self.pdf.trailer:
                del self.pdf.trailer[key]
        # Into memory first, 25 MB for 10,000 sheets: on a full disk qpdf's own writing ends the whole process.
        made = io.BytesIO()
        self.pdf.save(
            made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True
        )
        target.write_bytes(made.getbuffer())

    def _content(self, page: Page, sheet: str) -> str:
        number = code.readable(sheet)
        parts = ["q /B Do Q"]
        for text in page.texts:
            if per_copy(text):
                parts.append(self._text(text, filled(self.layout, page, text.string).replace("{sheet}", number)))
        parts.append(self._qr(page.code, str(code.SheetCode(sheet, self.layout.digest, page.page))))
        return "\n".join(parts)

    def _text(self, text: Text, string: str) -> str:
        x, y = points(text.x), points(self.layout.page_mm[1] - text.y)
        mode = f"2 Tr {points(text.stroke)} w" if text.stroke else "0 Tr"
        font = self.bodies.font_names[text.face]
        letters = self.bodies.encode(text.face, string)
        return f"q BT {font} {text.size:g} Tf {text.spacing:g} Tc {mode} {x} {y} Td {letters} Tj ET Q"

    def _qr(self, area: CodeArea, payload: str) -> str:
        """Draw the code as one filled path: a rectangle for each run of dark modules, in module units."""
        qr = segno.make_qr(payload, version=1, error="m", mode="alphanumeric", boost_error=False)
        module = points(area.w / QR_MODULES)
        x, top = points(area.x), points(self.layout.page_mm[1] - area.y)
        runs = [
            f"{start} {row} {end - start} 1 re"
            for row, modules in enumerate(qr.matrix)
            for start, end in _dark_runs(modules)
        ]
        return f"q {module} 0 0 -{module} {x} {top} cm\n{' '.join(runs)} f Q"


def _dark_runs(modules: bytearray) -> list[tuple[int, int]]:
    runs, start = [], None
    for column, dark in enumerate([*modules, 0]):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            runs.append((start, column))
            start = None
    return runs


def _exact(mm: float) -> object:
    return pikepdf.Object.parse(points(mm).encode("ascii"))
