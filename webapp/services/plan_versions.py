"""How plans (方案) come to be: versions are written, one is issued to the branches, each branch confirms it.

Nothing is overwritten: a change is a new version, and a version that was issued stays. What a branch sets itself (its
flexible manner) holds at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Campaign, Meeting, PlanIssue, PlanReceipt, Unit, UnitPlan, User
from webapp.office import Office
from webapp.rights import Right
from webapp.services import campaigns, closed, notices, plan_forms, plans, surveys

LONGEST_REASON = 120
COUNTED = ("forms", "options", "raters", "thresholds", "flexible")  # parts that a closed count was made by


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a plan. ``issued_at`` None: a draft. Names are those of people."""

    id: int
    version: int
    content: Mapping[str, Any]
    why: str
    by: str
    at: dt.datetime
    issued_at: dt.datetime | None
    issued_by: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whether a branch confirmed the plan in force."""

    unit: Unit
    at: dt.datetime | None
    by: str


def save(
    office: Office, campaign_id: int, unit_id: int, content: Mapping[str, Any], *, why: str = "", user_id: int
) -> int:
    """Write a new version of a unit's plan. Returns its number. A branch's holds at once, a level-2 unit's when issued.

    Raises NotFound, InvalidInput for what the campaign does not allow, Conflict "plan-same" where nothing differs from
    the newest version.
    """
    with office.db.begin() as session:
        campaign, unit = _found(session, campaign_id, unit_id)
        kept = checked(session, campaign, unit, content)
        newest = _newest(session, campaign_id, unit_id)
        if newest is not None and newest.content == kept:
            raise Conflict("plan-same", version=newest.version)
        if len(why) > 200:
            raise InvalidInput("text-long")
        row = UnitPlan(
            campaign_id=campaign_id, unit_id=unit_id, version=newest.version + 1 if newest else 1, content=kept,
            why=why, user_id=user_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        if unit.kind not in plans.LEVEL_2:
            _issue(session, row, unit, user_id)
        return row.version


def issue(office: Office, campaign_id: int, unit_id: int, version: int, *, user_id: int) -> int:
    """Issue a version: it holds from now on, and each branch is told. Returns how many people were told.

    Raises NotFound, Conflict (issued already; a count of the unit that it would change is closed), and FormErrors where
    its option words don't fit a form.
    """
    with office.db.begin() as session:
        _campaign, unit = _found(session, campaign_id, unit_id)
        query = select(UnitPlan).where(UnitPlan.campaign_id == campaign_id, UnitPlan.unit_id == unit_id)
        row = session.scalar(query.where(UnitPlan.version == version))
        if row is None:
            raise NotFound("no-such-row", kind="UnitPlan")
        if session.scalar(select(PlanIssue.id).where(PlanIssue.plan_id == row.id)):
            raise Conflict("plan-issued", version=version)
        return _issue(session, row, unit, user_id)


def receive(office: Office, campaign_id: int, unit_id: int, *, user_id: int) -> None:
    """Confirm for a branch that it has the plan in force. Raises NotFound, and Conflict where it did so already."""
    with office.db.begin() as session:
        _campaign, unit = _found(session, campaign_id, unit_id)
        above = plans.level_2_of(session, unit)
        found = plans.in_force(session, campaign_id, above.id) if above and above.id != unit.id else None
        if found is None:
            raise Conflict("plan-none")
        there = select(PlanReceipt.id).where(PlanReceipt.plan_id == found[0].id, PlanReceipt.unit_id == unit_id)
        if session.scalar(there):
            raise Conflict("plan-received")
        session.add(PlanReceipt(plan_id=found[0].id, unit_id=unit_id, user_id=user_id))


def versions(session: Session, campaign_id: int, unit_id: int) -> list[Version]:
    """Return all versions of a unit's plan, newest first."""
    issuer = aliased(User)
    query = (
        select(UnitPlan, User.display_name, PlanIssue.at, issuer.display_name)
        .join(User, User.id == UnitPlan.user_id)
        .outerjoin(PlanIssue, PlanIssue.plan_id == UnitPlan.id)
        .outerjoin(issuer, issuer.id == PlanIssue.user_id)
        .where(UnitPlan.campaign_id == campaign_id, UnitPlan.unit_id == unit_id)
        .order_by(UnitPlan.id.desc())
    )
    return [
        Version(row.id, row.version, row.content, row.why, by, row.at, issued_at, issued_by or "")
        for row, by, issued_at, issued_by in session.execute(query)
    ]


def receipts(session: Session, plan: plans.Plan) -> list[Receipt]:
    """Return of each branch of the level-2 unit whether it confirmed the plan in force."""
    if plan.level_2 is None:
        return []
    query = (
        select(PlanReceipt.unit_id, PlanReceipt.at, User.display_name)
        .join(User, User.id == PlanReceipt.user_id)
        .where(PlanReceipt.plan_id == plan.plan_id)
    )
    found = {unit_id: (at, by) for unit_id, at, by in session.execute(query)}
    return [Receipt(unit, *found.get(unit.id, (None, ""))) for unit in branches(session, plan.level_2)]


def branches(session: Session, unit_id: int) -> list[Unit]:
    """Return the branches below a level-2 unit that are at work, in the order they were entered."""
    found, todo = [], [unit_id]
    while todo:
        query = select(Unit).where(Unit.parent_id.in_(todo), Unit.merged_into.is_(None)).order_by(Unit.id)
        rows = list(session.scalars(query))
        found += rows
        todo = [row.id for row in rows]
    return sorted(found, key=lambda unit: unit.id)


