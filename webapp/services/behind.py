"""The sheets behind a figure: every number of the count can be opened to the pages that make it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from omr.disclosure import members
from omr.tally import Outcome
from webapp.models import Answer, Page
from webapp.office import Office
from webapp.services import counting, tally
from webapp.services.answers import DOUBTFUL, void_sheets

PER_PAGE = 48
PERSON_STATES = {Outcome.ANSWERED: "answered", Outcome.BLANK: "blank", Outcome.INVALID: "invalid"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which figure. Without ``item``: whole sheets (of a class, or the void ones). ``choices``: any of them."""

    subject: str | None = None
    item: str | None = None
    outcome: Outcome | None = None
    choices: tuple[str, ...] = ()
    rater_class: str | None = None  # a row of classes as ``omr.disclosure`` joins them; "" is 身份未填
    void: bool = False
    unread: bool = False  # of ``item``: sheets whose page came and on which nothing was read there

    @property
    def tells_a_result(self) -> bool:
        """Whether how many there are tells how raters marked; of the books alone it does not."""
        return (self.item is not None and not self.unread) or self.rater_class is not None


@dataclass(frozen=True, slots=True)
class Behind:
    """One page behind a figure. ``question`` is '' where whole sheets are meant or the page did not come.

    ``read_state`` and ``read_choice`` are the machine's; None where the sheet was keyed in by hand.
    """

    page_id: int
    sheet: str
    question: str
    rater_class: str
    state: str = ""
    choice: str = ""
    decided: bool = False
    read_state: str | None = None
    read_choice: str | None = None
    scanned: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the pages behind a figure, and how many sheets there are in all."""

    total: int
    pages: tuple[Behind, ...]


def sheets_behind(
    office: Office, meeting_id: int, ref: tally.FormRef, wanted: Filter, offset: int = 0, limit: int = PER_PAGE
) -> Found:
    """Return the pages behind a figure, in the order of their random codes."""
    subject = wanted.subject if wanted.item is None and not ref.is_roster else None  # whole sheets are about one
    with office.db.read() as session:
        return find(session, tally.scope_of(meeting_id, ref, subject), wanted, offset, limit)


def find(session: Session, scope: counting.Scope, wanted: Filter, offset: int = 0, limit: int = PER_PAGE) -> Found:
    """Return the pages behind a figure inside an open transaction."""
    if wanted.item is None:
        query = _whole_sheets(scope, wanted)
    else:
        places = _places(session, scope, wanted)
        if not places:
            return Found(0, ())
        make = _unread if wanted.unread else _missing if wanted.outcome == Outcome.MISSING else _marks
        query = make(scope, wanted, places)
    # All rows are read and cut here: around a COUNT(*) SQLite chooses a plan that is ten times as slow.
    rows = session.execute(query.order_by("sheet")).mappings().all()
    return Found(len(rows), tuple(Behind(**row) for row in rows[offset : offset + limit]))


def _places(session: Session, scope: counting.Scope, wanted: Filter) -> dict[tuple[str, int], list[int]]:
    """Return where the item stands: (question id, page) → print runs."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for run in counting.runs(session, scope).values():
        for question, (page, asked) in run.asked.items():
            if asked.item == wanted.item and wanted.subject in (None, asked.subject):
                found[question, page].append(run.id)
    return found


def _marks(scope: counting.Scope, wanted: Filter, places: dict[tuple[str, int], list[int]]) -> Select[Any]:
    pages = counting.counting_pages(scope)
    raters = counting.effective(pages, rater=True)
    marks = counting.effective(pages)
    here = or_(
        *(and_(marks.c.question == question, marks.c.print_run_id.in_(runs)) for (question, _), runs in places.items())
    )
    return (
        select(
            marks.c.page_id,
            marks.c.sheet,
            marks.c.question,
            counting.rater_class(raters).label("rater_class"),
            marks.c.state,
            marks.c.choice,
            marks.c.decided,
            Answer.state.label("read_state"),
            Answer.choice.label("read_choice"),
            Page.scan_id.is_not(None).label("scanned"),
        )
        .join(Page, Page.id == marks.c.page_id)
        .outerjoin(Answer, and_(Answer.reading_id == Page.reading_id, Answer.question == marks.c.question))
        .outerjoin(raters, raters.c.sheet == marks.c.sheet)
        .where(
            here,
            marks.c.sheet.not_in(void_sheets()),
            *_stands(marks, wanted),
            *_of_class(raters, wanted),
        )
    )


def _stands(marks: CTE, wanted: Filter) -> Iterable[ColumnElement[bool]]:
    if wanted.outcome == Outcome.PENDING:
        yield and_(marks.c.state.in_(DOUBTFUL), ~marks.c.decided)
    elif wanted.outcome is not None:
        yield marks.c.state == PERSON_STATES[wanted.outcome]
    if wanted.choices:
        taken = "," + marks.c.choice + ","
        yield or_(*(taken.contains(f",{choice},", autoescape=True) for choice in wanted.choices))


def _of_class(raters: CTE, wanted: Filter) -> Iterable[ColumnElement[bool]]:
    if wanted.rater_class is not None:
        yield counting.rater_class(raters).in_(members(wanted.rater_class))


def _missing(scope: counting.Scope, wanted: Filter, places: dict[tuple[str, int], list[int]]) -> Select[Any]:
    """Sheets that came, but without the page that asks the item."""
    pages = counting.counting_pages(scope)
    here = pages.alias("came")
    gone = or_(
        *(
            and_(
                pages.c.print_run_id.in_(runs),
                ~select(here.c.id).where(here.c.sheet == pages.c.sheet, here.c.sheet_page == page).exists(),
            )
            for (_, page), runs in places.items()
        )
    )
    return _sheets(pages, wanted, gone, pages.c.sheet.not_in(void_sheets()))


def _unread(scope: counting.Scope, wanted: Filter, places: dict[tuple[str, int], list[int]]) -> Select[Any]:
    """Sheets whose page came, but nothing is known of the item: in no column, so that its columns do not add up."""
    pages = counting.counting_pages(scope)
    marks = counting.effective(pages)
    read = (
        and_(
            pages.c.print_run_id.in_(runs),
            pages.c.sheet_page == page,
            ~select(marks.c.page_id).where(marks.c.page_id == pages.c.id, marks.c.question == question).exists(),
        )
        for (question, page), runs in places.items()
    )
    return _sheets(pages, wanted, or_(*read), pages.c.sheet.not_in(void_sheets()))


def _whole_sheets(scope: counting.Scope, wanted: Filter) -> Select[Any]:
    pages = counting.counting_pages(scope)
    if wanted.void:
        return _sheets(pages, wanted, pages.c.sheet.in_(void_sheets()))
    if wanted.rater_class is not None:  # the figure beside a class is its valid sheets
        return _sheets(pages, wanted, pages.c.sheet.not_in(void_sheets()))
    return _sheets(pages, wanted)


def _sheets(pages: CTE, wanted: Filter, *conditions: ColumnElement[bool]) -> Select[Any]:
    """One row a sheet: the first of its pages that came."""
    raters = counting.effective(pages, rater=True)
    first = func.min(pages.c.id)
    return (
        select(
            first.label("page_id"),
            pages.c.sheet,
            func.max("").label("question"),
            func.max(counting.rater_class(raters)).label("rater_class"),
            (func.count(Page.scan_id) > 0).label("scanned"),
        )
        .join(Page, Page.id == pages.c.id)
        .outerjoin(raters, raters.c.sheet == pages.c.sheet)
        .where(*conditions, *_of_class(raters, wanted))
        .group_by(pages.c.sheet)
    )
