"""The print page: choose a form, fill in the values, see the specimen, print, add copies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, make_response, redirect, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forms import names
from forms.errors import FormError, FormErrors
from forms.survey import Design
from forms.survey import Survey as FormSurvey
from forms.typeset import capacity
from webapp.access import access
from webapp.errors import Conflict, InvalidInput
from webapp.i18n import language
from webapp.models import Meeting
from webapp.pages import office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import exports, meetings, member_names, plans, printing
from webapp.services.printing import Order

bp = Blueprint("printing", __name__)
SPARE_COPIES = 14  # offered beyond the expected number, so that a spoiled sheet can be replaced


@dataclass(frozen=True, slots=True)
class FormCard:
    """A form that can be printed. ``kind``: organisation, member or roster decides which fields are asked."""

    id: int
    survey: FormSurvey
    kind: str
    capacity: int


@bp.get("/meetings/<int:meeting_id>/print")
@access(Right.PRINT_SHEETS)
def index(meeting_id: int) -> str:
    """Everything about the paper of a meeting."""
    return _page(meeting_id, request.args, chosen=request.args.get("survey", type=int))


@bp.post("/meetings/<int:meeting_id>/print/preview")
@access(Right.PRINT_SHEETS)
def preview(meeting_id: int) -> Response:
    """One page of the specimen as PNG; 422 with sentences where the values can't be set on paper."""
    survey_id, page = request.form.get("survey", 0, int), request.form.get("page", 1, int)
    try:
        shown = printing.preview_order(office(), survey_id, _order(copies=1), page)
    except FormErrors as error:
        return make_response("\n".join(_told(error)), 422)
    answer = make_response(shown.png)
    answer.headers["Content-Type"] = "image/png"
    answer.headers["X-Pages"] = str(shown.pages)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/meetings/<int:meeting_id>/print")
@access(Right.PRINT_SHEETS)
def create(meeting_id: int) -> Response | tuple[str, int]:
    """Make print runs; what can't be printed is told above the fields, which keep what was typed."""
    survey_id = request.form.get("survey", 0, int)
    try:
        printing.create_runs(office(), meeting_id=meeting_id, survey_id=survey_id, order=_order(), user_id=user_id())
    except FormErrors as error:
        return _page(meeting_id, request.form, survey_id, faults=_told(error)), 422
    except InvalidInput as error:
        return _page(meeting_id, request.form, survey_id, problem=error), 422
    return redirect(url_for("printing.index", meeting_id=meeting_id, survey=survey_id) + "#files")


