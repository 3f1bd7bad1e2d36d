"""How a campaign is organised: its record over time, its documents, the plans (方案) of units, their checklists.

All rows are added, never changed, so that what was in force at any time can be told; only a document is put aside.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class CampaignVersion(Base):
    """What the record of a campaign said from ``at`` on: facts, texts, rounds, what units may set themselves."""

    __tablename__ = "campaign_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    why: Mapped[str] = mapped_column(String(200), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class BasisDocument(Base):
    """A document that a campaign stands on (依据文件), kept in the storage under its digest, without metadata."""

    __tablename__ = "basis_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    removed_at: Mapped[dt.datetime | None]
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class UnitPlan(Base):
    """One version of a unit's plan (方案): what it sets itself, by the keys of ``services.plans``.

    The rest is inherited. A version without a ``PlanIssue`` is a draft and not in force.
    """

    __tablename__ = "unit_plan"
    __table_args__ = (UniqueConstraint("campaign_id", "unit_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    why: Mapped[str] = mapped_column(String(200), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class PlanIssue(Base):
    """A version of a plan was issued (下发): from then on it holds, until a later one is issued."""

    __tablename__ = "plan_issue"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("unit_plan.id"), unique=True)
    forms: Mapped[list[Any]] = mapped_column(default=list)  # the forms in force under it; none: the campaign's
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class PlanReceipt(Base):
    """A branch confirmed that it has a plan that was issued (签收)."""

    __tablename__ = "plan_receipt"
    __table_args__ = (UniqueConstraint("plan_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("unit_plan.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class ChecklistRow(Base):
    """How a step of a unit's checklist stands: the newest row of a step holds. ``state``: todo, now, done, off."""

    __tablename__ = "checklist_row"
    __table_args__ = (Index("ix_checklist_row_campaign_id_unit_id", "campaign_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    step: Mapped[str] = mapped_column(String(40))  # of services.checklists.STEPS, or own-<number>
    title: Mapped[str] = mapped_column(String(120), default="")  # of a step of the unit's own
    owner: Mapped[str] = mapped_column(String(64), default="")
    due_on: Mapped[dt.date | None]
    state: Mapped[str] = mapped_column(String(8), default="todo")
    note: Mapped[str] = mapped_column(Text, default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
