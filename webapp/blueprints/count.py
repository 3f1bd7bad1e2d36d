"""The count: books, turnout, results, and the sheets behind every figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_babel import pgettext
from werkzeug.wrappers import Response

from forms.code import readable
from forms.survey import Choice, Question
from omr.disclosure import members
from omr.residual import Residual
from omr.tally import RATES, UNSTATED, Outcome
from webapp.access import access, may, standing
from webapp.errors import Forbidden, NotFound
from webapp.i18n import language
from webapp.pages import office, render_meeting
from webapp.rights import Right
from webapp.services import behind, books, closed, exports, outlook, promises, stacks, tally
from webapp.services import trays as tray_list
from webapp.services.tally import Item, Results

bp = Blueprint("count", __name__)
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/meetings/<int:meeting_id>/count")
@access(Right.SEE_BOOKS)
def index(meeting_id: int) -> str:
    """The books; and, for who may see them, the results of one form: of many subjects first the list, then each."""
    results = tally.results(office(), meeting_id, request.args.get("form", type=int))
    if results is None:
        return render_meeting("count/empty.html", meeting_id, "count")
    is_open = may_see(meeting_id)
    subject = chosen_subject(results)
    items = results.items if subject is None else results.of(subject)
    with office().db.read() as session:
        scope = tally.scope_of(meeting_id, results.ref)
        ledger, residuals = books.of(session, meeting_id), stacks.residuals(session, scope)
        trays = tray_list.overview(session, meeting_id)
        of = results.meeting
        promised = promises.of_subject(session, of.campaign_id, of.unit_id, subject or "")
    return render_meeting(
        "count/index.html",
        meeting_id,
        "count",
        results=results,
        refs=forms_of(meeting_id),
        subject=subject,
        items=items,
        shown=shown_item(items),
        terms=term_words(),
        is_open=is_open,
        books=ledger,
        trays=trays,
        promised=promised,
        residual=sum(residuals.values(), Residual()),
        verdict=outlook.verdict(results, residuals) if is_open else None,
        **words(results, figures=is_open),
    )


@bp.get("/meetings/<int:meeting_id>/count.csv")
@access(Right.SEE_RESULTS)
def table(meeting_id: int) -> Response:
    """The table of results as CSV: of one subject, or of all."""
    check_open(meeting_id)
    results = counted(meeting_id)
    subject = chosen_subject(results)
    subjects = results.subjects if subject is None else (subject,)
    return hand_out(meeting_id, exports.results_csv(results, subjects), CSV, file_name(results, "csv"))


@bp.get("/meetings/<int:meeting_id>/count.xlsx")
@access(Right.SEE_RESULTS)
def workbook(meeting_id: int) -> Response:
    """The results of all subjects of a form as a workbook."""
    check_open(meeting_id)
    results = counted(meeting_id)
    return hand_out(meeting_id, exports.results_xlsx(results), XLSX, file_name(results, "xlsx"))


@bp.get("/meetings/<int:meeting_id>/sheets")
@access(Right.SEE_SHEETS)
def sheets(meeting_id: int) -> str:
    """The pages behind a figure."""
    results = counted(meeting_id)
    wanted = asked_for()
    if wanted.rater_class is not None and wanted.rater_class not in results.class_ids:
        raise NotFound("no-such-row", kind="RaterClass")  # or it would tell the sheets of a class not shown alone
    if wanted.tells_a_result:
        check_open(meeting_id)
    start = max(request.args.get("from", 0, type=int), 0)
    found = behind.sheets_behind(office(), meeting_id, results.ref, wanted, start)
    questions = {question.id: question for question in results.ref.form.items}
    if wanted.item is not None and wanted.item not in questions:
        raise NotFound("no-such-row", kind="Question")
    return render_meeting(
        "count/sheets.html",
        meeting_id,
        "count",
        results=results,
        wanted=wanted,
        question=questions.get(wanted.item or ""),
        found=found,
        start=start,
        per_page=behind.PER_PAGE,
        readable=readable,
        turn=lambda to: url_for("count.sheets", meeting_id=meeting_id, **{**request.args.to_dict(), "from": to}),
        row_of=results.disclosure.row_of,
        **words(results),
    )


def may_see(meeting_id: int) -> bool:
    """Tell whether this person may see how the choices were counted now."""
    with office().db.read() as session:
        return closed.may(session, standing(), meeting_id)


def check_open(meeting_id: int) -> None:
    """Raise Forbidden while the results are for the scrutineer alone."""
    if not may_see(meeting_id):
        raise Forbidden("results-closed")


def asked_for() -> behind.Filter:
    """Read the figure from the address. Raises NotFound for an outcome that does not exist."""
    outcome = request.args.get("outcome")
    if outcome is not None and outcome not in set(Outcome):
        raise NotFound("no-such-row", kind="Outcome")
    return behind.Filter(
        subject=request.args.get("subject"),
        item=request.args.get("item"),
        outcome=None if outcome is None else Outcome(outcome),
        choices=tuple(request.args.getlist("choice")),
        rater_class=request.args.get("class"),
        void=request.args.get("void") == "1",
        unread=request.args.get("unread") == "1",
    )


def counted(meeting_id: int) -> Results:
    """Count the form of the address. Raises NotFound where nothing was printed."""
    results = tally.results(office(), meeting_id, request.args.get("form", type=int))
    if results is None:
        raise NotFound("no-such-row", kind="Survey")
    return results


def chosen_subject(results: Results) -> str | None:
    """Return the subject of the address; else the only one; None for the list of all. Raises NotFound."""
    subject = request.args.get("subject")
    if subject is None:
        return results.subjects[0] if len(results.subjects) == 1 else None
    if subject not in results.subjects:
        raise NotFound("no-such-row", kind="Subject")
    return subject


def forms_of(meeting_id: int) -> tuple[tally.FormRef, ...]:
    """Return the forms printed for a meeting."""
    with office().db.read() as session:
        return tally.forms(session, meeting_id)


def shown_item(items: tuple[Item, ...]) -> Item | None:
    """Return the item whose classes are drawn: the one of the address, else the overall one, else the last."""
    wanted = request.args.get("item")
    named = [item for item in items if item.question.id == wanted]
    overall = [item for item in items if item.question.overall]
    return next(iter([*named, *overall, *items[-1:]]), None)


def words(results: Results, figures: bool = True) -> dict[str, Any]:
    """Return what templates need to name things in the language of the page, and to link figures to their sheets.

    ``opens``: this person may open the sheets behind a number of the books; ``figures``: those behind a result too.
    """
    english = language() == "en"

    def word(choice: Choice) -> str:
        return (choice.label_en or choice.label) if english else choice.label

    def item_text(question: Question) -> str:
        text = (question.text_en or question.text) if english else question.text
        return text.replace("|", "")

    classes = {choice.id: word(choice) for choice in results.ref.classes} | {UNSTATED: _("Class not given")}

    def joined(row: str) -> str:
        return ("、" if not english else ", ").join(classes.get(who, who) for who in members(row))

    def link(about: Item | None = None, /, **wanted: Any) -> str:
        if about is not None:
            wanted |= {"subject": about.subject, "item": about.question.id}
        if "rater_class" in wanted:
            who = wanted.pop("rater_class")
            wanted |= {} if who is None else {"class": who}
        return url_for("count.sheets", meeting_id=results.meeting.id, form=results.ref.survey_id, **wanted)

    return {
        "word": word,
        "item_text": item_text,
        "class_word": lambda row: _("All raters") if row is None else joined(row),
        "subject_word": lambda subject: subject or results.meeting.unit.name,
        "rate_word": lambda question, rate: tally.rate_label(question, rate, english=english),
        "rate_choices": tally.rate_choices,
        "link": link,
        "opens": may(Right.SEE_SHEETS),
        "figures": figures and may(Right.SEE_SHEETS),
        "rates": RATES,
    }


def term_words() -> Mapping[str, str]:
    """Return the words of the numbers in the books."""
    return {
        "printed": pgettext("books", "printed"),
        "issued": pgettext("books", "issued"),
        "spoiled": pgettext("books", "spoiled"),
        "spare": pgettext("books", "spare"),
        "present": pgettext("books", "present"),
        "returned": pgettext("books", "returned"),
        "valid": pgettext("books", "valid"),
        "void": pgettext("books", "void"),
        "box": pgettext("books", "counted in the box"),
        "read": pgettext("books", "scanned"),
        "counted": pgettext("books", "counted"),
        "held": pgettext("books", "held"),
    }


def file_name(results: Results, kind: str) -> str:
    """Return the name under which a table of results is saved."""
    word = _("Results")
    return f"{word}-{results.meeting.unit.name}-{results.ref.form.letter}.{kind}"


def hand_out(meeting_id: int, content: bytes, kind: str, name: str) -> Response:
    """Answer with a file of a meeting, and write down who took it."""
    exports.note(office(), meeting_id, name)
    return download(content, kind, name)


def download(content: bytes, kind: str, name: str) -> Response:
    """Answer with a file whose name may be Chinese."""
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer.headers["Cache-Control"] = "no-store"
    return answer
