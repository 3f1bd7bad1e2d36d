"""The rated do not rate themselves: an option of the plan (``options["rates_self"]``), which holds unless it is lifted.

Who is rated by a sheet of his own and came to the meeting gets one sheet less; on rosters he leaves his own row blank.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Meeting, PrintRun, Survey
from webapp.services import plans, raters

OPTION = "rates_self"


def rates_self(session: Session, meeting: Meeting) -> bool:
    """Tell whether the plan in force lets the rated rate themselves."""
    return bool(plans.of_meeting(session, meeting).options.get(OPTION, False))


def left_out(session: Session, meeting: Meeting) -> Counter[tuple[str, str]]:
    """Return (form, rater class) → how many sheets fewer go out, for so many of those who came are rated by it.

    Only who was ticked present is known to have come. Nothing where the plan lets them rate themselves.
    """
    if rates_self(session, meeting):
        return Counter()
    came = {place.rater.name: place.rater.rater_class for place in raters.places(session, meeting) if place.present}
    query = select(Survey.form, PrintRun.subject).join(PrintRun, PrintRun.survey_id == Survey.id).distinct()
    rows = session.execute(query.where(PrintRun.meeting_id == meeting.id, PrintRun.subject.in_(came)))
    return Counter((form, came[subject]) for form, subject in rows)
