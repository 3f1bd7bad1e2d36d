"""Closing (封存): the scrutineer fixes a count under a digest; later anybody can compute it again.

What is fixed is a JSON value: every answer that counts, the void sheets, the counting rules, the numbers counted at the
meeting, the forms, the thresholds and the versions of the reader. Its canonical text has the digest. Reopening adds a
row; the next closing is another version, and both stay.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.code import encode_bits
from forms.code import readable as readable_sheet
from omr.tally import Rules
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Batch, Closing, Decision, Meeting, Page, PrintRun, Reading, Reopening, Ruling, Scan, Survey
from webapp.office import Office
from webapp.services import answers, books, detaching, hand_check, meeting_rules, meetings, printing, progress, trays
from webapp.services.closed import is_closed, may_see_results, refuse
from webapp.services.trail import canonical

__all__ = ["Check", "Obstacle", "check", "close", "content_of", "is_closed", "may_see_results", "obstacles", "refuse"]

DEFAULT_RULES: dict[str, Any] = asdict(Rules())
FORMAT = "pingyi.closing/1"
WHY_LENGTH = 500
SHORT = 10  # characters of the digest that are printed: 50 bits
ELSEWHERE = ("reviewed",)  # equations that are told of as open work
MAY_BE_OURS = (trays.TYPE, trays.RETRY, trays.LOOK)  # verbs of trays whose pages may be sheets that should count


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a count can't be closed yet. ``code`` of messages.yaml; ``endpoint`` is the page that mends it.

    ``reason_helps``: a written reason lets it be closed all the same.
    """

    code: str
    endpoint: str
    params: dict[str, Any] = field(default_factory=dict)
    reason_helps: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a closing still is what it was. ``answers_fit`` is None for one that was reopened."""

    content_fits: bool
    answers_fit: bool | None

    @property
    def holds(self) -> bool:
        return self.content_fits and self.answers_fit is not False


@dataclass(frozen=True, slots=True)
class Difference:
    """What two closings fixed differently. ``kind``: a key of what is fixed; "" before or after: it was not there."""

    kind: str
    place: str
    before: str
    after: str


def obstacles(session: Session, meeting_id: int, user_id: int) -> tuple[Obstacle, ...]:
    """Return all that stands in the way of closing by this person; empty when he may."""
    return (
        *_own_decisions(session, meeting_id, user_id),
        *_open_work(session, meeting_id),
        *_hand_check(session, meeting_id),
        *_books(session, meeting_id),
    )


def _own_decisions(session: Session, meeting_id: int, user_id: int) -> Iterator[Obstacle]:
    if has_decided(session, meeting_id, user_id):
        yield Obstacle("close-decided-yourself", "review.index")


def has_decided(session: Session, meeting_id: int, user_id: int) -> bool:
    """Tell whether a person decided a question or voided a sheet of a meeting, other than by ruling as scrutineer."""
    decided = select(Decision.id).join(Page, Page.id == Decision.page_id).join(PrintRun)
    decided = decided.where(Decision.user_id == user_id, Decision.stage != answers.RULING)
    ruled = select(Ruling.id).join(Page, Page.sheet == Ruling.sheet).join(PrintRun)
    ruled = ruled.where(Ruling.user_id == user_id, Ruling.stage != answers.RULING)
    here = PrintRun.meeting_id == meeting_id
    return any(session.scalar(query.where(here).limit(1)) is not None for query in (decided, ruled))


def _open_work(session: Session, meeting_id: int) -> Iterator[Obstacle]:
    stands = progress.progress(session, meeting_id)
    if not stands.returned:
        yield Obstacle("close-nothing-read", "scanning.index")
    if stands.unread:
        yield Obstacle("close-unread", "scanning.index", {"pages": stands.unread})
    if stands.held:
        yield Obstacle("close-held", "scanning.index", {"pages": stands.held})
    if stands.doubts:
        yield Obstacle("close-doubts", "review.index", {"doubts": stands.doubts})
    voids = select(func.count(func.distinct(Ruling.sheet))).join(Page, Page.sheet == Ruling.sheet).join(PrintRun)
    voids = voids.where(PrintRun.meeting_id == meeting_id, Ruling.id.in_(answers.open_rulings()))
    if number := session.scalar(voids) or 0:
        yield Obstacle("close-open-voids", "review.index", {"sheets": number})
    lying = [tray for tray in trays.overview(session, meeting_id) if tray.verb in MAY_BE_OURS]
    if lying:
        yield Obstacle("close-trays", "scanning.index", {"pages": sum(tray.pages for tray in lying)})


def _hand_check(session: Session, meeting_id: int) -> Iterator[Obstacle]:
    found = hand_check.state(session, meeting_id)
    if found is None:
        yield Obstacle("close-no-check", "closing.hand_check_page")
    elif not found.is_enough:
        yield Obstacle(
            "close-check-small", "closing.hand_check_page", {"drawn": len(found.sheets), "needed": found.needed}
        )
    elif found.waiting:
        yield Obstacle("close-check-open", "closing.hand_check_page", {"sheets": len(found.waiting)})


def _books(session: Session, meeting_id: int) -> Iterator[Obstacle]:
    for fault in books.of(session, meeting_id).broken:
        if fault.code not in ELSEWHERE:
            yield Obstacle(f"close-books-{fault.code}", "count.index", {"form": fault.form}, not fault.stops)


def close(office: Office, meeting_id: int, *, user_id: int, why: str = "") -> Closing:
    """Fix the count of a meeting. ``why``: the reason, where the books do not balance; it is printed.

    Raises NotFound, InvalidInput, Conflict "closed" and Conflict with the code of the first obstacle.
    """
    why = why.strip()
    if len(why) > WHY_LENGTH:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        if session.get(Meeting, meeting_id) is None:
            raise NotFound("no-such-row", kind="Meeting")
        refuse(session, meeting_id)
        for obstacle in obstacles(session, meeting_id, user_id):
            if not (obstacle.reason_helps and why):
                raise Conflict(obstacle.code, **obstacle.params)
        version = 1 + (session.scalar(select(func.max(Closing.version)).where(Closing.meeting_id == meeting_id)) or 0)
        text = canonical(content_of(session, meeting_id)).encode()
        digest, content = hashlib.sha256(text).hexdigest(), zlib.compress(text)
        row = Closing(meeting_id=meeting_id, version=version, digest=digest, content=content, user_id=user_id, why=why)
        session.add(row)
        session.flush()
        detaching.detach(session, office, meeting_id)  # the last opinions leave their sheets with the seal
        return row


def reopen(office: Office, meeting_id: int, *, user_id: int, why: str) -> None:
    """Open a closed count again; the closing stays as it was. Raises InvalidInput without a reason, and Conflict."""
    why = why.strip()
    if not why or len(why) > WHY_LENGTH:
        raise InvalidInput("reopen-needs-reason")
    with office.db.begin() as session:
        row = in_force(session, meeting_id)
        if row is None:
            raise Conflict("not-closed")
        session.add(Reopening(closing_id=row.id, meeting_id=meeting_id, user_id=user_id, why=why))


def in_force(session: Session, meeting_id: int) -> Closing | None:
    """Return the closing that holds; None where the count is open."""
    if not is_closed(session, meeting_id):
        return None
    query = select(Closing).where(Closing.meeting_id == meeting_id).order_by(Closing.id.desc())
    return session.scalar(query.limit(1))


def versions(session: Session, meeting_id: int) -> list[tuple[Closing, Reopening | None]]:
    """Return all closings of a meeting with what opened them again, oldest first."""
    query = select(Closing, Reopening).outerjoin(Reopening, Reopening.closing_id == Closing.id)
    rows = session.execute(query.where(Closing.meeting_id == meeting_id).order_by(Closing.id))
    return [(closing, reopening) for closing, reopening in rows]


def check(session: Session, closing: Closing) -> Check:
    """Compute the digest of a closing again: of what it keeps, and, while it holds, of what counts now."""
    try:
        kept = hashlib.sha256(zlib.decompress(closing.content)).hexdigest()
    except zlib.error:
        kept = ""
    held = in_force(session, closing.meeting_id)
    if held is None or held.id != closing.id:
        return Check(kept == closing.digest, None)
    now = _as_known(content_of(session, closing.meeting_id), value_of(closing) if kept else {})
    return Check(kept == closing.digest, hashlib.sha256(canonical(now).encode()).hexdigest() == closing.digest)


def _as_known(now: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Leave out the rules that came after a closing and stand at their default: they changed nothing in it."""
    known = kept.get("rules", {})
    rules = {key: value for key, value in now["rules"].items() if key in known or value != DEFAULT_RULES.get(key)}
    return {**now, "rules": rules}


