"""The main job from the first start to the summary, as an office does it: one command, one browser, real paper images.

Sixty sheets of two forms are printed through the pages, filled and scanned by the synthesiser, come back as one PDF by
upload and one TIFF by the scanner folder, are reviewed with the keyboard, and every published number equals the truth.
"""

from __future__ import annotations

import csv
import io
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl
import pytest
from playwright.sync_api import expect

from forms.code import normalise
from forms.layout import Layout
from omr.synth import scan_stack
from webapp.demo import verdict_of
from webapp.jobs import open_office
from webapp.models import Layout as LayoutRow
from webapp.models import Page
from webapp.settings import load

ROOT = Path(__file__).resolve().parents[2]
UNIT = "机械学院党委"
NAMES = ("王芳", "李建国", "张丽娟", "巴特尔", "乌云其其格", "陈志远", "刘洋", "赵淑珍", "苏日娜", "喆祎", "䶮", "周明")
CHOICES = ("satisfied", "fairly", "basically", "dissatisfied")
WORDS = {
    "satisfied": "满意", "fairly": "比较满意", "basically": "基本满意", "dissatisfied": "不满意",
    "staff": "教职工", "student": "学生代表", "blank": "弃权", "invalid": "无效",
}  # fmt: skip
COPIES = 30
PATIENCE = 120  # seconds


@dataclass(frozen=True)
class Running:
    """``python3 run.py`` over an instance of its own."""

    url: str
    instance: Path
    link: str


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    instance = tmp_path_factory.mktemp("main-job") / "instance"
    said = instance.parent / "said.txt"
    port = free_port()
    command = [sys.executable, str(ROOT / "run.py"), "--port", str(port), "--instance", str(instance), "--workers", "2"]
    with said.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        link = wait_for(lambda: re.search(r"http://\S+/first-run/\S+", said.read_text("utf-8")), said)
        wait_for(lambda: answers(link[0]), said)
        yield Running(f"http://127.0.0.1:{port}", instance, link[0])
    finally:
        process.terminate()
        process.wait(30)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, said):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(said.read_text("utf-8"))


def answers(url):
    try:
        return urllib.request.urlopen(url).status == 200
    except OSError:
        return False


@pytest.fixture
def page(browser, browser_context_args, running):
    context = browser.new_context(**{**browser_context_args, "base_url": running.url})
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def test_main_job__every_published_number_equals_the_truth(page, browser, browser_context_args, running, tmp_path):
    make_administrator(page, running)
    make_campaign_and_meeting(page)
    decide_alone(page)
    printed = {
        "org": print_sheets(page, tmp_path, "org"),
        "roster-overall": print_sheets(page, tmp_path, "roster-overall"),
    }
    enter_numbers(page)
    office = open_office(load(running.instance, environ={}))
    try:
        truths = bring_back(page, running, office, printed, tmp_path)
        review_with_the_keyboard(page, office, truths)
    finally:
        office.db.close()
    expected = {form: counted(truth) for form, truth in truths.items()}
    assert page.request.get("/meetings/1/answers.csv").status == 403  # who reviewed does not see what came out
    scrutineer = somebody_else(page, browser, browser_context_args, running, "周正", "监票人")
    assert_answers(scrutineer, truths)
    assert_count_page(scrutineer, expected)
    assert_papers(scrutineer, expected["org"])
    scrutineer.context.close()


def make_administrator(page, running):
    page.goto(running.link)
    page.fill("[name=name]", "张敏")
    page.fill("[name=password]", "春天里的第一场雨")
    page.fill("[name=password_again]", "春天里的第一场雨")
    expect(page.get_by_label("我也组织评议")).to_be_checked()
    page.get_by_role("button", name="建立管理员").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("第一次使用")
    page.goto(running.link)
    assert page.title().startswith("未找到") or page.locator("text=404").count()  # the link works once


