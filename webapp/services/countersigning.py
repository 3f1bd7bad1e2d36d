"""A supervisor countersigns (会签) the closing that holds; he changes nothing of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput
from webapp.models import Countersignature, User
from webapp.office import Office
from webapp.services import closing, supervisors


@dataclass(frozen=True, slots=True)
class Signed:
    """A countersignature of the closing in force."""

    by: str
    at: dt.datetime
    remark: str
    user_id: int


def countersign(office: Office, meeting_id: int, *, remark: str, user_id: int) -> None:
    """Countersign the closing in force. Raises NotFound, InvalidInput, Conflict (not closed, signed already)."""
    if len(remark) > 500:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        supervisors.meeting_of(session, meeting_id)
        held = closing.in_force(session, meeting_id)
        if held is None:
            raise Conflict("countersign-not-closed")
        if any(row.user_id == user_id for row in countersigned(session, meeting_id)):
            raise Conflict("countersigned")
        session.add(Countersignature(meeting_id=meeting_id, closing_id=held.id, remark=remark.strip(), user_id=user_id))


def countersigned(session: Session, meeting_id: int) -> list[Signed]:
    """Return who has countersigned the closing in force; nobody where the count is open."""
    held = closing.in_force(session, meeting_id)
    if held is None:
        return []
    query = select(Countersignature, User.display_name).join(User, User.id == Countersignature.user_id)
    rows = session.execute(query.where(Countersignature.closing_id == held.id).order_by(Countersignature.id))
    return [Signed(by, row.at, row.remark, row.user_id) for row, by in rows]
