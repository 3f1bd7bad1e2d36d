"""A meeting's home, its facts and its numbers."""

from __future__ import annotations

from flask import Blueprint

from webapp.access import Access, access
from webapp.pages import render_meeting

bp = Blueprint("meetings", __name__)


@bp.get("/meetings/<int:meeting_id>")
@access(Access.OPERATOR)
def show(meeting_id: int) -> str:
    """Where the meeting stands, and what to do next."""
    return render_meeting("meetings/show.html", meeting_id)
