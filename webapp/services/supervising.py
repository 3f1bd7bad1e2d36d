"""The log of supervision, experience that units share, and the delivery of the directive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, Delivery, Experience, Notice, Supervision, Unit, User, now
from webapp.office import Office
from webapp.rights import Right
from webapp.services import notices
from webapp.services.submitting import LEVEL_TWO

KINDS = ("visit", "call", "reading", "doubt")  # 到会, 电话, 查阅材料, 核查疑点
DELIVERIES = ("notice", "paper", "oa")


def log(session: Session, campaign_id: int, units: Iterable[int] | None = None) -> list[tuple[Supervision, str, str]]:
    """Return the entries of a campaign, newest first: (entry, unit, who). ``units`` None: of the whole school."""
    query = select(Supervision, Unit.name, User.display_name).join(Unit, Unit.id == Supervision.unit_id)
    query = query.join(User, User.id == Supervision.user_id).where(Supervision.campaign_id == campaign_id)
    if units is not None:
        query = query.where(Supervision.unit_id.in_(list(units)))
    return [tuple(row) for row in session.execute(query.order_by(Supervision.id.desc()))]  # type: ignore[misc]  # three columns


def settled(session: Session, campaign_id: int) -> set[str]:
    """Return the keys of the doubts whose newest entry settles them."""
    newest = select(func.max(Supervision.id)).where(Supervision.campaign_id == campaign_id, Supervision.doubt != "")
    query = select(Supervision.doubt).where(Supervision.id.in_(newest.group_by(Supervision.doubt)), Supervision.settles)
    return set(session.scalars(query))


def write(
    office: Office, campaign_id: int, *, unit_id: int, kind: str, text: str, seen_on: dt.date | None, doubt: str = "",
    settles: bool = False, user_id: int,
) -> None:  # fmt: skip
    """Write an entry. Raises InvalidInput and NotFound."""
    if kind not in KINDS or not text or seen_on is None:
        raise InvalidInput("supervision-missing")
    if len(text) > 4000 or len(doubt) > 80:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        if session.get(Unit, unit_id) is None or session.get(Campaign, campaign_id) is None:
            raise NotFound("no-such-row", kind="Unit")
        session.add(Supervision(
            campaign_id=campaign_id, unit_id=unit_id, kind=kind, text=text, seen_on=seen_on, doubt=doubt,
            settles=settles, user_id=user_id,
        ))  # fmt: skip


def experiences(session: Session, campaign_id: int) -> list[tuple[Experience, str]]:
    """Return what units share, newest first, with the unit: for everybody who has to do with the campaign."""
    query = select(Experience, Unit.name).join(Unit, Unit.id == Experience.unit_id)
    query = query.where(Experience.campaign_id == campaign_id, Experience.withdrawn_at.is_(None))
    return [(row, unit) for row, unit in session.execute(query.order_by(Experience.id.desc()))]


def share(office: Office, campaign_id: int, *, unit_id: int, title: str, text: str, user_id: int) -> None:
    """Share an experience. Raises InvalidInput and NotFound."""
    if not title or not text:
        raise InvalidInput("experience-missing")
    if len(title) > 120 or len(text) > 8000:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        if session.get(Unit, unit_id) is None or session.get(Campaign, campaign_id) is None:
            raise NotFound("no-such-row", kind="Unit")
        row = Experience(campaign_id=campaign_id, unit_id=unit_id, title=title, text=text, user_id=user_id)
        session.add(row)


def unshare(office: Office, experience_id: int) -> int:
    """Take an experience back. Returns its campaign. Raises NotFound."""
    with office.db.begin() as session:
        row = session.get(Experience, experience_id)
        if row is None or row.withdrawn_at is not None:
            raise NotFound("no-such-row", kind="Experience")
        row.withdrawn_at = now()
        return row.campaign_id


@dataclass(frozen=True, slots=True)
class Addressee:
    """A unit that the directive is addressed to. ``row`` is None while it was not delivered to it.

    ``told`` and ``acknowledged``: notices of the delivery, and those that were acknowledged.
    """

    unit: Unit
    row: Delivery | None
    told: int
    acknowledged: int


def addressees(session: Session, campaign_id: int) -> list[Addressee]:
    """Return the level-2 units with how the directive reached them, in the order of the tree."""
    newest = select(func.max(Delivery.id)).where(Delivery.campaign_id == campaign_id).group_by(Delivery.unit_id)
    rows = {row.unit_id: row for row in session.scalars(select(Delivery).where(Delivery.id.in_(newest)))}
    topics = select(Notice.topic, func.count(), func.count(Notice.acknowledged_at)).group_by(Notice.topic)
    told = {
        topic: (number, known)
        for topic, number, known in session.execute(topics.where(Notice.topic.like(f"delivery:{campaign_id}:%")))
    }
    units = session.scalars(select(Unit).where(Unit.kind.in_(LEVEL_TWO)).order_by(Unit.id))
    return [Addressee(unit, rows.get(unit.id), *told.get(_topic(campaign_id, unit.id), (0, 0))) for unit in units]


def deliver(
    office: Office, campaign_id: int, unit_ids: Iterable[int], *, channel: str, delivered_on: dt.date | None,
    received_by: str = "", user_id: int,
) -> int:  # fmt: skip
    """Write down that the directive was delivered; by notice, the people of each unit are told and acknowledge it.

    Returns to how many units. Raises InvalidInput.
    """
    wanted = set(unit_ids)
    if channel not in DELIVERIES or delivered_on is None or not wanted or len(received_by) > 64:
        raise InvalidInput("delivery-missing")
    with office.db.begin() as session:
        campaign = session.get_one(Campaign, campaign_id)
        known = {each.unit.id for each in addressees(session, campaign_id)}
        if wanted - known:
            raise InvalidInput("delivery-missing")
        for unit_id in sorted(wanted):
            session.add(Delivery(
                campaign_id=campaign_id, unit_id=unit_id, channel=channel, delivered_on=delivered_on,
                received_by=received_by, user_id=user_id,
            ))  # fmt: skip
            if channel == "notice":
                notices.send(
                    session, code="notice-directive", params={"title": campaign.title, "number": campaign.number},
                    url=f"/campaigns/{campaign_id}", to=(Right.MANAGE_MEETING, unit_id), needs_answer=True,
                    topic=_topic(campaign_id, unit_id), by=user_id,
                )  # fmt: skip
    return len(wanted)


def remind(office: Office, campaign_id: int, unit_ids: Iterable[int], *, day: dt.date, user_id: int) -> int:
    """Remind the people of units that are behind. Returns how many were told."""
    with office.db.begin() as session:
        campaign = session.get_one(Campaign, campaign_id)
        return sum(
            notices.send(
                session, code="notice-behind", params={"title": campaign.title, "day": day.isoformat()},
                url=f"/campaigns/{campaign_id}", to=(Right.MANAGE_MEETING, unit_id), by=user_id,
            )
            for unit_id in unit_ids
        )  # fmt: skip


def _topic(campaign_id: int, unit_id: int) -> str:
    return f"delivery:{campaign_id}:{unit_id}"
