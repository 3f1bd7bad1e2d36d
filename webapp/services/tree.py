"""Small questions about the tree of units."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Unit

LEVEL_2 = frozenset({"college", "general", "direct"})  # a 直属党支部 counts as one


def with_below(session: Session, unit_id: int) -> list[int]:
    """Return the ids of a unit and of all below it, itself first."""
    found = [unit_id]
    layer = [unit_id]
    while layer:
        layer = list(session.scalars(select(Unit.id).where(Unit.parent_id.in_(layer)).order_by(Unit.id)))
        layer = [unit for unit in layer if unit not in found]
        found += layer
    return found


def is_branch(unit: Unit) -> bool:
    """Tell whether a unit is a branch below a level-2 unit: its meeting is the branch's own."""
    return unit.kind == "branch"
