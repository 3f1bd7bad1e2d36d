"""What the books need beside the numbers of a meeting: further sessions, and why too few raters were enough."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class MeetingSession(Base):
    """A supplementary session (补充场次) of a meeting: another day for those who could not come. Added, never changed.

    The numbers counted there carry its id; those of the meeting itself carry none.
    """

    __tablename__ = "meeting_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    held_on: Mapped[dt.date]
    place: Mapped[str] = mapped_column(String(120), default="")
    why: Mapped[str] = mapped_column(String(200), default="")
    manner: Mapped[str] = mapped_column(String(8), default="", server_default="")  # of services.plans.MANNERS
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class SessionWithdrawal(Base):
    """A supplementary session that was entered by mistake: it and its numbers count no longer, and stay to be seen."""

    __tablename__ = "session_withdrawal"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("meeting_session.id"), unique=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    why: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class TurnoutReason(Base):
    """Why a count is declared valid though fewer came than the rule asks. The newest holds; empty takes it back."""

    __tablename__ = "turnout_reason"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
