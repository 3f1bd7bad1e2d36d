"""The results on a screen that the hall reads from its last row. Open once the count is closed."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from webapp.access import access
from webapp.blueprints.count import words
from webapp.errors import Forbidden, NotFound
from webapp.i18n import language
from webapp.models import User
from webapp.pages import office
from webapp.rights import Right
from webapp.services import closing, meetings, tally

bp = Blueprint("projector", __name__)
PER_SCREEN = {"zh": 3, "en": 2}  # English takes more lines


@bp.get("/meetings/<int:meeting_id>/projector")
@access(Right.SEE_RESULTS)
def show(meeting_id: int) -> str:
    """One screen of results: arrow keys go on."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        held = closing.in_force(session, meeting_id)
        if held is None:
            raise Forbidden("results-closed")
        found = [tally.results_in(session, meeting_id, ref.survey_id) for ref in tally.forms(session, meeting_id)]
        person = session.get_one(User, held.user_id).display_name
    most = PER_SCREEN[language()]
    screens = [
        (results, items[start : start + most])
        for results in found
        if results is not None
        for subject in results.subjects
        for items in (results.of(subject),)
        for start in range(0, len(items), most)
    ]
    number = request.args.get("screen", 1, type=int)
    if not 1 <= number <= len(screens):
        raise NotFound("no-such-row", kind="Screen")
    results, items = screens[number - 1]
    return render_template(
        "projector/show.html", meeting=meeting, held=held, person=person, results=results, items=items, number=number,
        screens=len(screens), **words(results),
    )  # fmt: skip
