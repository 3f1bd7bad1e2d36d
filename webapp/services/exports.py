"""Lists for further reckoning: all answers, and the table of results, as CSV; the members of a roster as XLSX.

CSV is UTF-8 with a byte order mark, so that the spreadsheets of an office read its Chinese. No opinion is in it and its
rows are in the order of the random codes: nothing tells in which order the sheets were filled in or scanned.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from forms.code import readable
from forms.survey import Choice, Question
from omr.tally import UNSTATED
from webapp.errors import NotFound
from webapp.models import Answer, Page
from webapp.office import Office
from webapp.papers import xlsx
from webapp.papers.paper import Data, Value, plain
from webapp.services import counting, reports, result_tables, tally, trail
from webapp.services.answers import void_sheets
from webapp.services.tally import FormRef, Results

BOM = "\ufeff"
HIDDEN_WORD = "不单独列出"
STATE_WORDS = {"blank": "弃权", "invalid": "无效", "multiple": "多选", "unsure": "存疑"}


@dataclass(slots=True)
class SheetRow:
    """One sheet: question id → (machine's reading, decision, what is counted)."""

    sheet: str
    form: str
    subject: str
    void: bool
    cells: dict[str, tuple[str, str, str]] = field(default_factory=dict)


def note(office: Office, meeting_id: int, name: str) -> None:
    """Write into the trail that a file of a meeting was taken."""
    note_of(office, f"meeting:{meeting_id}", name)


def note_of(office: Office, object: str, name: str) -> None:
    """Write into the trail that a file of any object (``table:key``) was taken."""
    with office.db.begin() as session:
        trail.note(session, "exported", object, file=name)


def answers_csv(office: Office, meeting_id: int) -> bytes:
    """Return all answers of a meeting, one row a sheet, with a reading, a decision and an answer for each question.

    Of a rater class that is not shown alone the row says only with which others it is counted.

    A column is headed by the item's id and its words: two forms of a meeting may use one id for different items.
    Raises NotFound where nothing was printed for the meeting.
    """
    with office.db.read() as session:
        refs = tally.forms(session, meeting_id)
        if not refs:
            raise NotFound("no-such-row", kind="Survey")
        rows = [row for ref in refs for row in _sheets(session, meeting_id, ref)]
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row.cells))
    head = ["表号", "测评表", "测评对象", "废票"]
    head += [f"{name} {kind}" for name in names for kind in ("机读", "裁定", "计票")]
    return _csv(head, (_line(row, names) for row in sorted(rows, key=lambda row: row.sheet)))


def results_csv(results: Results, subjects: Sequence[str]) -> bytes:
    """Return the table of results of some subjects: one row an item and class."""
    items = [item for subject in subjects for item in results.of(subject)]
    return _csv(result_tables.data_head(results), result_tables.data_rows(results, items))


def results_xlsx(results: Results) -> bytes:
    """Return the results of all subjects of a form as a workbook: for the members of a roster, a row each."""
    data = Data("票数", result_tables.data_head(results), tuple(result_tables.data_rows(results, results.items)))
    notes = tuple((note,) for note in (reports.stamp(results), *reports.notes(results)) if note)
    return xlsx.write_lists(results.ref.form.title, data, Data("说明", ("计票规则",), notes))


def _sheets(session: Session, meeting_id: int, ref: FormRef) -> Iterator[SheetRow]:
    results = tally.results_in(session, meeting_id, ref.survey_id)
    if results is None:
        raise NotFound("no-such-row", kind="Survey")
    scope = tally.scope_of(meeting_id, ref)
    runs = counting.runs(session, scope)
    words = {question.id: question for question in (*ref.form.identity, *ref.form.items)}
    void = set(session.scalars(void_sheets()))
    rows: dict[str, SheetRow] = {}
    columns: dict[int, dict[str, str]] = defaultdict(dict)
    for sheet, run, name, state, choice, decided, read_state, read_choice in _marks(session, scope):
        row = rows.setdefault(sheet, SheetRow(sheet, ref.form.form, runs[run].subject, sheet in void))
        question = words.get(name.rpartition(".")[2])
        if question is None:
            continue
        column = columns[run].setdefault(name, _column(ref, runs[run], name, question))
        counted = _word(question, state, choice)
        machine = "" if read_state is None else _word(question, read_state, read_choice)
        doubtful = not decided and state in ("multiple", "unsure")
        row.cells[column] = (machine, counted if decided else "", "待复核" if doubtful else counted)
        if name == counting.RATER_CLASS:
            who = choice if state == "answered" else UNSTATED
            row.cells[column] = _class_cells(results, who, row.cells[column])
    return iter(rows.values())


def _class_cells(results: Results, who: str, cells: tuple[str, str, str]) -> tuple[str, str, str]:
    """Tell the class of a sheet, or only the row it is counted in where the class is not shown alone."""
    row = results.disclosure.row_of(who)
    if row == who:
        return cells
    word = HIDDEN_WORD if row is None else result_tables.class_word(results, row)
    return "", "", word


def _marks(session: Session, scope: counting.Scope) -> Iterable[tuple[str, int, str, str, str, bool, str | None, str]]:
    pages = counting.counting_pages(scope)
    found: list[tuple[str, int, str, str, str, bool, str | None, str]] = []
    for rater in (True, False):
        marks = counting.effective(pages, rater=rater)
        query = (
            select(
                marks.c.sheet,
                marks.c.print_run_id,
                marks.c.question,
                marks.c.state,
                marks.c.choice,
                marks.c.decided,
                Answer.state,
                Answer.choice,
            )
            .join(Page, Page.id == marks.c.page_id)
            .outerjoin(Answer, and_(Answer.reading_id == Page.reading_id, Answer.question == marks.c.question))
            .order_by(marks.c.print_run_id, marks.c.question)
        )
        found += [tuple(row) for row in session.execute(query)]
    return found


def _column(ref: FormRef, run: counting.Run, name: str, question: Question) -> str:
    if question in ref.form.identity:
        return "身份" if name == counting.RATER_CLASS else question.text
    asked = run.asked[name][1]
    item = f"{question.id} {question.text.replace('|', '')}"
    return f"{asked.subject} {item}" if ref.is_roster else item


def _word(question: Question, state: str, choice: str) -> str:
    if state not in ("answered", "multiple"):
        return STATE_WORDS[state]
    labels = "、".join(_label(question.choices, name) for name in choice.split(",") if name)
    return labels if state == "answered" else f"多选（{labels}）"


def _label(choices: Iterable[Choice], name: str) -> str:
    return next((choice.label for choice in choices if choice.id == name), name)


def _line(row: SheetRow, names: Iterable[str]) -> list[Value]:
    cells = [word for name in names for word in row.cells.get(name, ("", "", ""))]
    return [readable(row.sheet), row.form, row.subject, "废票" if row.void else "", *cells]


def _csv(head: Iterable[str], rows: Iterable[Iterable[Value]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([plain(text) for text in head])
    for row in rows:
        writer.writerow([plain(value) if isinstance(value, str) else "" if value is None else value for value in row])
    return (BOM + file.getvalue()).encode()
