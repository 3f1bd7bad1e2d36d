"""Who guides and watches a meeting: a level-2 unit's liaison (联络员), a committee member (委员) of a branch's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp.errors import InvalidInput, NotFound
from webapp.models import CommitteePost, LiaisonPost, Meeting, User
from webapp.rights import Role
from webapp.services import rights, tree

LONGEST = 64


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who watches a meeting. ``kind``: liaison, committee. ``post_id``: of a committee member's post."""

    kind: str
    name: str
    person_id: int | None = None
    post_id: int | None = None
    leader: str = ""  # the school leader whom a liaison reports to
    leader_id: int | None = None


def of(session: Session, meeting: Meeting) -> list[Supervisor]:
    """Return who watches a meeting now."""
    if tree.is_branch(meeting.unit):
        query = select(CommitteePost).where(CommitteePost.meeting_id == meeting.id, CommitteePost.ended_at.is_(None))
        rows = session.scalars(query.order_by(CommitteePost.id))
        return [Supervisor("committee", row.name, row.person_id, row.id) for row in rows]
    post = liaison_of(session, meeting.unit_id)
    if post is None:
        return []
    return [Supervisor("liaison", post.liaison, post.liaison_id, None, post.leader, post.leader_id)]


def liaison_of(session: Session, unit_id: int) -> LiaisonPost | None:
    """Return the liaison of a unit and the school leader he reports to; None where the unit has none."""
    query = select(LiaisonPost).where(LiaisonPost.unit_id == unit_id).order_by(LiaisonPost.id.desc()).limit(1)
    row = session.scalar(query)
    return row if row is not None and row.liaison else None


def candidates(session: Session, unit_id: int, role: Role) -> list[User]:
    """Return the accounts that hold a role over a unit."""
    users = session.scalars(select(User).where(User.active).order_by(User.id))
    return [user for user in users if role in rights.standing(session, user.id).roles_at(unit_id)]


def names(supervisors: Iterable[Supervisor]) -> str:
    """Return the names as papers give them."""
    return "、".join(each.name for each in supervisors)[:LONGEST]


def name_of(session: Session, typed: str, account: int | None, unit_id: int, role: Role) -> str:
    """Return the name of a person: as typed, else of his account, which must hold the role over the unit.

    Raises InvalidInput.
    """
    typed = typed.strip()
    if len(typed) > LONGEST:
        raise InvalidInput("text-long")
    if account is None:
        return typed
    user = next((row for row in candidates(session, unit_id, role) if row.id == account), None)
    if user is None:
        raise InvalidInput("account-without-role")
    return typed or user.display_name


def one(session: Session, meeting: Meeting, name: str) -> Supervisor:
    """Return the supervisor of a name. Raises NotFound."""
    found = next((each for each in of(session, meeting) if each.name == name), None)
    if found is None:
        raise NotFound("no-such-row", kind="Supervisor")
    return found


def meeting_of(session: Session, meeting_id: int) -> Meeting:
    """Return a meeting with its unit. Raises NotFound."""
    meeting = session.get(Meeting, meeting_id, options=[joinedload(Meeting.unit)])
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting
