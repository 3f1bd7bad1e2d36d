"""Where a person begins after signing in: at the work of his role, where there is one place for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Campaign, Meeting, Page, PrintRun
from webapp.rights import RIGHTS, Right, Role
from webapp.services.first_steps import first_steps
from webapp.services.rights import Standing

# The widest role comes first: who holds several begins where he sees the most.
PLACES = {
    Role.SCHOOL_OFFICE: "overview.index",
    Role.ORGANIZATION_DEPARTMENT: "overview.index",
    Role.UNIT_ADMINISTRATOR: "meetings.show",
    Role.BRANCH: "meetings.show",
    Role.SCRUTINEER: "count.index",
    Role.LIAISON: "meetings.show",
    Role.COMMITTEE_MEMBER: "meetings.show",
    Role.SCANNER: "scanning.index",
    Role.TRANSCRIBER: "opinions.index",
    Role.SCHOOL_LEADER: "reports.index",
    Role.ADMINISTRATOR: "accounts.index",
    Role.MEMBER: "own.mine",
}

WATCHING = (Role.LIAISON, Role.COMMITTEE_MEMBER)  # with several meetings they begin at what they report on


def place(session: Session, standing: Standing) -> tuple[str, dict[str, Any]]:
    """Return the endpoint and its parameters. With several meetings in hand it is the list of campaigns."""
    if Role.ADMINISTRATOR in standing.roles and not first_steps(session).over:
        return "setup.index", {}
    role = next((role for role in PLACES if role in standing.roles), None)
    if role is None:
        return "auth.me", {}
    endpoint = PLACES[role]
    if endpoint == "overview.index":
        newest = session.scalar(select(func.max(Campaign.id)))
        return ("home.index", {}) if newest is None else (endpoint, {"campaign_id": newest})
    if Right.SEE_BOOKS not in RIGHTS[role] or endpoint == "home.index":
        return endpoint, {}
    query = select(Meeting.id).where(Meeting.unit_id.in_(standing.units(Right.SEE_BOOKS))).limit(2)
    held = list(session.scalars(query))
    if len(held) != 1:
        return ("reports.index" if role in WATCHING else "home.index"), {}
    if endpoint == "scanning.index" and _doubts(session, held[0]):
        endpoint = "review.index"
    return endpoint, {"meeting_id": held[0]}


def _doubts(session: Session, meeting_id: int) -> int:
    query = select(func.count(Page.id)).join(PrintRun, PrintRun.id == Page.print_run_id)
    return session.scalar(query.where(PrintRun.meeting_id == meeting_id, Page.doubts > 0)) or 0
