"""Is the trail whole, and are the rows still what it tells? Says where it breaks first, and what else it found.

What it proves and what not: ``docs/security.md``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, inspect, select, text, type_coerce
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput
from webapp.models import TrailRow
from webapp.office import Office
from webapp.services.audit import REMOVED, content, name_of, seal
from webapp.services.audited import AUDITED, Audited
from webapp.services.trail import GENESIS, Head, linked
from webapp.settings import secret_key

CHUNK = 500
HEAD = re.compile(r"(\d+)-([0-9a-f]{8,64})")


@dataclass(frozen=True, slots=True)
class Break:
    """Something that is not as it was written. ``code`` of messages.yaml; ``row`` is the number in the trail."""

    code: str
    row: int
    object: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: the end of the chain, how many objects were compared, all breaks, the first row first."""

    head: Head
    objects: int
    breaks: tuple[Break, ...]

    @property
    def is_whole(self) -> bool:
        return not self.breaks


@dataclass(slots=True)
class _Told:
    """What the trail last told of each object, while it is read: number, action, digest."""

    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    objects: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)


def verify(office: Office, head: str = "") -> Verdict:
    """Check the chain, then every audited row against what the trail last told of it.

    ``head`` is a head that was printed or exported. Raises InvalidInput "bad-head" for what is none.
    """
    expected = parse_head(head) if head else None
    key = secret_key(office.settings, "trail.key").encode()
    told = _Told()
    with office.db.read() as session:
        breaks = list(_chain(session, told, expected))
        breaks += _end(session, told, expected)
        number = len(told.objects)
        for model, rule in AUDITED.items():
            breaks += _rows(session, key, told, model, rule)
    breaks += [
        Break("row-gone", row, name) for name, (row, action, _) in told.objects.items() if _is_kept(name, action)
    ]
    return Verdict(told.head, number, tuple(sorted(breaks, key=lambda each: each.row)))


def parse_head(head: str) -> Head:
    """Read a head as it was printed: ``1234-9f86d081884c7d65``. Raises InvalidInput."""
    found = HEAD.fullmatch(head.strip().lower())
    if found is None:
        raise InvalidInput("bad-head", head=head[:40])
    return Head(int(found[1]), found[2])


def _chain(session: Session, told: _Told, expected: Head | None) -> Iterator[Break]:
    """Yield where the chain breaks. A row is compared with the link that stands before it: each break is its own."""
    columns = [type_coerce(each, String) if each.name == "at" else each for each in TrailRow.__table__.columns]
    rows = session.execute(select(*columns).order_by(TrailRow.id).execution_options(yield_per=CHUNK))
    for values in rows:
        row = dict(zip(TrailRow.__table__.columns.keys(), values, strict=True))
        row["at"] = _moment(row["at"])
        number = told.head.number + 1
        if row["id"] != number:
            yield Break("trail-row-missing", number)
        elif linked(told.head.link, row) != row["link"]:
            yield Break("trail-row-changed", number, row["object"])
        told.head = Head(row["id"], row["link"])
        if expected and row["id"] == expected.number:
            told.links[row["id"]] = row["link"]
        if row["digest"] or row["action"] == REMOVED:
            told.objects[row["object"]] = row["id"], row["action"], row["digest"]


def _moment(text: str) -> dt.datetime:
    """Return the time of a row; the beginning of time for what is none, so that its link doesn't fit."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)


def _end(session: Session, told: _Told, expected: Head | None) -> Iterator[Break]:
    """Yield what is wrong with the end of the chain: rows cut off, or another chain than the one that was printed."""
    if session.get_bind().dialect.name == "sqlite":
        last = session.scalar(text("select seq from sqlite_sequence where name = 'trail'")) or 0
        if last != told.head.number:
            yield Break("trail-cut-off", told.head.number + 1)
    if expected and expected.number and not told.links.get(expected.number, "").startswith(expected.link):
        yield Break("trail-head-differs", expected.number)


def _rows(session: Session, key: bytes, told: _Told, model: Any, rule: Audited) -> Iterator[Break]:
    for rows, unreadable in _loaded(session, model):
        for key_of in unreadable:
            name = f"{model.__tablename__}:{key_of}"
            yield Break("row-changed", told.objects.pop(name, (0, "", ""))[0], name)
        parts = _parts(session, rows, rule)
        for row in rows:
            name = name_of(row)
            number, action, digest = told.objects.pop(name, (0, "", ""))
            if action in ("", REMOVED):
                yield Break("row-without-trail", number, name)
            elif seal(key, name, content(row, rule, parts[name])) != digest:
                yield Break("row-changed", number, name)
        session.expunge_all()


def _loaded(session: Session, model: Any) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield the rows of a table, some at a time, with the keys of those that hold what can't even be read."""
    (key,) = inspect(model).primary_key
    keys = list(session.scalars(select(key).order_by(key)))
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        try:
            yield list(session.scalars(select(model).where(key.in_(some)))), []
        except (ValueError, TypeError):
            yield _one_by_one(session, model, some)


def _one_by_one(session: Session, model: Any, keys: list[Any]) -> tuple[list[Any], list[Any]]:
    rows, unreadable = [], []
    for key in keys:
        try:
            rows.append(session.get_one(model, key))
        except (ValueError, TypeError):
            unreadable.append(key)
    return rows, unreadable


def _parts(session: Session, rows: Sequence[Any], rule: Audited) -> dict[str, list[Any]]:
    """Return the parts of all rows of a chunk, by the name of the row."""
    found: dict[str, list[Any]] = defaultdict(list)
    by_key = {inspect(type(row)).primary_key_from_instance(row)[0]: name_of(row) for row in rows}
    for model, column in rule.parts:
        for part in session.scalars(select(model).where(getattr(model, column).in_(by_key))):
            found[by_key[getattr(part, column)]].append(part)
    return found


def _is_kept(name: str, action: str) -> bool:
    """Tell whether an object that the trail tells of should still be there."""
    return action != REMOVED and name.partition(":")[0] in {model.__tablename__ for model in AUDITED}
