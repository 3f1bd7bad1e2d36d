"""The job of reading again: pages are claimed, read from their scans, and each recorded in one transaction.

A worker that is killed has recorded a page wholly or not at all; the sweep gives the rest to the next.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forms import code
from omr.errors import FileProblem
from omr.reading import PageReading, ProblemCode
from webapp.models import Answer, Opinion, Page, RereadPage
from webapp.office import Office
from webapp.services import reading
from webapp.services.recording import Done, ring_for, take_down
from webapp.services.rereading import DONE, FAILED, LEFT, OTHER_SHEET, READING, SHEET_GONE, TASK, WAITING, old

CLAIM_PAGES = 8
Said = dict[str, tuple[str, str]]  # question → state, choice


def read_again(office: Office, rereading_id: int) -> None:
    """Job: read pages of one file again for a while, then ask for the rest."""
    scan_id = _next_scan(office, rereading_id)
    if scan_id is None:
        return
    until = time.monotonic() + reading.SHIFT_SECONDS
    with reading.File(office, scan_id) as file:
        while time.monotonic() < until and (claimed := claim(office, rereading_id, scan_id)):
            try:
                for page, readings in reading.read_each(office, file, claimed):
                    _record(office, rereading_id, page, readings)
            except FileProblem as problem:  # the file itself: a page that can't be decoded has a reading that says so
                for page in claimed:
                    _fail(office, rereading_id, page.page_id, str(problem.code))
            finally:
                _give_back(office, rereading_id, claimed)
    if _next_scan(office, rereading_id) is not None:
        office.bell.ring(TASK, rereading_id)


def claim(office: Office, rereading_id: int, scan_id: int, most: int = CLAIM_PAGES) -> list[reading.Claimed]:
    """Take some waiting pages of a file, in its order; nobody else gets them until the lease ends.

    Pages that may no longer be read again are left.
    """
    here = (RereadPage.rereading_id == rereading_id, RereadPage.state == WAITING)
    with office.db.begin() as session:
        query = select(RereadPage, Page).join(Page, Page.id == RereadPage.page_id)
        query = query.where(*here, Page.scan_id == scan_id).order_by(Page.index, Page.part).limit(most)
        rows = session.execute(query).all()
        allowed = set(session.scalars(old().where(Page.id.in_([page.id for _, page in rows]))))
        found = []
        for row, page in rows:
            if page.id not in allowed:
                row.state = LEFT
                continue
            row.state, row.lease_until, row.tries = READING, reading.lease(office), row.tries + 1
            typed = code.parse(page.typed_code) if page.typed_code else None
            found.append(reading.Claimed(page.id, page.index, typed))
    return found if found or not rows else claim(office, rereading_id, scan_id, most)


def _next_scan(office: Office, rereading_id: int) -> int | None:
    with office.db.read() as session:
        query = select(Page.scan_id).join(RereadPage, RereadPage.page_id == Page.id)
        query = query.where(RereadPage.rereading_id == rereading_id, RereadPage.state == WAITING)
        return session.scalar(query.order_by(Page.scan_id).limit(1))


def _record(
    office: Office, rereading_id: int, claimed: reading.Claimed, readings: Sequence[PageReading] | None
) -> None:
    """Put the new reading in force, in one transaction with its row; the old one stays beside it."""
    if readings is None:
        return _fail(office, rereading_id, claimed.page_id, reading.READER_FAILED)
    opinions: list[Opinion] = []
    with office.db.begin() as session:
        row = _ours(session, rereading_id, claimed.page_id)
        if row is None:
            return None  # somebody else has recorded it
        row.lease_until = None
        page = session.scalar(select(Page).where(Page.id.in_(old().where(Page.id == row.page_id))))
        if page is None:
            row.state = LEFT
            return None
        mine = _of_page(session, page, readings)
        problem = next((each.problem for each in mine if each.part == page.part), None)
        if not any(each.part == page.part for each in mine):
            row.state, row.problem = FAILED, SHEET_GONE
        elif problem is not None and problem.code == ProblemCode.DAMAGED:
            row.state, row.problem = FAILED, str(problem.code)
        else:
            sheet, row.before_id = (page.sheet, page.sheet_page), page.reading_id
            opinions = take_down(session, [Done(page.id, mine)], {page.id: page})
            row.state, row.after_id = DONE, page.reading_id
            row.problem = _became(page, sheet)
            row.differences = (
                0 if row.problem else len(differing(said(session, row.before_id), said(session, row.after_id)))
            )
    ring_for(office, opinions)
    return None


def _of_page(session: Session, page: Page, readings: Sequence[PageReading]) -> list[PageReading]:
    """Return the reading of a page; the first part of an image brings those parts along that have no page yet."""
    query = select(Page.part).where(Page.scan_id == page.scan_id, Page.index == page.index)
    known = set(session.scalars(query))
    return [each for each in readings if each.part == page.part or (page.part == 1 and each.part not in known)]


def _became(page: Page, sheet: tuple[str | None, int | None]) -> str:
    if page.state != "read":
        return page.tray
    return "" if (page.sheet, page.sheet_page) == sheet else OTHER_SHEET


def said(session: Session, reading_id: int | None) -> Said:
    """Return what a reading says."""
    query = select(Answer.question, Answer.state, Answer.choice).where(Answer.reading_id == reading_id)
    return {question: (state, choice) for question, state, choice in session.execute(query)}


def differing(before: Said, after: Said) -> list[str]:
    """Return the questions that came out otherwise. The candidates of one that stays unsure are no answer."""
    none = ("", "")
    return [
        name
        for name in dict.fromkeys((*before, *after))
        if (old := before.get(name, none)) != (new := after.get(name, none)) and not old[0] == new[0] == "unsure"
    ]


def _ours(session: Session, rereading_id: int, page_id: int) -> RereadPage | None:
    query = select(RereadPage).where(RereadPage.rereading_id == rereading_id, RereadPage.page_id == page_id)
    return session.scalar(query.where(RereadPage.state == READING))


def _fail(office: Office, rereading_id: int, page_id: int, problem: str) -> None:
    with office.db.begin() as session:
        row = _ours(session, rereading_id, page_id)
        if row is not None:
            row.state, row.problem, row.lease_until = FAILED, problem, None


def _give_back(office: Office, rereading_id: int, claimed: Sequence[reading.Claimed]) -> None:
    """Let others have what was claimed and not recorded."""
    rows = update(RereadPage).where(RereadPage.rereading_id == rereading_id, RereadPage.state == READING)
    rows = rows.where(RereadPage.page_id.in_([page.page_id for page in claimed]))
    with office.db.begin() as session:
        session.execute(rows.values(state=WAITING, lease_until=None, tries=RereadPage.tries - 1))
