"""One appraisal by six persons in six sessions, in Chinese, to the signed 清点报告单 whose numbers equal the truth."""

from __future__ import annotations

import io
import re

import docx
import pytest
from playwright.sync_api import expect

from forms.code import normalise
from forms.layout import Layout
from omr.synth import scan_stack
from tests.browser.test_main_job import (
    CHOICES,
    COPIES,
    PATIENCE,
    UNIT,
    counted,
    figures,
    numbers,
    print_sheets,
    rows_of,
    running,
    unmerged,
)
from webapp.demo import verdict_of
from webapp.jobs import open_office
from webapp.models import Layout as LayoutRow
from webapp.models import Page
from webapp.services import accounts, review
from webapp.settings import load

PASSWORD = "春天里的第一场雨"
PEOPLE = {
    "巴图": "school_office", "乌兰": "unit_administrator", "刘婷": "scanner", "王强": "scanner",
    "周正": "scrutineer", "李宏": "liaison",
}  # fmt: skip
CHECKED = 6  # sheets of the hand check
__all__ = ["running"]  # the fixture: a product of its own, started by its one command


@pytest.fixture
def office(running):
    office = open_office(load(running.instance, environ={}))
    yield office
    office.db.close()


@pytest.fixture
def people(running, office, browser, browser_context_args):
    """Six persons, each signed in with a browser of his own."""
    contexts, pages = [], {}
    for name, role in PEOPLE.items():
        accounts.create_user(office, name=name, display_name=name, roles=[role], password=PASSWORD)
        contexts.append(browser.new_context(**{**browser_context_args, "base_url": running.url}))
        page = pages[name] = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.goto("/sign-in")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("button.btn-primary")
        page.wait_for_url(lambda url: "/sign-in" not in url)
    yield pages
    for context in contexts:
        context.close()


def test_appraisal_by_six_persons__ends_in_a_signed_report_with_the_true_numbers(people, office, tmp_path):
    prepare(people["巴图"])
    printed = print_sheets(people["乌兰"], tmp_path, "org")
    enter_numbers(people["乌兰"])
    meant, truth = bring_back(people["刘婷"], office, printed, tmp_path)
    for name in ("刘婷", "乌兰", "李宏", "巴图"):
        assert_locked(people[name])
    argued = two_reviews(people["刘婷"], people["王强"], office, meant)
    rule(people["周正"], meant, argued)
    check_by_hand(people["周正"], office, meant)
    expected = counted(truth)
    code = close(people["周正"])
    assert_results(people["李宏"], expected)
    assert_report(people["周正"], expected, code)
    assert people["刘婷"].goto("/meetings/1/sheets").status == 403


def prepare(page):
    page.goto("/units")
    page.fill("[name=names]", UNIT)
    page.locator("form.py-form button", has_text="").first.click()
    page.goto("/campaigns/new")
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/campaigns/1")
    page.goto("/campaigns/1/procedure")
    expect(page.locator("[name=two_persons]")).to_be_checked()
    page.fill("[name=check_sheets]", str(CHECKED))
    page.get_by_role("button", name="保存办法").click()
    page.goto("/campaigns/1/meetings/new")
    page.select_option("[name=unit_id]", label=UNIT)
    page.fill("[name=held_on]", "2011-07-15")
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/meetings/1")


def enter_numbers(page):
    page.goto("/meetings/1/counts")
    given = {
        "expected||staff": 26, "expected||student": 6, "present||staff": 25, "present||student": 5,
        "issued|org|staff": 25, "issued|org|student": 5, "spoiled|org|": 0, "spare|org|": 0,
    }  # fmt: skip
    for name, number in given.items():
        page.fill(f"[name='{name}']", str(number))
    if page.locator("[name='box|org|']").count():
        page.fill("[name='box|org|']", str(COPIES))
    page.get_by_role("button", name="登记").first.click()
    expect(page.locator("main")).to_contain_text("93.75 %")


def bring_back(page, office, printed, folder):
    """Fill, scan and upload; return what each writer meant by (sheet, page, question), and the truth."""
    with office.db.read() as session:
        layout = Layout.loads(session.query(LayoutRow).one().source)
    stack = folder / "扫描_0715.pdf"
    truth = scan_stack(printed, [layout], stack, seed=5, shuffle=True)
    page.goto("/meetings/1/scan")
    page.set_input_files("#choose", stack)
    finished = page.get_by_text(f"{COPIES} / {COPIES} 已识读")
    expect(finished).to_have_count(1, timeout=PATIENCE * 1000)
    meant = {
        (normalise(part.sheet), part.sheet_page, question): answer
        for side in truth.pages
        for part in side.parts
        for question, answer in part.questions.items()
    }
    return meant, truth