def somebody_else(page, browser, arguments, running, name, role):
    """Make an account on the administrator's page and sign it in; return its page."""
    page.goto("/accounts")
    page.fill("[name=name]", name)
    page.select_option("[name=role]", label=role)
    page.get_by_role("button", name="添加账号").click()
    password = page.locator(".py-secretword").inner_text()
    other = browser.new_context(**{**arguments, "base_url": running.url}).new_page()
    other.set_default_timeout(15_000)
    other.goto("/sign-in")
    other.fill("[name=name]", name)
    other.fill("[name=password]", password)
    other.locator("button.btn-primary").click()
    other.wait_for_url(lambda url: "/sign-in" not in url)
    return other


def decide_alone(page):
    """One reviewer: what is void, multiple or cancelled needs no second person in this office."""
    page.goto("/campaigns/1/procedure")
    page.uncheck("[name=two_persons]")
    page.fill("[name=why]", "只有一名复核人")
    page.locator("main button.btn-primary").click()


def make_campaign_and_meeting(page):
    page.goto("/units")
    page.fill("[name=names]", UNIT)
    page.locator("form.py-form button").click()
    page.goto("/")
    page.get_by_role("link", name="新建评议活动").first.click()
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/campaigns/1")
    page.get_by_role("link", name="新建会议").first.click()
    page.select_option("[name=unit_id]", label=UNIT)
    page.fill("[name=held_on]", "2011-07-15")
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/meetings/1")


def print_sheets(page, folder, form):
    """Print through the pages; return the downloaded PDF."""
    page.goto("/meetings/1/print")
    kind = {"org": "党组织测评表", "roster-overall": "党员名册，总体评价"}[form]
    page.get_by_text(kind).click()
    if form == "roster-overall":
        page.fill("[name=names]", "\n".join(NAMES))
    page.fill("[name=copies]", str(COPIES))
    expect(page.locator("[data-specimen]")).to_be_visible()
    page.get_by_role("button", name="生成测评表").click()
    links = page.get_by_role("link", name=f"下载 PDF（{COPIES} 份）")
    expect(links).to_have_count(1 if form == "org" else 2, timeout=60_000)
    with page.expect_download() as caught:
        links.first.click()
    path = folder / f"{form}.pdf"
    caught.value.save_as(path)
    return path


def enter_numbers(page):
    page.goto("/meetings/1/counts")
    numbers = {"expected||staff": 26, "expected||student": 6, "present||staff": 25, "present||student": 5}
    for form in ("org", "roster-overall"):
        numbers |= {f"issued|{form}|staff": 25, f"issued|{form}|student": 5, f"spoiled|{form}|": 0, f"spare|{form}|": 0}
    for name, number in numbers.items():
        page.fill(f"[name='{name}']", str(number))
    page.get_by_role("button", name="登记").first.click()
    expect(page.locator("main")).to_contain_text("93.75 %")  # 30 of 32


def bring_back(page, running, office, printed, folder):
    """Fill and scan: the one stack is uploaded, the other falls into the scanner folder."""
    with office.db.read() as session:
        layouts = {row.form: Layout.loads(row.source) for row in session.query(LayoutRow)}
    stack, folder_stack = folder / "扫描_0715.pdf", folder / "扫描_名册.tif"
    truths = {
        "org": scan_stack(printed["org"], [layouts["org"]], stack, seed=5, shuffle=True),
        "roster-overall": scan_stack(
            printed["roster-overall"], [layouts["roster-overall"]], folder_stack, seed=6, shuffle=True
        ),
    }
    page.goto("/meetings/1/scan")
    page.set_input_files("#choose", stack)
    expect(page.locator("table").get_by_text(stack.name)).to_be_visible(timeout=PATIENCE * 1000)
    part = running.instance / "inbox" / "扫描_名册.tif"
    part.write_bytes(folder_stack.read_bytes())
    finished = page.get_by_text(f"{COPIES} / {COPIES} 已识读")
    expect(finished).to_have_count(2, timeout=PATIENCE * 1000)  # the page follows by itself
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with office.db.read() as session:
            done = session.query(Page).where(Page.state.in_(("read", "tray", "failed"))).count()
        if done == 2 * COPIES:
            break
        time.sleep(0.2)
    with office.db.read() as session:
        states = Counter((row.state, row.tray, row.standing) for row in session.query(Page))
    assert states == {("read", "", "counts"): 2 * COPIES}
    return truths


