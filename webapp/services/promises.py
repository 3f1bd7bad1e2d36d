"""The register of public promises (公开承诺) of a unit and its members: said, when, and how they were kept.

Each change is a row that is added; the newest holds. An empty text takes a promise back.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, Member, Promise, PromiseText, Unit, User
from webapp.office import Office

KEPT = ("", "kept", "partly", "not")
KEPT_WORDS = {"": "未记载", "kept": "已兑现", "partly": "部分兑现", "not": "未兑现"}  # as printed
LONGEST = 1000
MOST_LINES = 2000
_DATE = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A promise as it stands. ``member``: his name, "" for the unit's own."""

    id: int
    member_id: int | None
    member: str
    text: str
    made_on: dt.date | None
    kept: str
    how: str
    by: str
    at: dt.datetime
    changes: int  # how often it was changed


def listed(session: Session, campaign_id: int, unit_id: int) -> list[Entry]:
    """Return the promises of a unit: its own first, then its members', each in the order they were entered."""
    newest = select(func.max(PromiseText.id)).group_by(PromiseText.promise_id)
    number = (
        select(PromiseText.promise_id, func.count().label("rows")).group_by(PromiseText.promise_id).subquery("number")
    )
    query = (
        select(Promise, PromiseText, Member.name, User.display_name, number.c.rows)
        .join(PromiseText, PromiseText.promise_id == Promise.id)
        .join(number, number.c.promise_id == Promise.id)
        .outerjoin(Member, Member.id == Promise.member_id)
        .join(User, User.id == PromiseText.user_id)
        .where(PromiseText.id.in_(newest), PromiseText.text != "")
        .where(Promise.campaign_id == campaign_id, Promise.unit_id == unit_id)
        .order_by(Promise.member_id.is_not(None), Promise.member_id, Promise.id)
    )
    return [
        Entry(
            row.id, row.member_id, name or "", said.text, said.made_on, said.kept, said.how, by, said.at, rows - 1
        )
        for row, said, name, by, rows in session.execute(query)
    ]  # fmt: skip


def of_subject(session: Session, campaign_id: int, unit_id: int, subject: str = "") -> list[Entry]:
    """Return the promises that a rated subject made: a member of the unit by his name, else the unit itself."""
    entries = listed(session, campaign_id, unit_id)
    own = [entry for entry in entries if subject and entry.member == subject]
    return own or [entry for entry in entries if not entry.member]


def add(
    office: Office, campaign_id: int, unit_id: int, *, member_id: int | None, text: str, made_on: dt.date | None,
    user_id: int,
) -> int:  # fmt: skip
    """Enter a promise. Returns its number. Raises NotFound, and InvalidInput for an empty or long text."""
    with office.db.begin() as session:
        _check(session, campaign_id, unit_id)
        if member_id is not None:
            member = session.get(Member, member_id)
            if member is None or member.unit_id != unit_id:
                raise NotFound("no-such-row", kind="Member")
        if not text.strip():
            raise InvalidInput("promise-empty")
        return enter(session, campaign_id, unit_id, member_id, text, made_on, user_id)


def change(
    office: Office, campaign_id: int, unit_id: int, promise_id: int, *, text: str, made_on: dt.date | None, kept: str,
    how: str, user_id: int,
) -> None:  # fmt: skip
    """Change what a promise says or how it was kept; an empty text takes it back. Raises NotFound and InvalidInput."""
    if kept not in KEPT or len(text) > LONGEST or len(how) > LONGEST:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        row = session.get(Promise, promise_id)
        if row is None or (row.campaign_id, row.unit_id) != (campaign_id, unit_id):
            raise NotFound("no-such-row", kind="Promise")
        session.add(
            PromiseText(
                promise_id=promise_id, text=text.strip(), made_on=made_on, kept=kept, how=how.strip(), user_id=user_id
            )
        )


def paste(office: Office, campaign_id: int, unit_id: int, text: str, *, user_id: int) -> int:
    """Enter promises that were pasted, one a line: a name, what is promised, a date, parted by tabs.

    A line without a tab, or whose first cell is empty or the unit's name, is the unit's own. All lines or none are
    entered; returns how many. Raises NotFound, and InvalidInput naming the line that can't be read.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines or len(lines) > MOST_LINES:
        raise InvalidInput("promise-empty")
    with office.db.begin() as session:
        unit = _check(session, campaign_id, unit_id)
        members = {row.name: row.id for row in session.scalars(select(Member).where(Member.unit_id == unit_id))}
        for number, line in lines:
            name, said, made_on = _cells(line, number)
            if name and name != unit.name and name not in members:
                raise InvalidInput("promise-no-member", line=number, name=name[:20])
            enter(session, campaign_id, unit_id, members.get(name), said, made_on, user_id)
    return len(lines)


def _cells(line: str, number: int) -> tuple[str, str, dt.date | None]:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) == 1:
        cells = ["", cells[0]]
    name, said, *rest = cells
    if not said:
        raise InvalidInput("promise-line", line=number)
    if not rest or not rest[0]:
        return name, said, None
    found = _DATE.fullmatch(rest[0])
    try:
        return name, said, dt.date(*(int(part) for part in found.groups())) if found else dt.date.fromisoformat(rest[0])
    except ValueError as error:
        raise InvalidInput("promise-date", line=number, text=rest[0][:20]) from error


def _check(session: Session, campaign_id: int, unit_id: int) -> Unit:
    unit = session.get(Unit, unit_id)
    if session.get(Campaign, campaign_id) is None or unit is None:
        raise NotFound("no-such-row", kind="Unit")
    return unit


def enter(
    session: Session, campaign_id: int, unit_id: int, member_id: int | None, text: str, made_on: dt.date | None,
    user_id: int,
) -> int:  # fmt: skip
    """Enter a promise inside an open transaction. Returns its number. Raises InvalidInput for a long text."""
    if len(text) > LONGEST:
        raise InvalidInput("text-long")
    row = Promise(campaign_id=campaign_id, unit_id=unit_id, member_id=member_id)
    session.add(row)
    session.flush()
    session.add(PromiseText(promise_id=row.id, text=text.strip(), made_on=made_on, user_id=user_id))
    return row.id
