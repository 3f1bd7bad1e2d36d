"""Which page of a sheet counts, when the same page of the same sheet came in more than once.

* one page → it counts;
* several that say the same → the best one counts, the others are *rescans*;
* several that say different things → all are *held* until a person rules which one is used;
* a page of a withdrawn batch counts nowhere.

The rule looks at the set of pages alone, never at the order in which they came. A question that the machine left open
on one page contradicts nothing: the other page may simply be the better image.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from webapp.models import Answer, Batch, Decision, Page, Reading, Ruling, Scan
from webapp.services import answers

COUNTS, RESCAN, HELD, NONE, WITHDRAWN = "counts", "rescan", "held", "none", "withdrawn"
KNOWN = ("read", "keyed")  # states of a page whose answers are known
CHUNK = 300  # SQLite takes a bounded number of parameters

Key = tuple[str, int]  # sheet, page of the sheet
Value = tuple[str, str]  # state, choice


@dataclass(frozen=True, slots=True)
class Copy:
    """One page among several of the same sheet: what the machine read, what people decided."""

    page: Page
    machine: dict[str, Value] = field(default_factory=dict)
    decided: dict[str, Value] = field(default_factory=dict)
    residual_mm: float | None = None
    read_at: dt.datetime | None = None
    sha256: str = ""

    def doubts(self) -> int:
        """Return how many questions nobody is sure of."""
        return sum(self.open(question) for question in self.machine)

    def open(self, question: str) -> bool:
        """Tell whether the machine was unsure and nobody decided."""
        return question not in self.decided and self.machine.get(question, ("", ""))[0] in ("unsure", "multiple")

    def value(self, question: str) -> Value | None:
        """Return the answer that holds."""
        return self.decided.get(question) or self.machine.get(question)

    def rank(self) -> tuple[int, float, str, int, int]:
        """Order of goodness: fewest doubts, then the best fit, then what does not depend on the order of arrival."""
        residual = math.inf if self.residual_mm is None else self.residual_mm
        return self.doubts(), residual, self.sha256, self.page.index, self.page.part


def settle(session: Session, keys: Iterable[Key]) -> list[Page]:
    """Give every page of the given sheets its standing. Returns the pages whose standing changed.

    To be called in the transaction that changed anything it depends on: a reading, a decision, a withdrawal.
    """
    session.flush()
    changed: list[Page] = []
    for sheets in _grouped(session, set(keys)):
        present = [page for page, withdrawn in sheets if _is_candidate(page) and not withdrawn]
        standings = {page.id: WITHDRAWN if withdrawn else NONE for page, withdrawn in sheets}
        standings |= _standings(session, present)
        for page, _ in sheets:
            if page.standing != standings[page.id]:
                page.standing = standings[page.id]
                changed.append(page)
    return changed


def differences(session: Session, pages: Sequence[Page]) -> list[str]:
    """Return the questions on which some copies of a page contradict each other, in the order of the sheet."""
    copies = load_copies(session, pages)
    questions = dict.fromkeys(q for copy in copies for q in (*copy.machine, *copy.decided))
    return [q for q in questions if any(not _agree(a, b, q) for a, b in combinations(copies, 2))]


def load_copies(session: Session, pages: Sequence[Page]) -> list[Copy]:
    """Load what is needed to compare pages of one sheet."""
    ids = [page.id for page in pages]
    newest = (
        select(func.max(Decision.id)).where(Decision.page_id.in_(ids)).group_by(Decision.page_id, Decision.question)
    )
    decided: dict[int, dict[str, Value]] = defaultdict(dict)
    holding = select(Decision).where(Decision.id.in_(newest), answers.settled())
    for row in session.scalars(holding):
        decided[row.page_id][row.question] = (row.state, row.choice)
    machine: dict[int, dict[str, Value]] = defaultdict(dict)
    readings = [page.reading_id for page in pages if page.reading_id]
    for answer in session.scalars(select(Answer).where(Answer.reading_id.in_(readings))):
        machine[answer.reading_id][answer.question] = (answer.state, answer.choice)
    first = aliased(Reading)  # a reading that a bar or a newer reader made later doesn't make the copy a new one
    came = select(func.min(first.created_at)).where(first.page_id == Page.id, first.status == "read").scalar_subquery()
    facts = select(Page.id, Reading.residual_mm, came.label("created_at"), Scan.sha256)
    facts = facts.outerjoin(Reading, Reading.id == Page.reading_id).outerjoin(Scan, Scan.id == Page.scan_id)
    known = {row.id: row for row in session.execute(facts.where(Page.id.in_(ids)))}
    return [_copy(page, machine[page.reading_id or 0], decided[page.id], known[page.id]) for page in pages]


def _copy(
    page: Page, machine: dict[str, Value], decided: dict[str, Value], facts: Row[int, float | None, dt.datetime, str]
) -> Copy:
    return Copy(page, machine, decided, facts.residual_mm, facts.created_at, facts.sha256 or "")


def _grouped(session: Session, keys: set[Key]) -> Iterator[list[tuple[Page, bool]]]:
    """Yield the pages of each sheet page, each with whether its batch is withdrawn."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        query = select(Page, Batch.withdrawn_at.is_not(None)).outerjoin(Scan, Scan.id == Page.scan_id)
        query = query.outerjoin(Batch, Batch.id == Scan.batch_id)
        query = query.where(tuple_(Page.sheet, Page.sheet_page).in_(ordered[start : start + CHUNK])).order_by(Page.id)
        groups: dict[Key, list[tuple[Page, bool]]] = defaultdict(list)
        for page, withdrawn in session.execute(query):
            groups[page.sheet or "", page.sheet_page or 0].append((page, bool(withdrawn)))
        yield from groups.values()