def readable(digest: str) -> str:
    """Return how a digest is printed: its first 50 bits as ten characters of the sheet codes' alphabet, 5-5."""
    number = int(digest, 16) >> (4 * len(digest) - 5 * SHORT)
    characters = encode_bits(number, SHORT)
    return f"{characters[:5]}-{characters[5:]}"


def value_of(closing: Closing) -> dict[str, Any]:
    """Return what a closing fixed."""
    value: dict[str, Any] = json.loads(zlib.decompress(closing.content))
    return value


def content_of(session: Session, meeting_id: int) -> dict[str, Any]:
    """Return what a closing of a meeting fixes now."""
    meeting = session.get_one(Meeting, meeting_id)
    runs = select(PrintRun.survey_id).where(PrintRun.meeting_id == meeting_id)
    surveys = session.scalars(select(Survey).where(Survey.id.in_(runs)).order_by(Survey.form))
    counting = _counting(meeting_id).subquery()
    readers = select(Reading.reader).join(counting, counting.c.reading_id == Reading.id).distinct()
    sheets = select(Page.sheet).where(Page.id.in_(select(counting.c.id)), Page.sheet.in_(answers.void_sheets()))
    heads = meetings.latest_counts(session, meeting_id)
    return {
        "format": FORMAT,
        "meeting": {"id": meeting_id, "unit": meeting.unit.name, "held_on": meeting.held_on},
        "rules": meeting_rules.of_meeting(session, meeting),
        "thresholds": meeting_rules.thresholds(session, meeting_id),
        "readers": sorted(session.scalars(readers)),
        "forms": {row.form: hashlib.sha256(row.source.encode()).hexdigest() for row in surveys},
        "numbers": sorted([*key, number] for key, number in heads.items()),
        "printed": printing.printed(session, meeting_id),
        "void": sorted(set(session.scalars(sheets))),
        "answers": _answers(session, meeting_id),
    }


