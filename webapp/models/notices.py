"""What a person is told: a row for each person and notice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class Notice(Base):
    """One notice to one person. Its words are those of ``code`` in messages.yaml, with ``params``.

    ``topic`` names what it is about (``meeting:3``), so that its sender can see who has read and who has answered.
    """

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_user_id_seen_at", "user_id", "seen_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    code: Mapped[str] = mapped_column(String(64))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    url: Mapped[str] = mapped_column(String(300), default="")
    topic: Mapped[str] = mapped_column(String(80), default="", index=True)
    needs_answer: Mapped[bool] = mapped_column(default=False)
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # None: the program itself
    at: Mapped[dt.datetime] = mapped_column(default=now)
    seen_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
