"""Files come in: kept under their digest, counted once, opened into pages; withdrawn, taken back, tried again."""

from __future__ import annotations

import datetime as dt
import errno
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from omr.errors import FileProblem
from omr.settings import StackSettings
from omr.stack import open_stack
from webapp.errors import Busy, Conflict, InvalidInput, NotFound
from webapp.models import Batch, Page, Scan, now
from webapp.office import Office
from webapp.services import answers, closed, settling, stripping
from webapp.settings import Settings
from webapp.storage import Incoming

MB = 1 << 20
RESERVE = 200 * MB  # what must stay free for the database and the readings
NAME_LENGTH = 200
JOIN_WITHIN = dt.timedelta(hours=2)  # files of one drop come one after another; a later drop is another batch
CHUNK_PAGES = 12  # pages that a reader takes at a time
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}  # of ISO/IEC 23008-12
MOST_READERS = 16  # that are woken at once for one file


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a file that came in. ``first_*`` say where the same file lies already."""

    scan_id: int
    batch_id: int
    sha256: str
    duplicate_of: int | None = None
    first_batch: int | None = None
    first_name: str = ""


def stack_settings(settings: Settings) -> StackSettings:
    """Return the reader's limits as this office has set them."""
    return StackSettings(
        max_bytes=settings.max_upload_mb * MB,
        max_pages=settings.max_pages,
        max_pixels=settings.max_megapixels * 1_000_000,
    )


def receive(
    office: Office,
    stream: BinaryIO | Incoming,
    filename: str,
    *,
    user_id: int | None,
    origin: str,
    batch_id: int | None = None,
    meeting_id: int | None = None,
) -> Received:
    """Keep a file and ask for its reading. A file that is here already is named, linked to the first, never read twice.

    ``batch_id`` joins a batch of the same person that is still open, else a new batch is made. ``meeting_id`` is the
    meeting on whose page it came in. Raises InvalidInput "file-too-large", "heic-picture" and Busy "disk-full"; then
    nothing is kept.
    """
    sha256, size = _keep(office, stream)
    with office.db.begin() as session:
        sha256 = stripping.known(office, session, sha256)
        first = _live_scan(session, sha256)
        batch = _batch(session, batch_id, user_id, origin, meeting_id)
        scan = Scan(batch_id=batch.id, sha256=sha256, filename=clean_name(filename), bytes=size)
        if first is not None:
            scan.state, scan.duplicate_of = "duplicate", first.id
        session.add(scan)
        session.flush()
        done = Received(scan.id, batch.id, sha256)
        if first is not None:
            done = Received(scan.id, batch.id, sha256, first.id, first.batch_id, first.filename)
    if first is None:
        office.bell.ring("open-scan", done.scan_id)
    return done


