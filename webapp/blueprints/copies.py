"""A campaign made from another; what was counted of a unit over rounds and years."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from webapp.access import access
from webapp.blueprints.home import campaign_facts
from webapp.errors import InvalidInput
from webapp.pages import office, user_id
from webapp.rights import Right
from webapp.services import campaign_copies, campaigns

bp = Blueprint("copies", __name__)


@bp.get("/campaigns/<int:campaign_id>/copy")
@access(Right.MANAGE_CAMPAIGN)
def new(campaign_id: int) -> str:
    """Next year's campaign, ready to be made from this one."""
    row = campaigns.get(office(), campaign_id)
    return page(campaign_id, {"title": row.title, "issuer": row.issuer}, campaign_copies.PARTS, None)


@bp.post("/campaigns/<int:campaign_id>/copy")
@access(Right.MANAGE_CAMPAIGN)
def create(campaign_id: int) -> Any:
    """Make it."""
    parts = request.form.getlist("parts")
    try:
        made = campaign_copies.copy(office(), campaign_id, campaign_facts(), parts, user_id=user_id())
    except InvalidInput as error:
        return page(campaign_id, request.form, parts, error), error.status
    return redirect(url_for("home.edit_campaign", campaign_id=made))


@bp.get("/units/<int:unit_id>/compare")
@access(Right.SEE_RESULTS)
def compare(unit_id: int) -> str:
    """The closed counts of a unit side by side."""
    with office().db.read() as session:
        found = campaign_copies.of_unit(session, unit_id)
    return render_template("campaign/compare.html", found=found)


def page(campaign_id: int, facts: Any, parts: Any, problem: InvalidInput | None) -> str:
    """Render the form of the copy; what was typed stays."""
    return render_template(
        "campaign/copy.html",
        campaign=campaigns.get(office(), campaign_id),
        facts=facts,
        parts=parts,
        all_parts=campaign_copies.PARTS,
        problem=problem,
    )
