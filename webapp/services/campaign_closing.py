"""A campaign is closed when all is handed in: from then on its papers are as they are, until it is opened again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Campaign, CampaignClosing, now
from webapp.services import archive


def in_force(session: Session, campaign_id: int) -> CampaignClosing | None:
    """Return the closing that holds; None while the campaign is open."""
    query = select(CampaignClosing).where(CampaignClosing.campaign_id == campaign_id)
    return session.scalar(query.where(CampaignClosing.reopened_at.is_(None)).order_by(CampaignClosing.id.desc()))


def refuse(session: Session, campaign_id: int) -> None:
    """Raise Conflict "campaign-closed" for a campaign that is closed."""
    if in_force(session, campaign_id):
        raise Conflict("campaign-closed")


def close(session: Session, campaign_id: int, *, why: str, user_id: int) -> CampaignClosing:
    """Close a campaign. Raises NotFound, InvalidInput without a reason, and Conflict while a count is not closed."""
    if session.get(Campaign, campaign_id) is None:
        raise NotFound("no-such-row", kind="Campaign")
    refuse(session, campaign_id)
    if not why.strip():
        raise InvalidInput("why-missing")
    if waiting := archive.open_meetings(session, campaign_id):
        raise Conflict("campaign-open", meetings=len(waiting))
    row = CampaignClosing(campaign_id=campaign_id, why=why.strip()[:500], user_id=user_id)
    session.add(row)
    session.flush()
    return row


def reopen(session: Session, campaign_id: int, *, why: str, user_id: int) -> None:
    """Open a closed campaign again. Raises Conflict where it is open, InvalidInput without a reason."""
    row = in_force(session, campaign_id)
    if row is None:
        raise Conflict("campaign-not-closed")
    if not why.strip():
        raise InvalidInput("why-missing")
    row.reopened_at, row.reopened_by, row.reopened_why = now(), user_id, why.strip()[:500]
