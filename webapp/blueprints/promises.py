"""The register of public promises of a unit and its members."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.errors import InvalidInput
from webapp.pages import form_date, form_text, office, user_id
from webapp.rights import Right
from webapp.services import campaigns, promises, units

bp = Blueprint("promises", __name__)


@bp.get("/campaigns/<int:campaign_id>/units/<int:unit_id>/promises")
@access(Right.PREPARE, Right.READ_PAPERS)
def index(campaign_id: int, unit_id: int) -> str:
    """The promises of a unit and its members."""
    return page(campaign_id, unit_id)


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/promises")
@access(Right.PREPARE)
def add(campaign_id: int, unit_id: int) -> Any:
    """Enter one promise, or many that were pasted."""
    try:
        pasted = request.form.get("pasted", "")
        if pasted.strip():
            number = promises.paste(office(), campaign_id, unit_id, pasted, user_id=user_id())
        else:
            promises.add(
                office(), campaign_id, unit_id, member_id=request.form.get("member_id", type=int) or None,
                text=form_text("text"), made_on=form_date("made_on"), user_id=user_id(),
            )  # fmt: skip
            number = 1
    except InvalidInput as error:
        return page(campaign_id, unit_id, error), error.status
    flash(_("Promises entered: %(number)d", number=number), "ok")
    return redirect(url_for("promises.index", campaign_id=campaign_id, unit_id=unit_id))


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/promises/<int:number>")
@access(Right.PREPARE)
def change(campaign_id: int, unit_id: int, number: int) -> Response:
    """Change a promise, or say how it was kept."""
    promises.change(
        office(), campaign_id, unit_id, number, text=form_text("text"), made_on=form_date("made_on"),
        kept=form_text("kept"), how=form_text("how"), user_id=user_id(),
    )  # fmt: skip
    flash(_("The promise is saved."), "ok")
    return redirect(url_for("promises.index", campaign_id=campaign_id, unit_id=unit_id))


def page(campaign_id: int, unit_id: int, problem: InvalidInput | None = None) -> str:
    """Render the register; what was typed stays."""
    with office().db.read() as session:
        entries = promises.listed(session, campaign_id, unit_id)
        members = units.members(session, unit_id)
    return render_template(
        "campaign/promises.html",
        campaign=campaigns.get(office(), campaign_id),
        unit=units.get(office(), unit_id),
        entries=entries,
        members=members,
        editing=request.args.get("edit", type=int),
        typed=request.form,
        problem=problem,
    )
