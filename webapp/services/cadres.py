"""Cadres (党员干部) go ahead: they take part, are rated, guide at the base. Recorded by meeting, and reported."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from webapp.errors import InvalidInput, NotFound
from webapp.models import Attendance, CadreRecord, Meeting, Member, PrintRun, Rater, Unit
from webapp.office import Office
from webapp.services import tree

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Cadre:
    """A cadre and what is known of him. ``recorded``: by a person; else the three are what the program can tell."""

    member: Member
    branch: str
    took_part: bool
    was_rated: bool
    guided: str
    recorded: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """How many cadres there are, and how many of them did each of the three."""

    cadres: int
    took_part: int
    was_rated: int
    guided: int

    @property
    def sentence(self) -> str:
        """The sentence of reports."""
        if not self.cadres:
            return ""
        return (
            f"党员干部 {self.cadres} 人，参加活动 {self.took_part} 人，接受群众评议 {self.was_rated} 人，"
            f"深入基层指导工作 {self.guided} 人。"
        )


def of(session: Session, meeting: Meeting) -> list[Cadre]:
    """Return the cadres of a meeting's unit and of the branches below it."""
    units = tree.with_below(session, meeting.unit_id)
    query = select(Member, Unit.name).join(Unit, Unit.id == Member.unit_id)
    query = query.where(Member.unit_id.in_(units), Member.cadre, Member.left_at.is_(None))
    rows = session.execute(query.order_by(Member.unit_id, Member.id)).all()
    newest = select(func.max(CadreRecord.id)).where(CadreRecord.meeting_id == meeting.id)
    held = select(CadreRecord).where(CadreRecord.id.in_(newest.group_by(CadreRecord.member_id)))
    records = {row.member_id: row for row in session.scalars(held)}
    there, rated = _attended(session, meeting), _rated(session, meeting)
    found = []
    for member, branch in rows:
        row = records.get(member.id)
        if row is None:
            found.append(Cadre(member, branch, member.id in there, member.name in rated, "", recorded=False))
        else:
            found.append(Cadre(member, branch, row.took_part, row.was_rated, row.guided, recorded=True))
    return found


def summary(session: Session, meeting: Meeting) -> Summary:
    """Count what was recorded; what nobody has recorded counts for nothing."""
    rows = of(session, meeting)
    kept = [row for row in rows if row.recorded]
    return Summary(
        len(rows),
        sum(row.took_part for row in kept),
        sum(row.was_rated for row in kept),
        sum(bool(row.guided) for row in kept),
    )


def told(session: Session, meeting: Meeting) -> str:
    """Return the sentence once anything was recorded of the cadres of a meeting; before that nothing is known."""
    return summary(session, meeting).sentence if any(row.recorded for row in of(session, meeting)) else ""


def record(office: Office, meeting_id: int, marks: dict[int, tuple[bool, bool, str]], *, user_id: int) -> int:
    """Write down (took part, was rated, where he guided) of members by id; returns how many changed.

    Raises NotFound for a member who is no cadre of the unit, InvalidInput for a text that is too long.
    """
    with office.db.begin() as session:
        meeting = session.get(Meeting, meeting_id, options=[joinedload(Meeting.unit)])
        if meeting is None:
            raise NotFound("no-such-row", kind="Meeting")
        held = {row.member.id: row for row in of(session, meeting)}
        changed = 0
        for member_id, (took_part, was_rated, guided) in marks.items():
            if member_id not in held:
                raise NotFound("no-such-row", kind="Member")
            if len(guided) > LONGEST:
                raise InvalidInput("text-long")
            old = held[member_id]
            if old.recorded and (old.took_part, old.was_rated, old.guided) == (took_part, was_rated, guided):
                continue
            session.add(
                CadreRecord(
                    meeting_id=meeting_id, member_id=member_id, took_part=took_part, was_rated=was_rated,
                    guided=guided, user_id=user_id,
                )
            )  # fmt: skip
            changed += 1
    return changed


def _attended(session: Session, meeting: Meeting) -> set[int | None]:
    """Return the members whom the ticks of a meeting of this campaign show present."""
    newest = select(func.max(Attendance.id)).group_by(Attendance.meeting_id, Attendance.rater_id)
    query = (
        select(Rater.member_id)
        .join(Attendance, Attendance.rater_id == Rater.id)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .where(Attendance.id.in_(newest), Attendance.present, Meeting.campaign_id == meeting.campaign_id)
    )
    return set(session.scalars(query)) - {None}


def _rated(session: Session, meeting: Meeting) -> set[str]:
    """Return the names that sheets of this campaign were printed for, in the unit and below it."""
    query = select(PrintRun).join(Meeting, Meeting.id == PrintRun.meeting_id)
    units = tree.with_below(session, meeting.unit_id)
    query = query.where(Meeting.campaign_id == meeting.campaign_id, Meeting.unit_id.in_(units))
    found: set[str] = set()
    for run in session.scalars(query):
        found |= {run.subject, *run.values.get("members", ())}
    return found - {""}
