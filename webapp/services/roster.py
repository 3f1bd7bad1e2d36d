"""The roster as an XLSX file: what its cells say, with every fault by sheet and cell. Nothing is written here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import xlsxwriter
from openpyxl.utils import get_column_letter

from webapp.errors import InvalidInput
from webapp.services import workbooks

UNITS, MEMBERS = "单位", "党员"  # the two sheets of the file
UNIT_HEADINGS = {"name": "单位", "kind": "类型", "parent": "上级", "staff": "教职工应到", "student": "学生代表应到"}
MEMBER_HEADINGS = {"unit": "党支部", "name": "姓名", "number": "编号", "cadre": "党员干部"}
NEEDED = {UNITS: {"name", "kind"}, MEMBERS: {"unit", "name"}}
KIND_WORDS = {
    "校党委": "school",
    "学院党委": "college",
    "党总支": "general",
    "直属党支部": "direct",
    "党支部": "branch",
}
CLASSES = ("staff", "student")  # the rater classes of the forms that come with the product
YES, NO = {"是", "√", "yes", "y", "1"}, {"", "否", "×", "no", "n", "0"}
MOST_ROWS = 20_000
LONGEST = {"name": 120, "unit": 120, "parent": 120, "number": 32}
LONGEST_NAME = 64  # of a person
LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell. ``cell``: as in a spreadsheet ("C21"); ``code``: of messages.yaml."""

    sheet: str
    cell: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A row of the units. ``kind`` is the word of the file; numbers are None where the cell is empty."""

    row: int
    name: str
    kind: str
    parent: str
    expected: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A row of the members: the branch, the name, a number where two are of one name, whether a cadre."""

    row: int
    unit: str
    name: str
    number: str
    cadre: bool


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file says. ``columns``: sheet → field → letter of its column, for faults that are found later."""

    units: tuple[UnitLine, ...] = ()
    members: tuple[MemberLine, ...] = ()
    faults: tuple[Fault, ...] = ()
    columns: dict[str, dict[str, str]] = field(default_factory=dict)

    def dumped(self) -> dict[str, Any]:
        """Return it as plain JSON, to be carried by a page."""
        return asdict(self)

    @classmethod
    def loaded(cls, value: dict[str, Any]) -> Roster:
        """Read back what ``dumped`` gave. Raises InvalidInput for anything else."""
        try:
            units = tuple(UnitLine(**line) for line in value["units"])
            members = tuple(MemberLine(**line) for line in value["members"])
            if not all(map(_is_sound, units)) or not all(map(_is_sound, members)):
                raise TypeError("a value of another kind")
            return cls(units, members, tuple(Fault(**each) for each in value["faults"]), dict(value["columns"]))
        except (KeyError, TypeError) as error:
            raise InvalidInput("roster-not-xlsx") from error


def read(data: bytes) -> Roster:
    """Read a roster. Raises InvalidInput where the file is none; faults of cells are in the value, all of them."""
    sheets = _sheets(data)
    if UNITS not in sheets and MEMBERS not in sheets:
        raise InvalidInput("roster-no-sheet", units=UNITS, members=MEMBERS)
    faults: list[Fault] = []
    columns: dict[str, dict[str, str]] = {}
    units = [_unit(row, cells, columns, faults) for row, cells in _lines(sheets, UNITS, UNIT_HEADINGS, columns, faults)]
    members = [
        _member(row, cells, columns, faults) for row, cells in _lines(sheets, MEMBERS, MEMBER_HEADINGS, columns, faults)
    ]
    if not units and not members and not faults:
        raise InvalidInput("roster-empty")
    return Roster(tuple(units), tuple(members), tuple(faults), columns)


def template() -> bytes:
    """Return an empty roster with its headings, an example in each sheet's note, and lists to choose from."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#EAF2F8", "border": 1})
        for name, headings in ((UNITS, UNIT_HEADINGS), (MEMBERS, MEMBER_HEADINGS)):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, list(headings.values()), bold)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, 0, 34)
            sheet.set_column(1, len(headings) - 1, 16)
            if name == UNITS:
                sheet.data_validation(1, 1, MOST_ROWS, 1, {"validate": "list", "source": list(KIND_WORDS)})
            else:
                sheet.data_validation(1, 3, MOST_ROWS, 3, {"validate": "list", "source": ["是", "否"]})
    return buffer.getvalue()


