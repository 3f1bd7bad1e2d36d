"""Print runs: layouts, sheet codes, PDF files, more copies, the ledger of printed sheets."""

from __future__ import annotations

import datetime as dt
import errno
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from forms import back, code, loader, proof, render
from forms import layout as layouts
from forms import survey as surveys
from forms.errors import FormErrors
from forms.typeset import typeset
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Campaign, IssuedSheet, Layout, Meeting, Page, PrintFile, PrintRun, Survey, now
from webapp.office import Office
from webapp.services import closed, orders
from webapp.services.meetings import latest_counts
from webapp.services.orders import Order as Order

T = TypeVar("T")
MAX_COPIES = 20_000
MAX_SUBJECTS = 500
LEASE = dt.timedelta(minutes=2)
TASK = "make-prints"
PREVIEW_DPI = 110
PROGRESS_STEP = 50  # copies between two notes of progress: 10,000 copies make 200 short writes


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of a specimen, as PNG, and how many pages the sheet has."""

    png: bytes
    pages: int


@dataclass(frozen=True, slots=True)
class RunView:
    """A print run as the page shows it."""

    id: int
    form: str
    title: str
    subject: str
    names: int  # how many names its roster has; 0 for a sheet about one subject
    digest: str
    files: tuple[PrintFile, ...]

    @property
    def working(self) -> bool:
        """Tell whether a PDF is still to come."""
        return any(file.state in ("queued", "making") for file in self.files)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """The paper of one form. ``None``: nobody entered the number yet."""

    form: str
    title: str
    printed: int
    issued: int | None
    spoiled: int | None
    spare: int | None

    @property
    def balanced(self) -> bool | None:
        """Tell whether printed = issued + spoiled + spare; None while a number is missing."""
        if self.issued is None or self.spoiled is None or self.spare is None:
            return None
        return self.printed == self.issued + self.spoiled + self.spare


@lru_cache(maxsize=64)
def parse(source: str, form: str) -> surveys.Survey:
    """Return the checked Survey of a stored form file. Raises FormErrors."""
    return loader.load_text(source, form)


def preview(office: Office, survey_id: int, values: surveys.Values, page: int = 1) -> Preview:
    """Draw one page as it will be printed. Raises NotFound and FormErrors."""
    with office.db.read() as session:
        row = _get(session, Survey, survey_id)
    return _preview(row.source, row.form, values, page)


def preview_order(office: Office, survey_id: int, order: Order, page: int = 1) -> Preview:
    """Draw one page of the first subject of an order. Raises NotFound and FormErrors, told of the order's lines."""
    problems = orders.misnamed(order)
    try:
        drawn = preview(office, survey_id, next(order.values()), page)
    except FormErrors as unfit:
        raise FormErrors(problems + orders.also(problems, orders.of_order(unfit, order, 1))) from unfit
    if problems:
        raise FormErrors(problems)
    return drawn


def preview_source(source: str, values: surveys.Values, page: int = 1) -> Preview:
    """Draw one page of a form that is not saved. Raises FormErrors."""
    return _preview(source, "form.yaml", values, page)


@lru_cache(maxsize=32)
def _preview(source: str, form: str, values: surveys.Values, page: int) -> Preview:
    layout = typeset(parse(source, form), values)
    page = min(max(page, 1), len(layout.pages))
    return Preview(proof.preview_png(layout, page, PREVIEW_DPI), len(layout.pages))


def create_runs(office: Office, *, meeting_id: int, survey_id: int, order: Order, user_id: int) -> list[int]:
    """Make a print run for each subject of an order and ask for its PDF. Returns the ids of the runs.

    Raises InvalidInput (copies, subjects), NotFound and FormErrors; then nothing is made.
    """
    _check_copies(order.copies)
    if len(order.subjects) > MAX_SUBJECTS:
        raise InvalidInput("too-many-subjects", most=MAX_SUBJECTS)
    with office.db.read() as session:
        row = _get(session, Survey, survey_id)
        meeting = _get(session, Meeting, meeting_id)
        session.refresh(meeting, ["campaign"])
    if row.campaign_id != meeting.campaign_id:
        raise NotFound("survey-of-another-campaign")
    survey = parse(row.source, row.form)
    made = orders.typeset_all(survey, order)
    behind = _behind(meeting.campaign, made[0][1]) if order.with_back else ""
    with office.db.begin() as session:
        files = [
            _add_run(session, meeting_id, survey_id, values, layout, order.copies, user_id, behind)
            for values, layout in made
        ]
        runs = [file.print_run_id for file in files]
    for file in files:
        office.bell.ring(TASK, file.id)
    return runs


