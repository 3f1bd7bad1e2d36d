"""The trail as people see it: filtered, some rows at a time, and as a CSV file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from webapp import acting
from webapp.models import TrailRow, User
from webapp.office import Office
from webapp.papers.paper import plain
from webapp.services import trail

PAGE_ROWS = 100
PEOPLE = "people"  # everybody but the machine
NOT_PEOPLE = (acting.MACHINE, acting.COMMAND_LINE)
COLUMNS = ("number", "at", "user", "who", "role", "action", "object", "unit", "facts", "digest", "why", "link")


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; empty fields ask for nothing. ``who``: a user's id, "people", "machine" or "command-line".

    ``object`` is a kind ("decision") or one object ("decision:12"). ``units`` None: the whole school.
    """

    who: str = ""
    action: str = ""
    object: str = ""
    day: dt.date | None = None
    units: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Some rows, newest first, with the names of who acted; ``next`` is where the following ones begin."""

    rows: list[tuple[TrailRow, str]]
    next: int | None
    head: trail.Head


def listed(office: Office, filters: Filters, before: int | None = None) -> Listed:
    """Return the newest rows that fit, older than the row ``before``."""
    query = _named().where(*_fits(filters, ZoneInfo(office.settings.timezone)))
    if before is not None:
        query = query.where(TrailRow.id < before)
    query = query.order_by(TrailRow.id.desc()).limit(PAGE_ROWS + 1)
    with office.db.read() as session:
        rows = [(row, name or "") for row, name in session.execute(query)]
        shown = rows[:PAGE_ROWS]
        return Listed(shown, shown[-1][0].id if len(rows) > PAGE_ROWS else None, trail.head(session))


def choices(office: Office, units: Collection[int] | None) -> tuple[list[tuple[int, str]], list[str], list[str]]:
    """Return who did something, what was done and to which kinds of objects: what can be filtered by."""
    kind = func.substr(TrailRow.object, 1, func.instr(TrailRow.object + ":", ":") - 1)
    with office.db.read() as session:
        acted = select(TrailRow.user_id).where(*_within(units))
        people = select(User.id, User.display_name).where(User.id.in_(acted)).order_by(User.display_name)
        actions = select(TrailRow.action).where(*_within(units)).distinct().order_by(TrailRow.action)
        kinds = select(kind).where(*_within(units)).distinct().order_by(kind)
        return (
            [(user_id, name) for user_id, name in session.execute(people)],
            list(session.scalars(actions)),
            list(session.scalars(kinds)),
        )


def export(office: Office, filters: Filters) -> tuple[bytes, trail.Head]:
    """Return the rows that fit as CSV, oldest first, and the head of the chain that they end with.

    The export itself is the last row of the trail. With all rows a stranger can reckon the chain again: see
    ``docs/formats.md``.
    """
    with office.db.begin() as session:
        trail.note(session, "exported", "trail")
    with office.db.read() as session:
        head = trail.head(session)
        query = _named().where(TrailRow.id <= head.number, *_fits(filters, ZoneInfo(office.settings.timezone)))
        return _csv(session, query.order_by(TrailRow.id)), head


def _named() -> Select[TrailRow, str | None]:
    return select(TrailRow, User.display_name).outerjoin(User, User.id == TrailRow.user_id)


def _csv(session: Session, query: Select[TrailRow, str | None]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row, name in session.execute(query.execution_options(yield_per=500)):
        moment = row.at.isoformat(timespec="microseconds")
        user_id = "" if row.user_id is None else row.user_id
        fields = [row.action, row.object, row.unit_id or "", row.facts, row.digest, row.why, row.link]
        writer.writerow([row.id, moment, user_id, plain(name or ""), row.role, *(plain(str(each)) for each in fields)])
    return ("\ufeff" + file.getvalue()).encode()


def _fits(filters: Filters, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    found = _within(filters.units)
    if filters.who == PEOPLE:
        found.append(TrailRow.role.not_in(NOT_PEOPLE))
    elif filters.who in NOT_PEOPLE:
        found.append(TrailRow.role == filters.who)
    elif filters.who.isdigit():
        found.append(TrailRow.user_id == int(filters.who))
    if filters.action:
        found.append(TrailRow.action == filters.action)
    if filters.object:
        kind = TrailRow.object.startswith(f"{filters.object}:", autoescape=True)
        found.append(TrailRow.object == filters.object if ":" in filters.object else kind | _is(filters.object))
    if filters.day:
        start = dt.datetime.combine(filters.day, dt.time(), zone)
        found += [TrailRow.at >= start, TrailRow.at < start + dt.timedelta(days=1)]
    return found


def _is(name: str) -> ColumnElement[bool]:
    return TrailRow.object == name


def _within(units: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if units is None else [TrailRow.unit_id.in_(units)]
