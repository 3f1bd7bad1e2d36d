"""When a meeting is: fixed and moved as rows that are added; its supervisors are told, answer, and come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import acting
from webapp.errors import InvalidInput
from webapp.models import Meeting, MeetingTime, Notice, SupervisorAnswer, SupervisorPresence
from webapp.office import Office
from webapp.services import notices, run_sheet, supervisors, tree
from webapp.services.supervisors import Supervisor

CHANNELS = ("phone", "slip", "person")
TOLD = "meeting-time"  # code of the notice


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a supervisor and the time in force. ``answered``: when he confirmed it, "how" by what way."""

    supervisor: Supervisor
    told_at: dt.datetime | None = None
    seen_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    how: str = ""
    came: bool | None = None


def standings(session: Session, meeting: Meeting) -> list[Standing]:
    """Return what each supervisor was told of the time in force, what he answered, and whether he came."""
    time = in_force(session, meeting.id)
    sent = _sent(session, time)
    answers = _answers(session, time)
    came = _came(session, meeting.id)
    found = []
    for each in supervisors.of(session, meeting):
        notice, answer = sent.get(each.person_id or 0), answers.get(each.name)
        answered = notice.acknowledged_at if notice and notice.acknowledged_at else answer.at if answer else None
        how = "account" if notice and notice.acknowledged_at else answer.channel if answer else ""
        told, seen = (notice.at, notice.seen_at) if notice else (None, None)
        found.append(Standing(each, told, seen, answered, how, came.get(each.name)))
    return found


def worries(session: Session, meeting: Meeting) -> list[tuple[str, str, dict[str, object]]]:
    """Return (code of messages.yaml, state, its parameters) of what is wrong with who watches a meeting."""
    found = standings(session, meeting)
    if not found:
        return [("concern-no-committee" if tree.is_branch(meeting.unit) else "concern-no-liaison", "warn", {})]
    rows: list[tuple[str, str, dict[str, object]]] = []
    if len(found) > 1:
        rows.append(("concern-many-committee", "warn", {"number": len(found)}))
    ended = run_sheet.of(session, meeting.id).stage == "ended"
    if ended and not any(each.came for each in found):
        rows.append(("concern-unwatched", "bad", {}))
    elif not ended and meeting.held_on:
        names = [each.supervisor.name for each in found if each.answered_at is None]
        rows += [("concern-unanswered", "warn", {"name": name}) for name in names]
    return rows


def fix(session: Session, meeting: Meeting) -> None:
    """Note when and where a meeting is and tell its supervisors, if that changed since it was last noted."""
    last = in_force(session, meeting.id)
    value = (meeting.held_on, meeting.starts, meeting.place)
    if last is None and meeting.held_on is None:
        return
    if last is not None and (last.held_on, last.starts, last.place) == value:
        return
    held_on, starts, place = value
    by = acting.current().user_id
    session.add(MeetingTime(meeting_id=meeting.id, held_on=held_on, starts=starts, place=place, user_id=by))
    session.flush()
    _tell(session, meeting, supervisors.of(session, meeting))


def in_force(session: Session, meeting_id: int) -> MeetingTime | None:
    """Return the newest time of a meeting, None where it was never fixed."""
    query = select(MeetingTime).where(MeetingTime.meeting_id == meeting_id).order_by(MeetingTime.id.desc()).limit(1)
    return session.scalar(query)


def times(session: Session, meeting_id: int) -> list[MeetingTime]:
    """Return all times of a meeting, the newest first."""
    query = select(MeetingTime).where(MeetingTime.meeting_id == meeting_id).order_by(MeetingTime.id.desc())
    return list(session.scalars(query))


def topic(time: MeetingTime) -> str:
    """Return the topic of the notices of a time."""
    return f"{TOLD}:{time.id}"


def remind(office: Office, meeting_id: int) -> int:
    """Tell those supervisors again who have not answered. Returns how many. Raises NotFound, InvalidInput (no time)."""
    with office.db.begin() as session:
        meeting = supervisors.meeting_of(session, meeting_id)
        if meeting.held_on is None or in_force(session, meeting_id) is None:
            raise InvalidInput("time-missing")
        waiting = [each.supervisor for each in standings(session, meeting) if each.answered_at is None]
        return _tell(session, meeting, waiting)


def answer(office: Office, meeting_id: int, *, name: str, channel: str, user_id: int) -> None:
    """Note that a supervisor confirmed the time otherwise than here. Raises NotFound, InvalidInput (no time)."""
    if channel not in CHANNELS:
        raise InvalidInput("no-such-kind")
    with office.db.begin() as session:
        meeting = supervisors.meeting_of(session, meeting_id)
        time = in_force(session, meeting_id)
        if meeting.held_on is None or time is None:
            raise InvalidInput("time-missing")
        supervisors.one(session, meeting, name)
        session.add(
            SupervisorAnswer(meeting_id=meeting_id, time_id=time.id, name=name, channel=channel, user_id=user_id)
        )


def tick_presence(office: Office, meeting_id: int, *, name: str, came: bool, user_id: int) -> None:
    """Note whether a supervisor came. Raises NotFound."""
    with office.db.begin() as session:
        meeting = supervisors.meeting_of(session, meeting_id)
        supervisors.one(session, meeting, name)
        session.add(SupervisorPresence(meeting_id=meeting_id, name=name, came=came, user_id=user_id))


def told_anew(session: Session, meeting: Meeting) -> None:
    """After a change of who watches: the papers name them, and the new ones are told the time."""
    meeting.supervisor = supervisors.names(supervisors.of(session, meeting))
    time = in_force(session, meeting.id)
    if time is not None and meeting.held_on:
        known = _sent(session, time)
        _tell(session, meeting, [each for each in supervisors.of(session, meeting) if each.person_id not in known])


def _tell(session: Session, meeting: Meeting, whom: Iterable[Supervisor]) -> int:
    time = in_force(session, meeting.id)
    people = [each.person_id for each in whom if each.person_id is not None]
    if time is None or not people:
        return 0
    params = {
        "unit": meeting.unit.name,
        "day": meeting.held_on.isoformat() if meeting.held_on else "",
        "starts": meeting.starts,
        "place": meeting.place,
    }
    code = TOLD if meeting.held_on else "meeting-time-open"
    return notices.send(
        session, people, code=code, params=params, url=f"/meetings/{meeting.id}", needs_answer=True,
        topic=topic(time), by=acting.current().user_id,
    )  # fmt: skip


def _answers(session: Session, time: MeetingTime | None) -> dict[str, SupervisorAnswer]:
    if time is None:
        return {}
    query = select(SupervisorAnswer).where(SupervisorAnswer.time_id == time.id).order_by(SupervisorAnswer.id)
    return {row.name: row for row in session.scalars(query)}


def _came(session: Session, meeting_id: int) -> dict[str, bool]:
    newest = select(func.max(SupervisorPresence.id)).where(SupervisorPresence.meeting_id == meeting_id)
    query = select(SupervisorPresence).where(SupervisorPresence.id.in_(newest.group_by(SupervisorPresence.name)))
    return {row.name: row.came for row in session.scalars(query)}


def _sent(session: Session, time: MeetingTime | None) -> dict[int, Notice]:
    """Return the notice of a time by the person it went to: the one he acknowledged, else the newest."""
    if time is None:
        return {}
    rows = list(session.scalars(select(Notice).where(Notice.topic == topic(time)).order_by(Notice.id)))
    return {row.user_id: row for row in sorted(rows, key=lambda row: row.acknowledged_at is not None)}
