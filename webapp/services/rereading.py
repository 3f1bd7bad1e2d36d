"""A newer reader reads a meeting's pages again: who asked for it, how far it is.

Evidence of two versions can't be compared, so pages are read from their scans (``reading_again``). The old reading
stays and counts until the new one takes its place; what people decided stays in force over both. What was asked for is
a row, and each page of it a row under a lease. A closed meeting is not touched: what is not done then is left.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from omr import READER_VERSION
from webapp.errors import Conflict, NotFound
from webapp.models import Meeting, Page, PrintRun, Reading, Rereading, RereadPage
from webapp.office import Office
from webapp.services import closed, settling

TASK = "read-again"
WAITING, READING, DONE, FAILED, LEFT = "waiting", "reading", "done", "failed", "left"
OTHER_SHEET, SHEET_GONE = "other-sheet", "sheet-gone"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rereading is. ``left``: pages that were taken away meanwhile, or whose count was closed."""

    row: Rereading
    done: int
    failed: int
    left: int
    differing: int  # pages

    @property
    def ended(self) -> int:
        return self.done + self.failed + self.left

    @property
    def running(self) -> bool:
        return self.ended < self.row.pages


def old_pages(session: Session, meeting_id: int) -> Counter[str]:
    """Return how many pages that count each older version of the reader read; none for a closed meeting."""
    query = old().with_only_columns(Reading.reader, func.count()).where(PrintRun.meeting_id == meeting_id)
    return Counter({reader: number for reader, number in session.execute(query.group_by(Reading.reader))})


def start(office: Office, meeting_id: int, *, user_id: int) -> int:
    """Ask that the pages which an older reader read be read again; returns the id of the row.

    Raises NotFound, and Conflict "closed", "read-again-runs" and "read-again-nothing".
    """
    with office.db.begin() as session:
        if session.get(Meeting, meeting_id) is None:
            raise NotFound("no-such-row", kind="Meeting")
        closed.refuse(session, meeting_id)
        newest = progress(session, meeting_id)
        if newest is not None and newest.running:
            raise Conflict("read-again-runs")
        pages = list(session.scalars(old().where(PrintRun.meeting_id == meeting_id).order_by(Page.scan_id, Page.index)))
        if not pages:
            raise Conflict("read-again-nothing")
        row = Rereading(meeting_id=meeting_id, reader=READER_VERSION, pages=len(pages), user_id=user_id)
        session.add(row)
        session.flush()
        session.add_all(RereadPage(rereading_id=row.id, page_id=page_id) for page_id in pages)
    office.bell.ring(TASK, row.id)
    return row.id


def progress(session: Session, meeting_id: int, rereading_id: int | None = None) -> Progress | None:
    """Return how far a meeting's rereading is, the newest or one of them; None where there is none."""
    query = select(Rereading).where(Rereading.meeting_id == meeting_id).order_by(Rereading.id.desc())
    if rereading_id is not None:
        query = query.where(Rereading.id == rereading_id)
    row = session.scalar(query.limit(1))
    if row is None:
        return None
    parts = select(RereadPage.state, func.count(), func.sum(RereadPage.differences + (RereadPage.problem != "") > 0))
    found = {
        state: (number, differing)
        for state, number, differing in session.execute(
            parts.where(RereadPage.rereading_id == row.id).group_by(RereadPage.state)
        )
    }
    (done, differing), (failed, _), (left, _) = (found.get(state, (0, 0)) for state in (DONE, FAILED, LEFT))
    return Progress(row, done, failed, left, differing)


def old() -> Select[int]:
    """SQL: ids of the pages whose reading in force is of an older reader, where reading again may change something."""
    query = select(Page.id).join(Reading, Reading.id == Page.reading_id)
    query = query.join(PrintRun, PrintRun.id == Page.print_run_id)
    return query.where(
        Reading.reader != READER_VERSION,
        Page.state == "read",
        Page.scan_id.is_not(None),
        Page.standing != settling.WITHDRAWN,
        PrintRun.meeting_id.not_in(closed.closed_meetings()),
    )
