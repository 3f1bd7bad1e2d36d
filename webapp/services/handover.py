"""Reports on meetings (联络员汇报, 委员汇报): handed over on a day to somebody, who reads them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp.errors import Conflict, Forbidden, InvalidInput, NotFound
from webapp.models import Meeting, ReportMade, ReportRead, ShelfVersion, User
from webapp.office import Office
from webapp.rights import Right
from webapp.services import closed, notices, report_papers, shelf, supervisors, tree
from webapp.services.paper_kind import PaperKind, Target
from webapp.services.rights import Standing

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Report:
    """The report on a meeting and where it stands. ``state``: waiting (not closed yet), due, fixed, made."""

    meeting: Meeting
    kind: PaperKind
    target: Target
    version: ShelfVersion | None
    made: ReportMade | None
    by: str  # who handed it over
    readers: tuple[tuple[str, dt.datetime, int], ...]  # (name, when, user id)
    is_closed: bool

    @property
    def state(self) -> str:
        """Where it stands."""
        if self.made is not None:
            return "made"
        return "fixed" if self.version is not None else "due" if self.is_closed else "waiting"


def of(session: Session, meeting: Meeting) -> Report:
    """Return the report on a meeting."""
    kind = kind_of(meeting)
    target = Target(meeting.campaign_id, meeting.unit_id, meeting.id)
    query = select(ReportMade, User.display_name).join(User, User.id == ReportMade.user_id)
    row = session.execute(query.where(ReportMade.meeting_id == meeting.id).order_by(ReportMade.id.desc())).first()
    made, by = (row[0], row[1]) if row else (None, "")
    reads = select(ReportRead, User.display_name).join(User, User.id == ReportRead.user_id).order_by(ReportRead.id)
    found = session.execute(reads.where(ReportRead.report_id == made.id)).all() if made else []
    readers = tuple((name, read.at, read.user_id) for read, name in found)
    is_closed = closed.is_closed(session, meeting.id)
    return Report(meeting, kind, target, shelf.latest(session, kind, target), made, by, readers, is_closed)


def kind_of(meeting: Meeting) -> PaperKind:
    """Return the kind of report that a meeting has."""
    key = report_papers.key_of(meeting)
    return next(kind for kind in report_papers.KINDS if kind.key == key)


def listed(session: Session, standing: Standing) -> list[Report]:
    """Return the reports that a person may read or writes, the newest meetings first."""
    query = select(Meeting).options(joinedload(Meeting.unit), joinedload(Meeting.campaign))
    rows = session.scalars(query.order_by(Meeting.held_on.desc(), Meeting.id.desc()))
    return [of(session, meeting) for meeting in rows if may_read(standing, meeting)]


def may_read(standing: Standing, meeting: Meeting) -> bool:
    """Tell whether a person may read the report on a meeting.

    The school's side and who wrote it; of a branch's meeting also the unit above it, whom the report goes to.
    """
    if standing.may(Right.READ_REPORTS, meeting.unit_id):
        return True
    above = meeting.unit.parent_id
    return tree.is_branch(meeting.unit) and above is not None and standing.may(Right.EXAMINE_PAPERS, above)


def readable(session: Session, standing: Standing, meeting_id: int) -> Report:
    """Return the report on a meeting. Raises NotFound, and Forbidden for who may not read it."""
    meeting = _meeting(session, meeting_id)
    if not may_read(standing, meeting):
        raise Forbidden("error-403")
    return of(session, meeting)


def hand_over(office: Office, meeting_id: int, *, reported_on: dt.date | None, to: str, user_id: int) -> None:
    """Note on which day the fixed report was made and to whom, and tell him where he has an account.

    Raises NotFound, Conflict (not fixed yet) and InvalidInput.
    """
    to = to.strip()
    if not to:
        raise InvalidInput("report-to")
    if len(to) > LONGEST:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        meeting = _meeting(session, meeting_id)
        found = of(session, meeting)
        if found.version is None:
            raise Conflict("report-not-fixed")
        if reported_on is None or (meeting.held_on and reported_on < meeting.held_on):
            raise InvalidInput("report-day")
        number = found.version.number
        session.add(ReportMade(meeting_id=meeting_id, reported_on=reported_on, to=to, version=number, user_id=user_id))
        _tell(session, meeting, user_id)


def read(office: Office, standing: Standing, meeting_id: int, *, user_id: int) -> None:
    """Note that a person has read the report. Raises NotFound, Forbidden, Conflict (not handed over)."""
    with office.db.begin() as session:
        found = readable(session, standing, meeting_id)
        if found.made is None:
            raise Conflict("report-not-fixed")
        if all(reader != user_id for _name, _at, reader in found.readers):
            session.add(ReportRead(report_id=found.made.id, user_id=user_id))


def _tell(session: Session, meeting: Meeting, by: int) -> None:
    params = {"unit": meeting.unit.name, "by": session.get_one(User, by).display_name}
    post = None if tree.is_branch(meeting.unit) else supervisors.liaison_of(session, meeting.unit_id)
    people = [post.leader_id] if post and post.leader_id is not None else []
    to = (Right.EXAMINE_PAPERS, meeting.unit.parent_id) if tree.is_branch(meeting.unit) else None
    notices.send(
        session, people, code="report-handed-over", params=params, url=f"/meetings/{meeting.id}/report", to=to, by=by,
        topic=f"report:{meeting.id}",
    )  # fmt: skip


def _meeting(session: Session, meeting_id: int) -> Meeting:
    meeting = session.get(Meeting, meeting_id, options=[joinedload(Meeting.unit)])
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting
