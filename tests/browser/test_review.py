"""The review station in a browser: with the keyboard alone, with the mouse alone, two people at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from webapp.jobs import open_office
from webapp.models import Decision, Opinion
from webapp.services import answers, opinions, review
from webapp.settings import load

sys.path.append(str(Path(__file__).parents[1] / "integration" / "web" / "reviewing"))

import marked  # the stack is shared with the tests of the services


@pytest.fixture(scope="module")
def office(server):
    """The server's own files and rows; jobs run here, at once."""
    office = open_office(load(server.instance, environ={}, inline_jobs=True))
    yield office
    office.db.close()


@pytest.fixture(scope="module")
def meeting_id(office):
    return marked.fill(office, mark="·复核")


@pytest.fixture
def items(office, meeting_id):
    """The doubtful questions, none of them decided."""
    with office.db.begin() as session:
        session.execute(delete(Decision.__table__))  # past the trail, as no use case can
    return review.queue(office, meeting_id).items


@pytest.fixture
def second_page(browser, browser_context_args, enter):
    context = browser.new_context(**browser_context_args, storage_state=enter("王强", "scanner"))
    yield context.new_page()
    context.close()


def path(item):
    return f"/review/{item.page_id}/{item.question}"


def said(office, item):
    with office.db.read() as session:
        held = answers.effective(session, [item.page_id])[item.page_id, item.question]
    return held.source, held.choice or held.state


def at(page, item):
    page.wait_for_url(f"**{path(item)}")
    expect(page.locator("#zoom")).to_contain_text("%")  # the script is at work


def open_item(page, item):
    page.goto(path(item))
    at(page, item)


def view_box(page):
    return [float(value) for value in page.locator("#sheet").get_attribute("viewBox").split()]


def chosen(page):
    return page.eval_on_selector_all("[name=verdict]:checked", "all => all.map(one => one.value)")


def test_second_enter_while_the_first_is_under_way__does_not_contradict_it(operator_page, office, items):
    open_item(operator_page, items[0])
    operator_page.evaluate(
        """for (const key of ["3", "Enter", "1", "Enter"])
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))"""
    )
    at(operator_page, items[1])
    assert said(office, items[0]) == ("person", "basically")


def test_keyboard_alone__decides_undoes_skips_and_finishes(operator_page, office, meeting_id, items):
    page, press = operator_page, operator_page.keyboard.press
    page.goto(f"/meetings/{meeting_id}/review")
    page.focus("#begin")
    press("Enter")
    at(page, items[0])
    press("Enter")  # nothing chosen: nothing saved
    expect(page.locator("#choose-first")).to_be_visible()
    press("3")
    press("Enter")
    at(page, items[1])
    assert said(office, items[0]) == ("person", "basically")
    press("1")
    press("u")  # what was not saved is dropped first
    assert chosen(page) == []
    press("u")  # then my last decision, wherever it was
    at(page, items[0])
    assert said(office, items[0])[0] == "machine"
    press("v")
    press("Enter")
    at(page, items[1])
    press("s")
    at(page, items[2])
    press("ArrowLeft")
    at(page, items[1])
    press("ArrowRight")
    at(page, items[2])
    for item, key in ((items[2], "0"), (items[3], "4"), (items[1], "2")):  # what was skipped comes last
        at(page, item)
        press(key)
        press("Enter")
    page.wait_for_url(f"**/meetings/{meeting_id}/review")
    expect(page.locator("text=4 处存疑都裁定了")).to_be_visible()
    assert [said(office, item)[1] for item in items] == ["invalid", "fairly", "blank", "dissatisfied"]


def test_keys_while_a_reason_is_typed__rest(operator_page, office, items):
    page, press = operator_page, operator_page.keyboard.press
    open_item(page, items[0])
    press("n")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("v 1 u s")
    assert chosen(page) == []
    page.dispatch_event("#note", "keydown", {"key": "Process", "keyCode": 229, "isComposing": True})
    page.fill("#note", "后划的为准")
    press("Escape")
    press("3")
    press("Enter")
    at(page, items[1])
    with office.db.read() as session:
        ((decision, _),) = review.history(session, items[0].page_id, items[0].question)
    assert (decision.choice, decision.note) == ("basically", "后划的为准")


def test_keys_while_an_input_method_composes__rest(operator_page, items):
    page = operator_page
    open_item(page, items[0])
    composing = {"bubbles": True, "cancelable": True}
    for extra in ({"key": "v", "isComposing": True}, {"key": "1", "keyCode": 229}):
        page.evaluate("init => document.body.dispatchEvent(new KeyboardEvent('keydown', init))", {**composing, **extra})
    assert chosen(page) == []
    page.evaluate("init => document.body.dispatchEvent(new KeyboardEvent('keydown', init))", {**composing, "key": "v"})
    assert chosen(page) == ["invalid"]


def test_tab__goes_to_the_next_item_of_the_page(operator_page, items):
    open_item(operator_page, items[1])
    assert items[1].question == "q2"
    operator_page.keyboard.press("Tab")
    operator_page.wait_for_url(f"**/review/{items[1].page_id}/q3")


