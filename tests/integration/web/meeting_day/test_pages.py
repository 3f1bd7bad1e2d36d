"""The pages before and at a meeting, used as each person uses them."""

from __future__ import annotations

import datetime as dt
import io

from openpyxl import load_workbook
from sqlalchemy import select

from webapp.models import Closing, Notice, ReportMade, TrailRow
from webapp.services import groups, meetings, run_sheet, self_check, shelf, shelf_steps
from webapp.services.paper_kind import Target
from webapp.services.paper_kinds import get

PARTS = {"achievements": "完成重点任务", "shortcomings": "下基层少", "measures": "每月一次走访"}


def page(person, path, status=200):
    answer = person.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:800]
    return answer.get_data(as_text=True)


def close(office, meeting, user):
    """A count that is closed: what it fixed is no matter here."""
    with office.db.begin() as session:
        session.add(Closing(meeting_id=meeting.id, version=1, digest="0" * 64, content=b"", user_id=user.id))


def test_self_check__is_written_marked_done_and_printed(leading, meeting):
    here = f"/meetings/{meeting.id}/prepare"
    assert "未开始" in page(leading, here)
    refused = leading.post(f"{here}/self-check", {**PARTS, "measures": "", "action": "done"})
    assert refused.status_code == 422
    assert "三部分还没有写全" in refused.get_data(as_text=True)
    assert "完成重点任务" in refused.get_data(as_text=True)  # what was typed stays
    done = {**PARTS, "action": "done", "done_on": "2011-07-12"}
    assert leading.post(f"{here}/self-check", done).status_code == 302
    html = page(leading, here)
    assert "7月12日 完成" in html
    assert "自查已完成" in html  # in the rail
    answer = leading.get(f"/shelf/self_check/meetings/{meeting.id}/paper.pdf")
    assert answer.data[:5] == b"%PDF-"
    assert "每月一次走访" in page(leading, f"/shelf/self_check/meetings/{meeting.id}")


def test_statement__takes_over_the_self_check_and_is_fixed_in_versions(office, leading, checked, campaign):
    address = f"/shelf/statement/campaigns/{campaign.id}/units/{checked.unit_id}"
    html = page(leading, address)
    assert "措施" in html
    leading.post(address, {"action": "save", "achievements": "成绩突出", "shortcomings": "不足", "measures": "措施"})
    assert leading.post(address, {"action": "fix"}).status_code == 302
    leading.post(address, {"action": "reopen", "why": "补充承诺"})
    leading.post(address, {"action": "fix"})
    with office.db.read() as session:
        version = shelf.latest(session, get("statement"), Target(campaign.id, checked.unit_id))
    assert (version.number, "成绩突出" in str(shelf.fixed_paper(version))) == (2, True)
    assert "第 2 版" in page(leading, f"/meetings/{checked.id}/prepare")


def test_missing_summaries__are_listed_until_they_are_fixed(office, leading, secretary, meeting, branch, campaign):
    html = page(leading, f"/meetings/{meeting.id}/prepare")
    assert "还缺 3 份" in html
    assert "包斯琴" in html
    address = f"/shelf/branch_brief/campaigns/{campaign.id}/units/{branch.id}"
    secretary.post(address, {"action": "save", "done": "做了", "lacking": "缺了", "next": "打算"})
    secretary.post(address, {"action": "fix"})
    assert "还缺 2 份" in page(leading, f"/meetings/{meeting.id}/prepare")


def test_gathered_opinion__names_nobody_and_is_put_aside_and_taken_back(leading, meeting, branch):
    url = f"/meetings/{meeting.id}/opinions/gathered"
    given = {"source": "visit", "day": "2011-07-10", "text": "王建国说食堂排队太久"}
    refused = leading.post(url, given)
    assert refused.status_code == 422
    assert "姓名不是发言人" in refused.get_data(as_text=True)
    assert leading.post(url, {**given, "text": "食堂排队太久"}).status_code == 302
    assert "食堂排队太久" in page(leading, f"/meetings/{meeting.id}/prepare")
    aside = leading.post(f"{url}/1/remove", {"back": "prepare"})
    assert "食堂排队太久" not in page(leading, f"/meetings/{meeting.id}/prepare")
    assert "撤销" in page(leading, aside.location)
    leading.post(f"{url}/1/restore", {"back": "prepare"})
    assert "食堂排队太久" in page(leading, f"/meetings/{meeting.id}/prepare")


