"""The whole school side by side; supervision with its doubts; experience shared; delivery of the directive."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.blueprints.count import download
from webapp.blueprints.papers import WRITERS
from webapp.errors import InvalidInput, NotFound, ServiceError
from webapp.i18n import today
from webapp.pages import form_date, form_text, office, user_id
from webapp.rights import Right
from webapp.services import campaigns, doubts, exports, outlook, overview, overview_paper, supervising, units

bp = Blueprint("overview", __name__)
BEHIND = (overview.LATE, overview.RISK, overview.SLOW)


@bp.get("/campaigns/<int:campaign_id>/overview")
@access(Right.OVERSEE)
def index(campaign_id: int) -> str:
    """Where every unit is, against both deadlines."""
    campaign, day = campaigns.get(office(), campaign_id), today()
    with office().db.read() as session:
        every = overview.lines(session, campaign_id)
    mine, percent = overview.level_two(every), int(campaigns.rules_of(campaign)["turnout_percent"])
    states = {line.unit.id: line.state(campaign, day) for line in every}
    filters = {
        "all": mine,
        "behind": [line for line in mine if states[line.unit.id] in BEHIND],
        "turnout": [line for line in mine if line.reached(percent) is False],
        "review": [line for line in mine if line.doubts],
        "open": [line for line in mine if line.received_on is None],
        "branches": every,
    }
    only = request.args.get("only", "all")
    return render_template(
        "overview/index.html", campaign=campaign, lines=filters.get(only, mine), mine=mine, states=states, only=only,
        filters={key: len(value) for key, value in filters.items()}, totals=overview.totals(mine), percent=percent,
        deadlines=outlook.deadlines(campaign, day), day=day, columns=overview.PHASES, behind=filters["behind"],
        late={kind: [line for line in mine if line.days_late(kind, campaign, day)] for kind in ("finish", "report")},
    )  # fmt: skip


@bp.post("/campaigns/<int:campaign_id>/overview/remind")
@access(Right.OVERSEE)
def remind(campaign_id: int) -> Response:
    """Remind the units that are behind."""
    campaign, day = campaigns.get(office(), campaign_id), today()
    with office().db.read() as session:
        found = overview.level_two(overview.lines(session, campaign_id))
    behind = [line.unit.id for line in found if line.state(campaign, day) in BEHIND]
    told = supervising.remind(office(), campaign_id, behind, day=day, user_id=user_id())
    flash(_("Reminded: %(units)d units, %(people)d people", units=len(behind), people=told), "ok")
    return redirect(url_for("overview.index", campaign_id=campaign_id))


@bp.get("/campaigns/<int:campaign_id>/overview.<kind>")
@access(Right.OVERSEE)
def paper(campaign_id: int, kind: str) -> Response:
    """The roll-up as a file, units in the order of the tree."""
    if kind not in WRITERS:
        raise NotFound("no-such-row", kind="Paper")
    campaign = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        made = overview_paper.paper(campaign, overview.lines(session, campaign_id), today())
    write, mimetype = WRITERS[kind]
    name = f"{made.name}.{kind}"
    exports.note_of(office(), f"campaign:{campaign_id}", name)
    return download(write(made), mimetype, name)


@bp.get("/campaigns/<int:campaign_id>/supervision")
@access(Right.SUPERVISE, anywhere=True)
def supervision(campaign_id: int) -> str:
    """Doubts and the log, of the units that this person supervises."""
    return supervision_page(campaign_id)


def supervision_page(campaign_id: int, problem: ServiceError | None = None) -> str:
    """Render doubts and log."""
    campaign, mine = campaigns.get(office(), campaign_id), standing().units(Right.SUPERVISE)
    percent = int(campaigns.rules_of(campaign)["turnout_percent"])
    with office().db.read() as session:
        lines = [line for line in overview.lines(session, campaign_id) if line.unit.id in mine]
        context = {
            "found": doubts.of_lines(session, lines, percent),
            "settled": supervising.settled(session, campaign_id),
            "log": supervising.log(session, campaign_id, mine),
        }
    return render_template(
        "overview/supervision.html", campaign=campaign, problem=problem, typed=request.form, day=today(),
        own=[(depth, unit) for depth, unit in units.units(office()) if unit.id in mine], **context,
    )  # fmt: skip


@bp.post("/campaigns/<int:campaign_id>/supervision")
@access(Right.SUPERVISE, anywhere=True)
def write(campaign_id: int) -> Any:
    """Write an entry."""
    unit_id = request.form.get("unit_id", 0, type=int)
    if not standing().may(Right.SUPERVISE, unit_id):
        abort(403)
    try:
        supervising.write(
            office(), campaign_id, unit_id=unit_id, kind=form_text("kind"), text=form_text("text"),
            seen_on=form_date("seen_on"), doubt=form_text("doubt"), settles="settles" in request.form,
            user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return supervision_page(campaign_id, error), error.status
    return redirect(url_for("overview.supervision", campaign_id=campaign_id))


@bp.get("/campaigns/<int:campaign_id>/experience")
@access(Right.PREPARE, Right.SUPERVISE, anywhere=True)
def experience(campaign_id: int) -> str:
    """What units share."""
    return experience_page(campaign_id)


def experience_page(campaign_id: int, problem: ServiceError | None = None) -> str:
    """Render what units share."""
    mine = standing().units(Right.PREPARE)
    with office().db.read() as session:
        found = supervising.experiences(session, campaign_id)
    return render_template(
        "overview/experience.html", campaign=campaigns.get(office(), campaign_id), found=found, mine=mine,
        own=[(depth, unit) for depth, unit in units.units(office()) if unit.id in mine], problem=problem,
        typed=request.form,
    )  # fmt: skip


@bp.post("/campaigns/<int:campaign_id>/experience")
@access(Right.PREPARE, anywhere=True)
def share(campaign_id: int) -> Any:
    """Share an experience."""
    unit_id = request.form.get("unit_id", 0, type=int)
    if not standing().may(Right.PREPARE, unit_id):
        abort(403)
    try:
        supervising.share(
            office(), campaign_id, unit_id=unit_id, title=form_text("title"), text=form_text("text"),
            user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return experience_page(campaign_id, error), error.status
    return redirect(url_for("overview.experience", campaign_id=campaign_id))


@bp.post("/experience/<int:experience_id>/take-back")
@access(Right.PREPARE)
def unshare(experience_id: int) -> Response:
    """Take an experience back."""
    campaign_id = supervising.unshare(office(), experience_id)
    return redirect(url_for("overview.experience", campaign_id=campaign_id))


@bp.get("/campaigns/<int:campaign_id>/delivery")
@access(Right.OVERSEE)
def delivery(campaign_id: int) -> str:
    """Whom the directive is addressed to, and how it reached them."""
    return delivery_page(campaign_id)


def delivery_page(campaign_id: int, problem: ServiceError | None = None) -> str:
    """Render the delivery list."""
    with office().db.read() as session:
        found = supervising.addressees(session, campaign_id)
    return render_template(
        "overview/delivery.html", campaign=campaigns.get(office(), campaign_id), found=found, problem=problem,
        day=today(),
    )  # fmt: skip


@bp.post("/campaigns/<int:campaign_id>/delivery")
@access(Right.OVERSEE)
def deliver(campaign_id: int) -> Any:
    """Write down that the directive was delivered."""
    try:
        supervising.deliver(
            office(), campaign_id, map(int, filter(str.isdigit, request.form.getlist("unit"))),
            channel=form_text("channel"), delivered_on=form_date("delivered_on"),
            received_by=form_text("received_by"), user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return delivery_page(campaign_id, error), error.status
    return redirect(url_for("overview.delivery", campaign_id=campaign_id))
