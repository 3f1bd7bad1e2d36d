"""Every change of an audited row leaves a row in the trail, in the same transaction: one a row and transaction.

What a flush touches is gathered; at the end of the transaction each object is written down once, as it then is. An
``update()`` or ``delete()`` that would go past this raises an error.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import event, func, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session

from webapp import acting
from webapp.db import Database
from webapp.models import TrailRow
from webapp.office import Office
from webapp.services import trail_units as units
from webapp.services.audited import AUDITED, Audited
from webapp.services.trail import NOTES, Deed, append, canonical

TOUCHED, KEY = "pingyi-trail-touched", "pingyi-trail-key"
ADDED, CHANGED, REMOVED, FOUND = "added", "changed", "removed", "found"
PART_OF = {part: (owner, column) for owner, rule in AUDITED.items() for part, column in rule.parts}
CHUNK = 500


@dataclass(slots=True)
class Touched:
    """An object of this transaction: how it was first touched, and what its shown fields held before."""

    row: Any
    action: str
    before: dict[str, Any] = field(default_factory=dict)
    parts: list[Any] = field(default_factory=list)  # new rows that belong to it


def install(database: Database, key: str) -> None:
    """Make every writing session of a database leave its trail. ``key`` is the instance's own, for the digests."""
    maker = database.writing
    maker.configure(info={KEY: key.encode()})
    event.listen(maker, "after_flush", _gather)
    event.listen(maker, "before_commit", _write)
    event.listen(maker, "after_soft_rollback", _forget)
    event.listen(maker, "do_orm_execute", _guard)


def name_of(row: Any) -> str:
    """Return what the trail calls a row: ``table:key``."""
    return f"{row.__tablename__}:{'/'.join(str(part) for part in inspect(type(row)).primary_key_from_instance(row))}"


def seal(key: bytes, name: str, value: dict[str, Any]) -> str:
    """Return the keyed digest of what an object holds. Empty fields are left out: a later column changes no digest."""
    kept = {field: content for field, content in value.items() if content not in (None, "", [], {})}
    return hmac.new(key, f"{name}\n{canonical(kept)}".encode(), hashlib.sha256).hexdigest()


def content(row: Any, rule: Audited, parts: Iterable[Any] = ()) -> dict[str, Any]:
    """Return all that the digest of a row covers."""
    fields = (*rule.fields, *(name for name in (rule.why, rule.by) if name))
    value = {name: _plain(getattr(row, name)) for name in fields}
    lines = sorted(canonical([_plain(getattr(part, column.key)) for column in _columns(part)]) for part in parts)
    return {**value, "": lines} if lines else value


def begin(office: Office) -> int:
    """Take the rows that were there before the trail into it; returns how many. Does nothing once it has begun."""
    with office.db.begin() as session:
        if session.scalar(select(func.count()).select_from(TrailRow)):
            return 0
        number = 0
        for model, rule in AUDITED.items():
            for rows in session.scalars(select(model).order_by(*inspect(model).primary_key)).partitions(CHUNK):
                append(session, [_deed(session, Touched(row, FOUND), rule) for row in rows])
                number += len(rows)
        return number


def parts_of(session: Session, row: Any, rule: Audited) -> list[Any]:
    """Return the rows that belong to a row."""
    key = inspect(type(row)).primary_key_from_instance(row)[0]
    return [part for model, column in rule.parts for part in session.scalars(_owned(model, column, key))]


def _owned(model: Any, column: str, key: Any) -> Any:
    return select(model).where(getattr(model, column) == key)


def _columns(row: Any) -> Any:
    return sorted(inspect(type(row)).column_attrs, key=lambda each: each.key)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value  # an enum's word


def _gather(session: Session, _context: Any) -> None:
    """Take down what a flush wrote; the states of before are still known here."""
    touched: dict[int, Touched] = session.info.setdefault(TOUCHED, {})
    for row in session.new:
        if type(row) in AUDITED:
            touched.setdefault(id(row), Touched(row, ADDED))
        elif type(row) in PART_OF:
            _touch_owner(session, touched, row)
    for row in session.dirty:
        if type(row) in AUDITED:
            _gather_change(touched, row)
        elif type(row) in PART_OF and session.is_modified(row):
            _touch_owner(session, touched, row)
    for row in session.deleted:
        if type(row) in AUDITED:
            known = touched.pop(id(row), None)
            if known is None or known.action != ADDED:  # what came and went leaves nothing to tell
                touched[id(row)] = Touched(row, REMOVED, content(row, AUDITED[type(row)]))


