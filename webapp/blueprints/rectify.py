"""The register of rectification: table, board, one problem, its evidence."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO, cast

from flask import Blueprint, flash, redirect, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, may
from webapp.blueprints.count import hand_out
from webapp.blueprints.papers import WRITERS
from webapp.errors import Forbidden, InvalidInput, NotFound, ServiceError
from webapp.i18n import today
from webapp.models import Remedy, RemedyFile
from webapp.pages import form_date, form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import exports, meetings, rectification, rectifying, register_paper, suggestions

bp = Blueprint("rectify", __name__)
DEEDS = {
    "note": rectifying.note, "close": rectifying.close, "clear": rectifying.clear, "reopen": rectifying.reopen,
}  # fmt: skip


@bp.get("/meetings/<int:meeting_id>/rectification")
@access(Right.RECTIFY, Right.SUPERVISE)
def index(meeting_id: int) -> str:
    """The register as a table or a board; one problem beside it."""
    return page(meeting_id, request.args.get("problem", type=int))


def page(meeting_id: int, remedy_id: int | None = None, problem: ServiceError | None = None) -> str:
    """Render the register; what was typed stays beside its fault."""
    day = today()
    with office().db.read() as session:
        found = rectification.by_need(rectification.rows(session, meeting_id), day)
        chosen = next((row for row in found if row.id == remedy_id), None)
        context = {
            "history": rectification.history(session, chosen.id) if chosen else [],
            "evidence": rectification.evidence(session, chosen.id) if chosen else [],
            "suggested": suggestions.of_meeting(session, meeting_id),
        }
    wanted = request.args.get("only", "all")
    return render_meeting(
        "rectify/index.html", meeting_id, "rectify", rows=filtered(found, wanted, day),
        numbers=rectification.numbers(found, day), only=wanted, chosen=chosen, day=day, typed=request.form,
        board=request.args.get("view") == "board", stages=rectification.STAGES, problem=problem, **context,
    )  # fmt: skip


def filtered(rows: list[rectification.Row], wanted: str, day: dt.date) -> list[rectification.Row]:
    """Return the rows that a filter of the page leaves."""
    if wanted == "late":
        return [row for row in rows if row.state(day) == "late"]
    return [row for row in rows if not row.files] if wanted == "bare" else rows


@bp.get("/meetings/<int:meeting_id>/rectification/new")
@access(Right.RECTIFY)
def new(meeting_id: int) -> str:
    """Enter a problem."""
    return render_meeting("rectify/edit.html", meeting_id, "rectify", row=None, facts=request.args, problem=None)


@bp.post("/meetings/<int:meeting_id>/rectification/new")
@access(Right.RECTIFY)
def add(meeting_id: int) -> Any:
    """Enter it."""
    origin = rectifying.Origin(text=form_text("origin"), subject=form_text("subject"))
    try:
        remedy_id = rectifying.add(office(), meeting_id, entry(), user_id=user_id(), origin=origin)
    except InvalidInput as error:
        page = render_meeting("rectify/edit.html", meeting_id, "rectify", row=None, facts=request.form, problem=error)
        return page, error.status
    return redirect(url_for("rectify.index", meeting_id=meeting_id, problem=remedy_id))


@bp.post("/meetings/<int:meeting_id>/rectification/take")
@access(Right.RECTIFY)
def take(meeting_id: int) -> Response:
    """Take suggestions into the register: the one that is named, or all."""
    only = request.form.get("key")
    with office().db.begin() as session:
        offered = suggestions.of_meeting(session, meeting_id)
        chosen = [each for each in offered if only in (None, each.key)]
        for each in chosen:
            entry = rectifying.Entry(each.problem)
            rectifying.add_in(session, meeting_id, entry, user_id=user_id(), origin=each.origin)
    flash(_("Taken into the register: %(number)d", number=len(chosen)), "ok")
    return redirect(url_for("rectify.index", meeting_id=meeting_id))


@bp.get("/rectification/<int:remedy_id>/edit")
@access(Right.RECTIFY)
def edit(remedy_id: int) -> str:
    """What the register says of a problem, to be changed."""
    with office().db.read() as session:
        row = rectification.row(session, remedy_id)
    return render_meeting("rectify/edit.html", meeting_of(remedy_id), "rectify", row=row, facts=row, problem=None)


@bp.post("/rectification/<int:remedy_id>/edit")
@access(Right.RECTIFY)
def save(remedy_id: int) -> Any:
    """Change it; a later day is an extension."""
    meeting_id = meeting_of(remedy_id)
    try:
        rectifying.change(office(), remedy_id, entry(), user_id=user_id(), why=form_text("why"))
    except InvalidInput as error:
        with office().db.read() as session:
            row = rectification.row(session, remedy_id)
        page = render_meeting("rectify/edit.html", meeting_id, "rectify", row=row, facts=request.form, problem=error)
        return page, error.status
    return redirect(url_for("rectify.index", meeting_id=meeting_id, problem=remedy_id))


@bp.post("/rectification/<int:remedy_id>/<deed>")
@access(Right.RECTIFY, Right.SUPERVISE)
def step(remedy_id: int, deed: str) -> Any:
    """Write progress, close, clear after a re-check, open again."""
    if deed not in DEEDS:
        raise NotFound("no-such-row", kind="RemedyStep")
    if deed != "clear" and not may(Right.RECTIFY):
        raise Forbidden("error-403")  # who supervises re-checks, and does nothing else here
    meeting_id = meeting_of(remedy_id)
    try:
        DEEDS[deed](office(), remedy_id, form_text("text"), user_id=user_id())
    except InvalidInput as error:
        return page(meeting_id, remedy_id, error), error.status
    return redirect(url_for("rectify.index", meeting_id=meeting_id, problem=remedy_id))


@bp.post("/rectification/<int:remedy_id>/evidence")
@access(Right.RECTIFY)
def attach(remedy_id: int) -> Any:
    """Add files as evidence."""
    meeting_id = meeting_of(remedy_id)
    files = [file for file in request.files.getlist("file") if file.filename]
    try:
        if not files:
            raise InvalidInput("evidence-none")
        for file in files:
            rectifying.attach(office(), remedy_id, cast(BinaryIO, file.stream), file.filename or "", user_id=user_id())
    except InvalidInput as error:
        return page(meeting_id, remedy_id, error), error.status
    return redirect(url_for("rectify.index", meeting_id=meeting_id, problem=remedy_id))


@bp.get("/evidence/<int:remedy_file_id>")
@access(Right.RECTIFY, Right.SUPERVISE)
def evidence(remedy_file_id: int) -> Response:
    """A piece of evidence, saved under its name and never shown by the browser."""
    with office().db.read() as session:
        file = session.get_one(RemedyFile, remedy_file_id)
    exports.note_of(office(), f"remedy_file:{remedy_file_id}", file.filename)
    path = office().storage.path(file.sha256)
    answer = send_file(path, "application/octet-stream", as_attachment=True, download_name=file.filename)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/evidence/<int:remedy_file_id>/withdraw")
@access(Right.RECTIFY)
def withdraw(remedy_file_id: int) -> Response:
    """Take a piece of evidence back."""
    remedy_id = rectifying.withdraw(office(), remedy_file_id, user_id=user_id())
    return redirect(url_for("rectify.index", meeting_id=meeting_of(remedy_id), problem=remedy_id))


@bp.get("/meetings/<int:meeting_id>/rectification.<kind>")
@access(Right.RECTIFY, Right.SUPERVISE)
def paper(meeting_id: int, kind: str) -> Response:
    """The register as a file."""
    if kind not in WRITERS:
        raise NotFound("no-such-row", kind="Paper")
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        made = register_paper.paper(meeting, rectification.rows(session, meeting_id), today())
    write, mimetype = WRITERS[kind]
    return hand_out(meeting_id, write(made), mimetype, f"{made.name}-{meeting.unit.name}.{kind}")


def entry() -> rectifying.Entry:
    """Return what was typed. Raises InvalidInput."""
    return rectifying.Entry(
        form_text("problem"), form_text("cause"), form_text("measure"), form_text("person"), form_date("due_on")
    )


def meeting_of(remedy_id: int) -> int:
    """Return the meeting of a problem."""
    with office().db.read() as session:
        return session.get_one(Remedy, remedy_id).meeting_id
