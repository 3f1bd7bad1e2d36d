"""Low and high by the rules, orders with their re-check, examples with their publicity."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib

import pytest

from omr.tally import Rate, Rules
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Campaign, Closing, Meeting
from webapp.services import campaigns, closing, consequences, notices, orders_due, outcomes, rectification, suggestions
from webapp.services.trail import canonical

LOW = {"satisfied": 5, "fairly": 5, "basically": 3, "dissatisfied": 7}
HIGH = {"satisfied": 15, "fairly": 4, "basically": 1}
DUE = dt.date(2011, 10, 20)


@pytest.mark.parametrize(
    ("headline", "dissatisfied", "low"),
    [((59, 100), 0, True), ((60, 100), 0, False), ((80, 90), 30, False), ((59, 90), 31, True), ((0, 0), 0, False)],
)
def test_low__is_under_the_line_or_more_dissatisfied_than_one_in_three(headline, dissatisfied, low):
    rules = Rules(low_percent=60, low_dissatisfied_in=3)
    assert outcomes.is_low(Rate(*headline), Rate(dissatisfied, headline[1]), rules) is low


def test_one_in_none__is_no_rule():
    assert not outcomes.is_low(Rate(60, 100), Rate(40, 100), Rules(low_dissatisfied_in=0))


@pytest.mark.parametrize(("part", "came", "high"), [(90, True, True), (89, True, False), (95, False, False)])
def test_high__is_the_line_itself_and_needs_the_turnout(part, came, high):
    assert outcomes.is_high(Rate(part, 100), Rules(), enough_came=came) is high


def verdicts(office, meeting):
    with office.db.read() as session:
        return {each.subject: each.verdict for each in outcomes.of_meeting(session, meeting.id)}


def test_open_count__judges_nobody(office, meeting, rated):
    rated(meeting, LOW, close=False)
    assert verdicts(office, meeting) == {}


def test_members__are_low_high_or_neither(office, meeting, rated):
    members = {"张敏": ["satisfied"] * 9 + ["basically"], "李刚": ["dissatisfied"] * 4 + ["fairly"] * 6,
               "王芳": ["fairly"] * 7 + ["basically"] * 3}  # fmt: skip
    rated(meeting, LOW, members)
    assert verdicts(office, meeting) == {"": "low", "张敏": "high", "李刚": "low", "王芳": ""}


def test_line_of_the_campaign__decides_and_is_not_moved_once_a_count_is_closed(office, campaign, meeting, rated, shut):
    rated(meeting, {"satisfied": 11, "basically": 9}, close=False)
    moved = {**campaigns.rules_of(campaign), "low_percent": 50}
    campaigns.set_rules(office, campaign.id, moved)
    shut(meeting.id)
    assert verdicts(office, meeting) == {"": ""}
    with pytest.raises(Conflict):
        campaigns.set_rules(office, campaign.id, {**moved, "low_percent": 60})


def test_order__stands_in_the_register_tells_the_unit_and_is_lifted_after_the_recheck(
    office, campaign, meeting, surveys, user, rated, enter
):
    own = enter("学院管理员", "unit_administrator", unit_id=meeting.unit_id)
    rated(meeting, LOW)
    given = {"survey_id": surveys["org"], "subject": "", "due_on": DUE, "user_id": user.id}
    order_id = consequences.order(office, meeting.id, **given)
    with pytest.raises(Conflict):
        consequences.order(office, meeting.id, **given)
    with office.db.read() as session:
        [row] = rectification.rows(session, meeting.id)
        assert (row.source, row.due_on, row.ordered) == ("order", DUE, True)
        assert [view.code for view in notices.mine(session, own.id)] == ["notice-order"]
        assert [each.origin.question for each in suggestions.of_meeting(session, meeting.id)] == ["q1", "q2"]
        [found] = orders_due.of_meetings(session, [meeting.id])
        assert [found.is_late(DUE), found.is_late(DUE + dt.timedelta(days=1))] == [False, True]
    with pytest.raises(InvalidInput, match="lift-why"):
        consequences.lift(office, order_id, why="", user_id=user.id)
    with office.db.begin() as session:
        again = Meeting(campaign_id=campaign.id, unit_id=meeting.unit_id, held_on=DUE)
        session.add(again)
    consequences.link_recheck(office, order_id, meeting_id=again.id, user_id=user.id)
    rated(again, HIGH)
    consequences.lift(office, order_id, why="", user_id=user.id)
    with office.db.read() as session:
        [found] = orders_due.of_meetings(session, [meeting.id])
        assert (found.state, found.recheck_id) == ("lifted", again.id)
        assert consequences.recheck(session, found).after.verdict == "high"


def test_extension__wants_a_later_day_and_a_reason(office, meeting, surveys, user, rated):
    rated(meeting, LOW)
    order_id = consequences.order(office, meeting.id, survey_id=surveys["org"], subject="", due_on=DUE, user_id=user.id)
    with pytest.raises(InvalidInput, match="order-later"):
        consequences.extend(office, order_id, due_on=DUE, why="x", user_id=user.id)
    with pytest.raises(InvalidInput, match="extension-why"):
        consequences.extend(office, order_id, due_on=DUE + dt.timedelta(days=1), why="", user_id=user.id)
    consequences.extend(office, order_id, due_on=DUE + dt.timedelta(days=9), why="设备未到", user_id=user.id)
    with office.db.read() as session:
        [found] = orders_due.of_meetings(session, [meeting.id])
    assert (found.due_on, found.extended) == (DUE + dt.timedelta(days=9), 1)


def test_who_is_not_low__is_not_ordered(office, meeting, surveys, user, rated):
    rated(meeting, HIGH)
    with pytest.raises(NotFound):
        consequences.order(office, meeting.id, survey_id=surveys["org"], subject="", due_on=DUE, user_id=user.id)


def test_example__is_put_forward_published_printed_and_taken_off(office, meeting, surveys, user, rated, office_user):
    rated(meeting, HIGH)
    at = f"/meetings/{meeting.id}/consequences"
    named = {"survey_id": surveys["org"], "subject": "", "deeds": "承诺全部兑现"}
    assert office_user.post(f"{at}/example", named).status_code == 302
    with office.db.read() as session:
        [each] = consequences.examples(session, [meeting.id])
    told = {"medium": "校报", "published_on": "2011-07-25"}
    assert office_user.post(f"/examples/{each.row.id}/publish", told).status_code == 302
    assert "校报" in office_user.get(at).get_data(as_text=True)
    assert office_user.get(f"/meetings/{meeting.id}/examples.docx").data.startswith(b"PK")
    assert office_user.post(f"/examples/{each.row.id}/take-off").status_code == 422
    assert office_user.post(f"/examples/{each.row.id}/take-off", {"why": "另有反映"}).status_code == 302
    with office.db.read() as session:
        assert consequences.examples(session, [meeting.id]) == []


def test_page__shows_nobody_before_closing_and_the_low_after_it(office, meeting, rated, shut, operator, surveys, enter):
    rated(meeting, LOW, close=False)
    at = f"/meetings/{meeting.id}/consequences"
    assert "应限期整改" not in operator.get(at).get_data(as_text=True)
    shut(meeting.id)
    page = operator.get(at).get_data(as_text=True)
    assert "应限期整改" in page
    assert "10/20" in page
    sent = {"survey_id": surveys["org"], "subject": "", "due_on": "2011-10-20"}
    branch = enter("支部书记", "branch", unit_id=meeting.unit_id)
    assert branch.post(f"{at}/order", sent).status_code == 403
    assert operator.post(f"{at}/order", sent).status_code == 302
    assert "已下达" in operator.get(at).get_data(as_text=True)


def test_rule_that_came_after_a_closing__leaves_it_as_it_was_while_it_stands_at_its_default(
    office, campaign, meeting, user, rated
):
    rated(meeting, HIGH, close=False)
    with office.db.begin() as session:
        value = closing.content_of(session, meeting.id)
        value["rules"].pop("low_dissatisfied_in")
        text = canonical(value).encode()
        digest = hashlib.sha256(text).hexdigest()
        row = Closing(meeting_id=meeting.id, version=1, digest=digest, content=zlib.compress(text), user_id=user.id)
        session.add(row)
    with office.db.begin() as session:
        assert closing.check(session, row).holds
        session.get(Campaign, campaign.id).rules = {"low_dissatisfied_in": 4}
        session.flush()
        assert not closing.check(session, row).holds
