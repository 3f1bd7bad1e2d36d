"""Meetings, the numbers counted there, the rail and the home of a meeting."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from webapp.errors import InvalidInput, NotFound
from webapp.models import Batch, Decision, Page, PrintFile, PrintRun, Scan, now
from webapp.services import campaigns, head_counts, meetings, outlook, printing, progress
from webapp.services.printing import Order

NUMBERS = {
    ("expected", "", "staff"): "256",
    ("expected", "", "student"): "60",
    ("present", "", "staff"): "238",
    ("present", "", "student"): "58",
}


@pytest.fixture
def run(office, meeting, surveys, user):
    """330 printed copies of form A for the meeting."""
    order = Order(unit="机械学院党委", date="2011年7月15日", copies=330, subjects=("机械学院党委",))
    (run_id,) = printing.create_runs(
        office, meeting_id=meeting.id, survey_id=surveys["org"], order=order, user_id=user.id
    )
    return run_id


def enter(office, meeting, user, numbers, note="再数一遍", **kwargs):
    return head_counts.enter(office, meeting.id, numbers, user_id=user.id, note=note, **kwargs)


def test_meeting__is_made_from_its_campaign(operator, office, campaign, unit):
    fields = {"unit_id": unit.id, "held_on": "2011-07-15", "place": "机械楼报告厅", "presider": "王建国"}
    answer = operator.post(f"/campaigns/{campaign.id}/meetings/new", fields)
    assert answer.status_code == 302
    page = operator.get(answer.location).get_data(as_text=True)
    assert "机械学院党委" in page
    assert "主持 王建国" in page
    assert "登记应到人数" in page
    rows = campaigns.get(office, campaign.id).meetings
    assert [(row.held_on, row.place) for row in rows] == [(dt.date(2011, 7, 15), "机械楼报告厅")]


def test_meeting_without_a_unit__is_refused_and_what_was_typed_stays(operator, campaign, unit):
    answer = operator.post(f"/campaigns/{campaign.id}/meetings/new", {"unit_id": "", "place": "体育馆"})
    assert answer.status_code == 422
    assert "没有选单位" in answer.get_data(as_text=True)
    assert "体育馆" in answer.get_data(as_text=True)


def test_facts_of_a_meeting__can_be_changed(operator, office, meeting, unit):
    path = f"/meetings/{meeting.id}/edit"
    assert operator.post(path, {"unit_id": unit.id, "place": "礼堂", "held_on": ""}).status_code == 302
    row = meetings.get(office, meeting.id)
    assert (row.place, row.held_on) == ("礼堂", None)
    assert operator.post(path, {"unit_id": unit.id, "held_on": "soon"}).status_code == 422
    assert operator.post(path, {"unit_id": unit.id, "place": "x" * 121}).status_code == 422


def test_what_is_not_there__is_told(operator, office, unit):
    for path in ("/meetings/99", "/meetings/99/edit", "/meetings/99/counts", "/campaigns/99/meetings/new"):
        assert operator.get(path).status_code == 404
    with pytest.raises(NotFound):
        meetings.create(office, 99, meetings.Facts(unit.id))
    with pytest.raises(NotFound):
        head_counts.enter(office, 99, {}, user_id=1)


def test_numbers__are_added_and_the_newest_holds(office, meeting, user):
    assert enter(office, meeting, user, NUMBERS) == 4
    assert enter(office, meeting, user, {("present", "", "staff"): "239", ("expected", "", "staff"): "256"}) == 1
    with office.db.read() as session:
        heads = meetings.latest_counts(session, meeting.id)
    assert heads[("present", "", "staff")] == 239
    assert heads[("expected", "", "staff")] == 256
    entries = head_counts.history(office, meeting.id)
    assert [entry.number for entry in entries if entry.key == ("present", "", "staff")] == [239, 238]
    assert {entry.by for entry in entries} == {"赵雪"}


@pytest.mark.parametrize("text", ["-1", "1.5", "二百", "1e3", "100001", "١٢"])
def test_what_is_no_number__is_refused_and_nothing_is_added(office, meeting, user, text):
    with pytest.raises(InvalidInput) as caught:
        enter(office, meeting, user, {**NUMBERS, ("issued", "org", "staff"): text})
    assert caught.value.code == "not-a-number"
    assert caught.value.params["field"] == "issued|org|staff"
    assert head_counts.history(office, meeting.id) == []


def test_full_width_digits__are_digits(office, meeting, user):
    enter(office, meeting, user, {("present", "", "staff"): "２３８"})
    assert head_counts.history(office, meeting.id)[0].number == 238


def test_wrong_number__is_marked_in_its_field(operator, meeting):
    answer = operator.post(f"/meetings/{meeting.id}/counts", {"expected||staff": "12", "present||staff": "many"})
    page = answer.get_data(as_text=True)
    assert page.count('aria-invalid="true"') == 1
    assert re.search(r'name="present\|\|staff"[^>]*aria-invalid', page)


def test_number__cannot_be_taken_away_but_be_set_to_none(office, meeting, user):
    enter(office, meeting, user, NUMBERS)
    with pytest.raises(InvalidInput) as caught:
        enter(office, meeting, user, {("present", "", "staff"): ""})
    assert caught.value.params == {"number": 238}
    assert enter(office, meeting, user, {("present", "", "staff"): "0", ("spare", "org", ""): ""}) == 1


def test_unknown_kind_of_number__is_refused(office, meeting, user):
    with pytest.raises(InvalidInput):
        enter(office, meeting, user, {("votes", "", ""): "1"})


def test_turnout__is_counted_by_class_and_in_total(office, meeting, user):
    with office.db.read() as session:
        assert meetings.turnout(session, meeting.id)[-1].reached is None
    enter(office, meeting, user, NUMBERS)
    with office.db.read() as session:
        rows = meetings.turnout(session, meeting.id)
    assert [(row.rater_class, row.present, row.expected) for row in rows] == [
        ("staff", 238, 256), ("student", 58, 60), (None, 296, 316),
    ]  # fmt: skip
    assert all(row.reached for row in rows)


@pytest.mark.parametrize(("percent", "present", "reached"), [(80, 252, False), (80, 253, True), (90, 253, False)])
def test_turnout__is_held_against_the_rule_of_the_campaign(office, campaign, meeting, user, percent, present, reached):
    campaigns.set_rules(office, campaign.id, {"turnout_percent": percent})
    enter(office, meeting, user, {("expected", "", "staff"): "316", ("present", "", "staff"): str(present)})
    with office.db.read() as session:
        assert meetings.turnout(session, meeting.id)[-1].reached is reached


def test_counts_page__enters_numbers_and_shows_warnings(operator, meeting):
    path = f"/meetings/{meeting.id}/counts"
    fields = {"|".join(key): text for key, text in NUMBERS.items()}
    fields |= {"present||student": "61", "issued|org|staff": "240", "note": "签到表"}
    assert operator.post(path, fields).status_code == 302
    page = operator.get(path).get_data(as_text=True)
    assert "登记了 5 个数字" in page
    assert "实到 61 多于应到 60" in page
    assert "发出 240 张，多于实到可领的 238 张" in page
    assert "多于印制的 0 张" in page
    assert "签到表" in page
    answer = operator.post(path, {**fields, "spare|org|": "三"})
    assert answer.status_code == 422
    assert 'value="三"' in answer.get_data(as_text=True)
    operator.post(path, {"present||staff": "238"})
    assert "没有改动" in operator.get(path).get_data(as_text=True)


def test_sheets_for_several_subjects__may_be_more_than_raters(office, meeting, surveys, user):
    order = Order(unit="教工党支部", date="", copies=10, subjects=("张三", "李四"))
    printing.create_runs(office, meeting_id=meeting.id, survey_id=surveys["member"], order=order, user_id=user.id)
    enter(office, meeting, user, {("present", "", "staff"): "8", ("issued", "member", "staff"): "16"})
    with office.db.read() as session:
        assert head_counts.warnings(session, meeting.id) == []
    enter(office, meeting, user, {("issued", "member", "staff"): "17", ("spare", "member", ""): "4"})
    with office.db.read() as session:
        codes = [warning.code for warning in head_counts.warnings(session, meeting.id)]
    assert codes == ["heads-over-present", "heads-over-printed"]


def add_page(session, run_id, sheet, **values):
    page = Page(state="read", print_run_id=run_id, sheet=sheet, sheet_page=1, **{"standing": "counts", **values})
    session.add(page)
    session.flush()
    return page


def test_progress__counts_what_is_in_the_rows(office, meeting, run, user):
    enter(office, meeting, user, {**NUMBERS, ("issued", "org", "staff"): "238"})
    with office.db.begin() as session:
        page = add_page(session, run, "AAAAAAAA", doubts=2)
        session.add(Decision(page_id=page.id, question="q1", state="blank", user_id=user.id))
        session.add(Decision(page_id=page.id, question="q1", state="answered", user_id=user.id))
        add_page(session, run, "BBBBBBBB", standing="held")
        add_page(session, run, "CCCCCCCC", standing="rescan", doubts=9)
        for withdrawn_at in (None, now()):
            batch = Batch(origin="upload", withdrawn_at=withdrawn_at)
            session.add(batch)
            session.flush()
            scan = Scan(batch_id=batch.id, filename="x.pdf", sha256="0" * 64, bytes=1, state="problem")
            session.add(scan)
            session.flush()
            session.add(Page(scan_id=scan.id, index=3, state="queued"))
            session.add(Page(scan_id=scan.id, state="tray", tray="not-a-sheet"))
            session.add(Page(scan_id=scan.id, index=2, state="tray", tray="blank-page"))
    with office.db.read() as session:
        far = progress.progress(session, meeting.id)
        rows = meetings.turnout(session, meeting.id)
        concerns = outlook.concerns(session, meeting.id, far, rows, head_counts.warnings(session, meeting.id))
    assert far == progress.Progress(
        expected=316,
        present=296,
        issued=238,
        printed=330,
        returned=1,
        pages=1,
        held=1,
        doubts=2,
        ruled=1,
        rating=1,
        unread=1,
    )
    assert [(row.code, dict(row.params)) for row in concerns] == [
        ("concern-held", {"pages": 1}), ("concern-tray", {"pages": 1}), ("concern-files", {"files": 1}),
        ("concern-no-liaison", {}), ("concern-no-head", {}),
    ]  # fmt: skip


def test_progress_of_one_meeting__holds_nothing_of_another(office, campaign, unit, meeting, run):
    other = meetings.create(office, campaign.id, meetings.Facts(unit.id))
    with office.db.begin() as session:
        add_page(session, run, "AAAAAAAA", doubts=2)
    with office.db.read() as session:
        assert progress.progress(session, other) == progress.Progress()


def test_home_of_a_meeting__tells_next_step_and_concerns(operator, office, meeting, run, user):
    enter(office, meeting, user, {**NUMBERS, ("present", "", "staff"): "100", ("issued", "org", "staff"): "90"})
    with office.db.begin() as session:
        add_page(session, run, "AAAAAAAA", doubts=14)
    page = operator.get(f"/meetings/{meeting.id}").get_data(as_text=True)
    assert "裁定剩余 14 处存疑划记" in page
    assert "还剩 14 处" in page
    assert "印制 330 份" in page
    assert "参加率不足 80%：实到 158，应到 316" in page
    assert "89 张未收回" in page
    assert "50.00 %" in page


def test_failed_print__is_a_concern_and_the_next_step(operator, office, meeting, run, user):
    enter(office, meeting, user, NUMBERS)
    with office.db.begin() as session:
        file = session.query(PrintFile).join(PrintRun).filter(PrintRun.id == run).one()
        file.state, file.problem = "failed", "disk-full"
    page = operator.get(f"/meetings/{meeting.id}").get_data(as_text=True)
    assert "1 个打印文件没有生成" in page


def test_campaign_page__shows_where_each_meeting_stands(operator, campaign, meeting, run):
    page = operator.get(f"/campaigns/{campaign.id}").get_data(as_text=True)
    assert "印制 330 份" in page
    assert "人数未登记" in page


def test_next_step__says_who_does_it_to_who_may_not(app, operator, liaison, meeting):
    assert set(outlook.DEEDS.values()) <= set(app.view_functions)
    told = liaison.get(f"/meetings/{meeting.id}").get_data(as_text=True)
    (line,) = re.findall(r"<p[^>]* data-doers>(.*?)</p>", told)
    assert "单位管理员" in line
    assert "联络员" not in line
    assert "data-doers" not in operator.get(f"/meetings/{meeting.id}").get_data(as_text=True)
