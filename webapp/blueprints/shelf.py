"""Papers that people edit: one page for every kind, its files, versions and scans."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.blueprints.count import download
from webapp.blueprints.papers import WRITERS, rows
from webapp.errors import Forbidden, InvalidInput, NotFound
from webapp.models import Campaign, ShelfAttachment, ShelfPaper, ShelfVersion, Unit, User
from webapp.pages import form_text, office, render_meeting, user_id
from webapp.papers.paper import Paper
from webapp.rights import Right
from webapp.services import archive, campaign_closing, exports, shelf, shelf_files, shelf_steps, trail
from webapp.services.paper_kind import PaperKind, Target, rows_of, text_of
from webapp.services.paper_kinds import get
from webapp.services.reading_papers import check_reader, who

bp = Blueprint("shelf", __name__)
SPARE_ROWS = 3  # empty rows below those of a field with columns
ANY = (
    Right.READ_PAPERS, Right.READ_REPORTS, Right.WRITE_PAPERS, Right.PREPARE, Right.WRITE_REPORTS, Right.RECTIFY,
    Right.EXAMINE_PAPERS, Right.MANAGE_MEETING, Right.MANAGE_CAMPAIGN, Right.SUPERVISE, Right.OVERSEE,
)  # fmt: skip
ACTIONS = ("save", "hand-in", "examine", "hand-back", "fix", "reopen", "attach", "remove")


@bp.get("/shelf/<key>/meetings/<int:meeting_id>")
@bp.get("/shelf/<key>/campaigns/<int:campaign_id>/units/<int:unit_id>")
@bp.get("/shelf/<key>/campaigns/<int:campaign_id>/members/<int:member_id>")
@bp.get("/shelf/<key>/campaigns/<int:campaign_id>")
@access(*ANY)
def page(key: str, **place: int) -> str:
    """A paper: what people write left, the paper as it will be printed right."""
    kind = get(key)
    with office().db.read() as session:
        target = _target(session, kind, place)
        check_reader(session, standing(), kind, target)
        return render_paper(session, kind, target, "shelf/page.html")


@bp.post("/shelf/<key>/meetings/<int:meeting_id>")
@bp.post("/shelf/<key>/campaigns/<int:campaign_id>/units/<int:unit_id>")
@bp.post("/shelf/<key>/campaigns/<int:campaign_id>/members/<int:member_id>")
@bp.post("/shelf/<key>/campaigns/<int:campaign_id>")
@access(*ANY)
def act(key: str, **place: int) -> Any:
    """Write, hand in, examine, fix, take up again; attach a scan. ``action`` of the form says which."""
    kind = get(key)
    with office().db.read() as session:
        target = _target(session, kind, place)
        check_reader(session, standing(), kind, target)
        writes, examines = who(session, standing(), kind, target)
    done = form_text("action")
    allowed = examines if done in ("examine", "hand-back") else writes
    if done not in ACTIONS or not allowed:
        raise Forbidden("error-403")
    here = url_for("shelf.page", key=key, **target.args)
    perform(kind, target, done, here)
    return redirect(here)


@bp.get("/shelf/<key>/meetings/<int:meeting_id>/paper.<form>")
@bp.get("/shelf/<key>/campaigns/<int:campaign_id>/units/<int:unit_id>/paper.<form>")
@bp.get("/shelf/<key>/campaigns/<int:campaign_id>/members/<int:member_id>/paper.<form>")
@bp.get("/shelf/<key>/campaigns/<int:campaign_id>/paper.<form>")
@access(*ANY)
def file(key: str, form: str, **place: int) -> Response:
    """A paper as it stands, as a file."""
    kind = get(key)
    with office().db.read() as session:
        target = _target(session, kind, place)
        check_reader(session, standing(), kind, target)
        made = shelf.paper(session, kind, target)
    return hand_out(kind, target, made, form)


@bp.get("/shelf/versions/<int:version_id>.<form>")
@access(*ANY)
def version(version_id: int, form: str) -> Response:
    """A version that was fixed, as a file."""
    with office().db.read() as session:
        row = session.get(ShelfVersion, version_id)
        if row is None:
            raise NotFound("no-such-row", kind="Version")
        kind, target = kind_and_target(session, row.paper_id)
        check_reader(session, standing(), kind, target)
        made = shelf.fixed_paper(row)
    return hand_out(kind, target, made, form, f"-第{row.number}版")


@bp.get("/shelf/attachments/<int:attachment_id>")
@access(*ANY)
def attachment(attachment_id: int) -> Response:
    """A scan of a paper."""
    with office().db.begin() as session:
        row = shelf_files.get(session, attachment_id)
        kind, target = kind_and_target(session, row.paper_id)
        check_reader(session, standing(), kind, target)
        trail.note(session, "exported", f"shelf_attachment:{row.id}", file=row.filename)
    return scan_file(row)


@bp.get("/campaigns/<int:campaign_id>/close")
@access(Right.MANAGE_CAMPAIGN)
def closing(campaign_id: int) -> str:
    """Whether the campaign is closed, so that its papers are as they are."""
    with office().db.read() as session:
        waiting = len(archive.open_meetings(session, campaign_id))
        held, campaign = campaign_closing.in_force(session, campaign_id), session.get_one(Campaign, campaign_id)
    return render_template("shelf/close.html", campaign=campaign, held=held, waiting=waiting)


@bp.post("/campaigns/<int:campaign_id>/close")
@access(Right.MANAGE_CAMPAIGN)
def close(campaign_id: int) -> Response:
    """Close the campaign, or open it again."""
    with office().db.begin() as session:
        held = campaign_closing.in_force(session, campaign_id)
        change = campaign_closing.reopen if held else campaign_closing.close
        change(session, campaign_id, why=form_text("why"), user_id=user_id())
    return redirect(url_for("shelf.closing", campaign_id=campaign_id))


def scan_file(row: ShelfAttachment) -> Response:
    """Answer with a scan of a paper."""
    path = office().storage.path(row.sha256)
    return download(path.read_bytes(), shelf_files.mimetype(path), row.filename)


def kind_and_target(session: Session, paper_id: int) -> tuple[PaperKind, Target]:
    """Return what a row of the shelf is."""
    row = session.get_one(ShelfPaper, paper_id)
    return get(row.kind), shelf.target_of_row(row)


def perform(kind: PaperKind, target: Target, done: str, here: str) -> None:
    """Do what a form of the page asks for. Raises ServiceErrors."""
    if done == "attach":
        attach(kind, target)
        return
    why, me = form_text("why"), user_id()
    with office().db.begin() as session:
        if done == "save":
            changed = shelf.save(session, kind, target, typed(session, kind, target), user_id=me)
            flash(_("Saved.") if changed else _("Nothing was changed."), "ok")
        elif done == "hand-in":
            shelf_steps.hand_in(session, kind, target, user_id=me, url=here)
            flash(_("Handed in to be examined."), "ok")
        elif done == "examine":
            shelf_steps.examine(session, kind, target, user_id=me, url=here, why=why)
            flash(_("Examined."), "ok")
        elif done == "hand-back":
            shelf_steps.hand_back(session, kind, target, user_id=me, url=here, why=why)
            flash(_("Handed back to its writers."), "ok")
        elif done == "fix":
            number = shelf_steps.fix(session, kind, target, user_id=me, why=why).number
            flash(_("Fixed as version %(number)d.", number=number), "ok")
        elif done == "reopen":
            shelf_steps.reopen(session, kind, target, user_id=me, why=why)
            flash(_("Open for writing again; what was fixed is kept."), "ok")
        else:
            shelf_files.remove(session, _own_attachment(session, kind, target), user_id=me, why=why)


def attach(kind: PaperKind, target: Target) -> None:
    """Keep the scan that was sent."""
    sent = request.files.get("scan")
    if sent is None or not sent.filename:
        raise InvalidInput("attachment-no-scan")
    shelf_files.attach(office(), kind, target, filename=sent.filename, stream=sent.stream, user_id=user_id())
    flash(_("The scan belongs to this paper now."), "ok")


def typed(session: Session, kind: PaperKind, target: Target, *, own: bool = False) -> dict[str, str | None]:
    """Return the texts of the form that was sent, by field; None for the field that goes back to what is filled in."""
    found: dict[str, str | None] = {}
    for each in shelf.draft(session, kind, target).fields:
        key = each.field.key
        if own and not each.field.own:
            continue
        if form_text("reset") == key:
            found[key] = None
        elif each.field.columns:
            cells = [request.form.getlist(f"{key}:{column}") for column in range(len(each.field.columns))]
            if cells[0]:
                found[key] = text_of(list(zip(*cells, strict=False)))
        elif key in request.form:
            found[key] = request.form[key]
    return found


def render_paper(session: Session, kind: PaperKind, target: Target, template: str, **more: Any) -> str:
    """Render a page around a paper as it stands."""
    found = shelf.draft(session, kind, target)
    writes, examines = who(session, standing(), kind, target)
    names = {step.user_id for step in found.steps} | {each.user_id for each in found.versions}
    context: dict[str, Any] = {
        "kind": kind,
        "target": target,
        "draft": found,
        "paper": shelf.fixed_paper(found.versions[0]) if found.state == shelf.FIXED else shelf.live(session, found),
        "behind": shelf.is_behind(session, found),
        "writes": writes,
        "examines": examines,
        "people": {each: session.get_one(User, each).display_name for each in names},
        "rows": rows,
        "cells": _cells,
        "unit": session.get(Unit, target.unit_id) if target.unit_id is not None else None,
        "locked": bool(shelf.locked(session, target)),
        **more,
    }
    if target.meeting_id is not None:
        return render_meeting(template, target.meeting_id, "papers", **context)
    return render_template(template, campaign=session.get_one(Campaign, target.campaign_id), **context)


def hand_out(
    kind: PaperKind, target: Target, made: Paper, form: str, mark: str = "", content: bytes | None = None
) -> Response:
    """Answer with a paper as a file and write down who took it. Raises NotFound for a form it doesn't come in.

    ``content`` is the file where it is made already, of several papers.
    """
    if form not in kind.formats:
        raise NotFound("no-summary")
    write, mimetype = WRITERS[form]
    about = made.foot.split("　")[0]
    state = "-草稿" if made.stamp else mark
    name = f"{made.name}{f'-{about}' if about else ''}{state}.{form}"
    content = write(made) if content is None else content
    if target.meeting_id is not None:
        exports.note(office(), target.meeting_id, name)
    else:
        exports.note_of(office(), f"campaign:{target.campaign_id}", name)
    return download(content, mimetype, name)


def _target(session: Session, kind: PaperKind, place: dict[str, int]) -> Target:
    target = shelf.target_of(session, part=request.args.get("part", "")[:200], **place)
    scope = (
        "member" if target.member_id is not None
        else "meeting" if target.meeting_id is not None
        else "unit" if target.unit_id is not None
        else "campaign"
    )  # fmt: skip
    if scope != kind.scope:
        raise NotFound("no-such-row", kind="Paper")
    return target


def _cells(filled: shelf.Filled) -> list[tuple[str, ...]]:
    columns = len(filled.field.columns)
    return [*rows_of(filled.text, columns), *([("",) * columns] * SPARE_ROWS)]


def _own_attachment(session: Session, kind: PaperKind, target: Target) -> int:
    wanted = request.form.get("attachment", type=int)
    for each in shelf.draft(session, kind, target).attachments:
        if each.id == wanted:
            return each.id
    raise NotFound("no-such-row", kind="Attachment")


def summary_words() -> list[str]:
    """Return the words by which services name the summaries and their parts; here they are found for translation."""
    return [
        _("Summary of the organisation (S-A)"),
        _("Report on the work"),
        _("List of the members' results"),
        _("My rectification"),
        _("Position"),
        _("Kind: staff, student, retired"),
        _("Committee member present"),
        _("Opinion of the branch"),
        _("Order with a deadline"),
        _("Put forward as an example"),
        _("Kept by"),
        _("Kept on"),
        _("File number"),
        _("Due"),
        _("Problem"),
        _("Cause"),
        _("Measure"),
        _("Branch secretary"),
        _("Number of the letter"),
        _("Addressee"),
        _("How the appraisal went"),
        _("Problems that came to light"),
        _("What stands out among the members"),
        _("Date"),
        _("Presided by"),
        _("Supervised by"),
        _("Causes and rectification"),
        _("Announcement: manner"),
        _("Announcement: reach"),
        _("Announcement: date"),
        _("Filled in by"),
        _("Remark of the unit above"),
        _("Kept or handed in"),
        _("Received by"),
        _("Received on"),
        _("Opinion no."),
        _("Responsible"),
        _("What was done"),
        _("Summary of a member (S-M)"),
    ]
