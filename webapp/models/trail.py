"""The trail: who did what, when and why, as rows that are added and chained by their hashes."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class TrailRow(Base):
    """One deed. Added by ``services.audit`` and ``services.trail`` alone; nothing changes or removes a row.

    ``object`` is ``table:key``. ``facts`` is JSON of fields that may be shown (``{"name": "…"}``; of a change
    ``{"name": ["before", "after"]}``): never an answer, a choice or the text of an opinion. ``digest`` is a keyed
    digest of all that the object held afterwards, the hidden parts too. ``link`` chains the row to the one before it.
    """

    __tablename__ = "trail"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own name; SQLite remembers the last id

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(default=now, index=True)
    user_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: the trail outlives what it tells of
    role: Mapped[str] = mapped_column(String(32), default="")
    action: Mapped[str] = mapped_column(String(32), index=True)
    object: Mapped[str] = mapped_column(String(120), index=True)
    unit_id: Mapped[int | None] = mapped_column(index=True)  # whose: the unit of the meeting; None: the whole school
    facts: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    why: Mapped[str] = mapped_column(String(500), default="")
    link: Mapped[str] = mapped_column(String(64))
