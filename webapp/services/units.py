"""Units: the organisations, as a tree, and how it came to be: each change adds a row of history."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from webapp.errors import InvalidInput, NotFound
from webapp.models import Member, Unit, UnitExpected, UnitVersion, User
from webapp.office import Office

KINDS = ("school", "college", "general", "direct", "branch")
LONGEST = 120


def units(office: Office) -> list[tuple[int, Unit]]:
    """Return all units as a tree, top first: (depth, unit)."""
    with office.db.read() as session:
        rows = list(session.scalars(select(Unit).order_by(Unit.id)))
    children: defaultdict[int | None, list[Unit]] = defaultdict(list)
    for row in rows:
        children[row.parent_id].append(row)
    return list(_walk(children, None, 0))


def get(office: Office, unit_id: int) -> Unit:
    """Return a unit with the one above it. Raises NotFound."""
    with office.db.read() as session:
        unit = session.get(Unit, unit_id, options=[joinedload(Unit.parent)])
    if unit is None:
        raise NotFound("no-such-row", kind="Unit")
    return unit


def named(office: Office, name: str) -> Unit:
    """Return the unit of a name. Raises NotFound."""
    with office.db.read() as session:
        unit = session.scalar(select(Unit).where(Unit.name == name.strip()))
    if unit is None:
        raise NotFound("no-such-unit", name=name)
    return unit


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a unit's history: what it became. ``parent`` and ``who`` are names, "" where there is none."""

    at: dt.datetime
    name: str
    kind: str
    parent: str
    who: str


def history(office: Office, unit_id: int) -> list[Change]:
    """Return what a unit has been, newest first."""
    parent = aliased(Unit)
    query = (
        select(UnitVersion, parent.name, User.display_name)
        .outerjoin(parent, parent.id == UnitVersion.parent_id)
        .outerjoin(User, User.id == UnitVersion.user_id)
        .where(UnitVersion.unit_id == unit_id)
        .order_by(UnitVersion.id.desc())
    )
    with office.db.read() as session:
        return [
            Change(row.at, row.name, row.kind, above or "", who or "") for row, above, who in session.execute(query)
        ]


def expected(session: Session) -> dict[int, dict[str, int]]:
    """Return how many raters of each class units expect, as last entered: unit id → rater class → number."""
    newest = select(func.max(UnitExpected.id)).group_by(UnitExpected.unit_id, UnitExpected.rater_class)
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in session.scalars(select(UnitExpected).where(UnitExpected.id.in_(newest))):
        found[row.unit_id][row.rater_class] = row.number
    return dict(found)


def members(session: Session, unit_id: int) -> list[Member]:
    """Return the members of a branch in the order they were entered; who has left is not among them."""
    here = select(Member).where(Member.unit_id == unit_id, Member.left_at.is_(None))
    return list(session.scalars(here.order_by(Member.id)))


def add(office: Office, *, names: str, kind: str, parent_id: int | None = None, user_id: int | None = None) -> int:
    """Add units, a name a line. Returns how many. Raises InvalidInput (nothing is added then)."""
    lines = [line.strip() for line in names.splitlines()]
    wanted = [line for line in lines if line]
    if not wanted:
        raise InvalidInput("unit-name-missing")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            raise InvalidInput("unit-name-long", line=number, most=LONGEST)
        if line and line in lines[: number - 1]:
            raise InvalidInput("unit-name-twice", line=number, first=lines.index(line) + 1, name=line)
    with office.db.begin() as session:
        for name in wanted:
            _check(session, name, kind, parent_id)
            create(session, name, kind, parent_id, user_id)
    return len(wanted)


def create(session: Session, name: str, kind: str, parent_id: int | None, user_id: int | None) -> Unit:
    """Add a unit that was checked, and begin its history."""
    unit = Unit(name=name, kind=kind, parent_id=parent_id)
    session.add(unit)
    session.flush()
    session.add(UnitVersion(unit_id=unit.id, name=name, kind=kind, parent_id=parent_id, user_id=user_id))
    return unit


def change(session: Session, unit: Unit, name: str, kind: str, parent_id: int | None, user_id: int | None) -> bool:
    """Rename or move a unit that was checked, and write its history. Tells whether anything changed."""
    if (unit.name, unit.kind, unit.parent_id) == (name, kind, parent_id):
        return False
    unit.name, unit.kind, unit.parent_id = name, kind, parent_id
    session.add(UnitVersion(unit_id=unit.id, name=name, kind=kind, parent_id=parent_id, user_id=user_id))
    session.flush()
    return True


def update(
    office: Office, unit_id: int, *, name: str, kind: str, parent_id: int | None = None, user_id: int | None = None
) -> bool:
    """Change a unit; tells whether anything changed. Raises NotFound and InvalidInput."""
    with office.db.begin() as session:
        unit = session.get(Unit, unit_id)
        if unit is None:
            raise NotFound("no-such-row", kind="Unit")
        _check(session, name.strip(), kind, parent_id, unit_id)
        return change(session, unit, name.strip(), kind, parent_id, user_id)


def _check(session: Session, name: str, kind: str, parent_id: int | None, unit_id: int | None = None) -> None:
    if not name:
        raise InvalidInput("unit-name-missing")
    if len(name) > LONGEST:
        raise InvalidInput("text-long")
    if kind not in KINDS:
        raise InvalidInput("no-such-kind")
    if session.scalar(select(Unit.id).where(Unit.name == name, Unit.id != (unit_id or 0))):
        raise InvalidInput("unit-name-taken", name=name)
    while parent_id is not None:  # up to the top: a unit must not stand below itself
        parent = session.get(Unit, parent_id)
        if parent is None:
            raise NotFound("no-such-row", kind="Unit")
        if parent.id == unit_id:
            raise InvalidInput("unit-below-itself")
        parent_id = parent.parent_id


def _walk(children: dict[int | None, list[Unit]], parent: int | None, depth: int) -> Iterator[tuple[int, Unit]]:
    for unit in children[parent]:
        yield depth, unit
        yield from _walk(children, unit.id, depth + 1)
