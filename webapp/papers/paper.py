"""A paper as a value: text, headings and tables on a grid of 52 units, which is the width of A4 between its margins.

One grid for all tables lets a spreadsheet hold the same form that the printer and the word processor show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import segno

A4_MM = 210.0
WIDTH_UNITS = 52  # a unit is 3.5 mm on a form: A4 with margins of 14 mm
MARGIN_MM = 14.0
PROSE_MARGIN_MM = 27.0  # of letters and reports: the measure of official papers, 156 mm
PROSE_PT, PROSE_LINE_PT = 14.0, 25.0
KEPT_ROWS = 8
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

Value = str | int | Decimal | None  # None: a number that nobody has entered; the field stays empty for the pen


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and how large it is printed; it is never made larger than its cell."""

    jpeg: bytes
    width_mm: float
    height_mm: float

    def within(self, width_mm: float) -> Picture:
        """Return it so that it is not wider."""
        scale = min(1.0, width_mm / self.width_mm)
        return Picture(self.jpeg, self.width_mm * scale, self.height_mm * scale)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that covers ``columns`` by ``rows`` of its table. ``align``: left, center, right.

    One with a ``picture`` has no text; its rows must be high enough (``Table.high``).
    """

    value: Value = ""
    columns: int = 1
    rows: int = 1
    align: str = "center"
    strong: bool = False
    top: bool = False  # text stands at the top; else in the middle
    picture: Picture | None = None

    @property
    def text(self) -> str:
        """What is printed: decimals with all their digits, nothing for None."""
        return "" if self.value is None else str(self.value)


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a block (一、参加情况), or with ``level`` 2 of a part of it. It stays with what follows."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: the number of the directive, a note."""

    text: str
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The head of an official letter (版头): who issues it, large; its number (文号); a rule below.

    Stands first, above the title. ``to`` are the addressees, on a line of their own below the title.
    """

    issuer: str
    number: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Running text. Each line of ``text`` is a paragraph that begins two characters in, unless ``plain``."""

    text: str
    plain: bool = False

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The paragraphs without spaces around them; empty ones are left out."""
        return tuple(part.strip() for part in self.text.split("\n") if part.strip())


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs (落款), at the right and never parted: lines for the pen, the unit, the day; room for a seal."""

    unit: str = ""
    day: str = ""
    people: tuple[str, ...] = ()  # 组长（签字）：
    seal: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines from above to below; a day that nobody has entered is left to the pen."""
        return (*self.people, *((self.unit,) if self.unit else ()), self.day or BLANK_DAY)


BLANK_DAY = "　　　　年　　月　　日"


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table. ``widths`` in units add up to WIDTH_UNITS; ``head`` is repeated on each page.

    A cell that spans rows is given once, in the first of them; these rows stay together on a page.
    """

    widths: tuple[int, ...]
    rows: tuple[Row, ...]
    head: tuple[Row, ...] = ()
    row_mm: float = 7.0  # rows are at least so high
    high: tuple[tuple[int, float], ...] = ()  # (row, mm) of rows that are higher, for a signature or a seal
    size_pt: float = 9.5

    @property
    def together(self) -> bool:
        """Whether the table is short enough to be kept on one page."""
        return len(self.rows) <= KEPT_ROWS

    def height_mm(self, row: int) -> float:
        """Return the least height of a row of ``rows``."""
        return dict(self.high).get(row, self.row_mm)


Block = Heading | Line | Letterhead | Text | Signature | Table


@dataclass(frozen=True, slots=True)
class Data:
    """A plain list for further reckoning: one more sheet of the workbook, never printed with the paper."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper. ``stamp`` stands on every page while the numbers are not final."""

    name: str  # of the file and of the worksheet
    title: tuple[str, ...]  # lines
    blocks: tuple[Block, ...]
    foot: str = ""
    stamp: str = ""
    data: tuple[Data, ...] = ()
    code: str = ""  # printed on every page, also as a QR code, so that the paper is known when it is scanned back

    @property
    def prose(self) -> bool:
        """Whether this is a letter or a report, set for reading; else a form, as wide as the sheet allows."""
        return any(isinstance(block, Text | Letterhead) for block in self.blocks)

    @property
    def margin_mm(self) -> float:
        """Margin at the left and at the right."""
        return PROSE_MARGIN_MM if self.prose else MARGIN_MM

    @property
    def unit_mm(self) -> float:
        """Width of a unit of the grid: tables of a letter are as wide as its text."""
        return (A4_MM - 2 * self.margin_mm) / WIDTH_UNITS


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell with its place in the table, counted from 0."""

    row: int
    column: int
    cell: Cell


def place(rows: Sequence[Row]) -> Iterator[Placed]:
    """Yield every cell with its row and column; cells below a spanning one move to the right.

    Raises ValueError where a row does not fill the table exactly: a form with a hole is a fault of ours.
    """
    width = sum(cell.columns for cell in rows[0]) if rows else 0
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            while (number, column) in taken:
                column += 1
            spot = {(number + down, column + right) for down in range(cell.rows) for right in range(cell.columns)}
            if spot & taken:
                raise ValueError(f"cell {cell.text!r} overlaps in row {number}")
            taken |= spot
            yield Placed(number, column, cell)
    if taken != {(number, column) for number in range(len(rows)) for column in range(width)}:
        raise ValueError("rows of a table differ in length")


CODE_MARK = "PYP1:"  # what the QR code of a paper begins with


def qr(code: str) -> tuple[bytes, ...]:
    """Return the modules of a paper's QR code, row by row; 1 is dark. The quiet zone is left to the writer."""
    return tuple(bytes(row) for row in segno.make_qr(CODE_MARK + code, error="q").matrix)


def plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula (for CSV)."""
    return "'" + text if text.startswith(FORMULA_SIGNS) else text


def lines_needed(text: str, width_mm: float, size_pt: float) -> int:
    """Estimate how many lines a text takes: a Chinese character is as wide as its size, others half of it."""
    em = size_pt * 25.4 / 72
    total = 0
    for part in text.split("\n"):
        width = sum(em if ord(character) > 0x2E7F else em * 0.55 for character in part)
        total += max(1, -int(-width // max(width_mm - 1.5, em)))
    return total
