"""Notices: what people are told by the program, who has seen it and who has acknowledged it.

``send`` is called inside the transaction of the deed that it tells of, so that there is no deed without its notice and
no notice without its deed. The words are sentences of ``messages.yaml`` (code → zh, en) and are made when somebody
reads them, in his language.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from webapp.errors import NotFound
from webapp.models import Grant, Notice, Unit, User, now
from webapp.rights import RIGHTS, Right, Role
from webapp.services import rights

To = tuple[Right, int | None]
MOST = 200  # notices shown on a page


@dataclass(frozen=True, slots=True)
class View:
    """A notice as pages show it. ``to`` and ``sender`` are names; ``sender`` is "" for the program itself."""

    id: int
    code: str
    params: Mapping[str, Any]
    url: str
    topic: str
    needs_answer: bool
    to: str
    sender: str
    at: dt.datetime
    seen_at: dt.datetime | None
    acknowledged_at: dt.datetime | None

    @property
    def waits(self) -> bool:
        """Whether its reader has still to see it, or to acknowledge it."""
        return self.seen_at is None or (self.needs_answer and self.acknowledged_at is None)


def send(
    session: Session,
    users: Iterable[int] = (),
    *,
    code: str,
    params: Mapping[str, Any] | None = None,
    url: str = "",
    to: To | None = None,
    needs_answer: bool = False,
    topic: str = "",
    by: int | None = None,
) -> int:
    """Tell people something. Returns how many were told; who sends (``by``) is not told of it himself.

    ``users`` are ids; ``to`` a right and a unit: who holds it nearest to the unit (see ``holders``). ``url`` is an
    address of this program. Raises ValueError for an address that leads elsewhere.
    """
    if url and (not url.startswith("/") or url.startswith("//")):
        raise ValueError(f"a notice leads to a page of this program, not to {url}")
    told = dict.fromkeys([*users, *(holders(session, *to) if to else ())])
    told.pop(by, None)
    session.add_all(
        Notice(
            user_id=user_id, code=code, params=dict(params or {}), url=url, topic=topic, needs_answer=needs_answer,
            sent_by=by,
        )
        for user_id in told
    )  # fmt: skip
    session.flush()
    return len(told)


def holders(session: Session, right: Right, unit_id: int | None) -> list[int]:
    """Return the ids of the users who hold a right nearest to a unit.

    Those with a role on the unit itself; where there are none, on the unit above it, and so on up to the whole school.
    """
    roles = [role for role in Role if right in RIGHTS[role]]
    query = select(Grant.user_id).join(User, User.id == Grant.user_id).order_by(Grant.user_id).distinct()
    query = query.where(Grant.role.in_(roles), Grant.revoked_at.is_(None), User.active)
    while True:
        place = Grant.unit_id.is_(None) if unit_id is None else Grant.unit_id == unit_id
        found = [user for user in session.scalars(query.where(place)) if rights.allowed(session, user, right, unit_id)]
        if found or unit_id is None:
            return found
        unit_id = session.scalar(select(Unit.parent_id).where(Unit.id == unit_id))


def waiting(session: Session, user_id: int) -> int:
    """Count a person's notices that wait for him: not seen yet, or to be acknowledged."""
    return session.scalar(select(func.count(Notice.id)).where(Notice.user_id == user_id, _waits())) or 0


def mine(session: Session, user_id: int, *, only_waiting: bool = False) -> list[View]:
    """Return a person's notices, newest first; at most ``MOST``."""
    query = _views().where(Notice.user_id == user_id)
    return _read(session, query.where(_waits()) if only_waiting else query)


def about(session: Session, topic: str) -> list[View]:
    """Return all notices of a topic, newest first: who was told, has seen and has acknowledged it."""
    return _read(session, _views().where(Notice.topic == topic))


def seen(session: Session, user_id: int, notice_id: int | None = None) -> None:
    """Note that a person has seen one of his notices, or all of them. Raises NotFound for another's."""
    rows = [_own(session, user_id, notice_id)] if notice_id is not None else _unseen(session, user_id)
    for row in rows:
        row.seen_at = row.seen_at or now()


def acknowledge(session: Session, user_id: int, notice_id: int) -> None:
    """Note that a person has acknowledged a notice; the first time holds. Raises NotFound for another's."""
    row = _own(session, user_id, notice_id)
    row.seen_at = row.seen_at or now()
    row.acknowledged_at = row.acknowledged_at or now()


def _own(session: Session, user_id: int, notice_id: int) -> Notice:
    row = session.get(Notice, notice_id)
    if row is None or row.user_id != user_id:
        raise NotFound("no-such-row", kind="Notice")
    return row


def _unseen(session: Session, user_id: int) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.user_id == user_id, Notice.seen_at.is_(None))))


def _waits() -> Any:
    return or_(Notice.seen_at.is_(None), Notice.needs_answer & Notice.acknowledged_at.is_(None))


def _views() -> Any:
    reader, sender = aliased(User), aliased(User)
    query = select(Notice, reader.display_name, sender.display_name).join(reader, reader.id == Notice.user_id)
    return query.outerjoin(sender, sender.id == Notice.sent_by).order_by(Notice.id.desc()).limit(MOST)


def _read(session: Session, query: Any) -> list[View]:
    return [
        View(
            row.id, row.code, row.params, row.url, row.topic, row.needs_answer, reader, sender or "", row.at,
            row.seen_at, row.acknowledged_at,
        )
        for row, reader, sender in session.execute(query)
    ]  # fmt: skip
