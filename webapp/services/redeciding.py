"""Counting rules and the bar of certainty change before closing: the effect first, then as rows that are added.

Nothing is scanned or read again. The bar is the least certainty (``Answer.probability``, all boxes of a question
together) that a machine's answer must have. Raised above the reader's own, it only makes unsure what is below it, which
plain arithmetic on the stored certainties says; lowered, the judge looks again at the pages where it was unsure.
``judge_settings`` says the same of one page to ``omr.judge``, and a test holds the two equal. Evidence that an older
reader gathered is none that this judge understands: a lower bar leaves those pages as they are until they are read
again (``services.rereading``), and ``Effect.old_pages`` says how many.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from omr import READER_VERSION
from omr.judge import judge
from omr.reading import FaultCode
from omr.settings import JudgeSettings
from webapp.errors import InvalidInput, NotFound
from webapp.models import Answer, Decision, Layout, Meeting, Page, PrintRun, Reading, RuleChange
from webapp.office import Office
from webapp.services import answers, campaigns, closed, layouts, meeting_rules, settling

LEAST, MOST = 0.5, 0.9999
CHUNK = 300  # SQLite takes a bounded number of parameters
WHY_LENGTH = 200
OWN = JudgeSettings()
BARS = ("sure", "sure_marked", "sure_stray", "sure_pale", "sure_cancelled", "sure_inked", "sure_question")

Key = tuple[int, str]  # page id, question
Value = tuple[str, str, float]  # state, choice, certainty
Boxes = Mapping[str, tuple[str, float]]  # box → state, certainty


@dataclass(frozen=True, slots=True)
class Change:
    """One answer of the machine that comes out otherwise."""

    page_id: int
    sheet: str
    question: str
    before: Value
    after: Value
    decided: bool  # a person's decision is in force: it stays


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change would do, before it is done."""

    changes: tuple[Change, ...]
    doubts_before: int
    doubts_after: int
    rules: Mapping[str, tuple[Any, Any]]  # rule → (before, after)
    old_pages: int = 0  # read by an older reader: what it was unsure of can't be judged again

    @property
    def kinds(self) -> Counter[tuple[str, str]]:
        """How many answers go from which state to which."""
        return Counter((change.before[0], change.after[0]) for change in self.changes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The machine's answers of some pages: in force, by the reader's own thresholds, and by another bar."""

    now: Mapping[Key, Value]
    own: Mapping[Key, Value]
    after: Mapping[Key, Value]
    boxes: Mapping[Key, Boxes]  # where the judge looked again
    own_reading: Mapping[int, int]  # page → the reading that the reader itself made
    old_pages: int = 0  # where the judge could not look again

    @property
    def changed(self) -> list[Key]:
        return [key for key, value in self.now.items() if self.after[key][:2] != value[:2]]


def judge_settings(bar: float | None) -> JudgeSettings:
    """Return the judge's thresholds for a bar; None: its own."""
    if bar is None:
        return OWN
    if bar >= OWN.sure_question:
        return replace(OWN, sure_question=bar)
    return replace(OWN, **{name: min(bar, getattr(OWN, name)) for name in BARS})


def effect(session: Session, meeting_id: int, *, bar: float | None, rules: Mapping[str, Any]) -> Effect:
    """Return what a bar and counting rules would change in a meeting. Raises NotFound and InvalidInput."""
    return _effect(session, meeting_id, bar, rules)[0]


def apply(
    office: Office, meeting_id: int, *, bar: float | None, rules: Mapping[str, Any], user_id: int, why: str
) -> Effect:
    """Change bar and counting rules of a meeting; what comes out otherwise is added as new readings.

    Raises InvalidInput without a reason, NotFound, and Conflict "closed".
    """
    why = why.strip()
    if not why or len(why) > WHY_LENGTH:
        raise InvalidInput("rules-need-reason")
    with office.db.begin() as session:
        closed.refuse(session, meeting_id)
        found, outcome = _effect(session, meeting_id, bar, rules)
        of_campaign = campaigns.rules_of(session.get_one(Meeting, meeting_id).campaign)
        counts = {f"{one}>{other}": number for (one, other), number in sorted(found.kinds.items())}
        row = RuleChange(
            meeting_id=meeting_id,
            rules={name: value for name, value in rules.items() if of_campaign.get(name) != value},
            bar=bar,
            effect={"answers": counts, "doubts": [found.doubts_before, found.doubts_after]},
            user_id=user_id,
            why=why,
        )
        session.add(row)
        _put_in_force(session, outcome, bar)
        return found


def follow(session: Session, pages: Iterable[Page]) -> None:
    """Hold pages that were read just now to the bar of their meeting."""
    by_run: dict[int, set[int]] = {}
    for page in pages:
        if page.state == "read" and page.print_run_id is not None:
            by_run.setdefault(page.print_run_id, set()).add(page.id)
    for run, ids in by_run.items():
        change = meeting_rules.newest(session, session.get_one(PrintRun, run).meeting_id)
        if change is not None and change.bar is not None:
            _put_in_force(session, _outcome(session, _places(session, Page.id.in_(ids)), change.bar), change.bar)


def _effect(session: Session, meeting_id: int, bar: float | None, rules: Mapping[str, Any]) -> tuple[Effect, Outcome]:
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    if bar is not None and not LEAST <= bar <= MOST:
        raise InvalidInput("bad-bar")
    kept = campaigns.checked_rules({**campaigns.rules_of(meeting.campaign), **rules})
    in_force = meeting_rules.of_meeting(session, meeting)
    places = _places(session, PrintRun.meeting_id == meeting_id)
    outcome, decided = _outcome(session, places, bar), _decided(session, meeting_id)
    changes = tuple(
        Change(key[0], places[key[0]].sheet, key[1], outcome.now[key], outcome.after[key], key in decided)
        for key in outcome.changed
    )
    before, after = (
        sum(value[0] in answers.DOUBTFUL and key not in decided for key, value in values.items())
        for values in (outcome.now, outcome.after)
    )
    shift = {name: (in_force[name], kept[name]) for name in kept if in_force.get(name) != kept[name]}
    return Effect(changes, before, after, shift, outcome.old_pages), outcome


@dataclass(frozen=True, slots=True)
class Place:
    """A page that was read: where it lies among the sheets, and its reading in force."""

    sheet: str
    sheet_page: int
    print_run: int
    reading: int


def _places(session: Session, which: Any) -> dict[int, Place]:
    query = select(Page.id, Page.sheet, Page.sheet_page, Page.print_run_id, Page.reading_id)
    query = query.join(PrintRun, PrintRun.id == Page.print_run_id)
    query = query.where(which, Page.state == "read", Page.reading_id.is_not(None))
    return {
        page_id: Place(sheet or "", sheet_page or 1, run or 0, reading or 0)
        for page_id, sheet, sheet_page, run, reading in session.execute(query)
    }


def _outcome(session: Session, places: Mapping[int, Place], bar: float | None) -> Outcome:
    now = _answers(session, {place.reading: page_id for page_id, place in places.items()})
    own_reading = {page_id: place.reading for page_id, place in places.items()} | _own_readings(session, places)
    moved = {own_reading[page_id]: page_id for page_id, p in places.items() if own_reading[page_id] != p.reading}
    own = now | _answers(session, moved)
    if bar is None:
        return Outcome(now, own, own, {}, own_reading)
    if bar < OWN.sure_question:
        # what is less certain than the bar stays unsure, whatever the judge would make of it
        again = {page_id for (page_id, _), (state, _, sure) in own.items() if state == "unsure" and sure >= bar}
        readings = {own_reading[page_id]: page_id for page_id in again}
        current = _by_this_reader(session, readings)
        judged, boxes = _judged(session, places, current, bar)
        return Outcome(now, own, own | judged, boxes, own_reading, len(readings) - len(current))
    keys = list(own)
    below = np.array([own[key][2] for key in keys]) < bar
    raised = {keys[n]: ("unsure", *own[keys[n]][1:]) for n in np.flatnonzero(below)}
    return Outcome(now, own, own | raised, {}, own_reading)


def _answers(session: Session, readings: Mapping[int, int]) -> dict[Key, Value]:
    """Return what some readings say; ``readings``: reading → page."""
    found: dict[Key, Value] = {}
    columns = (Answer.reading_id, Answer.question, Answer.state, Answer.choice, Answer.probability)
    for some in _chunks(list(readings)):
        rows = session.execute(select(*columns).where(Answer.reading_id.in_(some)))
        found |= {(readings[key], question): (state, choice, sure) for key, question, state, choice, sure in rows}
    return found


def _own_readings(session: Session, places: Mapping[int, Place]) -> dict[int, int]:
    """Return, of pages whose reading in force was made by a bar, the newest that the reader itself made."""
    if session.scalar(select(RuleChange.id).where(RuleChange.bar.is_not(None)).limit(1)) is None:
        return {}  # no bar was ever set: the values, which are long, need not be looked into
    made = func.json_extract(Reading.value, "$.bar")
    derived: list[int] = []
    for some in _chunks([place.reading for place in places.values()]):
        derived += session.scalars(select(Reading.page_id).where(Reading.id.in_(some), made.is_not(None)))
    found: dict[int, int] = {}
    for some in _chunks(derived):
        query = select(Reading.page_id, func.max(Reading.id)).where(Reading.page_id.in_(some), made.is_(None))
        found |= {page_id: key for page_id, key in session.execute(query.group_by(Reading.page_id))}
    return found


def _by_this_reader(session: Session, readings: Mapping[int, int]) -> dict[int, int]:
    """Return those of some readings (reading → page) whose evidence is of this version of the reader."""
    found: dict[int, int] = {}
    for some in _chunks(list(readings)):
        query = select(Reading.id).where(Reading.id.in_(some), Reading.reader == READER_VERSION)
        found |= {key: readings[key] for key in session.scalars(query)}
    return found


def _judged(
    session: Session, places: Mapping[int, Place], again: Mapping[int, int], bar: float
) -> tuple[dict[Key, Value], dict[Key, Boxes]]:
    """Let the judge look again at some pages (reading → page) with lower thresholds."""
    settings, values, boxes = judge_settings(bar), dict[Key, Value](), dict[Key, Boxes]()
    most = _most(session, {places[page_id].print_run for page_id in again.values()})
    for some in _chunks(list(again)):
        for key, value in session.execute(select(Reading.id, Reading.value).where(Reading.id.in_(some))):
            page_id = again[key]
            place = places[page_id]
            judged = judge(
                {
                    q: {b: tuple(box["evidence"]) for b, box in each["boxes"].items()}
                    for q, each in value["questions"].items()
                },
                settings,
                frozenset(b for fault in value["faults"] if fault["code"] == FaultCode.STREAK for b in fault["boxes"]),
                most[place.print_run, place.sheet_page],
                one_bit=any(fault["code"] == FaultCode.ONE_BIT for fault in value["faults"]),
            )
            for name, said in judged.items():
                values[page_id, name] = (str(said.state), ",".join(said.choice), said.probability)
                boxes[page_id, name] = {b: (str(box.state), box.probability) for b, box in said.boxes.items()}
    return values, boxes


def _most(session: Session, runs: set[int]) -> dict[tuple[int, int], dict[str, int]]:
    """Return how many choices each question takes, by (print run, page of the sheet)."""
    query = select(PrintRun.id, Layout.source).join(Layout, Layout.digest == PrintRun.layout_digest)
    return {
        (run, page.page): {question.id: question.most for question in page.questions}
        for run, source in session.execute(query.where(PrintRun.id.in_(runs)))
        for page in layouts.parse(source).pages
    }


def _decided(session: Session, meeting_id: int) -> set[Key]:
    query = select(Decision.page_id, Decision.question).join(Page, Page.id == Decision.page_id)
    query = query.join(PrintRun, PrintRun.id == Page.print_run_id).where(PrintRun.meeting_id == meeting_id)
    query = query.where(Decision.id.in_(answers.newest_decisions()), answers.settled())
    return {(page_id, question) for page_id, question in session.execute(query)}


def _put_in_force(session: Session, outcome: Outcome, bar: float | None) -> None:
    """Add a reading for each page that comes out otherwise; one that is as the reader read it gets that one back."""
    of_page: dict[int, list[str]] = defaultdict(list)
    for page_id, question in outcome.now:
        of_page[page_id].append(question)
    keys: set[settling.Key] = set()
    for some in _chunks(sorted({page_id for page_id, _ in outcome.changed})):
        pages = list(session.scalars(select(Page).where(Page.id.in_(some))))
        owned = select(Reading).where(Reading.id.in_([outcome.own_reading[page_id] for page_id in some]))
        own = {row.page_id: row for row in session.scalars(owned)}
        attempts = select(Reading.page_id, Reading.reader, func.max(Reading.attempt)).where(Reading.page_id.in_(some))
        rows = session.execute(attempts.group_by(Reading.page_id, Reading.reader))
        last = {(page_id, reader): attempt for page_id, reader, attempt in rows}
        made = {}
        for page in pages:
            names, row = of_page[page.id], own[page.id]
            if all(outcome.after[page.id, name] == outcome.own[page.id, name] for name in names):
                page.reading_id = row.id
            else:
                made[page] = _reading(row, outcome, names, bar, 1 + last[page.id, row.reader])
        session.add_all(made.values())
        session.flush()
        for page, row in made.items():
            page.reading_id = row.id
            session.add_all(_answer(row.id, name, outcome.after[page.id, name]) for name in of_page[page.id])
        session.flush()
        answers.recount_all(session, pages)
        keys |= {(page.sheet, page.sheet_page) for page in pages if page.sheet and page.sheet_page}
    answers.recount_all(session, settling.settle(session, keys))


def _reading(own: Reading, outcome: Outcome, names: list[str], bar: float | None, attempt: int) -> Reading:
    """Return a reading like the reader's own, with the answers of another bar."""
    questions = dict(own.value["questions"])
    for name in names:
        state, choice, sure = outcome.after[own.page_id, name]
        said = {"state": state, "choice": [each for each in choice.split(",") if each], "probability": sure}
        boxes = dict(questions[name]["boxes"])
        for box, (box_state, box_sure) in outcome.boxes.get((own.page_id, name), {}).items():
            boxes[box] = {**boxes[box], "state": box_state, "probability": box_sure}
        questions[name] = {**questions[name], **said, "boxes": boxes}
    return Reading(
        page_id=own.page_id,
        reader=own.reader,
        attempt=attempt,
        status=own.status,
        problem=own.problem,
        layout_digest=own.layout_digest,
        residual_mm=own.residual_mm,
        value={**own.value, "questions": questions, "bar": bar},
    )


def _answer(reading_id: int, question: str, value: Value) -> Answer:
    state, choice, sure = value
    return Answer(reading_id=reading_id, question=question, state=state, choice=choice, probability=sure)


def _chunks(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]
