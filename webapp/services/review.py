"""Review: the queue of doubtful questions, decisions over machine answers, undo, void sheets.

A decision is a row that is added, never changed; ``services.answers`` says which one holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from forms.layout import Layout, Question
from webapp import models
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Answer, Decision, Page, PrintRun, Reading, Ruling, User
from webapp.office import Office
from webapp.services import settling
from webapp.services.answers import DOUBTFUL, MACHINE, STANDING, newest_decisions, recount, void_sheets

VERDICTS = ("answered", "blank", "invalid")
NOTE_LENGTH = 200


class Kind(IntEnum):
    """Why a question is doubtful, gravest first: the order of the queue."""

    MULTIPLE = 0
    CANCELLED = 1  # a filled box beside what is unsure
    UNSURE = 2
    BLANK = 3  # perhaps nothing was marked at all


@dataclass(frozen=True, slots=True)
class Item:
    """A doubtful question of the queue, decided or not."""

    page_id: int
    question: str
    kind: Kind
    decided: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """All doubtful questions of a meeting. The order depends on the readings alone: deciding moves nothing."""

    items: tuple[Item, ...]

    @property
    def waiting(self) -> int:
        return sum(not item.decided for item in self.items)

    @property
    def decided(self) -> int:
        return len(self.items) - self.waiting

    def place(self, page_id: int, question: str) -> int | None:
        """Return the place of a question, from 0; None for one the machine was sure of."""
        return next((n for n, i in enumerate(self.items) if (i.page_id, i.question) == (page_id, question)), None)

    def next_waiting(self, place: int | None) -> Item | None:
        """Return the next undecided item behind ``place``; after the last one the search goes on from the first."""
        start = 0 if place is None else place + 1
        return next((i for i in (*self.items[start:], *self.items[:start]) if not i.decided), None)

    def beside(self, place: int, step: int) -> Item | None:
        """Return the item ``step`` places away, decided or not; None beyond the ends."""
        return self.items[place + step] if 0 <= place + step < len(self.items) else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a question: answered with ``choice``, blank (弃权) or invalid (无效)."""

    state: str
    choice: tuple[str, ...] = ()
    note: str = ""


def queue(office: Office, meeting_id: int) -> Queue:
    """Return the doubtful questions of a meeting: multiple → cancelled → unsure → perhaps blank, then by page."""
    with office.db.read() as session:
        return queue_in(session, meeting_id)


def queue_in(session: Session, meeting_id: int) -> Queue:
    """Return the queue inside a session of the caller."""
    query = _doubts().join(PrintRun, PrintRun.id == Page.print_run_id).where(PrintRun.meeting_id == meeting_id)
    rows = session.execute(query).all()
    decided = _decided(session, meeting_id)
    readings = select(Reading.id, Reading.value).where(Reading.id.in_(select(query.subquery().c.reading_id)))
    values: dict[int, dict[str, Any]] = {key: value["questions"] for key, value in session.execute(readings)}
    found = []
    for page_id, reading_id, question, state, choice in rows:
        questions = values[reading_id]
        item = Item(page_id, question, _kind(state, choice, questions[question]), (page_id, question) in decided)
        found.append((item.kind, page_id, list(questions).index(question), item))
    return Queue(tuple(entry[-1] for entry in sorted(found, key=lambda entry: entry[:3])))


def _doubts() -> Select[int, int, str, str, str]:
    return (
        select(Page.id, Answer.reading_id, Answer.question, Answer.state, Answer.choice)
        .join(Answer, Answer.reading_id == Page.reading_id)
        .where(Page.state == "read", Page.standing.in_(STANDING), Answer.state.in_(DOUBTFUL))
        .where(Page.sheet.not_in(void_sheets()))
    )


def _decided(session: Session, meeting_id: int) -> set[tuple[int, str]]:
    query = (
        select(Decision.page_id, Decision.question)
        .join(Page, Page.id == Decision.page_id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Decision.id.in_(newest_decisions()), Decision.state != MACHINE)
    )
    return {(page_id, question) for page_id, question in session.execute(query)}


