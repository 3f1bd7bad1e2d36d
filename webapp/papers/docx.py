"""Writes a paper as a Word document: real tables, repeated heads, page numbers, Song and Hei as Chinese fonts."""

from __future__ import annotations

import io
from itertools import zip_longest
from typing import Any

import numpy as np
from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT as VERTICAL
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from PIL import Image

from webapp.papers.paper import (
    PROSE_LINE_PT,
    PROSE_PT,
    Block,
    Cell,
    Heading,
    Letterhead,
    Line,
    Paper,
    Signature,
    Table,
    Text,
    place,
    qr,
)

SONG, HEI, LATIN = "宋体", "黑体", "Times New Roman"
ALIGNS = {"left": ALIGN.LEFT, "center": ALIGN.CENTER, "right": ALIGN.RIGHT}
CELL_MM = 0.45  # at the left and right of a cell
BODY_PT, TITLE_PT, HEADING_PT, NOTE_PT = 9.5, 16, 12, 9
LETTERHEAD_PT, PROSE_TITLE_PT = 24, 20
MEASURE_PT = 156 * 72 / 25.4  # of a letter
CODE_MM = 16.0
RED = RGBColor(200, 30, 30)


def write(paper: Paper) -> bytes:
    """Return the document."""
    document = Document()
    document.core_properties.title = "".join(paper.title)
    document.core_properties.author = ""
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY_PT)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), SONG)
    _set_up_page(document.sections[0], paper)
    head = next((block for block in paper.blocks if isinstance(block, Letterhead)), None)
    if head:
        _letterhead(document, head)
    for number, line in enumerate(paper.title, 1):
        after = 16 if paper.prose and number == len(paper.title) else 2
        _paragraph(document, line, PROSE_TITLE_PT if paper.prose else TITLE_PT, HEI, "center", after=after)
    if head and head.to:
        _text(document, Text(head.to, plain=True))
    for block, following in zip_longest(paper.blocks, paper.blocks[1:]):
        _block(document, paper, block)
        if isinstance(block, Text) and isinstance(following, Signature):
            document.paragraphs[-1].paragraph_format.keep_with_next = True
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _code(paragraph: Any, code: str) -> None:
    paragraph.alignment = ALIGN.RIGHT
    rows = qr(code)
    picture = np.kron(1 - np.array([list(row) for row in rows], np.uint8), np.ones((8, 8), np.uint8)) * 255
    file = io.BytesIO()
    Image.fromarray(np.pad(picture, 32, constant_values=255)).save(file, "PNG")
    _run(paragraph, f"表号 {code}　", NOTE_PT, SONG)
    paragraph.add_run().add_picture(file, width=Mm(CODE_MM))


def _block(document: Any, paper: Paper, block: Block) -> None:
    if isinstance(block, Table):
        _table(document, block, paper.unit_mm)
    elif isinstance(block, Heading) and paper.prose:
        paragraph = _paragraph(document, block.text, PROSE_PT, HEI, keep=True)
        _prose(paragraph, indent=True)
    elif isinstance(block, Heading):
        size, before = (HEADING_PT, 8) if block.level == 1 else (BODY_PT, 4)
        _paragraph(document, block.text, size, HEI, before=before, after=3, keep=True)
    elif isinstance(block, Text):
        _text(document, block)
    elif isinstance(block, Signature):
        _signature(document, block, PROSE_PT if paper.prose else BODY_PT)
    elif isinstance(block, Line):
        _line(document, block)


def _letterhead(document: Any, head: Letterhead) -> None:
    """The issuer in red across the sheet, as large as it fits; the number above a red rule."""
    size = min(LETTERHEAD_PT, MEASURE_PT / max(len(head.issuer), 1))
    paragraph = _paragraph(document, "", size, HEI, "center", after=6)
    _run(paragraph, head.issuer, size, HEI).font.color.rgb = RED
    paragraph = _paragraph(document, head.number, PROSE_PT, SONG, "center", after=24)
    borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "14"), ("space", "4"), ("color", "C81E1E")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def _text(document: Any, text: Text) -> None:
    for part in text.paragraphs:
        _prose(_paragraph(document, part, PROSE_PT, SONG), indent=not text.plain)


def _prose(paragraph: Any, *, indent: bool) -> None:
    form = paragraph.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(PROSE_LINE_PT)
    if indent:
        form.first_line_indent = Pt(2 * PROSE_PT)


def _signature(document: Any, signature: Signature, size: float) -> None:
    for number, line in enumerate(signature.lines):
        before = (34 if signature.seal else 11) if number == 0 else 0
        last = number + 1 == len(signature.lines)
        paragraph = _paragraph(document, line, size, SONG, "right", before=before, keep=not last)
        paragraph.paragraph_format.right_indent = Pt(4 * PROSE_PT)
        _prose(paragraph, indent=False)


def _set_up_page(section: Any, paper: Paper) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(paper.margin_mm)
    above, below = (24, 22) if paper.prose else (18, 16)
    section.top_margin, section.bottom_margin = Mm(above), Mm(below)
    section.header_distance, section.footer_distance = Mm(8), Mm(8)
    if paper.stamp:
        header = section.header.paragraphs[0]
        header.alignment = ALIGN.CENTER
        _run(header, paper.stamp, 11, HEI)
    if paper.code:
        _code(section.header.add_paragraph() if paper.stamp else section.header.paragraphs[0], paper.code)
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
) -> Any:
    paragraph = document.add_paragraph()
    paragraph.alignment = ALIGNS[align]
    form = paragraph.paragraph_format
    form.space_before, form.space_after, form.keep_with_next = Pt(before), Pt(after), keep
    _run(paragraph, text, size, font)
    return paragraph


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


def _table(document: Any, table: Table, unit_mm: float) -> None:
    rows = (*table.head, *table.rows)
    made = document.add_table(rows=len(rows), cols=len(table.widths))
    made.style, made.alignment, made.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    _cell_margins(made)
    for column, width in zip(made.columns, table.widths, strict=True):
        column.width = Mm(width * unit_mm)
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
        cell.width = Mm(sum(table.widths[p.column : p.column + p.cell.columns]) * unit_mm)
        follows = table.together or p.row < len(table.head) or p.cell.rows > 1
        width_mm = sum(table.widths[p.column : p.column + p.cell.columns]) * unit_mm - 2 * CELL_MM
        _fill(cell, p.cell, table.size_pt, width_mm, keep=follows and p.row + 1 < len(rows))


def _fill(cell: Any, value: Cell, size: float, width_mm: float, *, keep: bool) -> None:
    cell.vertical_alignment = VERTICAL.TOP if value.top else VERTICAL.CENTER
    if value.picture:
        paragraph = cell.paragraphs[0]
        paragraph.alignment = ALIGNS[value.align]
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.keep_with_next = keep
        picture = value.picture.within(width_mm)
        paragraph.add_run().add_picture(io.BytesIO(picture.jpeg), Mm(picture.width_mm), Mm(picture.height_mm))
        return
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
        element.set(qn("w:w"), "25")  # twentieths of a point: CELL_MM
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    table._tbl.tblPr.append(margins)


def _row_property(row: Any, name: str) -> None:
    element = OxmlElement(name)
    element.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(element)
