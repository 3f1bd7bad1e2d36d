"""The pages of the count and of the papers, through the application: every figure opens to its sheets."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forms.survey import Values
from forms.typeset import typeset
from tests.sheet_rows import Desk, worked_meeting
from webapp.models import Meeting, PrintRun, Survey, TrailRow, User
from webapp.office import Office
from webapp.services import printing

if TYPE_CHECKING:
    from conftest import Person

SUBJECT = "中共机械学院委员会"


@pytest.fixture
def worked(office: Office, meeting: Meeting, surveys: dict[str, int], user: User) -> str:
    """The worked figures; returns the address of the meeting."""
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
        layout = typeset(form, Values(unit="机械学院党委", subject=SUBJECT))
        worked_meeting(Desk(session, user.id), meeting.id, surveys["org"], layout, SUBJECT)
    return f"/meetings/{meeting.id}"


def text_of(person: Person, path: str, status: int = 200) -> str:
    answer = person.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[-2000:]
    return answer.get_data(as_text=True)


def test_count__shows_books_turnout_and_three_rates(scrutineer: Person, worked: str) -> None:
    page = text_of(scrutineer, f"{worked}/count")
    for wanted in ("7 项全部相符", "未收回 2", "93.67", "已达到 80%", "89.27", "258/289", "除不满意外", "身份未填"):
        assert wanted in page
    assert "不是最终结果" not in page
    assert len(re.findall(r'<svg class="stack"', page)) == 4


def test_count__every_figure_opens_to_so_many_sheets(scrutineer: Person, worked: str) -> None:
    page = text_of(scrutineer, f"{worked}/count")
    figures = re.findall(r'<a class="fig[^"]*" href="([^"]+)">([\d,]+)</a>', page)
    rates = re.findall(r'<a href="([^"]+/sheets\?[^"]+)">([\d,]+)/[\d,]+</a>', page)
    assert len(figures) > 25
    assert len(rates) == 9
    for address, number in {**dict(figures), **dict(rates)}.items():
        assert f"<b>{number} 张</b>" in text_of(scrutineer, html.unescape(address)), address


def test_count_of_another_item__draws_its_classes(scrutineer: Person, worked: str) -> None:
    page = text_of(scrutineer, f"{worked}/count?subject={SUBJECT}&item=q1")
    assert 'aria-label="满意 187; 比较满意 71; 基本满意 24; 不满意 7' in page


def test_count_in_english__translates_words_and_items(scrutineer: Person, worked: str) -> None:
    scrutineer.get("/language/en?next=/")
    page = text_of(scrutineer, f"{worked}/count")
    for wanted in ("The books", "Satisfied+Fairly satisfied", "All but dissatisfied", "Class not given", "as a whole"):
        assert wanted in page


def test_count_with_open_doubts__says_so_and_links_to_review(
    scrutineer: Person, operator: Person, worked: str, office: Office, user: User
) -> None:
    with office.db.begin() as session:
        desk = Desk(session, user.id)
        run = session.query(PrintRun).one()
        marks = dict.fromkeys(("rater_class", "q1", "q2"), ("blank", "")) | {"q3": ("unsure", "")}
        desk.page(run, desk.issue(run), marks)
    page = text_of(scrutineer, f"{worked}/count")
    assert "不是最终结果" in page
    assert f'href="{worked}/review"' in text_of(operator, f"{worked}/count")
    assert "待复核：1 处存疑未裁定" in text_of(scrutineer, f"{worked}/papers")


def test_count_that_does_not_balance__names_what_is_too_many(
    scrutineer: Person, worked: str, office: Office, meeting: Meeting, user: User
) -> None:
    with office.db.begin() as session:
        Desk(session, user.id).heads(meeting.id, {("issued", "org", "staff"): 230})
    page = text_of(scrutineer, f"{worked}/count")
    assert "停止计票，不能封存" in page
    assert f'href="{worked}/sheets?form=' in page
    assert "多 6 张" in page  # 294 returned of 288
    assert "多 8 张" in page  # 330 printed of 322


def test_count_before_closing__is_books_alone_for_all_but_the_scrutineer(
    operator: Person, office_user: Person, scrutineer: Person, worked: str
) -> None:
    page = text_of(operator, f"{worked}/count")
    for wanted in ("7 项全部相符", "93.67", "预计残余误读", "票数还没有开放"):
        assert wanted in page
    for hidden in ("89.27", "258/289", "/sheets?", "count.csv", "差 4 票", 'class="stack"'):
        assert hidden not in page
    assert "差 4 票到 90 % 线" in text_of(scrutineer, f"{worked}/count")
    for path in ("/count.csv", "/count.xlsx", "/summary.pdf"):
        assert operator.get(worked + path).status_code == 403
    assert office_user.get(f"{worked}/answers.csv").status_code == 403
    assert "64.71" not in text_of(operator, f"{worked}/papers")
    assert office_user.get(f"{worked}/sheets?void=1").status_code == 200
    for figure in (f"subject={SUBJECT}&item=q1&outcome=blank", "class=staff"):
        assert office_user.get(f"{worked}/sheets?{figure}").status_code == 403


def test_class_not_shown_alone__opens_no_sheets(
    scrutineer: Person, worked: str, office: Office, meeting: Meeting
) -> None:
    with office.db.begin() as session:
        campaign = session.get(Meeting, meeting.id).campaign
        campaign.rules = {**campaign.rules, "disclosure_floor": 7}
    page = text_of(scrutineer, f"{worked}/count")
    assert "学生代表、身份未填" in page
    text_of(scrutineer, f"{worked}/sheets?class=student", 404)
    assert "<b>62 张</b>" in text_of(scrutineer, f"{worked}/sheets?class=student|")


def test_more_present_than_expected__is_praised_nowhere(
    scrutineer: Person, operator: Person, worked: str, office: Office, meeting: Meeting, user: User
) -> None:
    with office.db.begin() as session:
        Desk(session, user.id).heads(meeting.id, {("expected", "", "staff"): 80, ("present", "", "staff"): 90})
    for page in (
        text_of(scrutineer, f"{worked}/count"),
        text_of(operator, worked),
        text_of(scrutineer, f"{worked}/papers"),
    ):
        assert "已达到 80%" not in page
        assert "112.50" not in page
    assert "实到多于应到" in text_of(scrutineer, f"{worked}/count")


def test_too_few_came__reason_is_written_on_the_page(
    operator: Person, worked: str, office: Office, meeting: Meeting, user: User
) -> None:
    with office.db.begin() as session:
        Desk(session, user.id).heads(meeting.id, {("present", "", "staff"): 150})
    assert "到会人数不足：补开一场，或写明理由" in text_of(operator, f"{worked}/count")
    assert operator.post(f"{worked}/turnout-reason", {"text": "汛期道路中断"}).status_code == 302
    page = text_of(operator, f"{worked}/count")
    assert "汛期道路中断" in page
    assert "更改理由" in page


def test_hall__takes_numbers_and_corrections_with_a_reason(operator: Person, worked: str) -> None:
    page = text_of(operator, f"{worked}/hall")
    assert re.search(r'name="n\|issued\|org\|staff" value="238"', page)
    assert "已扫描 294 张" in page
    fields = {"n|box|org|": "２９４", "seen|box|org|": "", "n|issued|org|staff": "237", "seen|issued|org|staff": "238"}
    answer = operator.post(f"{worked}/hall", fields)
    assert answer.status_code == 422
    assert "更正没有写原因" in answer.get_data(as_text=True)
    assert 'value="237"' in answer.get_data(as_text=True)
    assert operator.post(f"{worked}/hall", {**fields, "note": "退回一张"}).status_code == 302
    page = text_of(operator, f"{worked}/hall")
    assert "退回一张" in page
    assert "票箱清点 294 张" in page


def test_hall_of_a_supplementary_session__has_numbers_of_its_own(operator: Person, worked: str) -> None:
    assert operator.post(f"{worked}/sessions", {"held_on": "2011-07-10"}).status_code == 422
    answer = operator.post(f"{worked}/sessions", {"held_on": "2011-07-18", "place": "机械楼 201"})
    assert answer.status_code == 302
    page = text_of(operator, answer.location)
    assert re.search(r'name="n\|present\|\|staff" value=""', page)
    session_id = re.search(r'name="session" value="(\d+)"', page)[1]
    fields = {"session": session_id, "n|present||staff": "10", "seen|present||staff": ""}
    assert operator.post(f"{worked}/hall", fields).status_code == 302
    assert "248 / 256" in text_of(operator, f"{worked}/count")
    text_of(operator, f"{worked}/hall?session=99", 404)


def test_count_without_prints__says_what_to_do(operator: Person, meeting: Meeting) -> None:
    assert f"/meetings/{meeting.id}/print" in text_of(operator, f"/meetings/{meeting.id}/count")
    assert f"/meetings/{meeting.id}/print" in text_of(operator, f"/meetings/{meeting.id}/papers")


def test_sheets_of_void__one_sheet_with_its_page(scrutineer: Person, worked: str) -> None:
    page = text_of(scrutineer, f"{worked}/sheets?void=1")
    assert "<b>1 张</b>" in page
    assert len(re.findall(r'href="/pages/\d+"', page)) == 1


def test_sheets__turn_over_in_stretches(scrutineer: Person, worked: str) -> None:
    page = text_of(scrutineer, f"{worked}/sheets?from=288")
    assert "289–294 / 294" in page
    assert len(re.findall(r'<li class="card">', page)) == 6


@pytest.mark.parametrize(
    "path",
    ["/sheets?item=q9", "/sheets?item=q1&outcome=lost", "/count?subject=nobody", "/count?form=999", "/summary.odt"],
)
def test_address_of_nothing__not_found(scrutineer: Person, worked: str, path: str) -> None:
    text_of(scrutineer, worked + path, 404)


@pytest.mark.parametrize(
    ("path", "mimetype", "begins"),
    [
        ("/summary.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("/summary.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK"),
        ("/summary.pdf", "application/pdf", b"%PDF"),
        ("/answers.csv", "text/csv", b"\xef\xbb\xbf"),
        ("/count.csv", "text/csv", b"\xef\xbb\xbf"),
        ("/count.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
    ],
)
def test_files__are_what_they_say(scrutineer: Person, worked: str, path: str, mimetype: str, begins: bytes) -> None:
    answer = scrutineer.get(worked + path)
    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert answer.data.startswith(begins)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%")


def test_papers__preview_holds_the_numbers_of_the_files(scrutineer: Person, worked: str) -> None:
    page = text_of(scrutineer, f"{worked}/papers")
    for wanted in (
        "一、参加情况",
        '<td class="">187</td>',
        "64.71",
        "99.32",
        "签章",
        "依据文号：内工大 创组办字[2011]4号",
    ):
        assert wanted in page


@pytest.mark.parametrize("path", ["/count", "/sheets", "/papers", "/answers.csv", "/summary.pdf", "/count.csv"])
def test_nobody_signed_in__sent_to_the_sign_in_page(client: FlaskClient, worked: str, path: str) -> None:
    answer = client.get(worked + path)
    assert (answer.status_code, "/sign-in" in answer.headers["Location"]) == (302, True)


def test_file_that_is_taken__is_written_down(office: Office, worked: str, scrutineer: Person) -> None:
    assert scrutineer.get(f"{worked}/count.csv").status_code == 200
    assert scrutineer.get(f"{worked}/answers.csv").status_code == 200
    with office.db.read() as session:
        rows = session.scalars(select(TrailRow).where(TrailRow.action == "exported").order_by(TrailRow.id)).all()
    assert [row.object for row in rows] == [worked.strip("/").replace("meetings/", "meeting:")] * 2
    assert all(json.loads(row.facts)["file"].endswith(".csv") for row in rows)
    assert {row.user_id for row in rows} == {scrutineer.id}
