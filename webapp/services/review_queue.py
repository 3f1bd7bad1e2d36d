"""The queue of doubtful questions: what waits, for whom, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.models import Answer, Decision, Page, PrintRun, Reading, now
from webapp.models import Lease as LeaseRow
from webapp.office import Office
from webapp.services.answers import (
    DIFFERS,
    DOUBTFUL,
    FIRST,
    KNOWN,
    MACHINE,
    OPEN_STAGES,
    STANDING,
    newest_decisions,
    void_sheets,
)

Key = tuple[int, str]  # page id, question


class Kind(IntEnum):
    """Why a question is doubtful, gravest first: the order of the queue."""

    MULTIPLE = 0
    CANCELLED = 1  # a filled box beside what is unsure
    UNSURE = 2
    BLANK = 3  # perhaps nothing was marked at all
    INVALID = 4  # the machine was sure, or did not look; a person said otherwise and waits for a second


@dataclass(frozen=True, slots=True)
class Item:
    """A doubtful question of the queue. ``decided``: nobody has to look again.

    ``stage`` of an open one: "" nobody decided, first, differs. ``for_me``: the person who asked can decide it now;
    ``elsewhere``: somebody else has it open.
    """

    page_id: int
    question: str
    kind: Kind
    decided: bool
    stage: str = ""
    for_me: bool = True
    elsewhere: bool = False


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

    @property
    def mine(self) -> int:
        """How many the person who asked can decide now."""
        return sum(item.for_me for item in self.items)

    def stages(self, stage: str) -> int:
        """Return how many open items stand at a stage."""
        return sum(not item.decided and item.stage == stage for item in self.items)

    def place(self, page_id: int, question: str) -> int | None:
        """Return the place of a question, from 0; None for one the machine was sure of."""
        return next((n for n, i in enumerate(self.items) if (i.page_id, i.question) == (page_id, question)), None)

    def next_waiting(self, place: int | None) -> Item | None:
        """Return the next item behind ``place`` that is for the person; after the last one it goes on from the first.

        What somebody else has open comes only when nothing else is left.
        """
        start = 0 if place is None else place + 1
        mine = [item for item in (*self.items[start:], *self.items[:start]) if item.for_me]
        return next((item for item in mine if not item.elsewhere), mine[0] if mine else None)

    def beside(self, place: int, step: int) -> Item | None:
        """Return the item ``step`` places away, decided or not; None beyond the ends."""
        return self.items[place + step] if 0 <= place + step < len(self.items) else None


def queue(office: Office, meeting_id: int, user_id: int | None = None) -> Queue:
    """Return the doubtful questions of a meeting: multiple → cancelled → unsure → perhaps blank, then by page.

    With ``user_id`` the items say which of them wait for this person.
    """
    with office.db.read() as session:
        return queue_in(session, meeting_id, user_id)


def queue_in(session: Session, meeting_id: int, user_id: int | None = None) -> Queue:
    """Return the queue inside a session of the caller."""
    query = _doubts(meeting_id)
    rows: dict[Key, tuple[int | None, str, str]] = {
        (page_id, question): (reading_id, state, choice)
        for page_id, question, reading_id, state, choice in session.execute(query)
    }
    stands = _newest(session, meeting_id)
    begun: dict[Key, tuple[int | None, str, str]] = {
        key: (None, "", "") for key, (stage, _) in stands.items() if stage in OPEN_STAGES and key not in rows
    }
    readings = select(Reading.id, Reading.value).where(Reading.id.in_({row[0] for row in rows.values()}))
    values: dict[int, Mapping[str, Any]] = {key: value["questions"] for key, value in session.execute(readings)}
    leased = _leased(session, meeting_id, user_id)
    found = []
    for key, (reading_id, state, choice) in {**rows, **begun}.items():
        asked = values.get(reading_id or 0, {})
        kind = kind_from(state, choice, asked[key[1]]) if key[1] in asked else Kind.INVALID
        order = list(asked).index(key[1]) if key[1] in asked else 0
        found.append((kind, key[0], order, key[1], _item(key, kind, stands.get(key), user_id, key in leased)))
    return Queue(tuple(entry[-1] for entry in sorted(found, key=lambda entry: entry[:4])))


def _item(key: Key, kind: Kind, stands: tuple[str, int] | None, user_id: int | None, elsewhere: bool) -> Item:
    if stands is None:
        return Item(*key, kind, decided=False, elsewhere=elsewhere)
    stage, first = stands
    if stage not in OPEN_STAGES:
        return Item(*key, kind, decided=True, for_me=False)
    return Item(*key, kind, False, stage, stage == FIRST and first != user_id, elsewhere)


def kind_from(state: str, choice: str, reading: Mapping[str, Any]) -> Kind:
    """Return why the machine's answer is doubtful. ``reading``: the question in the reading's JSON."""
    if state == "multiple":
        return Kind.MULTIPLE
    if any(box["state"] == "cancelled" for box in reading["boxes"].values()):
        return Kind.CANCELLED
    return Kind.UNSURE if choice else Kind.BLANK


def _doubts(meeting_id: int) -> Select[int, str, int, str, str]:
    return (
        select(Page.id, Answer.question, Answer.reading_id, Answer.state, Answer.choice)
        .join(Answer, Answer.reading_id == Page.reading_id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Page.state == "read", Page.standing.in_(STANDING))
        .where(Answer.state.in_(DOUBTFUL), Page.sheet.not_in(void_sheets()))
    )


def _newest(session: Session, meeting_id: int) -> dict[Key, tuple[str, int]]:
    """Return how each question stands that somebody decided: (stage, who said what stands)."""
    query = (
        select(Decision.page_id, Decision.question, Decision.stage, Decision.user_id, Decision.undoes)
        .join(Page, Page.id == Decision.page_id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Decision.id.in_(newest_decisions()), Decision.state != MACHINE)
        .where(Page.state.in_(KNOWN), Page.standing.in_(STANDING), Page.sheet.not_in(void_sheets()))
    )
    found = {}
    for page_id, question, stage, user_id, undoes in session.execute(query):
        if stage == FIRST and undoes is not None:  # an undoing went back to the first: it is still his
            user_id = _first_of(session, page_id, question)
        found[page_id, question] = (stage, user_id)
    return found


def _first_of(session: Session, page_id: int, question: str) -> int:
    undone = select(Decision.undoes).where(Decision.undoes.is_not(None))
    query = select(Decision.user_id).where(Decision.page_id == page_id, Decision.question == question)
    query = query.where(Decision.undoes.is_(None), Decision.id.not_in(undone)).order_by(Decision.id.desc())
    return session.scalars(query.limit(1)).one()


def _leased(session: Session, meeting_id: int, user_id: int | None) -> set[Key]:
    query = select(LeaseRow.page_id, LeaseRow.question).join(Page, Page.id == LeaseRow.page_id).join(PrintRun)
    query = query.where(PrintRun.meeting_id == meeting_id, LeaseRow.until > now(), LeaseRow.user_id != (user_id or 0))
    return {(page_id, question) for page_id, question in session.execute(query)}


def disagreements(session: Session, meeting_id: int) -> list[Key]:
    """Return the questions on which two persons differ, in the order of pages: the scrutineer's queue."""
    return sorted(key for key, (stage, _) in _newest(session, meeting_id).items() if stage == DIFFERS)
