"""Writes a paper as PDF: embedded fonts, repeated heads, page numbers; rows never split over two pages."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import TableHeadingsDisplay, XPos, YPos
from fpdf.fonts import FontFace

from webapp.papers.paper import MARGIN_MM, UNIT_MM, WIDTH_UNITS, Heading, Line, Paper, Placed, Table, place

BODY_PT, TITLE_PT, HEADING_PT, NOTE_PT = 9.5, 16, 12, 9
LINE_MM = 4.4
PADDING_MM = 0.5
NOT_FIRST = "、，。；：！？）”’》〉」』】％%,.;:!?)"  # what no line of Chinese begins with
ALIGNS = {"left": "L", "center": "C", "right": "R"}
WIDTH_MM = WIDTH_UNITS * UNIT_MM


class _Document(FPDF):
    """A4 with the stamp above and the page number below."""

    def __init__(self, paper: Paper) -> None:
        super().__init__("portrait", "mm", "A4")
        self.paper = paper
        self.add_font("song", "", pylopdf_fonts_zh_cn.serif_path())
        self.add_font("hei", "", pylopdf_fonts_zh_cn.sans_path())
        self.set_margins(MARGIN_MM, 16, MARGIN_MM)
        self.set_auto_page_break(True, 18)
        self.set_title("".join(paper.title))
        self.set_lang("zh-CN")
        self.alias_nb_pages("{nb}")

    def header(self) -> None:
        if self.paper.stamp:
            self.set_font("hei", "", 10.5)
            self.set_xy(MARGIN_MM, 6.5)
            self.cell(WIDTH_MM, 7, self.paper.stamp, border=1, align="C")
            self.set_xy(MARGIN_MM, 16)

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font("song", "", NOTE_PT)
        foot = f"{self.paper.foot}　" if self.paper.foot else ""
        self.cell(WIDTH_MM, 5, f"{foot}第 {self.page_no()} 页 共 {{nb}} 页", align="C")


def write(paper: Paper) -> bytes:
    """Return the document."""
    pdf = _Document(paper)
    pdf.add_page()
    pdf.set_font("hei", "", TITLE_PT)
    for line in paper.title:
        pdf.cell(WIDTH_MM, 8.5, line, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(1)
    for number, block in enumerate(paper.blocks):
        if isinstance(block, Table):
            _table(pdf, block)
        elif isinstance(block, Heading):
            _heading(pdf, block, _height_after(paper, number))
        else:
            _line(pdf, block)
    return bytes(pdf.output())


def _height_after(paper: Paper, number: int) -> float:
    """Return what must fit below a heading: a short table whole, of a long one the head and two rows."""
    follower = paper.blocks[number + 1] if number + 1 < len(paper.blocks) else None
    if isinstance(follower, Heading):
        return 8 + _height_after(paper, number + 1)
    if not isinstance(follower, Table):
        return 0
    rows = len(follower.rows) if follower.together else 2
    return sum(follower.height_mm(row) for row in range(rows)) + 9 * len(follower.head)


def _heading(pdf: FPDF, heading: Heading, after_mm: float) -> None:
    if pdf.will_page_break(12 + after_mm):
        pdf.add_page()
    pdf.ln(2.5 if heading.level == 1 else 1)
    pdf.set_font("hei", "", HEADING_PT if heading.level == 1 else BODY_PT)
    pdf.cell(WIDTH_MM, 7.5 if heading.level == 1 else 5.5, heading.text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _line(pdf: FPDF, line: Line) -> None:
    pdf.ln(0.4)
    pdf.set_font("song", "", NOTE_PT)
    pdf.multi_cell(
        WIDTH_MM,
        LINE_MM + 0.4,
        _wrap(pdf, line.text, WIDTH_MM - 2.1),
        align=ALIGNS[line.align],
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )


def _table(pdf: FPDF, table: Table) -> None:
    pdf.set_font("song", "", table.size_pt)
    pdf.set_line_width(0.2)
    with pdf.table(
        width=WIDTH_MM,
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


def _row(pdf: FPDF, made: Any, table: Table, placed: list[Placed]) -> None:
    for p in placed:
        cell, face = p.cell, "hei" if p.cell.strong else "song"
        pdf.set_font(face, "", table.size_pt)
        left = PADDING_MM if cell.align == "center" else 1.2
        width = sum(table.widths[p.column : p.column + cell.columns]) * UNIT_MM - left - PADDING_MM
        made.cell(
            _wrap(pdf, cell.text, width),
            align=ALIGNS[cell.align],
            v_align="T" if cell.top else "M",
            style=FontFace(family=face, emphasis="", size_pt=table.size_pt),
            colspan=cell.columns,
            rowspan=cell.rows,
            padding=(0.8, PADDING_MM, 0.8, left),
        )


def _wrap(pdf: FPDF, text: str, width_mm: float) -> str:
    """Break lines as Chinese is set: anywhere, but never before a closing mark; the mark takes a character along."""
    done = []
    for part in text.split("\n"):
        line = ""
        for character in part:
            if line and pdf.get_string_width(line + character) > width_mm - 0.1:
                carry = line[-1] if character in NOT_FIRST and len(line) > 1 else ""
                done.append(line[: len(line) - len(carry)])
                line = carry
            line += character
        done.append(line)
    return "\n".join(done)
