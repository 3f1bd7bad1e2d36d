"""The original that is kept: what came in without what tells of its making, under the digest of what is kept.

A reader strips a file when it first opens it. What came in is known by its own digest afterwards too, so that the same
file is recognised when it comes again.
"""

from __future__ import annotations

import io

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Scan, StrippedFile
from webapp.office import Office
from webapp.services import metadata


def strip(office: Office, sha256: str) -> str:
    """Strip a stored file and return the digest of what is kept: the same where there was nothing to take out."""
    source = office.storage.path(sha256)
    content = metadata.strip(source) if source.exists() else None
    if content is None:
        return sha256
    kept, size = office.storage.put(io.BytesIO(content))
    with office.db.begin() as session:
        for scan in session.scalars(select(Scan).where(Scan.sha256 == sha256)).all():
            scan.sha256, scan.bytes = kept, size
        session.merge(StrippedFile(received=sha256, kept=kept))
    source.unlink(missing_ok=True)
    return kept


def known(office: Office, session: Session, sha256: str) -> str:
    """Return the digest under which a file that came in is kept already; its own where it is new.

    What came in again is deleted: it is here without its metadata.
    """
    row = session.get(StrippedFile, sha256)
    if row is None or not office.storage.path(row.kept).exists():
        return sha256
    office.storage.path(sha256).unlink(missing_ok=True)
    return row.kept
