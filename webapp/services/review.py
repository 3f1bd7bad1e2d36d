"""Review: decisions over machine answers, their undoing, and what they are about.

A decision is a row that is added, never changed; ``services.answers`` says which one holds, ``services.two_persons``
how two persons come to one, ``services.review_queue`` what waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.layout import Layout, Question
from webapp import models
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Answer, Decision, Page, PrintRun, Reading, User
from webapp.office import Office
from webapp.services import closed, leases, procedures, settling, two_persons
from webapp.services.answers import AGREED, DIFFERS, DOUBTFUL, FIRST, KNOWN, MACHINE, RULING, STANDING, recount
from webapp.services.review_queue import Item as Item
from webapp.services.review_queue import Kind as Kind
from webapp.services.review_queue import Queue as Queue
from webapp.services.review_queue import kind_from
from webapp.services.review_queue import queue as queue
from webapp.services.review_queue import queue_in as queue_in

VERDICTS = ("answered", "blank", "invalid")
NOTE_LENGTH = 200
UNDOABLE = ("", FIRST, AGREED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a question: answered with ``choice``, blank (弃权) or invalid (无效)."""

    state: str
    choice: tuple[str, ...] = ()
    note: str = ""


def decide(office: Office, *, page_id: int, question: str, verdict: Verdict, user_id: int, seen: int | None) -> int:
    """Add a decision on any question of a page, a sure one too. Returns its id.

    ``seen`` is the newest decision that the person saw (None: there was none). Raises NotFound, InvalidInput, and
    Conflict "decided-since" where another person decided meanwhile: then nothing is added.
    """
    with office.db.begin() as session:
        page = open_page(session, page_id)
        choice = ",".join(_checked(session, page, question, verdict))
        last = last_standing(session, page_id, question)
        if not two_persons.is_blind(last, user_id):  # who can't see a decision can't have overlooked it
            _check_seen(session, page_id, question, seen)
        same = last is not None and (last.state, last.choice) == (verdict.state, choice)
        said = two_persons.Said(user_id, same, needs_two(session, page, question, verdict))
        row = Decision(
            page_id=page_id,
            question=question,
            state=verdict.state,
            choice=choice,
            stage=two_persons.stage_after(last, said),
            user_id=user_id,
            note=verdict.note.strip(),
        )
        add(session, page, row)
        return row.id


def needs_two(session: Session, page: Page, question: str, verdict: Verdict) -> bool:
    """Tell whether a verdict needs a second person: invalid, and whatever stands on a multiple or cancelled mark."""
    if not procedures.of_page(session, page).two_persons:
        return False
    return verdict.state == "invalid" or kind_of(session, page, question) in (Kind.MULTIPLE, Kind.CANCELLED)


def kind_of(session: Session, page: Page, question: str) -> Kind | None:
    """Return why the reading in force is doubtful on a question; None where it is sure, or there is none."""
    answer = session.get(Answer, (page.reading_id, question)) if page.reading_id else None
    if answer is None or answer.state not in DOUBTFUL:
        return None
    reading = session.get_one(Reading, page.reading_id)
    return kind_from(answer.state, answer.choice, reading.value["questions"][question])


def rule(office: Office, *, page_id: int, question: str, verdict: Verdict, user_id: int, seen: int | None) -> int:
    """Rule as the scrutineer where two persons differ, or where he ruled before. Returns the id of the decision.

    Raises as ``decide``, InvalidInput without a reason, and Conflict where there is nothing to rule, or he decided.
    """
    if not verdict.note.strip():
        raise InvalidInput("ruling-needs-reason")
    with office.db.begin() as session:
        page = open_page(session, page_id)
        choice = ",".join(_checked(session, page, question, verdict))
        _check_seen(session, page_id, question, seen)
        last = last_standing(session, page_id, question)
        if last is None or last.stage not in (DIFFERS, RULING):
            raise Conflict("nothing-to-rule")
        if any(row.user_id == user_id and row.stage != RULING for row, _ in history(session, page_id, question)):
            raise Conflict("rules-own-decision")
        row = Decision(page_id=page_id, question=question, state=verdict.state, choice=choice, stage=RULING)
        row.user_id, row.note = user_id, verdict.note.strip()
        add(session, page, row)
        return row.id


def undo(office: Office, *, page_id: int, question: str, user_id: int, seen: int | None) -> int:
    """Add a row that restores what held before the decision in force. Repeated, it goes back to the machine's answer.

    Raises NotFound, InvalidInput "nothing-to-undo", and Conflict "decided-since".
    """
    with office.db.begin() as session:
        page = open_page(session, page_id)
        _check_seen(session, page_id, question, seen)
        stack = _standing_decisions(session, page_id, question)
        if not stack or stack[-1].origin == "keyed":  # a keyed sheet has no machine's answer to go back to
            raise InvalidInput("nothing-to-undo")
        two_persons.refuse_undo(stack[-1], user_id)
        before = stack[-2] if len(stack) > 1 else None
        row = Decision(
            page_id=page_id,
            question=question,
            state=before.state if before else MACHINE,
            choice=before.choice if before else "",
            stage=before.stage if before else "",
            undoes=stack[-1].id,
            user_id=user_id,
        )
        add(session, page, row)
        return row.id


