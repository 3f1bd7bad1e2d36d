"""What is kept for good: the texts of opinions, away from their sheets, and the records of destruction."""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, now


def random_id() -> str:
    """Return a key that tells nothing."""
    return secrets.token_hex(16)


class OpinionText(Base):
    """What somebody wrote, detached from his sheet: a random key, the day of its lot, and nobody's name."""

    __tablename__ = "opinion_text"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own name; no hidden order of insertion

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=random_id)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"), index=True)
    subject: Mapped[str] = mapped_column(String(200), default="")
    region: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    day: Mapped[dt.date]


class StrippedFile(Base):
    """A file that came in, by its digest, and the digest under which it is kept without its metadata."""

    __tablename__ = "stripped_file"

    received: Mapped[str] = mapped_column(String(64), primary_key=True)
    kept: Mapped[str] = mapped_column(String(64), index=True)


class Disposal(Base):
    """The record that the sheets' images and handwriting of a campaign were destroyed. Added, never changed."""

    __tablename__ = "disposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    files: Mapped[int]
    bytes: Mapped[int]
    opinions: Mapped[int]
    due_on: Mapped[dt.date]  # the term had run out on this day
    witness: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
