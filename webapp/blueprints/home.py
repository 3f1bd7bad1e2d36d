"""Campaigns, their counting rules, the units."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forms import loader
from webapp.access import Access, access, standing
from webapp.errors import Forbidden, InvalidInput
from webapp.i18n import today
from webapp.models import Campaign
from webapp.pages import form_date, form_text, office, user_id
from webapp.rights import Right
from webapp.services import (
    basis,
    campaign_progress,
    campaigns,
    landing,
    moves,
    outlook,
    plans,
    progress,
    records,
    roster_import,
    surveys,
    units,
)

bp = Blueprint("home", __name__)
NUMBERS = ("turnout_percent", "disclosure_floor", "high_percent", "low_percent", "low_dissatisfied_in")


@bp.get("/")
@access(Access.SIGNED_IN)
def index() -> Any:
    """The campaigns; who has nothing to do with them goes where his work is."""
    if not standing().anywhere(Right.SEE_BOOKS):
        return redirect(landing_place())
    return render_template("home/index.html", campaigns=campaigns.campaigns(office()))


def landing_place() -> str:
    """Return the address where this person's work begins."""
    with office().db.read() as session:
        endpoint, parameters = landing.place(session, standing())
    return url_for(endpoint, **parameters)


@bp.get("/campaigns/new")
@access(Right.MANAGE_CAMPAIGN)
def new_campaign() -> str:
    """A campaign as the directive orders it, ready to be made."""
    return new_page(campaigns.preset().facts, campaigns.preset().forms, None)


@bp.post("/campaigns/new")
@access(Right.MANAGE_CAMPAIGN)
def create_campaign() -> Any:
    """Make the campaign."""
    forms = tuple(form for form in loader.PRESETS if form in request.form.getlist("forms"))
    try:
        facts = campaign_facts()
        campaign_id = campaigns.create(office(), facts, forms=forms, rules=campaigns.preset().rules, user_id=user_id())
    except InvalidInput as error:
        return new_page(request.form, forms, error), error.status
    return redirect(url_for("home.campaign", campaign_id=campaign_id))


@bp.get("/campaigns/<int:campaign_id>")
@access(Right.SEE_BOOKS, anywhere=True)
def campaign(campaign_id: int) -> str:
    """One campaign: where its meetings stand, its forms."""
    row = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        far = campaign_progress.of_campaign(session, campaign_id)
    seen = [meeting for meeting in row.meetings if standing().may(Right.SEE_BOOKS, meeting.unit_id)]
    mine = standing().units(Right.SEE_BOOKS)
    return render_template(
        "home/campaign.html",
        campaign=row,
        meetings=seen,
        rails={meeting.id: progress.rail(far[meeting.id]) for meeting in seen},
        deadlines=outlook.deadlines(row, today()),
        printed=surveys.printed_forms(office(), campaign_id),
        rules=campaigns.rules_of(row),
        has_units=bool(units.units(office())),
        units=[(depth, unit) for depth, unit in units.units(office()) if unit.id in mine and unit.kind != "school"],
    )


@bp.get("/campaigns/<int:campaign_id>/edit")
@access(Right.MANAGE_CAMPAIGN)
def edit_campaign(campaign_id: int) -> str:
    """The facts of a campaign."""
    row = campaigns.get(office(), campaign_id)
    return record_page(row, row, None)


