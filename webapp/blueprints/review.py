"""The review station: what the machine is unsure of, one question at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.errors import Conflict, InvalidInput
from webapp.models import Decision
from webapp.pages import office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import leases, meetings, opinions, review, sheet_rulings
from webapp.services.answers import FIRST, OPEN_STAGES
from webapp.services.station import Station
from webapp.services.station import station as station_of

bp = Blueprint("review", __name__)


@dataclass(frozen=True, slots=True)
class Clash:
    """A save that came after another person's: what was wanted, beside what holds now."""

    verdict: review.Verdict


@bp.get("/meetings/<int:meeting_id>/review")
@access(Right.REVIEW)
def index(meeting_id: int) -> str:
    """How many questions wait, by kind, and where to begin."""
    queue = review.queue(office(), meeting_id, user_id())
    kinds = [(kind, [item for item in queue.items if item.kind == kind]) for kind in review.Kind]
    return render_meeting(
        "review/index.html",
        meeting_id,
        "review",
        queue=queue,
        last=review.last_of(office(), meeting_id=meeting_id, user_id=user_id()),
        kinds=[(kind, items) for kind, items in kinds if items],
        pages=review.pages_read(office(), meeting_id),
        opinions=opinions.progress(office(), meeting_id),
    )


@bp.get("/review/<int:page_id>/<question>")
@access(Right.REVIEW)
def station(page_id: int, question: str) -> str:
    """One question: its image and its decision."""
    here = station_of(office(), page_id, question, user_id())
    if here.is_open and here.place is not None:
        leases.take(office(), page_id, question, user_id())
    return _station(here)


@bp.post("/review/<int:page_id>/lease")
@access(Right.REVIEW)
def lease(page_id: int) -> Response:
    """Say that the question is still open before the person."""
    here = station_of(office(), page_id, request.form.get("question", ""), user_id())
    leases.take(office(), page_id, here.asked.id, user_id())
    return make_response("", 204)


@bp.post("/review/<int:page_id>/decide")
@access(Right.REVIEW)
def decide(page_id: int) -> Response:
    """Save a decision and go on to the next question that waits."""
    question, verdict = request.form.get("question", ""), verdict_of_form()
    here = station_of(office(), page_id, question, user_id())
    if not _is_said_already(here, verdict):
        try:
            review.decide(
                office(), page_id=page_id, question=question, verdict=verdict, user_id=user_id(), seen=_seen()
            )
        except Conflict as conflict:
            if conflict.code != "decided-since":
                raise
            here = station_of(office(), page_id, question, user_id())
            return make_response(_station(here, Clash(verdict)), conflict.status)
    return _go_on(here)


@bp.post("/review/<int:page_id>/undo")
@access(Right.REVIEW)
def undo(page_id: int) -> Response:
    """Take back the decision on a question; what held before it holds again."""
    question = request.form.get("question", "")
    try:
        review.undo(office(), page_id=page_id, question=question, user_id=user_id(), seen=_seen())
    except Conflict as conflict:
        if conflict.code != "decided-since":
            raise
        flash(_("Somebody decided this meanwhile. This is how it stands now; nothing was undone."), "warn")
    return redirect(url_for("review.station", page_id=page_id, question=question))


@bp.post("/review/<int:page_id>/void")
@access(Right.REVIEW)
def void(page_id: int) -> Response:
    """Rule the whole sheet void, or take that back."""
    here = station_of(office(), page_id, request.form.get("question", ""), user_id())
    sheet, note = here.page.sheet or "", request.form.get("note", "")
    if request.form.get("void") == "1":
        stage = sheet_rulings.void(office(), sheet=sheet, note=note, user_id=user_id())
    else:
        stage = sheet_rulings.valid(office(), sheet=sheet, note=note, user_id=user_id())
    if stage == FIRST:
        flash(_("A second person has to say the same before it holds."), "ok")
    return redirect(url_for("review.station", page_id=page_id, question=here.asked.id))


def _station(here: Station, clash: Clash | None = None) -> str:
    last = None if here.decision else review.last_of(office(), meeting_id=here.meeting_id, user_id=user_id())
    chosen = _chosen(here)
    return render_template(
        "review/station.html",
        here=here,
        asked=here.asked,
        chosen=chosen,
        clash=clash,
        last=last,
        meeting=meetings.get(office(), here.meeting_id),
        next_item=here.queue.next_waiting(here.place),
        before=None if here.place is None else here.queue.beside(here.place, -1),
        after=None if here.place is None else here.queue.beside(here.place, 1),
    )


def _chosen(here: Station) -> list[str]:
    """Return the values of the buttons that are pressed when the page opens: what holds now, if anything does."""
    answer = here.asked.answer
    if here.stage in OPEN_STAGES and here.decision:
        row = here.decision[0]
        return [f"choice:{each}" for each in row.choice.split(",")] if row.state == "answered" else [row.state]
    if answer is None or (answer.source == "machine" and here.asked.is_doubtful):
        return []
    return [f"choice:{each}" for each in answer.choice.split(",")] if answer.state == "answered" else [answer.state]


def verdict_of_form() -> review.Verdict:
    """Return what the buttons of the form say. Raises InvalidInput."""
    values, note = request.form.getlist("verdict"), request.form.get("note", "").strip()
    if values in (["blank"], ["invalid"]):
        return review.Verdict(values[0], (), note)
    choices = tuple(value.removeprefix("choice:") for value in values if value.startswith("choice:"))
    if not values or len(choices) != len(values):
        raise InvalidInput("bad-verdict")
    return review.Verdict("answered", choices, note)


def _seen() -> int | None:
    return request.form.get("seen", type=int)


def _is_said_already(here: Station, verdict: review.Verdict) -> bool:
    """Tell whether the person only looked again: the decision that stands is the same, seen and unchanged."""
    row: Decision | None = here.decision[0] if here.decision else None
    if here.stage in OPEN_STAGES:
        return False  # one person's word may suffice by now; said again it is a row of its own
    same = row is not None and (row.state, row.choice) == (verdict.state, ",".join(verdict.choice))
    return same and row is not None and row.id == _seen() and row.note == verdict.note


def _go_on(here: Station) -> Response:
    """Go to the next question that waits; home to the start page when none does, back when it was a sure one."""
    if here.place is None:
        return redirect(url_for("review.station", page_id=here.page.id, question=here.asked.id))
    item = review.queue(office(), here.meeting_id, user_id()).next_waiting(here.place)
    return redirect(address(item, here.meeting_id))


def address(item: review.Item | None, meeting_id: int) -> Any:
    """Return the page of an item of the queue, or the start page where there is none."""
    if item is None:
        return url_for("review.index", meeting_id=meeting_id)
    return url_for("review.station", page_id=item.page_id, question=item.question)
