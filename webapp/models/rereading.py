"""Pages that a new version of the reader reads again: what was asked for, and each page with both its readings."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class Rereading(Base):
    """Somebody asked that the pages of a meeting be read by ``reader``, which is newer than what read them."""

    __tablename__ = "rereading"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    reader: Mapped[str] = mapped_column(String(16))
    pages: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class RereadPage(Base):
    """One page of it. ``state``: waiting → reading → done | failed; left: the count was closed or the page taken away.

    ``before`` is the reading that was in force, ``after`` the one that took its place. ``problem``: why it failed, or
    what became of the page where it is no longer read as that sheet. ``differences``: answers that came out otherwise.
    """

    __tablename__ = "reread_page"
    __table_args__ = (
        UniqueConstraint("rereading_id", "page_id"),
        Index("ix_reread_page_rereading_id_state", "rereading_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rereading_id: Mapped[int] = mapped_column(ForeignKey("rereading.id"))
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"))
    state: Mapped[str] = mapped_column(String(8), default="waiting", index=True)
    problem: Mapped[str] = mapped_column(String(40), default="")
    before_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"))
    after_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"))
    differences: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[dt.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
