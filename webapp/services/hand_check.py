"""Hand check (人工抽查): valid sheets drawn by a recorded seed, read by people who don't see what the machine read.

The draw can be made again by anybody: the sheets with the smallest SHA-256 of ``seed:code`` are taken.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.code import normalise, readable
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Answer, Batch, HandCheck, HandEntry, Page, PrintRun, Scan
from webapp.office import Office
from webapp.services import answers, bounds, closed, procedures, review
from webapp.services.keyed import state_of

CHUNK = 300  # SQLite takes a bounded number of parameters
SEED_LENGTH = 64

Value = tuple[str, str]  # state, choice


@dataclass(frozen=True, slots=True)
class Place:
    """One question of a drawn sheet: what a person read, what is counted."""

    page_id: int
    sheet: str
    question: str
    entered: Value
    counted: Value

    @property
    def agrees(self) -> bool:
        return self.entered == self.counted


@dataclass(frozen=True)
class State:
    """How far a hand check is. ``sheets``: drawn and still valid, with the pages that are to be read."""

    check: HandCheck
    sheets: Mapping[str, tuple[int, ...]]
    read: frozenset[int]  # pages that a person has entered
    places: tuple[Place, ...]
    needed: int  # sheets that must be drawn now

    @cached_property
    def waiting(self) -> tuple[str, ...]:
        """Drawn sheets that nobody has read wholly, in the order of the draw."""
        return tuple(sheet for sheet, pages in self.sheets.items() if not set(pages) <= self.read)

    @property
    def done(self) -> int:
        return len(self.sheets) - len(self.waiting)

    @property
    def is_enough(self) -> bool:
        """Whether enough sheets were drawn for the sheets that are valid now."""
        return len(self.sheets) >= self.needed

    @property
    def is_done(self) -> bool:
        return self.is_enough and not self.waiting

    @property
    def agreeing(self) -> int:
        return sum(place.agrees for place in self.places)

    @property
    def differing(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if not place.agrees)

    @property
    def bound(self) -> float | None:
        """The most that may be wrong of all places, at 95 % (exact binomial, one-sided); None before any was read."""
        return bounds.upper(len(self.places) - self.agreeing, len(self.places)) if self.places else None


def draw(office: Office, meeting_id: int, *, user_id: int, seed: str = "") -> int:
    """Draw sheets; an earlier draw holds no longer. Returns the id.

    Raises NotFound, InvalidInput for a seed that is too long, Conflict where nothing can be drawn or all is closed.
    """
    seed = seed.strip() or secrets.token_hex(8)
    if len(seed) > SEED_LENGTH:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        closed.refuse(session, meeting_id)
        how = procedures.of_meeting(session, meeting_id)
        valid = valid_sheets(session, meeting_id)
        if not valid:
            raise Conflict("nothing-to-check")
        chosen = drawn(seed, valid, needed(len(valid), how))
        row = HandCheck(meeting_id=meeting_id, seed=seed, population=len(valid), sheets=chosen, user_id=user_id)
        session.add(row)
        session.flush()
        return row.id


def needed(valid: int, how: procedures.How) -> int:
    """Return how many of so many valid sheets are checked."""
    share = -(-valid * how.check_percent // 100)
    return min(valid, max(share, how.check_sheets))


def drawn(seed: str, sheets: Iterable[str], number: int) -> list[str]:
    """Return the sheets that a seed draws, in the order of the draw."""
    return sorted(sheets, key=lambda sheet: hashlib.sha256(f"{seed}:{sheet}".encode()).digest())[:number]


def valid_sheets(session: Session, meeting_id: int) -> dict[str, tuple[int, ...]]:
    """Return the sheets of a meeting that count and are not void, with their pages."""
    query = (
        select(Page.sheet, Page.id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .outerjoin(Scan, Scan.id == Page.scan_id)
        .outerjoin(Batch, Batch.id == Scan.batch_id)
        .where(PrintRun.meeting_id == meeting_id, Page.standing == "counts", Batch.withdrawn_at.is_(None))
        .where(Page.sheet.not_in(answers.void_sheets()))
        .order_by(Page.sheet, Page.sheet_page)
    )
    found: dict[str, list[int]] = defaultdict(list)
    for sheet, page_id in session.execute(query):
        found[sheet or ""].append(page_id)
    return {sheet: tuple(pages) for sheet, pages in found.items()}


def newest(session: Session, meeting_id: int) -> HandCheck | None:
    """Return the draw that holds."""
    query = select(HandCheck).where(HandCheck.meeting_id == meeting_id).order_by(HandCheck.id.desc())
    return session.scalar(query.limit(1))


def state(session: Session, meeting_id: int) -> State | None:
    """Return how far the hand check of a meeting is; None where nothing was drawn."""
    check = newest(session, meeting_id)
    if check is None:
        return None
    valid = valid_sheets(session, meeting_id)
    sheets = {sheet: valid[sheet] for sheet in check.sheets if sheet in valid}
    of_page = {page: sheet for sheet, pages in sheets.items() for page in pages}
    entries = [row for row in entries_of(session, check.id) if row.page_id in of_page]
    counted = _counted(session, sorted({row.page_id for row in entries}))
    places = tuple(
        Place(
            row.page_id,
            of_page[row.page_id],
            row.question,
            (row.state, row.choice),
            counted.get((row.page_id, row.question), ("", "")),
        )
        for row in entries
    )
    number = needed(len(valid), procedures.of_meeting(session, meeting_id))
    return State(check, sheets, frozenset(row.page_id for row in entries), places, number)


def entries_of(session: Session, check_id: int) -> list[HandEntry]:
    """Return what people entered and holds, in the order in which it was first entered."""
    newest = select(func.max(HandEntry.id)).where(HandEntry.check_id == check_id)
    newest = newest.group_by(HandEntry.page_id, HandEntry.question)
    return list(session.scalars(select(HandEntry).where(HandEntry.id.in_(newest)).order_by(HandEntry.id)))


def _counted(session: Session, page_ids: list[int]) -> dict[tuple[int, str], Value]:
    found: dict[tuple[int, str], Value] = {}
    for start in range(0, len(page_ids), CHUNK):
        held = answers.effective(session, page_ids[start : start + CHUNK])
        found |= {key: (value.state, value.choice) for key, value in held.items()}
    return found


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page that is to be read by a person."""

    meeting_id: int
    page: Page
    sheet: str  # readable
    first_question: str
    next_page: int | None  # of the draw