def last_of(office: Office, *, meeting_id: int, user_id: int) -> Decision | None:
    """Return the person's newest decision of this meeting that still holds: what "undo" goes back to."""
    with office.db.read() as session:
        undone = select(Decision.undoes).where(Decision.undoes.is_not(None))
        query = (
            select(Decision)
            .join(Page, Page.id == Decision.page_id)
            .join(PrintRun, PrintRun.id == Page.print_run_id)
            .where(PrintRun.meeting_id == meeting_id, Decision.user_id == user_id, Decision.origin == "review")
            .where(Decision.undoes.is_(None), Decision.id.not_in(undone), Page.state.in_(KNOWN))
            .where(Page.standing.in_(STANDING))
            .order_by(Decision.id.desc())
        )
        for row in session.scalars(query.execution_options(yield_per=20)):  # the first one nearly always holds
            if _standing_decisions(session, row.page_id, row.question)[-1].id == row.id and row.stage in UNDOABLE:
                return row
    return None


def history(session: Session, page_id: int, question: str) -> list[tuple[Decision, User]]:
    """Return all decisions on a question with their authors, oldest first."""
    query = select(Decision, User).join(User, User.id == Decision.user_id)
    query = query.where(Decision.page_id == page_id, Decision.question == question).order_by(Decision.id)
    return [(decision, user) for decision, user in session.execute(query)]


def standing_with_authors(session: Session, page_id: int, question: str) -> list[tuple[Decision, User]]:
    """Return the decisions that were not undone, with their authors, oldest first."""
    rows = _standing_decisions(session, page_id, question)
    return [(row, session.get_one(User, row.user_id)) for row in rows]


def open_page(session: Session, page_id: int) -> Page:
    """Return a page whose questions can be decided. Raises NotFound, and Conflict "page-counts-nowhere"."""
    page = session.get(Page, page_id)
    if page is None or page.print_run_id is None:
        raise NotFound("no-such-page")
    if page.state not in ("read", "keyed") or page.standing not in STANDING:
        raise Conflict("page-counts-nowhere")
    closed.refuse_pages(session, (page,))
    return page


def layout_of(session: Session, page: Page) -> Layout:
    """Return the layout that a page was read against."""
    run = session.get_one(PrintRun, page.print_run_id)
    return _layout(session.get_one(models.Layout, run.layout_digest).source)


@lru_cache(maxsize=64)
def _layout(source: str) -> Layout:
    return Layout.loads(source)


def _question(session: Session, page: Page, question: str) -> Question:
    assert page.sheet_page is not None  # noqa: S101 - a page with a print run was identified
    for found in layout_of(session, page).page(page.sheet_page).questions:
        if found.id == question:
            return found
    raise NotFound("no-such-question", question=question)


def _checked(session: Session, page: Page, question: str, verdict: Verdict) -> tuple[str, ...]:
    asked = _question(session, page, question)
    choices = [box.id for box in asked.boxes]
    if verdict.state not in VERDICTS or not set(verdict.choice) <= set(choices) or len(verdict.note) > NOTE_LENGTH:
        raise InvalidInput("bad-verdict")
    fitting = 1 <= len(set(verdict.choice)) <= asked.most if verdict.state == "answered" else not verdict.choice
    if not fitting:
        raise InvalidInput("bad-verdict")
    return tuple(choice for choice in choices if choice in verdict.choice)


def _check_seen(session: Session, page_id: int, question: str, seen: int | None) -> None:
    newest = session.scalar(
        select(func.max(Decision.id)).where(Decision.page_id == page_id, Decision.question == question)
    )
    if newest != seen:
        raise Conflict("decided-since", page_id=page_id, question=question, seen=seen, newest=newest)


def last_standing(session: Session, page_id: int, question: str) -> Decision | None:
    """Return the newest decision that was not undone."""
    return next(reversed(_standing_decisions(session, page_id, question)), None)


def _standing_decisions(session: Session, page_id: int, question: str) -> list[Decision]:
    """Return the decisions that were not undone, oldest first; rows of undo themselves are left out."""
    query = select(Decision).where(Decision.page_id == page_id, Decision.question == question).order_by(Decision.id)
    rows = list(session.scalars(query))
    undone = {row.undoes for row in rows}
    return [row for row in rows if row.undoes is None and row.id not in undone]


def add(session: Session, page: Page, row: Decision) -> None:
    """Add a decision, and with it all that follows from it: what waits, and which copy of the sheet counts."""
    session.add(row)
    leases.release(session, row.page_id, row.question, row.user_id)
    key = (page.sheet, page.sheet_page) if page.sheet and page.sheet_page else None
    changed = settling.settle(session, {key} if key else ())
    for each in {page, *changed}:
        recount(session, each)


def counts(session: Session, meeting_ids: Iterable[int]) -> dict[int, int]:
    """Return how many questions wait for a person, by meeting; meetings without any are left out."""
    query = (
        select(PrintRun.meeting_id, func.sum(Page.doubts))
        .join(Page, Page.print_run_id == PrintRun.id)
        .where(PrintRun.meeting_id.in_(list(meeting_ids)), Page.standing.in_(STANDING))
        .group_by(PrintRun.meeting_id)
    )
    waiting: dict[int, int] = defaultdict(int)
    waiting.update({meeting_id: int(number) for meeting_id, number in session.execute(query) if number})
    return waiting


def pages_read(office: Office, meeting_id: int) -> int:
    """Return how many pages of a meeting were read and count."""
    query = select(func.count()).select_from(Page).join(PrintRun, PrintRun.id == Page.print_run_id)
    query = query.where(PrintRun.meeting_id == meeting_id, Page.state == "read", Page.standing.in_(STANDING))
    with office.db.read() as session:
        return session.scalar(query) or 0
