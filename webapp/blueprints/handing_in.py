"""Announcing the results; the bundle that a unit hands in, its receipts; what level 2 keeps."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, may, standing
from webapp.blueprints.count import hand_out
from webapp.errors import Forbidden, InvalidInput, ServiceError
from webapp.i18n import today
from webapp.models import AnnouncementRecord, Retention, Submission, Unit
from webapp.pages import form_date, form_text, office, render_meeting, user_id
from webapp.papers import page as pages_of
from webapp.rights import Right
from webapp.services import (
    aftermath_papers,
    announcing,
    campaigns,
    closed,
    exports,
    outlook,
    retention,
    shelf,
    submitting,
)
from webapp.services.paper_kind import Target
from webapp.services.paper_kinds import get

bp = Blueprint("handing_in", __name__)


@bp.get("/meetings/<int:meeting_id>/announcement")
@access(Right.WRITE_PAPERS, Right.SUPERVISE)
def announcement(meeting_id: int) -> str:
    """What is announced, how, to whom; where and when it was."""
    return announcement_page(meeting_id)


def announcement_page(meeting_id: int, problem: ServiceError | None = None) -> str:
    """Render the announcement; what was typed stays beside its fault."""
    with office().db.read() as session:
        context = {
            "plan": announcing.plan(session, meeting_id), "records": announcing.records(session, meeting_id),
            "shut": closed.is_closed(session, meeting_id),
        }  # fmt: skip
    return render_meeting(
        "handing_in/announcement.html", meeting_id, "rectify", contents=announcing.CONTENTS, problem=problem,
        typed=request.form, **context,
    )  # fmt: skip


@bp.post("/meetings/<int:meeting_id>/announcement")
@access(Right.WRITE_PAPERS)
def save_plan(meeting_id: int) -> Any:
    """Choose manner, range and contents."""
    chosen = request.form.getlist("contents")
    wanted = announcing.Plan(
        form_text("manner"), form_text("reach"), tuple(key for key in announcing.CONTENTS if key in chosen)
    )
    return _announced(meeting_id, lambda: announcing.set_plan(office(), meeting_id, wanted, user_id=user_id()))


@bp.post("/meetings/<int:meeting_id>/announcement/record")
@access(Right.WRITE_PAPERS)
def record(meeting_id: int) -> Any:
    """Write down that it was announced."""
    return _announced(
        meeting_id,
        lambda: announcing.record(
            office(), meeting_id, manner=form_text("manner"), reach=form_text("reach"), place=form_text("place"),
            made_on=form_date("made_on"), until=form_date("until"), note=form_text("note"), user_id=user_id(),
        ),
    )  # fmt: skip


@bp.post("/announcements/<int:announcement_id>/take-back")
@access(Right.WRITE_PAPERS)
def take_back(announcement_id: int) -> Any:
    """Take back an entry."""
    with office().db.read() as session:
        meeting_id = session.get_one(AnnouncementRecord, announcement_id).meeting_id
    return _announced(meeting_id, lambda: announcing.take_back(office(), announcement_id, why=form_text("why")))


def _announced(meeting_id: int, deed: Any) -> Any:
    try:
        deed()
    except InvalidInput as error:
        return announcement_page(meeting_id, error), error.status
    return redirect(url_for("handing_in.announcement", meeting_id=meeting_id))


@bp.get("/meetings/<int:meeting_id>/announcement.html")
@access(Right.WRITE_PAPERS, Right.SUPERVISE)
def announcement_file(meeting_id: int) -> Response:
    """The announcement as one file for a web page, which needs nothing else."""
    kind = get(aftermath_papers.ANNOUNCEMENT)
    with office().db.read() as session:
        if not closed.may(session, standing(), meeting_id):
            raise Forbidden("results-closed")
        paper = shelf.paper(session, kind, shelf.target_of(session, meeting_id=meeting_id))
    name = f"{paper.name}-{paper.foot}.html"
    return hand_out(meeting_id, pages_of.write(paper), "text/html; charset=utf-8", name)


@bp.get("/campaigns/<int:campaign_id>/units/<int:unit_id>/submission")
@access(Right.WRITE_PAPERS, Right.OVERSEE, Right.SUPERVISE)
def submission(campaign_id: int, unit_id: int) -> str:
    """The bundle: what it still lacks, the bundles made, their receipts."""
    return submission_page(campaign_id, unit_id)


def submission_page(campaign_id: int, unit_id: int, problem: ServiceError | None = None) -> str:
    """Render the bundle of a unit."""
    campaign = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        unit = session.get_one(Unit, unit_id)
        parts = submitting.parts(session, campaign_id, unit_id)
        rows = submitting.submissions(session, campaign_id, unit_id)
    due = next((row for row in outlook.deadlines(campaign, today()) if row.kind == "report"), None)
    return render_template(
        "handing_in/submission.html", campaign=campaign, unit=unit, parts=parts, rows=rows, due=due, problem=problem,
        left=sum(not part.ready for part in parts), day=today(), typed=request.form,
        cover=Target(campaign_id, unit_id).args, oversees=may(Right.OVERSEE),
    )  # fmt: skip


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/submission")
@access(Right.WRITE_PAPERS)
def bundle(campaign_id: int, unit_id: int) -> Response:
    """Make the bundle."""
    row = submitting.make(office(), campaign_id, unit_id, user_id=user_id())
    flash(_("Bundle %(number)d is made.", number=row.version), "ok")
    return redirect(url_for("handing_in.submission", campaign_id=campaign_id, unit_id=unit_id))


@bp.get("/submissions/<int:submission_id>.zip")
@access(Right.WRITE_PAPERS, Right.OVERSEE)
def download(submission_id: int) -> Response:
    """A bundle as it was made."""
    with office().db.read() as session:
        row = session.get_one(Submission, submission_id)
        name = f"{_('Bundle')}-{session.get_one(Unit, row.unit_id).name}-{row.version}.zip"
    exports.note_of(office(), f"submission:{submission_id}", name)
    path = office().storage.path(row.sha256)
    answer = send_file(path, "application/zip", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/submissions/<int:submission_id>/receipt")
@access(Right.OVERSEE)
def receive(submission_id: int) -> Any:
    """Write down that a bundle was received."""
    with office().db.read() as session:
        row = session.get_one(Submission, submission_id)
    try:
        submitting.receive(
            office(), submission_id, channel=form_text("channel"), handed_by=form_text("handed_by"),
            received_by=form_text("received_by"), received_on=form_date("received_on"), note=form_text("note"),
            user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return submission_page(row.campaign_id, row.unit_id, error), error.status
    return redirect(url_for("handing_in.submission", campaign_id=row.campaign_id, unit_id=row.unit_id))


@bp.post("/receipts/<int:receipt_id>/take-back")
@access(Right.OVERSEE)
def receipt_back(receipt_id: int) -> Response:
    """Take back a receipt."""
    row = submitting.take_back(office(), receipt_id, why=form_text("why"))
    return redirect(url_for("handing_in.submission", campaign_id=row.campaign_id, unit_id=row.unit_id))


@bp.get("/campaigns/<int:campaign_id>/units/<int:unit_id>/retention")
@access(Right.EXAMINE_PAPERS)
def kept(campaign_id: int, unit_id: int) -> str:
    """What this unit keeps of its branches and members."""
    return kept_page(campaign_id, unit_id)


def kept_page(campaign_id: int, unit_id: int, problem: ServiceError | None = None) -> str:
    """Render what is kept."""
    campaign = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        unit = session.get_one(Unit, unit_id)
        rows = retention.expected(session, campaign_id, unit_id)
    return render_template(
        "handing_in/retention.html", campaign=campaign, unit=unit, rows=rows, problem=problem, typed=request.form,
        day=today(),
    )  # fmt: skip


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/retention")
@access(Right.EXAMINE_PAPERS)
def keep(campaign_id: int, unit_id: int) -> Any:
    """Write down that summaries are kept."""
    keys = {
        (int(branch), int(member) if member else None)
        for branch, _dot, member in (text.partition(".") for text in request.form.getlist("key"))
        if branch.isdigit() and (not member or member.isdigit())
    }
    try:
        retention.keep(
            office(), campaign_id, unit_id, keys, keeper=form_text("keeper"), kept_on=form_date("kept_on"),
            file_number=form_text("file_number"), user_id=user_id(),
        )  # fmt: skip
    except InvalidInput as error:
        return kept_page(campaign_id, unit_id, error), error.status
    return redirect(url_for("handing_in.kept", campaign_id=campaign_id, unit_id=unit_id))


@bp.post("/retentions/<int:retention_id>/take-back")
@access(Right.EXAMINE_PAPERS)
def kept_back(retention_id: int) -> Response:
    """Take back an entry."""
    row: Retention = retention.take_back(office(), retention_id)
    with office().db.read() as session:
        branch = session.get_one(Unit, row.unit_id)
    above = branch.parent_id if branch.kind == "branch" and branch.parent_id else branch.id
    return redirect(url_for("handing_in.kept", campaign_id=row.campaign_id, unit_id=above))
