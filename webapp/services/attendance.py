"""Who came: ticks against the roster of the unit, and the numbers of expected and present made of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Attendance, Meeting
from webapp.office import Office
from webapp.services import closed, head_counts, raters
from webapp.services.meetings import counts_by_session

EXPECTED_NOTE, PRESENT_NOTE = "按名册", "按签到"


def tick(office: Office, meeting_id: int, present: Collection[int], *, user_id: int) -> dict[str, int]:
    """Note who came (ids of the roster; all others did not) and enter the numbers present of each class of the roster.

    Returns class → number. Raises NotFound, Conflict (closed), InvalidInput (no roster).
    """
    with office.db.begin() as session:
        meeting = _meeting(session, meeting_id)
        closed.refuse(session, meeting_id)
        places = raters.places(session, meeting)
        if not places:
            raise InvalidInput("raters-empty")
        session.add_all(
            Attendance(meeting_id=meeting_id, rater_id=row.rater.id, present=row.rater.id in present, user_id=user_id)
            for row in places
            if row.present is not (row.rater.id in present)
        )
        session.flush()
        found = raters.came(session, meeting)
        totals = {row.rater.rater_class: found[row.rater.rater_class] for row in places}
    _enter(office, meeting_id, "present", totals, PRESENT_NOTE, user_id)
    return totals


def enter_expected(office: Office, meeting_id: int, *, user_id: int) -> dict[str, int]:
    """Enter the numbers of the roster as expected. Returns class → number.

    Classes without a person in the roster stay as they were entered. Raises NotFound, Conflict, InvalidInput.
    """
    with office.db.read() as session:
        totals = dict(raters.numbers(session, _meeting(session, meeting_id).unit_id))
    if not totals:
        raise InvalidInput("raters-empty")
    _enter(office, meeting_id, "expected", totals, EXPECTED_NOTE, user_id)
    return totals


def _enter(office: Office, meeting_id: int, kind: str, totals: dict[str, int], note: str, user_id: int) -> None:
    with office.db.read() as session:
        known = counts_by_session(session, meeting_id)[None]
    wanted = {(kind, "", who): str(number) for who, number in totals.items() if known.get((kind, "", who)) != number}
    head_counts.enter(office, meeting_id, wanted, user_id=user_id, note=note)


def _meeting(session: Session, meeting_id: int) -> Meeting:
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting
