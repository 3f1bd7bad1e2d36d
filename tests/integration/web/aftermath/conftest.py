"""Counts that are closed: sheets written as rows, and the closing with them."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence

import pytest

from forms.survey import Values
from forms.typeset import typeset
from tests.sheet_rows import Desk
from webapp.models import Closing, Meeting, Survey
from webapp.services import closing, printing
from webapp.services.trail import canonical

Levels = Mapping[str, int]  # choice → sheets


def sheets(levels: Levels) -> list[tuple[str, str]]:
    """Return one mark a sheet."""
    return [("answered", choice) for choice, number in levels.items() for _ in range(number)]


@pytest.fixture
def shut(office, user) -> Callable[[int], None]:
    """Close the count of a meeting, whatever stands in its way."""

    def close(meeting_id: int) -> None:
        with office.db.begin() as session:
            text = canonical(closing.content_of(session, meeting_id)).encode()
            session.add(Closing(
                meeting_id=meeting_id, version=1, digest=hashlib.sha256(text).hexdigest(), content=zlib.compress(text),
                user_id=user.id,
            ))  # fmt: skip

    return close


@pytest.fixture
def rated(office, surveys, user, shut) -> Callable[..., None]:
    """Fill a meeting with organisation sheets, all items alike, and with rosters of members, and close its count."""

    def rate(
        meeting: Meeting, org: Levels, members: Mapping[str, Sequence[str]] | None = None, *,
        present: int | None = None, expected: int = 20, close: bool = True,
    ) -> None:  # fmt: skip
        number = sum(org.values())
        with office.db.begin() as session:
            desk = Desk(session, user.id)
            form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
            run = desk.print_run(
                meeting.id, surveys["org"], typeset(form, Values(unit="学院", subject="学院")), copies=40
            )
            came = number if present is None else present
            desk.heads(meeting.id, {
                ("expected", "", "staff"): expected, ("expected", "", "student"): 0, ("present", "", "staff"): came,
                ("present", "", "student"): 0, ("issued", "org", "staff"): number, ("issued", "org", "student"): 0,
            })  # fmt: skip
            for mark in sheets(org):
                answers = {"rater_class": ("answered", "staff"), **dict.fromkeys(("q1", "q2", "q3"), mark)}
                desk.page(run, desk.issue(run), answers)
            if members:
                _roster(session, desk, meeting, surveys["roster-overall"], members)
        if close:
            shut(meeting.id)

    return rate


def _roster(session, desk: Desk, meeting: Meeting, survey_id: int, members: Mapping[str, Sequence[str]]) -> None:
    form = printing.parse(session.get(Survey, survey_id).source, "roster-overall")
    layout = typeset(form, Values(unit="支部", members=tuple(members)))
    run = desk.print_run(meeting.id, survey_id, layout, copies=40)
    rows = {name: row for row, name in layout.rows.items()}
    for place in range(len(next(iter(members.values())))):
        answers = {f"{rows[name]}.overall": ("answered", marks[place]) for name, marks in members.items()}
        desk.page(run, desk.issue(run), {"rater_class": ("answered", "staff"), **answers})
