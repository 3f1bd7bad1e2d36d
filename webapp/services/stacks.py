"""What became of the sheets that were scanned: counted, held, scanned again; and how sure the reader was of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from omr.residual import Residual
from omr.tally import Asked
from webapp.models import Answer, Batch, Decision, Page, PrintRun, Scan
from webapp.services import counting
from webapp.services.answers import DOUBTFUL, effective_answers, void_sheets
from webapp.services.settling import COUNTS, HELD, RESCAN

BY_PHONE = "phone"  # the note of what a helper took down by telephone
LANDED = (COUNTS, HELD, RESCAN)  # standings of a page that was recognised as one of ours


@dataclass(frozen=True, slots=True)
class Stack:
    """Different sheets of a form. ``read`` = counted + ``apart``, where nothing was lost on the way.

    ``apart``: sheets of which no page counts, since copies of them differ (a photocopy, a changed sheet); ``unruled``:
    sheets of which some page waits for that ruling; ``again``: pages that were scanned more than once and say the
    same; ``about``: the sheets that count, by subject.
    """

    read: int = 0
    apart: int = 0
    unruled: int = 0
    again: int = 0
    about: Mapping[str, int] = field(default_factory=dict)


def stack(session: Session, scope: counting.Scope) -> Stack:
    """Count the sheets of a scope by what became of them."""
    counts = aliased(Page)
    with_counting = exists().where(counts.sheet == Page.sheet, counts.standing == COUNTS)
    about = _pages(scope, PrintRun.subject, func.count(func.distinct(Page.sheet))).where(Page.standing == COUNTS)
    return Stack(
        read=_number(session, scope, Page.standing.in_(LANDED)),
        apart=_number(session, scope, Page.standing == HELD, ~with_counting),
        unruled=_number(session, scope, Page.standing == HELD),
        again=session.scalar(_pages(scope, func.count(Page.id)).where(Page.standing == RESCAN)) or 0,
        about={subject: number for subject, number in session.execute(about.group_by(PrintRun.subject))},
    )


def keyed(session: Session, scope: counting.Scope) -> tuple[int, int]:
    """Count the sheets that were keyed in by hand, and of these those taken down by telephone (电话代录)."""
    counted = _pages(scope, func.count(func.distinct(Page.sheet))).where(Page.standing == COUNTS, Page.state == "keyed")
    phone = exists().where(Decision.page_id == Page.id, Decision.origin == "keyed", Decision.note == BY_PHONE)
    return session.scalar(counted) or 0, session.scalar(counted.where(phone)) or 0


def residuals(session: Session, scope: counting.Scope) -> dict[Asked | None, Residual]:
    """Return how sure the reader was of what nobody looked at, by what was asked; None: the class of the rater.

    Of the pages that count, void sheets left out: sure answers and blanks that no decision has replaced.
    """
    pages = counting.counting_pages(scope)
    held = effective_answers(select(pages.c.id)).subquery()
    query = (
        select(pages.c.print_run_id, Answer.question, func.count(), func.sum(1.0 - Answer.probability))
        .select_from(pages)
        .join(Answer, Answer.reading_id == pages.c.reading_id)
        .join(held, (held.c.page_id == pages.c.id) & (held.c.question == Answer.question))
        .where(held.c.source == "machine", held.c.state.not_in(DOUBTFUL), pages.c.sheet.not_in(void_sheets()))
        .group_by(pages.c.print_run_id, Answer.question)
    )
    runs = counting.runs(session, scope)
    found: dict[Asked | None, Residual] = defaultdict(Residual)
    for run, question, number, doubt in session.execute(query):
        place = runs[run].asked.get(question)
        if place or question == counting.RATER_CLASS:
            found[place[1] if place else None] += Residual(number, max(float(doubt), 0.0))
    return dict(found)


def _pages(scope: counting.Scope, *columns: Any) -> Select[Any]:
    """SQL: the pages of a scope whose batch was not withdrawn."""
    query = select(*columns).select_from(Page).join(PrintRun, PrintRun.id == Page.print_run_id)
    query = query.outerjoin(Scan, Scan.id == Page.scan_id).outerjoin(Batch, Batch.id == Scan.batch_id)
    return query.where(scope.print_runs, Batch.withdrawn_at.is_(None))


def _number(session: Session, scope: counting.Scope, *conditions: ColumnElement[bool]) -> int:
    """Count different sheets."""
    return int(session.scalar(_pages(scope, func.count(func.distinct(Page.sheet))).where(*conditions)) or 0)
