"""The meeting itself: numbers entered in the hall, on a phone or a laptop; supplementary sessions, written reasons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.blueprints.meetings import typed_numbers
from webapp.errors import InvalidInput, NotFound
from webapp.pages import form_date, form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import head_counts, meetings, plans, sessions, stacks, surveys, tally
from webapp.services.printing import printed

bp = Blueprint("hall", __name__)
SHOWN = 12  # entries of the history on the page; the page of the numbers holds all


@bp.get("/meetings/<int:meeting_id>/hall")
@access(Right.COUNT_HEADS)
def index(meeting_id: int) -> str:
    """The numbers of one session, a stepper each."""
    return hall_page(meeting_id, request.args.get("session", type=int), None)


@bp.post("/meetings/<int:meeting_id>/hall")
@access(Right.COUNT_HEADS)
def enter(meeting_id: int) -> Any:
    """Add the numbers that were changed on the page."""
    session_id = request.form.get("session", type=int)
    try:
        added = head_counts.enter(
            office(), meeting_id, typed_numbers("n|"), user_id=user_id(), note=form_text("note"),
            session_id=session_id, seen=typed_numbers("seen|"),
        )  # fmt: skip
    except InvalidInput as error:
        return hall_page(meeting_id, session_id, error), error.status
    flash(_("Numbers entered: %(number)d", number=added) if added else _("Nothing has changed."), "ok")
    return redirect(url_for("hall.index", meeting_id=meeting_id, session=session_id))


@bp.post("/meetings/<int:meeting_id>/sessions")
@access(Right.MANAGE_MEETING)
def add_session(meeting_id: int) -> Any:
    """Add a supplementary session."""
    try:
        session_id = sessions.add(
            office(), meeting_id, held_on=form_date("held_on"), place=form_text("place"), why=form_text("why"),
            user_id=user_id(), manner=form_text("manner"),
        )  # fmt: skip
    except InvalidInput as error:
        return hall_page(meeting_id, None, error), error.status
    flash(_("The supplementary session is there; enter its numbers."), "ok")
    return redirect(url_for("hall.index", meeting_id=meeting_id, session=session_id))


@bp.post("/meetings/<int:meeting_id>/sessions/<int:session_id>/withdraw")
@access(Right.MANAGE_MEETING)
def withdraw_session(meeting_id: int, session_id: int) -> Any:
    """Withdraw a supplementary session of this meeting; its numbers leave the books."""
    with office().db.read() as session:
        if session_id not in [row.id for row in sessions.of_meeting(session, meeting_id)]:
            raise NotFound("no-such-row", kind="MeetingSession")
    try:
        sessions.withdraw(office(), session_id, why=form_text("why"), user_id=user_id())
    except InvalidInput as error:
        return hall_page(meeting_id, session_id, error), error.status
    flash(_("The supplementary session is withdrawn. Its numbers count no longer."), "ok")
    return redirect(url_for("hall.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/turnout-reason")
@access(Right.MANAGE_MEETING, Right.CLOSE)
def give_reason(meeting_id: int) -> Response:
    """Write down why the count stands though too few came."""
    text = form_text("text")
    sessions.give_reason(office(), meeting_id, text=text, user_id=user_id())
    flash(_("The reason is written down.") if text else _("The reason is taken back."), "ok")
    return redirect(url_for("count.index", meeting_id=meeting_id))


def hall_page(meeting_id: int, session_id: int | None, problem: InvalidInput | None) -> str:
    """Render the numbers of a session; what was typed stays. Raises NotFound for another meeting's session."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        further = sessions.of_meeting(session, meeting_id)
        if session_id is not None and session_id not in [row.id for row in further]:
            raise NotFound("no-such-row", kind="MeetingSession")
        withdrawn = sessions.withdrawn(session, meeting_id)
        by_session = meetings.counts_by_session(session, meeting_id)
        drawn = printed(session, meeting_id)
        plan = plans.of_meeting(session, meeting)
        read = {
            ref.form.form: stacks.stack(session, tally.scope_of(meeting_id, ref)).read
            for ref in tally.forms(session, meeting_id)
        }
    entries = [entry for entry in head_counts.history(office(), meeting_id) if entry.session_id == session_id]
    return render_meeting(
        "meetings/hall.html",
        meeting_id,
        "meetings",
        further=further,
        withdrawn=withdrawn,
        session_id=session_id,
        manners=plans.MANNERS,
        heads=by_session.get(session_id, {}),
        together=meetings.merged(by_session),
        drawn=drawn,
        read=read,
        forms=[row for row in meeting.campaign.surveys if row.form in (drawn or plan.forms)],
        raters=[row for row in surveys.rater_classes(meeting.campaign.surveys) if row.id in plan.raters],
        classes={row.id: row for row in surveys.rater_classes(meeting.campaign.surveys)},
        history=entries[:SHOWN],
        entries=len(entries),
        typed=typed_numbers("n|"),
        problem=problem,
    )
