"""What came back: batches, scans (files), pages, readings, answers, decisions, rulings, opinions.

The state of the work is in these rows; the queue only wakes workers. A machine's reading is never overwritten and a
person's decision is a row that is added.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, now


class Batch(Base):
    """Files that came in together. A withdrawn batch counts nowhere, but is kept."""

    __tablename__ = "batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(16))  # upload, inbox
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))  # where it came in; decides nothing
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_why: Mapped[str] = mapped_column(String(200), default="")
    scans: Mapped[list[Scan]] = relationship(back_populates="batch", order_by="Scan.id")


class Scan(Base):
    """One file. ``state``: received → opening → reading → read | problem; or duplicate (of another scan)."""

    __tablename__ = "scan"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    bytes: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="received", index=True)
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("scan.id"))
    problem: Mapped[str] = mapped_column(String(40), default="")
    problem_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    page_count: Mapped[int | None]
    lease_until: Mapped[dt.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    batch: Mapped[Batch] = relationship(back_populates="scans")


class Page(Base):
    """One page of a scan (``part`` 2 where one image holds two sheets), or a sheet keyed in by hand (no scan).

    ``state``: queued → reading → read | tray | failed; keyed. ``tray``: why it lies apart (blank-page, not-a-sheet,
    bad-code, unknown-layout, not-issued, no-fiducials, cut-off, poor-fit, …). ``standing`` says whether it counts:
    counts · rescan (same sheet, same marks, a better one counts) · held (same sheet, other marks: a person rules) ·
    none (tray, failed, not read yet) · withdrawn.
    """

    __tablename__ = "page"
    __table_args__ = (
        UniqueConstraint("scan_id", "index", "part"),
        Index("ix_page_sheet_sheet_page", "sheet", "sheet_page"),
        Index("ix_page_print_run_id_standing", "print_run_id", "standing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("scan.id"), index=True)
    index: Mapped[int] = mapped_column(default=1)  # page in the file, from 1
    part: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    tray: Mapped[str] = mapped_column(String(24), default="")
    removed_at: Mapped[dt.datetime | None]  # a person put it out of the tray as not ours
    print_run_id: Mapped[int | None] = mapped_column(ForeignKey("print_run.id"))
    sheet: Mapped[str | None] = mapped_column(String(8))
    sheet_page: Mapped[int | None]
    typed_code: Mapped[str | None] = mapped_column(String(18))  # what a person typed for an unreadable code
    standing: Mapped[str] = mapped_column(String(12), default="none")
    doubts: Mapped[int] = mapped_column(default=0)  # questions that wait for a person; kept by services.review
    reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id", use_alter=True))  # the one in force
    lease_until: Mapped[dt.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    scan: Mapped[Scan | None] = relationship()
    reading: Mapped[Reading | None] = relationship(foreign_keys=[reading_id], post_update=True)


class Reading(Base):
    """What one version of the reader saw on a page, whole, with its evidence. Never changed."""

    __tablename__ = "reading"
    __table_args__ = (UniqueConstraint("page_id", "reader", "attempt"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"), index=True)
    reader: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int] = mapped_column(default=1)  # 2 … where a person asked for another try or typed the code
    status: Mapped[str] = mapped_column(String(16))
    problem: Mapped[str] = mapped_column(String(40), default="")
    layout_digest: Mapped[str | None] = mapped_column(String(8))
    residual_mm: Mapped[float | None]
    value: Mapped[dict[str, Any]]  # the pingyi.reading/1 value
    created_at: Mapped[dt.datetime] = mapped_column(default=now)


class Answer(Base):
    """One question of one reading, as the machine saw it. ``state``: answered, blank, multiple, unsure."""

    __tablename__ = "answer"

    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"), primary_key=True)
    question: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    choice: Mapped[str] = mapped_column(String(120), default="")  # choice ids, comma-separated
    probability: Mapped[float]


class Decision(Base):
    """What a person ruled on one question of a page: the newest row holds.

    ``state``: answered, blank, invalid; or machine (an undo that goes back to the machine's reading). ``stage`` says
    where the question stands after the row: "" one person sufficed; first (a second has to look, nothing holds yet);
    agreed (the second said the same); differs (the scrutineer has to rule); ruling (he did).
    """

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_page_id_question", "page_id", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"))
    question: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    choice: Mapped[str] = mapped_column(String(120), default="")
    stage: Mapped[str] = mapped_column(String(8), default="")
    origin: Mapped[str] = mapped_column(String(12), default="review")  # review, keyed
    undoes: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    note: Mapped[str] = mapped_column(String(200), default="")


class Ruling(Base):
    """What a person ruled on a whole sheet: the newest row of its kind holds.

    ``kind``: void (废票, with a reason), valid (takes a void back), use-page (which of several pages counts).
    ``stage`` is that of a decision; while it is first or differs, what held before still holds.
    """

    __tablename__ = "ruling"

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet: Mapped[str] = mapped_column(String(8), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    stage: Mapped[str] = mapped_column(String(8), default="")
    page_id: Mapped[int | None] = mapped_column(ForeignKey("page.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[dt.datetime] = mapped_column(default=now)
    note: Mapped[str] = mapped_column(String(200), default="")


class Opinion(Base):
    """Handwriting in a region of a page. ``state``: waiting → proposed → confirmed; or no-text (a person saw none).

    ``proposal``: list of lines ``{"text": …, "characters": [[c, p], …]}`` of the OCR engine; shown as a proposal until
    a person confirms ``text``.
    """

    __tablename__ = "opinion"
    __table_args__ = (UniqueConstraint("page_id", "region"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"), index=True)
    region: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12), default="waiting", index=True)
    engine: Mapped[str] = mapped_column(String(24), default="")
    proposal: Mapped[list[Any]] = mapped_column(default=list)
    text: Mapped[str] = mapped_column(Text, default="")
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    confirmed_at: Mapped[dt.datetime | None]
    lease_until: Mapped[dt.datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
