"""Too few came: a supplementary session for those who could not, or a written reason. Both are rows that are added."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Meeting, MeetingSession, SessionWithdrawal, TurnoutReason, User
from webapp.office import Office
from webapp.services import closed, plans

MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the count stands though too few came, and who said so."""

    text: str
    by: str
    at: dt.datetime


def add(
    office: Office, meeting_id: int, *, held_on: dt.date | None, place: str, why: str, user_id: int, manner: str = ""
) -> int:
    """Add a further session; ``manner``: of plans.MANNERS. Returns its id.

    Raises NotFound, InvalidInput, and Conflict once the meeting is closed.
    """
    if len(place) > 120 or len(why) > 200:
        raise InvalidInput("text-long")
    if manner and manner not in plans.MANNERS:
        raise InvalidInput("plan-no-manner")
    with office.db.begin() as session:
        meeting = _open_meeting(session, meeting_id)
        if held_on is None or (meeting.held_on and held_on < meeting.held_on):
            raise InvalidInput("session-date")
        row = MeetingSession(
            meeting_id=meeting_id, held_on=held_on, place=place, why=why, manner=manner, user_id=user_id
        )
        session.add(row)
        session.flush()
        return row.id


def of_meeting(session: Session, meeting_id: int) -> list[MeetingSession]:
    """Return the supplementary sessions of a meeting that were not withdrawn, in the order in which they were added."""
    gone = exists().where(SessionWithdrawal.session_id == MeetingSession.id)
    query = select(MeetingSession).where(MeetingSession.meeting_id == meeting_id, ~gone).order_by(MeetingSession.id)
    return list(session.scalars(query))


def withdraw(office: Office, session_id: int, *, why: str, user_id: int) -> int:
    """Withdraw a supplementary session that was entered by mistake; its numbers leave the books and are kept.

    Returns the meeting. Raises NotFound, InvalidInput without a reason, and Conflict once it is withdrawn or closed.
    """
    if not why or len(why) > 200:
        raise InvalidInput("session-needs-reason")
    with office.db.begin() as session:
        row = session.get(MeetingSession, session_id)
        if row is None:
            raise NotFound("no-such-row", kind="MeetingSession")
        _open_meeting(session, row.meeting_id)
        if is_withdrawn(session, session_id):
            raise Conflict("session-withdrawn")
        session.add(SessionWithdrawal(session_id=session_id, meeting_id=row.meeting_id, why=why, user_id=user_id))
        return row.meeting_id


def is_withdrawn(session: Session, session_id: int) -> bool:
    """Tell whether a supplementary session was withdrawn."""
    return session.scalar(select(exists().where(SessionWithdrawal.session_id == session_id))) or False


def withdrawn(session: Session, meeting_id: int) -> list[tuple[MeetingSession, SessionWithdrawal, str]]:
    """Return the supplementary sessions that were withdrawn, with why and by whom."""
    query = (
        select(MeetingSession, SessionWithdrawal, User.display_name)
        .join(SessionWithdrawal, SessionWithdrawal.session_id == MeetingSession.id)
        .join(User, User.id == SessionWithdrawal.user_id)
        .where(MeetingSession.meeting_id == meeting_id)
        .order_by(MeetingSession.id)
    )
    return [(row, gone, by) for row, gone, by in session.execute(query)]


def give_reason(office: Office, meeting_id: int, *, text: str, user_id: int) -> None:
    """Write down why the count stands though too few came; an empty text takes it back.

    Raises NotFound, InvalidInput, and Conflict once the meeting is closed.
    """
    if len(text) > MOST_TEXT:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        _open_meeting(session, meeting_id)
        now = reason(session, meeting_id)
        if not text and now is None:
            raise InvalidInput("reason-missing")
        session.add(TurnoutReason(meeting_id=meeting_id, text=text, user_id=user_id))


def reason(session: Session, meeting_id: int) -> Reason | None:
    """Return the reason in force, None where there is none."""
    query = (
        select(TurnoutReason, User.display_name)
        .join(User, User.id == TurnoutReason.user_id)
        .where(TurnoutReason.meeting_id == meeting_id)
        .order_by(TurnoutReason.id.desc())
    )
    row = session.execute(query.limit(1)).first()
    return Reason(row[0].text, row[1], row[0].at) if row and row[0].text else None


def _open_meeting(session: Session, meeting_id: int) -> Meeting:
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    closed.refuse(session, meeting_id)
    return meeting
