"""Closing a count: what stands in its way, the hand check, the seal, its papers, its versions."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forms.code import readable
from webapp.access import access, may, standing
from webapp.blueprints.count import hand_out
from webapp.blueprints.papers import WRITERS
from webapp.errors import Forbidden, InvalidInput, NotFound
from webapp.i18n import language
from webapp.models import User
from webapp.office import Office
from webapp.pages import form_text, office, render_meeting, user_id
from webapp.papers.paper import Paper
from webapp.rights import Right
from webapp.services import campaigns, closed, closing, closing_papers, hand_check, procedures, review_queue, tally
from webapp.services import sheet_rulings as rulings
from webapp.services.station import station as station_of

bp = Blueprint("closing", __name__)
PAPERS: dict[str, Callable[[Office, int], Paper]] = {
    "report": closing_papers.report,
    "comparison": closing_papers.comparison,
    "decisions": closing_papers.log,
    "draw": closing_papers.check_list,
}


@bp.get("/meetings/<int:meeting_id>/closing")
@access(Right.SEE_BOOKS)
def index(meeting_id: int) -> str:
    """Whether the count is closed, what stands in the way, and for the scrutineer the seal."""
    with office().db.read() as session:
        context = {
            "obstacles": closing.obstacles(session, meeting_id, user_id()),
            "versions": [
                (row, opened, session.get_one(User, row.user_id).display_name, closing.check(session, row))
                for row, opened in closing.versions(session, meeting_id)
            ],
            "held": closing.in_force(session, meeting_id),
            "check": hand_check.state(session, meeting_id),
            "valid": len(hand_check.valid_sheets(session, meeting_id)),
            "differing": len(review_queue.disagreements(session, meeting_id)),
            "differing_sheets": len(rulings.differing(session, meeting_id)),
            "sees": closed.may(session, standing(), meeting_id),
        }
    return render_meeting("closing/index.html", meeting_id, "count", readable=closing.readable, **context)


@bp.post("/meetings/<int:meeting_id>/closing")
@access(Right.CLOSE)
def close(meeting_id: int) -> Response:
    """Close the count."""
    row = closing.close(office(), meeting_id, user_id=user_id(), why=form_text("why"))
    flash(_("The count is closed. Its check code is %(code)s.", code=closing.readable(row.digest)), "ok")
    return redirect(url_for("closing.index", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/reopen")
@access(Right.CLOSE)
def reopen(meeting_id: int) -> Response:
    """Open a closed count again."""
    closing.reopen(office(), meeting_id, user_id=user_id(), why=form_text("why"))
    flash(_("The count is open again. The closed version is kept."), "ok")
    return redirect(url_for("closing.index", meeting_id=meeting_id))


@bp.get("/meetings/<int:meeting_id>/closing/compare")
@access(Right.CLOSE)
def compare(meeting_id: int) -> str:
    """What two versions fixed differently."""
    wanted = {request.args.get("before", type=int), request.args.get("after", type=int)}
    with office().db.read() as session:
        rows = [row for row, _opened in closing.versions(session, meeting_id) if row.version in wanted]
    if len(rows) != 2:
        raise NotFound("no-such-row", kind="Closing")
    before, after = (closing.value_of(row) for row in rows)
    found = closing.compare(before, after)
    with office().db.read() as session:
        forms = [ref.form for ref in tally.forms(session, meeting_id)]
    asked = [choice for form in forms for question in (*form.items, *form.identity) for choice in question.choices]
    choices = {each.id: (each.label_en or each.label) if language() == "en" else each.label for each in asked}
    return render_meeting("closing/compare.html", meeting_id, "count", rows=rows, found=found, choices=choices)


@bp.get("/meetings/<int:meeting_id>/closing/<name>.<kind>")
@access(Right.SEE_BOOKS)
def paper(meeting_id: int, name: str, kind: str) -> Response:
    """A paper of the closing as a file. Before closing only the scrutineer gets those that tell what was counted."""
    if name not in PAPERS or kind not in WRITERS:
        raise NotFound("no-such-row", kind="Paper")
    with office().db.read() as session:
        sees = closed.may(session, standing(), meeting_id)
    allowed = may(Right.REVIEW) or may(Right.CLOSE) if name == "draw" else sees and _may_read(name)
    if not allowed:
        raise Forbidden("results-closed")
    made = PAPERS[name](office(), meeting_id)
    write, mimetype = WRITERS[kind]
    return hand_out(meeting_id, write(made), mimetype, f"{made.name}-{made.foot.split('　')[0]}.{kind}")


def _may_read(name: str) -> bool:
    """Tell whether the person may read a paper: those that name sheets are for who may open them."""
    return name == "report" or may(Right.SEE_SHEETS)


@bp.get("/meetings/<int:meeting_id>/hand-check")
@access(Right.REVIEW, Right.CLOSE)
def hand_check_page(meeting_id: int) -> str:
    """The sheets that were drawn, and how far the check is; what differs is for the scrutineer alone."""
    with office().db.read() as session:
        found = hand_check.state(session, meeting_id)
        how = procedures.of_meeting(session, meeting_id)
        valid = len(hand_check.valid_sheets(session, meeting_id))
        words = closing_papers.Words(session)
        differing = [
            (
                place,
                words.question(place.page_id, place.question),
                words.said(place.page_id, place.question, *place.entered),
                words.said(place.page_id, place.question, *place.counted),
            )
            for place in (found.differing if found and may(Right.CLOSE) else ())
        ]
        shut = closed.is_closed(session, meeting_id)
    return render_meeting(
        "closing/hand_check.html",
        meeting_id,
        "count",
        found=found,
        how=how,
        valid=valid,
        needed=hand_check.needed(valid, how),
        differing=differing,
        shut=shut,
        readable=readable,
    )


@bp.post("/meetings/<int:meeting_id>/hand-check")
@access(Right.CLOSE)
def draw(meeting_id: int) -> Response:
    """Draw sheets."""
    hand_check.draw(office(), meeting_id, user_id=user_id(), seed=form_text("seed"))
    return redirect(url_for("closing.hand_check_page", meeting_id=meeting_id))


@bp.get("/meetings/<int:meeting_id>/hand-check/find")
@access(Right.REVIEW, Right.CLOSE)
def find(meeting_id: int) -> Response:
    """Find a drawn sheet by the number on the paper."""
    with office().db.read() as session:
        page_id = hand_check.find(session, meeting_id, request.args.get("code", ""))
    return redirect(url_for("closing.read", page_id=page_id))


@bp.get("/hand-check/<int:page_id>")
@access(Right.REVIEW, Right.CLOSE)
def read(page_id: int) -> str:
    """A drawn page, to be read by a person: its image, empty boxes, and nothing of what the machine read."""
    with office().db.read() as session:
        drawn = hand_check.open_page(session, page_id)
    here = station_of(office(), page_id, drawn.first_question)
    return render_template("closing/read.html", drawn=drawn, here=here)


@bp.post("/hand-check/<int:page_id>")
@access(Right.REVIEW, Right.CLOSE)
def enter(page_id: int) -> Response:
    """Write down what the person saw."""
    with office().db.read() as session:
        drawn = hand_check.open_page(session, page_id)
    names = [name for name in request.form if name.startswith("q:")]
    marks = {name[2:]: tuple(request.form.getlist(name)) for name in names}
    hand_check.enter(office(), page_id, marks=marks, user_id=user_id())
    if drawn.next_page is None:
        return redirect(url_for("closing.hand_check_page", meeting_id=drawn.meeting_id))
    return redirect(url_for("closing.read", page_id=drawn.next_page))


@bp.get("/campaigns/<int:campaign_id>/procedure")
@access(Right.MANAGE_CAMPAIGN)
def procedure(campaign_id: int) -> str:
    """How the campaign is reviewed and checked."""
    return _procedure(campaign_id, None)


@bp.post("/campaigns/<int:campaign_id>/procedure")
@access(Right.MANAGE_CAMPAIGN)
def save_procedure(campaign_id: int) -> Response | tuple[str, int]:
    """Change it."""
    percent, sheets = form_text("check_percent"), form_text("check_sheets")
    how = procedures.How(form_text("two_persons") == "1", _whole(percent), _whole(sheets))
    try:
        procedures.change(office(), campaign_id, how, user_id=user_id(), why=form_text("why"))
    except InvalidInput as error:
        return _procedure(campaign_id, error), error.status
    flash(_("Saved. It holds from now on."), "ok")
    return redirect(url_for("closing.procedure", campaign_id=campaign_id))


def _procedure(campaign_id: int, problem: InvalidInput | None) -> str:
    row = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        how = procedures.of_campaign(session, campaign_id)
    return render_template("closing/procedure.html", campaign=row, how=how, problem=problem)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
