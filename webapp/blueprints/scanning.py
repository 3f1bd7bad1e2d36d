"""Scanning: files and their progress, the quality of the stack, trays, withdrawing; one scan, one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Response

from webapp import receiving
from webapp.access import access, sees_handwriting
from webapp.errors import Busy, Conflict, InvalidInput
from webapp.models import Page
from webapp.pages import office, render_meeting, user_id
from webapp.receiving import FILE_KIND
from webapp.rights import Right
from webapp.services import inbox, intake, keyed, meetings, pictures, progress, rereading, scans, sheets, trays
from webapp.storage import Incoming

bp = Blueprint("scanning", __name__)
POLLED = "scanning/_files.html"


@dataclass(frozen=True, slots=True)
class Listed:
    """The pages of a scan as they are shown: a part of those that fit the filter."""

    pages: list[Page]
    total: int
    number: int  # of this part, from 1
    parts: int


@bp.get("/meetings/<int:meeting_id>/scan")
@access(Right.SCAN)
def index(meeting_id: int) -> str:
    """Is everything in, what must be cleaned or scanned again, what was set aside?"""
    with office().db.read() as session:
        context: dict[str, Any] = {
            "trays": trays.overview(session, meeting_id),
            "rescans": len(trays.rescans(session, meeting_id)),
            "quality": scans.quality(session, meeting_id),
            "keyed": keyed.listed(session, meeting_id),
            "books": progress.progress(session, meeting_id),
            "old_pages": rereading.old_pages(session, meeting_id).total(),
            "reread": rereading.progress(session, meeting_id),
        }
    return render_meeting("scanning/index.html", meeting_id, "scanning", **context, **_files(meeting_id))


@bp.get("/meetings/<int:meeting_id>/scan/files")
@access(Right.SCAN)
def files(meeting_id: int) -> Response:
    """The list of files alone: asked for every second while something is read, seldom else."""
    context = _files(meeting_id)
    meeting = meetings.get(office(), meeting_id)
    answer = Response(render_template(POLLED, meeting=meeting, polled=True, **context))
    if request.args.get("was") == "working" and not context["working"]:
        answer.headers["HX-Refresh"] = "true"  # trays and quality are known now
    return answer


@bp.post("/meetings/<int:meeting_id>/upload")
@access(Right.SCAN)
def upload(meeting_id: int) -> Response:
    """Take files in: one as the body itself (a script, which gets JSON), or those of a plain form."""
    meetings.get(office(), meeting_id)
    if request.mimetype == FILE_KIND:
        done = _receive(
            meeting_id,
            receiving.incoming(request.environ) or cast(BinaryIO, request.stream),
            request.args.get("name", ""),
            request.args.get("batch", type=int),
        )
        return jsonify(batch=done.batch_id, scan=done.scan_id, duplicate=done.duplicate_of)
    try:
        sent = [file for file in request.files.getlist("file") if file.filename]
    except ClientDisconnected as error:
        raise Busy("upload-broken") from error
    if not sent:
        raise InvalidInput("no-file")
    batch_id = request.form.get("batch", type=int)
    for file in sent:
        batch_id = _receive(meeting_id, cast(BinaryIO, file.stream), file.filename or "", batch_id).batch_id
    return redirect(url_for("scanning.index", meeting_id=meeting_id))


def _receive(meeting_id: int, stream: BinaryIO | Incoming, name: str, batch_id: int | None) -> intake.Received:
    return intake.receive(
        office(), stream, name, user_id=user_id(), origin="upload", batch_id=batch_id, meeting_id=meeting_id
    )


@bp.get("/scans/<int:scan_id>")
@access(Right.SCAN)
def scan(scan_id: int) -> str:
    """The pages of one file, all or some of them."""
    show, fault = request.args.get("show", "all"), request.args.get("fault", "")
    with office().db.read() as session:
        found = scans.scan_of(session, scan_id)
        meeting_id = scans.meeting_of_scan(session, found)
        pages = scans.pages_of(session, scan_id, show, fault)
        batch_pages = scans.pages_in_batch(session, found.batch_id)
        every = pages if show == "all" and not fault else scans.pages_of(session, scan_id)
    number = max(1, request.args.get("part", 1, int))
    parts = -(-len(pages) // scans.PAGE_SIZE)
    listed = Listed(pages[(number - 1) * scans.PAGE_SIZE : number * scans.PAGE_SIZE], len(pages), number, parts)
    codes = sorted({code for page in every if page.reading for code in scans.fault_codes(page.reading)})
    context = {"listed": listed, "show": show, "fault": fault, "codes": codes, "every": every}
    return _render("scanning/scan.html", meeting_id, scan=found, batch_pages=batch_pages, **context)


@bp.post("/scans/<int:scan_id>/retry")
@access(Right.SCAN)
def retry_scan(scan_id: int) -> Response:
    """Try again to open a file."""
    intake.retry_scan(office(), scan_id)
    return _back_to_scan(scan_id)


@bp.post("/batches/<int:batch_id>/withdraw")
@access(Right.SCAN)
def withdraw(batch_id: int) -> Response:
    """Take a batch out of the count."""
    pages = intake.withdraw(office(), batch_id, why=request.form.get("why", ""), user_id=user_id())
    text = ngettext("%(num)d page withdrawn. It is kept and can be taken back.",
                    "%(num)d pages withdrawn. They are kept and can be taken back.", pages)  # fmt: skip
    flash(text, "ok")
    return _back()


@bp.post("/batches/<int:batch_id>/take-back")
@access(Right.SCAN)
def take_back(batch_id: int) -> Response:
    """Let a withdrawn batch count again."""
    pages = intake.take_back(office(), batch_id)
    flash(ngettext("%(num)d page counts again.", "%(num)d pages count again.", pages), "ok")
    return _back()


@bp.get("/pages/<int:page_id>")
@access(Right.SCAN, Right.REVIEW, Right.RULE, Right.SEE_SHEETS)
def page(page_id: int) -> str:
    """One page: its image, what the machine read, what people decided, what can be done."""
    shown = sheets.view(office(), page_id)
    return _page(shown)


@bp.post("/pages/<int:page_id>/retry")
@access(Right.SCAN)
def retry_page(page_id: int) -> Response:
    """Read a page again."""
    trays.retry(office(), page_id)
    return _back_to_page(page_id)


@bp.post("/pages/<int:page_id>/code")
@access(Right.SCAN)
def type_code(page_id: int) -> Response | tuple[str, int]:
    """Read a page again with the number that stands on the paper."""
    try:
        trays.type_code(
            office(), page_id, text=request.form.get("code", ""), sheet_page=request.form.get("sheet_page", 1, int)
        )
    except InvalidInput as error:
        shown = sheets.view(office(), page_id)
        return _page(shown, fault=error, typed=request.form.get("code", "")), error.status
    return _on_through_tray(page_id)


@bp.post("/pages/<int:page_id>/remove")
@access(Right.SCAN)
def remove(page_id: int) -> Response:
    """Put a page out of its tray, or take a keyed page back."""
    if sheets.is_keyed(office(), page_id):
        keyed.remove(office(), page_id)
        return _back()
    trays.remove(office(), page_id)
    return _on_through_tray(page_id)


@bp.post("/pages/<int:page_id>/put-back")
@access(Right.SCAN)
def put_back(page_id: int) -> Response:
    """Put a removed page back into its tray."""
    trays.put_back(office(), page_id)
    return _back_to_page(page_id)


@bp.get("/pages/<int:page_id>/copies")
@access(Right.SCAN)
def copies(page_id: int) -> str:
    """All images of one page of one sheet, side by side, with what differs."""
    shown = sheets.copies(office(), page_id)
    return _render("scanning/copies.html", shown.meeting_id, shown=shown)


@bp.post("/pages/<int:page_id>/use")
@access(Right.SCAN)
def use(page_id: int) -> Response:
    """Rule that this image counts."""
    trays.use_page(office(), page_id, user_id=user_id(), note=request.form.get("note", ""))
    flash(_("This image counts now; the other one is kept and counts nowhere."), "ok")
    return redirect(url_for("scanning.copies", page_id=page_id))


@bp.get("/meetings/<int:meeting_id>/trays/<name>")
@access(Right.SCAN)
def tray(meeting_id: int, name: str) -> str:
    """The pages in one tray."""
    with office().db.read() as session:
        if name == "rescan":
            pages = trays.rescans(session, meeting_id)
        else:
            pages = trays.contents(session, meeting_id, name)
        rows = [sheets.place_of(session, each) for each in pages]
    verb = trays.VERBS.get(name, trays.COMPARE if name == "rescan" else trays.LOOK)
    return render_meeting("scanning/tray.html", meeting_id, "scanning", name=name, rows=rows, verb=verb)


@bp.post("/meetings/<int:meeting_id>/trays/<name>/remove")
@access(Right.SCAN)
def remove_all(meeting_id: int, name: str) -> Response:
    """Put all pages of a tray out of it that asks for nothing else."""
    pages = trays.remove_all(office(), meeting_id, name)
    flash(ngettext("%(num)d page removed.", "%(num)d pages removed.", pages), "ok")
    return redirect(url_for("scanning.index", meeting_id=meeting_id))


@bp.get("/meetings/<int:meeting_id>/keyed/new")
@access(Right.SCAN)
def key_in(meeting_id: int) -> str | tuple[str, int]:
    """Ask for the sheet's number, then show its page to be filled in as on the paper."""
    code, number = request.args.get("code", ""), request.args.get("sheet_page", 1, int)
    if not code:
        return render_meeting("scanning/key_in.html", meeting_id, "scanning", blank=None, fault=None)
    return _keying(meeting_id, code, number)


