"""What may belong into the register: low items of a closed count and merged opinions that no problem names yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Remedy
from webapp.services import closed, merging, outcomes
from webapp.services.rectifying import Origin


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A problem that a person may take into the register as it is, or change first."""

    problem: str
    origin: Origin

    @property
    def key(self) -> str:
        """Name it; the name stays while others are taken in or opinions are merged."""
        origin = self.origin
        return f"{origin.source}|{origin.opinion_id or ''}|{origin.question}|{origin.subject}"


def of_meeting(session: Session, meeting_id: int) -> list[Suggestion]:
    """Return what the register does not name yet: low items in the order of the forms, then the merged opinions.

    Merged opinions stand most often said first, and like the results only once the count is closed.
    """
    query = select(Remedy.subject, Remedy.question).where(
        Remedy.meeting_id == meeting_id, Remedy.source.in_(("low", "order"))
    )
    known = {(subject, question) for subject, question in session.execute(query)}
    items = [
        low(each)
        for each in outcomes.of_meeting(session, meeting_id, every_item=True)
        if each.verdict == outcomes.LOW and (each.subject, each.question) not in known
    ]
    return [*items, *_opinions(session, meeting_id)]


def low(outcome: outcomes.Outcome) -> Suggestion:
    """Return the suggestion that a low item makes; its text stands in the register and so is Chinese."""
    who = f"{outcome.subject}：" if outcome.subject else ""
    origin = f"满意率 {outcome.headline.part}/{outcome.headline.whole}，不满意 {outcome.dissatisfied.part}"
    return Suggestion(f"{who}“{outcome.text}”满意度低", Origin("low", origin, outcome.subject, outcome.question))


def _opinions(session: Session, meeting_id: int) -> Iterator[Suggestion]:
    """Yield the merged opinions that somebody said, in their own words."""
    if not closed.is_closed(session, meeting_id):
        return
    query = select(Remedy.opinion_id).where(Remedy.meeting_id == meeting_id, Remedy.opinion_id.is_not(None))
    known = set(session.scalars(query))
    for each in merging.desk(session, meeting_id).merged:
        if each.number and each.id not in known:
            item = f" · 第 {each.item} 项" if each.item else ""
            origin = f"意见 {each.number} 次{item}（{'、'.join(each.origins)}）"
            yield Suggestion(each.text, Origin("opinion", origin, each.subject, opinion_id=each.id))
