"""Meetings: their facts, the numbers in force, the turnout."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from omr.books import Turnout
from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, HeadCount, Meeting, Unit
from webapp.office import Office
from webapp.services import campaigns, surveys


@dataclass(frozen=True, slots=True)
class Facts:
    """Which unit meets, when, where, how, and who leads and watches."""

    unit_id: int
    held_on: dt.date | None = None
    place: str = ""
    manner: str = ""
    presider: str = ""
    supervisor: str = ""


LONGEST = {"place": 120, "manner": 200, "presider": 64, "supervisor": 64}


def get(office: Office, meeting_id: int) -> Meeting:
    """Return a meeting with its unit, its campaign and the campaign's forms. Raises NotFound."""
    with office.db.read() as session:
        query = select(Meeting).where(Meeting.id == meeting_id)
        meeting = session.scalar(
            query.options(joinedload(Meeting.unit), joinedload(Meeting.campaign).selectinload(Campaign.surveys))
        )
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting


def create(office: Office, campaign_id: int, facts: Facts) -> int:
    """Make a meeting. Returns its id. Raises NotFound and InvalidInput."""
    with office.db.begin() as session:
        _check(session, facts)
        if session.get(Campaign, campaign_id) is None:
            raise NotFound("no-such-row", kind="Campaign")
        meeting = Meeting(campaign_id=campaign_id, **asdict(facts))
        session.add(meeting)
        session.flush()
        return meeting.id


def update(office: Office, meeting_id: int, facts: Facts) -> None:
    """Change a meeting's facts. Raises NotFound and InvalidInput."""
    with office.db.begin() as session:
        _check(session, facts)
        meeting = session.get(Meeting, meeting_id)
        if meeting is None:
            raise NotFound("no-such-row", kind="Meeting")
        for name, value in asdict(facts).items():
            setattr(meeting, name, value)


def latest_counts(session: Session, meeting_id: int) -> dict[tuple[str, str, str], int]:
    """Return the numbers in force: (kind, form, rater_class) → number; nothing for what nobody entered."""
    newest = (
        select(func.max(HeadCount.id))
        .where(HeadCount.meeting_id == meeting_id)
        .group_by(HeadCount.kind, HeadCount.form, HeadCount.rater_class)
    )
    rows = session.scalars(select(HeadCount).where(HeadCount.id.in_(newest)))
    return {(row.kind, row.form, row.rater_class): row.number for row in rows}


def turnout(session: Session, meeting_id: int) -> list[Turnout]:
    """Return the turnout of each kind of rater and, last, of all (``rater_class`` None).

    Numbers that nobody entered are None; the total sums what was entered. The threshold is the rule of the campaign.
    Raises NotFound.
    """
    meeting = session.get(Meeting, meeting_id, options=[joinedload(Meeting.campaign).selectinload(Campaign.surveys)])
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    percent = int(campaigns.rules_of(meeting.campaign)["turnout_percent"])
    heads = latest_counts(session, meeting_id)
    known = [row.id for row in surveys.rater_classes(meeting.campaign.surveys)]
    entered = [key[2] for key in heads if key[0] in ("expected", "present") and key[2] not in known]
    rows = [
        Turnout(rater_class, heads.get(("expected", "", rater_class)), heads.get(("present", "", rater_class)), percent)
        for rater_class in [*known, *dict.fromkeys(entered)]
    ]
    return [*rows, Turnout(None, _sum(row.expected for row in rows), _sum(row.present for row in rows), percent)]


def _sum(numbers: Iterable[int | None]) -> int | None:
    entered = [number for number in numbers if number is not None]
    return sum(entered) if entered else None


def _check(session: Session, facts: Facts) -> None:
    if session.get(Unit, facts.unit_id) is None:
        raise InvalidInput("unit-missing")
    for name, longest in LONGEST.items():
        if len(getattr(facts, name)) > longest:
            raise InvalidInput("text-long")
