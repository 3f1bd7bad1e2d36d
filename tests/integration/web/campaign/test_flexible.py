"""The flexible way: sessions by post and door to door, answers by telephone, one tally, manner and reason printed."""

from __future__ import annotations

import datetime as dt

import pytest

from forms.survey import Values
from forms.typeset import typeset
from tests.sheet_rows import Desk, worked_meeting
from webapp.errors import InvalidInput
from webapp.models import Campaign, Meeting, Survey, Unit
from webapp.papers.paper import Line
from webapp.services import (
    campaign_copies,
    closing_papers,
    head_counts,
    keyed,
    meetings,
    plan_versions,
    printing,
    promises,
    reports,
    sessions,
    tally,
)

SUBJECT = "离退休人员工作处党总支"
REASON = "离退休党员行动不便"


@pytest.fixture
def layout(office, surveys):
    """The layout of form A about the general branch."""
    with office.db.read() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
    return typeset(form, Values(unit=SUBJECT, subject=SUBJECT))


@pytest.fixture
def by_hand(office, campaign, surveys, user, layout):
    """A general branch whose plan is the flexible way: a meeting, then a session by post; two sheets by telephone."""
    with office.db.begin() as session:
        unit = Unit(kind="general", name=SUBJECT)
        session.add(unit)
        session.flush()
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id, held_on=dt.date(2011, 7, 14))
        session.add(meeting)
        session.flush()
        desk = Desk(session, user.id)
        run = worked_meeting(desk, meeting.id, surveys["org"], layout, SUBJECT)
        codes = [desk.issue(run) for _ in range(2)] if run else []
    content = {"flexible": {"manners": ["post", "phone", "hall"], "reason": REASON}}
    version = plan_versions.save(office, campaign.id, unit.id, content, user_id=user.id)
    plan_versions.issue(office, campaign.id, unit.id, version, user_id=user.id)
    return meeting, codes


def lines(paper):
    """The lines of a paper."""
    return [block.text for block in paper.blocks if isinstance(block, Line)]


def test_sessions_in_other_manners__are_merged_and_printed_with_the_reason(office, campaign, surveys, user, by_hand):
    meeting, _codes = by_hand
    before = tally.results(office, meeting.id)
    number = sessions.add(
        office, meeting.id, held_on=dt.date(2011, 7, 16), place="", why="外地休养", manner="post", user_id=user.id
    )
    numbers = {("expected", "", "staff"): "20", ("present", "", "staff"): "18", ("issued", "org", "staff"): "18"}
    head_counts.enter(office, meeting.id, numbers, user_id=user.id, session_id=number)
    results = tally.results(office, meeting.id)
    assert results.by_hand
    assert results.issued == before.issued + 18
    assert results.turnout[-1].expected == before.turnout[-1].expected + 20
    assert "issued" not in {each.code for each in results.equations}
    assert "returned" in {each.code for each in results.equations}
    paper = reports.summary(office, meeting.id, surveys["org"], SUBJECT)
    told = lines(paper)
    assert "场次2：7月16日，邮寄（外地休养）：应到 20，实到 18，发放 18。" in told
    [base] = [line for line in told if line.startswith("应到 ")]
    assert f"发放 {results.issued}，收回 {results.count.returned}" in base
    assert "收回÷应到" in base
    assert "收回÷发放" in base
    cells = [cell.text for block in paper.blocks if hasattr(block, "rows") for row in block.rows for cell in row]
    assert f"灵活方式（大会、邮寄、电话代录）：{REASON}" in cells
    report = closing_papers.report(office, meeting.id)
    assert any("邮寄（外地休养）" in line for line in lines(report))
    cells = [cell.text for block in report.blocks if hasattr(block, "rows") for row in block.rows for cell in row]
    assert f"灵活方式（大会、邮寄、电话代录）：{REASON}" in cells