def checked(session: Session, campaign: Campaign, unit: Unit, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a plan as it is kept. Raises InvalidInput for what is not this unit's to set."""
    may = plans.PARTS if unit.kind in plans.LEVEL_2 else plans.OF_BRANCH
    for part in content:
        if part not in may:
            raise InvalidInput("plan-not-yours", part=part)
        if part in campaign.reserved:
            raise InvalidInput("plan-reserved", part=part)
    kept = {part: _CHECKS[part](session, campaign, content[part]) for part in may if content.get(part)}
    return {part: value for part, value in kept.items() if value}


def _dates(_session: Session, campaign: Campaign, value: Mapping[str, str]) -> dict[str, str]:
    days = {name: dt.date.fromisoformat(text) for name, text in value.items() if text}
    for name, latest in (("finish_by", campaign.finish_by), ("report_by", campaign.report_by)):
        if latest and name in days and days[name] > latest:
            raise InvalidInput("plan-date-late", day=days[name].isoformat(), latest=latest.isoformat())
    finish, report = days.get("finish_by", campaign.finish_by), days.get("report_by", campaign.report_by)
    if finish and report and finish > report:
        raise InvalidInput("dates-order")
    return {name: day.isoformat() for name, day in days.items()}


def _forms(session: Session, campaign: Campaign, value: list[str]) -> list[str]:
    known = [row.form for row in plans.campaign_forms(session, campaign.id)]
    if unknown := set(value) - set(known):
        raise InvalidInput("no-such-form", form=sorted(unknown)[0])
    return [form for form in known if form in value] if set(value) != set(known) else []


def _options(_session: Session, _campaign: Campaign, value: Mapping[str, Any]) -> dict[str, Any]:
    wanted = value.get("set", "")
    if wanted and wanted not in plan_forms.OPTION_SETS:
        raise InvalidInput("no-such-options")
    kept: dict[str, Any] = {"set": wanted} if wanted else {}
    return kept | {name: bool(value[name]) for name in ("unknown", "rates_self") if name in value}


def _raters(session: Session, campaign: Campaign, value: list[str]) -> list[str]:
    known = [row.id for row in surveys.rater_classes(plans.campaign_forms(session, campaign.id))]
    if unknown := set(value) - set(known):
        raise InvalidInput("no-such-class", rater_class=sorted(unknown)[0])
    return [who for who in known if who in value] if set(value) != set(known) else []


def _thresholds(_session: Session, campaign: Campaign, value: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(value) - set(plans.THRESHOLDS):
        raise InvalidInput("no-such-rule", rule=sorted(unknown)[0])
    before = campaigns.rules_of(campaign)
    after = campaigns.checked_rules({**before, **value})
    if after["turnout_percent"] < before["turnout_percent"]:
        raise InvalidInput("plan-turnout-low", least=before["turnout_percent"])
    return {name: after[name] for name in value if after[name] != before[name]}


def _flexible(_session: Session, _campaign: Campaign, value: Mapping[str, Any]) -> dict[str, Any]:
    manners, reason = value.get("manners", ()), str(value.get("reason", "")).strip()
    if not manners or set(manners) - set(plans.MANNERS):
        raise InvalidInput("plan-no-manner")
    if not reason:
        raise InvalidInput("plan-no-reason")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput("text-long")
    return {"manners": [manner for manner in plans.MANNERS if manner in manners], "reason": reason}


_CHECKS: dict[str, Any] = {
    "dates": _dates,
    "forms": _forms,
    "options": _options,
    "raters": _raters,
    "thresholds": _thresholds,
    "flexible": _flexible,
}


def _issue(session: Session, row: UnitPlan, unit: Unit, user_id: int) -> int:
    before = plans.in_force(session, row.campaign_id, unit.id)
    old = before[0].content if before else {}
    if any(old.get(part) != row.content.get(part) for part in COUNTED):
        _refuse_closed(session, row.campaign_id, unit.id)
    made = []
    if row.content.keys() & {"forms", "options", "raters"}:
        made = plan_forms.make(session, plans.campaign_forms(session, row.campaign_id), unit.id, row.content)
    session.add(PlanIssue(plan_id=row.id, forms=made, user_id=user_id))
    session.flush()
    if unit.kind not in plans.LEVEL_2:
        return 0
    return sum(
        notices.send(
            session, code="notice-plan-issued",
            params={"unit": unit.name, "version": row.version, "branch": branch.name},
            url=f"/campaigns/{row.campaign_id}/units/{branch.id}/plan", to=(Right.MANAGE_MEETING, branch.id),
            topic=f"unit_plan:{row.id}", by=user_id,
        )
        for branch in branches(session, unit.id)
    )  # fmt: skip


def _refuse_closed(session: Session, campaign_id: int, unit_id: int) -> None:
    """Raise Conflict where a count below a unit is closed: it was made by the plan that held then."""
    below = [unit_id, *(unit.id for unit in branches(session, unit_id))]
    query = select(Meeting.id).where(Meeting.campaign_id == campaign_id, Meeting.unit_id.in_(below))
    if session.scalar(query.where(Meeting.id.in_(closed.closed_meetings())).limit(1)) is not None:
        raise Conflict("plan-closed")


def _newest(session: Session, campaign_id: int, unit_id: int) -> UnitPlan | None:
    of_unit = (UnitPlan.campaign_id == campaign_id, UnitPlan.unit_id == unit_id)
    number = select(func.max(UnitPlan.version)).where(*of_unit).scalar_subquery()
    return session.scalar(select(UnitPlan).where(*of_unit, UnitPlan.version == number))


def _found(session: Session, campaign_id: int, unit_id: int) -> tuple[Campaign, Unit]:
    campaign, unit = session.get(Campaign, campaign_id), session.get(Unit, unit_id)
    if campaign is None or unit is None:
        raise NotFound("no-such-row", kind="Campaign" if campaign is None else "Unit")
    return campaign, unit
