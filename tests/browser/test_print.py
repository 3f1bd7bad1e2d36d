"""The print page by its buttons: the specimen follows, faults are told beside it, sheets are taken back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server
from webapp.models import Campaign, Meeting, Survey, Unit

PRESETS = Path(__file__).resolve().parents[2] / "forms" / "presets"


@pytest.fixture
def print_page(server: Server, operator_page: Page) -> Page:
    """The print page of a new meeting with the organisation's sheet and a roster."""
    with server.office.db.begin() as session:
        campaign = Campaign(title="印表", number="", issuer="")
        unit = Unit(kind="college", name=f"土木学院党委 {dt.datetime.now().isoformat()}")
        session.add_all([campaign, unit])
        session.flush()
        for form in ("org", "roster-overall"):
            source = (PRESETS / f"{form}.yaml").read_text("utf-8")
            session.add(Survey(campaign_id=campaign.id, form=form, title=form, source=source))
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id)
        session.add(meeting)
        session.flush()
        number = meeting.id
    operator_page.goto(f"/meetings/{number}/print")
    return operator_page


def test_specimen__turns_its_pages_and_gives_way_to_faults(print_page: Page):
    print_page.get_by_text("党员名册，总体评价").click()
    names = print_page.get_by_label("名单，一行一人")
    names.fill("\n".join(f"党员{number}" for number in range(30)))
    expect(print_page.get_by_text("第 1 / 2 页")).to_be_visible()
    print_page.get_by_role("button", name="下一页").click()
    expect(print_page.get_by_text("第 2 / 2 页")).to_be_visible()
    expect(print_page.get_by_role("button", name="下一页")).to_be_disabled()
    names.fill("王芳\n李明\n\n王　芳")
    expect(print_page.get_by_role("alert")).to_contain_text("名单第 4 行 – “王芳”与 名单（第 1 行）重名")
    expect(print_page.get_by_role("img", name="样张")).to_be_hidden()
    names.fill("王芳\n李明")
    expect(print_page.get_by_text("第 1 / 1 页")).to_be_visible()
    expect(print_page.get_by_role("alert")).to_be_hidden()


def test_file_is_made__the_rail_says_so_without_a_reload(print_page: Page):
    print_page.get_by_label("份数", exact=True).fill("3")
    print_page.get_by_role("button", name="生成测评表").click()
    expect(print_page.get_by_role("link", name="下载 PDF（3 份）")).to_be_visible(timeout=PATIENCE * 1000)
    rails = print_page.locator("nav.py-rail")
    expect(rails).to_have_count(1)
    expect(rails.locator("[aria-current=page]")).to_contain_text("印制 3 份")


def test_sheets_that_appeared_by_themselves__are_taken_back_only_after_a_yes(print_page: Page):
    print_page.get_by_label("份数", exact=True).fill("3")
    print_page.get_by_role("button", name="生成测评表").click()
    expect(print_page.get_by_role("link", name="下载 PDF（3 份）")).to_be_visible(timeout=PATIENCE * 1000)
    asked: list[str] = []

    def answer(yes: bool) -> None:
        print_page.once("dialog", lambda box: (asked.append(box.message), box.accept() if yes else box.dismiss()))
        print_page.get_by_role("button", name="收回不用").click()

    answer(yes=False)
    expect(print_page.get_by_role("link", name="下载 PDF（3 份）")).to_be_visible()
    answer(yes=True)
    expect(print_page.get_by_role("link", name="下载 PDF（3 份）")).to_be_hidden()
    assert len(asked) == 2
    assert "3 份" in asked[0]
