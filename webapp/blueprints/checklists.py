"""The checklist of a unit, and the board of a level-2 unit and its branches."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from webapp.access import access
from webapp.errors import InvalidInput
from webapp.i18n import today
from webapp.pages import form_date, form_text, office, user_id
from webapp.rights import Right
from webapp.services import campaigns, checklists, plans, units

bp = Blueprint("checklists", __name__)


@bp.get("/campaigns/<int:campaign_id>/units/<int:unit_id>/checklist")
@access(Right.SEE_BOOKS)
def show(campaign_id: int, unit_id: int) -> str:
    """What is to be done, by whom, until when."""
    return page(campaign_id, unit_id)


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/checklist")
@access(Right.PREPARE)
def save(campaign_id: int, unit_id: int) -> Any:
    """Say who does a step, until when, and how it stands; or add a step."""
    try:
        checklists.set_line(
            office(), campaign_id, unit_id, form_text("step"), owner=form_text("owner"), due_on=form_date("due_on"),
            state=form_text("state") or "todo", note=form_text("note"), title=form_text("title"), user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return page(campaign_id, unit_id, error), error.status
    flash(_("The step is saved."), "ok")
    return redirect(url_for("checklists.show", campaign_id=campaign_id, unit_id=unit_id))


@bp.get("/campaigns/<int:campaign_id>/units/<int:unit_id>/board")
@access(Right.SEE_BOOKS)
def board(campaign_id: int, unit_id: int) -> str:
    """How far a level-2 unit and its branches are."""
    with office().db.read() as session:
        rows = checklists.board(session, campaign_id, unit_id, today())
    return render_template(
        "campaign/board.html",
        campaign=campaigns.get(office(), campaign_id),
        unit=units.get(office(), unit_id),
        rows=rows,
    )


def page(campaign_id: int, unit_id: int, problem: InvalidInput | None = None) -> str:
    """Render the checklist."""
    unit = units.get(office(), unit_id)
    with office().db.read() as session:
        lines = checklists.of_unit(session, campaign_id, unit_id)
    return render_template(
        "campaign/checklist.html",
        campaign=campaigns.get(office(), campaign_id),
        unit=unit,
        lines=lines,
        today=today(),
        is_level_2=unit.kind in plans.LEVEL_2,
        editing=request.args.get("edit", ""),
        problem=problem,
    )
