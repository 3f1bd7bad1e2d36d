"""Who guides and watches a meeting: liaisons and committee members, what they were told, whether they came."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class LiaisonPost(Base):
    """Which liaison (联络员) and which school leader (联系校领导) a unit has; the newest holds, empty names end it."""

    __tablename__ = "liaison_post"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    liaison: Mapped[str] = mapped_column(String(64), default="")
    liaison_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # his account, where he has one
    leader: Mapped[str] = mapped_column(String(64), default="")
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class CommitteePost(Base):
    """A committee member (委员) whom a college committee sends to a branch's meeting."""

    __tablename__ = "committee_post"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # his account, where he has one
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class MeetingTime(Base):
    """When and where a meeting was fixed to be; a row each time it is fixed or moved."""

    __tablename__ = "meeting_time"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    held_on: Mapped[dt.date | None]
    starts: Mapped[str] = mapped_column(String(5), default="")
    place: Mapped[str] = mapped_column(String(120), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class SupervisorAnswer(Base):
    """That a supervisor confirmed a time otherwise than by his account. ``channel``: phone, slip, person."""

    __tablename__ = "supervisor_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    time_id: Mapped[int] = mapped_column(ForeignKey("meeting_time.id"))
    name: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class SupervisorPresence(Base):
    """Whether a supervisor came; the newest of a name holds."""

    __tablename__ = "supervisor_presence"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    came: Mapped[bool]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class Countersignature(Base):
    """A supervisor has seen a closing and countersigned it; a reopened closing takes it along."""

    __tablename__ = "countersignature"
    __table_args__ = (UniqueConstraint("closing_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    closing_id: Mapped[int] = mapped_column(ForeignKey("closing.id"))
    remark: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class ReportMade(Base):
    """That a supervisor has reported (联络员汇报, 委员汇报): when and to whom; the newest holds."""

    __tablename__ = "report_made"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    reported_on: Mapped[dt.date]
    to: Mapped[str] = mapped_column(String(120))
    version: Mapped[int]  # of the report that was handed over
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class ReportRead(Base):
    """That a person has read a report."""

    __tablename__ = "report_read"
    __table_args__ = (UniqueConstraint("report_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report_made.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
