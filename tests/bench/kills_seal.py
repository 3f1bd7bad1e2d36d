"""The closing under fire: what must be done before it, and a scrutineer whose server dies while he closes and reopens.

Part of ``tests.bench.kills``. Before a closing two persons decide what is doubtful, the numbers of the hall are
entered, sheets are drawn and read by hand: by the services, nobody is killed meanwhile. Closing and reopening go
through the pages, and the server is killed at a random moment of them.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.bench.web_speed import token
from webapp.errors import Conflict
from webapp.models import Closing, HandCheck, HandEntry, Page, Reopening
from webapp.office import Office
from webapp.services import answers as answers_in_force
from webapp.services import books, closing, hand_check, head_counts, review, review_queue, sessions
from webapp.services.review import Verdict

CHECKED_SHEETS = 4  # read by hand before each closing: the draw is not what is tried here
BROKEN = (OSError, http.client.HTTPException)  # what a browser meets whose server dies, even amid an answer
MOST_REFUSED = 20  # in all
LONGEST = 0.4  # seconds after which the server is killed at the latest
PATIENCE = 120.0  # seconds until an answer, or none


@dataclass
class Scrutineer:
    """Who closes and reopens; notes what was answered to him."""

    office: Office
    meeting_id: int
    user_id: int
    base: str
    sign_in: Callable[[], urllib.request.OpenerDirector]
    kill: Callable[[], None]
    opener: urllib.request.OpenerDirector | None = None
    closings: int = 0
    reopenings: int = 0
    unanswered: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)

    def close(self, chance: random.Random) -> None:
        """Close while the server is killed; without an answer look, and close again if it is still open."""
        self._under_fire("closing", {"why": ""}, self._versions, chance)
        self.closings += 1
        with self.office.db.read() as session:
            held = closing.in_force(session, self.meeting_id)
            if held is None or self._versions() != self.closings:
                self.faults.append(f"closing {self.closings}: {self._versions()} versions, in force: {held}")
            elif not closing.check(session, held).holds:
                self.faults.append(f"closing {self.closings} is not what counts")

    def reopen(self, chance: random.Random) -> None:
        """Reopen while the server is killed."""
        self._under_fire("reopen", {"why": "还有票要补录"}, self._reopenings, chance)
        self.reopenings += 1
        with self.office.db.read() as session:
            if closing.is_closed(session, self.meeting_id) or self._reopenings() != self.reopenings:
                self.faults.append(f"reopening {self.reopenings}: {self._reopenings()} rows, or still closed")

    def _under_fire(self, page: str, form: dict[str, str], rows: Callable[[], int], chance: random.Random) -> None:
        before = rows()
        answered = self._post(page, form, chance.uniform(0.0, LONGEST))
        if answered and rows() != before + 1:
            self.faults.append(f"{page} was answered, and {rows() - before} rows were added")
        if not answered:
            self.unanswered += 1
        while rows() == before:  # he looks, sees that nothing came of it, and does it again
            self._post(page, form, None)

    def _post(self, page: str, form: dict[str, str], kill_after: float | None) -> bool:
        """Send the form; returns whether an answer came."""
        home = f"{self.base}/meetings/{self.meeting_id}"
        opener, csrf = self._page(f"{home}/closing")
        killer = threading.Timer(kill_after, self.kill) if kill_after is not None else None
        if killer:
            killer.start()
        try:
            body = urllib.parse.urlencode({"csrf_token": csrf, **form}).encode()
            opener.open(f"{home}/{page}", body, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            self.refused += 1  # done already, by the try before that got no answer; or not to be done: then it ends
            if self.refused > MOST_REFUSED:
                raise
            return False
        except BROKEN:
            return False
        finally:
            if killer:
                killer.join()
        return True

    def _page(self, address: str) -> tuple[urllib.request.OpenerDirector, str]:
        """Open a page and return the browser with the page's token; a server that was killed before is waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.opener = self.opener or self.sign_in()
                return self.opener, token(self.opener.open(address, timeout=PATIENCE).read().decode())
            except BROKEN:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _versions(self) -> int:
        with self.office.db.read() as session:
            query = select(func.count(Closing.id)).where(Closing.meeting_id == self.meeting_id)
            return session.scalar(query) or 0

    def _reopenings(self) -> int:
        with self.office.db.read() as session:
            query = select(func.count(Reopening.id)).where(Reopening.meeting_id == self.meeting_id)
            return session.scalar(query) or 0


