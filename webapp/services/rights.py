"""What a person may do where: his grants over the tree of units, asked in one place."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Grant, Unit, User
from webapp.rights import EXCLUDED, RIGHTS, Right, Role


@dataclass(frozen=True, slots=True)
class Standing:
    """The roles of one person and the tree they stand in. ``grants``: (role, unit id or None: the whole school)."""

    grants: tuple[tuple[Role, int | None], ...]
    parents: dict[int, int | None]

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles held anywhere, each once, in the order of ``Role``."""
        held = {role for role, _unit in self.grants}
        return tuple(role for role in Role if role in held)

    def roles_at(self, unit_id: int | None) -> frozenset[Role]:
        """Return the roles held over a unit; with None those held over the whole school."""
        over = self._upward(unit_id)
        return frozenset(role for role, unit in self.grants if unit is None or unit in over)

    def may(self, right: Right, unit_id: int | None) -> bool:
        """Tell whether a right is held over a unit; with None: over the whole school."""
        roles = self.roles_at(unit_id)
        if any(right in EXCLUDED.get(role, ()) for role in roles):
            return False
        return any(right in RIGHTS[role] for role in roles)

    def anywhere(self, right: Right) -> bool:
        """Tell whether a right is held over the whole school or over any unit."""
        return self.may(right, None) or bool(self.units(right))

    def units(self, right: Right) -> frozenset[int]:
        """Return the units over which a right is held, those below included."""
        return frozenset(unit for unit in self.parents if self.may(right, unit))

    def _upward(self, unit_id: int | None) -> set[int]:
        found: set[int] = set()
        while unit_id is not None and unit_id not in found:
            found.add(unit_id)
            unit_id = self.parents.get(unit_id)
        return found


def standing(session: Session, user_id: int) -> Standing:
    """Return what a person holds now; nothing when his account is closed."""
    query = (
        select(Grant.role, Grant.unit_id)
        .join(User, User.id == Grant.user_id)
        .where(Grant.user_id == user_id, Grant.revoked_at.is_(None), User.active)
        .order_by(Grant.id)
    )
    grants = tuple((Role(role), unit_id) for role, unit_id in session.execute(query))
    parents = {unit: parent for unit, parent in session.execute(select(Unit.id, Unit.parent_id))}
    return Standing(grants, parents)


def allowed(session: Session, user_id: int, right: Right, unit_id: int | None) -> bool:
    """Tell whether a person holds a right over a unit; with None: over the whole school."""
    return standing(session, user_id).may(right, unit_id)


def units_of(session: Session, user_id: int, right: Right) -> frozenset[int]:
    """Return the ids of all units over which a person holds a right."""
    return standing(session, user_id).units(right)
