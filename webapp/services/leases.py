"""Who has a doubtful question open: for five minutes, renewed while it is open. It warns; it locks nothing."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Lease, User, now
from webapp.office import Office

MINUTES = 5


def take(office: Office, page_id: int, question: str, user_id: int) -> None:
    """Say that a person looks at a question, unless another still does; what he looked at before is free again."""
    with office.db.begin() as session:
        for row in session.scalars(select(Lease).where(Lease.user_id == user_id)):
            if (row.page_id, row.question) != (page_id, question):
                session.delete(row)
        held = session.get(Lease, (page_id, question))
        until = now() + dt.timedelta(minutes=MINUTES)
        if held is None:
            session.add(Lease(page_id=page_id, question=question, user_id=user_id, until=until))
        elif held.user_id == user_id or held.until <= now():
            held.user_id, held.until = user_id, until


def release(session: Session, page_id: int, question: str, user_id: int) -> None:
    """End a person's lease: he decided."""
    held = session.get(Lease, (page_id, question))
    if held is not None and held.user_id == user_id:
        session.delete(held)


def holder(session: Session, page_id: int, question: str, user_id: int | None) -> str:
    """Return the name of another person who has a question open, "" where nobody has."""
    query = select(User.display_name).join(Lease, Lease.user_id == User.id)
    query = query.where(Lease.page_id == page_id, Lease.question == question, Lease.until > now())
    return session.scalar(query.where(Lease.user_id != (user_id or 0))) or ""
