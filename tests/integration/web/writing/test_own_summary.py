"""S-M: the member's own page, what others see of it, and papers written by hand that come back by their code."""

from __future__ import annotations

import io

import pypdfium2
import pytest

from tests.integration.web.writing.conftest import close_count, rate
from webapp.errors import Conflict, NotFound
from webapp.models import Member
from webapp.services import member_accounts, own_results, own_summary, shelf
from webapp.services.paper_kind import Target
from webapp.services.paper_kinds import get

NAMES = ("王强", "李雪")


@pytest.fixture
def rated(office, branch_meeting, surveys, user, members):
    """Both members rated on sheets of their own, the count closed."""
    rate(office, branch_meeting, surveys["member"], "member", user.id, NAMES)
    close_count(office, branch_meeting.id, user.id)
    return members


@pytest.fixture
def wang(office, enter, branch, rated, user):
    """The first member, signed in on his own account."""
    person = enter("wangqiang", "member", unit_id=branch.id)
    with office.db.begin() as session:
        member_accounts.link(session, rated[0].id, "wangqiang", by=user.id)
    return person


@pytest.fixture
def secretary(enter, branch):
    return enter("zhibu", "branch", unit_id=branch.id)


def target(campaign, member):
    return Target(campaign.id, member.unit_id, member_id=member.id)


def text_of(office, campaign, member, field):
    with office.db.read() as session:
        return shelf.draft(session, get(own_summary.KEY), target(campaign, member)).texts[field]


def test_member__writes_his_own_part_and_nothing_else(office, campaign, wang, rated):
    page = wang.get("/my-summary").get_data(as_text=True)
    assert "王强" in page
    assert "66.67" in page  # two of three 满意
    assert "李雪" not in page
    cells = {f"own:{n}": [cell, ""] for n, cell in enumerate(("联系群众不够", "工作忙", "每月走访", "9月30日"))}
    wang.post("/my-summary", {"action": "save", **cells, "branch_opinion": "很好"})
    assert text_of(office, campaign, rated[0], "own") == "联系群众不够\t工作忙\t每月走访\t9月30日"
    assert text_of(office, campaign, rated[0], "branch_opinion") == ""
    for path in (
        f"/shelf/own-summary/campaigns/{campaign.id}/members/{rated[0].id}",
        f"/shelf/own-summary/campaigns/{campaign.id}/members/{rated[1].id}",
        f"/campaigns/{campaign.id}/units/{rated[0].unit_id}/members",
    ):
        assert wang.get(path).status_code == 403


def test_member_before_closing_or_without_a_link__sees_no_numbers(
    office, enter, branch, branch_meeting, surveys, user, members
):
    rate(office, branch_meeting, surveys["member"], "member", user.id, NAMES)
    person = enter("wangqiang", "member", unit_id=branch.id)
    assert "还没有对应党员" in person.get("/my-summary").get_data(as_text=True)
    with office.db.begin() as session:
        member_accounts.link(session, members[0].id, "wangqiang", by=user.id)
        with pytest.raises(Conflict):
            member_accounts.link(session, members[1].id, "wangqiang", by=user.id)
        with pytest.raises(NotFound):
            member_accounts.link(session, members[1].id, "nobody", by=user.id)
    page = person.get("/my-summary").get_data(as_text=True)
    assert "66.67" not in page
    assert person.post("/my-summary", {"action": "save"}).status_code == 404
    assert person.post("/my-summary/paper.pdf").status_code == 404


def test_summary_of_a_member__stays_at_level_two(office_user, secretary, writer, campaign, rated):
    path = f"/shelf/own-summary/campaigns/{campaign.id}/members/{rated[0].id}"
    listed = f"/campaigns/{campaign.id}/units/{rated[0].unit_id}/members"
    assert [person.get(path).status_code for person in (office_user, secretary, writer)] == [403, 200, 200]
    assert [person.get(listed).status_code for person in (office_user, secretary, writer)] == [403, 200, 200]


def test_paper_written_by_hand__comes_back_in_a_stack_by_its_code(secretary, campaign, rated):
    listed = f"/campaigns/{campaign.id}/units/{rated[0].unit_id}/members"
    printed = secretary.post(f"{listed}.pdf")
    assert printed.data.startswith(b"%PDF-")
    pages = [page.render(scale=150 / 72).to_pil().convert("RGB") for page in pypdfium2.PdfDocument(printed.data)]
    pages.insert(1, pages[0].copy())
    pages[1].paste("white", (0, 0, pages[1].width, pages[1].height))
    stack = io.BytesIO()
    pages[0].save(stack, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    stack.seek(0)
    answer = secretary.post(
        listed,
        {"action": "scan", "scan": (stack, "收回.pdf")},
        content_type="multipart/form-data",
        follow_redirects=True,
    )
    page = answer.get_data(as_text=True)
    assert "没有认出编码的页：2" in page
    assert page.count("已扫描，待录入") == len(rated)
    assert secretary.get("/shelf/attachments/1").data.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(("form", "overall"), [("member", False), ("roster-items", False), ("roster-overall", True)])
def test_rates_of_a_member__come_from_any_form(office, campaign, branch_meeting, surveys, user, members, form, overall):
    rate(office, branch_meeting, surveys[form], form, user.id, NAMES)
    close_count(office, branch_meeting.id, user.id)
    with office.db.read() as session:
        found = own_results.of(session, campaign.id, members[0])
        paper = shelf.paper(session, get(own_summary.KEY), target(campaign, members[0]))
    assert [str(item.total.rates["satisfied"].percent) for item in found.items] == ["66.67"] * (1 if overall else 3)
    told = str(paper)
    assert ("本次采用总体评价" in told) is overall
    assert "1、立足本职岗位，争创佳绩情况" in told
    assert "3、参加创先争优活动的总体情况" in told


def test_two_of_one_name__are_told_apart_by_their_numbers(office, campaign, branch_meeting, surveys, user, members):
    with office.db.begin() as session:
        session.add(Member(unit_id=members[0].unit_id, name="王强", number="2007"))
    rate(office, branch_meeting, surveys["member"], "member", user.id, ("王强", "李雪"))
    close_count(office, branch_meeting.id, user.id)
    with office.db.read() as session:
        assert own_results.of(session, campaign.id, members[0]) is None
        assert own_results.of(session, campaign.id, members[1]) is not None


@pytest.mark.parametrize("form", ["member", "roster-items", "roster-overall"])
def test_list_of_members__has_all_of_them(office, secretary, branch_meeting, surveys, user, members, form):
    rate(office, branch_meeting, surveys[form], form, user.id, NAMES)
    close_count(office, branch_meeting.id, user.id)
    page = secretary.get(f"/shelf/member-list/meetings/{branch_meeting.id}").get_data(as_text=True)
    assert all(name in page for name in NAMES)
    for kind in ("docx", "pdf", "xlsx"):
        assert secretary.get(f"/shelf/member-list/meetings/{branch_meeting.id}/paper.{kind}").status_code == 200
