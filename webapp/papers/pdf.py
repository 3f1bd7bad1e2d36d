"""Writes a paper as PDF: embedded fonts, repeated heads, page numbers; rows never split over two pages."""

from __future__ import annotations

import io
from itertools import groupby
from typing import Any

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import TableHeadingsDisplay, XPos, YPos
from fpdf.fonts import FontFace

from webapp.papers.letters import Letters
from webapp.papers.paper import (
    A4_MM,
    PROSE_LINE_PT,
    PROSE_PT,
    Heading,
    Letterhead,
    Line,
    Paper,
    Placed,
    Signature,
    Table,
    Text,
    place,
    qr,
)
from webapp.papers.wrap import wrap

BODY_PT, TITLE_PT, HEADING_PT, NOTE_PT = 9.5, 16, 12, 9
LETTERHEAD_PT, PROSE_TITLE_PT = 24, 20
LINE_MM = 4.4
PADDING_MM = 0.5
MM_PER_PT = 25.4 / 72
PROSE_LINE_MM = PROSE_LINE_PT * MM_PER_PT
CODE_MM = 15.0  # width of the QR code
SEAL_MM = 12.0  # room above the day, for a seal to lie over the unit's name
ALIGNS = {"left": "L", "center": "C", "right": "R"}


class _Document(FPDF):
    """A4 with the stamp above and the page number below."""

    def __init__(self, paper: Paper) -> None:
        super().__init__("portrait", "mm", "A4")
        self.paper = paper
        self.add_font("song", "", pylopdf_fonts_zh_cn.serif_path())
        self.add_font("hei", "", pylopdf_fonts_zh_cn.sans_path())
        self.set_fallback_fonts(["song", "hei"])
        self.letters = Letters(self)
        self.width_mm = A4_MM - 2 * paper.margin_mm
        top = 24 if paper.prose else 22 if paper.code else 16
        self.set_margins(paper.margin_mm, top, paper.margin_mm)
        self.set_auto_page_break(True, 24 if paper.prose else 18)
        self.set_title("".join(paper.title))
        self.set_lang("zh-CN")
        self.alias_nb_pages("{nb}")

    def normalize_text(self, text: str) -> str:
        """Make printable what is measured or written: all of it comes through here."""
        return self.letters.readable(super().normalize_text(text))

    def header(self) -> None:
        if self.paper.stamp:
            self.set_font("hei", "", 10.5)
            self.set_xy(self.l_margin, 6.5)
            self.cell(
                self.width_mm - (CODE_MM + 36 if self.paper.code else 0), 7, self.paper.stamp, border=1, align="C"
            )
        if self.paper.code:
            self._code(self.paper.code)
        self.set_xy(self.l_margin, self.t_margin)

    def _code(self, code: str) -> None:
        rows = qr(code)
        module = CODE_MM / len(rows)
        left, top = self.l_margin + self.width_mm - CODE_MM, 4.5
        self.set_fill_color(0)
        for down, row in enumerate(rows):
            for right, dark in enumerate(row):
                if dark:
                    self.rect(left + right * module, top + down * module, module, module, "F")
        self.set_font("song", "", NOTE_PT)
        self.set_xy(left - 36, top + CODE_MM - 6)
        self.cell(34, 6, f"表号 {code}", align="R")

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font("song", "", NOTE_PT)
        foot = f"{self.paper.foot}　" if self.paper.foot else ""
        self.cell(self.width_mm, 5, f"{foot}第 {self.page_no()} 页 共 {{nb}} 页", align="C")


def write(paper: Paper) -> bytes:
    """Return the document."""
    pdf = _Document(paper)
    pdf.add_page()
    head = next((block for block in paper.blocks if isinstance(block, Letterhead)), None)
    if head:
        _letterhead(pdf, head)
    _title(pdf, paper.title)
    if head and head.to:
        _text(pdf, Text(head.to, plain=True))
    for number, block in enumerate(paper.blocks):
        if isinstance(block, Table):
            _table(pdf, block)
        elif isinstance(block, Heading):
            _heading(pdf, block, _height_after(paper, number))
        elif isinstance(block, Text):
            _text(pdf, block, _height_after(paper, number))
        elif isinstance(block, Signature):
            _signature(pdf, block)
        elif isinstance(block, Line):
            _line(pdf, block)
    if note := pdf.letters.note():
        _line(pdf, Line(note))
    return bytes(pdf.output())


