"""Deeds on the register of rectification: entering a problem, changing it, progress, evidence, closing, reopening.

Every change adds a row. A later due day is an extension and wants its reason; so does any change once work has begun.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Meeting, Remedy, RemedyFile, RemedyStep, RemedyVersion, Scan, now
from webapp.office import Office
from webapp.services import metadata, rectification
from webapp.services.rectification import DONE

SOURCES = ("opinion", "low", "order", "typed")
LONGEST = {"problem": 500, "cause": 4000, "measure": 4000, "person": 64}
MOST_BYTES = 50 << 20
# by their first bytes: pictures, PDF, and the zip that DOCX and XLSX are
KINDS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-", b"PK\x03\x04", b"II*\0", b"MM\0*")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the register says of a problem."""

    problem: str
    cause: str = ""
    measure: str = ""
    person: str = ""
    due_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a problem comes from: ``source`` and, in words for the register, ``text``."""

    source: str = "typed"
    text: str = ""
    subject: str = ""
    question: str = ""
    opinion_id: int | None = None


def add(office: Office, meeting_id: int, entry: Entry, *, user_id: int, origin: Origin | None = None) -> int:
    """Enter a problem. Returns its id. Raises NotFound and InvalidInput."""
    with office.db.begin() as session:
        return add_in(session, meeting_id, entry, user_id=user_id, origin=origin)


def add_in(session: Session, meeting_id: int, entry: Entry, *, user_id: int, origin: Origin | None = None) -> int:
    """Enter a problem inside a transaction."""
    origin = origin or Origin()
    _check(entry)
    if session.get(Meeting, meeting_id) is None:
        raise NotFound("no-such-row", kind="Meeting")
    if origin.source not in SOURCES:
        raise InvalidInput("no-such-kind")
    last = session.scalar(select(func.max(Remedy.number)).where(Remedy.meeting_id == meeting_id)) or 0
    remedy = Remedy(
        meeting_id=meeting_id, number=last + 1, source=origin.source, origin=origin.text[:200], user_id=user_id,
        subject=origin.subject, question=origin.question, opinion_id=origin.opinion_id,
    )  # fmt: skip
    session.add(remedy)
    session.flush()
    session.add(RemedyVersion(remedy_id=remedy.id, user_id=user_id, **asdict(entry)))
    session.flush()
    return remedy.id


def change(office: Office, remedy_id: int, entry: Entry, *, user_id: int, why: str = "") -> bool:
    """Write what the register says of a problem anew; tells whether anything changed.

    Raises NotFound, InvalidInput (a later day or a change of begun work without a reason) and Conflict (it is closed).
    """
    _check(entry)
    with office.db.begin() as session:
        row = rectification.row(session, remedy_id)
        if row.stage in DONE:
            raise Conflict("remedy-done")
        before = Entry(row.problem, row.cause, row.measure, row.person, row.due_on)
        if before == entry:
            return False
        later = before.due_on is not None and (entry.due_on is None or entry.due_on > before.due_on)
        if not why and later:
            raise InvalidInput("extension-why")
        if not why and row.stage == "doing":
            raise InvalidInput("change-why")
        session.add(RemedyVersion(remedy_id=remedy_id, user_id=user_id, why=why[:500], **asdict(entry)))
        return True


def note(office: Office, remedy_id: int, text: str, *, user_id: int) -> None:
    """Write down progress. Raises NotFound, InvalidInput and Conflict (it is closed)."""
    _step(office, remedy_id, "progress", text, user_id)


def close(office: Office, remedy_id: int, text: str, *, user_id: int) -> None:
    """Close a problem (办结): it has a measure, a person, and evidence. Raises NotFound, InvalidInput, Conflict."""
    _step(office, remedy_id, "closed", text, user_id)


def clear(office: Office, remedy_id: int, text: str, *, user_id: int) -> None:
    """Take a closed problem off after a re-check (复查销号): by another person. Raises as ``close``."""
    _step(office, remedy_id, "cleared", text, user_id)


def reopen(office: Office, remedy_id: int, text: str, *, user_id: int) -> None:
    """Open a closed or cleared problem again, with a reason. Raises NotFound, InvalidInput, Conflict."""
    _step(office, remedy_id, "reopened", text, user_id)


def _step(office: Office, remedy_id: int, kind: str, text: str, user_id: int) -> None:
    text = text.strip()
    if len(text) > 1000:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        row = rectification.row(session, remedy_id)
        _allowed(session, row, kind, text, user_id)
        session.add(RemedyStep(remedy_id=remedy_id, kind=kind, text=text, user_id=user_id))


def _allowed(session: Session, row: rectification.Row, kind: str, text: str, user_id: int) -> None:
    done = row.stage in DONE
    if kind == "progress" and not text:
        raise InvalidInput("progress-empty")
    if kind == "reopened" and not text:
        raise InvalidInput("reopen-why")
    if (kind in ("progress", "closed") and done) or (kind == "reopened" and not done):
        raise Conflict("remedy-done" if done else "remedy-open")
    if kind == "closed" and not (row.measure and row.person):
        raise InvalidInput("remedy-unplanned")
    if kind == "closed" and not row.files:
        raise InvalidInput("remedy-bare")
    if kind == "cleared":
        if row.stage != "closed":
            raise Conflict("remedy-open" if not done else "remedy-done")
        last = select(RemedyStep.user_id).where(RemedyStep.remedy_id == row.id, RemedyStep.kind == "closed")
        if session.scalar(last.order_by(RemedyStep.id.desc()).limit(1)) == user_id:
            raise InvalidInput("recheck-other")


def attach(office: Office, remedy_id: int, stream: BinaryIO, filename: str, *, user_id: int) -> int:
    """Keep a file as evidence, without what tells of its making. Returns its id.

    Raises NotFound, InvalidInput (no picture, PDF or office file; empty; too large) and Conflict (it is closed).
    """
    with office.db.read() as session:
        if rectification.row(session, remedy_id).stage in DONE:
            raise Conflict("remedy-done")
    sha256, size = keep_file(office, stream)
    with office.db.begin() as session:
        name = PurePath(filename.replace("\\", "/")).name[-200:] or "–"
        row = RemedyFile(remedy_id=remedy_id, sha256=sha256, filename=name, bytes=size, user_id=user_id)
        session.add(row)
        session.flush()
        return row.id


def keep_file(office: Office, stream: BinaryIO) -> tuple[str, int]:
    """Store a file that a person gave, stripped; return digest and bytes. Raises InvalidInput for another kind."""

    def check(head: bytes) -> None:
        if not head.startswith(KINDS):
            raise InvalidInput("evidence-kind")

    try:
        sha256, size = office.storage.put(stream, MOST_BYTES, check)
    except OverflowError as error:
        raise InvalidInput("evidence-large", most_mb=MOST_BYTES >> 20) from error
    content = metadata.strip(office.storage.path(sha256))
    if content is None:
        return sha256, size
    with office.db.read() as session:
        scanned = session.scalar(select(Scan.id).where(Scan.sha256 == sha256).limit(1))
    if scanned is None:
        office.storage.path(sha256).unlink(missing_ok=True)
    return office.storage.put(io.BytesIO(content))


def withdraw(office: Office, file_id: int, *, user_id: int) -> int:
    """Take a piece of evidence back; the row stays. Returns the problem's id. Raises NotFound and Conflict."""
    with office.db.begin() as session:
        file = session.get(RemedyFile, file_id)
        if file is None or file.withdrawn_at is not None:
            raise NotFound("no-such-row", kind="RemedyFile")
        if rectification.row(session, file.remedy_id).stage in DONE:
            raise Conflict("remedy-done")
        file.withdrawn_at, file.withdrawn_by = now(), user_id
        return file.remedy_id


def _check(entry: Entry) -> None:
    if not entry.problem.strip():
        raise InvalidInput("problem-missing")
    if any(len(getattr(entry, name)) > most for name, most in LONGEST.items()):
        raise InvalidInput("text-long")
