"""Which answer holds: the newest decision of a person, else the machine's. The one place that says so, in SQL.

A decision whose state is "machine" (an undo that went back to the start) gives the word back to the machine. One that
waits for a second person, or for the scrutineer, holds for nobody: the question is unsure until it is settled. A whole
sheet is void, or is not, as the newest settled ruling says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from webapp.models import Answer, Decision, Page, Ruling

DOUBTFUL = ("multiple", "unsure")  # states of an answer that a person must look at
STANDING = ("counts", "held")  # pages whose doubts matter; a rescan or a withdrawn page asks nothing
MACHINE = "machine"
FIRST, AGREED, DIFFERS, RULING = "first", "agreed", "differs", "ruling"  # stages; "" is one person's, which suffices
OPEN_STAGES = (FIRST, DIFFERS)
KNOWN = ("read", "keyed")  # states of a page whose answers are known
CHUNK = 300  # SQLite takes a bounded number of parameters


@dataclass(frozen=True, slots=True)
class Effective:
    """The answer that is counted. ``source`` is "machine" or "person"."""

    state: str
    choice: str
    source: str


def newest_decisions() -> Select[int]:
    """SQL: the ids of the decisions that hold."""
    return select(func.max(Decision.id)).group_by(Decision.page_id, Decision.question)


def void_sheets() -> Select[str]:
    """SQL: the sheets that were ruled void and not taken back. A ruling that is not settled changes nothing yet."""
    newest = select(func.max(Ruling.id)).where(Ruling.kind.in_(("void", "valid")), Ruling.stage.not_in(OPEN_STAGES))
    newest = newest.group_by(Ruling.sheet)
    return select(Ruling.sheet).where(Ruling.id.in_(newest), Ruling.kind == "void")


def open_rulings() -> Select[int]:
    """SQL: the rulings on whole sheets that wait for a second person or for the scrutineer."""
    newest = select(func.max(Ruling.id)).where(Ruling.kind.in_(("void", "valid"))).group_by(Ruling.sheet)
    return select(Ruling.id).where(Ruling.id.in_(newest), Ruling.stage.in_(OPEN_STAGES))


def settled() -> ColumnElement[bool]:
    """SQL: a newest decision that holds against the machine."""
    return and_(Decision.state != MACHINE, Decision.stage.not_in(OPEN_STAGES))


def is_void(session: Session, sheet: str) -> bool:
    """Tell whether a sheet is void now."""
    return session.scalar(select(void_sheets().where(Ruling.sheet == sheet).exists())) or False


def effective_answers(
    within: Select[int] | None = None, question: str | None = None
) -> Select[int, str, str, str, str]:
    """SQL: (page_id, question, state, choice, source) of the pages: the newest decision, else the machine's answer.

    ``within`` selects the ids of the pages; without it all are meant. A count gives it, so that its time grows with one
    meeting and not with the whole database. ``question`` leaves one question alone.
    """
    waits = Decision.stage.in_(OPEN_STAGES)  # its own words stay with whoever wrote them
    person = select(
        Decision.page_id,
        Decision.question,
        case((waits, "unsure"), else_=Decision.state).label("state"),
        case((waits, ""), else_=Decision.choice).label("choice"),
        case((waits, MACHINE), else_=literal("person")).label("source"),
    ).where(Decision.id.in_(newest_decisions()), Decision.state != MACHINE)
    if within is not None:
        person = person.where(Decision.page_id.in_(within))
    if question is not None:
        person = person.where(Decision.question == question)
    ruled = aliased(Decision)
    machine = (
        select(Page.id, Answer.question, Answer.state, Answer.choice, literal(MACHINE))
        .join(Answer, Answer.reading_id == Page.reading_id)
        .where(
            ~exists().where(
                ruled.page_id == Page.id,
                ruled.question == Answer.question,
                ruled.id.in_(newest_decisions()),
                ruled.state != MACHINE,
            )
        )
    )
    if within is not None:
        machine = machine.where(Page.id.in_(within))
    if question is not None:
        machine = machine.where(Answer.question == question)
    rows = union_all(person, machine).subquery()
    return select(rows.c.page_id, rows.c.question, rows.c.state, rows.c.choice, rows.c.source)


def effective(session: Session, page_ids: Iterable[int]) -> dict[tuple[int, str], Effective]:
    """Return the answers that hold on some pages, by (page id, question)."""
    query = effective_answers().subquery()
    rows = session.execute(select(query).where(query.c.page_id.in_(list(page_ids))))
    return {(page_id, question): Effective(*rest) for page_id, question, *rest in rows}


def recount(session: Session, page: Page) -> int:
    """Set and return ``page.doubts``: its questions that wait for a person; none where nothing of it counts."""
    recount_all(session, (page,))
    return page.doubts


def recount_all(session: Session, pages: Iterable[Page]) -> None:
    """Set ``doubts`` of many pages, as ``recount`` does of one."""
    session.flush()
    ordered = list(pages)
    for start in range(0, len(ordered), CHUNK):
        _recount(session, ordered[start : start + CHUNK])


def _recount(session: Session, pages: Sequence[Page]) -> None:
    asking = {page.id: page.sheet for page in pages if page.state in KNOWN and page.standing in STANDING and page.sheet}
    void = set(session.scalars(void_sheets().where(Ruling.sheet.in_(set(asking.values())))))
    ids = [page_id for page_id, sheet in asking.items() if sheet not in void]
    doubts = Counter(page_id for page_id, _question in open_questions(session, ids))
    for page in pages:
        page.doubts = doubts[page.id]


def open_questions(session: Session, page_ids: Sequence[int]) -> set[tuple[int, str]]:
    """Return the questions of pages that wait for a person, as (page id, question)."""
    newest = newest_decisions().where(Decision.page_id.in_(page_ids))
    ruled = exists().where(
        Decision.page_id == Page.id,
        Decision.question == Answer.question,
        Decision.id.in_(newest),
        settled(),
    )
    unsure = select(Page.id, Answer.question).join(Answer, Answer.reading_id == Page.reading_id)
    unsure = unsure.where(Page.id.in_(page_ids), Answer.state.in_(DOUBTFUL), ~ruled)
    begun = select(Decision.page_id, Decision.question).where(
        Decision.id.in_(newest), Decision.stage.in_(OPEN_STAGES), Decision.state != MACHINE
    )
    return {(page_id, question) for query in (unsure, begun) for page_id, question in session.execute(query)}
