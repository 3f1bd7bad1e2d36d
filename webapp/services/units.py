"""Units: the organisations, as a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Unit
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


def add(office: Office, *, names: str, kind: str, parent_id: int | None = None) -> int:
    """Add units, a name a line. Returns how many. Raises InvalidInput (nothing is added then)."""
    lines = [line.strip() for line in names.splitlines()]
    wanted = [line for line in lines if line]
    if not wanted:
        raise InvalidInput("unit-name-missing")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            raise InvalidInput("unit-name-long", line=number, most=LONGEST)
    with office.db.begin() as session:
        for name in wanted:
            _check(session, name, kind, parent_id)
            session.add(Unit(name=name, kind=kind, parent_id=parent_id))
            session.flush()
    return len(wanted)


def update(office: Office, unit_id: int, *, name: str, kind: str, parent_id: int | None = None) -> None:
    """Change a unit. Raises NotFound and InvalidInput."""
    with office.db.begin() as session:
        unit = session.get(Unit, unit_id)
        if unit is None:
            raise NotFound("no-such-row", kind="Unit")
        _check(session, name.strip(), kind, parent_id, unit_id)
        unit.name, unit.kind, unit.parent_id = name.strip(), kind, parent_id


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
