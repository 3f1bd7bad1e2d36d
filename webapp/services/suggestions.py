"""What may belong into the register: low items of a closed count and merged opinions that no problem names yet."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Remedy
from webapp.services import outcomes
from webapp.services.rectifying import Origin


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A problem that a person may take into the register as it is, or change first."""

    problem: str
    origin: Origin


def of_meeting(session: Session, meeting_id: int) -> list[Suggestion]:
    """Return the low items that the register does not name, in the order of the forms."""
    query = select(Remedy.subject, Remedy.question).where(
        Remedy.meeting_id == meeting_id, Remedy.source.in_(("low", "order"))
    )
    known = {(subject, question) for subject, question in session.execute(query)}
    return [
        low(each)
        for each in outcomes.of_meeting(session, meeting_id, every_item=True)
        if each.verdict == outcomes.LOW and (each.subject, each.question) not in known
    ]


def low(outcome: outcomes.Outcome) -> Suggestion:
    """Return the suggestion that a low item makes; its text stands in the register and so is Chinese."""
    who = f"{outcome.subject}：" if outcome.subject else ""
    origin = f"满意率 {outcome.headline.part}/{outcome.headline.whole}，不满意 {outcome.dissatisfied.part}"
    return Suggestion(f"{who}“{outcome.text}”满意度低", Origin("low", origin, outcome.subject, outcome.question))
