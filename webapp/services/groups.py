"""Leading groups (领导小组): who is in them, who is their head (组长), who presents and who organises a meeting."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import GroupMember, Meeting, Unit, now
from webapp.office import Office
from webapp.rights import Role
from webapp.services import tree
from webapp.services.rights import Standing

POSTS = ("head", "deputy", "member")
POST_WORDS = {"head": "组长", "deputy": "副组长", "member": "成员"}  # as printed
LONGEST = 64


def members(session: Session, unit_id: int) -> list[GroupMember]:
    """Return who is in a unit's leading group now: the head first, then the deputies, then the others."""
    query = select(GroupMember).where(GroupMember.unit_id == unit_id, GroupMember.left_at.is_(None))
    return sorted(session.scalars(query.order_by(GroupMember.id)), key=lambda row: POSTS.index(row.post))


def head(session: Session, unit_id: int) -> GroupMember | None:
    """Return the head of a unit's leading group."""
    return next((row for row in members(session, unit_id) if row.post == "head"), None)


def presenter(session: Session, meeting: Meeting) -> str:
    """Return who presents at a meeting: the head of the leading group, at a branch's who presides. "": nobody yet."""
    if tree.is_branch(meeting.unit):
        return meeting.presider
    found = head(session, meeting.unit_id)
    return found.name if found else ""


def organiser(unit: Unit) -> str:
    """Return who organises the meeting of a unit, as papers say it."""
    return unit.name if tree.is_branch(unit) else f"{unit.name}创先争优活动领导小组"


def organises(standing: Standing, unit: Unit) -> bool:
    """Tell whether a person may open and close a unit's meeting: of the leading group, or of the branch."""
    roles = standing.roles_at(unit.id)
    return Role.UNIT_ADMINISTRATOR in roles or (tree.is_branch(unit) and Role.BRANCH in roles)


def add(office: Office, unit_id: int, *, name: str, post: str, position: str = "", user_id: int) -> None:
    """Add a person. Raises NotFound and InvalidInput (no name, there already, a second head)."""
    name, position = name.strip(), position.strip()
    if not name:
        raise InvalidInput("name-missing")
    if len(name) > LONGEST or len(position) > LONGEST:
        raise InvalidInput("text-long")
    if post not in POSTS:
        raise InvalidInput("no-such-kind")
    with office.db.begin() as session:
        if session.get(Unit, unit_id) is None:
            raise NotFound("no-such-row", kind="Unit")
        held = members(session, unit_id)
        if any(row.name == name for row in held):
            raise InvalidInput("group-twice", name=name)
        if post == "head" and (first := next((row for row in held if row.post == "head"), None)):
            raise InvalidInput("group-second-head", name=first.name)
        session.add(GroupMember(unit_id=unit_id, name=name, post=post, office=position, user_id=user_id))


def leave(office: Office, unit_id: int, member_id: int, *, user_id: int) -> None:
    """Note that a person is no longer in the group. Raises NotFound for one of another unit."""
    with office.db.begin() as session:
        row = session.get(GroupMember, member_id)
        if row is None or row.unit_id != unit_id:
            raise NotFound("no-such-row", kind="GroupMember")
        if row.left_at is None:
            row.left_at, row.left_by = now(), user_id
