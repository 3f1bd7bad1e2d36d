"""The tree of units over time, how many raters each expects, and its members."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class UnitVersion(Base):
    """What a unit was called and where it stood from ``at`` on: a row for its creation and for each change."""

    __tablename__ = "unit_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # None: from before there was a history


class UnitExpected(Base):
    """How many raters of a class a unit expects at its meeting: added, never changed; the newest holds."""

    __tablename__ = "unit_expected"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    rater_class: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(default=now)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


class ProofScan(Base):
    """A sheet printed and scanned to see that printer and scanner fit; it belongs to no meeting and counts nowhere."""

    __tablename__ = "proof_scan"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(default=now)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    read: Mapped[bool]  # the sheet was found, its code read
    problem: Mapped[str] = mapped_column(String(40), default="")
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of the sentence: scale_percent, turned, residual_mm


class Member(Base):
    """A Party member of a branch. Two of one name in a branch are told apart by ``number`` (工号, "" where none)."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("unit_id", "name", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(32), default="")
    cadre: Mapped[bool] = mapped_column(default=False)  # 党员干部
    left_at: Mapped[dt.datetime | None]  # no longer of any branch here; see MemberMove
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
