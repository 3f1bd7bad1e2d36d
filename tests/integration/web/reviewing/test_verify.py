"""Whatever single row is changed behind the program's back, ``verify`` names it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput
from webapp.models import Answer, Base, Decision, Grant, HeadCount, Page, Ruling, SignIn, TrailRow
from webapp.office import Office
from webapp.services import review, trail
from webapp.services.audited import AUDITED
from webapp.services.verify import Verdict, verify

PLAIN = {str: "a", int: 1, bool: True, float: 0.5, dict: {}, list: [], dt.date: dt.date(2011, 7, 15)}
PLAIN[bytes] = b"x"
PLAIN[object] = {}  # a column of JSON with a type of ours
PLAIN[dt.datetime] = dt.datetime(2011, 7, 15, tzinfo=dt.UTC)


@pytest.fixture
def decided(office: Office, meeting, user) -> Office:
    """The stack with two decisions, one of them taken back, and a void sheet."""
    first, second, *_ = review.queue(office, meeting.id).items
    verdict = review.Verdict("invalid", (), "两个都划了")
    review.decide(office, page_id=first.page_id, question=first.question, verdict=verdict, user_id=user.id, seen=None)
    blank = review.Verdict("blank")
    seen = review.decide(
        office, page_id=second.page_id, question=second.question, verdict=blank, user_id=user.id, seen=None
    )
    review.undo(office, page_id=second.page_id, question=second.question, user_id=user.id, seen=seen)
    with office.db.begin() as session:
        session.add(HeadCount(meeting_id=meeting.id, kind="present", number=5, user_id=user.id))
        session.add(Ruling(sheet=session.get_one(Page, first.page_id).sheet, kind="void", user_id=user.id, note="撕破"))
        session.add(Grant(user_id=user.id, role="scanner"))
        session.add(SignIn(token="f" * 64, user_id=user.id))
    return office


@contextmanager
def behind(office: Office) -> Iterator[sqlite3.Connection]:
    """The database as somebody opens it who has the disk."""
    with closing(sqlite3.connect(office.settings.instance / "pingyi.sqlite3")) as connection, connection:
        yield connection


def codes(verdict: Verdict) -> set[str]:
    """The codes of what was found."""
    return {each.code for each in verdict.breaks}


def keys(model: type) -> list[str]:
    """The columns that name a row."""
    return [column.name for column in model.__table__.primary_key]


def test_untouched_instance__is_whole(decided: Office) -> None:
    verdict = verify(decided)
    assert verdict.breaks == ()
    assert verdict.objects > 20


CHANGED = [
    *((TrailRow, column.name) for column in TrailRow.__table__.columns if column.name != "id"),
    *((Answer, column.name) for column in Answer.__table__.columns),
    *((Decision, column.name) for column in Decision.__table__.columns if column.name != "id"),
]


@pytest.mark.parametrize(("model", "column"), CHANGED, ids=lambda each: getattr(each, "__tablename__", each))
def test_any_single_changed_row_of_trail_answers_or_decisions__is_found(decided: Office, model, column: str) -> None:
    table = model.__tablename__
    with behind(decided) as connection:
        rowids = [row for (row,) in connection.execute(f"select rowid from {table}")]
    for rowid in rowids[:: max(1, len(rowids) // 3)]:
        with behind(decided) as connection:
            before = connection.execute(f'select "{column}" from {table} where rowid = ?', (rowid,)).fetchone()[0]
            after = _other(before, column)
            connection.execute("pragma foreign_keys = off")
            connection.execute(f'update {table} set "{column}" = ? where rowid = ?', (after, rowid))
        assert not verify(decided).is_whole, (rowid, before, after)
        with behind(decided) as connection:
            connection.execute(f'update {table} set "{column}" = ? where rowid = ?', (before, rowid))
    assert verify(decided).is_whole


def _other(value: object, column: str) -> object:
    if column == "at":
        return str(value).replace("20", "21", 1)
    if column in ("id", "page_id", "reading_id", "user_id", "undoes", "unit_id"):
        return int(value or 0) + 1000
    if isinstance(value, float):
        return value / 2
    return f"{value or ''}x"


@pytest.mark.parametrize("model", [TrailRow, Answer, Decision])
def test_any_single_removed_row__is_found(decided: Office, model: type) -> None:
    table = model.__tablename__
    with behind(decided) as connection:
        columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
        rows = connection.execute(f"select * from {table}").fetchall()
    for row in rows[:: max(1, len(rows) // 3)] + rows[-1:]:
        key = [row[columns.index(name)] for name in keys(model)]
        where = " and ".join(f"{name} = ?" for name in keys(model))
        with behind(decided) as connection:
            connection.execute(f"delete from {table} where {where}", key)
        assert not verify(decided).is_whole, key
        with behind(decided) as connection:
            connection.execute(f"insert into {table} values ({','.join('?' * len(row))})", row)
    assert verify(decided).is_whole


def test_decision_added_behind_the_programs_back__is_found(decided: Office) -> None:
    with behind(decided) as connection:
        connection.execute(
            "insert into decision (page_id, question, state, choice, origin, user_id, at, note)"
            " select page_id, question, 'answered', 'satisfied', origin, user_id, at, note from decision limit 1"
        )
    assert codes(verify(decided)) == {"row-without-trail"}


@pytest.mark.parametrize("model", list(AUDITED), ids=lambda model: model.__tablename__)
def test_changed_row_of_every_audited_table__is_found(decided: Office, model: type) -> None:
    rule, table = AUDITED[model], model.__tablename__
    with decided.db.begin() as session:
        row_of(session, model)
    assert verify(decided).is_whole
    column = next(name for name in reversed(rule.fields) if name not in keys(model))
    first = keys(model)[0]
    where = f"{first} = (select min({first}) from {table})"
    with behind(decided) as connection:
        (now,) = connection.execute(f'select "{column}" from {table} where {where}').fetchone()
        kind = Base.metadata.tables[table].columns[column].type.python_type
        other = 1 - now if kind is bool else _unlike(kind)
        connection.execute(f'update {table} set "{column}" = ? where {where}', (other,))
    assert codes(verify(decided)) == {"row-changed"}


def row_of(session: Session, model: type[Base]) -> Any:
    """Return a row of a table, a new one where it has none (and its parents where they have none)."""
    found = session.scalars(select(model)).first()
    if found is not None:
        return found
    parents = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    values = {}
    for column in model.__table__.columns:
        if column.foreign_keys:
            (key,) = column.foreign_keys
            if not column.nullable:
                parent = row_of(session, parents[key.column.table.name])
                values[column.name] = getattr(parent, key.column.name)
        elif not (column.nullable or column.default or column.name == "id"):
            values[column.name] = PLAIN[column.type.python_type]
    row = model(**values)
    session.add(row)
    session.flush()
    return row


def _unlike(kind: type) -> object:
    return {int: 99, str: "x", bool: 0, dt.datetime: "2001-02-03 04:05:06.000007", dt.date: "2001-02-03"}.get(
        kind, '{"x": 1}'
    )


@pytest.mark.parametrize(
    ("table", "column"), [("campaign", "rules"), ("reading", "value"), ("decision", "at"), ("trail", "at")]
)
def test_row_that_can_no_longer_be_read__is_found(decided: Office, table: str, column: str) -> None:
    with behind(decided) as connection:
        connection.execute(f"update {table} set \"{column}\" = '?' where rowid = (select min(rowid) from {table})")
    assert len(verify(decided).breaks) == 1


def test_head_that_was_printed__still_fits_after_more_deeds(decided: Office, meeting) -> None:
    with decided.db.read() as session:
        head = str(trail.head(session))
    with decided.db.begin() as session:
        trail.note(session, "exported", f"meeting:{meeting.id}")
    assert verify(decided, head).is_whole


def test_trail_that_was_written_anew__differs_from_the_printed_head(decided: Office) -> None:
    with decided.db.read() as session:
        head = str(trail.head(session))
        last = session.scalars(select(TrailRow).order_by(TrailRow.id.desc()).limit(1)).one()
    with behind(decided) as connection:
        connection.execute("delete from trail where id = ?", (last.id,))
        connection.execute("update sqlite_sequence set seq = ? where name = 'trail'", (last.id - 1,))
        connection.execute("delete from decision where id = (select max(id) from decision)")
    assert not verify(decided, head).is_whole
    assert "trail-head-differs" in codes(verify(decided, head))


def test_cut_off_end__is_found_without_a_head(decided: Office) -> None:
    with behind(decided) as connection:
        connection.execute("delete from trail where id = (select max(id) from trail)")
    assert "trail-cut-off" in codes(verify(decided))


@pytest.mark.parametrize("head", ["12", "x-0123456789abcdef", "12-zz", "12-0123456789abcdef; drop"])
def test_head_that_is_none__is_refused(decided: Office, head: str) -> None:
    with pytest.raises(InvalidInput):
        verify(decided, head)


def test_no_answer_of_the_stack__stands_in_the_trail(decided: Office) -> None:
    with decided.db.read() as session:
        told = " ".join(f"{row.facts} {row.why}" for row in session.scalars(select(TrailRow)))
        choices = {choice for choice in session.scalars(select(Answer.choice)) if choice}
    assert choices
    assert not [choice for choice in choices if f'"{choice}"' in told]
    assert "两个都划了" not in told
