"""What is printed: layouts, print runs, their files, and the codes that were issued."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, now
from webapp.models.campaign import Meeting, Survey


class Layout(Base):
    """A layout that was ever printed: an old stack always meets its own geometry."""

    __tablename__ = "layout"

    digest: Mapped[str] = mapped_column(String(8), primary_key=True)
    form: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(Text)  # layout.json
    created_at: Mapped[dt.datetime] = mapped_column(default=now)


class PrintRun(Base):
    """Sheets of one survey for one meeting and one subject (or one roster). More copies can be added to it."""

    __tablename__ = "print_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id"), index=True)
    layout_digest: Mapped[str] = mapped_column(ForeignKey("layout.digest"), index=True)
    subject: Mapped[str] = mapped_column(String(200), default="")
    back: Mapped[str] = mapped_column(Text, default="", server_default="")  # printed on the back of each page
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)  # unit, subject, date, members
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    created_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    meeting: Mapped[Meeting] = relationship()
    survey: Mapped[Survey] = relationship()
    files: Mapped[list[PrintFile]] = relationship(back_populates="print_run", order_by="PrintFile.id")


class PrintFile(Base):
    """One PDF of a print run: the first copies, or more copies. ``state``: queued, making, done, failed."""

    __tablename__ = "print_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    print_run_id: Mapped[int] = mapped_column(ForeignKey("print_run.id"), index=True)
    copies: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="queued")
    done: Mapped[int] = mapped_column(default=0)  # copies drawn so far, for the progress bar
    bytes: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(80), default="")
    lease_until: Mapped[dt.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    created_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    print_run: Mapped[PrintRun] = relationship(back_populates="files")


class IssuedSheet(Base):
    """A sheet that exists on paper. Kept in order of its code and without any time: nothing says who got it.

    ``print_file_id`` is there so that a PDF can be made again; it says which stack, not which place in it.
    """

    __tablename__ = "issued_sheet"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own name; no hidden order of insertion

    sheet: Mapped[str] = mapped_column(String(8), primary_key=True)
    print_run_id: Mapped[int] = mapped_column(ForeignKey("print_run.id"), index=True)
    print_file_id: Mapped[int] = mapped_column(ForeignKey("print_file.id"), index=True)
