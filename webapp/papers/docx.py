"""Writes a paper as a Word document: real tables, repeated heads, page numbers, Song and Hei as Chinese fonts."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT as VERTICAL
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from webapp.papers.paper import MARGIN_MM, UNIT_MM, Cell, Heading, Line, Paper, Table, place

SONG, HEI, LATIN = "宋体", "黑体", "Times New Roman"
ALIGNS = {"left": ALIGN.LEFT, "center": ALIGN.CENTER, "right": ALIGN.RIGHT}
BODY_PT, TITLE_PT, HEADING_PT, NOTE_PT = 9.5, 16, 12, 9


def write(paper: Paper) -> bytes:
    """Return the document."""
    document = Document()
    document.core_properties.title = "".join(paper.title)
    document.core_properties.author = ""
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY_PT)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), SONG)
    _set_up_page(document.sections[0], paper)
    for line in paper.title:
        _paragraph(document, line, TITLE_PT, HEI, "center", after=2)
    for block in paper.blocks:
        if isinstance(block, Table):
            _table(document, block)
        elif isinstance(block, Heading):
            size, before = (HEADING_PT, 8) if block.level == 1 else (BODY_PT, 4)
            _paragraph(document, block.text, size, HEI, before=before, after=3, keep=True)
        else:
            _line(document, block)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_up_page(section: Any, paper: Paper) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(MARGIN_MM)
    section.top_margin, section.bottom_margin = Mm(18), Mm(16)
    section.header_distance, section.footer_distance = Mm(8), Mm(8)
    if paper.stamp:
        header = section.header.paragraphs[0]
        header.alignment = ALIGN.CENTER
        _run(header, paper.stamp, 11, HEI)
    footer = section.footer.paragraphs[0]
    footer.alignment = ALIGN.CENTER
    _run(footer, f"{paper.foot}　第 " if paper.foot else "第 ", NOTE_PT, SONG)
    _field(footer, "PAGE")
    _run(footer, " 页 共 ", NOTE_PT, SONG)
    _field(footer, "NUMPAGES")
    _run(footer, " 页", NOTE_PT, SONG)


def _line(document: Any, line: Line) -> None:
    _paragraph(document, line.text, NOTE_PT, SONG, line.align, before=1, after=1)


def _paragraph(
    document: Any,
    text: str,
    size: float,
    font: str,
    align: str = "left",
    *,
    before: float = 0,
    after: float = 0,
    keep: bool = False,
) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = ALIGNS[align]
    form = paragraph.paragraph_format
    form.space_before, form.space_after, form.keep_with_next = Pt(before), Pt(after), keep
    _run(paragraph, text, size, font)


def _run(paragraph: Any, text: str, size: float, font: str) -> Any:
    run = paragraph.add_run(text)
    run.font.size, run.font.name = Pt(size), LATIN
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return run


def _field(paragraph: Any, code: str) -> None:
    """Add a field that Word fills in, such as the page number."""
    run = _run(paragraph, "", NOTE_PT, SONG)
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("text", "1"), ("end", "")):
        if kind == "":
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = text
        elif kind == "text":
            element = OxmlElement("w:t")
            element.text = text
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._element.append(element)


def _table(document: Any, table: Table) -> None:
    rows = (*table.head, *table.rows)
    made = document.add_table(rows=len(rows), cols=len(table.widths))
    made.style, made.alignment, made.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    _cell_margins(made)
    for column, width in zip(made.columns, table.widths, strict=True):
        column.width = Mm(width * UNIT_MM)
    grid = [list(row.cells) for row in made.rows]
    for number, row in enumerate(made.rows):
        is_head = number < len(table.head)
        row.height_rule = WD_ROW_HEIGHT_RULE.AT_LEAST
        row.height = Mm(table.row_mm if is_head else table.height_mm(number - len(table.head)))
        _row_property(row, "w:cantSplit")
        if is_head:
            _row_property(row, "w:tblHeader")
    for p in place(rows):
        cell = grid[p.row][p.column]
        if p.cell.rows * p.cell.columns > 1:
            cell = cell.merge(grid[p.row + p.cell.rows - 1][p.column + p.cell.columns - 1])
        cell.width = Mm(sum(table.widths[p.column : p.column + p.cell.columns]) * UNIT_MM)
        follows = table.together or p.row < len(table.head) or p.cell.rows > 1
        _fill(cell, p.cell, table.size_pt, keep=follows and p.row + 1 < len(rows))


def _fill(cell: Any, value: Cell, size: float, *, keep: bool) -> None:
    cell.vertical_alignment = VERTICAL.TOP if value.top else VERTICAL.CENTER
    for number, text in enumerate(value.text.split("\n")):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.alignment = ALIGNS[value.align]
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.keep_with_next = keep
        _run(paragraph, text, size, HEI if value.strong else SONG)


def _cell_margins(table: Any) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), "25")  # twentieths of a point: 0.45 mm
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    table._tbl.tblPr.append(margins)


def _row_property(row: Any, name: str) -> None:
    element = OxmlElement(name)
    element.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(element)
