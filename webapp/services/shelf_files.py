"""Scans that belong to a paper of the shelf: what was signed, sealed or written by hand, without its metadata."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Scan, ShelfAttachment, now
from webapp.office import Office
from webapp.services import metadata, shelf
from webapp.services.paper_kind import PaperKind, Target

KINDS = {b"%PDF-": ("pdf", "application/pdf"), b"\xff\xd8\xff": ("jpg", "image/jpeg"), b"\x89PNG": ("png", "image/png")}
MOST_MB = 40


def attach(
    office: Office, kind: PaperKind, target: Target, *, filename: str, stream: IO[bytes], user_id: int
) -> ShelfAttachment:
    """Keep a scan of a paper. Raises InvalidInput for what is no PDF, JPEG or PNG, or is too large; NotFound."""
    sha256, size = keep(office, stream)
    with office.db.begin() as session:
        shelf.refuse_locked(session, target)
        row = shelf.row_of(session, kind, target)
        version = shelf.latest(session, kind, target)
        made = ShelfAttachment(
            paper_id=row.id, version=version.number if version else None, filename=Path(filename).name[:200] or "scan",
            sha256=sha256, bytes=size, user_id=user_id,
        )  # fmt: skip
        session.add(made)
    return made


def keep(office: Office, stream: IO[bytes]) -> tuple[str, int]:
    """Put a scan into the storage without what tells of its making; return its digest and size. Raises InvalidInput."""
    try:
        sha256, size = office.storage.put(cast(BinaryIO, stream), MOST_MB << 20, _check)
    except OverflowError as error:
        raise InvalidInput("attachment-too-large", most_mb=MOST_MB) from error
    stripped = metadata.strip(office.storage.path(sha256))
    if stripped is None:
        return sha256, size
    kept, size = office.storage.put(io.BytesIO(stripped))
    if not _is_used(office, sha256):
        office.storage.path(sha256).unlink(missing_ok=True)
    return kept, size


def remove(session: Session, attachment_id: int, *, user_id: int, why: str) -> None:
    """Take a scan off its paper, with the reason; the file and the row stay. Raises NotFound, InvalidInput."""
    row = get(session, attachment_id)
    if not why.strip():
        raise InvalidInput("why-missing")
    row.removed_at, row.removed_by, row.why = now(), user_id, why.strip()[:500]


def get(session: Session, attachment_id: int) -> ShelfAttachment:
    """Return a scan that is still on its paper. Raises NotFound."""
    row = session.get(ShelfAttachment, attachment_id)
    if row is None or row.removed_at is not None:
        raise NotFound("no-such-row", kind="Attachment")
    return row


def mimetype(path: Path) -> str:
    """Return the kind of a stored scan. Raises InvalidInput for another."""
    with path.open("rb") as file:
        return _kind(file.read(8))[1]


def _check(head: bytes) -> None:
    _kind(head)


def _kind(head: bytes) -> tuple[str, str]:
    for start, found in KINDS.items():
        if head.startswith(start):
            return found
    raise InvalidInput("attachment-no-scan")


def _is_used(office: Office, sha256: str) -> bool:
    with office.db.read() as session:
        return (
            session.scalar(select(ShelfAttachment.id).where(ShelfAttachment.sha256 == sha256).limit(1)) is not None
            or session.scalar(select(Scan.id).where(Scan.sha256 == sha256).limit(1)) is not None
        )
