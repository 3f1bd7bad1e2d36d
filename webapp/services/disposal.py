"""The destruction of what shows handwriting, once its term has run out: originals, crops, proposals; with a record.

The figures, the readings and the trail stay: they tell what was counted, not who wrote it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput
from webapp.models import Closing, Disposal, Meeting, Opinion, Page, Scan, User, now
from webapp.office import Office
from webapp.services import archive, backup, detaching, pictures
from webapp.services.backup import Upgrade

TEXT_LENGTH = 200
WITNESS_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether a campaign's originals may go: meetings still open, the day the term ends, how many files there are."""

    open_meetings: int
    due_on: dt.date | None
    files: int
    records: tuple[tuple[Disposal, str], ...]

    def is_due(self, today: dt.date) -> bool:
        """Tell whether the term has run out."""
        return not self.open_meetings and self.due_on is not None and self.due_on <= today


def outlook(office: Office, campaign_id: int) -> Outlook:
    """Return how far a campaign is from the destruction of its originals. Raises NotFound."""
    with office.db.read() as session:
        waiting = len(archive.open_meetings(session, campaign_id))
        records = select(Disposal, User.display_name).join(User, User.id == Disposal.user_id)
        records = records.where(Disposal.campaign_id == campaign_id).order_by(Disposal.id.desc())
        return Outlook(
            open_meetings=waiting,
            due_on=due_on(office, session, campaign_id),
            files=len(_files(office, archive.scans_of(session, campaign_id))),
            records=tuple((row, name) for row, name in session.execute(records)),
        )


def due_on(office: Office, session: Session, campaign_id: int) -> dt.date | None:
    """Return the day on which the term ends: so many months after the last closing; None without one."""
    query = select(func.max(Closing.at)).join(Meeting).where(Meeting.campaign_id == campaign_id)
    last = session.scalar(query)
    return _months_after(_day(office, last), office.settings.keep_months) if last else None


def dispose(
    office: Office, campaign_id: int, *, witness: str, why: str, user_id: int, upgrade: Upgrade, today: dt.date
) -> Disposal:
    """Destroy the originals of a campaign, all copies of them, and what was read of their handwriting.

    Raises Conflict "campaign-open", "disposal-early", "disposal-nothing", and InvalidInput "disposal-needs-witness".
    A new copy of the data is made afterwards, since the old ones had to go.
    """
    witness, why = witness.strip()[:WITNESS_LENGTH], why.strip()[:TEXT_LENGTH]
    if not witness or not why:
        raise InvalidInput("disposal-needs-witness")
    with office.db.begin() as session:
        if waiting := archive.open_meetings(session, campaign_id):
            raise Conflict("campaign-open", meetings=len(waiting))
        due = due_on(office, session, campaign_id)
        if due is None or due > today:
            raise Conflict("disposal-early", day=str(due or "–"))
        scans = archive.scans_of(session, campaign_id)
        files = _files(office, scans)
        if not files:
            raise Conflict("disposal-nothing")
        for meeting_id in session.scalars(select(Meeting.id).where(Meeting.campaign_id == campaign_id)).all():
            detaching.detach(session, office, meeting_id)  # a text that was confirmed is kept, away from its sheet
        opinions = _forget_opinions(session, [scan.id for scan in scans])
        record = Disposal(
            campaign_id=campaign_id, files=len(files), bytes=sum(files.values()), opinions=opinions, due_on=due,
            witness=witness, why=why, user_id=user_id,
        )  # fmt: skip
        session.add(record)
    for sha256 in files:
        office.storage.path(sha256).unlink(missing_ok=True)
    pictures.forget(office)
    backup.remove_all(office.settings)
    backup.make(office.settings, backup.MANUAL, upgrade)
    return record


def _files(office: Office, scans: Iterable[Scan]) -> dict[str, int]:
    """Return the size of the files that are still there, by digest."""
    paths = {scan.sha256: office.storage.path(scan.sha256) for scan in scans}
    return {sha256: path.stat().st_size for sha256, path in paths.items() if path.exists()}


def _forget_opinions(session: Session, scan_ids: list[int]) -> int:
    pages = select(Page.id).where(Page.scan_id.in_(scan_ids))
    number = session.scalar(select(func.count()).select_from(Opinion).where(Opinion.page_id.in_(pages))) or 0
    session.execute(delete(Opinion).where(Opinion.page_id.in_(pages)))
    return number


def _day(office: Office, moment: dt.datetime) -> dt.date:
    return moment.astimezone(ZoneInfo(office.settings.timezone)).date()


def _months_after(day: dt.date, months: int) -> dt.date:
    """Return the day of the month so many months later; the first of the next where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return dt.date(year, month + 1, day.day)
    except ValueError:
        return dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)


def today(office: Office) -> dt.date:
    """Return the day it is at the office."""
    return _day(office, now())
