"""The documents that a campaign stands on (依据文件): kept in the storage, without what tells of their making."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import BasisDocument, Campaign, now
from webapp.office import Office
from webapp.services import shelf_files


def documents(session: Session, campaign_id: int) -> list[BasisDocument]:
    """Return the documents that a campaign stands on, in the order they were added."""
    query = select(BasisDocument).where(BasisDocument.campaign_id == campaign_id, BasisDocument.removed_at.is_(None))
    return list(session.scalars(query.order_by(BasisDocument.id)))


def document(session: Session, campaign_id: int, number: int) -> BasisDocument:
    """Return a document of a campaign. Raises NotFound."""
    row = session.get(BasisDocument, number)
    if row is None or row.campaign_id != campaign_id or row.removed_at is not None:
        raise NotFound("no-such-row", kind="BasisDocument")
    return row


def add_document(
    office: Office, campaign_id: int, *, title: str, filename: str, stream: IO[bytes], user_id: int
) -> int:
    """Keep a document without what tells of its making. Returns its number.

    Raises NotFound, and InvalidInput for what is no PDF, JPEG or PNG, is too large, or has no title.
    """
    name = Path(filename).name[:255]
    title = title.strip() or Path(name).stem
    if not title or len(title) > 200:
        raise InvalidInput("text-long" if title else "title-missing")
    with office.db.read() as session:
        if session.get(Campaign, campaign_id) is None:
            raise NotFound("no-such-row", kind="Campaign")
    sha256, size = shelf_files.keep(office, stream)
    with office.db.begin() as session:
        row = BasisDocument(
            campaign_id=campaign_id, title=title, filename=name or "document", sha256=sha256, bytes=size,
            user_id=user_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def remove_document(office: Office, campaign_id: int, number: int, *, user_id: int) -> None:
    """Take a document off the campaign; the file and the row stay. Raises NotFound."""
    with office.db.begin() as session:
        row = document(session, campaign_id, number)
        row.removed_at, row.removed_by = now(), user_id