@bp.post("/meetings/<int:meeting_id>/keyed/new")
@access(Right.SCAN)
def save_keyed(meeting_id: int) -> Response | str | tuple[str, int]:
    """Save what was keyed in. What is blank or marked more than once is asked about first."""
    code, number = request.form.get("code", ""), request.form.get("sheet_page", 1, int)
    marks = {name[2:]: tuple(request.form.getlist(name)) for name in request.form if name.startswith("q:")}
    if not request.form.get("sure"):
        return _keying(meeting_id, code, number, marks)
    page_id = keyed.save(
        office(), text=code, sheet_page=number, marks=marks, user_id=user_id(), by_phone="by_phone" in request.form
    )
    flash(_("Keyed in. The sheet counts, and is marked as keyed in by hand."), "ok")
    return redirect(url_for("scanning.page", page_id=page_id))


@bp.get("/meetings/<int:meeting_id>/keyed/form.png")
@access(Right.SCAN)
def keyed_form(meeting_id: int) -> Response:
    """The print of a page, on which the marks are keyed in."""
    meetings.get(office(), meeting_id)
    png = sheets.blank_png(office(), request.args.get("digest", ""), request.args.get("page", 1, int))
    answer = Response(png, mimetype="image/png")
    answer.headers["Cache-Control"] = "private, max-age=86400"  # a digest always names the same print
    return answer


