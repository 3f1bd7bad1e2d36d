"""The self-check (自查) before a meeting: 总结成绩, 查找不足, 改进措施. Each saving adds a row; the newest holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Meeting, SelfCheck, User
from webapp.office import Office

PARTS = ("achievements", "shortcomings", "measures")
MOST = 20_000  # characters of a part


@dataclass(frozen=True, slots=True)
class View:
    """The self-check in force. ``by``: who saved it last; ``done_on``: None while it is a draft."""

    achievements: str = ""
    shortcomings: str = ""
    measures: str = ""
    done_on: dt.date | None = None
    by: str = ""
    at: dt.datetime | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts that nobody has written yet."""
        return tuple(part for part in PARTS if not getattr(self, part))


def current(session: Session, meeting_id: int) -> View:
    """Return the self-check of a meeting; an empty one where nothing was written."""
    query = select(SelfCheck, User.display_name).join(User, User.id == SelfCheck.user_id)
    query = query.where(SelfCheck.meeting_id == meeting_id).order_by(SelfCheck.id.desc()).limit(1)
    found = session.execute(query).first()
    if found is None:
        return View()
    row, by = found
    return View(row.achievements, row.shortcomings, row.measures, row.done_on, by, row.at)


def is_done(session: Session, meeting_id: int) -> bool:
    """Tell whether the self-check of a meeting is marked done."""
    return current(session, meeting_id).done_on is not None


def save(
    office: Office,
    meeting_id: int,
    *,
    achievements: str,
    shortcomings: str,
    measures: str,
    user_id: int,
    done_on: dt.date | None = None,
) -> None:
    """Write the three parts down; with ``done_on`` mark them done.

    Raises NotFound, Conflict where it is done already (open it again first), and InvalidInput where a part is too long
    or, to be marked done, empty.
    """
    parts = {"achievements": achievements.strip(), "shortcomings": shortcomings.strip(), "measures": measures.strip()}
    if any(len(text) > MOST for text in parts.values()):
        raise InvalidInput("text-long")
    if done_on and not all(parts.values()):
        raise InvalidInput("self-check-incomplete")
    with office.db.begin() as session:
        _check(session, meeting_id)
        if is_done(session, meeting_id):
            raise Conflict("self-check-done")
        session.add(SelfCheck(meeting_id=meeting_id, **parts, done_on=done_on, user_id=user_id))


def reopen(office: Office, meeting_id: int, *, user_id: int) -> None:
    """Take the mark back, so that the parts can be changed. Raises NotFound, and Conflict where there is no mark."""
    with office.db.begin() as session:
        _check(session, meeting_id)
        held = current(session, meeting_id)
        if held.done_on is None:
            raise Conflict("self-check-not-done")
        parts = {part: getattr(held, part) for part in PARTS}
        session.add(SelfCheck(meeting_id=meeting_id, **parts, user_id=user_id))


def _check(session: Session, meeting_id: int) -> None:
    if session.get(Meeting, meeting_id) is None:
        raise NotFound("no-such-row", kind="Meeting")