def _is_candidate(page: Page) -> bool:
    return page.state in KNOWN and page.print_run_id is not None and page.removed_at is None


def _standings(session: Session, pages: Sequence[Page]) -> dict[int, str]:
    if len(pages) < 2:
        return {page.id: COUNTS for page in pages}
    copies = load_copies(session, pages)
    return standings_of(copies, _ruled(session, copies))


def standings_of(copies: Sequence[Copy], ruled: int | None) -> dict[int, str]:
    """Return the standing of each page, by id. ``ruled`` is the page that a person chose, None where nobody did."""
    if ruled is None and any(_differ(a, b) for a, b in combinations(copies, 2)):
        return {copy.page.id: HELD for copy in copies}
    best = min(copies, key=Copy.rank).page.id if ruled is None else ruled
    return {copy.page.id: COUNTS if copy.page.id == best else RESCAN for copy in copies}


def _ruled(session: Session, copies: Sequence[Copy]) -> int | None:
    """Return the page that a person chose; None where nobody did, or where a contradiction came in afterwards."""
    ids = [copy.page.id for copy in copies]
    query = select(Ruling).where(Ruling.kind == "use-page", Ruling.page_id.in_(ids)).order_by(Ruling.id.desc())
    ruling = session.scalar(query.limit(1))
    if ruling is None:
        return None
    chosen = next(copy for copy in copies if copy.page.id == ruling.page_id)
    unseen = (copy for copy in copies if copy.read_at and copy.read_at > ruling.at)
    return None if any(_differ(chosen, copy) for copy in unseen) else chosen.page.id


def _differ(a: Copy, b: Copy) -> bool:
    questions = {*a.machine, *a.decided, *b.machine, *b.decided}
    return any(not _agree(a, b, question) for question in questions)


def _agree(a: Copy, b: Copy, question: str) -> bool:
    """Tell whether two copies may be the same marks on the same paper."""
    if not (question in a.decided and question in b.decided):
        if a.machine.get(question) == b.machine.get(question):
            return True  # the machine saw the same twice; a decision on one of them holds for the paper
        if _unsure(a, question) or _unsure(b, question):
            return True
    return a.value(question) == b.value(question)


def _unsure(copy: Copy, question: str) -> bool:
    return question not in copy.decided and copy.machine.get(question, ("", ""))[0] == "unsure"
