"""Campaigns, units, surveys and counting rules."""

from __future__ import annotations

from sqlalchemy import select

from webapp.errors import NotFound
from webapp.models import Campaign
from webapp.office import Office

# The counting rules that hold where a campaign says nothing else; campaign.rules holds what differs.
# turnout_percent: present / expected must reach it. headline: which of the three rates is shown first –
# "satisfied" 满意, "fairly" 满意+比较满意, "not_dissatisfied" 除不满意外. denominator: "choices" – the marks of the
# choices that count – or "valid" – all valid sheets, 弃权 and 无效 included. disclosure_floor: a group of raters
# with fewer sheets is not shown alone in what leaves the office.
DEFAULT_RULES: dict[str, int | str] = {
    "turnout_percent": 80,
    "headline": "fairly",
    "denominator": "choices",
    "disclosure_floor": 5,
}


def campaigns(office: Office) -> list[Campaign]:
    """Return all campaigns, newest first."""
    with office.db.read() as session:
        return list(session.scalars(select(Campaign).order_by(Campaign.id.desc())))


def get(office: Office, campaign_id: int) -> Campaign:
    """Return a campaign. Raises NotFound."""
    with office.db.read() as session:
        campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound("no-such-row", kind="Campaign")
    return campaign