def more(office: Office, *, print_run_id: int, copies: int, user_id: int) -> int:
    """Add copies to a run: the same layout, new codes, a PDF of their own. Returns the id of the print file."""
    _check_copies(copies)
    with office.db.begin() as session:
        run = _get(session, PrintRun, print_run_id)
        file = _add_file(session, run, copies, user_id)
    office.bell.ring(TASK, file.id)
    return file.id


def make_file(office: Office, print_file_id: int) -> None:
    """Job: draw the PDF of a print file. Harmless when repeated; the file appears whole or not at all."""
    with office.db.begin() as session:
        file = session.get(PrintFile, print_file_id)
        if file is None or file.state not in ("queued", "making"):
            return
        if file.state == "making" and file.lease_until and file.lease_until > now():
            return  # another process is at it
        file.state, file.lease_until, file.tries = "making", now() + LEASE, file.tries + 1
        layout = layouts.Layout.loads(_get(session, Layout, file.print_run.layout_digest).source)
        behind = file.print_run.back
        sheets = list(session.scalars(select(IssuedSheet.sheet).where(IssuedSheet.print_file_id == print_file_id)))
    # The codes come sorted; on paper their order must say nothing about the place in the stack.
    random.SystemRandom().shuffle(sheets)
    target = file_path(office, print_file_id)
    temporary = target.with_suffix(".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        render.write_pdf(
            layout, sheets, temporary, lambda done: _note_progress(office, print_file_id, done), behind=behind
        )
        size = temporary.stat().st_size
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        problem = "print-disk-full" if error.errno == errno.ENOSPC else "print-cannot-write"
        _finish(office, print_file_id, state="failed", problem=problem)
        return
    _finish(office, print_file_id, state="done", done=len(sheets), size=size)


def try_again(office: Office, print_file_id: int) -> None:
    """Ask once more for a PDF that failed, or for one whose file is gone. Its codes stay the same."""
    with office.db.begin() as session:
        file = _get(session, PrintFile, print_file_id)
        file.state, file.lease_until, file.problem, file.done = "queued", None, "", 0
    office.bell.ring(TASK, print_file_id)


def withdraw_file(office: Office, print_file_id: int) -> None:
    """Take back a print file that was not fetched from the office yet: its codes were never issued.

    Raises Conflict when one of its sheets has already come back.
    """
    with office.db.begin() as session:
        file = _get(session, PrintFile, print_file_id)
        codes = select(IssuedSheet.sheet).where(IssuedSheet.print_file_id == print_file_id)
        if session.scalar(select(func.count()).select_from(Page).where(Page.sheet.in_(codes))):
            raise Conflict("print-file-in-use")
        session.execute(delete(IssuedSheet).where(IssuedSheet.print_file_id == print_file_id))
        run_id = file.print_run_id
        session.delete(file)
        session.flush()
        if not session.scalar(select(func.count()).select_from(PrintFile).where(PrintFile.print_run_id == run_id)):
            session.delete(_get(session, PrintRun, run_id))
    file_path(office, print_file_id).unlink(missing_ok=True)


def runs_of(session: Session, meeting_id: int) -> list[RunView]:
    """Return the print runs of a meeting, newest first."""
    query = (
        select(PrintRun)
        .where(PrintRun.meeting_id == meeting_id)
        .options(selectinload(PrintRun.files), joinedload(PrintRun.survey))
        .order_by(PrintRun.id.desc())
    )
    return [_view(run) for run in session.scalars(query)]


def kind_of(office: Office, survey_id: int) -> str:
    """Return what a form asks for beside unit and date: a subject (organisation), names (member) or a roster."""
    with office.db.read() as session:
        row = _get(session, Survey, survey_id)
    survey = parse(row.source, row.form)
    return survey.about if survey.design is surveys.Design.SHEET else "roster"


def meeting_of_run(office: Office, print_run_id: int) -> int:
    """Return the id of a run's meeting. Raises NotFound."""
    with office.db.read() as session:
        return _get(session, PrintRun, print_run_id).meeting_id


def meeting_of_file(office: Office, print_file_id: int) -> int:
    """Return the id of a print file's meeting. Raises NotFound."""
    with office.db.read() as session:
        return _get(session, PrintFile, print_file_id).print_run.meeting_id


def ledger(session: Session, meeting_id: int) -> list[LedgerRow]:
    """Return, for each form that was printed, 印制 = 发出 + 作废 + 余票 as far as the numbers were entered."""
    heads = latest_counts(session, meeting_id)
    query = select(Survey.form, Survey.title).join(PrintRun).where(PrintRun.meeting_id == meeting_id)
    titles = {form: title for form, title in session.execute(query)}
    rows = []
    for form, copies in sorted(printed(session, meeting_id).items()):
        entered = [_entered(heads, kind, form) for kind in ("issued", "spoiled", "spare")]
        rows.append(LedgerRow(form, titles[form], copies, *entered))
    return rows


