"""Members who go or leave, units that are merged."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.errors import Forbidden
from webapp.pages import form_date, form_text, office, user_id
from webapp.rights import Right
from webapp.services import moves

bp = Blueprint("moves", __name__)


@bp.post("/units/<int:unit_id>/members/move")
@access(Right.MANAGE_UNITS)
def member(unit_id: int) -> Response:
    """Let a member go to another branch, or leave."""
    to = own(request.form.get("to", type=int) or None)
    moves.move(
        office(), unit_id, request.form.get("member_id", 0, int), to=to, moved_on=form_date("moved_on"),
        why=form_text("why"), user_id=user_id(),
    )  # fmt: skip
    flash(_("The move is entered; what was before stays in the history."), "ok")
    return redirect(url_for("home.unit", unit_id=unit_id))


@bp.post("/units/<int:unit_id>/merge")
@access(Right.MANAGE_UNITS)
def merge(unit_id: int) -> Response:
    """Merge a unit into another of its kind."""
    into = own(request.form.get("into", 0, int)) or 0
    number = moves.merge(
        office(), unit_id, into=into, merged_on=form_date("moved_on"), why=form_text("why"), user_id=user_id()
    )
    flash(_("The units are merged; members who went: %(number)d", number=number), "ok")
    return redirect(url_for("home.unit", unit_id=into))


def own(chosen: int | None) -> int | None:
    """Return a unit that was chosen. Raises Forbidden for one that this person does not manage."""
    if chosen in standing().parents and chosen not in standing().units(Right.MANAGE_UNITS):
        raise Forbidden("error-403")
    return chosen
