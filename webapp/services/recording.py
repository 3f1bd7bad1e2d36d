"""What was read on pages is recorded: readings, answers, places, standings, opinions; a few pages in one transaction.

A page is recorded by whoever still finds it being read, so that a worker that was given up for dead does no harm, and
one that is killed has recorded its last pages wholly or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import code
from omr.reading import PageReading, Status
from webapp.models import Answer, IssuedSheet, Opinion, Page, PrintRun, Reading
from webapp.office import Office
from webapp.services import answers, closed, redeciding, settling, trays
from webapp.services.intake import close_finished

OPINION_TASK = "propose-text"


@dataclass(frozen=True, slots=True)
class Done:
    """A claimed page and what was read on it: a reading for each sheet on its image."""

    page_id: int
    readings: Sequence[PageReading]


Part = tuple[Page, PageReading]


def record(office: Office, done: Sequence[Done]) -> None:
    """Write what was read on some pages, give them their place and settle their sheets: all in one transaction.

    Does nothing for a page that is no longer being read: somebody else has recorded it.
    """
    with office.db.begin() as session:
        ours = select(Page).where(Page.id.in_([each.page_id for each in done]), Page.state == "reading")
        opinions = take_down(session, done, {page.id: page for page in session.scalars(ours)})
        close_finished(session)
    ring_for(office, opinions)


def take_down(session: Session, done: Sequence[Done], pages: Mapping[int, Page]) -> list[Opinion]:
    """Write what was read on those of the pages that are given; returns the opinions to be proposed (``ring_for``)."""
    parts = [
        (_page_of_part(session, pages[each.page_id], reading.part), reading)
        for each in done
        if each.page_id in pages
        for reading in each.readings
    ]
    keys = _keys(page for page, _ in parts)
    _write(session, parts)
    _place(session, parts)
    redeciding.follow(session, [page for page, _ in parts])
    opinions = _opinions(session, parts)
    keys |= _keys(page for page, _ in parts)
    changed = settling.settle(session, keys)
    answers.recount_all(session, {*(page for page, _ in parts), *changed})
    session.flush()
    return opinions


def ring_for(office: Office, opinions: Sequence[Opinion]) -> None:
    """Ask for proposals of texts, after the transaction that added them."""
    for opinion in opinions:
        office.bell.ring(OPINION_TASK, opinion.id)


def fail(office: Office, page_id: int, reason: str) -> None:
    """Set a page aside that could not be read at all; a person may ask for another try."""
    with office.db.begin() as session:
        page = session.get(Page, page_id)
        if page is None or page.state != "reading":
            return
        page.state, page.tray, page.standing, page.lease_until, page.doubts = "failed", reason, settling.NONE, None, 0
        answers.recount_all(session, settling.settle(session, _keys([page])))
        session.flush()
        close_finished(session)


def _keys(pages: Iterable[Page]) -> set[settling.Key]:
    return {(page.sheet, page.sheet_page) for page in pages if page.sheet and page.sheet_page}


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


def _write(session: Session, parts: Sequence[Part]) -> None:
    """Add the readings and their answers; they are in force from now on."""
    attempts = select(Reading.page_id, Reading.reader, func.max(Reading.attempt))
    attempts = attempts.where(Reading.page_id.in_([page.id for page, _ in parts]))
    attempts = attempts.group_by(Reading.page_id, Reading.reader)
    last = {(page_id, reader): attempt for page_id, reader, attempt in session.execute(attempts)}
    rows = [_row(page, reading, 1 + last.get((page.id, reading.reader), 0)) for page, reading in parts]
    session.add_all(rows)
    session.flush()
    session.add_all(
        Answer(
            reading_id=row.id, question=name, state=str(q.state), choice=",".join(q.choice), probability=q.probability
        )
        for row, (_, reading) in zip(rows, parts, strict=True)
        for name, q in reading.questions.items()
    )
    for row, (page, _) in zip(rows, parts, strict=True):
        page.reading_id = row.id


def _row(page: Page, reading: PageReading, attempt: int) -> Reading:
    return Reading(
        page_id=page.id,
        reader=reading.reader,
        attempt=attempt,
        status=str(reading.status),
        problem=str(reading.problem.code) if reading.problem else "",
        layout_digest=reading.digest,
        residual_mm=reading.registration.residual_mm if reading.registration else None,
        value=reading.to_json(),
    )


def _place(session: Session, parts: Sequence[Part]) -> None:
    """Give each page its sheet and print run, or its tray. The code decides, not the folder."""
    for page, reading in parts:
        page.sheet = code.normalise(reading.sheet) if reading.sheet else None
        page.sheet_page, page.lease_until = reading.sheet_page, None
    query = select(IssuedSheet.sheet, IssuedSheet.print_run_id)
    query = query.where(IssuedSheet.sheet.in_({page.sheet for page, _ in parts if page.sheet}))
    with session.no_autoflush:
        issued = {sheet: run for sheet, run in session.execute(query)}
        of_closed = select(PrintRun.id).where(PrintRun.id.in_(set(issued.values())))
        late = set(session.scalars(of_closed.where(PrintRun.meeting_id.in_(closed.closed_meetings()))))
    for page, reading in parts:
        page.print_run_id = issued.get(page.sheet or "")
        if reading.status == Status.READ and page.print_run_id in late:
            page.state, page.tray, page.standing = "tray", trays.AFTER_CLOSING, settling.NONE
        elif reading.status == Status.READ and page.print_run_id is not None:
            page.state, page.tray = "read", ""
        else:
            page.state, page.standing = "tray", settling.NONE
            page.tray = str(reading.problem.code) if reading.problem else "not-issued"


def _opinions(session: Session, parts: Sequence[Part]) -> list[Opinion]:
    """Add a row for each region with handwriting, once a page."""
    inked = {
        (page.id, name): None
        for page, reading in parts
        if page.state == "read"
        for name, region in reading.regions.items()
        if region.get("has_ink")
    }
    if not inked:
        return []
    query = select(Opinion.page_id, Opinion.region).where(Opinion.page_id.in_({page_id for page_id, _ in inked}))
    known = {(page_id, region) for page_id, region in session.execute(query)}
    rows = [Opinion(page_id=page_id, region=name) for page_id, name in inked if (page_id, name) not in known]
    session.add_all(rows)
    session.flush()
    return rows
