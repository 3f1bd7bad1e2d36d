"""Who is sent where: the liaison and the school leader of a unit, the committee member of a branch's meeting."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.errors import InvalidInput, NotFound
from webapp.models import CommitteePost, LiaisonPost, Meeting, Unit, now
from webapp.office import Office
from webapp.rights import Role
from webapp.services import closed, meeting_times, supervisors, tree


def set_liaison(
    office: Office,
    unit_id: int,
    *,
    liaison: str,
    liaison_id: int | None = None,
    leader: str = "",
    leader_id: int | None = None,
    user_id: int,
) -> None:
    """Say which liaison and which school leader a level-2 unit has; empty names end it.

    A name that is left empty is that of the account. Raises NotFound and InvalidInput.
    """
    with office.db.begin() as session:
        unit = session.get(Unit, unit_id)
        if unit is None:
            raise NotFound("no-such-row", kind="Unit")
        if unit.kind not in tree.LEVEL_2:
            raise InvalidInput("liaison-level")
        name = supervisors.name_of(session, liaison, liaison_id, unit_id, Role.LIAISON)
        above = supervisors.name_of(session, leader, leader_id, unit_id, Role.SCHOOL_LEADER)
        if above and not name:
            raise InvalidInput("liaison-missing")
        session.add(
            LiaisonPost(
                unit_id=unit_id, liaison=name, liaison_id=liaison_id, leader=above, leader_id=leader_id, user_id=user_id
            )
        )
        session.flush()
        meetings = select(Meeting).where(Meeting.unit_id == unit_id, Meeting.id.not_in(closed.closed_meetings()))
        for meeting in session.scalars(meetings.options(joinedload(Meeting.unit))):
            meeting_times.told_anew(session, meeting)


def send_member(office: Office, meeting_id: int, *, name: str, person_id: int | None = None, user_id: int) -> None:
    """Send a committee member to a branch's meeting. Raises NotFound, InvalidInput, Conflict (closed)."""
    with office.db.begin() as session:
        meeting = supervisors.meeting_of(session, meeting_id)
        closed.refuse(session, meeting_id)
        if not tree.is_branch(meeting.unit):
            raise InvalidInput("committee-level")
        name = supervisors.name_of(session, name, person_id, meeting.unit_id, Role.COMMITTEE_MEMBER)
        if not name:
            raise InvalidInput("name-missing")
        if any(each.name == name for each in supervisors.of(session, meeting)):
            raise InvalidInput("committee-twice", name=name)
        session.add(CommitteePost(meeting_id=meeting_id, name=name, person_id=person_id, user_id=user_id))
        session.flush()
        meeting_times.told_anew(session, meeting)


def recall_member(office: Office, meeting_id: int, post_id: int, *, user_id: int) -> None:
    """Note that a committee member does not come after all. Raises NotFound, Conflict (closed)."""
    with office.db.begin() as session:
        meeting = supervisors.meeting_of(session, meeting_id)
        closed.refuse(session, meeting_id)
        row = session.get(CommitteePost, post_id)
        if row is None or row.meeting_id != meeting_id:
            raise NotFound("no-such-row", kind="CommitteePost")
        if row.ended_at is None:
            row.ended_at, row.ended_by = now(), user_id
        session.flush()
        meeting.supervisor = supervisors.names(supervisors.of(session, meeting))
