"""What the use cases before and at a meeting hold to: the gate, the order, who answers for what."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import xlsxwriter
from sqlalchemy import select

from webapp import acting
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Layout, Meeting, Member, Notice, PrintRun, TrailRow, Unit
from webapp.services import (
    attendance,
    cadres,
    gathering,
    groups,
    head_counts,
    meeting_times,
    meetings,
    own_row,
    plan_versions,
    posts,
    raters,
    run_sheet,
    self_check,
    supervisors,
)

DAY = dt.date(2011, 7, 12)


def fresh(session, meeting):
    return supervisors.meeting_of(session, meeting.id)


def test_self_check__has_three_parts_and_is_done_only_with_all_of_them(office, meeting, leading):
    with pytest.raises(InvalidInput, match="self-check-incomplete"):
        self_check.save(
            office, meeting.id, achievements="成绩", shortcomings="", measures="措施", user_id=leading.id, done_on=DAY
        )
    parts = {"achievements": "成绩", "shortcomings": "不足", "measures": "措施"}
    self_check.save(office, meeting.id, **parts, user_id=leading.id, done_on=DAY)
    with office.db.read() as session:
        found = self_check.current(session, meeting.id)
    assert (found.achievements, found.shortcomings, found.measures) == ("成绩", "不足", "措施")
    assert (found.done_on, found.by) == (DAY, "张敏")
    with pytest.raises(Conflict, match="self-check-done"):
        self_check.save(office, meeting.id, **parts, user_id=leading.id)
    self_check.reopen(office, meeting.id, user_id=leading.id)
    with office.db.read() as session:
        assert self_check.current(session, meeting.id).missing == ()
        assert not self_check.is_done(session, meeting.id)


def test_gathered_opinion__keeps_source_and_day_and_no_speaker(office, branch, branch_meeting, secretary):
    day = dt.date(2011, 7, 10)
    kept = gathering.add(office, branch_meeting.id, source="visit", text="食堂排队太久", day=day, user_id=secretary.id)
    with pytest.raises(InvalidInput, match="names-in-text") as caught:
        gathering.add(office, branch_meeting.id, source="box", text="包斯琴说路灯坏了", day=day, user_id=secretary.id)
    assert caught.value.params == {"names": "包斯琴"}
    said = gathering.add(
        office, branch_meeting.id, source="meeting", text="希望包斯琴多下实验室", day=day, user_id=secretary.id,
        names_seen=True,
    )  # fmt: skip
    with office.db.read() as session:
        assert gathering.texts(session, branch_meeting.id) == [
            (kept, "visit", "食堂排队太久", day), (said, "meeting", "希望包斯琴多下实验室", day),
        ]  # fmt: skip
    gathering.remove(office, branch_meeting.id, kept, user_id=secretary.id)
    with office.db.read() as session:
        assert [row[0] for row in gathering.texts(session, branch_meeting.id)] == [said]
        trail = " ".join(session.scalars(select(TrailRow.facts)))
    assert "食堂" not in trail
    gathering.restore(office, branch_meeting.id, kept)
    with office.db.read() as session:
        assert len(gathering.texts(session, branch_meeting.id)) == 2


def test_opinion_of_another_meeting__is_not_there(office, meeting, branch_meeting, secretary):
    row = gathering.add(office, branch_meeting.id, source="box", text="灯坏了", day=DAY, user_id=secretary.id)
    with pytest.raises(NotFound):
        gathering.remove(office, meeting.id, row, user_id=secretary.id)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"source": "rumour"}, "no-such-source"), ({"text": " "}, "opinion-empty"), ({"day": None}, "opinion-day"),
        ({"text": "长" * 4001}, "text-long"),
    ],
)  # fmt: skip
def test_opinion_that_cannot_be__is_refused(office, meeting, leading, values, code):
    given = {"source": "box", "text": "灯坏了", "day": DAY, **values}
    with pytest.raises(InvalidInput, match=code):
        gathering.add(office, meeting.id, user_id=leading.id, **given)


def test_meeting__does_not_open_before_its_self_check_unless_a_reason_is_given(office, meeting, leading):
    with pytest.raises(Conflict, match="self-check-waits"):
        run_sheet.tick(office, meeting.id, "open", user_id=leading.id)
    run_sheet.tick(office, meeting.id, "open", user_id=leading.id, why="上级临时要求提前开会")
    with office.db.read() as session:
        assert run_sheet.of(session, meeting.id).stage == "open"
        why = session.scalars(select(TrailRow.why).where(TrailRow.object == "run_step:1")).one()
    assert why == "上级临时要求提前开会"


def test_run_sheet__goes_through_statement_comments_and_rating_in_this_order(office, checked, leading):
    groups.add(office, checked.unit_id, name="张敏", post="head", position="书记", user_id=leading.id)
    stages = []
    for step in run_sheet.STEPS:
        later = [key for key in run_sheet.STEPS if key != step]
        with pytest.raises(Conflict, match="run-order"):
            run_sheet.tick(office, checked.id, later[-1], user_id=leading.id)
        run_sheet.tick(office, checked.id, step, user_id=leading.id)
        with office.db.read() as session:
            stages.append(run_sheet.of(session, checked.id).stage)
    assert stages == ["open", "open", "statement", *["rating"] * 7, "ended"]
    with office.db.read() as session:
        run = run_sheet.of(session, checked.id)
    assert [step.who for step in run.steps if step.key == "statement"] == ["张敏"]
    assert {step.by for step in run.steps} == {"张敏"}
    assert run.next is None


def test_step__is_passed_over_with_a_reason_and_only_the_last_is_taken_back(office, checked, leading):
    run_sheet.tick(office, checked.id, "open", user_id=leading.id)
    with pytest.raises(InvalidInput, match="skip-without-reason"):
        run_sheet.tick(office, checked.id, "heads", user_id=leading.id, skip=True)
    run_sheet.tick(office, checked.id, "heads", user_id=leading.id, skip=True, why="按签到表")
    with pytest.raises(Conflict, match="run-order"):
        run_sheet.undo(office, checked.id, "open", user_id=leading.id)
    run_sheet.undo(office, checked.id, "heads", user_id=leading.id)
    with office.db.read() as session:
        run = run_sheet.of(session, checked.id)
    assert run.next is not None
    assert run.next.key == "heads"


def test_presenter__is_the_head_of_the_group_and_at_a_branch_who_presides(office, checked, branch_meeting, leading):
    for step in ("open", "heads"):
        run_sheet.tick(office, checked.id, step, user_id=leading.id)
    with pytest.raises(InvalidInput, match="presenter-missing"):
        run_sheet.tick(office, checked.id, "statement", user_id=leading.id)
    groups.add(office, checked.unit_id, name="张敏", post="head", user_id=leading.id)
    with pytest.raises(InvalidInput, match="group-second-head"):
        groups.add(office, checked.unit_id, name="胡副书记", post="head", user_id=leading.id)
    with office.db.read() as session:
        assert groups.presenter(session, fresh(session, checked)) == "张敏"
        assert groups.presenter(session, fresh(session, branch_meeting)) == "赵支书"
        assert groups.organiser(fresh(session, checked).unit) == "机械学院党委创先争优活动领导小组"
        assert groups.organiser(fresh(session, branch_meeting).unit) == "机械设计党支部"


def test_fixed_and_moved_time__tells_the_liaison_who_confirms_it(office, meeting, leading, watcher, office_user):
    posts.set_liaison(
        office, meeting.unit_id, liaison="", liaison_id=watcher.id, leader="苏副校长", user_id=office_user.id
    )
    with office.db.begin() as session:
        assert fresh(session, meeting).supervisor == "李宏"
    facts = meetings.Facts(meeting.unit_id, dt.date(2011, 7, 15), "报告厅", supervisor="李宏", starts="14:30")
    with acting.as_(leading.id, "unit_administrator"):
        meetings.update(office, meeting.id, facts)
        meetings.update(office, meeting.id, facts)  # nothing moved: nobody is told again
    with office.db.begin() as session:
        [notice] = session.scalars(select(Notice))
        assert (notice.user_id, notice.needs_answer, notice.params["starts"]) == (watcher.id, True, "14:30")
        assert meeting_times.worries(session, fresh(session, meeting)) == [
            ("concern-unanswered", "warn", {"name": "李宏"})
        ]
    assert watcher.post(f"/notices/{notice.id}/acknowledge").status_code == 302
    with office.db.read() as session:
        [standing] = meeting_times.standings(session, fresh(session, meeting))
        assert (standing.how, meeting_times.worries(session, fresh(session, meeting))) == ("account", [])
    moved = meetings.Facts(meeting.unit_id, dt.date(2011, 7, 16), "报告厅", supervisor="李宏", starts="14:30")
    with acting.as_(leading.id, "unit_administrator"):
        meetings.update(office, meeting.id, moved)
        assert meeting_times.remind(office, meeting.id) == 1
    with office.db.read() as session:
        [standing] = meeting_times.standings(session, fresh(session, meeting))
        assert standing.answered_at is None
        assert len(list(session.scalars(select(Notice)))) == 3
    meeting_times.answer(office, meeting.id, name="李宏", channel="phone", user_id=leading.id)
    with office.db.read() as session:
        assert meeting_times.standings(session, fresh(session, meeting))[0].how == "phone"


def test_branch_meeting__has_exactly_one_committee_member(office, branch_meeting, leading, sent):
    def worries():
        with office.db.read() as session:
            return [row[0] for row in meeting_times.worries(session, fresh(session, branch_meeting))]

    assert worries() == ["concern-no-committee"]
    posts.send_member(office, branch_meeting.id, name="", person_id=sent.id, user_id=leading.id)
    assert "concern-many-committee" not in worries()
    posts.send_member(office, branch_meeting.id, name="斯委员", user_id=leading.id)
    assert "concern-many-committee" in worries()
    with office.db.read() as session:
        second = supervisors.of(session, fresh(session, branch_meeting))[1]
        assert fresh(session, branch_meeting).supervisor == "马委员、斯委员"
    posts.recall_member(office, branch_meeting.id, second.post_id, user_id=leading.id)
    with office.db.read() as session:
        assert [each.name for each in supervisors.of(session, fresh(session, branch_meeting))] == ["马委员"]


def test_levels__have_their_own_kind_of_supervisor(office, meeting, branch, leading):
    with pytest.raises(InvalidInput, match="liaison-level"):
        posts.set_liaison(office, branch.id, liaison="李宏", user_id=leading.id)
    with pytest.raises(InvalidInput, match="committee-level"):
        posts.send_member(office, meeting.id, name="马委员", user_id=leading.id)


def test_account_without_the_role__is_nobodys_liaison(office, meeting, leading):
    with pytest.raises(InvalidInput, match="account-without-role"):
        posts.set_liaison(office, meeting.unit_id, liaison="", liaison_id=leading.id, user_id=leading.id)


def test_meeting_that_ended_unwatched__is_told(office, checked, leading):
    groups.add(office, checked.unit_id, name="张敏", post="head", user_id=leading.id)
    posts.set_liaison(office, checked.unit_id, liaison="李宏", user_id=leading.id)
    for step in run_sheet.STEPS:
        run_sheet.tick(office, checked.id, step, user_id=leading.id)
    with office.db.read() as session:
        assert [row[0] for row in meeting_times.worries(session, fresh(session, checked))] == ["concern-unwatched"]
    meeting_times.tick_presence(office, checked.id, name="李宏", came=True, user_id=leading.id)
    with office.db.read() as session:
        assert meeting_times.worries(session, fresh(session, checked)) == []


PASTED = "姓名\t编号\t类别\n王建国\tA1\t教职工\n李娜\t\t学生代表\n王建国\tA1\t教职工\n"


def test_pasted_list__becomes_the_roster_and_its_numbers_are_expected(office, meeting, leading):
    added = raters.add(office, meeting.unit_id, raters.pasted(PASTED), rater_class="staff", user_id=leading.id)
    assert added == (2, 1)
    assert raters.pasted("张三，B7\n李四") == [raters.Line(1, "张三", "B7"), raters.Line(2, "李四")]
    assert attendance.enter_expected(office, meeting.id, user_id=leading.id) == {"staff": 1, "student": 1}
    with office.db.read() as session:
        assert meetings.latest_counts(session, meeting.id)["expected", "", "staff"] == 1


def test_spreadsheet__is_read_by_its_headings(office, unit, leading):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("类别", "姓名", "工号"), ("教职工", "王建国", 1024), ("", "李娜", "")]):
            sheet.write_row(number, 0, row)
    lines = raters.spreadsheet(file.getvalue())
    assert lines == [raters.Line(2, "王建国", "1024", "教职工"), raters.Line(3, "李娜", "", "")]
    with pytest.raises(InvalidInput, match="roster-not-xlsx"):
        raters.spreadsheet(b"no file")


@pytest.mark.parametrize(
    ("text", "code"), [("\tA1", "rater-name"), ("张三\t1\t猫", "rater-class"), ("", "raters-empty")]
)
def test_list_with_a_fault__adds_nobody(office, unit, leading, campaign, text, code):
    with pytest.raises(InvalidInput, match=code):
        raters.add(office, unit.id, raters.pasted("李四\n" + text if text else ""), rater_class="staff", user_id=1)
    with office.db.read() as session:
        assert raters.people(session, unit.id) == []


def test_attendance__is_ticked_by_person_and_counted_by_class(office, meeting, branch, leading):
    raters.add(
        office, meeting.unit_id, raters.pasted("张三\n李四\n王五  学生代表"), rater_class="staff", user_id=leading.id
    )
    assert raters.add_members(office, meeting.unit_id, rater_class="staff", user_id=leading.id) == 2
    assert raters.add_members(office, meeting.unit_id, rater_class="staff", user_id=leading.id) == 0
    with office.db.read() as session:
        people = {row.name: row.id for row in raters.people(session, meeting.unit_id)}
    came = {people["张三"], people["王五"], people["王建国"]}
    assert attendance.tick(office, meeting.id, came, user_id=leading.id) == {"staff": 2, "student": 1}
    assert attendance.tick(office, meeting.id, came - {people["王五"]}, user_id=leading.id) == {
        "staff": 2,
        "student": 0,
    }
    with office.db.read() as session:
        heads = meetings.latest_counts(session, meeting.id)
        assert (heads["present", "", "staff"], heads["present", "", "student"]) == (2, 0)
    raters.leave(office, meeting.unit_id, [people["张三"]], user_id=leading.id)
    with office.db.read() as session:
        names = [place.rater.name for place in raters.places(session, session.get(Meeting, meeting.id))]
    assert "张三" in names  # he was there


def test_cadres__are_recorded_and_reported(office, meeting, branch, leading):
    with office.db.read() as session:
        [cadre] = cadres.of(session, fresh(session, meeting))
        other = session.scalars(select(Member.id).where(Member.name == "包斯琴")).one()
    assert (cadre.member.name, cadre.branch, cadre.recorded) == ("王建国", "机械设计党支部", False)
    marks = {cadre.member.id: (True, True, "7月13日到机械设计党支部")}
    assert cadres.record(office, meeting.id, marks, user_id=leading.id) == 1
    assert cadres.record(office, meeting.id, marks, user_id=leading.id) == 0
    with office.db.read() as session:
        found = cadres.summary(session, fresh(session, meeting))
    assert found.sentence == "党员干部 1 人，参加活动 1 人，接受群众评议 1 人，深入基层指导工作 1 人。"
    with pytest.raises(NotFound):
        cadres.record(office, meeting.id, {other: (True, True, "")}, user_id=leading.id)


def test_direct_branch__counts_as_a_unit_of_level_2(office, campaign, leading):
    with office.db.begin() as session:
        unit = Unit(kind="direct", name="图书馆直属党支部")
        session.add(unit)
    posts.set_liaison(office, unit.id, liaison="李宏", user_id=leading.id)
    meeting_id = meetings.create(office, campaign.id, meetings.Facts(unit.id, DAY))
    with office.db.read() as session:
        meeting = supervisors.meeting_of(session, meeting_id)
        assert [each.kind for each in supervisors.of(session, meeting)] == ["liaison"]


def test_rated_member_who_came__gets_no_sheet_about_himself(office, campaign, surveys, branch_meeting, branch, leading):
    with office.db.begin() as session:
        session.add(Layout(digest="AAAAAAAA", form="member", source="{}"))
        for name in ("王建国", "包斯琴"):
            session.add(PrintRun(
                meeting_id=branch_meeting.id, survey_id=surveys["member"], layout_digest="AAAAAAAA", subject=name,
                created_by=leading.id,
            ))  # fmt: skip
    raters.add_members(office, branch.id, rater_class="staff", user_id=leading.id)
    raters.add(office, branch.id, raters.pasted("群众甲\n群众乙"), rater_class="staff", user_id=leading.id)
    with office.db.read() as session:
        people = [row.id for row in raters.people(session, branch.id)]
    attendance.tick(office, branch_meeting.id, people, user_id=leading.id)
    for number, warned in ((6, []), (7, ["heads-over-present"])):  # four came, two are rated: 4 × 2 − 2
        numbers = {("issued", "member", "staff"): str(number)}
        head_counts.enter(office, branch_meeting.id, numbers, user_id=leading.id, note="清点")
        with office.db.read() as session:
            codes = [row.code for row in head_counts.warnings(session, branch_meeting.id)]
        assert [code for code in codes if code == "heads-over-present"] == warned
    plan = {"options": {"rates_self": True}}
    version = plan_versions.save(office, campaign.id, branch.parent_id, plan, user_id=leading.id)
    plan_versions.issue(office, campaign.id, branch.parent_id, version, user_id=leading.id)
    with office.db.read() as session:
        assert own_row.rates_self(session, fresh(session, branch_meeting))
        assert "heads-over-present" not in [row.code for row in head_counts.warnings(session, branch_meeting.id)]