@bp.post("/campaigns/<int:campaign_id>/edit")
@access(Right.MANAGE_CAMPAIGN)
def save_campaign(campaign_id: int) -> Any:
    """Change the facts of a campaign."""
    row = campaigns.get(office(), campaign_id)
    try:
        rounds = tuple(line.strip() for line in form_text("rounds").splitlines() if line.strip())
        reserved = tuple(part for part in plans.PARTS if part not in request.form.getlist("open"))
        campaigns.update(
            office(), campaign_id, campaign_facts(), rounds=rounds, reserved=reserved, why=form_text("why"),
            user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return record_page(row, request.form, error), error.status
    flash(_("The record is saved."), "ok")
    return redirect(url_for("home.campaign", campaign_id=campaign_id))


def record_page(campaign: Campaign, facts: Any, problem: InvalidInput | None) -> str:
    """Render the record of a campaign as fields, its documents and its history; what was typed stays."""
    with office().db.read() as session:
        history = records.history(session, campaign.id)
        documents = basis.documents(session, campaign.id)
    return render_template(
        "home/edit_campaign.html",
        campaign=campaign,
        facts=facts,
        problem=problem,
        parts=plans.PARTS,
        closed=campaign.reserved if problem is None else set(plans.PARTS) - set(request.form.getlist("open")),
        rounds=request.form.get("rounds", "\n".join(campaign.rounds)),
        history=history,
        documents=documents,
    )


@bp.get("/campaigns/<int:campaign_id>/rules")
@access(Right.SEE_BOOKS, anywhere=True)
def rules(campaign_id: int) -> str:
    """The counting rules."""
    row = campaigns.get(office(), campaign_id)
    return render_template("home/rules.html", campaign=row, rules=campaigns.rules_of(row), problem=None)


@bp.post("/campaigns/<int:campaign_id>/rules")
@access(Right.MANAGE_CAMPAIGN)
def save_rules(campaign_id: int) -> Any:
    """Change the counting rules."""
    row = campaigns.get(office(), campaign_id)
    typed = {name: form_text(name) for name in NUMBERS if name in request.form}
    numbers = {name: int(text) if text.isascii() and text.isdigit() else -1 for name, text in typed.items()}
    wanted = {
        **campaigns.rules_of(row),
        **numbers,
        "headline": form_text("headline"),
        "denominator": form_text("denominator"),
    }
    try:
        campaigns.set_rules(office(), campaign_id, wanted, user_id=user_id())
    except InvalidInput as error:
        page = render_template("home/rules.html", campaign=row, rules={**wanted, **typed}, problem=error)
        return page, error.status
    flash(_("The counting rules are saved. Every figure follows them from now on."), "ok")
    return redirect(url_for("home.campaign", campaign_id=campaign_id))


@bp.get("/units")
@access(Right.MANAGE_UNITS, anywhere=True)
def unit_list() -> str:
    """The units."""
    return units_page(None)


@bp.post("/units")
@access(Right.MANAGE_UNITS, anywhere=True)
def add_units() -> Any:
    """Add units, a name a line."""
    try:
        added = units.add(
            office(), names=form_text("names"), kind=form_text("kind"), parent_id=own_parent(), user_id=user_id()
        )
    except InvalidInput as error:
        return units_page(error), error.status
    flash(_("Units added: %(number)d", number=added), "ok")
    return redirect(url_for("home.unit_list"))


@bp.post("/units/<int:unit_id>")
@access(Right.MANAGE_UNITS)
def save_unit(unit_id: int) -> Response:
    """Rename or move a unit; its history keeps what it was."""
    below = own_parent(unit_id)
    units.update(office(), unit_id, name=form_text("name"), kind=form_text("kind"), parent_id=below, user_id=user_id())
    flash(_("The unit is saved."), "ok")
    return redirect(url_for("home.unit_list"))


@bp.get("/units/<int:unit_id>")
@access(Right.MANAGE_UNITS)
def unit(unit_id: int) -> str:
    """One unit: what it has been, whom it expects, its members."""
    with office().db.read() as session:
        expected = units.expected(session).get(unit_id, {})
        members = units.members(session, unit_id)
        gone = moves.of_unit(session, unit_id)
    row = units.get(office(), unit_id)
    own = standing().units(Right.MANAGE_UNITS)
    others = [
        each for _depth, each in units.units(office())
        if each.id in own and each.id != unit_id and each.merged_into is None
    ]  # fmt: skip
    return render_template(
        "home/unit.html",
        unit=row,
        moves=gone,
        names={each.id: each.name for _depth, each in units.units(office())},
        branches=[each for each in others if each.kind in roster_import.SMALL_WORK],
        alike=[each for each in others if each.kind == row.kind],
        today=today(),
        history=units.history(office(), unit_id),
        expected=expected,
        members=members,
    )


def units_page(problem: InvalidInput | None) -> str:
    """Render the units; what was typed stays."""
    own = standing().units(Right.MANAGE_UNITS)
    rows = [(depth, unit) for depth, unit in units.units(office()) if unit.id in own]
    with office().db.read() as session:
        expected = units.expected(session)
    return render_template(
        "home/units.html",
        units=rows,
        expected=expected,
        top=may_top(),
        kinds=units.KINDS,
        problem=problem,
        typed=request.form,
        editing=request.args.get("edit", type=int),
    )


def new_page(facts: Any, forms: tuple[str, ...], problem: InvalidInput | None) -> str:
    """Render the form of a new campaign."""
    presets = [loader.preset(name) for name in loader.PRESETS]
    return render_template("home/new_campaign.html", facts=facts, forms=forms, presets=presets, problem=problem)


def campaign_facts() -> campaigns.Facts:
    """Return the facts of the form that was sent. Raises InvalidInput."""
    return campaigns.Facts(
        title=form_text("title"),
        number=form_text("number"),
        issuer=form_text("issuer"),
        issued_on=form_date("issued_on"),
        finish_by=form_date("finish_by"),
        report_by=form_date("report_by"),
        addressees=form_text("addressees"),
        directive=form_text("directive").replace("\r\n", "\n"),
        criteria=form_text("criteria").replace("\r\n", "\n"),
    )


def may_top() -> bool:
    """Tell whether this person may put a unit at the top of the tree, or anywhere."""
    return standing().may(Right.MANAGE_UNITS, None)


def own_parent(unit_id: int | None = None) -> int | None:
    """Return the parent that was chosen. Raises Forbidden for one that is not this person's to build on."""
    chosen = request.form.get("parent_id", type=int) or None
    stays = unit_id is not None and standing().parents.get(unit_id) == chosen
    if not may_top() and not stays and (chosen is None or chosen not in standing().units(Right.MANAGE_UNITS)):
        raise Forbidden("error-403")
    return chosen