def test_run_sheet__is_worked_by_the_leading_group_alone(office, leading, office_user, secretary, meeting, watcher):
    here = f"/meetings/{meeting.id}/run"
    html = page(leading, here)
    assert "自查还没有完成" in html
    assert leading.post(f"{here}/open", {"action": "done"}).status_code == 409
    assert secretary.post(f"{here}/open", {"action": "done"}).status_code == 403
    assert office_user.post(f"{here}/open", {"action": "done"}).status_code == 403
    assert watcher.post(f"{here}/open", {"action": "done"}).status_code == 403
    assert leading.post(f"{here}/open", {"action": "done", "why": "提前开会"}).status_code == 302
    assert "提前开会" in page(watcher, here)
    leading.post(f"{here}/heads", {"action": "skip", "why": "按签到表"})
    assert leading.post(f"{here}/statement", {"action": "done"}).status_code == 422
    leading.post(f"/units/{meeting.unit_id}/group", {"name": "张书记", "post": "head", "position": "党委书记"})
    leading.post(f"{here}/statement", {"action": "done"})
    assert "张书记" in page(leading, here)
    leading.post(f"{here}/statement", {"action": "undo"})
    with office.db.read() as session:
        assert run_sheet.of(session, meeting.id).next.key == "statement"
    said = leading.post(f"/meetings/{meeting.id}/opinions/said", {"text": "实验室要早开门"})
    assert said.status_code == 302
    assert "大会发言" in page(leading, here)


def test_branch_meeting__is_run_by_the_branch(secretary, branch_meeting):
    here = f"/meetings/{branch_meeting.id}/run"
    secretary.post(f"/meetings/{branch_meeting.id}/prepare/self-check", {**PARTS, "action": "done"})
    assert secretary.post(f"{here}/open", {"action": "done"}).status_code == 302
    assert "组织者 机械设计党支部" in page(secretary, here)


def test_papers_of_a_meeting__carry_its_people_numbers_and_steps(office, leading, operator, meeting, branch):
    groups.add(office, meeting.unit_id, name="张书记", post="head", user_id=leading.id)
    leading.post(f"/units/{meeting.unit_id}/people", {
        "action": "list", "rater_class": "staff", "text": "张三\tB1\n李四\n李娜\t\t学生代表",
    })  # fmt: skip
    operator.post(f"/meetings/{meeting.id}/attendance/expected")
    agenda = page(leading, f"/shelf/agenda/meetings/{meeting.id}")
    for words in ("清点人数", "公开述职", "开展评议", "发放测评票", "宣布结果", "张书记同志作公开述职"):
        assert words in agenda
    sign_in = leading.get(f"/shelf/sign_in/meetings/{meeting.id}/paper.xlsx")
    cells = {str(cell.value) for row in load_workbook(io.BytesIO(sign_in.data)).active.iter_rows() for cell in row}
    assert {"张三（B1）", "李四", "李娜"} <= cells
    for key in ("agenda", "sign_in", "issue_ledger", "slip", "cadres", "self_check"):
        for form in ("pdf", "docx"):
            answer = leading.get(f"/shelf/{key}/meetings/{meeting.id}/paper.{form}")
            assert (key, form, answer.status_code) == (key, form, 200)
    assert "由此剪下" in page(leading, f"/shelf/slip/meetings/{meeting.id}")


def test_attendance__is_ticked_and_becomes_the_number_present(office, operator, meeting):
    operator.post(f"/units/{meeting.unit_id}/people", {"action": "list", "rater_class": "staff", "text": "张三\n李四"})
    assert operator.post(f"/meetings/{meeting.id}/attendance", {"present": ["1"]}).status_code == 302
    assert "1 / 2" in page(operator, f"/meetings/{meeting.id}/attendance")
    with office.db.read() as session:
        assert meetings.latest_counts(session, meeting.id)["present", "", "staff"] == 1


