"""After the meeting: rectification, orders with a deadline, examples, announcements, what was handed in, supervision.

Rows are added; a mistake is taken back by a further row or by ``withdrawn_at`` with its reason, and stays readable.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class Remedy(Base):
    """A problem in the register of a meeting. What it says now is its newest ``RemedyVersion``.

    ``source``: opinion (merged, ``opinion_id``), low (an item under the line, ``question``), order (an order with a
    deadline), typed. ``subject`` is the member it is about, "" for the organisation.
    """

    __tablename__ = "remedy"
    __table_args__ = (UniqueConstraint("meeting_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    number: Mapped[int]  # in its register, from 1
    source: Mapped[str] = mapped_column(String(12))
    origin: Mapped[str] = mapped_column(String(200), default="")  # 意见 12 次 · 第 2 项
    opinion_id: Mapped[int | None]  # the merged opinion, where it comes from one
    subject: Mapped[str] = mapped_column(String(200), default="")
    question: Mapped[str] = mapped_column(String(40), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class RemedyVersion(Base):
    """What the register says of a problem. ``why`` is the reason of an extension or of a correction."""

    __tablename__ = "remedy_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    remedy_id: Mapped[int] = mapped_column(ForeignKey("remedy.id"), index=True)
    problem: Mapped[str] = mapped_column(String(500))
    cause: Mapped[str] = mapped_column(Text, default="")
    measure: Mapped[str] = mapped_column(Text, default="")
    person: Mapped[str] = mapped_column(String(64), default="")
    due_on: Mapped[dt.date | None]
    why: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class RemedyStep(Base):
    """How a problem went on. ``kind``: progress, closed (办结), cleared (复查销号), reopened."""

    __tablename__ = "remedy_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    remedy_id: Mapped[int] = mapped_column(ForeignKey("remedy.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(1000), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class RemedyFile(Base):
    """Evidence: a file without what tells of its making."""

    __tablename__ = "remedy_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    remedy_id: Mapped[int] = mapped_column(ForeignKey("remedy.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(200))
    bytes: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class DeadlineOrder(Base):
    """限期整改: somebody rated low is to put it right by a day. ``figures``: what was counted when it was made."""

    __tablename__ = "deadline_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"))
    subject: Mapped[str] = mapped_column(String(200), default="")
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    due_on: Mapped[dt.date]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class OrderStep(Base):
    """What became of an order. ``kind``: extended (``due_on``), recheck (``meeting_id``), lifted, withdrawn."""

    __tablename__ = "order_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("deadline_order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    due_on: Mapped[dt.date | None]
    recheck_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    why: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class Exemplar(Base):
    """示范: an organisation or a member rated high, put on the list of examples."""

    __tablename__ = "exemplar"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"))
    subject: Mapped[str] = mapped_column(String(200), default="")
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    deeds: Mapped[str] = mapped_column(Text, default="")  # 主要事迹
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_why: Mapped[str] = mapped_column(String(500), default="")


class Publicity(Base):
    """Where and when an example was made known."""

    __tablename__ = "publicity"

    id: Mapped[int] = mapped_column(primary_key=True)
    exemplar_id: Mapped[int] = mapped_column(ForeignKey("exemplar.id"), index=True)
    medium: Mapped[str] = mapped_column(String(120))
    published_on: Mapped[dt.date]
    note: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class AnnouncementPlan(Base):
    """How the results are announced: the newest of a meeting holds. ``contents``: keys of services.announcing."""

    __tablename__ = "announcement_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    manner: Mapped[str] = mapped_column(String(12))  # meeting, board, document, web
    reach: Mapped[str] = mapped_column(String(200), default="")  # 范围
    contents: Mapped[list[Any]] = mapped_column(default=list)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class AnnouncementRecord(Base):
    """That an announcement was made: how, to whom, where, from when to when."""

    __tablename__ = "announcement_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    manner: Mapped[str] = mapped_column(String(12))
    reach: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[str] = mapped_column(String(200))
    made_on: Mapped[dt.date]
    until: Mapped[dt.date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_why: Mapped[str] = mapped_column(String(500), default="")


class Submission(Base):
    """A bundle that a unit made to hand in. ``manifest`` is what stands in it; the file lies in the storage."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("campaign_id", "unit_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    manifest: Mapped[dict[str, Any]] = mapped_column(default=dict)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class Receipt(Base):
    """That a bundle was received, on paper or electronically. ``channel``: oa, mailbox, paper."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    channel: Mapped[str] = mapped_column(String(12))
    handed_by: Mapped[str] = mapped_column(String(64), default="")
    received_by: Mapped[str] = mapped_column(String(64))
    received_on: Mapped[dt.date]
    note: Mapped[str] = mapped_column(String(200), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_why: Mapped[str] = mapped_column(String(500), default="")


class Retention(Base):
    """A summary that the level above keeps (留存): of a branch (``member_id`` None) or of one of its members."""

    __tablename__ = "retention"
    __table_args__ = (Index("ix_retention_campaign_id_unit_id", "campaign_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))  # the branch
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    keeper: Mapped[str] = mapped_column(String(64))
    kept_on: Mapped[dt.date]
    file_number: Mapped[str] = mapped_column(String(64), default="")  # 档号
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[dt.datetime | None]


class Supervision(Base):
    """An entry in the log of supervision. ``doubt`` names the automatic doubt that it is about, "" for none."""

    __tablename__ = "supervision"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))  # visit, call, reading, doubt
    doubt: Mapped[str] = mapped_column(String(80), default="")
    text: Mapped[str] = mapped_column(Text)
    seen_on: Mapped[dt.date]
    settles: Mapped[bool] = mapped_column(default=False)  # what was found is put right, or no fault
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class Experience(Base):
    """What a unit found out and shares with the others."""

    __tablename__ = "experience"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[dt.datetime | None]


class Delivery(Base):
    """That the directive was handed to one whom it is addressed to; the newest of a unit holds."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_campaign_id_unit_id", "campaign_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    channel: Mapped[str] = mapped_column(String(12))  # notice, paper, oa
    delivered_on: Mapped[dt.date]
    received_by: Mapped[str] = mapped_column(String(64), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
