"""Where a meeting stands on its way from the first sheet to the summary: numbers, and the rail made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Batch, Closing, Decision, Page, PrintFile, PrintRun, Scan, Survey
from webapp.office import Office
from webapp.services import printing, rectification, self_check, trays
from webapp.services.closed import is_closed
from webapp.services.meetings import latest_counts

WAITING_SCANS = ("received", "opening", "reading")
WAITING_PAGES = ("queued", "reading")


@dataclass(frozen=True, slots=True)
class Progress:
    """The numbers that tell how far a meeting is. ``None`` where nobody entered a number yet."""

    expected: int | None = None
    present: int | None = None
    issued: int | None = None
    printed: int = 0  # copies drawn
    printing: int = 0  # print files not drawn yet
    print_failures: int = 0
    returned: int = 0  # different sheets that count
    pages: int = 0  # pages that count
    held: int = 0  # pages of a sheet that came twice with other marks
    doubts: int = 0  # questions that wait for a person
    ruled: int = 0  # questions that a person has ruled on
    rating: int = 0  # of the returned sheets, those that rate an organisation: the summary is theirs
    remedies: int = 0  # problems in the register of rectification
    remedied: int = 0  # of these, those that are settled
    check: int | None = None  # parts of the self-check that are missing; None: not begun
    checked: bool = False  # the self-check is marked done
    version: int = 0  # of the closing that holds; 0 while the count is open
    unread: int = 0  # pages (or files not opened yet) still to be read, in the scans that the meeting shows


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase in the rail. ``state``: todo, now, warn, done. ``note`` is a code of messages.yaml."""

    key: str  # name of the blueprint
    endpoint: str
    state: str
    note: str
    params: Mapping[str, int] = field(default_factory=dict)


def progress(session: Session, meeting_id: int) -> Progress:
    """Count how far a meeting is."""
    heads = latest_counts(session, meeting_id)
    files = _print_files(session, meeting_id)
    pages, returned, doubts = _pages(session, meeting_id)
    check = self_check.current(session, meeting_id)
    return Progress(
        expected=_total(heads, "expected"),
        present=_total(heads, "present"),
        issued=_total(heads, "issued"),
        printed=files.get("done", (0, 0))[1],
        printing=files.get("queued", (0, 0))[0] + files.get("making", (0, 0))[0],
        print_failures=files.get("failed", (0, 0))[0],
        returned=returned,
        pages=pages,
        held=_held(session, meeting_id),
        doubts=doubts,
        ruled=_ruled(session, meeting_id),
        rating=_rating(session, meeting_id),
        unread=_unread(session, meeting_id),
        version=_version(session, meeting_id),
        check=len(check.missing) if check.at else None,
        checked=check.done_on is not None,
        remedies=len(register := rectification.rows(session, meeting_id)),
        remedied=sum(row.stage in rectification.DONE for row in register),
    )


def phases(office: Office, meeting_id: int) -> list[Phase]:
    """Return the rail of a meeting."""
    with office.db.read() as session:
        return rail(progress(session, meeting_id))


def rail(p: Progress) -> list[Phase]:
    """Tell of each phase its state and, in numbers, why."""
    return [_prepare(p), _printing(p), _heads(p), _scanning(p), _review(p), *_ends(p)]


def _prepare(p: Progress) -> Phase:
    if p.checked:
        return Phase("prepare", "prepare.index", "done", "phase-prepare-done")
    if p.check is None:
        return Phase("prepare", "prepare.index", "todo", "phase-prepare-none")
    if p.check:
        return Phase("prepare", "prepare.index", "now", "phase-prepare-draft", {"parts": p.check})
    return Phase("prepare", "prepare.index", "now", "phase-prepare-written")


def _heads(p: Progress) -> Phase:
    if p.expected is None and p.present is None:
        return Phase("meetings", "meetings.counts", "todo", "phase-heads-none")
    if p.present is None:
        return Phase("meetings", "meetings.counts", "now", "phase-heads-expected", {"expected": p.expected or 0})
    if p.expected is None:
        return Phase("meetings", "meetings.counts", "warn", "phase-heads-present", {"present": p.present})
    params = {"present": p.present, "expected": p.expected}
    state = "warn" if p.present > p.expected else "done"
    return Phase("meetings", "meetings.counts", state, "phase-heads-both", params)


def _printing(p: Progress) -> Phase:
    if p.print_failures:
        return Phase("printing", "printing.index", "warn", "phase-print-failed", {"files": p.print_failures})
    if p.printing:
        return Phase("printing", "printing.index", "now", "phase-print-now", {"files": p.printing})
    if p.printed:
        return Phase("printing", "printing.index", "done", "phase-print-done", {"copies": p.printed})
    return Phase("printing", "printing.index", "todo", "phase-print-none")


