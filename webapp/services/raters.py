"""Who is expected at the meetings of a unit: pasted, read from a spreadsheet, or taken over from the members."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Attendance, Meeting, Member, Rater, Survey, Unit, now
from webapp.office import Office
from webapp.services import surveys, tree, workbooks

LONGEST, LONGEST_NUMBER = 64, 32
MOST_ROWS = 5000
HEADINGS = {"name": ("姓名", "Name"), "number": ("编号", "工号", "学号", "No."), "class": ("类别", "身份", "Class")}
DEFAULT_CLASSES = {"教职工": "staff", "学生代表": "student"}


@dataclass(frozen=True, slots=True)
class Line:
    """A person as a list gives him. ``row``: from 1; ``rater_class``: the word of the list, "" where it has none."""

    row: int
    name: str
    number: str = ""
    rater_class: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A person of the roster and whether he came. None: nobody has said yet."""

    rater: Rater
    present: bool | None


def people(session: Session, unit_id: int) -> list[Rater]:
    """Return who is expected at the meetings of a unit, in the order they were entered."""
    query = select(Rater).where(Rater.unit_id == unit_id, Rater.left_at.is_(None)).order_by(Rater.id)
    return list(session.scalars(query))


def places(session: Session, meeting: Meeting) -> list[Place]:
    """Return the roster of a meeting with what was ticked; who left the roster after he was ticked stays in it."""
    newest = select(func.max(Attendance.id)).where(Attendance.meeting_id == meeting.id).group_by(Attendance.rater_id)
    ticked = {row.rater_id: row.present for row in session.scalars(select(Attendance).where(Attendance.id.in_(newest)))}
    query = select(Rater).where(Rater.unit_id == meeting.unit_id, Rater.left_at.is_(None) | Rater.id.in_(ticked))
    return [Place(row, ticked.get(row.id)) for row in session.scalars(query.order_by(Rater.id))]


def came(session: Session, meeting: Meeting) -> Counter[str]:
    """Return how many of each class came by the ticks."""
    return Counter(place.rater.rater_class for place in places(session, meeting) if place.present)


def numbers(session: Session, unit_id: int) -> Counter[str]:
    """Return how many of each class stand in a unit's roster."""
    return Counter(row.rater_class for row in people(session, unit_id))


def classes(session: Session) -> dict[str, str]:
    """Return the words of all classes of raters that forms know → their ids."""
    known = {row.label: row.id for row in surveys.rater_classes(list(session.scalars(select(Survey))))}
    return known or dict(DEFAULT_CLASSES)


def pasted(text: str) -> list[Line]:
    """Read a list: a person a line, 姓名 and then 编号 and 类别, parted by tabs, commas or spaces."""
    rows = [re.split(r"[\t,，;；]|\s{2,}|(?<=\S) (?=\S)", line.strip(" \r")) for line in text.splitlines()]
    return list(_lines(rows))


def spreadsheet(data: bytes) -> list[Line]:
    """Read the first sheet of an XLSX file; its first row may name the columns. Raises InvalidInput."""
    book = workbooks.opened(data, most_rows=MOST_ROWS)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # a file may claim a size of its own
    rows = [
        [
            "" if cell is None else str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
            for cell in row
        ]
        for row in sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2, max_col=20)
    ]
    book.close()
    return list(_lines(rows))


def add(office: Office, unit_id: int, lines: Iterable[Line], *, rater_class: str, user_id: int) -> tuple[int, int]:
    """Add the people of a list; ``rater_class`` is of those whom the list puts in no class.

    Returns (added, there already). Raises NotFound and InvalidInput (with the row); then nobody is added.
    """
    wanted = list(lines)
    if not wanted:
        raise InvalidInput("raters-empty")
    if len(wanted) > MOST_ROWS:
        raise InvalidInput("roster-too-large", most=MOST_ROWS)
    with office.db.begin() as session:
        if session.get(Unit, unit_id) is None:
            raise NotFound("no-such-row", kind="Unit")
        words = classes(session)
        known = {(row.name, row.number) for row in people(session, unit_id)}
        rows = [_row(line, unit_id, words, rater_class, user_id) for line in wanted]
        new = {(row.name, row.number): row for row in rows if (row.name, row.number) not in known}
        session.add_all(new.values())
        return len(new), len(rows) - len(new)


def add_members(office: Office, unit_id: int, *, rater_class: str, user_id: int) -> int:
    """Take over the members of the unit and of the branches below it who are not in the roster. Returns how many."""
    with office.db.begin() as session:
        if rater_class not in classes(session).values():
            raise InvalidInput("no-such-class")
        known = people(session, unit_id)
        ids, names = {row.member_id for row in known}, {(row.name, row.number) for row in known}
        query = select(Member).where(Member.unit_id.in_(tree.with_below(session, unit_id)), Member.left_at.is_(None))
        new = [row for row in session.scalars(query.order_by(Member.id)) if row.id not in ids]
        rows = [
            Rater(
                unit_id=unit_id, name=row.name, number=row.number, rater_class=rater_class, member_id=row.id,
                user_id=user_id,
            )
            for row in new
            if (row.name, row.number) not in names
        ]  # fmt: skip
        session.add_all(rows)
        return len(rows)


def leave(office: Office, unit_id: int, ids: Iterable[int], *, user_id: int) -> int:
    """Take people out of the roster; they stay in what was. Returns how many."""
    wanted = set(ids)
    with office.db.begin() as session:
        rows = [row for row in people(session, unit_id) if row.id in wanted]
        for row in rows:
            row.left_at, row.left_by = now(), user_id
        return len(rows)


def _lines(rows: Iterable[list[str]]) -> Iterator[Line]:
    places = {"name": 0, "number": 1, "class": 2}
    for number, row in enumerate(rows, 1):
        cells = [" ".join(cell.split()) for cell in row]
        if number == 1 and any(cell in HEADINGS["name"] for cell in cells):
            places = {
                key: next((cells.index(word) for word in words if word in cells), -1) for key, words in HEADINGS.items()
            }
            continue
        if any(cells):
            texts = {key: cells[place] if 0 <= place < len(cells) else "" for key, place in places.items()}
            yield Line(number, texts["name"], texts["number"], texts["class"])


def _row(line: Line, unit_id: int, words: dict[str, str], default: str, user_id: int) -> Rater:
    number, word = line.number, line.rater_class
    if number in words and not word:  # 姓名 类别, without a number
        number, word = "", number
    if not line.name:
        raise InvalidInput("rater-name", row=line.row)
    if len(line.name) > LONGEST or len(number) > LONGEST_NUMBER:
        raise InvalidInput("rater-long", row=line.row)
    chosen = words.get(word, word) or default
    if chosen not in words.values():
        raise InvalidInput("rater-class", row=line.row, text=chosen[:20], known="、".join(words))
    return Rater(unit_id=unit_id, name=line.name, number=number, rater_class=chosen, user_id=user_id)
