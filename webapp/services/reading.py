"""Pages are read: claimed under a lease, read by ``omr``, recorded once, given their place.

Several workers share one file: each takes a few pages at a time, keeps the file open for them, and rings for more.
A page is recorded by whoever still finds it being read, so that a worker that was given up for dead does no harm.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from forms import code
from omr.errors import FileProblem
from omr.reader import rejected
from omr.reading import PageReading, Status
from omr.settings import ReaderSettings
from omr.stack import open_stack
from webapp.models import Answer, IssuedSheet, Opinion, Page, Reading, Scan, now
from webapp.office import Office
from webapp.services import answers, layouts, settling
from webapp.services.intake import CHUNK_PAGES, close_finished, stack_settings

TASK, OPINION_TASK = "read-pages", "propose-text"
READER_FAILED = "reader-failed"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A page that is ours to read until its lease runs out. ``typed`` is the code that a person typed for it."""

    page_id: int
    index: int
    typed: code.SheetCode | None


def read_pages(office: Office, scan_id: int) -> None:
    """Job: read some of the queued pages of a scan, then ask for the rest."""
    claimed = claim(office, scan_id)
    if not claimed:
        return
    left = {page.page_id for page in claimed}
    try:
        for page, readings in _read(office, scan_id, claimed):
            if readings is None:
                fail(office, page.page_id, READER_FAILED)
            else:
                record(office, page.page_id, readings)
            left.discard(page.page_id)
    finally:
        give_back(office, left)
    if _waiting(office, scan_id):
        office.bell.ring(TASK, scan_id)


def claim(office: Office, scan_id: int, most: int = CHUNK_PAGES) -> list[Claimed]:
    """Take up to ``most`` queued pages of a scan, in order of the file. Nobody else gets them until the lease ends."""
    queued = select(Page.id).where(Page.scan_id == scan_id, Page.state == "queued", Page.part == 1)
    queued = queued.order_by(Page.index).limit(most)
    taken = update(Page).where(Page.id.in_(queued)).returning(Page.id, Page.index, Page.typed_code)
    with office.db.begin() as session:
        rows = session.execute(taken.values(state="reading", lease_until=_lease(office), tries=Page.tries + 1)).all()
    pages = [Claimed(page_id, index, code.parse(typed) if typed else None) for page_id, index, typed in rows]
    return sorted(pages, key=lambda page: page.index)


def give_back(office: Office, page_ids: set[int]) -> None:
    """Queue pages again that were claimed and not read."""
    if not page_ids:
        return
    with office.db.begin() as session:
        rows = update(Page).where(Page.id.in_(page_ids), Page.state == "reading")
        session.execute(rows.values(state="queued", lease_until=None, tries=Page.tries - 1))


def record(office: Office, page_id: int, readings: Sequence[PageReading]) -> None:
    """Write what was read on a page, give it its place and settle its sheet: all in one transaction.

    Does nothing where the page is no longer being read: somebody else has recorded it.
    """
    with office.db.begin() as session:
        page = session.get(Page, page_id)
        if page is None or page.state != "reading":
            return
        pages = [_page_of_part(session, page, reading.part) for reading in readings]
        keys = {key for each in pages if (key := _key(each))}
        opinions: list[Opinion] = []
        for each, reading in zip(pages, readings, strict=True):
            _write(session, each, reading)
            _place(session, each, reading)
            opinions += _opinions(session, each, reading)
        keys |= {key for each in pages if (key := _key(each))}
        changed = settling.settle(session, keys)
        for each in {*pages, *changed}:
            answers.recount(session, each)
        session.flush()
        close_finished(session)
    for opinion in opinions:
        office.bell.ring(OPINION_TASK, opinion.id)


def fail(office: Office, page_id: int, reason: str) -> None:
    """Set a page aside that could not be read at all; a person may ask for another try."""
    with office.db.begin() as session:
        page = session.get(Page, page_id)
        if page is None or page.state != "reading":
            return
        key = _key(page)
        page.state, page.tray, page.standing, page.lease_until, page.doubts = "failed", reason, settling.NONE, None, 0
        for each in settling.settle(session, {key} if key else ()):
            answers.recount(session, each)
        session.flush()
        close_finished(session)


