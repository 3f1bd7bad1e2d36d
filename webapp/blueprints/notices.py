"""The notices of the person who is signed in, and the number beside the bell."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user

from webapp.access import Access, access
from webapp.pages import office, user_id
from webapp.services import notices

bp = Blueprint("notices", __name__)


@bp.app_template_global()
def notices_waiting() -> int:
    """Return how many notices wait for the person of this request."""
    if not current_user.is_authenticated:
        return 0
    with office().db.read() as session:
        return notices.waiting(session, user_id())


@bp.get("/notices")
@access(Access.SIGNED_IN)
def index() -> str:
    """One's own notices, newest first."""
    with office().db.read() as session:
        return render_template("notices/index.html", notices=notices.mine(session, user_id()))


@bp.post("/notices/<int:notice_id>/open")
@access(Access.SIGNED_IN)
def follow(notice_id: int) -> Any:
    """Note that it was seen and go where it leads."""
    with office().db.begin() as session:
        notices.seen(session, user_id(), notice_id)
        found = next(row.url for row in notices.mine(session, user_id()) if row.id == notice_id)
    return redirect(found or url_for("notices.index"))


@bp.post("/notices/<int:notice_id>/acknowledge")
@access(Access.SIGNED_IN)
def acknowledge(notice_id: int) -> Any:
    """Acknowledge a notice."""
    with office().db.begin() as session:
        notices.acknowledge(session, user_id(), notice_id)
    return redirect(url_for("notices.index"))


@bp.post("/notices/seen")
@access(Access.SIGNED_IN)
def all_seen() -> Any:
    """Note that all were seen."""
    with office().db.begin() as session:
        notices.seen(session, user_id())
    return redirect(url_for("notices.index"))