def _gather_change(touched: dict[int, Touched], row: Any) -> None:
    rule = AUDITED[type(row)]
    before = {}
    for name in (*rule.fields, *((rule.why,) if rule.why else ())):
        history = inspect(row).attrs[name].history
        if history.has_changes():
            before[name] = history.deleted[0] if history.deleted else None
    if before:
        known = touched.setdefault(id(row), Touched(row, CHANGED))
        known.before = before | known.before


def _touch_owner(session: Session, touched: dict[int, Touched], part: Any) -> None:
    owner, column = PART_OF[type(part)]
    row = session.get(owner, getattr(part, column))
    known = touched.setdefault(id(row), Touched(row, CHANGED))
    if part not in session.dirty:
        known.parts.append(part)


def _write(session: Session) -> None:
    """Write down what the transaction did, last of all in it."""
    if session.in_nested_transaction():
        return  # a savepoint is no end
    session.flush()
    touched: dict[int, Touched] = session.info.pop(TOUCHED, {})
    notes: list[Deed] = session.info.pop(NOTES, [])
    placed = (replace(each, unit_id=units.of_name(session, each.object)) for each in notes)
    append(session, [*_deeds(session, touched.values()), *placed])


def _deeds(session: Session, touched: Iterable[Touched]) -> Iterator[Deed]:
    for each in touched:
        yield _deed(session, each, AUDITED[type(each.row)])


def _deed(session: Session, touched: Touched, rule: Audited) -> Deed:
    row, name, who = touched.row, name_of(touched.row), acting.current()
    own = touched.action != FOUND  # who acts now did not do what was found
    by = getattr(row, rule.by) if rule.by and touched.action == ADDED else None
    why = getattr(row, rule.why) if rule.why else ""
    gone = touched.action == REMOVED
    parts = touched.parts if touched.action == ADDED else parts_of(session, row, rule)  # of a new row, they are all
    value = touched.before if gone else content(row, rule, parts)
    return Deed(
        action=touched.action,
        object=name,
        facts=canonical(_facts(touched, rule, value)),
        digest="" if gone else seal(session.info[KEY], name, value),
        why=(why or who.why) if own else why,
        user_id=who.user_id or by if own else None,
        role=who.role if own else acting.MACHINE,
        unit_id=units.of_row(session, row),
    )


def _facts(touched: Touched, rule: Audited, value: dict[str, Any]) -> dict[str, Any]:
    if touched.action != CHANGED:
        return {name: value[name] for name in rule.shown if value[name] not in (None, "")}
    shown = {name: [touched.before[name], value[name]] for name in rule.shown if name in touched.before}
    hidden = {name: "…" for name in rule.sealed if name in touched.before}  # that it changed, not what it says
    return shown | hidden


def _forget(session: Session, _before: Any) -> None:
    if session.in_nested_transaction():
        return
    session.info.pop(TOUCHED, None)
    session.info.pop(NOTES, None)


def _guard(state: ORMExecuteState) -> None:
    """Refuse what would change audited fields past the trail. Raises RuntimeError, which is a fault of ours."""
    if not (state.is_update or state.is_delete or state.is_insert) or state.bind_mapper is None:
        return
    model = state.bind_mapper.class_
    if model is TrailRow:
        raise RuntimeError("the trail is only added to")
    rule = AUDITED.get(model)
    if rule is None and model not in PART_OF:
        return
    # the columns of an update; SQLAlchemy has no public name for them
    values = {getattr(column, "key", column) for column in getattr(state.statement, "_values", None) or ()}
    if not state.is_update or rule is None or values & {*rule.fields, rule.why}:
        raise RuntimeError(f"{model.__name__} is audited: change its rows one by one, so that each leaves its trail")
