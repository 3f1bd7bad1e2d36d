"""Meetings: their facts, the numbers in force, the turnout."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from omr import books
from omr.books import Turnout
from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, HeadCount, Meeting, SessionWithdrawal, Unit
from webapp.office import Office
from webapp.services import meeting_rules, meeting_times, plans

Key = tuple[str, str, str]  # kind, form, rater_class


@dataclass(frozen=True, slots=True)
class Facts:
    """Which unit meets, when, where, how, and who leads and watches."""

    unit_id: int
    held_on: dt.date | None = None
    place: str = ""
    manner: str = ""
    presider: str = ""
    supervisor: str = ""
    starts: str = ""  # "14:30"
    round: int | None = None  # of the campaign, from 2; None is the first


CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
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
        _check_round(session.get_one(Campaign, campaign_id), facts)
        meeting = Meeting(campaign_id=campaign_id, **asdict(facts))
        session.add(meeting)
        session.flush()
        meeting_times.fix(session, meeting)
        return meeting.id


def update(office: Office, meeting_id: int, facts: Facts) -> None:
    """Change a meeting's facts. Raises NotFound and InvalidInput."""
    with office.db.begin() as session:
        _check(session, facts)
        meeting = session.get(Meeting, meeting_id)
        if meeting is None:
            raise NotFound("no-such-row", kind="Meeting")
        _check_round(meeting.campaign, facts)
        for name, value in asdict(facts).items():
            setattr(meeting, name, value)
        session.flush()
        session.refresh(meeting, ["unit"])
        meeting_times.fix(session, meeting)


def _check_round(campaign: Campaign, facts: Facts) -> None:
    if facts.round is not None and not 2 <= facts.round <= len(campaign.rounds):
        raise InvalidInput("no-such-round")


def counts_by_session(session: Session, meeting_id: int) -> dict[int | None, dict[Key, int]]:
    """Return the numbers in force of each session; None is the meeting itself, and always there.

    Those of a session that was withdrawn are left out.
    """
    gone = exists().where(SessionWithdrawal.session_id == HeadCount.session_id)
    newest = (
        select(func.max(HeadCount.id))
        .where(HeadCount.meeting_id == meeting_id, ~gone)
        .group_by(HeadCount.session_id, HeadCount.kind, HeadCount.form, HeadCount.rater_class)
    )
    found: dict[int | None, dict[Key, int]] = {None: {}}
    for row in session.scalars(select(HeadCount).where(HeadCount.id.in_(newest))):
        found.setdefault(row.session_id, {})[row.kind, row.form, row.rater_class] = row.number
    return found


def latest_counts(session: Session, meeting_id: int) -> dict[Key, int]:
    """Return the numbers in force, all sessions together: (kind, form, rater_class) → number.

    Nothing for what nobody entered.
    """
    return merged(counts_by_session(session, meeting_id))


def numbers_of_campaign(session: Session, campaign_id: int) -> dict[tuple[int, str], int]:
    """Return (meeting, kind) → number in force, all sessions, forms and classes together, of a whole campaign."""
    gone = exists().where(SessionWithdrawal.session_id == HeadCount.session_id)
    newest = (
        select(func.max(HeadCount.id)).join(Meeting, Meeting.id == HeadCount.meeting_id)
        .where(Meeting.campaign_id == campaign_id, ~gone)
        .group_by(HeadCount.meeting_id, HeadCount.session_id, HeadCount.kind, HeadCount.form, HeadCount.rater_class)
    )  # fmt: skip
    query = select(HeadCount.meeting_id, HeadCount.kind, func.sum(HeadCount.number)).where(HeadCount.id.in_(newest))
    rows = session.execute(query.group_by(HeadCount.meeting_id, HeadCount.kind))
    return {(meeting_id, kind): int(number) for meeting_id, kind, number in rows}


def merged(by_session: Mapping[int | None, Mapping[Key, int]]) -> dict[Key, int]:
    """Add up the numbers of all sessions."""
    total: Counter[Key] = Counter()
    for numbers in by_session.values():
        total.update(numbers)
    return dict(total)


def turnout(session: Session, meeting_id: int) -> list[Turnout]:
    """Return the turnout of each kind of rater and, last, of all (``rater_class`` None), all sessions together.

    Numbers that nobody entered are None. The threshold is the rule in force. Raises NotFound.
    """
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    percent = int(meeting_rules.of_meeting(session, meeting)["turnout_percent"])
    raters = plans.of_meeting(session, meeting).raters
    return list(books.turnout(latest_counts(session, meeting_id), raters, percent))


def _check(session: Session, facts: Facts) -> None:
    if session.get(Unit, facts.unit_id) is None:
        raise InvalidInput("unit-missing")
    for name, longest in LONGEST.items():
        if len(getattr(facts, name)) > longest:
            raise InvalidInput("text-long")
    if facts.starts and not CLOCK.fullmatch(facts.starts):
        raise InvalidInput("bad-clock", text=facts.starts[:20])