def _counting(meeting_id: int) -> Any:
    return (
        select(Page.id, Page.reading_id, Page.sheet, Page.sheet_page)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .outerjoin(Scan, Scan.id == Page.scan_id)
        .outerjoin(Batch, Batch.id == Scan.batch_id)
        .where(PrintRun.meeting_id == meeting_id, Page.standing == "counts", Batch.withdrawn_at.is_(None))
    )


def _answers(session: Session, meeting_id: int) -> list[list[Any]]:
    """Return [sheet, page, question, state, choice, who], by sheet."""
    pages = _counting(meeting_id).subquery()
    held = answers.effective_answers(select(pages.c.id)).subquery()
    query = select(pages.c.sheet, pages.c.sheet_page, held.c.question, held.c.state, held.c.choice, held.c.source)
    rows = session.execute(query.join(held, held.c.page_id == pages.c.id))
    return sorted(list(row) for row in rows)


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Return what two closings fixed differently: each rule, number, sheet and answer of its own."""
    found = []
    for kind in ("rules", "thresholds", "readers", "forms", "numbers", "printed", "void"):
        old, new = _pieces(before.get(kind)), _pieces(after.get(kind))
        found += [
            Difference(kind, place, old.get(place, ""), new.get(place, ""))
            for place in sorted({*old, *new})
            if old.get(place) != new.get(place)
        ]
    old, new = (
        {
            f"{readable_sheet(sheet)} {page} {question}": f"{state} {choice}".strip()
            for sheet, page, question, state, choice, _ in v["answers"]
        }
        for v in (before, after)
    )
    places = (place for place in sorted({*old, *new}) if old.get(place) != new.get(place))
    return found + [Difference("answers", place, old.get(place, ""), new.get(place, "")) for place in places]


def _pieces(value: Any) -> dict[str, str]:
    """Return the parts of what was fixed, by place: of a list of names each is its own place."""
    if isinstance(value, dict):
        return {str(place): part if isinstance(part, str) else canonical(part) for place, part in value.items()}
    if value and isinstance(value[0], list):
        return {" ".join(str(part) for part in row[:-1] if part): str(row[-1]) for row in value}
    return {str(part): str(part) for part in value or ()}