def test_looking__zooms_moves_and_hides_outlines(operator_page, items):
    page, press = operator_page, operator_page.keyboard.press
    open_item(page, items[0])
    part = view_box(page)
    press("z")
    whole = view_box(page)
    assert whole[3] > 296 > part[3]
    press("z")
    assert view_box(page) == part
    press("+")
    assert view_box(page)[2] == pytest.approx(part[2] / 1.25, rel=1e-3)
    press("-")
    for _ in range(30):
        press("-")
    assert page.locator("#zoom").inner_text() == "50 %"
    press("o")
    expect(page.locator("#outlines")).to_be_hidden()
    page.reload()
    expect(page.locator("#outlines")).to_be_hidden()
    press("o")
    expect(page.locator("#outlines")).to_be_visible()


def test_help__lists_the_keys_and_stops_the_others(operator_page, items):
    page, press = operator_page, operator_page.keyboard.press
    open_item(page, items[0])
    press("?")
    listed = page.locator("#keys-help kbd").all_inner_texts()
    table = page.evaluate("import('/static/review-keys.js').then(module => module.KEYS)")
    names = {"ArrowLeft": "←", "ArrowRight": "→", "Ctrl+z": "Ctrl Z", "=": "+"}
    keys = [key for group in table.values() for key in group]
    assert len(keys) == len(set(keys))
    shown = {names.get(key, key.upper() if len(key) == 1 else key) for key in keys} - set("2356789")
    assert shown <= {*listed, "Tab", "Enter"}
    press("2")
    assert chosen(page) == []
    press("Escape")
    expect(page.locator("#keys-help")).to_be_hidden()


def test_mouse_alone__picks_a_box_and_saves(operator_page, office, items):
    page = operator_page
    open_item(page, items[0])
    page.locator(".rv-pick[data-choice='3']").click()
    assert chosen(page) == ["choice:basically"]
    page.locator("[data-act=save]").click()
    at(page, items[1])
    assert said(office, items[0]) == ("person", "basically")
    page.locator("[data-act=undo]").click()
    at(page, items[0])
    assert said(office, items[0])[0] == "machine"
    page.locator("label.choice", has_text="弃权").click()
    page.locator("[data-act=save]").click()
    at(page, items[1])


def test_wheel_and_drag__keep_the_point_under_the_pointer(operator_page, items):
    page = operator_page
    open_item(page, items[0])
    frame = page.locator("#sheet").bounding_box()
    x, y = frame["x"] + frame["width"] / 4, frame["y"] + frame["height"] / 4

    def under(x, y):
        box = view_box(page)
        return [
            box[0] + (x - frame["x"]) / frame["width"] * box[2],
            box[1] + (y - frame["y"]) / frame["height"] * box[3],
        ]

    before = under(x, y)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -240)
    page.wait_for_function("before => document.querySelector('#sheet').viewBox.baseVal.width < before", arg=150)
    assert under(x, y) == pytest.approx(before, abs=0.3)
    page.mouse.down()
    page.mouse.move(x + 120, y + 60, steps=4)
    page.mouse.up()
    assert under(x + 120, y + 60) == pytest.approx(before, abs=0.5)
    assert chosen(page) == []


def test_next_doubtful_page__is_fetched_ahead(operator_page, items):
    wanted = f"/pages/{items[1].page_id}/image.jpg"
    with operator_page.expect_response(lambda answer: wanted in answer.url) as fetched:
        operator_page.goto(path(items[0]))
    assert fetched.value.ok


def test_two_people_at_one_item__the_second_chooses(operator_page, second_page, office, items):
    open_item(operator_page, items[0])
    open_item(second_page, items[0])
    operator_page.keyboard.press("1")
    operator_page.keyboard.press("Enter")
    at(operator_page, items[1])
    second_page.keyboard.press("3")
    second_page.keyboard.press("Enter")
    clash = second_page.locator("#clash")
    expect(clash).to_contain_text("刘婷")
    expect(clash).to_contain_text("基本满意")
    assert said(office, items[0]) == ("person", "satisfied")
    second_page.locator("#use-mine").click()
    at(second_page, items[2])  # the one between is in the first one's hands
    assert said(office, items[0]) == ("person", "basically")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["station", "help", "start", "opinions"])
def test_pages__fit_the_window_in_both_languages(operator_page, meeting_id, items, tmp_path, language, name):
    page = operator_page
    page.goto(f"/language/{language}?next=/")
    addresses = {"start": f"/meetings/{meeting_id}/review", "opinions": f"/meetings/{meeting_id}/opinions"}
    page.goto(addresses.get(name, path(items[2])))
    page.wait_for_load_state("networkidle")
    if name == "help":
        page.keyboard.press("?")
    page.screenshot(path=tmp_path / f"{name}-{language}.png")
    page.goto(page.url)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1366
    cut = page.eval_on_selector_all(
        ".btn, .choice, .py-tag",
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)",
    )
    page.goto("/language/zh?next=/")
    assert cut == []


def test_opinion__is_confirmed_with_the_keyboard(operator_page, office, meeting_id, items):
    page = operator_page
    page.goto(f"/meetings/{meeting_id}/opinions")
    first, second = (entry.opinion for entry in opinions.entries(office, meeting_id))
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("会议太多")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/opinions/{second.id}")
    with office.db.read() as session:
        row = session.get_one(Opinion, first.id)
    assert (row.state, row.text) == ("confirmed", "会议太多")
    opinions.reopen(office, first.id)
