"""How a count is proved and sealed: how it is done, changes of its rules, hand checks, closings, who looks at a mark.

All rows are added, never changed; only a lease is moved on.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class Procedure(Base):
    """How a campaign is reviewed and checked: the newest row holds; without one ``services.procedures.DEFAULT``."""

    __tablename__ = "procedure"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    two_persons: Mapped[bool]  # void, multiple and cancelled need two
    check_percent: Mapped[int]  # of the valid sheets that are checked by hand
    check_sheets: Mapped[int]  # at least so many
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    why: Mapped[str] = mapped_column(String(200), default="")


class RuleChange(Base):
    """What the scrutineer set for one meeting: the newest row holds. ``effect``: what it changed, as it was shown."""

    __tablename__ = "rule_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)  # counting rules that differ from the campaign's
    bar: Mapped[float | None]  # of certainty; None: the reader's own thresholds
    effect: Mapped[dict[str, Any]] = mapped_column(default=dict)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    why: Mapped[str] = mapped_column(String(200))


class HandCheck(Base):
    """Valid sheets drawn by a seed, to be read by people. The newest draw of a meeting holds."""

    __tablename__ = "hand_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    seed: Mapped[str] = mapped_column(String(64))
    population: Mapped[int]  # valid sheets when it was drawn
    sheets: Mapped[list[Any]] = mapped_column(default=list)  # codes in the order of the draw
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class HandEntry(Base):
    """What a person read on one question of a drawn sheet; the newest row of a check's question holds."""

    __tablename__ = "hand_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("hand_check.id"), index=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"))
    question: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))  # answered, blank, invalid
    choice: Mapped[str] = mapped_column(String(120), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class Closing(Base):
    """A count that was sealed. ``content`` is the fixed JSON, deflated; ``digest`` its SHA-256."""

    __tablename__ = "closing"
    __table_args__ = (UniqueConstraint("meeting_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    why: Mapped[str] = mapped_column(String(500), default="")  # the reason, where the books do not balance


class Reopening(Base):
    """A closing that holds no longer, and why."""

    __tablename__ = "reopening"

    id: Mapped[int] = mapped_column(primary_key=True)
    closing_id: Mapped[int] = mapped_column(ForeignKey("closing.id"), unique=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    why: Mapped[str] = mapped_column(String(500))


class Lease(Base):
    """Who has a doubtful question open; it ends by itself."""

    __tablename__ = "review_lease"

    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"), primary_key=True)
    question: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    until: Mapped[dt.datetime]
