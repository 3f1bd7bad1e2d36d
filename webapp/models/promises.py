"""The register of public promises (公开承诺), and where members were over time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class Promise(Base):
    """A public promise of a unit or of one of its members. What it says is in the newest ``PromiseText``."""

    __tablename__ = "promise"
    __table_args__ = (Index("ix_promise_campaign_id_unit_id", "campaign_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))


class PromiseText(Base):
    """What a promise says, when it was made, and how it was kept. Added, never changed; an empty text takes it back."""

    __tablename__ = "promise_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    promise_id: Mapped[int] = mapped_column(ForeignKey("promise.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    made_on: Mapped[dt.date | None]
    kept: Mapped[str] = mapped_column(String(8), default="")  # "", kept, partly, not
    how: Mapped[str] = mapped_column(Text, default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class MemberMove(Base):
    """A member went to another branch, or left (``to_unit_id`` None). Where he is now stands in ``Member``."""

    __tablename__ = "member_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    from_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    to_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    moved_on: Mapped[dt.date]
    why: Mapped[str] = mapped_column(String(200), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
