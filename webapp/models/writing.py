"""Papers that people write, in versions; opinions merged by people; which account is whose.

Rows are added. Of those that say the same the newest holds; an undo marks its deed and takes nothing away.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


class ShelfPaper(Base):
    """A paper of a kind (``services.paper_kinds``) at its place: of a campaign, a unit, a meeting, a member."""

    __tablename__ = "shelf_paper"
    __table_args__ = (UniqueConstraint("kind", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(260))  # campaign/unit/meeting/member/part, for the constraint
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)  # None: the whole school
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    part: Mapped[str] = mapped_column(String(200), default="")  # which of several at one place
    created_at: Mapped[dt.datetime] = mapped_column(default=now)


class ShelfText(Base):
    """What somebody typed into a field of a paper; the newest holds. None: back to what the program fills in."""

    __tablename__ = "shelf_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("shelf_paper.id"), index=True)
    field: Mapped[str] = mapped_column(String(40))
    text: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class ShelfStep(Base):
    """How a paper went on: handed-in, handed-back, examined, fixed, reopened. The newest says where it stands."""

    __tablename__ = "shelf_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("shelf_paper.id"), index=True)
    step: Mapped[str] = mapped_column(String(12))
    why: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class ShelfVersion(Base):
    """A paper as it was fixed: all that is printed, and its digest. A correction is a further version."""

    __tablename__ = "shelf_version"
    __table_args__ = (UniqueConstraint("paper_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("shelf_paper.id"), index=True)
    number: Mapped[int]  # from 1
    content: Mapped[dict[str, Any]]  # pingyi.paper/1, see papers.codec
    digest: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)


class ShelfAttachment(Base):
    """A scan that belongs to a paper: signed or sealed, or written by hand. Without what tells of its making."""

    __tablename__ = "shelf_attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("shelf_paper.id"), index=True)
    version: Mapped[int | None]  # the version that was signed; None: none was fixed yet
    filename: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    removed_at: Mapped[dt.datetime | None]
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    why: Mapped[str] = mapped_column(String(500), default="")  # it was removed


class ShelfCode(Base):
    """The code printed on a paper that is written on by hand and scanned back."""

    __tablename__ = "shelf_code"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("shelf_paper.id"), unique=True)


class CampaignClosing(Base):
    """A campaign was closed: its papers are as they are. The newest that was not opened again holds."""

    __tablename__ = "campaign_closing"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    why: Mapped[str] = mapped_column(String(500))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    reopened_at: Mapped[dt.datetime | None]
    reopened_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reopened_why: Mapped[str] = mapped_column(String(500), default="")


class MemberUser(Base):
    """A member's own account. The newest of a member that is not ended holds."""

    __tablename__ = "member_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    given_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class MergeDeed(Base):
    """Something done at merging. ``kind``: new, put, take-out, aside, edit, dissolve. Undone, it counts no longer."""

    __tablename__ = "merge_deed"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    undone_at: Mapped[dt.datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class MergedOpinion(Base):
    """A merged opinion (归并意见). What it says is its newest ``MergedVersion``."""

    __tablename__ = "merged_opinion"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)


class MergedVersion(Base):
    """What a merged opinion says.

    ``category``: duty (履行职责), promise (兑现承诺), role (发挥作用), other. ``item``: the number of its item or None.
    ``about``: organisation or member; ``subject``: which one, "" where it is about all.
    """

    __tablename__ = "merged_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("merged_opinion.id"), index=True)
    deed_id: Mapped[int] = mapped_column(ForeignKey("merge_deed.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    category: Mapped[str] = mapped_column(String(8), default="other")
    item: Mapped[int | None]
    about: Mapped[str] = mapped_column(String(12), default="organisation")
    subject: Mapped[str] = mapped_column(String(200), default="")
    dissolved: Mapped[bool] = mapped_column(default=False)


class Merging(Base):
    """A raw opinion was put into a merged one or taken out; the newest of a pair holds. ``merged_id`` None: set aside.

    ``source``: sheet (``key`` is that of a detached text), gathered (the id of a ``GatheredOpinion``).
    """

    __tablename__ = "merging"

    id: Mapped[int] = mapped_column(primary_key=True)
    deed_id: Mapped[int] = mapped_column(ForeignKey("merge_deed.id"), index=True)
    merged_id: Mapped[int | None] = mapped_column(ForeignKey("merged_opinion.id"), index=True)
    source: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(32))
    put: Mapped[bool] = mapped_column(default=True)
