"""What follows from a closed count: orders with a deadline and their re-checks, examples and their publicity.

The rules are the campaign's (``services.outcomes``). A person decides on each: nothing is ordered by itself. An order
enters the subject into the register of rectification and tells the unit; it ends by being lifted after the re-check
or withdrawn with a reason.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import DeadlineOrder, Exemplar, Meeting, OrderStep, Publicity, now
from webapp.office import Office
from webapp.rights import Right
from webapp.services import notices, orders_due, outcomes, rectifying, suggestions
from webapp.services.orders_due import Order
from webapp.services.outcomes import HIGH, LOW, Outcome

URL = "/meetings/{}/consequences"
LONGEST = {"why": 500, "medium": 120, "note": 500, "deeds": 4000}


@dataclass(frozen=True, slots=True)
class Example:
    """An example with where it was made known."""

    row: Exemplar
    publicity: tuple[Publicity, ...]


@dataclass(frozen=True, slots=True)
class Recheck:
    """What the re-check of an order found: ``after`` is None while its count is not closed."""

    order: Order
    meeting: Meeting | None
    after: Outcome | None


def order(
    office: Office, meeting_id: int, *, survey_id: int, subject: str, due_on: dt.date | None, user_id: int
) -> int:
    """Order that somebody rated low puts it right by a day, that day included. Returns the order's id.

    Raises InvalidInput (no day), NotFound (nobody of that name was rated low) and Conflict (ordered already).
    """
    if due_on is None:
        raise InvalidInput("order-day")
    with office.db.begin() as session:
        found = _judged(session, meeting_id, survey_id, subject, LOW)
        for each in orders_due.of_meetings(session, [meeting_id]):
            if (each.subject, each.state) == (subject, "open"):
                raise Conflict("order-stands")
        row = DeadlineOrder(
            meeting_id=meeting_id, survey_id=survey_id, subject=subject, figures=found.figures, due_on=due_on,
            user_id=user_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        _register(session, row, found, user_id)
        meeting = session.get_one(Meeting, meeting_id, options=[joinedload(Meeting.unit)])
        notices.send(
            session, code="notice-order", params={"name": subject or meeting.unit.name, "day": due_on.isoformat()},
            url=URL.format(meeting_id), to=(Right.RECTIFY, meeting.unit_id), topic=f"order:{row.id}",
            needs_answer=True, by=user_id,
        )  # fmt: skip
        return row.id


def extend(office: Office, order_id: int, *, due_on: dt.date | None, why: str, user_id: int) -> None:
    """Move the day of an order. Raises InvalidInput (no reason, no later day), NotFound and Conflict (it has ended)."""
    if not why:
        raise InvalidInput("extension-why")
    with office.db.begin() as session:
        if due_on is None or due_on <= _open(session, order_id).due_on:
            raise InvalidInput("order-later")
        session.add(OrderStep(order_id=order_id, kind="extended", due_on=due_on, why=_short(why), user_id=user_id))


def link_recheck(office: Office, order_id: int, *, meeting_id: int, user_id: int) -> None:
    """Name the meeting at which the subject is rated again.

    Raises NotFound, InvalidInput (another unit's) and Conflict.
    """
    with office.db.begin() as session:
        found = _open(session, order_id)
        meeting, first = session.get(Meeting, meeting_id), session.get_one(Meeting, found.meeting_id)
        if meeting is None:
            raise NotFound("no-such-row", kind="Meeting")
        if meeting.unit_id != first.unit_id or meeting.id == first.id:
            raise InvalidInput("recheck-unit")
        session.add(OrderStep(order_id=order_id, kind="recheck", recheck_id=meeting_id, user_id=user_id))


def lift(office: Office, order_id: int, *, why: str, user_id: int) -> None:
    """End an order after its re-check; without one that came out better, with a reason.

    Raises InvalidInput, NotFound and Conflict.
    """
    with office.db.begin() as session:
        found = recheck(session, _open(session, order_id))
        if (found.after is None or found.after.verdict == LOW) and not why:
            raise InvalidInput("lift-why")
        session.add(OrderStep(order_id=order_id, kind="lifted", why=_short(why), user_id=user_id))


def withdraw(office: Office, order_id: int, *, why: str, user_id: int) -> None:
    """Take back an order that was wrong. Raises InvalidInput (no reason), NotFound and Conflict."""
    if not why:
        raise InvalidInput("reason-missing")
    with office.db.begin() as session:
        _open(session, order_id)
        session.add(OrderStep(order_id=order_id, kind="withdrawn", why=_short(why), user_id=user_id))


def recheck(session: Session, found: Order) -> Recheck:
    """Return what the re-check of an order found so far."""
    if found.recheck_id is None:
        return Recheck(found, None, None)
    judged = outcomes.of_meeting(session, found.recheck_id)
    after = next((each for each in judged if each.subject == found.subject), None)
    return Recheck(found, session.get(Meeting, found.recheck_id), after)


def rechecks_of(session: Session, meeting_id: int) -> list[Meeting]:
    """Return the meetings at which the unit of a meeting may be rated again: its other ones, newest first."""
    first = session.get_one(Meeting, meeting_id)
    query = select(Meeting).options(joinedload(Meeting.campaign)).order_by(Meeting.id.desc())
    return list(session.scalars(query.where(Meeting.unit_id == first.unit_id, Meeting.id != meeting_id)))


def put_forward(office: Office, meeting_id: int, *, survey_id: int, subject: str, deeds: str, user_id: int) -> int:
    """Put somebody rated high on the list of examples. Raises NotFound, Conflict and InvalidInput."""
    with office.db.begin() as session:
        found = _judged(session, meeting_id, survey_id, subject, HIGH)
        if any(each.row.subject == subject for each in examples(session, [meeting_id])):
            raise Conflict("example-stands")
        row = Exemplar(
            meeting_id=meeting_id, survey_id=survey_id, subject=subject, figures=found.figures, user_id=user_id,
            deeds=_short(deeds, "deeds"),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def take_off(office: Office, exemplar_id: int, *, why: str) -> int:
    """Take an example off the list. Returns its meeting. Raises InvalidInput (no reason) and NotFound."""
    if not why:
        raise InvalidInput("reason-missing")
    with office.db.begin() as session:
        row = session.get(Exemplar, exemplar_id)
        if row is None or row.withdrawn_at is not None:
            raise NotFound("no-such-row", kind="Exemplar")
        row.withdrawn_at, row.withdrawn_why = now(), _short(why)
        return row.meeting_id


def publish(
    office: Office, exemplar_id: int, *, medium: str, published_on: dt.date | None, note: str, user_id: int
) -> int:
    """Write down where an example was made known. Returns its meeting. Raises InvalidInput and NotFound."""
    if not medium or published_on is None:
        raise InvalidInput("publicity-missing")
    with office.db.begin() as session:
        row = session.get(Exemplar, exemplar_id)
        if row is None:
            raise NotFound("no-such-row", kind="Exemplar")
        session.add(Publicity(
            exemplar_id=exemplar_id, medium=_short(medium, "medium"), published_on=published_on,
            note=_short(note, "note"), user_id=user_id,
        ))  # fmt: skip
        return row.meeting_id


def examples(session: Session, meeting_ids: list[int]) -> list[Example]:
    """Return the examples of meetings that stand, with where they were made known."""
    query = select(Exemplar).where(Exemplar.meeting_id.in_(meeting_ids), Exemplar.withdrawn_at.is_(None))
    rows = list(session.scalars(query.order_by(Exemplar.id)))
    told = select(Publicity).where(Publicity.exemplar_id.in_([row.id for row in rows])).order_by(Publicity.id)
    found: dict[int, list[Publicity]] = {}
    for each in session.scalars(told):
        found.setdefault(each.exemplar_id, []).append(each)
    return [Example(row, tuple(found.get(row.id, ()))) for row in rows]


def one(session: Session, order_id: int) -> Order:
    """Return an order. Raises NotFound."""
    row = session.get(DeadlineOrder, order_id)
    if row is None:
        raise NotFound("no-such-row", kind="DeadlineOrder")
    return next(each for each in orders_due.of_meetings(session, [row.meeting_id]) if each.id == order_id)


def _open(session: Session, order_id: int) -> Order:
    found = one(session, order_id)
    if found.state != "open":
        raise Conflict("order-ended")
    return found


def _judged(session: Session, meeting_id: int, survey_id: int, subject: str, verdict: str) -> Outcome:
    for each in outcomes.of_meeting(session, meeting_id):
        if (each.survey_id, each.subject, each.verdict) == (survey_id, subject, verdict):
            return each
    raise NotFound("not-judged-so")


def _register(session: Session, row: DeadlineOrder, found: Outcome, user_id: int) -> None:
    problem = suggestions.low(found).problem
    origin = rectifying.Origin("order", suggestions.low(found).origin.text, row.subject, found.question)
    entry = rectifying.Entry(problem, due_on=row.due_on)
    rectifying.add_in(session, row.meeting_id, entry, user_id=user_id, origin=origin)


def _short(text: str, name: str = "why") -> str:
    if len(text) > LONGEST[name]:
        raise InvalidInput("text-long")
    return text