@bp.post("/meetings/<int:meeting_id>/print/names")
@access(Right.PRINT_SHEETS)
def take_names(meeting_id: int) -> str:
    """The page with the list of names made anew from the unit's members; what else was typed stays."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        found = member_names.names(session, meeting.unit_id, request.form.get("whom", member_names.ALL))
    typed = {**request.form.to_dict(), "names": "\n".join(found)}
    return _page(meeting_id, typed, request.form.get("survey", type=int))


@bp.get("/meetings/<int:meeting_id>/print/files")
@access(Right.PRINT_SHEETS)
def files(meeting_id: int) -> str:
    """The list of print runs, asked for again while a PDF is being made, and the rail, whose words change with it."""
    return render_meeting("printing/_files.html", meeting_id, "printing", runs=_runs(meeting_id), polled=True)


@bp.post("/print-runs/<int:print_run_id>/more")
@access(Right.PRINT_SHEETS)
def more(print_run_id: int) -> Response:
    """Add copies to a run."""
    copies = request.form.get("copies", 0, int)
    meeting_id = printing.meeting_of_run(office(), print_run_id)
    printing.more(office(), print_run_id=print_run_id, copies=copies, user_id=user_id())
    return redirect(url_for("printing.index", meeting_id=meeting_id) + "#files")


@bp.post("/print-files/<int:print_file_id>/again")
@access(Right.PRINT_SHEETS)
def again(print_file_id: int) -> Response:
    """Draw a PDF once more, with the same codes."""
    meeting_id = printing.meeting_of_file(office(), print_file_id)
    printing.try_again(office(), print_file_id)
    return redirect(url_for("printing.index", meeting_id=meeting_id) + "#files")


@bp.post("/print-files/<int:print_file_id>/withdraw")
@access(Right.PRINT_SHEETS)
def withdraw(print_file_id: int) -> Response:
    """Take back sheets that were never given out."""
    meeting_id = printing.meeting_of_file(office(), print_file_id)
    printing.withdraw_file(office(), print_file_id)
    return redirect(url_for("printing.index", meeting_id=meeting_id) + "#files")


@bp.get("/print-files/<int:print_file_id>.pdf")
@access(Right.PRINT_SHEETS)
def download(print_file_id: int) -> Response:
    """The sheets, ready for the printer."""
    meeting_id = printing.meeting_of_file(office(), print_file_id)
    path = printing.file_path(office(), print_file_id)
    if not path.exists():
        raise Conflict("print-file-not-ready")
    name = f"{meetings.get(office(), meeting_id).unit.name}-{print_file_id}.pdf"
    exports.note(office(), meeting_id, name)
    return send_file(path, mimetype="application/pdf", as_attachment=True, download_name=name)


def _page(
    meeting_id: int,
    typed: dict[str, str],
    chosen: int | None = None,
    problem: InvalidInput | None = None,
    faults: list[str] | None = None,
) -> str:
    meeting = meetings.get(office(), meeting_id)
    cards = _cards(meeting)
    with office().db.read() as session:
        heads = meetings.latest_counts(session, meeting_id)
        ledger = printing.ledger(session, meeting_id)
        whom = member_names.choices(session, meeting.unit_id)
        members = [] if "names" in typed else member_names.names(session, meeting.unit_id)
    expected = sum(number for (kind, _form, _class), number in heads.items() if kind == "expected")
    return render_meeting(
        "printing/index.html",
        meeting_id,
        "printing",
        cards=cards,
        chosen=chosen or (cards[0].id if cards else None),
        typed=typed,
        names=typed.get("names", "\n".join(members)),
        whom=whom,
        expected=expected,
        copies=typed.get("copies") or (expected + SPARE_COPIES if expected else 30),
        date=typed.get("date") or (_written(meeting.held_on) if meeting.held_on else ""),
        ledger=ledger,
        runs=_runs(meeting_id),
        problem=problem,
        faults=faults,
    )


def _cards(meeting: Meeting) -> list[FormCard]:
    cards = []
    with office().db.read() as session:
        rows = plans.surveys_of(session, meeting.campaign_id, meeting.unit_id)
    for row in rows:
        survey = printing.parse(row.source, row.form)
        kind = survey.about if survey.design is Design.SHEET else "roster"
        cards.append(FormCard(row.id, survey, kind, capacity(survey)))
    return cards


def _runs(meeting_id: int) -> list[printing.RunView]:
    with office().db.read() as session:
        return printing.runs_of(session, meeting_id)


def _order(copies: int | None = None) -> Order:
    form = request.form
    listed = names.listed(form.get("names", ""))
    kind = printing.kind_of(office(), form.get("survey", 0, int))
    subject = form.get("subject", "").strip()
    given = () if kind == "organisation" else tuple(entry.name for entry in listed)
    return Order(
        unit=form.get("unit", "").strip(),
        date=form.get("date", "").strip(),
        copies=form.get("copies", 0, int) if copies is None else copies,
        subjects={"organisation": (subject,) if subject else (), "member": given}.get(kind, ()),
        members=given if kind == "roster" else (),
        lines=tuple(entry.line for entry in listed) if given else (),
        with_back="with_back" in form,
    )


def _told(error: FormErrors) -> list[str]:
    """Return a sentence for each problem: the field or the line of the list – cause – remedy."""
    return [_named(fault).sentence(language()) for fault in error.errors]


def _named(fault: FormError) -> FormError:
    """Call the places of an order by the words on the page; those of a form file keep theirs."""
    fields = {"unit": _("Unit on the sheet"), "subject": _("Subject on the sheet"), "date": _("Date on the sheet")}
    if not fault.place.startswith("members"):
        return replace(fault, place=fields.get(fault.place, fault.place))
    params = {**fault.params, "first": _("the list of names")} if "first" in fault.params else fault.params
    is_one = fault.place != "members"
    place = _("list of names, line %(line)s", line=fault.line) if is_one else _("the list of names")
    return replace(fault, place=place, params=params)


def _written(day: date) -> str:
    """Write a date as it stands on a Chinese sheet, whatever the language of the pages."""
    return f"{day.year}年{day.month}月{day.day}日"