def make_ready(office: Office, meeting_id: int, *, reviewers: tuple[int, int], counter: int, printed: int) -> None:
    """Do all that a closing asks for, with what has come in until now. ``counter`` enters the numbers and reads."""
    decide_doubts(office, meeting_id, reviewers)
    _enter_numbers(office, meeting_id, counter, printed)
    hand_check.draw(office, meeting_id, user_id=counter)
    with office.db.read() as session:
        found = hand_check.state(session, meeting_id)
        assert found is not None
        pages = [page for pages in found.sheets.values() for page in pages]
        held = answers_in_force.effective(session, pages)
    for page in pages:
        marks = {
            question: tuple(value.choice.split(","))
            for (of, question), value in held.items()
            if of == page and value.choice
        }
        hand_check.enter(office, page, marks=marks, user_id=counter)


def decide_doubts(office: Office, meeting_id: int, reviewers: tuple[int, int]) -> None:
    """Let two persons say of each doubtful question that it is blank, the second after the first."""
    for person in reviewers:
        for item in review_queue.queue(office, meeting_id, person).items:
            if item.for_me and not item.decided:
                seen = newest(office, item.page_id, item.question)
                review.decide(
                    office,
                    page_id=item.page_id,
                    question=item.question,
                    verdict=Verdict("blank"),
                    user_id=person,
                    seen=seen,
                )


def newest(office: Office, page_id: int, question: str) -> int | None:
    """Return the newest decision on a question, None where there is none."""
    with office.db.read() as session:
        return max((row.id for row, _ in review.history(session, page_id, question)), default=None)


def _enter_numbers(office: Office, meeting_id: int, user_id: int, printed: int) -> None:
    with office.db.read() as session:
        read = len(set(session.scalars(select(Page.sheet).where(Page.standing == "counts"))))
        reason = sessions.reason(session, meeting_id)
    numbers = {
        ("expected", "", "staff"): printed, ("present", "", "staff"): read,
        ("issued", "org", ""): read, ("spoiled", "org", ""): 0, ("spare", "org", ""): printed - read,
        ("box", "org", ""): read,
    }  # fmt: skip
    head_counts.enter(
        office, meeting_id, {key: str(number) for key, number in numbers.items()}, user_id=user_id, note="清点"
    )
    if reason is None:
        sessions.give_reason(office, meeting_id, text="分批收回", user_id=user_id)


def faults(office: Office, scrutineer: Scrutineer) -> Iterator[str]:
    """Yield what is wrong with the closings and the books at the end, when the count is closed."""
    yield from scrutineer.faults
    meeting_id = scrutineer.meeting_id
    with office.db.read() as session:
        rows = closing.versions(session, meeting_id)
        if [row.version for row, _ in rows] != list(range(1, scrutineer.closings + 1)):
            yield f"{scrutineer.closings} closings; versions {[row.version for row, _ in rows]}"
        if [reopened is None for _, reopened in rows] != [False] * (len(rows) - 1) + [True]:
            yield "the last version alone must be in force"
        yield from (f"version {row.version} is not what was sealed" for row, _ in rows if not _holds(session, row))
        yield from (
            f"the books: {fault.form} {fault.code}"
            for fault in books.of(session, meeting_id).broken
            if fault.code != "turnout-below"
        )
        twice = select(HandEntry.page_id).join(HandCheck, HandCheck.id == HandEntry.check_id)
        twice = twice.group_by(HandEntry.check_id, HandEntry.page_id, HandEntry.question).having(func.count() > 1)
        yield from (f"page {page} was read by hand twice in one check" for page in session.scalars(twice))


def refuses_changes(office: Office, meeting_id: int, user_id: int) -> bool:
    """Tell whether a closed count takes no number any more."""
    try:
        head_counts.enter(office, meeting_id, {("spoiled", "org", ""): "1"}, user_id=user_id, note="x")
    except Conflict:
        return True
    return False


def _holds(session: Session, row: Closing) -> bool:
    return closing.check(session, row).holds
