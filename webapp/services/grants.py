"""Grants: who gave which role to whom, on which unit, until when. Rows are added and revoked, never deleted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Decision, Grant, Meeting, Page, PrintRun, Ruling, Unit, User, now
from webapp.office import Office
from webapp.rights import Role
from webapp.services import rights
from webapp.services.answers import RULING

WHOLE_SCHOOL_ONLY = frozenset({Role.ADMINISTRATOR, Role.SCHOOL_OFFICE, Role.ORGANIZATION_DEPARTMENT})


def give(office: Office, user_id: int, role: str, unit_id: int | None, *, by: int | None) -> int:
    """Give a role on a unit (None: the whole school). Returns the id of the grant.

    ``by`` is who gives it, None for the command line. Raises NotFound, InvalidInput and Conflict (to oneself, held
    already, a scrutineer over his own decisions).
    """
    if by == user_id:
        raise Conflict("grant-to-self")
    with office.db.begin() as session:
        return add(session, user_id, role, unit_id, by=by)


def add(session: Session, user_id: int, role: str, unit_id: int | None, *, by: int | None) -> int:
    """Give a role within a transaction of the caller; see ``give``."""
    if role not in set(Role):
        raise InvalidInput("no-such-role")
    if session.get(User, user_id) is None or (unit_id is not None and session.get(Unit, unit_id) is None):
        raise NotFound("no-such-row", kind="User")
    if unit_id is not None and role in WHOLE_SCHOOL_ONLY:
        raise InvalidInput("role-whole-school")
    if (Role(role), unit_id) in rights.standing(session, user_id).grants:
        raise Conflict("role-held")
    grant = Grant(user_id=user_id, role=role, unit_id=unit_id, granted_by=by)
    session.add(grant)
    session.flush()
    if role == Role.SCRUTINEER and has_decided(session, user_id, rights.standing(session, user_id)):
        raise Conflict("scrutineer-has-decided")
    return grant.id


def revoke(office: Office, grant_id: int, *, by: int | None) -> int:
    """End a grant. Returns whose it was. Raises NotFound and Conflict (one's own, the last administrator's)."""
    with office.db.begin() as session:
        grant = session.get(Grant, grant_id)
        if grant is None or grant.revoked_at is not None:
            raise NotFound("no-such-row", kind="Grant")
        if by == grant.user_id:
            raise Conflict("grant-to-self")
        if grant.role == Role.ADMINISTRATOR and administrators(session) == {grant.user_id}:
            raise Conflict("last-administrator")
        grant.revoked_at, grant.revoked_by = now(), by
        return grant.user_id


@dataclass(frozen=True, slots=True)
class View:
    """A grant as pages show it. ``unit`` is its name, "" for the whole school; ``by`` a name, "" for nobody."""

    id: int
    user_id: int
    role: str
    unit: str
    granted_at: dt.datetime
    by: str
    revoked_at: dt.datetime | None


def of_user(office: Office, user_id: int) -> list[View]:
    """Return all grants a user ever had, those in force first."""
    giver = aliased(User)
    query = (
        select(Grant, Unit.name, giver.display_name)
        .outerjoin(Unit, Unit.id == Grant.unit_id)
        .outerjoin(giver, giver.id == Grant.granted_by)
        .where(Grant.user_id == user_id)
        .order_by(Grant.revoked_at.is_not(None), Grant.id)
    )
    with office.db.read() as session:
        return [
            View(row.id, row.user_id, row.role, unit or "", row.granted_at, by or "", row.revoked_at)
            for row, unit, by in session.execute(query)
        ]


def in_force(office: Office) -> dict[int, list[View]]:
    """Return the grants in force of all users: user id → grants."""
    query = select(Grant, Unit.name).outerjoin(Unit, Unit.id == Grant.unit_id).where(Grant.revoked_at.is_(None))
    found: dict[int, list[View]] = {}
    with office.db.read() as session:
        for row, unit in session.execute(query.order_by(Grant.id)):
            view = View(row.id, row.user_id, row.role, unit or "", row.granted_at, "", None)
            found.setdefault(row.user_id, []).append(view)
    return found


def administrators(session: Session) -> set[int]:
    """Return the ids of the users who may sign in and manage accounts."""
    query = select(Grant.user_id).join(User, User.id == Grant.user_id)
    query = query.where(Grant.role == Role.ADMINISTRATOR, Grant.revoked_at.is_(None), User.active)
    return set(session.scalars(query))


def has_decided(session: Session, user_id: int, standing: rights.Standing) -> bool:
    """Tell whether a person decided a question or ruled on a sheet in a unit that he scrutinises."""
    decided = exists().where(Decision.page_id == Page.id, Decision.user_id == user_id, Decision.stage != RULING)
    ruled = exists().where(Ruling.sheet == Page.sheet, Ruling.user_id == user_id, Ruling.stage != RULING)
    query = (
        select(Meeting.unit_id)
        .join(PrintRun, PrintRun.meeting_id == Meeting.id)
        .join(Page, Page.print_run_id == PrintRun.id)
        .where(decided | ruled)
        .distinct()
    )
    return any(Role.SCRUTINEER in standing.roles_at(unit_id) for unit_id in session.scalars(query))
