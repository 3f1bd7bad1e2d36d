"""How far the meetings of a campaign are: what each says of itself, in as many queries for ten as for one."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event

from forms.survey import Values
from forms.typeset import typeset
from tests.sheet_rows import Desk
from webapp.models import Batch, Closing, Meeting, Scan, SelfCheck, Survey, Unit
from webapp.services import campaign_progress, printing, progress, rectifying
from webapp.services.rectifying import Entry

DAY = dt.date(2011, 7, 15)


@pytest.fixture
def add(office, campaign, surveys, user):
    """Add a meeting with numbers, sheets with a doubt, a scan that waits, a self-check, a problem."""

    def add(number: int) -> int:
        with office.db.begin() as session:
            unit = Unit(kind="college", name=f"学院{number}")
            session.add(unit)
            session.flush()
            meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id, held_on=DAY)
            session.add(meeting)
            session.flush()
            desk = Desk(session, user.id)
            form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
            layout = typeset(form, Values(unit=unit.name, subject=unit.name))
            run = desk.print_run(meeting.id, surveys["org"], layout, copies=40)
            desk.heads(meeting.id, {("expected", "", "staff"): 20, ("present", "", "staff"): 10 + number})
            for choice in ("satisfied", "fairly"):
                mark = ("answered", choice)
                answers = {"rater_class": ("answered", "staff"), **dict.fromkeys(("q1", "q2", "q3"), mark)}
                desk.page(run, desk.issue(run), answers)
            batch = Batch(origin="upload", meeting_id=meeting.id)
            session.add(batch)
            session.flush()
            session.add_all([
                Scan(batch_id=batch.id, sha256=f"{number:064d}", filename="a.pdf", bytes=1, state="received"),
                SelfCheck(meeting_id=meeting.id, achievements="有", shortcomings="", measures="", user_id=user.id),
                Closing(meeting_id=meeting.id, version=1, digest="0" * 64, content=b"", user_id=user.id),
            ])  # fmt: skip
        rectifying.add(office, meeting.id, Entry("会议重复"), user_id=user.id)
        return meeting.id

    return add


def test_meetings_of_a_campaign__are_as_far_as_each_says_of_itself(office, campaign, add, meeting):
    worked = add(1)
    with office.db.read() as session:
        found = campaign_progress.of_campaign(session, campaign.id)
        alone = {key: progress.progress(session, key) for key in (worked, meeting.id)}
    assert found == alone
    far = found[worked]
    assert (far.present, far.returned, far.rating, far.unread, far.version, far.check, far.remedies) == (
        11, 2, 2, 1, 1, 2, 1,
    )  # fmt: skip


def test_campaign_page__asks_as_much_for_many_meetings_as_for_one(office, campaign, add, office_user):
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_other):
        asked.append(statement)

    def queries() -> int:
        asked.clear()
        assert office_user.get(f"/campaigns/{campaign.id}").status_code == 200
        return len(asked)

    add(1)
    event.listen(office.db.engine, "before_cursor_execute", note)
    one = queries()
    for number in range(2, 7):
        add(number)
    assert 0 < queries() <= one
