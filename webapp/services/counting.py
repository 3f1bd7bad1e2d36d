"""The count as SQL: newest decisions over the readings in force, void sheets out. Same values as ``omr.tally.count``.

Nothing counted is stored. Every query starts from the pages that count (``counting_pages``), so that a withdrawn batch,
a tray, a rescan or another meeting can't leak into one figure and not into the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from forms import layout as layouts
from omr.tally import UNSTATED, Asked, Cell, Count, Outcome, outcome
from webapp.models import Batch, Layout, Page, PrintRun, Scan
from webapp.services.answers import MACHINE, effective_answers, void_sheets

RATER_CLASS = "rater_class"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is counted together: one form of one meeting. ``items`` are the ids of the survey's items.

    ``subject``, where it is given, leaves the print runs for one subject alone.
    """

    meeting_id: int
    survey_id: int
    items: frozenset[str]
    subject: str | None = None

    @property
    def print_runs(self) -> ColumnElement[bool]:
        """The print runs of the scope."""
        of_form = and_(PrintRun.meeting_id == self.meeting_id, PrintRun.survey_id == self.survey_id)
        return of_form if self.subject is None else and_(of_form, PrintRun.subject == self.subject)


@dataclass(frozen=True, slots=True)
class Run:
    """A print run: the layout says which question of which page asks what about whom."""

    id: int
    subject: str
    asked: Mapping[str, tuple[int, Asked]]  # question id → (page, what it asks)


def runs(session: Session, scope: Scope) -> dict[int, Run]:
    """Return the print runs of a scope by id, in the order in which they were made."""
    rows = session.execute(
        select(PrintRun.id, PrintRun.subject, Layout.source)
        .join(Layout, Layout.digest == PrintRun.layout_digest)
        .where(scope.print_runs)
        .order_by(PrintRun.id)
    )
    return {key: Run(key, subject, _asked(source, subject, scope.items)) for key, subject, source in rows}


@lru_cache(maxsize=512)
def _asked(source: str, subject: str, items: frozenset[str]) -> dict[str, tuple[int, Asked]]:
    """Map the questions of a layout to what they ask; the questions about the rater are not among them."""
    layout = layouts.Layout.loads(source)
    found = {}
    for page in layout.pages:
        for question in page.questions:
            row, _, item = question.id.rpartition(".")
            if item in items:
                found[question.id] = (page.page, Asked(layout.rows[row] if row else subject, item))
    return found


def counting_pages(scope: Scope) -> CTE:
    """Pages that count: standing "counts", in no withdrawn batch. A page keyed in by hand has no scan."""
    return (
        select(Page.id, Page.reading_id, Page.sheet, Page.sheet_page, Page.print_run_id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .outerjoin(Scan, Scan.id == Page.scan_id)
        .outerjoin(Batch, Batch.id == Scan.batch_id)
        .where(
            scope.print_runs,
            Page.standing == "counts",
            Batch.withdrawn_at.is_(None),
        )
        .cte("counting_pages")
    )


def effective(pages: CTE, *, rater: bool = False) -> CTE:
    """What stands for each question of ``pages`` (page_id, sheet, print_run_id, question, state, choice, decided)."""
    rows = effective_answers(select(pages.c.id)).subquery()
    found = (
        select(
            rows.c.page_id,
            pages.c.sheet,
            pages.c.print_run_id,
            rows.c.question,
            rows.c.state,
            rows.c.choice,
            (rows.c.source != MACHINE).label("decided"),
        )
        .join(pages, pages.c.id == rows.c.page_id)
        .where((rows.c.question == RATER_CLASS) if rater else (rows.c.question != RATER_CLASS))
    )
    return found.cte("rater_answers" if rater else "item_answers")


def count(session: Session, scope: Scope) -> Count:
    """Count one form of one meeting."""
    known = runs(session, scope)
    pages = counting_pages(scope)
    raters = effective(pages, rater=True)
    returned, void = _returned(session, pages)
    valid: Counter[str] = Counter()
    rater: Counter[Outcome] = Counter()
    asked: Counter[tuple[str, str, str]] = Counter()
    cells: Counter[Cell] = Counter()
    came = _sheets(session, pages, raters, pages.c.print_run_id, pages.c.sheet_page)
    for ((run,), who, stands), number in _sheets(session, pages, raters, pages.c.print_run_id).items():
        valid[who] += number
        rater[stands] += number
        for page, question in known[run].asked.values():
            asked[*question, who] += number
            gone = number - came[(run, page), who, stands]
            if gone:
                cells[Cell(*question, who, Outcome.MISSING)] += gone
    for run, name, who, state, decided, choice, number in _answered(session, pages, raters):
        if name in known[run].asked:
            question = known[run].asked[name][1]
            cells[Cell(*question, who, outcome(state, decided=bool(decided)), choice)] += number
    return Count(returned, void, dict(valid), dict(rater), dict(asked), dict(cells))


def rater_class(raters: CTE) -> ColumnElement[str]:
    """The class of a row joined with ``effective(pages, rater=True)``; empty where none can be counted."""
    return case((raters.c.state == "answered", raters.c.choice), else_=UNSTATED)


def rater_outcome(state: str | None, decided: bool | None) -> Outcome:
    """How the question for the rater class stands; its page may not have come."""
    return Outcome.MISSING if state is None else outcome(state, decided=bool(decided))


def _returned(session: Session, pages: CTE) -> tuple[int, int]:
    void = func.count(func.distinct(case((pages.c.sheet.in_(void_sheets()), pages.c.sheet))))
    row = session.execute(select(func.count(func.distinct(pages.c.sheet)), void)).one()
    return int(row[0]), int(row[1])


def _sheets(
    session: Session, pages: CTE, raters: CTE, *by: ColumnElement[int]
) -> Counter[tuple[tuple[int, ...], str, Outcome]]:
    """Count valid sheets by (columns of ``pages``, rater class, how that question stands)."""
    keys: tuple[ColumnElement[Any], ...] = (*by, rater_class(raters), raters.c.state, raters.c.decided)
    found: Counter[tuple[tuple[int, ...], str, Outcome]] = Counter()
    for *where, who, state, decided, number in session.execute(
        select(*keys, func.count(func.distinct(pages.c.sheet)))
        .outerjoin(raters, raters.c.sheet == pages.c.sheet)
        .where(pages.c.sheet.not_in(void_sheets()))
        .group_by(*keys)
    ):
        found[tuple(where), who, rater_outcome(state, decided)] += number
    return found


def _answered(session: Session, pages: CTE, raters: CTE) -> Any:
    """Rows (run, question, rater class, state, decided, choice, sheets)."""
    found = effective(pages)
    who = rater_class(raters)
    columns: tuple[ColumnElement[Any], ...] = (
        found.c.print_run_id,
        found.c.question,
        who,
        found.c.state,
        found.c.decided,
        found.c.choice,
    )
    return session.execute(
        select(*columns, func.count())
        .outerjoin(raters, raters.c.sheet == found.c.sheet)
        .where(found.c.sheet.not_in(void_sheets()))
        .group_by(*columns)
    )
