"""Is a meeting's count closed, and who may see its results? Asked by every service that would change the count."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, NotFound
from webapp.models import Campaign, Closing, Meeting, Page, PrintRun, Reopening
from webapp.rights import Right
from webapp.services import rights


def closed_meetings() -> Select[int]:
    """SQL: the meetings whose newest closing was not reopened."""
    newest = select(func.max(Closing.id)).group_by(Closing.meeting_id)
    reopened = exists().where(Reopening.closing_id == Closing.id)
    return select(Closing.meeting_id).where(Closing.id.in_(newest), ~reopened)


def is_closed(session: Session, meeting_id: int) -> bool:
    """Tell whether the count of a meeting is closed now."""
    return session.scalar(select(closed_meetings().where(Closing.meeting_id == meeting_id).exists())) or False


def refuse(session: Session, meeting_id: int) -> None:
    """Raise Conflict "closed" for a meeting whose count is closed."""
    if is_closed(session, meeting_id):
        raise Conflict("closed")


def refuse_pages(session: Session, pages: Iterable[Page]) -> None:
    """Raise Conflict "closed" where one of the pages belongs to a meeting whose count is closed."""
    runs = {page.print_run_id for page in pages if page.print_run_id is not None}
    query = select(PrintRun.id).where(PrintRun.id.in_(runs), PrintRun.meeting_id.in_(closed_meetings()))
    if runs and session.scalar(query.limit(1)) is not None:
        raise Conflict("closed")


def refuse_campaign(session: Session, campaign_id: int) -> None:
    """Raise Conflict "closed" where a meeting of the campaign is closed: what holds for all was fixed with it."""
    query = select(Meeting.id).where(Meeting.campaign_id == campaign_id, Meeting.id.in_(closed_meetings()))
    if session.scalar(query.limit(1)) is not None:
        raise Conflict("closed-in-campaign", campaign=session.get_one(Campaign, campaign_id).title)


def may_see_results(session: Session, user_id: int, meeting_id: int) -> bool:
    """Tell whether a person may see how the choices were counted: before closing only the unit's scrutineer.

    Raises NotFound for a meeting that does not exist.
    """
    return may(session, rights.standing(session, user_id), meeting_id)


def may(session: Session, standing: rights.Standing, meeting_id: int) -> bool:
    """As ``may_see_results``, of somebody whose rights were read already."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    if standing.may(Right.CLOSE, meeting.unit_id):
        return True
    return standing.may(Right.SEE_RESULTS, meeting.unit_id) and is_closed(session, meeting_id)
