"""Orders with a deadline (限期整改) that are in force: by which day, and whether the re-check has lifted them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import DeadlineOrder, OrderStep

ENDED = ("lifted", "withdrawn")
HERE = ZoneInfo("Asia/Shanghai")  # of the days that stand on papers


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands. ``state``: open, lifted or withdrawn; ``recheck_id`` is the meeting of the re-check."""

    id: int
    meeting_id: int
    survey_id: int
    subject: str
    figures: dict[str, Any]
    ordered_on: dt.date
    due_on: dt.date
    extended: int
    recheck_id: int | None
    state: str
    why: str  # of its newest step

    def is_late(self, today: dt.date) -> bool:
        """Whether its day, which is included, is over and nothing has ended it."""
        return self.state == "open" and self.due_on < today


def local_day(moment: dt.datetime) -> dt.date:
    """Return the day of a moment as papers write it."""
    return moment.astimezone(HERE).date()


def of_meetings(session: Session, meeting_ids: Iterable[int]) -> list[Order]:
    """Return all orders of meetings, oldest first."""
    query = select(DeadlineOrder).where(DeadlineOrder.meeting_id.in_(list(meeting_ids))).order_by(DeadlineOrder.id)
    orders = list(session.scalars(query))
    steps: dict[int, list[OrderStep]] = {}
    ids = [order.id for order in orders]
    for step in session.scalars(select(OrderStep).where(OrderStep.order_id.in_(ids)).order_by(OrderStep.id)):
        steps.setdefault(step.order_id, []).append(step)
    return [_order(order, steps.get(order.id, [])) for order in orders]


def subjects(session: Session, meeting_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Return (meeting id, subject) of all orders that were not withdrawn."""
    return {(each.meeting_id, each.subject) for each in of_meetings(session, meeting_ids) if each.state != "withdrawn"}


def _order(order: DeadlineOrder, steps: list[OrderStep]) -> Order:
    due = [step.due_on for step in steps if step.kind == "extended" and step.due_on]
    rechecks = [step.recheck_id for step in steps if step.kind == "recheck"]
    ended = [step.kind for step in steps if step.kind in ENDED]
    return Order(
        order.id, order.meeting_id, order.survey_id, order.subject, order.figures, local_day(order.at),
        due[-1] if due else order.due_on, len(due), rechecks[-1] if rechecks else None,
        ended[-1] if ended else "open", steps[-1].why if steps else "",
    )  # fmt: skip