def _sheets(data: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of our two sheets, after a look at how much the file would unpack to."""
    book = workbooks.opened(data, most_rows=MOST_ROWS)
    found = {}
    for name in (UNITS, MEMBERS):
        if name in book.sheetnames:
            sheet = book[name]
            sheet.reset_dimensions()  # a file may claim a size of its own
            rows = list(sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2, max_col=50))
            if len(rows) > MOST_ROWS + 1:
                raise InvalidInput("roster-too-large", most=MOST_ROWS)
            found[name] = rows
    book.close()
    return found


def _lines(
    sheets: dict[str, list[tuple[Any, ...]]],
    name: str,
    headings: dict[str, str],
    columns: dict[str, dict[str, str]],
    faults: list[Fault],
) -> Iterator[tuple[int, dict[str, str]]]:
    """Give the rows that hold anything: (row from 1, field → text). Columns may stand in any order."""
    rows = sheets.get(name, [])
    if not rows:
        return
    heads = [_text(cell) for cell in rows[0]]
    places = {key: heads.index(word) for key, word in headings.items() if word in heads}
    missing = [headings[key] for key in headings if key in NEEDED[name] and key not in places]
    if missing:
        faults += [Fault(name, "A1", "roster-no-column", {"column": word}) for word in missing]
        return
    columns[name] = {key: get_column_letter(place + 1) for key, place in places.items()}
    for number, cells in enumerate(rows[1:], 2):
        texts = {key: _text(cells[place]) if place < len(cells) else "" for key, place in places.items()}
        if any(texts.values()):
            yield number, {key: texts.get(key, "") for key in headings}


def _unit(row: int, cells: dict[str, str], columns: dict[str, dict[str, str]], faults: list[Fault]) -> UnitLine:
    letter = columns[UNITS]
    _check_texts(UNITS, row, cells, letter, faults, ("name", "kind"))
    if cells["kind"] and cells["kind"] not in KIND_WORDS:
        faults.append(Fault(UNITS, f"{letter['kind']}{row}", "roster-kind", {"text": cells["kind"][:20]}))
    expected: dict[str, int | None] = {}
    for each in CLASSES:
        text = cells[each]
        fine = text == "" or (text.isascii() and text.isdigit() and int(text[:9]) <= LARGEST and len(text) < 7)
        if not fine:
            faults.append(Fault(UNITS, f"{letter[each]}{row}", "roster-number", {"text": text[:20]}))
        expected[each] = int(text) if fine and text else None
    return UnitLine(row, cells["name"], cells["kind"], cells["parent"], expected)


def _member(row: int, cells: dict[str, str], columns: dict[str, dict[str, str]], faults: list[Fault]) -> MemberLine:
    letter = columns[MEMBERS]
    _check_texts(MEMBERS, row, cells, letter, faults, ("unit", "name"))
    cadre = cells["cadre"].casefold()
    if cadre not in YES | NO:
        faults.append(Fault(MEMBERS, f"{letter['cadre']}{row}", "roster-yes-no", {"text": cells["cadre"][:20]}))
    return MemberLine(row, cells["unit"], cells["name"], cells["number"], cadre in YES)


def _check_texts(
    sheet: str, row: int, cells: dict[str, str], letter: dict[str, str], faults: list[Fault], needed: tuple[str, ...]
) -> None:
    for key, text in cells.items():
        most = LONGEST_NAME if (sheet, key) == (MEMBERS, "name") else LONGEST.get(key)
        if not text and key in needed:
            faults.append(Fault(sheet, f"{letter[key]}{row}", "roster-missing"))
        elif most is not None and len(text) > most:
            faults.append(Fault(sheet, f"{letter[key]}{row}", "roster-long", {"most": most}))


def _text(cell: Any) -> str:
    """Return a cell as text: 256.0 is 256, spaces around it go, line ends become spaces."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else " ".join(str(cell).split())


def _is_sound(line: UnitLine | MemberLine) -> bool:
    texts = (line.name, line.unit, line.number) if isinstance(line, MemberLine) else (line.name, line.kind, line.parent)
    if not all(isinstance(text, str) and len(text) <= LONGEST["name"] for text in texts):
        return False
    if isinstance(line, MemberLine):
        return isinstance(line.cadre, bool) and isinstance(line.row, int)
    numbers = line.expected.values()
    return (
        isinstance(line.row, int)
        and set(line.expected) <= set(CLASSES)
        and all(number is None or (isinstance(number, int) and 0 <= number <= LARGEST) for number in numbers)
    )
