"""Finds what a dead worker left and what the bell lost, and asks for it again.

* A row whose lease has run out goes back to the rows that wait; after too many tries it fails, with a name.
* A row that waits while the queue is empty was never rung, or its bell was lost: it is rung. As long as the queue holds
  tasks nothing is rung again, else each sweep would queue what merely waits for its turn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.jobs.queue import HueyBell
from webapp.jobs.tasks import QUEUES, TASKS
from webapp.models import Base, Opinion, Page, PrintFile, RereadPage, Scan, now
from webapp.office import Office
from webapp.services.intake import close_finished

MOST_TRIES = 3
MOST_RINGS = 500  # at one sweep; the next one rings the rest
DIED = "reader-died"


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of row that workers take under a lease."""

    model: type[Scan] | type[Page] | type[RereadPage] | type[PrintFile] | type[Opinion]
    task: str
    waiting: str
    taken: str  # the same as ``waiting`` where the lease alone says that somebody is at it
    given_up: dict[str, Any]


WORK = (
    Work(Scan, "open-scan", "received", "opening", {"state": "problem", "problem": DIED}),
    Work(Page, "read-pages", "queued", "reading", {"state": "failed", "tray": DIED}),
    Work(RereadPage, "read-again", "waiting", "reading", {"state": "failed", "problem": DIED}),
    Work(PrintFile, "make-prints", "queued", "making", {"state": "failed", "problem": DIED}),
    Work(Opinion, "propose-text", "waiting", "waiting", {"state": "proposed", "proposal": []}),
)

RUNG_BY: dict[type[Base], Any] = {Page: Page.scan_id, RereadPage: RereadPage.rereading_id}


def sweep(office: Office, bell: HueyBell, moment: dt.datetime | None = None) -> int:
    """Put back what is left and ring for what waits. Returns the number of rings."""
    moment = moment or now()
    if _expired_anywhere(office, moment):  # a look first: a sweep that finds nothing takes no write lock
        with office.db.begin() as session:
            for work in WORK:
                _give_up(session, work, moment)
                _put_back(session, work, moment)
            close_finished(session)  # where the last pages of a scan were given up
    idle = {queue for queue in QUEUES if bell.pending(queue) == 0}
    with office.db.read() as session:
        rings = [ring for work in WORK if TASKS[work.task].queue in idle for ring in _unrung(session, work)]
    for task, key in rings:
        bell.ring(task, key)
    return len(rings)


def _expired_anywhere(office: Office, moment: dt.datetime) -> bool:
    with office.db.read() as session:
        return any(session.scalar(select(work.model.id).where(*_expired(work, moment)).limit(1)) for work in WORK)


def _expired(work: Work, moment: dt.datetime) -> tuple[Any, ...]:
    return work.model.state == work.taken, work.model.lease_until < moment


def _give_up(session: Session, work: Work, moment: dt.datetime) -> None:
    rows = update(work.model).where(*_expired(work, moment), work.model.tries >= MOST_TRIES)
    session.execute(rows.values(lease_until=None, **work.given_up))


def _put_back(session: Session, work: Work, moment: dt.datetime) -> None:
    rows = update(work.model).where(*_expired(work, moment))
    session.execute(rows.values(lease_until=None, state=work.waiting))


def _unrung(session: Session, work: Work) -> Iterator[tuple[str, int]]:
    """Yield what waits and belongs to nobody. Pages are rung by their scan, those read again by what asked for them."""
    key = RUNG_BY.get(work.model, work.model.id)
    query = select(key).distinct().where(work.model.state == work.waiting, work.model.lease_until.is_(None))
    for value in session.scalars(query.limit(MOST_RINGS)):
        if value is not None:
            yield work.task, value
