"""The body of each page, drawn once with fpdf2: all that is the same on every copy. ``forms.render`` adds the codes."""

from __future__ import annotations

import io
from dataclasses import dataclass

import fpdf
import pikepdf
from fpdf.enums import TextMode
from fpdf.fonts import TTFFont

from forms.layout import Layout, Page, Shape, Text
from forms.typeset.metrics import EM_MM, FONT_FILES

_COPY_CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"  # what a copy's own texts are made of


@dataclass(frozen=True)
class Bodies:
    """A PDF with one page a body, and how a copy's own texts are written in its fonts."""

    pdf: pikepdf.Pdf
    font_names: dict[str, str]  # face → resource name
    codes: dict[str, dict[str, str]]  # face → character → four hexadecimal digits

    def encode(self, face: str, text: str) -> str:
        """Return a text as a PDF hex string. Raises KeyError for a character that copies don't have."""
        return "<" + "".join(self.codes[face][character] for character in text) + ">"


def per_copy(text: Text) -> bool:
    """Tell whether a text differs from copy to copy."""
    return "{sheet}" in text.string


def filled(layout: Layout, page: Page, text: str) -> str:
    """Fill the placeholders that are the same on all copies."""
    number, pages, version = str(page.page), str(len(layout.pages)), layout.digest[:4]
    return text.replace("{page}", number).replace("{pages}", pages).replace("{digest}", version)


def draw(layout: Layout) -> Bodies:
    """Draw the body of every page, fonts embedded as subsets."""
    pdf = fpdf.FPDF(unit="mm", format=layout.page_mm)
    pdf.set_auto_page_break(False)
    for face, path in FONT_FILES.items():
        pdf.add_font(face, fname=path)
    for page in layout.pages:
        pdf.add_page()
        _draw_page(pdf, layout, page)
    codes, names = {}, {}
    for face in FONT_FILES:
        font = pdf.fonts[face]
        if not isinstance(font, TTFFont):
            raise TypeError(face)
        names[face] = f"/F{font.i}"
        picked = {character: font.subset.pick(ord(character)) for character in _COPY_CHARACTERS}
        codes[face] = {character: f"{code:04X}" for character, code in picked.items()}
    return Bodies(pikepdf.Pdf.open(io.BytesIO(pdf.output())), names, codes)


def _draw_page(pdf: fpdf.FPDF, layout: Layout, page: Page) -> None:
    for mark in page.fiducials:
        pdf.rect(mark.x, mark.y, mark.w, mark.h, style="F")
    for rule in page.rules:
        # Stroked, so that printers give all hairlines one thickness; square caps add half of it at both ends.
        pdf.set_line_width(rule.width)
        cap = rule.width / 2
        pdf.line(rule.x1 + cap, rule.y1, rule.x2 - cap, rule.y2)
    for question in page.questions:
        for box in question.boxes:
            pdf.set_line_width(box.line)
            half = box.line / 2
            pdf.rect(box.x + half, box.y + half, box.w - box.line, box.h - box.line, style="D")
    for shape in page.shapes:
        _draw_shape(pdf, shape)
    for text in page.texts:
        if not per_copy(text):
            _draw_text(pdf, text, filled(layout, page, text.string))


def _draw_shape(pdf: fpdf.FPDF, shape: Shape) -> None:
    if shape.width:
        pdf.set_line_width(shape.width)
    if shape.closed:
        pdf.polygon(shape.points, style="F" if shape.fill else "D")
    else:
        pdf.polyline(shape.points)


def _draw_text(pdf: fpdf.FPDF, text: Text, string: str) -> None:
    pdf.set_font(text.face, size=text.size)
    pdf.set_char_spacing(text.spacing)
    if not text.stroke:
        pdf.text(text.x, text.y, string)
        return
    pdf.set_line_width(text.stroke / EM_MM)  # fpdf2 takes this width in its unit everywhere, in texts alone in pt
    with pdf.local_context(text_mode=TextMode.FILL_STROKE):  # saved and restored: a mode outlives its text object
        pdf.text(text.x, text.y, string)


def points(mm: float) -> str:
    """Return mm as PDF points, as short as four decimals allow."""
    return f"{mm / EM_MM:.4f}".rstrip("0").rstrip(".")
