"""The papers: the summary table S-A as XLSX, DOCX and PDF, and all answers as CSV."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.blueprints.count import CSV, XLSX, check_open, hand_out, may_see
from webapp.errors import NotFound
from webapp.pages import office, render_meeting
from webapp.papers import docx, pdf, xlsx
from webapp.papers.paper import Paper, Placed, Row, place
from webapp.rights import Right
from webapp.services import exports, reports, tally

bp = Blueprint("papers", __name__)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WRITERS: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "xlsx": (xlsx.write, XLSX),
    "docx": (docx.write, DOCX),
    "pdf": (pdf.write, "application/pdf"),
}


@bp.get("/meetings/<int:meeting_id>/papers")
@access(Right.READ_PAPERS)
def index(meeting_id: int) -> str:
    """The papers of a meeting, and the summary table as it will be printed."""
    refs = organisations(meeting_id)
    ref, subject = chosen(refs)
    is_open = may_see(meeting_id)
    return render_meeting(
        "papers/index.html",
        meeting_id,
        "papers",
        refs=refs,
        ref=ref,
        subject=subject,
        paper=reports.summary(office(), meeting_id, ref.survey_id, subject) if ref and is_open else None,
        is_open=is_open,
        anything=bool(forms_printed(meeting_id)),
        rows=rows,
    )


@bp.get("/meetings/<int:meeting_id>/summary.<kind>")
@access(Right.READ_PAPERS)
def summary(meeting_id: int, kind: str) -> Response:
    """The summary table as a file."""
    check_open(meeting_id)
    ref, subject = chosen(organisations(meeting_id))
    if ref is None or kind not in WRITERS:
        raise NotFound("no-summary")
    paper = reports.summary(office(), meeting_id, ref.survey_id, subject)
    write, mimetype = WRITERS[kind]
    state = "-待复核" if paper.stamp else ""
    return hand_out(meeting_id, write(paper), mimetype, f"{paper.name}-{paper.foot}{state}.{kind}")


@bp.get("/meetings/<int:meeting_id>/answers.csv")
@access(Right.SEE_SHEETS)
def answers(meeting_id: int) -> Response:
    """All answers, one row a sheet."""
    check_open(meeting_id)
    word = _("All answers")
    return hand_out(meeting_id, exports.answers_csv(office(), meeting_id), CSV, f"{word}-{meeting_id}.csv")


def forms_printed(meeting_id: int) -> tuple[tally.FormRef, ...]:
    """Return the forms printed for a meeting."""
    with office().db.read() as session:
        return tally.forms(session, meeting_id)


def organisations(meeting_id: int) -> tuple[tally.FormRef, ...]:
    """Return the forms that rate organisations: S-A is theirs."""
    return tuple(ref for ref in forms_printed(meeting_id) if ref.form.about == "organisation")


def chosen(refs: tuple[tally.FormRef, ...]) -> tuple[tally.FormRef | None, str]:
    """Return the form and the subject of the address, else the first. Raises NotFound for another meeting's form."""
    survey_id = request.args.get("form", type=int)
    ref = next((ref for ref in refs if survey_id in (None, ref.survey_id)), None)
    if ref is None:
        if survey_id is not None:
            raise NotFound("no-summary")
        return None, ""
    return ref, request.args.get("subject", ref.subjects[0])


def rows(cells: tuple[Row, ...]) -> list[list[Placed]]:
    """Return the cells of a table by row, for the page."""
    return [list(spots) for _number, spots in groupby(place(cells), key=lambda spot: spot.row)]
