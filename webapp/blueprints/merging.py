"""Merging opinions: raw ones left, merged ones right; by dragging or by keys, with undo."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from webapp.access import access, may, standing
from webapp.errors import Forbidden, InvalidInput
from webapp.models import Meeting
from webapp.pages import form_text, is_htmx, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import closed, meetings, merging, merging_deeds, similar, tally
from webapp.services.merging import Ref
from webapp.services.merging_deeds import Said

bp = Blueprint("merging", __name__)
MOST_PROPOSED = 5
MOST_SUBJECTS = 300


@bp.get("/meetings/<int:meeting_id>/opinions/merge")
@access(Right.TRANSCRIBE, Right.WRITE_PAPERS)
def index(meeting_id: int) -> str:
    """All opinions of a meeting, and what they were merged into."""
    with office().db.read() as session:
        _check(session, meeting_id)
        return render_meeting("merging/index.html", meeting_id, "papers", **_board(session, meeting_id))


@bp.post("/meetings/<int:meeting_id>/opinions/merge")
@access(Right.TRANSCRIBE, Right.WRITE_PAPERS)
def act(meeting_id: int) -> str:
    """Merge, set aside, take out, say otherwise, dissolve, undo; ``action`` of the form says which."""
    with office().db.begin() as session:
        _check(session, meeting_id)
        said = _perform(session, meeting_id, form_text("action"))
        board = _board(session, meeting_id)
    if is_htmx():
        return render_template("merging/_board.html", meeting=_meeting(meeting_id), said=said, **board)
    return render_meeting("merging/index.html", meeting_id, "papers", said=said, **board)


@bp.get("/meetings/<int:meeting_id>/opinions/similar")
@access(Right.TRANSCRIBE, Right.WRITE_PAPERS)
def alike(meeting_id: int) -> Response:
    """The merged opinions that raw ones may belong to, best first, as JSON."""
    with office().db.read() as session:
        _check(session, meeting_id)
        return jsonify(merged=proposed(session, meeting_id, _refs(request.args.getlist("raw"))))


def proposed(session: Session, meeting_id: int, refs: list[Ref]) -> list[int]:
    """Return the ids of merged opinions that say, or hold, something like the raw ones."""
    found = merging.desk(session, meeting_id)
    texts = [(each.id, text) for each in found.merged for text in (each.text, *(raw.text for raw in each.raws))]
    scores: dict[int, float] = {}
    for raw in merging.of_refs(session, meeting_id, refs):
        for place, score in similar.ranked(raw.text, [text for _id, text in texts]):
            scores[texts[place][0]] = max(score, scores.get(texts[place][0], 0.0))
    return sorted(scores, key=lambda each: -scores[each])[:MOST_PROPOSED]


def _check(session: Session, meeting_id: int) -> None:
    """Raise Forbidden before closing for all but the transcribers: opinions are results."""
    if not may(Right.TRANSCRIBE) and not closed.may(session, standing(), meeting_id):
        raise Forbidden("results-closed")


def _perform(session: Session, meeting_id: int, done: str) -> str:
    refs, me = _refs(request.form.getlist("raw")), user_id()
    merged_id = request.form.get("merged", type=int)
    if done == "undo":
        merging_deeds.undo(session, meeting_id, user_id=me)
        return str(_("The last step was taken back."))
    if done == "new":
        merging_deeds.make(session, meeting_id, refs, _said(), user_id=me)
        return str(_("A merged opinion was made."))
    if done == "aside":
        merging_deeds.set_aside(session, meeting_id, refs, user_id=me)
        return str(_("Set aside."))
    if done == "take-out":
        merging_deeds.take_out(session, meeting_id, refs, merged_id, user_id=me)
        return str(_("Waits to be merged again."))
    if merged_id is None:
        raise InvalidInput("merge-no-target")
    if done == "put":
        merging_deeds.put(session, meeting_id, refs, merged_id, user_id=me)
        return str(_("Merged."))
    if done == "edit":
        merging_deeds.edit(session, meeting_id, merged_id, _said(), user_id=me)
        return str(_("Saved."))
    if done == "dissolve":
        merging_deeds.dissolve(session, meeting_id, merged_id, user_id=me)
        return str(_("Dissolved; its opinions wait again."))
    raise InvalidInput("merge-no-target")


def _said() -> Said:
    about, _colon, subject = form_text("about").partition(":")
    return Said(
        form_text("text"),
        form_text("category") or "other",
        request.form.get("item", type=int),
        about or merging.ORGANISATION,
        subject[:200],
    )


def _refs(values: list[str]) -> list[Ref]:
    found = [value.partition(":") for value in values]
    return [(source, key) for source, _colon, key in found]


def _board(session: Session, meeting_id: int) -> dict[str, Any]:
    found = merging.desk(session, meeting_id)
    groups = [[found.waiting[place] for place in group] for group in similar.groups([r.text for r in found.waiting])]
    refs = tally.forms(session, meeting_id)
    return {
        "desk": found,
        "groups": groups,
        "mentions": sum(each.number for each in found.merged),
        "categories": merging.CATEGORIES,
        "origins": merging.ORIGINS,
        "items": max((len(ref.form.items) for ref in refs), default=3),
        "abouts": _abouts(refs),
        "undoable": merging.last_deed(session, meeting_id),
    }


def _abouts(refs: tuple[tally.FormRef, ...]) -> list[tuple[str, str]]:
    """Return whom a merged opinion can be about: value of the form, and name; "" is all of the kind."""
    found = {merging.ORGANISATION + ":": ""}
    for ref in refs:
        about = ref.form.about
        found[f"{about}:"] = ""
        for subject in ref.subjects if len(ref.subjects) > 1 or about == merging.MEMBER else ():
            found[f"{about}:{subject}"] = subject
    return list(found.items())[:MOST_SUBJECTS]


def _meeting(meeting_id: int) -> Meeting:
    return meetings.get(office(), meeting_id)