def assert_locked(page):
    page.goto("/meetings/1/count")
    expect(page.locator("main")).to_contain_text("监票人")
    assert page.locator("table.res").count() == 0
    assert page.goto("/meetings/1/projector").status == 403


def two_reviews(first, second, office, meant):
    """Both review; once the second errs. Returns the mark on which they differ, None where nothing needed two."""
    sheets = sheets_of(office)
    go_through(first, sheets, meant)
    with office.db.read() as session:
        waits = [item for item in review.queue_in(session, 1).items if item.stage == "first"]
    argued = (waits[0].page_id, waits[0].question) if waits else None
    go_through(second, sheets, meant, argued)
    return argued


def sheets_of(office):
    with office.db.read() as session:
        return {row.id: (row.sheet, row.sheet_page) for row in session.query(Page)}


def go_through(page, sheets, meant, err_at=None):
    page.goto("/meetings/1/review")
    if not page.locator("#begin").count():
        return
    page.locator("#begin").click()
    for _ in range(500):
        page.wait_for_load_state()
        found = re.search(r"/review/(\d+)/([\w.]+)$", page.url)
        if not found:
            return
        expect(page.locator("#zoom")).to_contain_text("%")
        place = int(found[1]), found[2]
        assert page.locator("[name=verdict]:checked").count() == 0  # nobody's decision, nor the machine's, is suggested
        key = key_of(place[1], meant[(*sheets[place[0]], place[1])])
        before = page.url
        page.keyboard.press(key if place != err_at else "0" if key != "0" else "1")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, before=before: url != before)
    raise AssertionError("the queue does not end")


def key_of(question, answer):
    verdict = verdict_of(answer)
    order = ("staff", "student") if question == "rater_class" else CHOICES
    return {"blank": "0", "invalid": "v"}.get(verdict.state) or str(order.index(verdict.choice[0]) + 1)


def rule(page, meant, argued):
    page.goto("/meetings/1/rulings")
    rows = page.get_by_role("link", name="裁定", exact=True)
    expect(rows).to_have_count(1 if argued else 0)
    if not argued:
        return
    sheet = page.locator("table code").first.inner_text()
    rows.first.click()
    key = key_of(argued[1], meant[normalise(sheet), 1, argued[1]])
    page.locator(f"[name=verdict][data-key='{key.upper()}']").check(force=True)
    page.fill("[name=note]", "与原票核对")
    page.click("#rule")
    expect(page.locator("main")).to_contain_text("没有不一致")


def check_by_hand(page, office, meant):
    page.goto("/meetings/1/hand-check")
    page.fill("[name=seed]", "骰子 3 5 1 6")
    page.click("#draw")
    sheets = sheets_of(office)
    page.click("#read")
    for number in range(CHECKED):
        page.wait_for_load_state()
        sheet = sheets[int(page.url.rsplit("/", 1)[-1])]
        for question in ("rater_class", "q1", "q2", "q3"):
            for choice in marks_of(meant[(*sheet, question)]):
                page.locator(f"[name='q:{question}'][value='{choice}']").check()
        before = page.url
        page.click("#save")
        page.wait_for_url(lambda url, before=before: url != before)
        assert number < CHECKED
    expect(page.locator("#check-done")).to_be_visible()
    expect(page.locator("main")).to_contain_text("全部一致")


def marks_of(answer):
    verdict = verdict_of(answer)
    return answer.choice if verdict.state == "invalid" else verdict.choice


def close(page):
    page.goto("/meetings/1/closing")
    page.locator("#seal input[type=checkbox]").check()
    page.click("#close")
    code = page.locator("#code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code)
    return code


def assert_results(page, expected):
    page.goto("/meetings/1/count")
    assert list(rows_of(page).values()) == [figures(expected[f"q{n}"]) for n in (1, 2, 3)]
    page.goto("/meetings/1/projector")
    shown = [int(text) for text in page.locator(".pr b").all_inner_texts()]
    assert shown == [number for n in (1, 2, 3) for number in figures(expected[f"q{n}"])[:4]]
    page.keyboard.press("Escape")
    page.wait_for_url("**/count*")


def assert_report(page, expected, code):
    answer = page.request.get("/meetings/1/closing/report.docx")
    assert answer.ok, answer.status
    document = docx.Document(io.BytesIO(answer.body()))
    rows = [[cell.text.replace("\n", "") for cell in unmerged(row)] for table in document.tables for row in table.rows]
    for n, item in enumerate(("推动中心工作", "兑现公开承诺", "开展创先争优活动的总体"), 1):
        row = next(row for row in rows if any(item in cell for cell in row))
        assert numbers(row)[:6] == figures(expected[f"q{n}"])
    told = "".join(cell for row in rows for cell in row)
    for words in (code, "监票人（签字）", "计票人（签字）", "联络员/委员（签字）", "骰子 3 5 1 6", "监票人 周正"):
        assert words in told
