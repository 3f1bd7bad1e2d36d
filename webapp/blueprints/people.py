"""Who is expected at a unit's meetings, and who came."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.errors import InvalidInput
from webapp.models import Meeting
from webapp.pages import form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import attendance, groups, meetings, raters, units

bp = Blueprint("people", __name__)
MOST_BYTES = 10 << 20


@bp.get("/units/<int:unit_id>/people")
@access(Right.PREPARE, Right.MANAGE_UNITS)
def roster(unit_id: int) -> str:
    """Who is expected at the meetings of a unit."""
    return roster_page(unit_id, None)


@bp.post("/units/<int:unit_id>/people")
@access(Right.PREPARE, Right.MANAGE_UNITS)
def add(unit_id: int) -> Any:
    """Add a list: pasted, from a spreadsheet, or the members."""
    who, file = form_text("rater_class"), request.files.get("file")
    try:
        if form_text("action") == "members":
            added, known = raters.add_members(office(), unit_id, rater_class=who, user_id=user_id()), 0
        else:
            data = file.read(MOST_BYTES + 1) if file and file.filename else b""
            if len(data) > MOST_BYTES:
                raise InvalidInput("roster-too-large", most=raters.MOST_ROWS)
            lines = raters.spreadsheet(data) if data else raters.pasted(request.form.get("text", ""))
            added, known = raters.add(office(), unit_id, lines, rater_class=who, user_id=user_id())
    except InvalidInput as error:
        return roster_page(unit_id, error), error.status
    flash(_("Added: %(added)d; there already: %(known)d", added=added, known=known), "ok")
    return redirect(url_for("people.roster", unit_id=unit_id))


@bp.post("/units/<int:unit_id>/people/leave")
@access(Right.PREPARE, Right.MANAGE_UNITS)
def leave(unit_id: int) -> Response:
    """Take people out of the roster."""
    ids = [int(key) for key in request.form.getlist("person") if key.isdigit()]
    number = raters.leave(office(), unit_id, ids, user_id=user_id())
    flash(_("Taken out: %(number)d", number=number), "ok")
    return redirect(url_for("people.roster", unit_id=unit_id))


@bp.get("/meetings/<int:meeting_id>/attendance")
@access(Right.PREPARE, Right.COUNT_HEADS, Right.SUPERVISE)
def index(meeting_id: int) -> str:
    """Ticks against the roster, and the numbers made of them."""
    return attendance_page(meeting_id, None)


@bp.post("/meetings/<int:meeting_id>/attendance")
@access(Right.COUNT_HEADS)
def tick(meeting_id: int) -> Any:
    """Note who came, and enter the numbers."""
    present = {int(key) for key in request.form.getlist("present") if key.isdigit()}
    try:
        totals = attendance.tick(office(), meeting_id, present, user_id=user_id())
    except InvalidInput as error:
        return attendance_page(meeting_id, error), error.status
    flash(_("Entered as present: %(number)d", number=sum(totals.values())), "ok")
    return redirect(url_for("people.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/attendance/expected")
@access(Right.COUNT_HEADS)
def expected(meeting_id: int) -> Any:
    """Enter the numbers of the roster as expected."""
    try:
        totals = attendance.enter_expected(office(), meeting_id, user_id=user_id())
    except InvalidInput as error:
        return attendance_page(meeting_id, error), error.status
    flash(_("Entered as expected: %(number)d", number=sum(totals.values())), "ok")
    return redirect(url_for("people.index", meeting_id=meeting_id))


def roster_page(unit_id: int, problem: InvalidInput | None) -> str:
    """Render the roster of a unit; what was typed stays."""
    with office().db.read() as session:
        rows = raters.people(session, unit_id)
        words = {key: word for word, key in raters.classes(session).items()}
    return render_template(
        "people/roster.html",
        unit=units.get(office(), unit_id),
        rows=rows,
        words=words,
        typed=request.form,
        problem=problem,
    )


def attendance_page(meeting_id: int, problem: InvalidInput | None) -> str:
    """Render who came."""
    frame = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        meeting = session.get_one(Meeting, meeting_id)
        places = raters.places(session, meeting)
        words = {key: word for word, key in raters.classes(session).items()}
        turnout = meetings.turnout(session, meeting_id)
    return render_meeting(
        "people/attendance.html",
        meeting_id,
        "meetings",
        places=places,
        words=words,
        turnout=turnout,
        organiser=groups.organiser(frame.unit),
        problem=problem,
    )
