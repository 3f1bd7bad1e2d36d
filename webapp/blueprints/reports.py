"""Reports on meetings: those of the liaisons for the school leaders, those of committee members for the unit above."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.blueprints.count import hand_out
from webapp.blueprints.papers import WRITERS, rows
from webapp.errors import InvalidInput, NotFound
from webapp.i18n import today
from webapp.pages import form_date, form_text, office, user_id
from webapp.rights import Right
from webapp.services import handover, report_papers, shelf

bp = Blueprint("reports", __name__)
READERS = (Right.READ_REPORTS, Right.EXAMINE_PAPERS)


@bp.get("/reports")
@access(*READERS, anywhere=True)
def index() -> str:
    """The reports of one's units, and where each stands."""
    with office().db.read() as session:
        found = handover.listed(session, standing())
    return render_template("reports/index.html", reports=found, me=user_id())


@bp.get("/meetings/<int:meeting_id>/report")
@access(*READERS)
def show(meeting_id: int) -> str:
    """The report on a meeting, as it was fixed."""
    return report_page(meeting_id, None)


@bp.get("/meetings/<int:meeting_id>/report.<form>")
@access(*READERS)
def file(meeting_id: int, form: str) -> Response:
    """The report on a meeting as a file."""
    if form not in WRITERS:
        raise NotFound("no-such-row", kind="File")
    with office().db.read() as session:
        found = handover.readable(session, standing(), meeting_id)
    if found.version is None:
        raise NotFound("report-not-fixed")
    write, mimetype = WRITERS[form]
    name = f"{found.kind.title}-{found.meeting.unit.name}.{form}"
    return hand_out(meeting_id, write(shelf.fixed_paper(found.version)), mimetype, name)


@bp.post("/meetings/<int:meeting_id>/report/made")
@access(Right.WRITE_REPORTS)
def made(meeting_id: int) -> Any:
    """Note on which day the report was made, and to whom."""
    try:
        handover.hand_over(
            office(), meeting_id, reported_on=form_date("reported_on"), to=form_text("to"), user_id=user_id()
        )
    except InvalidInput as error:
        return report_page(meeting_id, error), error.status
    flash(_("It is noted that you reported."), "ok")
    return redirect(url_for("reports.show", meeting_id=meeting_id))


@bp.post("/meetings/<int:meeting_id>/report/read")
@access(*READERS)
def read(meeting_id: int) -> Response:
    """Note that one has read the report."""
    handover.read(office(), standing(), meeting_id, user_id=user_id())
    flash(_("It is noted that you have read it."), "ok")
    return redirect(url_for("reports.show", meeting_id=meeting_id))


def report_page(meeting_id: int, problem: InvalidInput | None) -> str:
    """Render the report on a meeting; what was typed stays."""
    with office().db.read() as session:
        found = handover.readable(session, standing(), meeting_id)
        paper = shelf.fixed_paper(found.version) if found.version else None
        to = report_papers.addressee(session, found.meeting)
        unit, campaign = found.meeting.unit, found.meeting.campaign
    return render_template(
        "reports/show.html",
        report=found,
        unit=unit,
        campaign=campaign,
        paper=paper,
        rows=rows,
        to=form_text("to") if problem else to,
        day=request.form.get("reported_on") if problem else today(),
        writes=standing().may(Right.WRITE_REPORTS, unit.id),
        me=user_id(),
        problem=problem,
    )


def label_words() -> tuple[str, ...]:
    """Return the words of the fields and kinds of ``report_papers``, for who translates them."""
    return (
        _("To"), _("How the meeting went"), _("Results"), _("Problems found"), _("Advice"), _("Date"),
        _("Report of the liaison"), _("Report of the committee member"),
    )  # fmt: skip
