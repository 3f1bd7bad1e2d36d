"""Opinions that did not come on a sheet: gathered before the meeting, or said at it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class GatheredOpinion(Base):
    """An opinion without the name of its speaker.

    ``source``: visit (走访), talk (座谈), box (意见箱), phone (电话), meeting (大会发言).
    """

    __tablename__ = "gathered_opinion"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    source: Mapped[str] = mapped_column(String(8))
    day: Mapped[dt.date]
    text: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))  # who wrote it down, never who said it
    at: Mapped[dt.datetime] = mapped_column(default=now)
    removed_at: Mapped[dt.datetime | None]
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
