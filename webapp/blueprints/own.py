"""The member's own summary table; the members of a branch with theirs, their accounts, and scans that come back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from webapp.access import access, may, standing
from webapp.blueprints.shelf import hand_out, perform, render_paper, scan_file, typed
from webapp.errors import Forbidden, InvalidInput, NotFound
from webapp.models import Campaign, Member, ShelfAttachment, ShelfPaper, Unit
from webapp.pages import form_text, office, user_id
from webapp.papers import pdf
from webapp.rights import Right
from webapp.services import member_accounts, own_lists, own_results, own_summary, paper_scans, shelf
from webapp.services.paper_kind import Target
from webapp.services.paper_kinds import get

bp = Blueprint("own", __name__)
PDF = "application/pdf"


@bp.get("/my-summary")
@access(Right.READ_OWN_SUMMARY, anywhere=True)
def mine() -> str:
    """One's own summary table: numbers filled in, one's own part to be written."""
    with office().db.read() as session:
        target = _own(session)
        if target is None:
            return render_template("own/none.html", linked=member_accounts.member_of(session, user_id()) is not None)
        return render_paper(session, get(own_summary.KEY), target, "own/mine.html", own=True)


@bp.post("/my-summary")
@access(Right.READ_OWN_SUMMARY, anywhere=True)
def write_mine() -> Response:
    """Write one's own part, or attach the scan of what was written by hand."""
    kind = get(own_summary.KEY)
    with office().db.begin() as session:
        target = _own(session)
        if target is None:
            raise NotFound("no-own-summary")
        if form_text("action") != "attach":
            changed = shelf.save(session, kind, target, typed(session, kind, target, own=True), user_id=user_id())
            flash(_("Saved.") if changed else _("Nothing was changed."), "ok")
    if form_text("action") == "attach":
        perform(kind, target, "attach", url_for("own.mine"))
    return redirect(url_for("own.mine", campaign=target.campaign_id))


@bp.post("/my-summary/paper.<form>")
@access(Right.READ_OWN_SUMMARY, anywhere=True)
def my_paper(form: str) -> Response:
    """One's own summary table as a file; the PDF has the code by which it is known when it is scanned back."""
    kind = get(own_summary.KEY)
    with office().db.begin() as session:
        target = _own(session)
        if target is None:
            raise NotFound("no-own-summary")
        if form == "pdf":
            paper_scans.code_for(session, kind, target)
        draft = shelf.draft(session, kind, target)
        fixed = draft.state == shelf.FIXED  # else it is printed to be written on: no stamp says that it is a draft
        made = shelf.fixed_paper(draft.versions[0]) if fixed else shelf.live(session, draft, stamped=form != "pdf")
    return hand_out(kind, target, made, form)


@bp.get("/my-summary/scans/<int:number>")
@access(Right.READ_OWN_SUMMARY, anywhere=True)
def my_scan(number: int) -> Response:
    """A scan of one's own paper."""
    with office().db.read() as session:
        target = _own(session)
        row = session.get(ShelfAttachment, number)
        paper = shelf.find(session, get(own_summary.KEY), target) if target else None
        if row is None or paper is None or row.paper_id != paper.id or row.removed_at is not None:
            raise NotFound("no-such-row", kind="Attachment")
    return scan_file(row)


@bp.get("/campaigns/<int:campaign_id>/units/<int:unit_id>/members")
@access(Right.WRITE_PAPERS, Right.EXAMINE_PAPERS)
def index(campaign_id: int, unit_id: int) -> str:
    """The members of a unit and those below, how far their summaries are, whose accounts they have."""
    with office().db.read() as session:
        _check(unit_id)
        campaign, unit = session.get_one(Campaign, campaign_id), session.get_one(Unit, unit_id)
        found = own_lists.members(session, campaign_id, unit_id)
        return render_template("own/index.html", campaign=campaign, unit=unit, found=found, key=own_summary.KEY)


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/members")
@access(Right.WRITE_PAPERS, Right.EXAMINE_PAPERS)
def act(campaign_id: int, unit_id: int) -> Any:
    """Give or end an account; take in a stack of papers that were written by hand."""
    _check(unit_id)
    done = form_text("action")
    if done == "scan":
        _take_in(unit_id)
    else:
        if not may(Right.MANAGE_UNITS, unit_id):
            raise Forbidden("error-403")
        with office().db.begin() as session:
            member = _member(session, campaign_id, unit_id)
            if done == "link":
                member_accounts.link(session, member.id, form_text("name"), by=user_id())
                flash(_("The account belongs to %(name)s now.", name=member.name), "ok")
            else:
                member_accounts.end(session, member.id, by=user_id())
    return redirect(url_for("own.index", campaign_id=campaign_id, unit_id=unit_id))


@bp.post("/campaigns/<int:campaign_id>/units/<int:unit_id>/members.pdf")
@access(Right.WRITE_PAPERS, Right.EXAMINE_PAPERS)
def stack(campaign_id: int, unit_id: int) -> Response:
    """The summaries of all members as one PDF, each with its code, to be handed out and written on by hand."""
    _check(unit_id)
    kind = get(own_summary.KEY)
    with office().db.begin() as session:
        targets = [each.target for each in own_lists.members(session, campaign_id, unit_id) if each.rated]
        for target in targets:
            paper_scans.code_for(session, kind, target)
        papers = [shelf.live(session, shelf.draft(session, kind, target), stamped=False) for target in targets]
    if not papers:
        raise NotFound("no-own-summary")
    unit_target = Target(campaign_id, unit_id)
    return hand_out(kind, unit_target, papers[0], "pdf", content=own_lists.joined([pdf.write(each) for each in papers]))


def _own(session: Session) -> Target | None:
    """Return the target of the person's own summary: of the campaign asked for, else of the newest that has one."""
    member = member_accounts.member_of(session, user_id())
    if member is None:
        return None
    wanted = request.args.get("campaign", type=int)
    for campaign_id in session.scalars(select(Campaign.id).order_by(Campaign.id.desc())):
        if wanted in (None, campaign_id) and own_results.of(session, campaign_id, member) is not None:
            return Target(campaign_id, member.unit_id, member_id=member.id)
    return None


def _check(unit_id: int) -> None:
    """Raise Forbidden for who holds a role of the school alone: these summaries stay at level 2."""
    if not own_lists.may_read(standing(), unit_id):
        raise Forbidden("error-403")


def _member(session: Session, campaign_id: int, unit_id: int) -> Member:
    wanted = request.form.get("member", type=int)
    for each in own_lists.members(session, campaign_id, unit_id):
        if each.member.id == wanted:
            return each.member
    raise NotFound("no-such-row", kind="Member")


def _take_in(unit_id: int) -> None:
    sent = request.files.get("scan")
    if sent is None or not sent.filename:
        raise InvalidInput("attachment-no-scan")
    held = standing()

    def writes(paper: ShelfPaper) -> bool:
        return paper.kind == own_summary.KEY and held.may(Right.WRITE_PAPERS, paper.unit_id)

    found = paper_scans.take_in(office(), filename=sent.filename, stream=sent.stream, user_id=user_id(), may=writes)
    known = sum(each.paper_id is not None for each in found)
    flash(ngettext("%(num)s page found its paper.", "%(num)s pages found their papers.", known), "ok")
    lost = [str(each.page) for each in found if each.paper_id is None]
    if lost:
        flash(
            _(
                "Pages without a code that is known here: %(pages)s. Open the member's paper and attach them there.",
                pages=_(", ").join(lost),
            ),
            "warn",
        )
