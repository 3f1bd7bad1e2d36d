"""Opinions gathered before the meeting and said at it: kept apart from those of the sheets, without the speaker.

    for id, source, text, day in gathering.texts(session, meeting_id): ...

``source``: visit, talk, box, phone; meeting for what was said there (发言要点).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import GatheredOpinion, Meeting, Member, Rater, User, now
from webapp.office import Office
from webapp.services import tree

BEFORE = ("visit", "talk", "box", "phone")
AT_MEETING = "meeting"
SOURCE_WORDS = {"visit": "走访", "talk": "座谈", "box": "意见箱", "phone": "电话", AT_MEETING: "大会发言"}  # as printed
MOST = 4000  # characters


@dataclass(frozen=True, slots=True)
class View:
    """An opinion as the page shows it. ``by``: who wrote it down."""

    id: int
    source: str
    text: str
    day: dt.date
    by: str


def texts(session: Session, meeting_id: int) -> list[tuple[int, str, str, dt.date]]:
    """Return (id, source, text, day) of what holds, in the order it was written down."""
    return [(row.id, row.source, row.text, row.day) for row in listed(session, meeting_id)]


def listed(session: Session, meeting_id: int, sources: Iterable[str] = SOURCE_WORDS) -> list[View]:
    """Return the opinions of some sources that were not put aside, in the order they were written down."""
    query = (
        select(GatheredOpinion, User.display_name)
        .join(User, User.id == GatheredOpinion.user_id)
        .where(GatheredOpinion.meeting_id == meeting_id, GatheredOpinion.removed_at.is_(None))
        .where(GatheredOpinion.source.in_(tuple(sources)))
        .order_by(GatheredOpinion.id)
    )
    return [View(row.id, row.source, row.text, row.day, by) for row, by in session.execute(query)]


def add(
    office: Office,
    meeting_id: int,
    *,
    source: str,
    text: str,
    day: dt.date | None,
    user_id: int,
    names_seen: bool = False,
) -> int:
    """Write an opinion down; returns its id.

    A text with a name of the unit's own people is refused until ``names_seen``: whoever wrote it has looked and says
    that it names no speaker. Raises NotFound and InvalidInput.
    """
    text = text.strip()
    if source not in SOURCE_WORDS:
        raise InvalidInput("no-such-source")
    if not text:
        raise InvalidInput("opinion-empty")
    if len(text) > MOST:
        raise InvalidInput("text-long")
    if day is None:
        raise InvalidInput("opinion-day")
    with office.db.begin() as session:
        meeting = _meeting(session, meeting_id)
        if not names_seen and (found := names_in(session, meeting.unit_id, text)):
            raise InvalidInput("names-in-text", names="、".join(found))
        row = GatheredOpinion(meeting_id=meeting_id, source=source, text=text, day=day, user_id=user_id)
        session.add(row)
        session.flush()
        return row.id


def remove(office: Office, meeting_id: int, opinion_id: int, *, user_id: int) -> None:
    """Put an opinion aside. Raises NotFound for one of another meeting."""
    with office.db.begin() as session:
        row = _own(session, meeting_id, opinion_id)
        if row.removed_at is None:
            row.removed_at, row.removed_by = now(), user_id


def restore(office: Office, meeting_id: int, opinion_id: int) -> None:
    """Take an opinion back that was put aside. Raises NotFound for one of another meeting."""
    with office.db.begin() as session:
        row = _own(session, meeting_id, opinion_id)
        row.removed_at = row.removed_by = None


def names_in(session: Session, unit_id: int, text: str) -> list[str]:
    """Return the names of the unit's own people (members and who is expected) that stand in a text."""
    units = tree.with_below(session, unit_id)
    members = select(Member.name).where(Member.unit_id.in_(units))
    raters = select(Rater.name).where(Rater.unit_id.in_(units))
    known = {*session.scalars(members), *session.scalars(raters)}
    return sorted(name for name in known if len(name) > 1 and name in text)


def _meeting(session: Session, meeting_id: int) -> Meeting:
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting


def _own(session: Session, meeting_id: int, opinion_id: int) -> GatheredOpinion:
    row = session.get(GatheredOpinion, opinion_id)
    if row is None or row.meeting_id != meeting_id:
        raise NotFound("no-such-row", kind="GatheredOpinion")
    return row