def review_with_the_keyboard(page, office, truths):
    """Decide each doubtful mark as a person does who sees the paper."""
    meant = {
        (normalise(part.sheet), part.sheet_page, question): answer
        for truth in truths.values()
        for side in truth.pages
        for part in side.parts
        for question, answer in part.questions.items()
    }
    layouts = {}
    with office.db.read() as session:
        sheets = {row.id: (row.sheet, row.sheet_page) for row in session.query(Page)}
        for row in session.query(LayoutRow):
            layouts[row.form] = Layout.loads(row.source)
    page.goto("/meetings/1/review")
    if not page.locator("#begin").count():
        return
    page.locator("#begin").click()
    for _ in range(2000):
        page.wait_for_load_state()
        found = re.search(r"/review/(\d+)/([\w.]+)$", page.url)
        if not found:
            break
        expect(page.locator("#zoom")).to_contain_text("%")
        answer = meant[(*sheets[int(found[1])], found[2])]
        verdict = verdict_of(answer)
        key = {"blank": "0", "invalid": "v"}.get(verdict.state)
        if key is None:
            order = ("staff", "student") if found[2] == "rater_class" else CHOICES
            key = str(order.index(verdict.choice[0]) + 1)
        before = page.url
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, before=before: url != before)
    expect(page.locator("main")).to_contain_text("都裁定了")


def counted(truth):
    """Return subject row → Counter of outcomes, by the truth."""
    found = {}
    for side in truth.pages:
        for part in side.parts:
            for question, answer in part.questions.items():
                verdict = verdict_of(answer)
                found.setdefault(question, Counter())[verdict.choice[0] if verdict.choice else verdict.state] += 1
    return found


def figures(counter):
    return [counter[key] for key in (*CHOICES, "blank", "invalid")]


def rows_of(page):
    """Return the numbers of the results table: name → the six counts."""
    found = {}
    for row in page.locator("table.res tbody tr").all():
        cells = row.locator("td").all_inner_texts()
        name = cells[0].strip()
        found[name] = [int(cell.split()[0].replace(",", "")) for cell in cells[1:7]]
    return found


def assert_count_page(page, expected):
    page.goto("/meetings/1/count")
    links = page.get_by_role("group", name="测评表").get_by_role("link")
    addresses = [link.get_attribute("href") for link in links.all()]
    assert len(addresses) == 2
    for address in addresses:
        page.goto(address)
        rows = rows_of(page)
        if len(rows) == 3:
            wanted = [figures(expected["org"][f"q{n}"]) for n in (1, 2, 3)]
            assert list(rows.values()) == wanted
        else:
            wanted = {name: figures(expected["roster-overall"][f"m{n:02d}.overall"]) for n, name in enumerate(NAMES, 1)}
            assert rows == wanted


def download(page, address):
    answer = page.request.get(address)
    assert answer.ok, (address, answer.status)
    return answer.body()


