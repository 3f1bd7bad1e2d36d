"""Writes a paper as an Excel workbook: the form on one worksheet as it is printed, the plain numbers on further ones.

Numbers are numbers. Text is written as text and, where it begins like a formula, quoted as well, so that editing the
cell does not turn it into one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import xlsxwriter
from PIL import Image

from webapp.papers.paper import (
    FORMULA_SIGNS,
    WIDTH_UNITS,
    Block,
    Cell,
    Data,
    Heading,
    Letterhead,
    Line,
    Paper,
    Picture,
    Signature,
    Table,
    Text,
    Value,
    lines_needed,
    place,
)

MM_PER_INCH = 25.4
PIXELS_PER_MM = 96 / MM_PER_INCH
POINTS_PER_MM = 72 / MM_PER_INCH
A4 = 9  # Excel's number for it
SIZE_PT = 10
LINE_MM = 4.6
SONG, HEI = "宋体", "黑体"


def write(paper: Paper) -> bytes:
    """Return the workbook."""
    file, book = _open("".join(paper.title))
    _Form(book, paper).write()
    for data in paper.data:
        _write_data(book, data)
    book.close()
    return file.getvalue()


def write_lists(title: str, *lists: Data) -> bytes:
    """Return a workbook of plain lists alone."""
    file, book = _open(title)
    for data in lists:
        _write_data(book, data)
    book.close()
    return file.getvalue()


def _open(title: str) -> tuple[io.BytesIO, Any]:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False})
    book.set_properties({"title": title})
    return file, book


class _Form:
    """The worksheet of the form. Its columns are the edges of all tables together."""

    def __init__(self, book: Any, paper: Paper) -> None:
        self.book, self.paper = book, paper
        self.sheet = book.add_worksheet(paper.name)
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        edges = {0, WIDTH_UNITS}
        for block in paper.blocks:
            if isinstance(block, Table):
                edges.update(_edges(block))
        self.edges = sorted(edges)
        self.row = 0

    def write(self) -> None:
        self._set_up_page()
        for left, right in zip(self.edges, self.edges[1:], strict=False):
            column = self.edges.index(left)
            self.sheet.set_column_pixels(column, column, round((right - left) * self.paper.unit_mm * PIXELS_PER_MM))
        for line in self.paper.title:
            self._line(line, 9.5, font_name=HEI, font_size=16, align="center", valign="vcenter")
        if self.paper.stamp:
            self._line(self.paper.stamp, 8, font_name=HEI, font_size=11, align="center", valign="vcenter", border=2)
        for block in self.paper.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Heading):
            height, size = (9, 12) if block.level == 1 else (6.5, SIZE_PT)
            self._line(block.text, height, font_name=HEI, font_size=size, align="left", valign="vcenter")
        elif isinstance(block, Letterhead):
            for word in filter(None, (f"{block.issuer}　{block.number}".strip(), block.to)):
                self._text(Line(word))
        elif isinstance(block, Text):
            for part in block.paragraphs:
                self._text(Line(part if block.plain else f"　　{part}"))
        elif isinstance(block, Signature):
            for word in block.lines:
                self._text(Line(word, "right"))
        else:
            self._text(block)

    def _set_up_page(self) -> None:
        margin = self.paper.margin_mm / MM_PER_INCH
        self.sheet.set_portrait()
        self.sheet.set_paper(A4)
        self.sheet.set_margins(left=margin, right=margin, top=0.7, bottom=0.7)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.center_horizontally()
        self.sheet.hide_gridlines(2)
        self.sheet.set_footer(f"&C{_header_text(self.paper.foot)}　第 &P 页 共 &N 页")
        self.sheet.repeat_rows(0, len(self.paper.title) - 1 + bool(self.paper.stamp))

    def _text(self, line: Line) -> None:
        needed = lines_needed(line.text, WIDTH_UNITS * self.paper.unit_mm, SIZE_PT)
        self._line(line.text, needed * LINE_MM + 1, text_wrap=True, align=line.align, valign="vcenter")

    def _line(self, text: str, height_mm: float, **style: Any) -> None:
        self.sheet.set_row(self.row, height_mm * POINTS_PER_MM)
        self._put(self.row, 0, self.row, len(self.edges) - 2, text, self._format(**style))
        self.row += 1

    def _table(self, table: Table) -> None:
        edges = [0, *_edges(table)]
        rows = (*table.head, *table.rows)
        placed = list(place(rows))
        for number in range(len(rows)):
            least = table.row_mm if number < len(table.head) else table.height_mm(number - len(table.head))
            texts = [
                lines_needed(
                    p.cell.text, (edges[p.column + p.cell.columns] - edges[p.column]) * self.paper.unit_mm, SIZE_PT
                )
                for p in placed
                if p.row == number and p.cell.rows == 1
            ]
            self.sheet.set_row(self.row + number, max(least, max(texts, default=1) * LINE_MM + 2) * POINTS_PER_MM)
        for p in placed:
            left, right = edges[p.column], edges[p.column + p.cell.columns]
            if p.cell.picture:
                picture = p.cell.picture.within((right - left) * self.paper.unit_mm - 1)
                self._picture(self.row + p.row, self.edges.index(left), picture)
            self._put(
                self.row + p.row,
                self.edges.index(left),
                self.row + p.row + p.cell.rows - 1,
                self.edges.index(right) - 1,
                p.cell.value,
                self._cell_format(p.cell),
            )
        self.row += len(rows)

    def _picture(self, row: int, column: int, picture: Picture) -> None:
        """Lay a picture into a cell; it moves with it."""
        pixels = Image.open(io.BytesIO(picture.jpeg)).width
        scale = picture.width_mm * PIXELS_PER_MM / pixels
        options = {"image_data": io.BytesIO(picture.jpeg), "x_scale": scale, "y_scale": scale, "object_position": 1}
        self.sheet.insert_image(row, column, "picture.jpg", {**options, "x_offset": 2, "y_offset": 2})

    def _cell_format(self, cell: Cell) -> Any:
        style: dict[str, Any] = {
            "border": 1,
            "text_wrap": True,
            "align": cell.align,
            "valign": "top" if cell.top else "vcenter",
        }
        if cell.strong:
            style["font_name"] = HEI
        if isinstance(cell.value, Decimal):
            style["num_format"] = "0.00"
        return self._format(quote=_is_risky(cell.value), **style)

    def _format(self, *, quote: bool = False, **style: Any) -> Any:
        full = {"font_name": SONG, "font_size": SIZE_PT, **style}
        key = (*sorted(full.items()), ("quote", quote))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(full)
            if quote:
                self.formats[key].set_quote_prefix()
        return self.formats[key]

    def _put(self, top: int, left: int, bottom: int, right: int, value: Value, style: Any) -> None:
        if (top, left) != (bottom, right):
            self.sheet.merge_range(top, left, bottom, right, "", style)
        _write_value(self.sheet, top, left, value, style)


def _write_value(sheet: Any, row: int, column: int, value: Value, style: Any) -> None:
    if isinstance(value, (int, Decimal)):
        sheet.write_number(row, column, value, style)
    elif value:
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_blank(row, column, None, style)


def _write_data(book: Any, data: Data) -> None:
    sheet = book.add_worksheet(data.name)
    base = {"font_name": SONG, "font_size": 11}
    head = book.add_format({**base, "bold": True, "bottom": 1})
    formats = {
        "text": book.add_format(base),
        "percent": book.add_format({**base, "num_format": "0.00"}),
        "quoted": book.add_format(base),
    }
    formats["quoted"].set_quote_prefix()
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for column, title in enumerate(data.head):
        sheet.write_string(0, column, title, head)
        longest = max([_width(title), *(_width(str(row[column])) for row in data.rows)])
        sheet.set_column(column, column, min(longest, 60) + 2)
    for number, row in enumerate(data.rows, 1):
        for column, value in enumerate(row):
            kind = "quoted" if _is_risky(value) else "percent" if isinstance(value, Decimal) else "text"
            _write_value(sheet, number, column, value, formats[kind])


def _edges(table: Table) -> Iterator[int]:
    """Yield the right edges of a table's columns, in units."""
    edge = 0
    for width in table.widths:
        edge += width
        yield edge


def _is_risky(value: Value) -> bool:
    return isinstance(value, str) and value.startswith(FORMULA_SIGNS)


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _header_text(text: str) -> str:
    """Keep a text from being taken for codes of Excel's page header."""
    return text.replace("&", "&&")
