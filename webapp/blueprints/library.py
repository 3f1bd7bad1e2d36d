"""The form library of a campaign: blank sheets and both summary tables, open to everybody who is signed in."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from webapp.access import Access, access
from webapp.blueprints.count import download
from webapp.blueprints.papers import DOCX, WRITERS
from webapp.errors import NotFound
from webapp.pages import office
from webapp.papers import docx
from webapp.services import campaigns, library, plans, surveys

bp = Blueprint("library", __name__)


@bp.get("/campaigns/<int:campaign_id>/library")
@access(Access.SIGNED_IN)
def index(campaign_id: int) -> str:
    """All blank forms of a campaign."""
    campaign = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        rows = plans.campaign_forms(session, campaign_id)
    return render_template("campaign/library.html", campaign=campaign, forms=rows, tables=TABLES)


@bp.get("/campaigns/<int:campaign_id>/library/<int:number>.<kind>")
@access(Access.SIGNED_IN)
def form(campaign_id: int, number: int, kind: str) -> Response:
    """A blank sheet: as PDF as it is printed, as DOCX a copy that no machine reads."""
    with office().db.read() as session:
        row = next((row for row in plans.campaign_forms(session, campaign_id) if row.id == number), None)
    if row is None or kind not in ("pdf", "docx"):
        raise NotFound("no-such-row", kind="Survey")
    if kind == "pdf":
        return download(library.blank_pdf(row.source, row.form), "application/pdf", f"样表-{row.title}-{row.form}.pdf")
    paper = library.blank_paper(row.source, row.form)
    return download(docx.write(paper), DOCX, f"{library.NOT_READABLE}-{row.title}-{row.form}.docx")


@bp.get("/campaigns/<int:campaign_id>/library/table-<which>.<kind>")
@access(Access.SIGNED_IN)
def table(campaign_id: int, which: str, kind: str) -> Response:
    """A summary table without numbers, to be written by hand."""
    campaign = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        rows = plans.campaign_forms(session, campaign_id)
    if which not in TABLES or kind not in WRITERS or not rows:
        raise NotFound("no-summary")
    paper = TABLES[which](campaign, [surveys.parse(row.source, row.form) for row in rows])
    write, mimetype = WRITERS[kind]
    return download(write(paper), mimetype, f"样表-{''.join(paper.title)}.{kind}")


TABLES = {"organisation": library.organisation_table, "member": library.member_table}
