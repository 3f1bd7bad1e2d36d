"""Which account is which member's: given by the unit, ended by it; a member sees his own summary by it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, NotFound
from webapp.models import Member, MemberUser, User, now


def link(session: Session, member_id: int, user_name: str, *, by: int) -> MemberUser:
    """Say that an account is a member's. Raises NotFound for an unknown account, Conflict where either has another."""
    user = session.scalar(select(User).where(User.name == user_name.strip(), User.active))
    if user is None:
        raise NotFound("own-no-account", name=user_name.strip()[:64])
    if _holding(session, MemberUser.member_id == member_id) or _holding(session, MemberUser.user_id == user.id):
        raise Conflict("own-linked")
    row = MemberUser(member_id=member_id, user_id=user.id, given_by=by)
    session.add(row)
    session.flush()
    return row


def end(session: Session, member_id: int, *, by: int) -> None:
    """Take a member's account off him. Raises NotFound where he has none."""
    row = _holding(session, MemberUser.member_id == member_id)
    if row is None:
        raise NotFound("no-such-row", kind="MemberUser")
    row.ended_at, row.ended_by = now(), by
    session.flush()


def member_of(session: Session, user_id: int) -> Member | None:
    """Return the member whose account it is; None for an account that is nobody's."""
    row = _holding(session, MemberUser.user_id == user_id)
    return session.get(Member, row.member_id) if row else None


def users_of(session: Session, member_ids: list[int]) -> dict[int, User]:
    """Return the accounts of members, by member."""
    query = select(MemberUser.member_id, User).join(User, User.id == MemberUser.user_id)
    query = query.where(MemberUser.member_id.in_(member_ids), MemberUser.ended_at.is_(None))
    return {member_id: user for member_id, user in session.execute(query)}


def _holding(session: Session, which: ColumnElement[bool]) -> MemberUser | None:
    query = select(MemberUser).where(which, MemberUser.ended_at.is_(None))
    return session.scalar(query)
