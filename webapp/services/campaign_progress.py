"""How far all meetings of a campaign are, in a fixed number of queries: what ``progress`` says of each."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Batch, Closing, Decision, Meeting, Page, PrintFile, PrintRun, Scan, SelfCheck, Survey
from webapp.services import meetings, printing, rectification, self_check, trays
from webapp.services.closed import closed_meetings
from webapp.services.progress import WAITING_PAGES, WAITING_SCANS, Progress

HEADS = ("expected", "present", "issued")
Facts = dict[int, dict[str, Any]]  # meeting → fields of Progress


def of_campaign(session: Session, campaign_id: int) -> dict[int, Progress]:
    """Return meeting id → how far it is, of all meetings of a campaign."""
    facts: Facts = {key: {} for key in session.scalars(select(Meeting.id).where(Meeting.campaign_id == campaign_id))}
    for (meeting_id, kind), number in meetings.numbers_of_campaign(session, campaign_id).items():
        if kind in HEADS:
            facts[meeting_id][kind] = number
    for part in (_printing, _pages, _rating, _unread, _closed, _checked, _remedies):
        for meeting_id, found in part(session, list(facts)).items():
            facts[meeting_id] |= found
    return {meeting_id: Progress(**found) for meeting_id, found in facts.items()}


def _printing(session: Session, ids: list[int]) -> Facts:
    query = select(PrintRun.meeting_id, PrintFile.state, func.count(), func.sum(PrintFile.copies))
    query = query.join(PrintRun, PrintRun.id == PrintFile.print_run_id).where(PrintRun.meeting_id.in_(ids))
    facts: Facts = defaultdict(lambda: {"printed": 0, "printing": 0, "print_failures": 0})
    for meeting_id, state, files, copies in session.execute(query.group_by(PrintRun.meeting_id, PrintFile.state)):
        if state == "done":
            facts[meeting_id]["printed"] += int(copies or 0)
        elif state in ("queued", "making"):
            facts[meeting_id]["printing"] += files
        elif state == "failed":
            facts[meeting_id]["print_failures"] += files
    return facts


def _pages(session: Session, ids: list[int]) -> Facts:
    facts: Facts = defaultdict(dict)
    query = select(
        PrintRun.meeting_id, Page.standing, func.count(), func.count(func.distinct(Page.sheet)),
        func.coalesce(func.sum(Page.doubts), 0),
    )  # fmt: skip
    query = query.join(PrintRun, PrintRun.id == Page.print_run_id).where(PrintRun.meeting_id.in_(ids))
    query = query.where(Page.standing.in_(("counts", "held"))).group_by(PrintRun.meeting_id, Page.standing)
    for meeting_id, standing, pages, sheets, doubts in session.execute(query):
        counted = {"pages": pages, "returned": sheets, "doubts": int(doubts)}
        facts[meeting_id] |= counted if standing == "counts" else {"held": pages}
    asked = (
        select(PrintRun.meeting_id, Decision.page_id, Decision.question)
        .join(Page, Page.id == Decision.page_id).join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id.in_(ids), Page.standing == "counts", Decision.origin == "review")
        .distinct().subquery()
    )  # fmt: skip
    for meeting_id, ruled in session.execute(select(asked.c.meeting_id, func.count()).group_by(asked.c.meeting_id)):
        facts[meeting_id]["ruled"] = ruled
    return facts


def _rating(session: Session, ids: list[int]) -> Facts:
    query = (
        select(PrintRun.meeting_id, Survey.source, Survey.form, func.count(func.distinct(Page.sheet)))
        .join(PrintRun, PrintRun.survey_id == Survey.id).join(Page, Page.print_run_id == PrintRun.id)
        .where(PrintRun.meeting_id.in_(ids), Page.standing == "counts").group_by(PrintRun.meeting_id, Survey.id)
    )  # fmt: skip
    facts: Facts = defaultdict(lambda: {"rating": 0})
    for meeting_id, source, form, sheets in session.execute(query):
        facts[meeting_id]["rating"] += sheets if printing.parse(source, form).about == "organisation" else 0
    return facts


def _unread(session: Session, ids: list[int]) -> Facts:
    """Return pages, or where none waits files, that are still to be read; only what waits is joined to meetings."""
    scans = select(Meeting.id, func.count(func.distinct(Scan.id))).select_from(Scan)
    scans = scans.join(Batch, Batch.id == Scan.batch_id).where(Scan.state.in_(WAITING_SCANS))
    pages = select(Meeting.id, func.count(func.distinct(Page.id))).select_from(Page).join(Scan, Scan.id == Page.scan_id)
    pages = pages.join(Batch, Batch.id == Scan.batch_id).where(Page.state.in_(WAITING_PAGES))
    facts: Facts = {}
    for query in (scans, pages):  # pages hold over files
        shown = query.join(Meeting, trays.shown_scans(Meeting.id)).where(Meeting.id.in_(ids))
        shown = shown.where(Batch.withdrawn_at.is_(None)).group_by(Meeting.id)
        facts |= {meeting_id: {"unread": number} for meeting_id, number in session.execute(shown)}
    return facts


def _closed(session: Session, ids: list[int]) -> Facts:
    query = select(Closing.meeting_id, func.max(Closing.version)).where(Closing.meeting_id.in_(ids))
    query = query.where(Closing.meeting_id.in_(closed_meetings())).group_by(Closing.meeting_id)
    return {meeting_id: {"version": version} for meeting_id, version in session.execute(query)}


def _checked(session: Session, ids: list[int]) -> Facts:
    newest = select(func.max(SelfCheck.id)).where(SelfCheck.meeting_id.in_(ids)).group_by(SelfCheck.meeting_id)
    rows = session.scalars(select(SelfCheck).where(SelfCheck.id.in_(newest)))
    return {row.meeting_id: {"check": _missing(row), "checked": row.done_on is not None} for row in rows}


def _missing(row: SelfCheck) -> int:
    return sum(not getattr(row, part) for part in self_check.PARTS)


def _remedies(session: Session, ids: list[int]) -> Facts:
    return {
        meeting_id: {"remedies": len(rows), "remedied": sum(row.stage in rectification.DONE for row in rows)}
        for meeting_id, rows in rectification.of_meetings(session, ids).items()
    }
