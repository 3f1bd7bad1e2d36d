"""The numbers that people count at a meeting: entered as rows that are added, with warnings where they can't be."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import HeadCount, Meeting, MeetingSession, PrintRun, Survey, User
from webapp.office import Office
from webapp.services import closed, own_row, sessions
from webapp.services.meetings import Key, counts_by_session, latest_counts
from webapp.services.printing import printed

KINDS = ("expected", "present", "issued", "spoiled", "spare", "box")
PAPER = ("issued", "spoiled", "spare")
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Warning:
    """Numbers that don't go together. ``code`` of messages.yaml; form and rater_class are shown before it."""

    code: str
    form: str = ""
    rater_class: str = ""
    params: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One number as it was entered. ``replaces``: the number that it corrected, None for a first one."""

    key: Key
    number: int
    at: dt.datetime
    by: str
    note: str
    session_id: int | None = None
    replaces: int | None = None


def enter(
    office: Office,
    meeting_id: int,
    numbers: Mapping[Key, str],
    *,
    user_id: int,
    note: str = "",
    session_id: int | None = None,
    seen: Mapping[Key, str] | None = None,
) -> int:
    """Add the numbers that differ from those in force; an empty field that was empty before says nothing.

    ``session_id``: the supplementary session they were counted at, None for the meeting itself. ``seen``: what the
    page showed; a field left as it was shown changes nothing, whatever others have entered since.

    Returns how many rows were added. Raises NotFound, Conflict (closed) and InvalidInput (no number, a correction
    without a reason, somebody else changed the same number); then nothing is added.
    """
    if len(note) > 200:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        _check(session, meeting_id, session_id)
        heads = counts_by_session(session, meeting_id).get(session_id, {})
        touched = {key: text for key, text in numbers.items() if seen is None or text != seen.get(key, "")}
        rows = [
            HeadCount(
                meeting_id=meeting_id, kind=key[0], form=key[1], rater_class=key[2], number=number, user_id=user_id,
                note=note, session_id=session_id,
            )
            for key, number in _parsed(touched, heads)
            if heads.get(key) != number
        ]  # fmt: skip
        _refuse_stale(rows, heads, seen)
        if not note.strip() and any((row.kind, row.form, row.rater_class) in heads for row in rows):
            raise InvalidInput("correction-without-reason")
        session.add_all(rows)
    return len(rows)


def _check(session: Session, meeting_id: int, session_id: int | None) -> None:
    if session.get(Meeting, meeting_id) is None:
        raise NotFound("no-such-row", kind="Meeting")
    closed.refuse(session, meeting_id)
    if session_id is not None:
        row = session.get(MeetingSession, session_id)
        if row is None or row.meeting_id != meeting_id:
            raise NotFound("no-such-row", kind="MeetingSession")
        if sessions.is_withdrawn(session, session_id):
            raise Conflict("session-withdrawn")


def _refuse_stale(rows: list[HeadCount], heads: Mapping[Key, int], seen: Mapping[Key, str] | None) -> None:
    """Raise InvalidInput where somebody else entered one of the numbers after the page was shown."""
    if seen is None:
        return
    for row in rows:
        key = (row.kind, row.form, row.rater_class)
        if seen.get(key, "") != str(heads.get(key, "")):
            raise InvalidInput("number-stale", now=heads[key], typed=row.number, field="|".join(key))


def history(office: Office, meeting_id: int) -> list[Entry]:
    """Return all numbers that were ever entered, newest first."""
    query = (
        select(HeadCount, User.display_name)
        .join(User, User.id == HeadCount.user_id)
        .where(HeadCount.meeting_id == meeting_id)
        .order_by(HeadCount.id)
    )
    found, before = [], dict[tuple[int | None, Key], int]()
    with office.db.read() as session:
        for row, by in session.execute(query):
            key = (row.kind, row.form, row.rater_class)
            old = before.get((row.session_id, key))
            found.append(Entry(key, row.number, row.at, by, row.note, row.session_id, old))
            before[row.session_id, key] = row.number
    return found[::-1]


def warnings(session: Session, meeting_id: int) -> list[Warning]:
    """Return what can't be: more present than expected, more sheets handed out than raters or than printed."""
    heads = latest_counts(session, meeting_id)
    drawn, subjects = printed(session, meeting_id), _subjects(session, meeting_id)
    fewer = own_row.left_out(session, session.get_one(Meeting, meeting_id))
    found = list(_too_many_present(heads)) + list(_too_many_issued(heads, subjects, fewer))
    for form in sorted({form for _, form, _ in heads if form}):
        used = [number for (kind, of_form, _), number in heads.items() if of_form == form and kind in PAPER]
        if sum(used) > drawn.get(form, 0):
            params = {"used": sum(used), "printed": drawn.get(form, 0)}
            found.append(Warning("heads-over-printed", form, "", params))
    return found


def _too_many_present(heads: Mapping[Key, int]) -> Iterator[Warning]:
    for (kind, _, rater_class), number in heads.items():
        expected = heads.get(("expected", "", rater_class))
        if kind == "present" and expected is not None and number > expected:
            yield Warning("heads-over-expected", "", rater_class, {"present": number, "expected": expected})


def _too_many_issued(
    heads: Mapping[Key, int], subjects: Mapping[str, int], fewer: Mapping[tuple[str, str], int]
) -> Iterator[Warning]:
    for (kind, form, rater_class), number in heads.items():
        present = heads.get(("present", "", rater_class))
        if kind != "issued" or present is None:
            continue
        most = present * max(subjects.get(form, 1), 1)  # a rater gets a sheet for each subject
        most -= fewer.get((form, rater_class), 0)  # but none about himself
        if number > most:
            yield Warning("heads-over-present", form, rater_class, {"issued": number, "most": most})


def _subjects(session: Session, meeting_id: int) -> dict[str, int]:
    query = (
        select(Survey.form, func.count(func.distinct(PrintRun.subject)))
        .join(PrintRun, PrintRun.survey_id == Survey.id)
        .where(PrintRun.meeting_id == meeting_id)
        .group_by(Survey.form)
    )
    return {form: subjects for form, subjects in session.execute(query)}


def _parsed(numbers: Mapping[Key, str], heads: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
    for key, text in numbers.items():
        text = unicodedata.normalize("NFKC", text).strip()  # an input method types full-width digits
        if not text and key not in heads:
            continue
        if not text:
            raise InvalidInput("number-cleared", number=heads[key])
        if key[0] not in KINDS or not text.isascii() or not text.isdigit() or int(text) > MOST:
            raise InvalidInput("not-a-number", text=text[:20], most=MOST, field="|".join(key))
        yield key, int(text)