def printed(session: Session, meeting_id: int) -> dict[str, int]:
    """Return how many copies of each form were drawn for a meeting (印制)."""
    query = (
        select(Survey.form, func.sum(PrintFile.copies))
        .join(PrintRun, PrintRun.survey_id == Survey.id)
        .join(PrintFile, PrintFile.print_run_id == PrintRun.id)
        .where(PrintRun.meeting_id == meeting_id, PrintFile.state == "done")
        .group_by(Survey.form)
    )
    return {form: int(copies) for form, copies in session.execute(query)}


def file_path(office: Office, print_file_id: int) -> Path:
    """Return where the PDF of a print file lies."""
    return office.settings.prints_folder / f"{print_file_id:06d}.pdf"


def _add_run(
    session: Session,
    meeting_id: int,
    survey_id: int,
    values: surveys.Values,
    layout: layouts.Layout,
    copies: int,
    user_id: int,
    behind: str = "",
) -> PrintFile:
    if session.get(Layout, layout.digest) is None:
        session.add(Layout(digest=layout.digest, form=layout.form, source=layout.dumps()))
        session.flush()
    run = PrintRun(
        meeting_id=meeting_id,
        survey_id=survey_id,
        layout_digest=layout.digest,
        subject=values.subject,
        values={"unit": values.unit, "subject": values.subject, "date": values.date, "members": list(values.members)},
        back=behind,
        created_by=user_id,
    )
    session.add(run)
    session.flush()
    return _add_file(session, run, copies, user_id)


def _behind(campaign: Campaign, layout: layouts.Layout) -> str:
    """Return what is printed on the back: the criteria. Raises InvalidInput where there are none, or too many words."""
    if not campaign.criteria.strip():
        raise InvalidInput("back-without-criteria")
    text = f"{campaign.title}　评议标准\n{campaign.criteria.strip()}"
    try:
        back.draw(text, layout.page_mm)
    except ValueError as error:
        raise InvalidInput("back-too-long") from error
    return text


def _add_file(session: Session, run: PrintRun, copies: int, user_id: int) -> PrintFile:
    closed.refuse(session, run.meeting_id)  # what was printed is part of the books
    file = PrintFile(print_run_id=run.id, copies=copies, created_by=user_id)
    session.add(file)
    session.flush()
    for sheet in _new_sheets(session, run.layout_digest, copies):
        session.add(IssuedSheet(sheet=sheet, print_run_id=run.id, print_file_id=file.id))
    return file


def _new_sheets(session: Session, digest: str, copies: int) -> list[str]:
    """Draw codes that no issued sheet has, sorted, so that nothing tells the order in which they were drawn."""
    taken: set[str] = set()
    while len(taken) < copies:
        fresh = {code.new_sheet(digest, taken) for _ in range(copies - len(taken))}
        taken |= fresh - set(_issued(session, fresh))
    return sorted(taken)


def _issued(session: Session, sheets: Iterable[str]) -> Iterator[str]:
    wanted = list(sheets)
    for start in range(0, len(wanted), 500):  # SQLite takes a bounded number of parameters
        yield from session.scalars(select(IssuedSheet.sheet).where(IssuedSheet.sheet.in_(wanted[start : start + 500])))


def _check_copies(copies: int) -> None:
    if not 1 <= copies <= MAX_COPIES:
        raise InvalidInput("copies-out-of-range", most=MAX_COPIES)


def _note_progress(office: Office, print_file_id: int, done: int) -> None:
    if done % PROGRESS_STEP:
        return
    with office.db.begin() as session:
        file = _get(session, PrintFile, print_file_id)
        file.done, file.lease_until = done, now() + LEASE


def _finish(office: Office, print_file_id: int, *, state: str, problem: str = "", done: int = 0, size: int = 0) -> None:
    with office.db.begin() as session:
        file = _get(session, PrintFile, print_file_id)
        file.state, file.problem, file.done, file.bytes, file.lease_until = state, problem, done, size, None


def _view(run: PrintRun) -> RunView:
    names = len(run.values.get("members", []))
    return RunView(run.id, run.survey.form, run.survey.title, run.subject, names, run.layout_digest, tuple(run.files))


def _entered(heads: dict[tuple[str, str, str], int], kind: str, form: str) -> int | None:
    numbers = [number for (its_kind, its_form, _), number in heads.items() if (its_kind, its_form) == (kind, form)]
    return sum(numbers) if numbers else None


def _get(session: Session, kind: type[T], key: int | str) -> T:
    row = session.get(kind, key)
    if row is None:
        raise NotFound("no-such-row", kind=kind.__name__)
    return row
