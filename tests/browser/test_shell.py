"""From nothing to a meeting's home, as a newcomer does it; language, sign-out, zoom and print."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Server


def test_newcomer__makes_campaign_units_and_meeting_by_clicking(operator_page: Page, server: Server):
    page = operator_page
    page.goto("/")
    page.get_by_role("link", name="新建评议活动").first.click()
    page.get_by_role("button", name="建立评议活动").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("创先争优活动群众评议")
    page.get_by_role("link", name="单位", exact=True).first.click()
    page.get_by_label("单位名称，每行一个").fill("机械学院党委\n电力学院党委")
    page.get_by_role("button", name="添加单位").click()
    expect(page.get_by_role("cell", name="电力学院党委", exact=True)).to_be_visible()
    page.get_by_role("link", name="评议", exact=True).click()
    page.get_by_role("link", name="创先争优活动群众评议").first.click()
    page.get_by_role("link", name="新建会议").click()
    page.get_by_label("单位", exact=True).select_option(label="机械学院党委")
    page.get_by_role("button", name="建立会议").click()
    page.get_by_role("link", name=re.compile("^登记人数")).click()
    page.get_by_label("教职工 应到").fill("256")
    page.get_by_label("学生代表 应到").fill("60")
    page.get_by_label("教职工 实到").fill("238")
    page.get_by_label("学生代表 实到").fill("58")
    page.get_by_role("button", name="登记人数").click()
    expect(page.get_by_text("93.67 %")).to_be_visible()
    expect(page.get_by_text("已达到 80%")).to_be_visible()


def test_language_switch__keeps_the_page(operator_page: Page):
    operator_page.goto("/units")
    operator_page.get_by_role("link", name="EN").click()
    expect(operator_page).to_have_url(re.compile("/units$"))
    expect(operator_page.get_by_role("heading", level=1)).to_have_text("Units")
    operator_page.get_by_role("link", name="中").click()
    expect(operator_page.get_by_role("heading", level=1)).to_have_text("单位")


def test_session_ended_while_typing__what_was_typed_comes_back(operator_page: Page, server: Server):
    page = operator_page
    page.goto("/units")
    page.get_by_label("单位名称，每行一个").fill("离退休人员工作处党总支")
    page.context.clear_cookies()
    page.get_by_role("button", name="添加单位").click()
    page.fill("[name=name]", "刘婷")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("button", name="现在保存").click()
    expect(page.get_by_role("cell", name="离退休人员工作处党总支", exact=True)).to_be_visible()


def test_password__is_shown_on_demand(page: Page):
    page.goto("/sign-in")
    page.fill("[name=password]", "abc")
    page.get_by_role("button", name="显示密码").click()
    assert page.get_attribute("[name=password]", "type") == "text"


def test_double_zoom__nothing_lies_outside_the_window(operator_page: Page):
    operator_page.set_viewport_size({"width": 683, "height": 384})
    for path in ("/", "/units", "/campaigns/new", "/me"):
        operator_page.goto(path)
        assert operator_page.evaluate("document.documentElement.scrollWidth") <= 683, path


def test_print__leaves_bar_and_buttons_out(operator_page: Page):
    operator_page.goto("/units")
    operator_page.emulate_media(media="print")
    expect(operator_page.locator(".py-top")).to_be_hidden()
    expect(operator_page.get_by_role("button", name="添加单位")).to_be_hidden()
    expect(operator_page.get_by_role("heading", level=1)).to_be_visible()


def test_keyboard__first_stop_skips_to_the_content(operator_page: Page):
    operator_page.goto("/")
    operator_page.keyboard.press("Tab")
    expect(operator_page.get_by_role("link", name="跳到正文")).to_be_focused()