def _scanning(p: Progress) -> Phase:
    if p.held:
        return Phase("scanning", "scanning.index", "warn", "phase-scan-held", {"pages": p.held})
    if p.unread:
        return Phase("scanning", "scanning.index", "now", "phase-scan-now", {"pages": p.unread})
    if p.returned:
        return Phase("scanning", "scanning.index", "done", "phase-scan-done", {"sheets": p.returned})
    return Phase("scanning", "scanning.index", "todo", "phase-scan-none")


def _review(p: Progress) -> Phase:
    if p.doubts:
        return Phase("review", "review.index", "now", "phase-review-left", {"doubts": p.doubts})
    if p.returned:
        return Phase("review", "review.index", "done", "phase-review-done", {"ruled": p.ruled})
    return Phase("review", "review.index", "todo", "phase-review-none")


def _ends(p: Progress) -> list[Phase]:
    ready = p.returned > 0 and p.doubts == 0 and p.held == 0
    return [
        _count(p, ready),
        _papers(p, ready),
        _rectification(p),
    ]


def _count(p: Progress, ready: bool) -> Phase:
    if p.version:
        return Phase("count", "count.index", "done", "phase-count-closed", {"version": p.version})
    return Phase(
        "count", "count.index", "now" if ready else "todo", "phase-count-ready" if ready else "phase-count-none"
    )


def _rectification(p: Progress) -> Phase:
    if not p.remedies:
        return Phase("rectify", "rectify.index", "todo", "phase-rectify-none")
    params = {"all": p.remedies, "open": p.remedies - p.remedied}
    if params["open"]:
        return Phase("rectify", "rectify.index", "now", "phase-rectify-open", params)
    return Phase("rectify", "rectify.index", "done", "phase-rectify-done", {"all": p.remedies})


def _papers(p: Progress, ready: bool) -> Phase:
    """The summary is of organisations: sheets about members alone make none."""
    if p.returned and not p.rating:
        return Phase("papers", "papers.index", "todo", "phase-papers-members")
    return Phase(
        "papers", "papers.index", "now" if ready else "todo", "phase-papers-ready" if ready else "phase-papers-none"
    )


def _total(heads: Mapping[tuple[str, str, str], int], kind: str) -> int | None:
    numbers = [number for (of_kind, _, _), number in heads.items() if of_kind == kind]
    return sum(numbers) if numbers else None


def _print_files(session: Session, meeting_id: int) -> dict[str, tuple[int, int]]:
    """Return state → (files, copies)."""
    query = (
        select(PrintFile.state, func.count(), func.sum(PrintFile.copies))
        .join(PrintRun, PrintRun.id == PrintFile.print_run_id)
        .where(PrintRun.meeting_id == meeting_id)
        .group_by(PrintFile.state)
    )
    return {state: (files, int(copies or 0)) for state, files, copies in session.execute(query)}


def _pages(session: Session, meeting_id: int) -> tuple[int, int, int]:
    query = (
        select(func.count(), func.count(func.distinct(Page.sheet)), func.coalesce(func.sum(Page.doubts), 0))
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Page.standing == "counts")
    )
    pages, sheets, doubts = session.execute(query).one()
    return int(pages), int(sheets), int(doubts)


def _rating(session: Session, meeting_id: int) -> int:
    """Count the returned sheets of forms that rate organisations."""
    query = (
        select(Survey.source, Survey.form, func.count(func.distinct(Page.sheet)))
        .join(PrintRun, PrintRun.survey_id == Survey.id)
        .join(Page, Page.print_run_id == PrintRun.id)
        .where(PrintRun.meeting_id == meeting_id, Page.standing == "counts")
        .group_by(Survey.id)
    )
    return sum(
        number
        for source, form, number in session.execute(query)
        if printing.parse(source, form).about == "organisation"
    )


def _version(session: Session, meeting_id: int) -> int:
    """Return the version of the closing that holds, 0 while the count is open."""
    newest = select(func.max(Closing.version)).where(Closing.meeting_id == meeting_id)
    return (session.scalar(newest) or 0) if is_closed(session, meeting_id) else 0


def _held(session: Session, meeting_id: int) -> int:
    query = (
        select(func.count(Page.id))
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Page.standing == "held")
    )
    return session.scalar(query) or 0


def _ruled(session: Session, meeting_id: int) -> int:
    asked = (
        select(Decision.page_id, Decision.question)
        .join(Page, Page.id == Decision.page_id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Page.standing == "counts", Decision.origin == "review")
        .distinct()
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(asked)) or 0


def _unread(session: Session, meeting_id: int) -> int:
    shown = (trays.shown_scans(meeting_id), Batch.withdrawn_at.is_(None))
    pages = select(func.count(Page.id)).join(Scan, Scan.id == Page.scan_id).join(Batch, Batch.id == Scan.batch_id)
    scans = select(func.count(Scan.id)).join(Batch, Batch.id == Scan.batch_id)
    waiting = session.scalar(pages.where(Page.state.in_(WAITING_PAGES), *shown)) or 0
    return waiting or session.scalar(scans.where(Scan.state.in_(WAITING_SCANS), *shown)) or 0
