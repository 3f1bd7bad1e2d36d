"""The members of a unit as a list of names for the sheets: all of them, the cadres, or those of one branch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Member, Unit
from webapp.services import tree

ALL, CADRES = "all", "cadres"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a list can be made of. ``key``: all, cadres, or the number of a branch; ``branch`` is its name."""

    key: str
    number: int
    branch: str = ""


def choices(session: Session, unit_id: int) -> list[Choice]:
    """Return the choices for a unit that has members: all, the cadres, and each branch where there are several."""
    rows = _rows(session, unit_id)
    if not rows:
        return []
    found = [Choice(ALL, len(rows))]
    if cadres := sum(member.cadre for member, _ in rows):
        found.append(Choice(CADRES, cadres))
    branches = Counter(unit.id for _, unit in rows)
    names = {unit.id: unit.name for _, unit in rows}
    if len(branches) > 1:
        found += [Choice(str(key), number, names[key]) for key, number in branches.items()]
    return found


def names(session: Session, unit_id: int, key: str = ALL) -> list[str]:
    """Return the names of a choice, in the order of the branches and as they were entered.

    People of one name get their branch beside it, in one branch their number: a sheet must tell them apart.
    """
    rows = [row for row in _rows(session, unit_id) if _fits(row, key)]
    same = Counter(member.name for member, _ in rows)
    there = Counter((member.name, unit.id) for member, unit in rows)
    return [
        member.name
        if same[member.name] == 1
        else f"{member.name}（{unit.name if there[member.name, unit.id] == 1 else member.number or unit.name}）"
        for member, unit in rows
    ]


def _rows(session: Session, unit_id: int) -> list[tuple[Member, Unit]]:
    query = select(Member, Unit).join(Unit, Unit.id == Member.unit_id)
    query = query.where(Member.unit_id.in_(tree.with_below(session, unit_id)), Member.left_at.is_(None))
    return [(member, unit) for member, unit in session.execute(query.order_by(Unit.id, Member.id))]


def _fits(row: tuple[Member, Unit], key: str) -> bool:
    member, unit = row
    return key == ALL or (key == CADRES and member.cadre) or key == str(unit.id)