def test_answers_by_telephone__are_marked_and_counted_apart(office, surveys, user, by_hand):
    meeting, codes = by_hand
    before = tally.results(office, meeting.id)
    for code, phone in zip(codes, (True, False), strict=True):
        keyed.save(office, text=code, sheet_page=1, marks={"q1": ("satisfied",)}, user_id=user.id, by_phone=phone)
    results = tally.results(office, meeting.id)
    assert results.keyed == (before.keyed[0] + 2, before.keyed[1] + 1)
    with office.db.read() as session:
        assert sorted(row.by_phone for row in keyed.listed(session, meeting.id))[-2:] == [False, True]
    told = " ".join(lines(reports.summary(office, meeting.id, surveys["org"], SUBJECT)))
    assert f"手工录入 {results.keyed[0]} 张（电话代录 1 张）" in told


def test_session_in_a_manner_that_is_none__is_refused(office, user, by_hand):
    with pytest.raises(InvalidInput):
        sessions.add(
            office, by_hand[0].id, held_on=dt.date(2011, 7, 16), place="", why="", manner="owl", user_id=user.id
        )


def test_promises_and_focuses__stand_on_the_summary(office, campaign, surveys, user, by_hand, scrutineer):
    meeting, _codes = by_hand
    promises.add(
        office, campaign.id, meeting.unit_id, member_id=None, text="每月走访一次", made_on=None, user_id=user.id
    )
    paper = reports.summary(office, meeting.id, surveys["org"], SUBJECT)
    assert "公开承诺1．每月走访一次（未记载）" in lines(paper)
    cells = [cell.text for block in paper.blocks if hasattr(block, "rows") for row in block.rows for cell in row]
    assert {"履行职责", "兑现承诺", "发挥作用"} <= set(cells)
    assert "每月走访一次" in scrutineer.get(f"/meetings/{meeting.id}/count").get_data(as_text=True)


def test_round__is_one_of_the_campaigns(office, campaign, unit):
    with pytest.raises(InvalidInput) as caught:
        meetings.create(office, campaign.id, meetings.Facts(unit_id=unit.id, round=2))
    assert caught.value.code == "no-such-round"
    with office.db.begin() as session:
        session.get(Campaign, campaign.id).rounds = ["评议", "复评"]
    number = meetings.create(office, campaign.id, meetings.Facts(unit_id=unit.id, round=2))
    assert meetings.get(office, number).round_number == 2


def test_rounds__are_compared_where_the_forms_asked_the_same(office, campaign, surveys, user, by_hand, layout):
    from webapp.models import Closing

    first, _codes = by_hand
    with office.db.begin() as session:
        second = Meeting(campaign_id=campaign.id, unit_id=first.unit_id, held_on=dt.date(2011, 9, 14), round=2)
        session.add(second)
        session.flush()
        source = session.get(Survey, surveys["org"]).source.replace("form: org", "form: again")
        source = source.replace("推动中心工作和重点任务完成情况", "推动食堂工作情况")
        again = Survey(campaign_id=campaign.id, form="again", title="复评", source=source)
        session.add(again)
        session.flush()
        other = typeset(printing.parse(source, "again"), Values(unit=SUBJECT, subject=SUBJECT))
        worked_meeting(Desk(session, user.id), second.id, again.id, other, SUBJECT)
        for number, meeting in enumerate((first, second)):
            session.add(
                Closing(meeting_id=meeting.id, version=1, digest=f"{number:064d}", content=b"", user_id=user.id)
            )
    with office.db.read() as session:
        found = campaign_copies.of_unit(session, first.unit_id)
    assert [column.round for column in found.columns] == [1, 2]
    asked = {line.item.question.text: [each is not None for each in line.figures] for line in found.lines}
    assert asked["推动中心工作和重点任务完成情况"] == [True, False]
    assert asked["推动食堂工作情况"] == [False, True]
    assert asked["开展创先争优活动的总体情况"] == [True, True]
    assert found.unlike
