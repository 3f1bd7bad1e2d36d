"""The record of a campaign (文号, texts, dates, rounds) and its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput
from webapp.models import Campaign, CampaignVersion, Meeting, User

FIELDS = (
    "title", "number", "issuer", "issued_on", "finish_by", "report_by", "addressees", "directive", "criteria", "rounds",
    "reserved", "rules",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a record's history. ``changed``: field → (before, after); of the first line nothing."""

    at: dt.datetime
    who: str
    why: str
    changed: Mapping[str, tuple[Any, Any]]


def keep(session: Session, campaign: Campaign, *, user_id: int | None, why: str = "") -> bool:
    """Add what a campaign says now to its history, unless it said so before. Tells whether it was added."""
    content = {name: _plain(getattr(campaign, name)) for name in FIELDS}
    query = select(CampaignVersion.content).where(CampaignVersion.campaign_id == campaign.id)
    if session.scalar(query.order_by(CampaignVersion.id.desc()).limit(1)) == content:
        return False
    session.add(CampaignVersion(campaign_id=campaign.id, content=content, why=why[:200], user_id=user_id))
    return True


def history(session: Session, campaign_id: int) -> list[Change]:
    """Return what was changed in a campaign's record, newest first; its making stands last."""
    query = (
        select(CampaignVersion, User.display_name)
        .outerjoin(User, User.id == CampaignVersion.user_id)
        .where(CampaignVersion.campaign_id == campaign_id)
        .order_by(CampaignVersion.id)
    )
    found: list[Change] = []
    before: dict[str, Any] = {}
    for row, who in session.execute(query):
        changed = {
            name: (before.get(name), value)
            for name, value in row.content.items()
            if before and before.get(name) != value
        }
        found.append(Change(row.at, who or "", row.why, changed))
        before = row.content
    return found[::-1]


def refuse_used(session: Session, campaign_id: int, rounds: int) -> None:
    """Raise InvalidInput where a meeting belongs to a round beyond so many."""
    used = session.scalar(select(func.max(Meeting.round)).where(Meeting.campaign_id == campaign_id)) or 1
    if used > rounds:
        raise InvalidInput("round-in-use", round=used)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
