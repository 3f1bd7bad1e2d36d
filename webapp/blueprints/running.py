"""The meeting itself: the run sheet with its ticks, what was said, its papers, the leading group, the cadres."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.blueprints.prepare import paper_of, source_words
from webapp.errors import Forbidden, InvalidInput, ServiceError
from webapp.i18n import today
from webapp.models import Meeting
from webapp.pages import form_date, form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import cadres, gathering, groups, meetings, run_sheet, self_check, units

bp = Blueprint("running", __name__)
PAPERS = ("agenda", "sign_in", "issue_ledger", "slip", "cadres")


@bp.get("/meetings/<int:meeting_id>/run")
@access(Right.PREPARE, Right.SUPERVISE)
def index(meeting_id: int) -> str:
    """The run sheet: what comes now, what was done when and by whom."""
    return run_page(meeting_id, None)


@bp.post("/meetings/<int:meeting_id>/run/<step>")
@access(Right.PREPARE)
def tick(meeting_id: int, step: str) -> Any:
    """Tick the step that comes now; pass over it; take the last one back."""
    organise(meeting_id)
    done, why = form_text("action"), form_text("why")
    try:
        if done == "undo":
            run_sheet.undo(office(), meeting_id, step, user_id=user_id())
        else:
            run_sheet.tick(office(), meeting_id, step, user_id=user_id(), skip=done == "skip", why=why)
    except ServiceError as error:
        return run_page(meeting_id, error), error.status
    return redirect(url_for("running.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/opinions/said")
@access(Right.PREPARE)
def add_opinion(meeting_id: int) -> Any:
    """Write down what was said at the meeting, without who said it."""
    try:
        gathering.add(
            office(), meeting_id, source=gathering.AT_MEETING, text=form_text("text"), day=form_date("day") or today(),
            user_id=user_id(), names_seen=bool(form_text("names_seen")),
        )  # fmt: skip
    except InvalidInput as error:
        return run_page(meeting_id, error), error.status
    flash(_("The opinion is written down."), "ok")
    return redirect(url_for("running.index", meeting_id=meeting_id, _anchor="opinions"))


@bp.get("/meetings/<int:meeting_id>/cadres")
@access(Right.PREPARE, Right.SUPERVISE)
def cadre_list(meeting_id: int) -> str:
    """How the cadres went ahead."""
    with office().db.read() as session:
        meeting = session.get_one(Meeting, meeting_id)
        rows, summary = cadres.of(session, meeting), cadres.summary(session, meeting)
    return render_meeting("running/cadres.html", meeting_id, "meetings", rows=rows, summary=summary)


@bp.post("/meetings/<int:meeting_id>/cadres")
@access(Right.PREPARE)
def record_cadres(meeting_id: int) -> Response:
    """Write down what was ticked of each cadre."""
    listed = [int(key) for key in request.form.getlist("cadre") if key.isdigit()]
    marks = {
        key: (f"took_part|{key}" in request.form, f"was_rated|{key}" in request.form, form_text(f"guided|{key}"))
        for key in listed
    }
    changed = cadres.record(office(), meeting_id, marks, user_id=user_id())
    flash(_("Written down: %(number)d", number=changed) if changed else _("Nothing has changed."), "ok")
    return redirect(url_for("running.cadre_list", meeting_id=meeting_id))


@bp.get("/units/<int:unit_id>/group")
@access(Right.PREPARE, Right.SUPERVISE)
def group(unit_id: int) -> str:
    """The leading group of a unit."""
    return group_page(unit_id, None)


@bp.post("/units/<int:unit_id>/group")
@access(Right.PREPARE)
def join(unit_id: int) -> Any:
    """Add a person to the leading group."""
    try:
        groups.add(
            office(), unit_id, name=form_text("name"), post=form_text("post"), position=form_text("position"),
            user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return group_page(unit_id, error), error.status
    return redirect(url_for("running.group", unit_id=unit_id))


@bp.post("/units/<int:unit_id>/group/<int:row>/leave")
@access(Right.PREPARE)
def leave(unit_id: int, row: int) -> Response:
    """Take a person out of the leading group."""
    groups.leave(office(), unit_id, row, user_id=user_id())
    return redirect(url_for("running.group", unit_id=unit_id))


def organise(meeting_id: int) -> None:
    """Raise Forbidden for who is not of the leading group, at a branch's meeting of the branch."""
    if not groups.organises(standing(), meetings.get(office(), meeting_id).unit):
        raise Forbidden("not-organiser")


def run_page(meeting_id: int, problem: ServiceError | None) -> str:
    """Render the run sheet; what was typed stays."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        context = {
            "run": run_sheet.of(session, meeting_id),
            "presenter": groups.presenter(session, session.get_one(Meeting, meeting_id)),
            "checked": self_check.is_done(session, meeting_id),
            "opinions": gathering.listed(session, meeting_id, (gathering.AT_MEETING,)),
            "papers": [paper_of(session, meeting, key) for key in PAPERS],
        }
    return render_meeting(
        "running/index.html",
        meeting_id,
        "meetings",
        **context,
        organiser=groups.organiser(meeting.unit),
        organises=groups.organises(standing(), meeting.unit),
        words=step_words(),
        source_words=source_words(),
        aside=request.args.get("aside", type=int),
        typed=request.form,
        problem=problem,
    )


def group_page(unit_id: int, problem: InvalidInput | None) -> str:
    """Render a leading group; what was typed stays."""
    with office().db.read() as session:
        members = groups.members(session, unit_id)
    return render_template(
        "running/group.html",
        unit=units.get(office(), unit_id),
        members=members,
        posts=[("head", _("Head")), ("deputy", _("Deputy")), ("member", _("Person of the group"))],
        typed=request.form,
        problem=problem,
    )


def step_words() -> dict[str, str]:
    """Return the words of the steps of a meeting."""
    return {
        "open": _("Open the meeting"),
        "heads": _("Count heads"),
        "statement": _("Public statement"),
        "comments": _("Comments"),
        "issue": _("Hand out the sheets"),
        "explain": _("Explain how to fill them in"),
        "fill": _("Fill in the sheets"),
        "collect": _("Collect the sheets"),
        "tally": _("Count the sheets"),
        "announce": _("Announce the result"),
        "end": _("End the meeting"),
    }


def label_words() -> tuple[str, ...]:
    """Return the words of the fields and kinds of the papers of ``meeting_papers``, for who translates them."""
    return (
        _("Blank rows"), _("for those without a name in the roster"), _("Note"), _("To"), _("Text"),
        _("Agenda and script"), _("Sign-in sheet"), _("Sheets handed out"), _("Notice of the meeting"),
        _("Cadres who went ahead"),
    )  # fmt: skip
