"""The count and the papers in a real browser: figures are followed by clicking, files are saved and opened."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import docx
import openpyxl
import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from forms.survey import Values
from forms.typeset import typeset
from tests.sheet_rows import Desk, worked_meeting
from webapp.models import Campaign, Meeting, Survey, Unit, User
from webapp.services import printing, surveys

if TYPE_CHECKING:
    from .conftest import Server

SUBJECT = "中共机械学院委员会"


@pytest.fixture(scope="module")
def counted(server: Server) -> str:
    """A meeting with the worked figures; returns its address."""
    with server.office.db.begin() as session:
        user = session.scalar(select(User).limit(1)) or User(name="计票", display_name="计票", password_hash="!")
        campaign = Campaign(title="创先争优活动群众评议", number="内工大 创组办字[2011]4号")
        unit = Unit(kind="college", name="计票学院党委")
        session.add_all([user, campaign, unit])
        session.flush()
        survey = Survey(campaign_id=campaign.id, form="org", title="样表", source=surveys.preset_source("org"))
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id)
        session.add_all([survey, meeting])
        session.flush()
        layout = typeset(printing.parse(survey.source, "org"), Values(subject=SUBJECT))
        worked_meeting(Desk(session, user.id), meeting.id, survey.id, layout, SUBJECT)
        return f"/meetings/{meeting.id}"


def saved(page: Page, name: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    return download.value.path().read_bytes()


def test_figure__is_followed_to_its_sheets_and_back(scrutineer_page: Page, counted: str) -> None:
    scrutineer_page.goto(f"{counted}/count")
    expect(scrutineer_page.get_by_text("7 项全部相符")).to_be_visible()
    scrutineer_page.locator("table.res tbody tr").nth(2).get_by_role("link", name="2", exact=True).last.click()
    expect(scrutineer_page.locator(".sub")).to_contain_text("无效")
    expect(scrutineer_page.locator(".behind > li")).to_have_count(2)
    scrutineer_page.get_by_role("link", name="回到计票").click()
    expect(scrutineer_page.locator(".stack")).to_have_count(4)


def test_bars__are_as_long_as_their_counts(scrutineer_page: Page, counted: str) -> None:
    scrutineer_page.goto(f"{counted}/count?subject={SUBJECT}&item=q3")
    bar = scrutineer_page.locator(".stack").first
    widths = bar.locator("rect").evaluate_all("rects => rects.map(rect => rect.getBoundingClientRect().width)")
    whole = bar.bounding_box()["width"]
    assert [round(289 * (width / whole + 0.0025)) for width in widths] == [179, 78, 26, 6]


def test_double_zoom__page_does_not_scroll_sideways(scrutineer_page: Page, counted: str) -> None:
    scrutineer_page.set_viewport_size({"width": 683, "height": 384})
    for path in ("/count", "/papers", "/sheets"):
        scrutineer_page.goto(counted + path)
        assert scrutineer_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_papers__word_excel_and_pdf_are_saved_and_open(scrutineer_page: Page, counted: str) -> None:
    scrutineer_page.goto(f"{counted}/papers")
    expect(scrutineer_page.locator(".paper")).to_contain_text("一、参加情况")
    document = docx.Document(io.BytesIO(saved(scrutineer_page, "存为 Word")))
    assert any("89.27" in [cell.text for cell in row.cells] for table in document.tables for row in table.rows)
    book = openpyxl.load_workbook(io.BytesIO(saved(scrutineer_page, "存为 Excel")))
    assert 89.27 in [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
    pdf = pypdfium2.PdfDocument(saved(scrutineer_page, "存为 PDF"))
    assert "89.27" in pdf[0].get_textpage().get_text_range()
    pdf.close()
    assert saved(scrutineer_page, "存为 CSV").decode("utf-8-sig").count("\n") == 295


def test_papers_printed__nothing_but_the_paper(scrutineer_page: Page, counted: str) -> None:
    scrutineer_page.goto(f"{counted}/papers")
    scrutineer_page.emulate_media(media="print")
    expect(scrutineer_page.locator(".papers-side")).to_be_hidden()
    expect(scrutineer_page.locator(".py-top")).to_be_hidden()
    expect(scrutineer_page.locator(".paper")).to_be_visible()


def test_hall_on_a_phone__steppers_count_and_nothing_scrolls_sideways(operator_page: Page, counted: str) -> None:
    operator_page.set_viewport_size({"width": 390, "height": 844})
    operator_page.goto(f"{counted}/hall")
    assert operator_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    spare = operator_page.locator('[name="n|spare|org|"]')
    expect(operator_page.locator("[data-sum=org]")).to_contain_text("与印制相符")
    more = spare.locator("xpath=following-sibling::button")
    assert min(more.bounding_box()["width"], more.bounding_box()["height"]) >= 44
    more.click()
    expect(spare).to_have_value("32")
    expect(operator_page.locator("[data-sum=org]")).to_contain_text("与印制相差 1")
    operator_page.get_by_role("button", name="登记人数").click()
    expect(operator_page.get_by_role("alert")).to_contain_text("更正没有写原因")
    expect(spare).to_have_value("32")
