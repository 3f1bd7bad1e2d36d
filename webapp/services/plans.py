"""What holds for a unit: the campaign's values, over them its level-2 unit's plan (方案), over that a branch's manner.

    plan = plans.effective(session, campaign_id, unit_id)
    plan.finish_by, plan.forms, plan.raters, plan.rules["turnout_percent"], plan.flexible

Only a version that was issued holds. A campaign names in ``Campaign.reserved`` the parts that no unit sets itself. How
versions are written and issued: ``services.plan_versions``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import NotFound
from webapp.models import Campaign, Meeting, PlanIssue, Survey, Unit, UnitPlan
from webapp.services import campaigns, surveys

LEVEL_2 = ("college", "general", "direct")  # whom the directive is addressed to; a 直属党支部 counts as one
PARTS = ("dates", "forms", "options", "raters", "thresholds", "flexible")  # what a plan may set
OF_BRANCH = ("flexible",)  # what a branch may set itself
MANNERS = ("hall", "sessions", "spread", "door", "post", "phone")
MANNER_WORDS = {
    "hall": "大会",
    "sessions": "分场次",
    "spread": "分散发放",
    "door": "上门",
    "post": "邮寄",
    "phone": "电话代录",
}  # as printed
THRESHOLDS = ("turnout_percent", "high_percent", "low_percent", "low_dissatisfied_in")  # of the counting rules


@dataclass(frozen=True, slots=True)
class Flexible:
    """The flexible way (灵活方式) instead of one meeting. ``manners``: of MANNERS; ``reason`` as it is printed."""

    manners: tuple[str, ...]
    reason: str = ""

    @property
    def words(self) -> str:
        """The manner as papers say it: 上门、邮寄（灵活方式）：离退休党员行动不便."""
        how = "、".join(MANNER_WORDS[manner] for manner in self.manners)
        return f"灵活方式（{how}）" + (f"：{self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """What holds for a unit. ``sources``: part → the unit whose plan set it, None where it is the campaign's."""

    campaign_id: int
    unit_id: int
    level_2: int | None  # the level-2 unit it belongs to, or is; None: above them
    finish_by: dt.date | None
    report_by: dt.date | None
    forms: tuple[str, ...]  # of Survey.form, in the campaign's order
    member_form: str  # the first of them that rates members, "" where there is none
    options: Mapping[str, Any]  # "set": of plan_forms.OPTION_SETS or "", "unknown", "rates_self"; {}: as the forms say
    raters: tuple[str, ...]  # ids of rater classes
    rules: Mapping[str, Any]  # the counting rules in force
    flexible: Flexible | None
    sources: Mapping[str, int | None] = field(default_factory=dict)
    version: int | None = None  # of the level-2 unit's plan in force
    plan_id: int | None = None  # the same, its row


def effective(session: Session, campaign_id: int, unit_id: int) -> Plan:
    """Return what holds for a unit in a campaign. Raises NotFound for a campaign or a unit that is not there."""
    campaign, unit = session.get(Campaign, campaign_id), session.get(Unit, unit_id)
    if campaign is None or unit is None:
        raise NotFound("no-such-row", kind="Unit")
    above = level_2_of(session, unit)
    found = in_force(session, campaign_id, above.id) if above else None
    parts = _allowed(campaign, found[0].content if found else {}, PARTS)
    sources: dict[str, int | None] = {part: above.id if above and part in parts else None for part in PARTS}
    if above is None or above.id != unit.id:
        own = in_force(session, campaign_id, unit.id)
        of_own = _allowed(campaign, own[0].content if own else {}, OF_BRANCH)
        parts |= of_own
        sources |= dict.fromkeys(of_own, unit.id)
    return _plan(session, campaign, unit, above, parts, found, sources)


def of_meeting(session: Session, meeting: Meeting) -> Plan:
    """Return what holds for a meeting."""
    return effective(session, meeting.campaign_id, meeting.unit_id)


def surveys_of(session: Session, campaign_id: int, unit_id: int) -> list[Survey]:
    """Return the forms that a unit uses: those of its plan, in the campaign's order."""
    wanted = effective(session, campaign_id, unit_id).forms
    query = select(Survey).where(Survey.campaign_id == campaign_id, Survey.form.in_(wanted)).order_by(Survey.id)
    return list(session.scalars(query))


def level_2_of(session: Session, unit: Unit) -> Unit | None:
    """Return the level-2 unit that a unit belongs to, or is; None for what stands above them."""
    at: Unit | None = unit
    while at is not None and at.kind not in LEVEL_2:
        at = session.get(Unit, at.parent_id) if at.parent_id else None
    return at


def in_force(session: Session, campaign_id: int, unit_id: int) -> tuple[UnitPlan, PlanIssue] | None:
    """Return the version of a unit's plan that was issued last, and its issue."""
    query = (
        select(UnitPlan, PlanIssue)
        .join(PlanIssue, PlanIssue.plan_id == UnitPlan.id)
        .where(UnitPlan.campaign_id == campaign_id, UnitPlan.unit_id == unit_id)
        .order_by(PlanIssue.id.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row else None


def campaign_forms(session: Session, campaign_id: int) -> list[Survey]:
    """Return the forms of the campaign itself, without those that units' plans made."""
    query = select(Survey).where(Survey.campaign_id == campaign_id, Survey.unit_id.is_(None)).order_by(Survey.id)
    return list(session.scalars(query))


def manner_of(meeting: Meeting, plan: Plan) -> str:
    """Return how a meeting was held, as its papers say it: what was written for it, else the plan's flexible way."""
    written = meeting.manner.strip()
    if written not in ("", "大会"):
        return written
    return plan.flexible.words if plan.flexible else written or "大会"


def _allowed(campaign: Campaign, content: Mapping[str, Any], parts: Iterable[str]) -> dict[str, Any]:
    return {part: content[part] for part in parts if part in content and part not in campaign.reserved}


def _plan(
    session: Session,
    campaign: Campaign,
    unit: Unit,
    above: Unit | None,
    parts: Mapping[str, Any],
    found: tuple[UnitPlan, PlanIssue] | None,
    sources: Mapping[str, int | None],
) -> Plan:
    rows = campaign_forms(session, campaign.id)
    own = found and found[1].forms and parts.keys() & {"forms", "options", "raters"}
    if own and found:
        query = select(Survey).where(Survey.campaign_id == campaign.id, Survey.form.in_(found[1].forms))
        rows = list(session.scalars(query.order_by(Survey.id)))
    members = [row.form for row in rows if surveys.parse(row.source, row.form).about == "member"]
    known = [row.id for row in surveys.rater_classes([*campaign_forms(session, campaign.id), *rows])]
    dates, flexible = parts.get("dates", {}), parts.get("flexible")
    return Plan(
        campaign_id=campaign.id,
        unit_id=unit.id,
        level_2=above.id if above else None,
        finish_by=_date(dates.get("finish_by")) or campaign.finish_by,
        report_by=_date(dates.get("report_by")) or campaign.report_by,
        forms=tuple(row.form for row in rows),
        member_form=members[0] if members else "",
        options=parts.get("options", {}),
        raters=tuple(who for who in known if who in parts.get("raters", known)),
        rules={**campaigns.rules_of(campaign), **parts.get("thresholds", {})},
        flexible=Flexible(tuple(flexible["manners"]), flexible.get("reason", "")) if flexible else None,
        sources=sources,
        version=found[0].version if found else None,
        plan_id=found[0].id if found else None,
    )


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
