"""Members who go to another branch or leave, and units that are merged into others. What was before stays told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Member, MemberMove, Unit, UnitVersion, User, now
from webapp.office import Office
from webapp.services.roster_import import SMALL_WORK


@dataclass(frozen=True, slots=True)
class Move:
    """A line of a unit's members' history. ``to``: "" for one who left."""

    member: str
    left: str
    to: str
    moved_on: dt.date
    why: str
    by: str


def move(
    office: Office, unit_id: int, member_id: int, *, to: int | None, moved_on: dt.date | None, why: str, user_id: int
) -> None:
    """Let a member of a unit go to another branch (组织关系转接), or leave (``to`` None).

    Raises NotFound, and InvalidInput for a unit that has no members, a missing day, or a namesake who is there.
    """
    if moved_on is None:
        raise InvalidInput("move-without-day")
    with office.db.begin() as session:
        member = session.get(Member, member_id)
        if member is None or member.unit_id != unit_id or member.left_at is not None:
            raise NotFound("no-such-row", kind="Member")
        if to is not None:
            _check_target(session, to, unit_id)
        _move(session, member, to, moved_on, why, user_id)


def merge(office: Office, unit_id: int, *, into: int, merged_on: dt.date | None, why: str, user_id: int) -> int:
    """Merge a unit into another of its kind: its members and the units below it go there, it takes no more meetings.

    What it did stays under its name. Returns how many members went. Raises NotFound, InvalidInput and Conflict.
    """
    if merged_on is None:
        raise InvalidInput("move-without-day")
    with office.db.begin() as session:
        unit, target = session.get(Unit, unit_id), session.get(Unit, into)
        if unit is None or target is None:
            raise NotFound("no-such-row", kind="Unit")
        if unit.merged_into is not None or target.merged_into is not None:
            raise Conflict("merged-already")
        if unit.id == target.id or unit.kind != target.kind or _is_below(session, target, unit.id):
            raise InvalidInput("merge-unlike")
        gone = list(session.scalars(select(Member).where(Member.unit_id == unit_id, Member.left_at.is_(None))))
        for member in gone:
            _move(session, member, into, merged_on, why, user_id)
        for below in session.scalars(select(Unit).where(Unit.parent_id == unit_id)):
            below.parent_id = into
            _note(session, below, user_id)
        unit.merged_into = into
        _note(session, unit, user_id)
        return len(gone)


def of_unit(session: Session, unit_id: int) -> list[Move]:
    """Return who came to a unit and who went, newest first."""
    left, to = aliased(Unit), aliased(Unit)
    query = (
        select(MemberMove, Member.name, left.name, to.name, User.display_name)
        .join(Member, Member.id == MemberMove.member_id)
        .join(left, left.id == MemberMove.from_unit_id)
        .outerjoin(to, to.id == MemberMove.to_unit_id)
        .join(User, User.id == MemberMove.user_id)
        .where(or_(MemberMove.from_unit_id == unit_id, MemberMove.to_unit_id == unit_id))
        .order_by(MemberMove.id.desc())
    )
    return [
        Move(name, before, after or "", row.moved_on, row.why, by)
        for row, name, before, after, by in session.execute(query)
    ]


def _move(session: Session, member: Member, to: int | None, day: dt.date, why: str, user_id: int) -> None:
    if len(why) > 200:
        raise InvalidInput("text-long")
    if to is not None:
        same = select(Member.id).where(Member.unit_id == to, Member.name == member.name, Member.number == member.number)
        if session.scalar(same) is not None:
            raise InvalidInput("member-namesake", name=member.name)
    session.add(
        MemberMove(
            member_id=member.id, from_unit_id=member.unit_id, to_unit_id=to, moved_on=day, why=why, user_id=user_id
        )
    )
    if to is None:
        member.left_at = now()
    else:
        member.unit_id = to
    session.flush()


def _check_target(session: Session, to: int, unit_id: int) -> None:
    target = session.get(Unit, to)
    if target is None or target.kind not in SMALL_WORK or target.merged_into is not None or to == unit_id:
        raise InvalidInput("move-no-branch")


def _is_below(session: Session, unit: Unit, above: int) -> bool:
    at: Unit | None = unit
    while at is not None and at.id != above:
        at = session.get(Unit, at.parent_id) if at.parent_id else None
    return at is not None


def _note(session: Session, unit: Unit, user_id: int) -> None:
    """Add what a unit is now to its history; a unit that was merged stands below the one it went into."""
    above = unit.merged_into or unit.parent_id
    session.add(UnitVersion(unit_id=unit.id, name=unit.name, kind=unit.kind, parent_id=above, user_id=user_id))
