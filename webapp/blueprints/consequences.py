"""What follows from a closed count: who is low and who is high, orders, re-checks, examples."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.blueprints.count import hand_out
from webapp.blueprints.papers import WRITERS
from webapp.errors import InvalidInput, NotFound, ServiceError
from webapp.i18n import today
from webapp.models import DeadlineOrder, Exemplar
from webapp.pages import form_date, form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import closed, consequences, examples_paper, orders_due, outcomes

bp = Blueprint("consequences", __name__)


@bp.get("/meetings/<int:meeting_id>/consequences")
@access(Right.RECTIFY, Right.SUPERVISE, Right.EXAMINE_PAPERS)
def index(meeting_id: int) -> str:
    """The outcome of everybody rated, by the rules; orders and examples."""
    return page(meeting_id)


def page(meeting_id: int, problem: ServiceError | None = None) -> str:
    """Render the consequences."""
    with office().db.read() as session:
        sees = closed.may(session, standing(), meeting_id)
        judged = outcomes.of_meeting(session, meeting_id) if sees else []
        orders = orders_due.of_meetings(session, [meeting_id]) if sees else []
        context = {
            "sees": sees, "judged": judged, "rechecks": [consequences.recheck(session, each) for each in orders],
            "ordered": {each.subject for each in orders if each.state == "open"},
            "examples": consequences.examples(session, [meeting_id]) if sees else [],
            "further": consequences.rechecks_of(session, meeting_id), "shut": closed.is_closed(session, meeting_id),
        }  # fmt: skip
    return render_meeting(
        "consequences/index.html", meeting_id, "rectify", day=today(), problem=problem, typed=request.form,
        verdicts={"low": sum(each.verdict == "low" for each in judged),
                  "high": sum(each.verdict == "high" for each in judged)}, **context,
    )  # fmt: skip


@bp.post("/meetings/<int:meeting_id>/consequences/order")
@access(Right.EXAMINE_PAPERS)
def order(meeting_id: int) -> Any:
    """Order rectification by a day."""
    try:
        consequences.order(
            office(), meeting_id, survey_id=request.form.get("survey_id", 0, type=int), subject=form_text("subject"),
            due_on=form_date("due_on"), user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return page(meeting_id, error), error.status
    flash(_("Ordered. It stands in the register, and the unit has its notice."), "ok")
    return back(meeting_id)


@bp.post("/orders/<int:order_id>/<deed>")
@access(Right.EXAMINE_PAPERS)
def step(order_id: int, deed: str) -> Any:
    """Extend an order, name its re-check, lift or withdraw it."""
    with office().db.read() as session:
        meeting_id = session.get_one(DeadlineOrder, order_id).meeting_id
    why = form_text("why")
    try:
        if deed == "extend":
            consequences.extend(office(), order_id, due_on=form_date("due_on"), why=why, user_id=user_id())
        elif deed == "recheck":
            again = request.form.get("recheck_id", 0, type=int)
            consequences.link_recheck(office(), order_id, meeting_id=again, user_id=user_id())
        elif deed == "lift":
            consequences.lift(office(), order_id, why=why, user_id=user_id())
        elif deed == "withdraw":
            consequences.withdraw(office(), order_id, why=why, user_id=user_id())
        else:
            raise NotFound("no-such-row", kind="OrderStep")
    except InvalidInput as error:
        return page(meeting_id, error), error.status
    return back(meeting_id)


@bp.post("/meetings/<int:meeting_id>/consequences/example")
@access(Right.EXAMINE_PAPERS)
def put_forward(meeting_id: int) -> Any:
    """Put somebody on the list of examples."""
    try:
        consequences.put_forward(
            office(), meeting_id, survey_id=request.form.get("survey_id", 0, type=int), subject=form_text("subject"),
            deeds=form_text("deeds"), user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return page(meeting_id, error), error.status
    return back(meeting_id)


@bp.post("/examples/<int:exemplar_id>/<deed>")
@access(Right.EXAMINE_PAPERS)
def example(exemplar_id: int, deed: str) -> Any:
    """Write down its publicity, or take it off the list."""
    if deed not in ("publish", "take-off"):
        raise NotFound("no-such-row", kind="Exemplar")
    with office().db.read() as session:
        meeting_id = session.get_one(Exemplar, exemplar_id).meeting_id
    try:
        if deed == "publish":
            consequences.publish(
                office(), exemplar_id, medium=form_text("medium"), published_on=form_date("published_on"),
                note=form_text("note"), user_id=user_id(),
            )  # fmt: skip
        else:
            consequences.take_off(office(), exemplar_id, why=form_text("why"))
    except InvalidInput as error:
        return page(meeting_id, error), error.status
    return back(meeting_id)


@bp.get("/meetings/<int:meeting_id>/examples.<kind>")
@access(Right.RECTIFY, Right.SUPERVISE, Right.EXAMINE_PAPERS)
def paper(meeting_id: int, kind: str) -> Response:
    """The list of examples as a file."""
    if kind not in WRITERS:
        raise NotFound("no-such-row", kind="Paper")
    with office().db.read() as session:
        made = examples_paper.paper(session, meeting_id, today())
    write, mimetype = WRITERS[kind]
    return hand_out(meeting_id, write(made), mimetype, f"{made.name}-{made.foot}.{kind}")


def back(meeting_id: int) -> Response:
    """Return to the page."""
    return redirect(url_for("consequences.index", meeting_id=meeting_id))
