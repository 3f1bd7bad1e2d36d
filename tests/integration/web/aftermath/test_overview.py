"""The school side by side: phases, both deadlines with their own day, figures equal to the count, doubts, delivery."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.sheet_rows import Desk
from webapp.models import Campaign, Meeting, Submission, Unit
from webapp.services import doubts, notices, overview, submitting, supervising, tally
from webapp.services.overview import Line

LEVELS = {"satisfied": 12, "fairly": 6, "basically": 2}
CAMPAIGN = Campaign(title="x", finish_by=dt.date(2011, 7, 20), report_by=dt.date(2011, 7, 22))
UNIT = Unit(id=1, kind="college", name="机械学院党委")


def line(phase: str, **facts: object) -> Line:
    return Line(UNIT, 1, Meeting(held_on=dt.date(2011, 7, 18)), phase, **facts)


@pytest.mark.parametrize(
    ("found", "day", "state"),
    [
        (line("count"), 20, "slow"), (line("count"), 21, "late"), (line("review"), 18, "running"),
        (line("printing"), 18, "slow"), (line("printing"), 19, "risk"), (line("scanning"), 19, "slow"),
        (line("papers", closed_on=dt.date(2011, 7, 20)), 21, "running"),
        (line("papers", closed_on=dt.date(2011, 7, 20)), 22, "slow"),
        (line("papers", closed_on=dt.date(2011, 7, 20)), 23, "late"),
        (line("rectify", received_on=dt.date(2011, 7, 22)), 30, "done"),
    ],
)  # fmt: skip
def test_both_deadlines__include_their_own_day(found, day, state):
    assert found.state(CAMPAIGN, dt.date(2011, 7, day)) == state


def test_late_list__counts_the_days_after_the_deadline():
    closed = line("papers", closed_on=dt.date(2011, 7, 22))
    assert closed.days_late("finish", CAMPAIGN, dt.date(2011, 7, 30)) == 2
    assert closed.days_late("report", CAMPAIGN, dt.date(2011, 7, 22)) == 0
    assert closed.days_late("report", CAMPAIGN, dt.date(2011, 7, 26)) == 4


def lines_of(office, campaign):
    with office.db.read() as session:
        return {each.unit.name: each for each in overview.lines(session, campaign.id)}


def test_roll_up__says_what_the_count_says_and_nothing_before_closing(office, campaign, meeting, rated, shut):
    rated(meeting, LEVELS, close=False)
    assert lines_of(office, campaign)["机械学院党委"].phase == "count"
    assert lines_of(office, campaign)["机械学院党委"].headline is None
    shut(meeting.id)
    found = lines_of(office, campaign)["机械学院党委"]
    counted = tally.results(office, meeting.id)
    overall = next(item for item in counted.items if item.question.overall)
    assert found.headline == overall.total.rates["fairly"]
    assert (found.returned, found.issued) == (counted.count.returned, counted.issued)
    assert (found.phase, found.turnout.part) == ("papers", counted.turnout[-1].present)


def test_units__stand_in_the_order_of_the_tree(office, campaign, unit):
    with office.db.begin() as session:
        other = Unit(kind="general", name="机关党总支")
        session.add(other)
        session.flush()
        session.add(Unit(kind="branch", name="教工支部", parent_id=unit.id))
    with office.db.read() as session:
        every = overview.lines(session, campaign.id)
        assert [each.unit.name for each in every] == ["机械学院党委", "教工支部", "机关党总支"]
        assert [each.unit.name for each in overview.level_two(every)] == ["机械学院党委", "机关党总支"]


def test_overview_page__lists_who_is_late_and_leads_the_school_office(
    office, campaign, meeting, office_user, operator, monkeypatch
):
    monkeypatch.setattr("webapp.blueprints.overview.today", lambda: dt.date(2011, 7, 24))
    at = f"/campaigns/{campaign.id}/overview"
    page = office_user.get(at).get_data(as_text=True)
    assert "机械学院党委（逾期 4 天）" in page
    assert "机械学院党委（逾期 2 天）" in page
    assert operator.get(at).status_code == 403
    assert office_user.get(f"{at}.xlsx").data.startswith(b"PK")
    assert office_user.post(f"{at}/remind").status_code == 302
    with office.db.read() as session:
        assert [each.code for each in notices.mine(session, operator.id)] == ["notice-behind"]


def test_received_bundle__ends_the_way(office, campaign, meeting, unit, user, rated):
    rated(meeting, LEVELS)
    with office.db.begin() as session:
        row = Submission(
            campaign_id=campaign.id, unit_id=unit.id, version=1, sha256="0" * 64, bytes=1, manifest={}, user_id=user.id
        )
        session.add(row)
    submitting.receive(
        office, row.id, channel="oa", handed_by="", received_by="巴图", received_on=dt.date(2011, 7, 22),
        user_id=user.id,
    )  # fmt: skip
    found = lines_of(office, campaign)["机械学院党委"]
    assert (found.phase, found.state(campaign, dt.date(2011, 7, 30))) == ("rectify", "done")


def doubts_of(office, campaign):
    with office.db.read() as session:
        return {
            each.code: dict(each.params) for each in doubts.of_lines(session, overview.lines(session, campaign.id), 80)
        }


def test_doubts__are_found_in_books_and_after_closing_in_answers(office, campaign, meeting, user, rated, shut):
    rated(meeting, {"satisfied": 20}, expected=40, close=False)
    assert doubts_of(office, campaign) == {"doubt-turnout": {"present": 20, "expected": 40, "percent": 80}}
    shut(meeting.id)
    found = doubts_of(office, campaign)
    assert found["doubt-alike"] == {"alike": 20, "sheets": 20, "line": 90}
    assert found["doubt-perfect"] == {"sheets": 20}


def test_more_returned_than_issued_and_many_blanks__are_doubts(office, campaign, meeting, surveys, user, rated, shut):
    rated(meeting, LEVELS, close=False)
    with office.db.begin() as session:
        run = session.query(tally.PrintRun).first()
        desk = Desk(session, user.id)
        for _sheet in range(12):
            blank = dict.fromkeys(("q1", "q2", "q3"), ("blank", ""))
            desk.page(run, desk.issue(run), {"rater_class": ("answered", "staff"), **blank})
    shut(meeting.id)
    found = doubts_of(office, campaign)
    assert found["doubt-returned"] == {"returned": 32, "issued": 20}
    assert found["doubt-blank"]["blank"] == 36


def test_doubt_looked_at__is_settled_in_the_log_of_those_who_supervise_the_unit(
    office, campaign, meeting, unit, rated, enter
):
    rated(meeting, {"satisfied": 20})
    person = enter("高远联络", "liaison", unit_id=unit.id)
    at = f"/campaigns/{campaign.id}/supervision"
    assert "每一项都是“满意”" in person.get(at).get_data(as_text=True)
    told = {"unit_id": unit.id, "kind": "doubt", "doubt": f"{meeting.id}:doubt-perfect", "settles": "1",
            "seen_on": "2011-07-19", "text": "现场核对无误"}  # fmt: skip
    assert person.post(at, {**told, "text": ""}).status_code == 422
    assert person.post(at, told).status_code == 302
    with office.db.read() as session:
        assert supervising.settled(session, campaign.id) == {f"{meeting.id}:doubt-perfect"}
        other = Unit(kind="college", name="电力学院党委")
    with office.db.begin() as session:
        session.add(other)
    assert person.post(at, {**told, "unit_id": other.id}).status_code == 403
    assert "现场核对无误" in person.get(at).get_data(as_text=True)


def test_experience__is_written_by_one_unit_and_read_by_others(office, campaign, unit, enter, liaison):
    person = enter("学院管理员", "unit_administrator", unit_id=unit.id)
    at = f"/campaigns/{campaign.id}/experience"
    assert person.post(at, {"unit_id": unit.id, "title": "分场次", "text": "分三个教研室开会"}).status_code == 302
    assert "分三个教研室开会" in liaison.get(at).get_data(as_text=True)
    with office.db.read() as session:
        [(row, name)] = supervising.experiences(session, campaign.id)
    assert name == unit.name
    assert liaison.post(f"/experience/{row.id}/take-back").status_code == 403
    assert person.post(f"/experience/{row.id}/take-back").status_code == 302
    assert "分三个教研室开会" not in liaison.get(at).get_data(as_text=True)


def test_directive__is_delivered_to_every_addressee_and_acknowledged(office, campaign, unit, office_user, enter):
    own = enter("学院管理员", "unit_administrator", unit_id=unit.id)
    with office.db.begin() as session:
        session.add(Unit(kind="branch", name="教工支部", parent_id=unit.id))
    at = f"/campaigns/{campaign.id}/delivery"
    assert "教工支部" not in office_user.get(at).get_data(as_text=True)
    told = {"unit": [unit.id], "channel": "notice", "delivered_on": "2011-07-08"}
    assert office_user.post(at, {**told, "unit": []}).status_code == 422
    assert office_user.post(at, told).status_code == 302
    with office.db.read() as session:
        [view] = notices.mine(session, own.id)
        [each] = supervising.addressees(session, campaign.id)
        assert (each.row.delivered_on, each.told, each.acknowledged) == (dt.date(2011, 7, 8), 1, 0)
    own.post(f"/notices/{view.id}/acknowledge")
    with office.db.read() as session:
        [each] = supervising.addressees(session, campaign.id)
    assert (each.told, each.acknowledged) == (1, 1)
