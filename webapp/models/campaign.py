"""What is appraised: campaigns, their surveys, units, meetings and the numbers counted there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, now


class Unit(Base):
    """An organisation. ``kind``: school, college (学院党委), general (党总支), direct (直属党支部), branch (党支部)."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120), unique=True)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # its work went on there
    parent: Mapped[Unit | None] = relationship(remote_side=[id], foreign_keys=[parent_id])


class Campaign(Base):
    """A mass appraisal: what a directive orders."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(80), default="")  # 文号
    issuer: Mapped[str] = mapped_column(String(120), default="")
    issued_on: Mapped[dt.date | None]
    finish_by: Mapped[dt.date | None]  # the appraisal is finished by this day, included
    report_by: Mapped[dt.date | None]  # the papers are handed in by this day, included
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)  # counting rules, see services.campaigns.DEFAULT_RULES
    addressees: Mapped[str] = mapped_column(String(200), default="", server_default="")  # 各学院党委、党总支、…
    directive: Mapped[str] = mapped_column(Text, default="", server_default="")  # its full text
    criteria: Mapped[str] = mapped_column(Text, default="", server_default="")  # 五个好, 五带头
    rounds: Mapped[list[Any]] = mapped_column(
        default=list, server_default="[]"
    )  # names; without any there is one round
    reserved: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # what no unit's plan may set
    copied_from: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    surveys: Mapped[list[Survey]] = relationship(back_populates="campaign", order_by="Survey.id")
    meetings: Mapped[list[Meeting]] = relationship(back_populates="campaign", order_by="Meeting.id")


class Survey(Base):
    """A form in force in a campaign: the text of its form file, checked when it was saved."""

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("campaign_id", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    form: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)  # YAML
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # whose plan made it; None: the campaign's
    campaign: Mapped[Campaign] = relationship(back_populates="surveys")


class Meeting(Base):
    """A meeting of one unit in one campaign, where the sheets are filled in."""

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    held_on: Mapped[dt.date | None]
    starts: Mapped[str] = mapped_column(String(5), default="", server_default="")  # "14:30"
    place: Mapped[str] = mapped_column(String(120), default="")
    manner: Mapped[str] = mapped_column(String(200), default="")  # 大会, or the flexible way and why
    presider: Mapped[str] = mapped_column(String(64), default="")
    supervisor: Mapped[str] = mapped_column(String(64), default="")
    round: Mapped[int | None]  # from 2; None is the first
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    campaign: Mapped[Campaign] = relationship(back_populates="meetings")
    unit: Mapped[Unit] = relationship()

    @property
    def round_number(self) -> int:
        """The round of the campaign that the meeting belongs to, from 1."""
        return self.round or 1


class HeadCount(Base):
    """A number entered by a person: added, never changed.

    The newest of its (meeting, session, kind, form, rater_class) holds. ``kind``: expected, present (form ""); issued
    (form, rater_class); spoiled, spare, box (form, rater_class ""). ``session_id``: the supplementary session where it
    was counted, None for the meeting itself.
    """

    __tablename__ = "head_count"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    form: Mapped[str] = mapped_column(String(40), default="")
    rater_class: Mapped[str] = mapped_column(String(40), default="")
    number: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    note: Mapped[str] = mapped_column(String(200), default="")
    session_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_session.id"))