def _keying(
    meeting_id: int, code: str, number: int, marks: dict[str, tuple[str, ...]] | None = None
) -> str | tuple[str, int]:
    try:
        blank = keyed.find(office(), code, number)
    except (InvalidInput, Conflict) as error:
        page = render_meeting(
            "scanning/key_in.html", meeting_id, "scanning", blank=None, fault=error, code=code, sheet_page=number
        )
        return page, error.status
    return render_meeting(
        "scanning/key_in.html",
        meeting_id,
        "scanning",
        blank=blank,
        fault=None,
        asked=sheets.asked(office(), blank),
        marks=marks or {},
        to_confirm=marks is not None,
    )


def _files(meeting_id: int) -> dict[str, Any]:
    with office().db.read() as session:
        rows = scans.files(session, meeting_id)
    live = [row for row in rows if row.batch.withdrawn_at is None]
    return {
        "rows": live,
        "withdrawn": [row for row in rows if row.batch.withdrawn_at is not None],
        "inbox": inbox.read_status(office().settings),
        "working": any(row.working for row in live),
        "done": sum(row.counts.done for row in live),
        "pages": sum(row.counts.pages for row in live),
        "doubts": sum(row.counts.doubts for row in live),
        "max_mb": office().settings.max_upload_mb,
    }


def _render(template: str, meeting_id: int | None, **context: Any) -> str:
    """Render a page in the frame of its meeting; without one where nothing says to which it belongs."""
    if meeting_id is None:
        return render_template(template, **context)
    return render_meeting(template, meeting_id, "scanning", **context)


def _page(shown: sheets.Shown, **context: Any) -> str:
    """Render one page; sharply only where its handwriting is covered or a person asked for the whole of it."""
    placed = shown.scan is None or pictures.source_of(office(), shown.page.id).is_placed
    may_ask = sees_handwriting()
    whole = may_ask and not placed and request.args.get("whole") == "1"
    context |= {"placed": placed, "may_ask_for_whole": may_ask, "whole": whole}
    return _render("scanning/page.html", shown.meeting_id, shown=shown, page=shown.page, **context)


def _back() -> Response:
    """Go where the form says, within the application."""
    target = request.form.get("next", "")
    return redirect(target if target.startswith("/") and not target.startswith("//") else "/")


def _back_to_scan(scan_id: int) -> Response:
    target = request.form.get("next", "")
    return _back() if target else redirect(url_for("scanning.scan", scan_id=scan_id))


def _back_to_page(page_id: int) -> Response:
    return redirect(url_for("scanning.page", page_id=page_id))


def _on_through_tray(page_id: int) -> Response:
    """Go on to the next page of the tray; to the scan page when it is empty."""
    meeting_id, name = request.form.get("meeting", type=int), request.form.get("tray", "")
    if meeting_id is None:
        return _back_to_page(page_id)
    with office().db.read() as session:
        left = trays.contents(session, meeting_id, name)
    if left:
        return redirect(url_for("scanning.page", page_id=left[0].id))
    flash(_("This tray is empty."), "ok")
    return redirect(url_for("scanning.index", meeting_id=meeting_id))
