"""What a campaign says to all who work in it: the directive, its documents, the criteria, the work in one page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import Access, access
from webapp.blueprints.count import download
from webapp.blueprints.papers import WRITERS
from webapp.errors import InvalidInput, NotFound
from webapp.i18n import language
from webapp.models import Campaign
from webapp.pages import form_text, office, user_id
from webapp.papers.paper import Paper
from webapp.rights import Right
from webapp.services import basis, campaign_papers, campaigns, exports, plans, shelf_files, units

bp = Blueprint("record", __name__)


@bp.get("/campaigns/<int:campaign_id>/directive")
@access(Access.SIGNED_IN)
def directive(campaign_id: int) -> str:
    """The directive in full, its documents, its criteria, and whom it is addressed to."""
    campaign = campaigns.get(office(), campaign_id)
    with office().db.read() as session:
        documents = basis.documents(session, campaign_id)
    addressees = [row for _depth, row in units.units(office()) if row.kind in plans.LEVEL_2 and row.merged_into is None]
    return render_template("campaign/directive.html", campaign=campaign, documents=documents, addressees=addressees)


@bp.get("/campaigns/<int:campaign_id>/papers/<name>.<kind>")
@access(Access.SIGNED_IN)
def paper(campaign_id: int, name: str, kind: str) -> Response:
    """The directive, the criteria or the explanation as a file."""
    made = named(campaigns.get(office(), campaign_id), name)
    if kind not in ("pdf", "docx"):
        raise NotFound("no-such-page")
    write, mimetype = WRITERS[kind]
    file = f"{made.name}.{kind}"
    exports.note_of(office(), f"campaign:{campaign_id}", file)
    return download(write(made), mimetype, file)


@bp.get("/campaigns/<int:campaign_id>/explanation")
@access(Access.SIGNED_IN)
def explanation(campaign_id: int) -> str:
    """One page that explains the work to raters and staff; ``?unit=3`` with the dates of its plan."""
    campaign = campaigns.get(office(), campaign_id)
    unit_id = request.args.get("unit", type=int)
    return render_template(
        "campaign/explanation.html", campaign=campaign, paper=_explanation(campaign, unit_id), unit_id=unit_id
    )


@bp.post("/campaigns/<int:campaign_id>/documents")
@access(Right.MANAGE_CAMPAIGN)
def add_document(campaign_id: int) -> Response:
    """Add a document that the campaign stands on."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput("no-file")
    basis.add_document(
        office(), campaign_id, title=form_text("title"), filename=file.filename, stream=file.stream, user_id=user_id()
    )
    flash(_("The document is added."), "ok")
    return redirect(url_for("home.edit_campaign", campaign_id=campaign_id) + "#documents")


@bp.post("/campaigns/<int:campaign_id>/documents/<int:number>/remove")
@access(Right.MANAGE_CAMPAIGN)
def remove_document(campaign_id: int, number: int) -> Response:
    """Take a document off the campaign."""
    basis.remove_document(office(), campaign_id, number, user_id=user_id())
    return redirect(url_for("home.edit_campaign", campaign_id=campaign_id) + "#documents")


@bp.get("/campaigns/<int:campaign_id>/documents/<int:number>")
@access(Access.SIGNED_IN)
def document(campaign_id: int, number: int) -> Any:
    """A document that the campaign stands on."""
    with office().db.read() as session:
        row = basis.document(session, campaign_id, number)
    exports.note_of(office(), f"campaign:{campaign_id}", row.filename)
    path = office().storage.path(row.sha256)
    return send_file(path, mimetype=shelf_files.mimetype(path), as_attachment=True, download_name=row.filename)


def named(campaign: Campaign, name: str) -> Paper:
    """Return one of the papers of a campaign. Raises NotFound."""
    if name == "criteria":
        return campaign_papers.criteria(campaign)
    if name == "directive":
        return campaign_papers.directive(campaign)
    if name == "explanation":
        return _explanation(campaign, request.args.get("unit", type=int))
    raise NotFound("no-such-page")


def _explanation(campaign: Campaign, unit_id: int | None) -> Paper:
    with office().db.read() as session:
        plan = plans.effective(session, campaign.id, unit_id) if unit_id else None
    words = campaign_papers.ZH if language() == "zh" else campaign_papers.EN
    return campaign_papers.explanation(campaign, plan, words)
