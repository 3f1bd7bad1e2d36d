"""Before and at the meeting: the self-check, the leading group, the run sheet, the roster of raters, the cadres.

Rows are added; of those that say the same the newest holds. Who leaves a group or a roster is marked, not deleted.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class SelfCheck(Base):
    """The self-check (自查) before a meeting, in its three parts. ``done_on``: the day it was marked done."""

    __tablename__ = "self_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    achievements: Mapped[str] = mapped_column(Text, default="")  # 总结成绩
    shortcomings: Mapped[str] = mapped_column(Text, default="")  # 查找不足
    measures: Mapped[str] = mapped_column(Text, default="")  # 改进措施
    done_on: Mapped[dt.date | None]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class GroupMember(Base):
    """A person of a unit's leading group (领导小组). ``post``: head (组长), deputy, member."""

    __tablename__ = "group_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    post: Mapped[str] = mapped_column(String(8))
    office: Mapped[str] = mapped_column(String(64), default="")  # 职务
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    left_at: Mapped[dt.datetime | None]
    left_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class RunStep(Base):
    """A tick in the run sheet of a meeting. ``state``: done, skipped (``why`` says why), undone."""

    __tablename__ = "run_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    step: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8))
    who: Mapped[str] = mapped_column(String(64), default="")  # who presented, where that is fixed
    why: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class Rater(Base):
    """A person who is expected at the meetings of a unit. ``member_id``: taken over from the members."""

    __tablename__ = "rater"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(32), default="")
    rater_class: Mapped[str] = mapped_column(String(40))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    left_at: Mapped[dt.datetime | None]
    left_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class Attendance(Base):
    """Whether a person of the roster came to a meeting; the newest holds."""

    __tablename__ = "attendance"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"))
    present: Mapped[bool]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class CadreRecord(Base):
    """How a cadre (党员干部) went ahead: took part, was rated, guided below; the newest of a meeting holds."""

    __tablename__ = "cadre_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    took_part: Mapped[bool]  # 带头参加活动
    was_rated: Mapped[bool]  # 带头接受群众评议
    guided: Mapped[str] = mapped_column(String(200), default="")  # 带头深入基层指导工作: where and when
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
