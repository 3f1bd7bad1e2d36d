"""Who guides and watches meetings: liaisons, committee members, what they were told, and that they countersign."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.blueprints.prepare import paper_of
from webapp.errors import Forbidden, InvalidInput
from webapp.models import Meeting
from webapp.pages import form_text, office, render_meeting, user_id
from webapp.rights import Right, Role
from webapp.services import (
    closed,
    countersigning,
    groups,
    handover,
    meeting_times,
    meetings,
    posts,
    report_papers,
    supervisors,
    tree,
    units,
)

bp = Blueprint("watching", __name__)


@bp.get("/liaisons")
@access(Right.MANAGE_CAMPAIGN, Right.OVERSEE)
def liaisons() -> str:
    """Units of level 2, their liaisons and the school leaders they report to."""
    return liaison_page(None, None)


@bp.post("/liaisons/<int:unit_id>")
@access(Right.MANAGE_CAMPAIGN)
def set_liaison(unit_id: int) -> Any:
    """Say who is a unit's liaison and school leader."""
    try:
        posts.set_liaison(
            office(), unit_id, liaison=form_text("liaison"), liaison_id=request.form.get("liaison_id", type=int),
            leader=form_text("leader"), leader_id=request.form.get("leader_id", type=int), user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return liaison_page(unit_id, error), error.status
    flash(_("The liaison is noted."), "ok")
    return redirect(url_for("watching.liaisons"))


@bp.get("/meetings/<int:meeting_id>/supervision")
@access(Right.PREPARE, Right.SUPERVISE, Right.EXAMINE_PAPERS)
def index(meeting_id: int) -> str:
    """Who watches a meeting, whether they know its time, whether they came and countersigned."""
    return supervision_page(meeting_id, None)


@bp.post("/meetings/<int:meeting_id>/supervision/members")
@access(Right.EXAMINE_PAPERS)
def send_member(meeting_id: int) -> Any:
    """Send a committee member to a branch's meeting: the unit above the branch does."""
    from_above(meeting_id)
    try:
        posts.send_member(
            office(), meeting_id, name=form_text("name"), person_id=request.form.get("person_id", type=int),
            user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return supervision_page(meeting_id, error), error.status
    flash(_("The committee member is noted."), "ok")
    return redirect(url_for("watching.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/supervision/members/<int:row>/recall")
@access(Right.EXAMINE_PAPERS)
def recall_member(meeting_id: int, row: int) -> Response:
    """Note that a committee member doesn't come after all."""
    from_above(meeting_id)
    posts.recall_member(office(), meeting_id, row, user_id=user_id())
    return redirect(url_for("watching.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/supervision/remind")
@access(Right.PREPARE, Right.EXAMINE_PAPERS)
def remind(meeting_id: int) -> Any:
    """Tell those again who have not answered."""
    try:
        told = meeting_times.remind(office(), meeting_id)
    except InvalidInput as error:
        return supervision_page(meeting_id, error), error.status
    flash(_("Told again: %(number)d", number=told) if told else _("Nobody with an account has still to answer."), "ok")
    return redirect(url_for("watching.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/supervision/answer")
@access(Right.PREPARE, Right.EXAMINE_PAPERS)
def answer(meeting_id: int) -> Any:
    """Note that a supervisor confirmed the time by telephone, on the slip or in person."""
    try:
        meeting_times.answer(
            office(), meeting_id, name=form_text("name"), channel=form_text("channel"), user_id=user_id()
        )
    except InvalidInput as error:
        return supervision_page(meeting_id, error), error.status
    return redirect(url_for("watching.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/supervision/presence")
@access(Right.PREPARE, Right.WRITE_REPORTS)
def presence(meeting_id: int) -> Response:
    """Tick whether a supervisor came."""
    came = form_text("came") == "yes"
    meeting_times.tick_presence(office(), meeting_id, name=form_text("name"), came=came, user_id=user_id())
    return redirect(url_for("watching.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/supervision/countersign")
@access(Right.WRITE_REPORTS)
def countersign(meeting_id: int) -> Response:
    """Countersign the closing in force."""
    countersigning.countersign(office(), meeting_id, remark=form_text("remark"), user_id=user_id())
    flash(_("Countersigned."), "ok")
    return redirect(url_for("watching.index", meeting_id=meeting_id))


def from_above(meeting_id: int) -> None:
    """Raise Forbidden for who is not of the unit above a branch: the branch doesn't choose who watches it."""
    above = meetings.get(office(), meeting_id).unit.parent_id
    if not standing().may(Right.EXAMINE_PAPERS, above):
        raise Forbidden("error-403")


def supervision_page(meeting_id: int, problem: InvalidInput | None) -> str:
    """Render who watches a meeting."""
    frame = meetings.get(office(), meeting_id)
    branch = tree.is_branch(frame.unit)
    with office().db.read() as session:
        meeting = session.get_one(Meeting, meeting_id)
        role = Role.COMMITTEE_MEMBER if branch else Role.LIAISON
        context = {
            "rows": meeting_times.standings(session, meeting),
            "worries": meeting_times.worries(session, meeting),
            "times": meeting_times.times(session, meeting_id),
            "signed": countersigning.countersigned(session, meeting_id),
            "is_closed": closed.is_closed(session, meeting_id),
            "candidates": supervisors.candidates(session, frame.unit_id, role),
            "report": handover.of(session, meeting),
            "to": report_papers.addressee(session, meeting),
            "slip": paper_of(session, frame, "slip"),
        }
    return render_meeting(
        "watching/index.html",
        meeting_id,
        "meetings",
        **context,
        branch=branch,
        sends=branch and standing().may(Right.EXAMINE_PAPERS, frame.unit.parent_id),
        organises=groups.organises(standing(), frame.unit),
        channels=[("phone", _("by a call")), ("slip", _("on the slip")), ("person", _("in person"))],
        hows={
            "account": _("here"),
            "phone": _("by a call"),
            "slip": _("on the slip"),
            "person": _("in person"),
        },
        me=user_id(),
        problem=problem,
    )


def liaison_page(unit_id: int | None, problem: InvalidInput | None) -> str:
    """Render the liaisons of all units of level 2; what was typed for one of them stays."""
    rows = [unit for _depth, unit in units.units(office()) if unit.kind in tree.LEVEL_2]
    with office().db.read() as session:
        found = [
            (
                unit,
                supervisors.liaison_of(session, unit.id),
                supervisors.candidates(session, unit.id, Role.LIAISON),
                supervisors.candidates(session, unit.id, Role.SCHOOL_LEADER),
            )
            for unit in rows
        ]
    editing = unit_id or request.args.get("edit", type=int)
    return render_template("watching/liaisons.html", rows=found, editing=editing, typed=request.form, problem=problem)
