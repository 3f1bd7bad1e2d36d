"""Before the meeting: the self-check, opinions gathered, the papers that are written, what is missing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.errors import InvalidInput
from webapp.i18n import today
from webapp.models import Meeting
from webapp.pages import form_date, form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import briefs, gathering, meetings, paper_kinds, preparing_papers, self_check, shelf
from webapp.services.paper_kind import Target

bp = Blueprint("prepare", __name__)
PAPERS = ("self_check", "statement")


@bp.get("/meetings/<int:meeting_id>/prepare")
@access(Right.PREPARE, Right.SUPERVISE)
def index(meeting_id: int) -> str:
    """What is done before a meeting, and what is missing."""
    return prepare_page(meeting_id, None)


@bp.post("/meetings/<int:meeting_id>/prepare/self-check")
@access(Right.PREPARE)
def save_check(meeting_id: int) -> Any:
    """Write the three parts of the self-check down; with ``done`` mark it done."""
    done = request.form.get("action") == "done"
    try:
        self_check.save(
            office(), meeting_id, achievements=form_text("achievements"), shortcomings=form_text("shortcomings"),
            measures=form_text("measures"), user_id=user_id(),
            done_on=(form_date("done_on") or today()) if done else None,
        )  # fmt: skip
    except InvalidInput as error:
        return prepare_page(meeting_id, error), error.status
    flash(_("The self-check is done.") if done else _("The self-check is kept."), "ok")
    return redirect(url_for("prepare.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/prepare/self-check/reopen")
@access(Right.PREPARE)
def reopen_check(meeting_id: int) -> Response:
    """Take back that the self-check is done."""
    self_check.reopen(office(), meeting_id, user_id=user_id())
    flash(_("The self-check is open again."), "ok")
    return redirect(url_for("prepare.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/opinions/gathered")
@access(Right.PREPARE)
def add_opinion(meeting_id: int) -> Any:
    """Write an opinion down that was gathered before the meeting."""
    try:
        gathering.add(
            office(), meeting_id, source=form_text("source"), text=form_text("text"), day=form_date("day"),
            user_id=user_id(), names_seen=bool(form_text("names_seen")),
        )  # fmt: skip
    except InvalidInput as error:
        return prepare_page(meeting_id, error), error.status
    flash(_("The opinion is written down."), "ok")
    return redirect(url_for("prepare.index", meeting_id=meeting_id, _anchor="opinions"))


@bp.post("/meetings/<int:meeting_id>/opinions/gathered/<int:row>/remove")
@access(Right.PREPARE)
def remove_opinion(meeting_id: int, row: int) -> Response:
    """Put an opinion aside."""
    gathering.remove(office(), meeting_id, row, user_id=user_id())
    flash(_("The opinion is put aside."), "ok")
    return redirect(url_for(back_to(), meeting_id=meeting_id, aside=row, _anchor="opinions"))


@bp.post("/meetings/<int:meeting_id>/opinions/gathered/<int:row>/restore")
@access(Right.PREPARE)
def restore_opinion(meeting_id: int, row: int) -> Response:
    """Take an opinion back that was put aside."""
    gathering.restore(office(), meeting_id, row)
    flash(_("The opinion is back."), "ok")
    return redirect(url_for(back_to(), meeting_id=meeting_id, _anchor="opinions"))


def back_to() -> str:
    """Return the page that a form of opinions came from."""
    return "running.index" if form_text("back") == "running" else "prepare.index"


def prepare_page(meeting_id: int, problem: InvalidInput | None) -> str:
    """Render the page; what was typed stays."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        owed = briefs.of(session, session.get_one(Meeting, meeting_id))
        context = {
            "check": self_check.current(session, meeting_id),
            "opinions": gathering.listed(session, meeting_id, gathering.BEFORE),
            "owed": owed,
            "missing": [brief for brief in owed if brief.state != "fixed"],
            "papers": [paper_of(session, meeting, key) for key in PAPERS],
        }
    return render_meeting(
        "prepare/index.html",
        meeting_id,
        "prepare",
        **context,
        parts=part_words(),
        sources=[(key, source_words()[key]) for key in gathering.BEFORE],
        source_words=source_words(),
        aside=request.args.get("aside", type=int),
        typed=request.form,
        problem=problem,
    )


def paper_of(session: Any, meeting: Meeting, key: str) -> tuple[Any, Target, str, int]:
    """Return a kind of paper, its target, its state and how many versions were fixed."""
    kind = paper_kinds.get(key)
    at = meeting.id if kind.scope == "meeting" else None
    target = Target(meeting.campaign_id, meeting.unit_id, at)
    version = shelf.latest(session, kind, target)
    return kind, target, shelf.state(session, kind, target), version.number if version else 0


def part_words() -> dict[str, str]:
    """Return the words of the three parts of a self-check."""
    return {"achievements": _("Achievements"), "shortcomings": _("Shortcomings"), "measures": _("Measures")}


def source_words() -> dict[str, str]:
    """Return the words of where an opinion came from."""
    return {
        "visit": _("Visit"),
        "talk": _("Round table"),
        "box": _("Opinion box"),
        "phone": _("Telephone call"),
        "meeting": _("Said at the meeting"),
    }


def label_words() -> dict[str, str]:
    """Return the words of the fields and kinds of the papers of ``preparing_papers``, for who translates them."""
    words = [
        _("Filled in by"), _("Presented by"), _("Opening"), _("What was achieved"), _("How public promises were kept"),
        _("What is lacking"), _("How it will be improved"), _("Date"), _("What was done"), _("What comes next"),
        _("Self-check table"), _("Text of the public statement"), _("Summary of a branch's work"),
        _("Summary of a member's work"),
    ]  # fmt: skip
    assert len(words) >= len(preparing_papers.KINDS)  # noqa: S101 - both lists are of this program
    return {word: word for word in words}
