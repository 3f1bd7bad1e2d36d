"""The papers of a meeting: their list with a picture of one, S-A as XLSX, DOCX and PDF, all answers as CSV."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from webapp.access import access, standing
from webapp.blueprints.count import CSV, XLSX, check_open, hand_out, may_see
from webapp.errors import NotFound, ServiceError
from webapp.pages import office, render_meeting
from webapp.papers import docx, pdf, xlsx
from webapp.papers.paper import Paper, Placed, Row, place
from webapp.rights import Right
from webapp.services import exports, meetings, own_lists, paper_list, reading_papers, shelf, summary_papers, tally
from webapp.services.paper_kind import PaperKind, Target
from webapp.services.paper_kinds import get

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
    """The papers of a meeting with where each stands, and one of them as it will be printed: S-A unless asked for."""
    refs = organisations(meeting_id)
    ref, subject = chosen(refs)
    part = summary_papers.part_of(ref.survey_id, subject) if ref else ""
    with office().db.read() as session:
        meeting = meetings.get(office(), meeting_id)
        found = paper_list.rows(session, meeting, _readable(session), part=part)
        shown = _shown(session, found, bool(ref))
    return render_meeting(
        "papers/index.html",
        meeting_id,
        "papers",
        refs=refs,
        ref=ref,
        subject=subject,
        groups=found,
        is_open=may_see(meeting_id),
        keeps_members=own_lists.may_read(standing(), meeting.unit_id),
        anything=bool(forms_printed(meeting_id)),
        rows=rows,
        **shown,
    )


@bp.get("/meetings/<int:meeting_id>/summary.<kind>")
@access(Right.READ_PAPERS)
def summary(meeting_id: int, kind: str) -> Response:
    """The summary table as a file: as it was fixed, else as it stands."""
    check_open(meeting_id)
    ref, subject = chosen(organisations(meeting_id))
    if ref is None or kind not in WRITERS:
        raise NotFound("no-summary")
    with office().db.read() as session:
        part = summary_papers.part_of(ref.survey_id, subject)
        target = shelf.target_of(session, meeting_id=meeting_id, part=part)
        reading_papers.check_reader(session, standing(), get("summary"), target)
        paper = _as_it_stands(session, get("summary"), target)
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


def _readable(session: Session) -> Callable[[PaperKind, Target], bool]:
    held = standing()
    return lambda kind, target: reading_papers.may_list(session, held, kind, target)


def _shown(session: Session, found: dict[str, list[paper_list.Row]], rated: bool) -> dict[str, Any]:
    """Return the paper that the page shows: the one asked for, else S-A, where it can be read now."""
    key = request.args.get("paper") or ("summary" if rated else "")
    row = next((row for rows in found.values() for row in rows if row.kind.key == key), None)
    if row is None:
        return {"row": None, "paper": None}
    try:
        reading_papers.check_reader(session, standing(), row.kind, row.target)
        return {"row": row, "paper": _as_it_stands(session, row.kind, row.target)}
    except ServiceError:  # not before closing, or nothing to make it of: the list alone
        return {"row": row, "paper": None}


def _as_it_stands(session: Session, kind: PaperKind, target: Target) -> Paper:
    draft = shelf.draft(session, kind, target)
    return (
        shelf.fixed_paper(draft.versions[0])
        if draft.state == shelf.FIXED
        else shelf.live(session, draft, stamped=False)
    )