def assert_papers(page, expected):
    page.goto("/meetings/1/papers")
    links = {href.split("?")[0].rsplit(".", 1)[-1]: href for href in hrefs(page, "a[href*='summary.']")}
    assert set(links) == {"xlsx", "docx", "pdf"}
    book = openpyxl.load_workbook(io.BytesIO(download(page, links["xlsx"])))
    sheet = [[cell.value for cell in row if cell.value is not None] for row in book.worksheets[0].iter_rows()]
    document = docx.Document(io.BytesIO(download(page, links["docx"])))
    tables = [
        [cell.text.replace("\n", "") for cell in unmerged(row)] for table in document.tables for row in table.rows
    ]
    for n, item in enumerate(("推动中心工作", "兑现公开承诺", "开展创先争优活动的总体"), 1):
        counts = figures(expected[f"q{n}"])
        whole = sum(counts[:4])
        shares = [percent(part, whole) for part in counts[:4]]
        rates = [percent(sum(counts[:k]), whole) for k in (1, 2, 3)]
        place = next(k for k, row in enumerate(sheet) if any(isinstance(cell, str) and item in cell for cell in row))
        assert numbers(sheet[place]) == [*counts, whole, *rates]
        assert numbers(sheet[place + 1]) == shares
        place = next(k for k, row in enumerate(tables) if any(item in cell for cell in row))
        assert numbers(tables[place]) == [*counts, whole, *rates]
        assert numbers(tables[place + 1])[:4] == shares
    assert download(page, links["pdf"])[:5] == b"%PDF-"


def unmerged(row):
    """Return a row's cells, each merged cell once."""
    return [cell for k, cell in enumerate(row.cells) if k == 0 or cell._tc is not row.cells[k - 1]._tc]


def numbers(cells):
    """Return the numbers of a row, whether they are values or text."""
    found = []
    for cell in cells:
        if isinstance(cell, str) and not re.fullmatch(r"[\d.,]+", cell):
            continue
        found.append(float(cell.replace(",", "") if isinstance(cell, str) else cell))
    return found


def percent(part, whole):
    """Return a rate with two decimals, half up, computed apart from the product."""
    return (20_000 * part + whole) // (2 * whole) / 100


def hrefs(page, selector):
    return [link.get_attribute("href") for link in page.locator(selector).all()]


def forms_with_a_small_class(truths):
    """Return the forms of which a class (or no class) was stated on fewer sheets than are shown alone."""
    found = set()
    for form, truth in truths.items():
        classes = Counter()
        for side in truth.pages:
            for part in side.parts:
                if "rater_class" in part.questions:
                    classes[verdict_of(part.questions["rater_class"]).choice] += 1
        found |= {form} if min(classes.values()) < 5 else set()
    return found


def assert_answers(page, truths):
    """Each sheet's answers in the CSV are what its writer meant; a misread is named with its mark."""
    page.goto("/meetings/1/papers")
    (address,) = set(hrefs(page, "a[href*='answers.csv']"))
    rows = csv.DictReader(io.StringIO(download(page, address).decode("utf-8-sig")))
    found = {row["表号"]: row for row in rows}
    parts = [part for truth in truths.values() for side in truth.pages for part in side.parts]
    assert set(found) == {part.sheet for part in parts}
    wrong = []
    small = forms_with_a_small_class(truths)
    for part in parts:
        for question, answer in part.questions.items():
            column = "身份" if question == "rater_class" else question
            if question.startswith("m"):
                column = f"{NAMES[int(question[1:3]) - 1]} overall"
            verdict = verdict_of(answer)
            meant = WORDS[verdict.choice[0] if verdict.choice else verdict.state]
            row = found[part.sheet]
            (said,) = (name for name in row if name.startswith(f"{column} ") and name.endswith(" 计票"))
            if row[said] != meant:
                whole = said.removesuffix(" 计票")
                words = {meant, "不单独列出", *(["身份未填"] if meant in ("弃权", "无效") else [])}
                together = any(word in row[said] for word in words)
                told_alone = row[f"{whole} 机读"] or row[f"{whole} 裁定"]
                if column == "身份" and row["测评表"] in small and together and not told_alone:
                    continue  # a small class is not shown alone, and what would give it away stands with it
                wrong.append((part.sheet, column, row[f"{whole} 机读"], row[f"{whole} 裁定"], meant, answer))
    assert wrong == []
