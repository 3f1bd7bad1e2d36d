"""Pages are read: claimed under a lease, read by ``omr``, handed to ``recording`` a few at a time.

Several workers share one file: each takes a few pages at a time, keeps the file open while it finds more, and after a
short while rings for the rest, so that a small file need not wait until a long one is done.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from forms import code
from omr.errors import FileProblem
from omr.reader import rejected
from omr.reading import PageReading
from omr.settings import ReaderSettings
from omr.stack import Stack, open_stack
from webapp.models import Page, Scan, now
from webapp.office import Office
from webapp.services import layouts
from webapp.services.intake import CHUNK_PAGES, stack_settings
from webapp.services.recording import Done, fail, record

TASK = "read-pages"
READER_FAILED = "reader-failed"
SHIFT_SECONDS = 2.0  # after which a worker looks what else waits
RECORD_SECONDS = 1.0  # a page that was read waits no longer until the database and those who look on know of it
SHARE = 8  # a claim is at most this part of what waits: the last pages of a file are shared among the workers
FEWEST_PAGES = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A page that is ours to read until its lease runs out. ``typed`` is the code that a person typed for it."""

    page_id: int
    index: int
    typed: code.SheetCode | None


class File:
    """The file of a scan, opened when its first page is wanted."""

    def __init__(self, office: Office, scan_id: int) -> None:
        self._office = office
        self._stack: Stack | None = None
        self.settings = ReaderSettings(stack=stack_settings(office.settings))
        with office.db.read() as session:
            scan = session.get_one(Scan, scan_id)
        self.name, self._sha256 = scan.filename, scan.sha256

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stack is not None:
            self._stack.close()

    @property
    def stack(self) -> Stack:
        """The open file. Raises FileProblem."""
        if self._stack is None:
            self._stack = open_stack(self._office.storage.path(self._sha256), self.settings.stack)
        return self._stack


def read_pages(office: Office, scan_id: int) -> None:
    """Job: read queued pages of a scan for a while, then ask for the rest."""
    until = time.monotonic() + SHIFT_SECONDS
    with File(office, scan_id) as file:
        while claimed := claim(office, scan_id):
            _read_claimed(office, file, claimed)
            if time.monotonic() >= until:
                break
    if claimed and _waiting(office, scan_id):
        office.bell.ring(TASK, scan_id)


def claim(office: Office, scan_id: int, most: int | None = None) -> list[Claimed]:
    """Take some queued pages of a scan, in order of the file. Nobody else gets them until the lease ends.

    ``most``: how many at most; without it a share of those that wait.
    """
    waiting = (Page.scan_id == scan_id, Page.state == "queued", Page.part == 1)
    with office.db.begin() as session:
        if most is None:
            number = session.scalar(select(func.count()).select_from(Page).where(*waiting)) or 0
            most = min(CHUNK_PAGES, max(FEWEST_PAGES, number // SHARE))
        queued = select(Page.id).where(*waiting).order_by(Page.index).limit(most)
        taken = update(Page).where(Page.id.in_(queued)).returning(Page.id, Page.index, Page.typed_code)
        taken = taken.values(state="reading", lease_until=lease(office), tries=Page.tries + 1)
        rows = session.execute(taken, execution_options={"synchronize_session": False}).all()
    pages = [Claimed(page_id, index, code.parse(typed) if typed else None) for page_id, index, typed in rows]
    return sorted(pages, key=lambda page: page.index)


def give_back(office: Office, page_ids: set[int]) -> None:
    """Queue pages again that were claimed and not read."""
    if not page_ids:
        return
    with office.db.begin() as session:
        rows = update(Page).where(Page.id.in_(page_ids), Page.state == "reading")
        session.execute(rows.values(state="queued", lease_until=None, tries=Page.tries - 1))


def renew(office: Office, page_ids: Sequence[int]) -> None:
    """Prolong the lease of pages that are still ours to read."""
    with office.db.begin() as session:
        rows = update(Page).where(Page.id.in_(page_ids), Page.state == "reading")
        session.execute(rows.values(lease_until=lease(office)))


def _read_claimed(office: Office, file: File, claimed: Sequence[Claimed]) -> None:
    """Read claimed pages and record them, those first that were read first; give back what was not recorded."""
    left = [page.page_id for page in claimed]
    done: list[Done] = []
    recorded = renewed = time.monotonic()
    try:
        for page, readings in read_each(office, file, claimed):
            if readings is None:
                fail(office, page.page_id, READER_FAILED)
                left.remove(page.page_id)
            else:
                done.append(Done(page.page_id, readings))
            moment = time.monotonic()
            if moment - renewed > office.settings.lease_seconds / 3:
                renew(office, left)
                renewed = moment
            if done and (moment - recorded >= RECORD_SECONDS or page is claimed[-1]):
                record(office, done)
                left = [page_id for page_id in left if page_id not in {each.page_id for each in done}]
                done, recorded = [], moment
    finally:
        give_back(office, set(left))


def read_each(
    office: Office, file: File, claimed: Sequence[Claimed]
) -> Iterator[tuple[Claimed, list[PageReading] | None]]:
    """Yield each page with what was read on it, None where the reader itself failed."""
    reader = layouts.reader(office, file.settings)
    stack = file.stack
    for page in claimed:
        try:
            readings = reader.read(stack.page(page.index, reduce=True), file.name, page.typed)
        except FileProblem as trouble:
            readings = [rejected(file.name, page.index, trouble.problem())]
        except Exception:  # a page that trips the reader must not stop the stack: it is named and shown
            log.exception("%s page %s", file.name, page.index)
            yield page, None
            continue
        yield page, readings


def lease(office: Office) -> dt.datetime:
    """Return until when what is claimed now is ours."""
    return now() + dt.timedelta(seconds=office.settings.lease_seconds)


def _waiting(office: Office, scan_id: int) -> bool:
    with office.db.read() as session:
        query = select(Page.id).where(Page.scan_id == scan_id, Page.state == "queued").limit(1)
        return session.scalar(query) is not None
