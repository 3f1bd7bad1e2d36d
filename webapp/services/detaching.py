"""Confirmed opinions leave their sheets: their texts move to rows that nothing leads back from.

A text that went alone could be told by the moment it appeared. So texts go in lots, shuffled, with the day alone; the
rest goes when the transcription of a meeting is finished, at the latest when the meeting is closed.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from webapp.models import Opinion, OpinionText, Page, PrintRun, now
from webapp.office import Office
from webapp.services import trail
from webapp.services.answers import STANDING, void_sheets

LOT = 8  # texts that go together, at least
CONFIRMED, DETACHED = "confirmed", "detached"


def detach(session: Session, office: Office, meeting_id: int, *, but: int | None = None, least: int = 1) -> int:
    """Detach the confirmed opinions of a meeting when at least ``least`` are there; returns how many went.

    ``but`` is an opinion that stays for now: the one that was settled a moment ago can still be taken back. What
    stands on a void sheet stays with it.
    """
    rows = [row for row in session.execute(_confirmed(meeting_id)) if row.Opinion.id != but]
    if len(rows) < max(least, 1):
        return 0
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("pragma secure_delete = on"))  # what is emptied is overwritten in the file
    today = now().astimezone(ZoneInfo(office.settings.timezone)).date()
    secrets.SystemRandom().shuffle(rows)
    session.add_all(_text(row.Opinion, row.PrintRun, meeting_id, today) for row in rows)
    session.flush()
    for opinion, _ in rows:
        opinion.state, opinion.text, opinion.proposal, opinion.engine = DETACHED, "", [], ""
        opinion.confirmed_by, opinion.confirmed_at = None, None
    trail.note(session, "detached", f"meeting:{meeting_id}", opinions=len(rows))
    return len(rows)


def finish(office: Office, meeting_id: int) -> int:
    """Detach all that is confirmed, however few they are; returns how many went."""
    with office.db.begin() as session:
        return detach(session, office, meeting_id)


def texts(session: Session, meeting_id: int, survey_id: int | None = None, subject: str | None = None) -> Counter[str]:
    """Return the detached texts, with how often each was written."""
    query = select(OpinionText.text).where(OpinionText.meeting_id == meeting_id)
    if survey_id is not None:
        query = query.where(OpinionText.survey_id == survey_id)
    if subject is not None:
        query = query.where(OpinionText.subject == subject)
    return Counter(session.scalars(query.order_by(OpinionText.id)))


def _confirmed(meeting_id: int) -> Select[Opinion, PrintRun]:
    return (
        select(Opinion, PrintRun)
        .join(Page, Page.id == Opinion.page_id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Opinion.state == CONFIRMED, Page.standing.in_(STANDING))
        .where(Page.sheet.not_in(void_sheets()))
        .order_by(Opinion.id)
    )


def _text(opinion: Opinion, run: PrintRun, meeting_id: int, day: dt.date) -> OpinionText:
    return OpinionText(
        meeting_id=meeting_id, survey_id=run.survey_id, subject=run.subject, region=opinion.region, text=opinion.text,
        day=day,
    )  # fmt: skip
