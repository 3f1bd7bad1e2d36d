"""Reading a meeting's pages again with a newer reader: asked for, followed, and every difference listed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from forms.code import readable
from omr import READER_VERSION
from webapp.access import access
from webapp.blueprints.count import hand_out
from webapp.errors import NotFound
from webapp.pages import office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import closed, closing_papers, meetings, reread_lists, rereading

bp = Blueprint("rereading", __name__)
PART = 100  # differences on one page of the list
POLLED = "rereading/_progress.html"


@bp.get("/meetings/<int:meeting_id>/read-again")
@access(Right.SCAN, Right.RULE)
def index(meeting_id: int) -> str:
    """Which pages an older version read; how far reading them again is; what came out otherwise."""
    with office().db.read() as session:
        newest = rereading.progress(session, meeting_id)
        context: dict[str, Any] = {
            "old": rereading.old_pages(session, meeting_id),
            "shut": closed.is_closed(session, meeting_id),
            "reader": READER_VERSION,
            "progress": newest,
        }
        if newest is not None and not newest.running:
            context |= _differences(session, newest.row.id)
            context["failures"] = reread_lists.failures(session, newest.row.id)
    return render_meeting("rereading/index.html", meeting_id, "scanning", **context)


@bp.post("/meetings/<int:meeting_id>/read-again")
@access(Right.SCAN, Right.RULE)
def start(meeting_id: int) -> Answer:
    """Ask for it."""
    rereading.start(office(), meeting_id, user_id=user_id())
    return redirect(url_for("rereading.index", meeting_id=meeting_id))


@bp.get("/meetings/<int:meeting_id>/read-again/progress")
@access(Right.SCAN, Right.RULE)
def progress(meeting_id: int) -> Answer:
    """How far it is, asked for every second; the whole page is fetched anew at its end."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        newest = rereading.progress(session, meeting_id)
    if newest is None:
        raise NotFound("no-such-row", kind="Rereading")
    answer = Response(render_template(POLLED, meeting=meeting, progress=newest))
    if not newest.running:
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.get("/meetings/<int:meeting_id>/read-again/<int:rereading_id>.csv")
@access(Right.SCAN, Right.RULE)
def differences(meeting_id: int, rereading_id: int) -> Answer:
    """Every difference as a list."""
    with office().db.read() as session:
        if rereading.progress(session, meeting_id, rereading_id) is None:
            raise NotFound("no-such-row", kind="Rereading")
        content = reread_lists.as_csv(session, rereading_id)
    return hand_out(meeting_id, content, "text/csv", f"重新识读差异-{meeting_id}-{rereading_id}.csv")


def _differences(session: Any, rereading_id: int) -> dict[str, Any]:
    """Return what the list of differences shows: the part asked for, in words."""
    found = reread_lists.differences(session, rereading_id)
    parts = max(1, -(-len(found) // PART))
    number = min(max(1, request.args.get("part", 1, int)), parts)
    words = closing_papers.Words(session)
    listed = [
        (
            each,
            readable(each.sheet) if each.sheet else "",
            "" if each.problem else words.question(each.page_id, each.question),
            *(
                "" if each.problem else words.said(each.page_id, each.question, *value[:2])
                for value in (each.before, each.after)
            ),
        )
        for each in found[(number - 1) * PART : number * PART]
    ]
    return {
        "total": len(found),
        "decided": sum(each.decided for each in found),
        "kinds": reread_lists.kinds(found),
        "listed": listed,
        "part": number,
        "parts": parts,
    }