def _kind(state: str, choice: str, reading: dict[str, Any]) -> Kind:
    if state == "multiple":
        return Kind.MULTIPLE
    if any(box["state"] == "cancelled" for box in reading["boxes"].values()):
        return Kind.CANCELLED
    return Kind.UNSURE if choice else Kind.BLANK


def decide(office: Office, *, page_id: int, question: str, verdict: Verdict, user_id: int, seen: int | None) -> int:
    """Add a decision on any question of a page, a sure one too. Returns its id.

    ``seen`` is the newest decision that the person saw (None: there was none). Raises NotFound, InvalidInput, and
    Conflict "decided-since" where another person decided meanwhile: then nothing is added.
    """
    with office.db.begin() as session:
        page = open_page(session, page_id)
        choice = _checked(session, page, question, verdict)
        _check_seen(session, page_id, question, seen)
        row = Decision(
            page_id=page_id,
            question=question,
            state=verdict.state,
            choice=",".join(choice),
            user_id=user_id,
            note=verdict.note.strip(),
        )
        _add(session, page, row)
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
        before = stack[-2] if len(stack) > 1 else None
        row = Decision(
            page_id=page_id,
            question=question,
            state=before.state if before else MACHINE,
            choice=before.choice if before else "",
            undoes=stack[-1].id,
            user_id=user_id,
        )
        _add(session, page, row)
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
            .where(Decision.undoes.is_(None), Decision.id.not_in(undone), Page.state == "read")
            .where(Page.standing.in_(STANDING))
            .order_by(Decision.id.desc())
        )
        for row in session.scalars(query.execution_options(yield_per=20)):  # the first one nearly always holds
            if _standing_decisions(session, row.page_id, row.question)[-1].id == row.id:
                return row
    return None


def history(session: Session, page_id: int, question: str) -> list[tuple[Decision, User]]:
    """Return all decisions on a question with their authors, oldest first."""
    query = select(Decision, User).join(User, User.id == Decision.user_id)
    query = query.where(Decision.page_id == page_id, Decision.question == question).order_by(Decision.id)
    return [(decision, user) for decision, user in session.execute(query)]


def void(office: Office, *, sheet: str, note: str, user_id: int) -> None:
    """Rule a whole sheet void (废票). Raises InvalidInput without a reason, NotFound for a sheet that never came."""
    if not note.strip():
        raise InvalidInput("void-needs-reason")
    _rule(office, Ruling(sheet=sheet, kind="void", note=note.strip()[:NOTE_LENGTH], user_id=user_id))


def valid(office: Office, *, sheet: str, note: str = "", user_id: int) -> None:
    """Take a void back. Raises NotFound for a sheet that never came."""
    _rule(office, Ruling(sheet=sheet, kind="valid", note=note.strip()[:NOTE_LENGTH], user_id=user_id))


def open_page(session: Session, page_id: int) -> Page:
    """Return a page whose questions can be decided. Raises NotFound, and Conflict "page-counts-nowhere"."""
    page = session.get(Page, page_id)
    if page is None or page.print_run_id is None:
        raise NotFound("no-such-page")
    if page.state not in ("read", "keyed") or page.standing not in STANDING:
        raise Conflict("page-counts-nowhere")
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


def _standing_decisions(session: Session, page_id: int, question: str) -> list[Decision]:
    """Return the decisions that were not undone, oldest first; rows of undo themselves are left out."""
    query = select(Decision).where(Decision.page_id == page_id, Decision.question == question).order_by(Decision.id)
    rows = list(session.scalars(query))
    undone = {row.undoes for row in rows}
    return [row for row in rows if row.undoes is None and row.id not in undone]


def _add(session: Session, page: Page, row: Decision) -> None:
    """Add a decision, and with it all that follows from it: what waits, and which copy of the sheet counts."""
    session.add(row)
    key = (page.sheet, page.sheet_page) if page.sheet and page.sheet_page else None
    changed = settling.settle(session, {key} if key else ())
    for each in {page, *changed}:
        recount(session, each)


def _rule(office: Office, ruling: Ruling) -> None:
    with office.db.begin() as session:
        pages = list(session.scalars(select(Page).where(Page.sheet == ruling.sheet)))
        if not pages:
            raise NotFound("no-such-sheet")
        session.add(ruling)
        for page in pages:
            recount(session, page)


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