def _read(
    office: Office, scan_id: int, claimed: Sequence[Claimed]
) -> Iterator[tuple[Claimed, list[PageReading] | None]]:
    """Yield each page with what was read on it, None where the reader itself failed."""
    with office.db.read() as session:
        scan = session.get_one(Scan, scan_id)
    settings = ReaderSettings(stack=stack_settings(office.settings))
    reader = layouts.reader(office, settings)
    stack = open_stack(office.storage.path(scan.sha256), settings.stack)
    renewed = now()
    try:
        for place, page in enumerate(claimed):
            if (now() - renewed).total_seconds() > office.settings.lease_seconds / 3:
                renew(office, [each.page_id for each in claimed[place:]])
                renewed = now()
            try:
                yield page, reader.read(stack.page(page.index, reduce=True), scan.filename, page.typed)
            except FileProblem as trouble:
                yield page, [rejected(scan.filename, page.index, trouble.problem())]
            except Exception:  # a page that trips the reader must not stop the stack: it is named and shown
                log.exception("scan %s page %s", scan_id, page.index)
                yield page, None
    finally:
        stack.close()


def renew(office: Office, page_ids: Sequence[int]) -> None:
    """Prolong the lease of pages that are still ours to read."""
    with office.db.begin() as session:
        rows = update(Page).where(Page.id.in_(page_ids), Page.state == "reading")
        session.execute(rows.values(lease_until=_lease(office)))


def _lease(office: Office) -> dt.datetime:
    return now() + dt.timedelta(seconds=office.settings.lease_seconds)


def _waiting(office: Office, scan_id: int) -> bool:
    with office.db.read() as session:
        query = select(Page.id).where(Page.scan_id == scan_id, Page.state == "queued").limit(1)
        return session.scalar(query) is not None


def _key(page: Page) -> settling.Key | None:
    return (page.sheet, page.sheet_page) if page.sheet and page.sheet_page else None


def _page_of_part(session: Session, page: Page, part: int) -> Page:
    """Return the row of a part: where one image holds two sheets, each has its own."""
    if part == page.part:
        return page
    query = select(Page).where(Page.scan_id == page.scan_id, Page.index == page.index, Page.part == part)
    found = session.scalar(query)
    if found is None:
        found = Page(scan_id=page.scan_id, index=page.index, part=part)
        session.add(found)
        session.flush()
    return found


def _write(session: Session, page: Page, reading: PageReading) -> None:
    """Add the reading and its answers; they are in force from now on."""
    attempts = select(func.max(Reading.attempt)).where(Reading.page_id == page.id, Reading.reader == reading.reader)
    row = Reading(
        page_id=page.id,
        reader=reading.reader,
        attempt=(session.scalar(attempts) or 0) + 1,
        status=str(reading.status),
        problem=str(reading.problem.code) if reading.problem else "",
        layout_digest=reading.digest,
        residual_mm=reading.registration.residual_mm if reading.registration else None,
        value=reading.to_json(),
    )
    session.add(row)
    session.flush()
    session.add_all(
        Answer(
            reading_id=row.id, question=name, state=str(q.state), choice=",".join(q.choice), probability=q.probability
        )
        for name, q in reading.questions.items()
    )
    page.reading_id = row.id


def _place(session: Session, page: Page, reading: PageReading) -> None:
    """Give a page its sheet and print run, or its tray. The code decides, not the folder."""
    page.sheet = code.normalise(reading.sheet) if reading.sheet else None
    page.sheet_page, page.lease_until = reading.sheet_page, None
    issued = session.get(IssuedSheet, page.sheet) if page.sheet else None
    page.print_run_id = issued.print_run_id if issued else None
    if reading.status == Status.READ and issued:
        page.state, page.tray = "read", ""
    else:
        page.state, page.standing = "tray", settling.NONE
        page.tray = str(reading.problem.code) if reading.problem else "not-issued"


def _opinions(session: Session, page: Page, reading: PageReading) -> list[Opinion]:
    """Add a row for each region with handwriting, once a page."""
    if page.state != "read":
        return []
    known = set(session.scalars(select(Opinion.region).where(Opinion.page_id == page.id)))
    inked = [name for name, region in reading.regions.items() if region.get("has_ink") and name not in known]
    rows = [Opinion(page_id=page.id, region=name) for name in inked]
    session.add_all(rows)
    session.flush()
    return rows
