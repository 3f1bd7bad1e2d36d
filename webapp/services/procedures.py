"""How a campaign is reviewed and checked: one person or two, how many sheets by hand. A change is an added row."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, Meeting, Page, PrintRun, Procedure
from webapp.office import Office
from webapp.services import closed


@dataclass(frozen=True, slots=True)
class How:
    """What a campaign asks of its people.

    ``two_persons``: void, multiple and cancelled need two. Of the valid sheets ``check_percent`` are checked by hand,
    and at least ``check_sheets``.
    """

    two_persons: bool = True
    check_percent: int = 5
    check_sheets: int = 30


DEFAULT = How()


def of_campaign(session: Session, campaign_id: int) -> How:
    """Return what holds for a campaign."""
    query = select(Procedure).where(Procedure.campaign_id == campaign_id).order_by(Procedure.id.desc()).limit(1)
    row = session.scalar(query)
    return How(row.two_persons, row.check_percent, row.check_sheets) if row else DEFAULT


def of_meeting(session: Session, meeting_id: int) -> How:
    """Return what holds for a meeting. Raises NotFound."""
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return of_campaign(session, meeting.campaign_id)


def of_page(session: Session, page: Page) -> How:
    """Return what holds for a page that belongs to a print run."""
    return of_meeting(session, session.get_one(PrintRun, page.print_run_id).meeting_id)


def change(office: Office, campaign_id: int, how: How, *, user_id: int, why: str = "") -> None:
    """Set how a campaign is reviewed and checked. Raises NotFound, InvalidInput, and Conflict once one is closed."""
    if not 0 <= how.check_percent <= 100 or not 0 <= how.check_sheets <= 100_000 or len(why) > 200:
        raise InvalidInput("bad-procedure")
    with office.db.begin() as session:
        if session.get(Campaign, campaign_id) is None:
            raise NotFound("no-such-row", kind="Campaign")
        closed.refuse_campaign(session, campaign_id)
        if of_campaign(session, campaign_id) == how:
            return
        session.add(
            Procedure(
                campaign_id=campaign_id,
                two_persons=how.two_persons,
                check_percent=how.check_percent,
                check_sheets=how.check_sheets,
                user_id=user_id,
                why=why.strip(),
            )
        )
