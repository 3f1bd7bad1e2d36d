"""What a count says about one member: found by his name among those whom the sheets of his branch's meetings rate."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Meeting, Member, PrintRun, Unit
from webapp.services import closed, tally
from webapp.services.tally import Item, Results


@dataclass(frozen=True, slots=True)
class OwnResults:
    """The results of one form in which a member is rated, and the name under which the form has him."""

    results: Results
    name: str

    @property
    def items(self) -> tuple[Item, ...]:
        """The items about him; of a roster with one rating each there is one."""
        return self.results.of(self.name)

    @property
    def abstained(self) -> int:
        """How many of the valid sheets rate him in no item at all, at the least: those blank in the fewest items."""
        return min((item.total.blank for item in self.items), default=0)


def of(session: Session, campaign_id: int, member: Member) -> OwnResults | None:
    """Return the results of a member: of the newest closed count that rates him; None while there is none."""
    for meeting_id in closed_meetings(session, campaign_id, member.unit_id):
        found = at(session, meeting_id, member)
        if found is not None:
            return found
    return None


def at(session: Session, meeting_id: int, member: Member) -> OwnResults | None:
    """Return what a meeting's count says about a member; None where it doesn't rate him."""
    names = names_of(session, meeting_id, member)
    for ref in tally.forms(session, meeting_id):
        if ref.form.about != "member":
            continue
        for name in names:
            found = tally.results_in(session, meeting_id, ref.survey_id, None if ref.is_roster else name)
            if found is not None and found.of(name):
                return OwnResults(found, name)
    return None


def closed_meetings(session: Session, campaign_id: int, unit_id: int) -> list[int]:
    """Return the meetings of a unit and of those above it whose count is closed, newest first."""
    units = []
    above: int | None = unit_id
    while above is not None:
        units.append(above)
        above = session.scalar(select(Unit.parent_id).where(Unit.id == above))
    query = select(Meeting.id).where(Meeting.campaign_id == campaign_id, Meeting.unit_id.in_(units))
    query = query.where(Meeting.id.in_(closed.closed_meetings()), Meeting.id.in_(select(PrintRun.meeting_id)))
    return list(session.scalars(query.order_by(Meeting.id.desc())))


def names_of(session: Session, meeting_id: int, member: Member) -> tuple[str, ...]:
    """Return the names under which a form can have a member.

    With his number; and by his name alone, unless another member below the meeting's unit has the same.
    """
    numbered = (f"{member.name}（{member.number}）", f"{member.name}({member.number})", f"{member.name}{member.number}")
    with_number = numbered if member.number else ()
    here = _below(session, session.get_one(Meeting, meeting_id).unit_id)
    query = select(func.count(Member.id)).where(Member.name == member.name, Member.left_at.is_(None))
    alone = session.scalar(query.where(Member.unit_id.in_(here), Member.id != member.id)) == 0
    return (*with_number, member.name) if alone else with_number


def _below(session: Session, unit_id: int) -> set[int]:
    parents = {unit: parent for unit, parent in session.execute(select(Unit.id, Unit.parent_id))}
    found = {unit_id}
    while further := {unit for unit, parent in parents.items() if parent in found and unit not in found}:
        found |= further
    return found