def open_scan(office: Office, scan_id: int) -> None:
    """Job: count the pages of a file and queue them. What can't be opened gets its problem; the original stays."""
    with office.db.begin() as session:
        claim = update(Scan).where(Scan.id == scan_id, Scan.state == "received").returning(Scan.sha256)
        lease = now() + dt.timedelta(seconds=office.settings.lease_seconds)
        sha256 = session.scalar(claim.values(state="opening", lease_until=lease, tries=Scan.tries + 1))
    if sha256 is None:
        return  # another worker has it, or had it
    sha256 = stripping.strip(office, sha256)
    try:
        stack = open_stack(office.storage.path(sha256), stack_settings(office.settings))
        pages = len(stack)
        stack.close()
    except FileProblem as problem:
        _close_with_problem(office, scan_id, str(problem.code), problem.params)
        return
    with office.db.begin() as session:
        scan = _get(session, scan_id)
        if scan.state != "opening":
            return
        known = set(session.scalars(select(Page.index).where(Page.scan_id == scan_id)))
        session.add_all(Page(scan_id=scan_id, index=index) for index in range(1, pages + 1) if index not in known)
        scan.state, scan.page_count, scan.lease_until = "reading", pages, None
        session.flush()
        close_finished(session)
    for _ in range(min(-(-pages // CHUNK_PAGES), MOST_READERS)):
        office.bell.ring("read-pages", scan_id)


def close_finished(session: Session) -> None:
    """Set every scan to ``read`` whose pages are all done."""
    waiting = exists().where(Page.scan_id == Scan.id, Page.state.in_(("queued", "reading")))
    session.execute(update(Scan).where(Scan.state == "reading", ~waiting).values(state="read"))


def withdraw(office: Office, batch_id: int, *, why: str, user_id: int) -> int:
    """Take a batch out of the count; it is kept. Returns the number of its pages. Raises Conflict, InvalidInput."""
    if not why.strip():
        raise InvalidInput("withdraw-needs-reason")
    return _set_withdrawn(office, batch_id, user_id, why.strip()[:NAME_LENGTH])


def take_back(office: Office, batch_id: int) -> int:
    """Let a withdrawn batch count again. Returns the number of its pages. Raises Conflict."""
    return _set_withdrawn(office, batch_id, None, "")


def retry_scan(office: Office, scan_id: int) -> None:
    """Try again to open a file that could not be opened, or whose first copy was withdrawn.

    Raises NotFound and Conflict "nothing-to-retry".
    """
    with office.db.begin() as session:
        scan = _get(session, scan_id)
        again = scan.state == "duplicate" and _live_scan(session, scan.sha256) is None  # the first was withdrawn
        if scan.state != "problem" and not again:
            raise Conflict("nothing-to-retry")
        scan.duplicate_of = None
        scan.state, scan.problem, scan.problem_params, scan.tries, scan.lease_until = "received", "", {}, 0, None
    office.bell.ring("open-scan", scan_id)


def clean_name(filename: str) -> str:
    """Return a file's own name, without folders and control characters, not longer than the column."""
    name = PureWindowsPath(PurePosixPath(filename).name).name
    name = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C").strip()
    if len(name) > NAME_LENGTH:
        name = name[: NAME_LENGTH - 20] + "…" + name[-19:]  # the end holds the number and the kind
    return name or "scan"


def _keep(office: Office, stream: BinaryIO | Incoming) -> tuple[str, int]:
    limit = office.settings.max_upload_mb
    if office.storage.free_bytes() < RESERVE:
        raise Busy("disk-full", free_mb=office.storage.free_bytes() // MB)
    try:
        return office.storage.put(stream, limit * MB, _check_kind)
    except OverflowError as error:
        raise InvalidInput("file-too-large", limit=limit) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Busy("disk-full", free_mb=office.storage.free_bytes() // MB) from error
        raise


def _check_kind(head: bytes) -> None:
    """Refuse at once what a phone may send and no reader opens: whoever holds the phone can still change it."""
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        raise InvalidInput("heic-picture")


def _live_scan(session: Session, sha256: str) -> Scan | None:
    """Return the scan of the same file that is read or can be: not withdrawn, not a duplicate, not unreadable."""
    query = select(Scan).join(Batch).where(Scan.sha256 == sha256, Batch.withdrawn_at.is_(None))
    return session.scalar(query.where(Scan.state.not_in(("duplicate", "problem"))).order_by(Scan.id).limit(1))


def _batch(session: Session, batch_id: int | None, user_id: int | None, origin: str, meeting_id: int | None) -> Batch:
    batch = session.get(Batch, batch_id) if batch_id else None
    wanted = (user_id, origin, meeting_id)
    if batch and _is_open(batch) and (batch.created_by, batch.origin, batch.meeting_id) == wanted:
        return batch
    batch = Batch(origin=origin, created_by=user_id, meeting_id=meeting_id)
    session.add(batch)
    session.flush()
    return batch


def _is_open(batch: Batch) -> bool:
    return batch.withdrawn_at is None and now() - batch.created_at < JOIN_WITHIN


def _close_with_problem(office: Office, scan_id: int, code: str, params: dict[str, Any]) -> None:
    with office.db.begin() as session:
        scan = _get(session, scan_id)
        scan.state, scan.problem, scan.problem_params, scan.lease_until = "problem", code, params, None


def _set_withdrawn(office: Office, batch_id: int, user_id: int | None, why: str) -> int:
    with office.db.begin() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("no-such-batch")
        if (batch.withdrawn_at is None) == (user_id is None):
            raise Conflict("batch-already-so")
        batch.withdrawn_at, batch.withdrawn_by, batch.withdrawn_why = (now() if user_id else None), user_id, why
        pages = list(session.scalars(select(Page).join(Scan).where(Scan.batch_id == batch_id)))
        closed.refuse_pages(session, pages)
        keys = {(page.sheet, page.sheet_page) for page in pages if page.sheet and page.sheet_page}
        answers.recount_all(session, settling.settle(session, keys))
        return len(pages)


def _get(session: Session, scan_id: int) -> Scan:
    scan = session.get(Scan, scan_id)
    if scan is None:
        raise NotFound("no-such-scan")
    return scan
