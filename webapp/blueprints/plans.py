"""The plan (方案) of a unit: what holds, what it sets itself, its versions, who confirmed it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forms.errors import FormErrors
from webapp.access import access
from webapp.errors import InvalidInput, ServiceError
from webapp.pages import faults_of, form_text, office, user_id
from webapp.rights import Right
from webapp.services import campaigns, plan_versions, plans, surveys, units

bp = Blueprint("plans", __name__)


@bp.get("/campaigns/<int:campaign_id>/units/<int:unit_id>/plan")
@access(Right.SEE_BOOKS)
def show(campaign_id: int, unit_id: int) -> str:
    """What holds for a unit, and its versions; ``?version=3`` shows an older one in the fields."""
    return page(campaign_id, unit_id)


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/plan")
@access(Right.MANAGE_MEETING)
def save(campaign_id: int, unit_id: int) -> Any:
    """Save a new version."""
    try:
        content = typed()
        number = plan_versions.save(
            office(), campaign_id, unit_id, content, why=form_text("why"), user_id=user_id()
        )  # fmt: skip
    except ServiceError as error:
        return page(campaign_id, unit_id, error), error.status
    flash(_("Version %(number)d is saved.", number=number), "ok")
    return redirect(url_for("plans.show", campaign_id=campaign_id, unit_id=unit_id))


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/plan/<int:version>/issue")
@access(Right.MANAGE_MEETING)
def issue(campaign_id: int, unit_id: int, version: int) -> Any:
    """Issue a version to the branches."""
    try:
        told = plan_versions.issue(office(), campaign_id, unit_id, version, user_id=user_id())
    except FormErrors as errors:
        return page(campaign_id, unit_id, faults=faults_of(errors)), 422
    except ServiceError as error:
        return page(campaign_id, unit_id, error), error.status
    flash(_("Version %(number)d is issued; people told: %(told)d.", number=version, told=told), "ok")
    return redirect(url_for("plans.show", campaign_id=campaign_id, unit_id=unit_id))


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/plan/receive")
@access(Right.MANAGE_MEETING)
def receive(campaign_id: int, unit_id: int) -> Response:
    """Confirm for a branch that it has the plan."""
    plan_versions.receive(office(), campaign_id, unit_id, user_id=user_id())
    flash(_("Receipt is confirmed."), "ok")
    return redirect(url_for("plans.show", campaign_id=campaign_id, unit_id=unit_id))


def typed() -> dict[str, Any]:
    """Return the content of the form that was sent: the parts that the unit sets itself. Raises InvalidInput."""
    own = set(request.form.getlist("own"))
    found: dict[str, Any] = {}
    if "dates" in own:
        found["dates"] = {name: form_text(name) for name in ("finish_by", "report_by")}
        for text in found["dates"].values():
            check_date(text)
    if "forms" in own:
        found["forms"] = request.form.getlist("forms")
        if not found["forms"]:
            raise InvalidInput("no-form-chosen")
    if "options" in own:
        found["options"] = {"set": form_text("options")} | {
            name: form_text(name) == "yes" for name in ("unknown", "rates_self") if form_text(name)
        }
    if "raters" in own:
        found["raters"] = request.form.getlist("raters")
        if not found["raters"]:
            raise InvalidInput("no-rater-chosen")
    if "thresholds" in own:
        found["thresholds"] = thresholds()
    if "flexible" in own:
        found["flexible"] = {"manners": request.form.getlist("manners"), "reason": form_text("reason")}
    return found


def thresholds() -> dict[str, Any]:
    """Return the thresholds of the form that was sent. Raises InvalidInput."""
    numbers = {name: form_text(name) for name in plans.THRESHOLDS}
    if not all(text.isascii() and text.isdigit() for text in numbers.values()):
        raise InvalidInput("bad-percent")
    return {name: int(text) for name, text in numbers.items()}


def check_date(text: str) -> None:
    """Raise InvalidInput for what is neither empty nor a date."""
    try:
        if text:
            dt.date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("bad-date", text=text[:20]) from error


def page(campaign_id: int, unit_id: int, problem: ServiceError | None = None, faults: list[str] | None = None) -> str:
    """Render a unit's plan; what was typed stays."""
    campaign, unit = campaigns.get(office(), campaign_id), units.get(office(), unit_id)
    with office().db.read() as session:
        plan = plans.effective(session, campaign_id, unit_id)
        versions = plan_versions.versions(session, campaign_id, unit_id)
        rows = plans.campaign_forms(session, campaign_id)
        names = {row.id: row.name for _depth, row in units.units(office())}
        receipts = plan_versions.receipts(session, plan) if plan.plan_id else []
    own = unit.kind in plans.LEVEL_2
    asked = request.args.get("version", type=int)
    shown = next((row for row in versions if row.version == asked), versions[0] if versions else None)
    content = sent() if problem or faults else dict(shown.content) if shown else {}
    return render_template(
        "plans/show.html",
        campaign=campaign,
        unit=unit,
        plan=plan,
        rules=campaigns.rules_of(campaign),
        versions=versions,
        content=content,
        asked=asked,
        forms=rows,
        members={row.form for row in rows if surveys.parse(row.source, row.form).about == "member"},
        raters=surveys.rater_classes(rows),
        classes={row.id: row for row in surveys.rater_classes(campaign.surveys)},
        titles={row.form: row.title for row in campaign.surveys},
        names=names,
        receipts=receipts,
        mine=next((row for row in receipts if row.unit.id == unit_id), None),
        parts=[part for part in (plans.PARTS if own else plans.OF_BRANCH) if part not in campaign.reserved],
        manners=plans.MANNERS,
        is_level_2=own,
        problem=problem,
        faults=faults,
    )


def sent() -> dict[str, Any]:
    """Return what was typed as far as it can be shown again."""
    try:
        return typed()
    except InvalidInput:
        return {part: {} for part in request.form.getlist("own")}