def test_bad_list__is_told_by_row_and_stays_typed(leading, meeting):
    answer = leading.post(
        f"/units/{meeting.unit_id}/people", {"action": "list", "rater_class": "staff", "text": "张三\t1\t猫"}
    )
    assert answer.status_code == 422
    assert "第 1 行" in answer.get_data(as_text=True)
    assert "张三\t1\t猫" in answer.get_data(as_text=True)


def test_liaison__is_named_told_confirms_comes_and_is_seen_at_home(
    office, office_user, leading, watcher, leader, meeting
):
    assert "没有联络员" in page(leading, f"/meetings/{meeting.id}")
    answer = office_user.post(
        f"/liaisons/{meeting.unit_id}", {"liaison_id": str(watcher.id), "leader_id": str(leader.id)}
    )
    assert answer.status_code == 302
    assert "苏日图" in page(office_user, "/liaisons")
    facts = {"unit_id": str(meeting.unit_id), "held_on": "2011-07-15", "starts": "14:30", "place": "报告厅"}
    assert leading.post(f"/meetings/{meeting.id}/edit", facts).status_code == 302
    assert "李宏 尚未确认会议时间" in page(leading, f"/meetings/{meeting.id}")
    assert "14:30" in page(watcher, "/notices")
    with office.db.read() as session:
        notice = session.scalars(select(Notice)).one()
    watcher.post(f"/notices/{notice.id}/acknowledge")
    html = page(leading, f"/meetings/{meeting.id}/supervision")
    assert "已确认" in html
    assert "尚未确认" not in page(leading, f"/meetings/{meeting.id}")
    assert (
        watcher.post(f"/meetings/{meeting.id}/supervision/presence", {"name": "李宏", "came": "yes"}).status_code == 302
    )
    assert "已到会" in page(leading, f"/meetings/{meeting.id}/supervision")


def test_bad_time__is_refused(leading, meeting):
    facts = {"unit_id": str(meeting.unit_id), "held_on": "2011-07-15", "starts": "25:99"}
    answer = leading.post(f"/meetings/{meeting.id}/edit", facts)
    assert (answer.status_code, "25:99" in answer.get_data(as_text=True)) == (422, True)


def test_committee_member__is_sent_by_the_unit_above_and_not_by_the_branch(leading, secretary, sent, branch_meeting):
    url = f"/meetings/{branch_meeting.id}/supervision/members"
    assert secretary.post(url, {"name": "自己人"}).status_code == 403
    assert leading.post(url, {"person_id": str(sent.id)}).status_code == 302
    html = page(secretary, f"/meetings/{branch_meeting.id}/supervision")
    assert "马委员" in html
    leading.post(url, {"name": "斯委员"})
    assert "派了 2 名委员" in page(secretary, f"/meetings/{branch_meeting.id}")
    leading.post(f"{url}/2/recall")
    assert "派了 2 名委员" not in page(secretary, f"/meetings/{branch_meeting.id}")


def test_supervisor__countersigns_after_closing_and_changes_nothing(office, watcher, leading, meeting, scrutineer):
    url = f"/meetings/{meeting.id}/supervision/countersign"
    assert watcher.post(url, {"remark": "无异议"}).status_code == 409
    close(office, meeting, scrutineer)
    assert leading.post(url, {"remark": "代签"}).status_code == 403
    assert watcher.post(url, {"remark": "无异议"}).status_code == 302
    assert "无异议" in page(leading, f"/meetings/{meeting.id}/supervision")
    assert watcher.post(url, {}).status_code == 409
    for path in ("counts", "run/open", "thresholds"):
        assert watcher.post(f"/meetings/{meeting.id}/{path}", {"action": "done"}).status_code == 403


