"""The books of a whole meeting: all its forms, its turnout, what is broken, what stops the count.

One value for the page of the count, for closing and for the papers. It holds no figure of a choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from omr.books import Equation, Turnout
from webapp.models import MeetingSession
from webapp.services import meetings, sessions, tally
from webapp.services.sessions import Reason
from webapp.services.tally import FormRef


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not agree, or is not known. ``form``: its letter, '' for the whole meeting.

    ``code``: that of an equation (``omr.books.Equation``), or turnout-unknown, turnout-impossible, turnout-below.
    ``unknown``: a number was not entered. ``stops``: no reason given at closing lets the count be declared valid; the
    numbers must be put right, or for the turnout a supplementary session held or a reason written down.
    """

    form: str
    code: str
    unknown: bool = False
    stops: bool = False


@dataclass(frozen=True, slots=True)
class FormBooks:
    """The books of one form."""

    ref: FormRef
    equations: tuple[Equation, ...]

    @property
    def faults(self) -> Iterator[Fault]:
        """Yield the equations that do not hold, or not yet."""
        for equation in self.equations:
            if not equation.ok:
                yield Fault(self.ref.form.letter, equation.code, equation.ok is None, equation.stops)


@dataclass(frozen=True, slots=True)
class Books:
    """The books of a meeting. ``turnout``: by class, the total last, all sessions together."""

    forms: tuple[FormBooks, ...]
    turnout: tuple[Turnout, ...]
    sessions: tuple[MeetingSession, ...]
    reason: Reason | None

    @property
    def broken(self) -> tuple[Fault, ...]:
        """All that does not agree or is not known, in the order of the forms; the turnout last."""
        return (*(fault for form in self.forms for fault in form.faults), *self._turnout())

    @property
    def balanced(self) -> bool:
        """Whether every equation of every form holds, nothing waits for a person, and the turnout is enough."""
        return not self.broken

    @property
    def stops(self) -> tuple[Fault, ...]:
        """What no reason given at closing mends."""
        return tuple(fault for fault in self.broken if fault.stops)

    def _turnout(self) -> Iterator[Fault]:
        total = self.turnout[-1]
        if total.impossible:
            yield Fault("", "turnout-impossible", stops=True)
        elif self.reason is None and total.reached is None:
            yield Fault("", "turnout-unknown", unknown=True, stops=True)
        elif self.reason is None and total.reached is False:
            yield Fault("", "turnout-below", stops=True)


def of(session: Session, meeting_id: int) -> Books:
    """Return the books of a meeting inside an open transaction. Raises NotFound."""
    turnout = tuple(meetings.turnout(session, meeting_id))
    counted = [tally.results_in(session, meeting_id, ref.survey_id) for ref in tally.forms(session, meeting_id)]
    return Books(
        forms=tuple(FormBooks(found.ref, found.equations) for found in counted if found is not None),
        turnout=turnout,
        sessions=tuple(sessions.of_meeting(session, meeting_id)),
        reason=sessions.reason(session, meeting_id),
    )
