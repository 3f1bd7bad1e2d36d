"""Transcription of handwritten opinions."""

from __future__ import annotations

from typing import Any

import cv2
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from omr.image import Grey
from omr.ocr import UNCERTAIN_BELOW
from webapp.access import access
from webapp.errors import InvalidInput, NotFound
from webapp.pages import office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import detaching, identity, opinions

bp = Blueprint("opinions", __name__)
JPEG_QUALITY = 85


@bp.get("/meetings/<int:meeting_id>/opinions")
@access(Right.TRANSCRIBE)
def index(meeting_id: int) -> str:
    """The first opinion that is not settled."""
    entries = opinions.entries(office(), meeting_id)
    first = next((each for each in entries if each.is_open), entries[0] if entries else None)
    return _page(meeting_id, entries, first)


@bp.get("/opinions/<int:opinion_id>")
@access(Right.TRANSCRIBE)
def show(opinion_id: int) -> str:
    """One opinion."""
    return _shown(opinion_id)


def _shown(opinion_id: int, **more: Any) -> str:
    meeting_id = opinions.meeting_of(office(), opinion_id)
    entries = opinions.entries(office(), meeting_id)
    here = next((each for each in entries if each.opinion.id == opinion_id), None)
    if here is None:
        raise NotFound("no-such-opinion")
    return _page(meeting_id, entries, here, **more)


@bp.post("/opinions/<int:opinion_id>/confirm")
@access(Right.TRANSCRIBE)
def confirm(opinion_id: int) -> Any:
    """Settle the text, go on to the next; while it may tell its writer, ask what is to be struck out."""
    text = request.form.get("text", "")
    choices = {name.removeprefix("do:"): value for name, value in request.form.items() if name.startswith("do:")}
    whys = {name.removeprefix("why:"): value for name, value in request.form.items() if name.startswith("why:")}
    try:
        opinions.confirm(office(), opinion_id, text=text, user_id=user_id(), choices=choices, whys=whys)
    except InvalidInput as problem:
        if problem.code != "strike-undecided":
            raise
        return _shown(opinion_id, text=text, problem=problem, choices=choices, whys=whys), problem.status
    return _go_on(opinion_id)


@bp.post("/opinions/<int:opinion_id>/no-text")
@access(Right.TRANSCRIBE)
def no_text(opinion_id: int) -> Answer:
    """Settle that there is nothing to read, go on to the next."""
    opinions.no_text(office(), opinion_id, user_id=user_id())
    return _go_on(opinion_id)


@bp.post("/opinions/<int:opinion_id>/reopen")
@access(Right.TRANSCRIBE)
def reopen(opinion_id: int) -> Answer:
    """Look at a settled one again."""
    opinions.reopen(office(), opinion_id)
    return redirect(url_for("opinions.show", opinion_id=opinion_id))


@bp.post("/meetings/<int:meeting_id>/opinions/finish")
@access(Right.TRANSCRIBE)
def finish(meeting_id: int) -> Answer:
    """Detach what is confirmed from its sheets, however few they are."""
    number = detaching.finish(office(), meeting_id)
    flash(ngettext("%(num)s opinion left its sheet.", "%(num)s opinions left their sheets.", number), "ok")
    return redirect(url_for("opinions.index", meeting_id=meeting_id))


@bp.get("/opinions/<int:opinion_id>/line/<int:row>.jpg")
@access(Right.TRANSCRIBE)
def line(opinion_id: int, row: int) -> Response:
    """One written line. Never kept by the browser."""
    return _jpeg(opinions.line_image(office(), opinion_id, row))


@bp.get("/opinions/<int:opinion_id>/region.jpg")
@access(Right.TRANSCRIBE)
def region(opinion_id: int) -> Response:
    """The whole opinion box. Never kept by the browser."""
    return _jpeg(opinions.region_image(office(), opinion_id)[0])


def _page(meeting_id: int, entries: list[opinions.Entry], here: opinions.Entry | None, **more: Any) -> str:
    place = entries.index(here) if here else 0
    if here:
        opinions.note_view(office(), meeting_id, current_user.get_id(), len(here.opinion.proposal) or 1)
    return render_meeting(
        "opinions/index.html",
        meeting_id,
        "review",
        entries=entries,
        here=here,
        before=entries[place - 1] if place > 0 else None,
        after=entries[place + 1] if place + 1 < len(entries) else None,
        progress=opinions.progress(office(), meeting_id),
        author=opinions.author(office(), here.opinion) if here else "",
        uncertain_below=UNCERTAIN_BELOW,
        traces=_traces(here, more.get("text")) if here else [],
        mark=identity.MARK,
        **more,
    )


def _traces(here: opinions.Entry, typed: str | None) -> list[identity.Trace]:
    """Return what in the text, or else in the proposal, may tell the writer."""
    text = typed if typed is not None else "".join(line["text"] for line in here.opinion.proposal)
    with office().db.read() as session:
        unit_id = opinions.unit_of(session, here.opinion.id)
        return identity.traces(session, unit_id, here.opinion.text or text) if unit_id is not None else []


def _go_on(opinion_id: int) -> Answer:
    """Go to the next open opinion behind this one; from the last to the first; to this one when all are settled."""
    entries = opinions.entries(office(), opinions.meeting_of(office(), opinion_id))
    place = next((n for n, each in enumerate(entries) if each.opinion.id == opinion_id), 0)
    order = entries[place + 1 :] + entries[: place + 1]
    target = next((each.opinion.id for each in order if each.is_open), opinion_id)
    return redirect(url_for("opinions.show", opinion_id=target))


def _jpeg(image: Grey) -> Response:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("the picture can't be encoded")
    return Response(data.tobytes(), mimetype="image/jpeg")