def test_report__is_drafted_fixed_handed_over_and_read_by_the_school_leader(
    office, office_user, watcher, leader, leading, checked, scrutineer
):
    office_user.post(f"/liaisons/{checked.unit_id}", {"liaison_id": str(watcher.id), "leader_id": str(leader.id)})
    groups.add(office, checked.unit_id, name="张书记", post="head", user_id=leading.id)
    for step in ("open", "heads", "statement"):
        run_sheet.tick(office, checked.id, step, user_id=leading.id)
    draft = f"/shelf/liaison_report/meetings/{checked.id}"
    assert watcher.get(draft).status_code == 403  # before closing
    close(office, checked, scrutineer)
    html = page(watcher, draft)
    assert "张书记同志作公开述职" in html
    assert leading.get(draft).status_code == 403  # who is reported on
    kind = get("liaison_report")
    target = Target(checked.campaign_id, checked.unit_id, checked.id)
    with office.db.begin() as session:
        shelf.save(session, kind, target, {"results": "总体满意", "day": "2011年7月16日"}, user_id=watcher.id)
        shelf_steps.fix(session, kind, target, user_id=watcher.id)
    url = f"/meetings/{checked.id}/report"
    assert "总体满意" in page(watcher, url)
    assert watcher.post(f"{url}/made", {"reported_on": "2011-07-14", "to": "苏日图"}).status_code == 422
    assert watcher.post(f"{url}/made", {"reported_on": "2011-07-16", "to": "苏日图"}).status_code == 302
    with office.db.read() as session:
        assert session.scalars(select(ReportMade.reported_on)).one() == dt.date(2011, 7, 16)
    assert leader.get("/").location == "/reports"
    assert "机械学院党委" in page(leader, "/reports")
    assert "群众评议大会的汇报" in page(leader, "/notices")
    assert "总体满意" in page(leader, url)
    assert leader.get(f"{url}.pdf").data[:5] == b"%PDF-"
    with office.db.read() as session:
        taken = session.scalars(select(TrailRow).where(TrailRow.action == "exported")).all()
    assert [(row.object, row.user_id) for row in taken] == [(f"meeting:{checked.id}", leader.id)]
    assert leader.post(f"{url}/read").status_code == 302
    assert "苏日图" in page(watcher, url)
    assert leading.get(url).status_code == 403
    assert leader.get(f"/meetings/{checked.id}").status_code == 403


def test_cadres__are_written_down_on_their_page(leading, meeting, branch):
    here = f"/meetings/{meeting.id}/cadres"
    assert "待登记" in page(leading, here)
    leading.post(here, {"cadre": "1", "took_part|1": "1", "guided|1": "7月13日到实验室"})
    html = page(leading, here)
    assert "参加 1 人 · 接受评议 0 人 · 指导 1 人" in html
    assert "7月13日到实验室" in page(leading, f"/shelf/cadres/meetings/{meeting.id}")


def test_self_check_of_a_meeting__may_be_opened_again(office, leading, checked):
    assert leading.post(f"/meetings/{checked.id}/prepare/self-check/reopen").status_code == 302
    with office.db.read() as session:
        assert not self_check.is_done(session, checked.id)


def test_committee_members_report__goes_to_the_unit_above_and_not_to_the_branch(
    office, leading, secretary, sent, branch_meeting, scrutineer
):
    close(office, branch_meeting, scrutineer)
    draft = f"/shelf/committee_report/meetings/{branch_meeting.id}"
    given = {"action": "save", "situation": "会议按程序进行", "results": "总体满意", "day": "2011年7月15日"}
    assert sent.post(draft, given).status_code == 302
    assert sent.post(draft, {"action": "fix"}).status_code == 302
    assert "机械学院党委：" in page(sent, draft)
    url = f"/meetings/{branch_meeting.id}/report"
    assert sent.post(f"{url}/made", {"reported_on": "2011-07-15", "to": "机械学院党委"}).status_code == 302
    assert "群众评议大会的汇报" in page(leading, "/notices")
    assert "会议按程序进行" in page(leading, url)
    assert leading.post(f"{url}/read").status_code == 302
    assert "机械设计党支部" in page(leading, "/reports")
    assert secretary.get(url).status_code == 403
