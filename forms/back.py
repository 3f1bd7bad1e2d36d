"""The back of a sheet: a text that all copies share, and a code that tells the reader that this page is only a back."""

from __future__ import annotations

import io
from typing import cast

import fpdf
import pikepdf
import segno

from forms.code import BACK
from forms.typeset.metrics import FONT_FILES

HEIGHT = fpdf.enums.MethodReturnValue.HEIGHT
MARGIN_MM, CODE_MM, TITLE_PT = 18.0, 15.0, 13.0
SIZES_PT = (11.0, 10.0, 9.0, 8.0, 7.0)  # the largest that fits is taken
LINE_EM_MM = 0.3528 * 1.7  # height of a line for each pt of its size


def draw(text: str, page_mm: tuple[float, float]) -> bytes:
    """Return the back as a PDF of one page; the first line of ``text`` is its title.

    Raises ValueError where the text does not fit at the smallest size.
    """
    title, _, body = text.strip().partition("\n")
    pdf = _pdf(page_mm)
    width, room = page_mm[0] - 2 * MARGIN_MM, page_mm[1] - 2 * MARGIN_MM - CODE_MM - 14
    pdf.set_font(_face(), size=TITLE_PT)
    pdf.set_xy(MARGIN_MM, MARGIN_MM)
    pdf.multi_cell(width, TITLE_PT * LINE_EM_MM, title, align="C", new_x="LMARGIN", new_y="NEXT")
    for size in SIZES_PT:
        pdf.set_font(_face(), size=size)
        height = pdf.multi_cell(width, size * LINE_EM_MM, body, align="L", dry_run=True, output=HEIGHT)
        if cast(float, height) <= room:
            break
    else:
        raise ValueError("the text does not fit on the back of a sheet")
    pdf.set_x(MARGIN_MM)
    pdf.multi_cell(width, size * LINE_EM_MM, body, align="L")
    _code(pdf, page_mm)
    return bytes(pdf.output())


def page(text: str, page_mm: tuple[float, float]) -> pikepdf.Pdf:
    """Return the back as an opened PDF, to be copied behind each page of a sheet. Raises ValueError as ``draw``."""
    return pikepdf.Pdf.open(io.BytesIO(draw(text, page_mm)))


def _pdf(page_mm: tuple[float, float]) -> fpdf.FPDF:
    pdf = fpdf.FPDF(unit="mm", format=page_mm)
    pdf.set_auto_page_break(False)
    pdf.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
    pdf.add_font(_face(), fname=FONT_FILES[_face()])
    pdf.add_page()
    return pdf


def _face() -> str:
    return next(iter(FONT_FILES))


def _code(pdf: fpdf.FPDF, page_mm: tuple[float, float]) -> None:
    """Draw the code in the middle of the foot: it reads the same whichever way the page was fed."""
    qr = segno.make_qr(BACK, error="m", boost_error=False)
    rows = list(qr.matrix)
    module = CODE_MM / len(rows)
    left, top = (page_mm[0] - CODE_MM) / 2, page_mm[1] - MARGIN_MM - CODE_MM
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                pdf.rect(left + x * module, top + y * module, module, module, style="F")