def open_page(session: Session, page_id: int) -> Drawn:
    """Return a page of the draw that holds. Raises NotFound for one that was not drawn."""
    page = session.get(Page, page_id)
    run = session.get(PrintRun, page.print_run_id) if page and page.print_run_id else None
    found = state(session, run.meeting_id) if run else None
    if page is None or run is None or found is None or page_id not in found.sheets.get(page.sheet or "", ()):
        raise NotFound("not-drawn")
    waiting = [each for pages in found.sheets.values() for each in pages if each not in found.read and each != page_id]
    first = review.layout_of(session, page).page(page.sheet_page or 1).questions[0].id
    return Drawn(run.meeting_id, page, readable(page.sheet or ""), first, waiting[0] if waiting else None)


def find(session: Session, meeting_id: int, text: str) -> int:
    """Return the first page of a drawn sheet by the number on the paper. Raises InvalidInput."""
    found = state(session, meeting_id)
    pages = found.sheets.get(normalise(text)[:8], ()) if found else ()
    if not pages:
        raise InvalidInput("not-drawn")
    return pages[0]


def enter(office: Office, page_id: int, *, marks: Mapping[str, tuple[str, ...]], user_id: int) -> None:
    """Write down what a person saw on a drawn page: the boxes marked, by question; none is blank, too many invalid.

    Raises NotFound, InvalidInput and Conflict "closed".
    """
    with office.db.begin() as session:
        page = open_page(session, page_id)
        closed.refuse(session, page.meeting_id)
        check = newest(session, page.meeting_id)
        assert check is not None  # noqa: S101 - the page was drawn by it
        layout = review.layout_of(session, page.page)
        for question in layout.page(page.page.sheet_page or 1).questions:
            boxes = [box.id for box in question.boxes]
            chosen = marks.get(question.id, ())
            if not set(chosen) <= set(boxes):
                raise InvalidInput("bad-verdict")
            stands = state_of(len(chosen), question.most)
            choice = ",".join(box for box in boxes if box in chosen) if stands == "answered" else ""
            row = HandEntry(check_id=check.id, page_id=page_id, question=question.id, state=stands, choice=choice)
            row.user_id = user_id
            session.add(row)


def machine_of(session: Session, page_id: int) -> dict[str, Value]:
    """Return what the machine read on a page, for the paper that compares them."""
    query = select(Answer.question, Answer.state, Answer.choice).join(Page, Page.reading_id == Answer.reading_id)
    return {question: (state, choice) for question, state, choice in session.execute(query.where(Page.id == page_id))}
