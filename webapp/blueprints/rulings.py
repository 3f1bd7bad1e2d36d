"""The scrutineer's queue: marks and sheets on which two persons differ."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from forms.code import readable
from webapp.access import access
from webapp.blueprints.review import verdict_of_form
from webapp.models import PrintRun
from webapp.pages import form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import closing_papers, meetings, review, review_queue, scans, sheet_rulings
from webapp.services.station import station as station_of

bp = Blueprint("rulings", __name__)


@bp.get("/meetings/<int:meeting_id>/rulings")
@access(Right.RULE)
def index(meeting_id: int) -> str:
    """What two persons saw differently."""
    with office().db.read() as session:
        words = closing_papers.Words(session)
        marks = []
        for page_id, question in review_queue.disagreements(session, meeting_id):
            said = [
                (user.display_name, words.said(page_id, question, row.state, row.choice), row.note)
                for row, user in review.standing_with_authors(session, page_id, question)[-2:]
            ]
            page = scans.page_of(session, page_id)
            marks.append((page_id, question, readable(page.sheet or ""), words.question(page_id, question), said))
        sheets = sheet_rulings.differing(session, meeting_id)
    return render_meeting("rulings/index.html", meeting_id, "review", marks=marks, sheets=sheets, readable=readable)


@bp.get("/rulings/<int:page_id>/<question>")
@access(Right.RULE)
def show(page_id: int, question: str) -> str:
    """One mark: its image, both decisions, and the ruling."""
    here = station_of(office(), page_id, question)
    with office().db.read() as session:
        said = review.standing_with_authors(session, page_id, question)
    return render_template(
        "rulings/show.html", here=here, asked=here.asked, said=said, meeting=meetings.get(office(), here.meeting_id)
    )


@bp.post("/rulings/<int:page_id>/mark")
@access(Right.RULE)
def rule(page_id: int) -> Response:
    """Rule on a mark."""
    here = station_of(office(), page_id, form_text("question"))
    review.rule(
        office(), page_id=page_id, question=here.asked.id, verdict=verdict_of_form(), user_id=user_id(),
        seen=request.form.get("seen", type=int),
    )  # fmt: skip
    return redirect(url_for("rulings.index", meeting_id=here.meeting_id))


@bp.post("/rulings/<int:page_id>/sheet")
@access(Right.RULE)
def rule_sheet(page_id: int) -> Response:
    """Rule on a whole sheet."""
    with office().db.read() as session:
        page = scans.page_of(session, page_id)
        meeting_id = session.get_one(PrintRun, page.print_run_id).meeting_id
    sheet_rulings.settle(
        office(), sheet=page.sheet or "", kind=form_text("kind"), note=form_text("note"), user_id=user_id()
    )
    return redirect(url_for("rulings.index", meeting_id=meeting_id))
