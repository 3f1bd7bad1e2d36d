"""Search: a page, and the same as a fragment for the dialog of the frame (Ctrl K)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from webapp.access import Access, access, standing
from webapp.pages import is_htmx, office
from webapp.rights import Right
from webapp.services import searching
from webapp.services.searching import Hit

bp = Blueprint("search", __name__)
LONGEST = 80


@bp.get("/search")
@access(Access.SIGNED_IN)
def index() -> str:
    """What is found of what may be seen."""
    text = request.args.get("q", "")[:LONGEST]
    with office().db.read() as session:
        found = searching.search(session, standing(), text)
    hits = [(hit, place(hit)) for hit in found]
    template = "search/_hits.html" if is_htmx() else "search/index.html"
    return render_template(template, hits=[row for row in hits if row[1]], text=text.strip())


def place(hit: Hit) -> str:
    """Return where a hit leads; "" where this person has no page of it."""
    if hit.kind == "sheet":
        return url_for("scanning.page", page_id=hit.page_id)
    if hit.kind == "paper":
        values: dict[str, Any] = {"key": hit.key, **dict(hit.args)}
        return url_for("shelf.page", **values)
    if hit.meeting_id is not None and standing().may(Right.SEE_BOOKS, hit.unit_id):
        return url_for("meetings.show", meeting_id=hit.meeting_id)
    if standing().may(Right.MANAGE_UNITS, hit.unit_id):
        return url_for("home.unit_list")
    return ""
