"""The 小结 of branches and members: who has fixed his, who has begun, who is missing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Meeting, Member, ShelfPaper, ShelfVersion, Unit
from webapp.services import tree
from webapp.services.paper_kind import Target

BRANCH, MEMBER = "branch_brief", "member_brief"


@dataclass(frozen=True, slots=True)
class Brief:
    """A 小结 and where it stands. ``state``: missing, begun, fixed."""

    key: str  # of the kind of paper
    name: str
    branch: str
    state: str
    target: Target


def of(session: Session, meeting: Meeting) -> list[Brief]:
    """Return the 小结 that a unit's branches and members owe: a branch's own meeting asks for its members' and its."""
    units = session.scalars(
        select(Unit).where(Unit.id.in_(tree.with_below(session, meeting.unit_id))).order_by(Unit.id)
    ).all()
    branches = {unit.id: unit for unit in units if unit.kind in ("branch", "direct")}
    members = session.scalars(
        select(Member).where(Member.unit_id.in_(branches), Member.left_at.is_(None)).order_by(Member.unit_id, Member.id)
    )
    begun, fixed = _states(session, meeting.campaign_id)
    campaign = meeting.campaign_id
    owed = [(BRANCH, unit.name, unit.name, Target(campaign, unit.id)) for unit in branches.values()]
    owed += [
        (MEMBER, row.name, branches[row.unit_id].name, Target(campaign, row.unit_id, member_id=row.id))
        for row in members
    ]
    return [
        Brief(key, name, branch, _state((key, target.place), begun, fixed), target)
        for key, name, branch, target in owed
    ]


def _state(place: tuple[str, str], begun: set[tuple[str, str]], fixed: set[tuple[str, str]]) -> str:
    return "fixed" if place in fixed else "begun" if place in begun else "missing"


def _states(session: Session, campaign_id: int) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    rows = list(
        session.scalars(
            select(ShelfPaper).where(ShelfPaper.campaign_id == campaign_id, ShelfPaper.kind.in_((BRANCH, MEMBER)))
        )
    )
    versions = select(ShelfVersion.paper_id).where(ShelfVersion.paper_id.in_([row.id for row in rows]))
    kept = set(session.scalars(versions))
    return {(row.kind, row.place) for row in rows}, {(row.kind, row.place) for row in rows if row.id in kept}
