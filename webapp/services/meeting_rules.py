"""What a meeting is counted by: the counting rules of its unit's plan, and over them what its scrutineer set."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Meeting, RuleChange
from webapp.services import plans


def newest(session: Session, meeting_id: int) -> RuleChange | None:
    """Return the change that holds; None where nothing was changed for this meeting."""
    query = select(RuleChange).where(RuleChange.meeting_id == meeting_id).order_by(RuleChange.id.desc()).limit(1)
    return session.scalar(query)


def of_meeting(session: Session, meeting: Meeting) -> dict[str, Any]:
    """Return the counting rules in force for a meeting."""
    change = newest(session, meeting.id)
    return {**plans.of_meeting(session, meeting).rules, **(change.rules if change else {})}


def thresholds(session: Session, meeting_id: int) -> dict[str, Any]:
    """Return the bar of certainty in force; None: the reader's own thresholds."""
    change = newest(session, meeting_id)
    return {"bar": change.bar if change else None}