def _title(pdf: _Document, title: tuple[str, ...]) -> None:
    size, height = (PROSE_TITLE_PT, 11.5) if pdf.paper.prose else (TITLE_PT, 8.5)
    pdf.set_font("hei", "", size)
    for line in wrap("\n".join(title), pdf.width_mm, pdf.get_string_width).split("\n"):
        pdf.cell(pdf.width_mm, height, line, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(6 if pdf.paper.prose else 1)


def _letterhead(pdf: _Document, head: Letterhead) -> None:
    """The issuer in red across the sheet, as large as it fits; the number; a red rule."""
    pdf.set_text_color(200, 30, 30)
    pdf.set_draw_color(200, 30, 30)
    pdf.set_font("hei", "", LETTERHEAD_PT)
    pdf.set_font_size(min(LETTERHEAD_PT, LETTERHEAD_PT * (pdf.width_mm - 1) / pdf.get_string_width(head.issuer or " ")))
    pdf.cell(pdf.width_mm, 16, head.issuer, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_text_color(0)
    pdf.set_font("song", "", PROSE_PT)
    pdf.cell(pdf.width_mm, 9 if head.number else 2, head.number, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_line_width(0.6)
    pdf.line(pdf.l_margin, pdf.get_y() + 1, pdf.l_margin + pdf.width_mm, pdf.get_y() + 1)
    pdf.set_draw_color(0)
    pdf.ln(10)


def _text(pdf: _Document, text: Text, after_mm: float = 0.0) -> None:
    """Set paragraphs. ``after_mm`` is what must stand on one page with the last two lines."""
    pdf.set_font("song", "", PROSE_PT)
    indent = 0.0 if text.plain else 2 * PROSE_PT * MM_PER_PT
    lines: list[tuple[float, str]] = []
    for paragraph in text.paragraphs:
        first, *others = wrap(paragraph, pdf.width_mm - 0.2, pdf.get_string_width, indent).split("\n")
        lines += [(indent, first), *((0.0, line) for line in others)]
    for left, (offset, line) in zip(range(len(lines), 0, -1), lines, strict=True):
        if pdf.will_page_break(PROSE_LINE_MM * left + after_mm if left == 2 else PROSE_LINE_MM):
            pdf.add_page()
            pdf.set_font("song", "", PROSE_PT)
        pdf.set_x(pdf.l_margin + offset)
        pdf.cell(pdf.width_mm, PROSE_LINE_MM, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _signature_mm(signature: Signature) -> float:
    return (SEAL_MM if signature.seal else 4.0) + PROSE_LINE_MM * len(signature.lines)


def _signature(pdf: _Document, signature: Signature) -> None:
    if pdf.will_page_break(_signature_mm(signature)):
        pdf.add_page()
    else:
        pdf.ln(SEAL_MM if signature.seal else 4.0)
    pdf.set_font("song", "", PROSE_PT if pdf.paper.prose else BODY_PT)
    for line in signature.lines:
        indent = 4 * PROSE_PT * MM_PER_PT
        pdf.cell(
            pdf.width_mm - indent,
            PROSE_LINE_MM,
            line,
            align="R",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )


def _height_after(paper: Paper, number: int) -> float:
    """Return what must fit below a block: a signature, a short table whole, of a long one the head and two rows."""
    follower = paper.blocks[number + 1] if number + 1 < len(paper.blocks) else None
    if isinstance(follower, Signature):
        return _signature_mm(follower)
    if isinstance(paper.blocks[number], Text):
        return 0.0
    if isinstance(follower, Heading):
        return 8 + _height_after(paper, number + 1)
    if not isinstance(follower, Table):
        return 0
    rows = len(follower.rows) if follower.together else 2
    return sum(follower.height_mm(row) for row in range(rows)) + 9 * len(follower.head)


def _heading(pdf: _Document, heading: Heading, after_mm: float) -> None:
    if pdf.paper.prose:
        if pdf.will_page_break(2 * PROSE_LINE_MM + after_mm):
            pdf.add_page()
        pdf.set_font("hei", "", PROSE_PT)
        pdf.set_x(pdf.l_margin + 2 * PROSE_PT * MM_PER_PT)
        pdf.cell(pdf.width_mm, PROSE_LINE_MM, heading.text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        return
    if pdf.will_page_break(12 + after_mm):
        pdf.add_page()
    pdf.ln(2.5 if heading.level == 1 else 1)
    pdf.set_font("hei", "", HEADING_PT if heading.level == 1 else BODY_PT)
    text, height = heading.text, 7.5 if heading.level == 1 else 5.5
    pdf.cell(pdf.width_mm, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _line(pdf: _Document, line: Line) -> None:
    pdf.ln(0.4)
    pdf.set_font("song", "", NOTE_PT)
    pdf.multi_cell(
        pdf.width_mm,
        LINE_MM + 0.4,
        wrap(line.text, pdf.width_mm - 2.2, pdf.get_string_width),
        align=ALIGNS[line.align],
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )


def _table(pdf: _Document, table: Table) -> None:
    pdf.set_font("song", "", table.size_pt)
    pdf.set_line_width(0.2)
    with pdf.table(
        width=pdf.width_mm,
        col_widths=table.widths,
        line_height=LINE_MM,
        padding=(0.8, PADDING_MM),
        text_align="C",
        v_align="M",
        num_heading_rows=len(table.head),
        first_row_as_headings=bool(table.head),
        repeat_headings=TableHeadingsDisplay.ON_TOP_OF_EVERY_PAGE if table.head else TableHeadingsDisplay.NONE,
        headings_style=FontFace(family="song", emphasis="", size_pt=table.size_pt),
        min_row_height=table.row_mm,
    ) as made:
        rows = [list(spots) for _, spots in groupby(place((*table.head, *table.rows)), key=lambda p: p.row)]
        for number, spots in enumerate(rows, -len(table.head)):
            least = table.row_mm if number < 0 else table.height_mm(number)
            _row(pdf, made.row(min_height=least), table, spots)
    if pdf.paper.prose:
        pdf.ln(2.5)


def _row(pdf: _Document, made: Any, table: Table, placed: list[Placed]) -> None:
    for p in placed:
        cell, face = p.cell, "hei" if p.cell.strong else "song"
        pdf.set_font(face, "", table.size_pt)
        left = PADDING_MM if cell.align == "center" else 1.2
        width = sum(table.widths[p.column : p.column + cell.columns]) * pdf.paper.unit_mm - left - PADDING_MM
        made.cell(
            wrap(cell.text, width - 0.1, pdf.get_string_width),
            align=ALIGNS[cell.align],
            v_align="T" if cell.top else "M",
            style=FontFace(family=face, emphasis="", size_pt=table.size_pt),
            colspan=cell.columns,
            rowspan=cell.rows,
            padding=(0.8, PADDING_MM, 0.8, left),
            img=io.BytesIO(cell.picture.jpeg) if cell.picture else None,
        )
