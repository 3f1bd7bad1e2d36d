"""Scanning in a browser: files dropped anywhere, live progress, named results, trays, withdrawing."""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from webapp.models import Meeting, Scan, Unit
from webapp.services import intake

sys.path.append(str(Path(__file__).parents[1] / "integration" / "web" / "scanning"))

import stacks  # the deck is shared with the tests of the services


@pytest.fixture(scope="module")
def deck(server) -> stacks.Deck:
    """Printed sheets of a meeting of the server, and their scans."""
    return stacks.build_in(server.instance, unit="机械学院党委·扫描")


@pytest.fixture(autouse=True)
def clean(server, deck):
    """Each test begins without scans that count."""
    yield
    with server.office.db.read() as session:
        batches = {scan.batch_id for scan in session.scalars(select(Scan)) if scan.batch.withdrawn_at is None}
    for batch in batches:
        intake.withdraw(server.office, batch, why="·", user_id=1)


DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "application/pdf" }));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer });
    document.querySelector("h1").dispatchEvent(event);
  }
}"""


def drop(page: Page, name: str, data: bytes) -> None:
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def row(page: Page, name: str):
    return page.locator("#files tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


def test_files_dropped_anywhere__are_read_while_one_looks_on(operator_page, deck):
    page = operator_page
    page.goto(f"/meetings/{deck.meeting_id}/scan")
    drop(page, "扫描_01.pdf", deck.scan.read_bytes())
    expect(row(page, "扫描_01.pdf")).to_contain_text(f"{stacks.COPIES} / {stacks.COPIES} 已识读", timeout=60_000)
    expect(row(page, "扫描_01.pdf")).to_contain_text("已识读")
    drop(page, "扫描_01 (1).pdf", deck.scan.read_bytes())
    expect(row(page, "扫描_01 (1).pdf")).to_contain_text("已收到", timeout=30_000)
    page.get_by_role("link", name=re.compile("看第 .* 批")).first.click()
    expect(page.locator(".sc-grid li")).to_have_count(stacks.COPIES)


def test_several_chosen_files__each_get_their_result(operator_page, deck, tmp_path):
    page = operator_page
    for name, data in {"好.pdf": deck.pdf(1), "加密.pdf": stacks.encrypted(), "空.pdf": b""}.items():
        (tmp_path / name).write_bytes(data)
    page.goto(f"/meetings/{deck.meeting_id}/scan")
    page.set_input_files("#choose", sorted(tmp_path.iterdir()))
    expect(row(page, "好.pdf")).to_contain_text("1 / 1 已识读", timeout=60_000)
    expect(row(page, "加密.pdf")).to_contain_text("关闭加密", timeout=30_000)
    expect(row(page, "空.pdf")).to_contain_text("文件是空的", timeout=30_000)
    row(page, "加密.pdf").get_by_role("button", name="重试").click()
    expect(row(page, "加密.pdf")).to_contain_text("关闭加密", timeout=30_000)


def test_upload_that_breaks_off__says_so_and_can_be_sent_again(operator_page, deck):
    page = operator_page
    page.goto(f"/meetings/{deck.meeting_id}/scan")
    page.route("**/upload?*", lambda route: route.abort())
    drop(page, "断.pdf", deck.pdf(2))
    expect(page.locator("#uploads")).to_contain_text("上传中断")
    page.unroute("**/upload?*")
    page.locator("#uploads").get_by_role("button", name="重试").click()
    expect(row(page, "断.pdf")).to_contain_text("1 / 1 已识读", timeout=60_000)
    expect(page.locator("#uploads")).to_be_hidden()


def test_page_whose_number_is_unreadable__is_read_with_the_typed_number(operator_page, deck):
    page = operator_page
    page.goto(f"/meetings/{deck.meeting_id}/scan")
    drop(page, "污.pdf", stacks.as_pdf(stacks.without_code(deck.image(3))))
    expect(page.locator(".tray")).to_contain_text("读不出表号", timeout=60_000)
    page.get_by_role("link", name="输入表号").click()
    page.locator(".sc-grid a").first.click()
    page.get_by_label("纸上的表号").fill(deck.sheets[3].lower())
    page.get_by_role("button", name="按此表号识读").click()
    expect(page.get_by_text("这个托盘已清空。")).to_be_visible()
    expect(row(page, "污.pdf")).to_contain_text("1 / 1 已识读", timeout=60_000)


def test_withdrawing_a_batch__asks_with_the_count_and_can_be_undone(operator_page, deck):
    page = operator_page
    page.goto(f"/meetings/{deck.meeting_id}/scan")
    drop(page, "撤.pdf", deck.pdf(0, 4))
    expect(row(page, "撤.pdf")).to_contain_text("2 / 2 已识读", timeout=60_000)
    row(page, "撤.pdf").get_by_role("link", name="撤.pdf").click()
    page.get_by_text("撤回这一批").click()
    page.locator("[name=why]").fill("放错了单位")
    page.get_by_role("button", name="撤回 2 页").click()
    expect(page.get_by_text("这一批已撤回，不计入。")).to_be_visible()
    page.get_by_role("button", name="恢复计入").click()
    expect(page.locator(".sc-grid")).to_contain_text("计入")


def test_meeting_without_scans__says_what_to_do(operator_page, server):
    with server.office.db.begin() as session:
        first = session.scalars(select(Meeting)).first()
        unit = Unit(kind="college", name="空会议·扫描")
        session.add(unit)
        session.flush()
        meeting = Meeting(campaign_id=first.campaign_id, unit_id=unit.id)
        session.add(meeting)
        session.flush()
        meeting_id = meeting.id
    operator_page.goto(f"/meetings/{meeting_id}/scan")
    expect(operator_page.locator("#files")).to_contain_text("还没有扫描件")
    expect(operator_page.get_by_text("托盘里没有页")).to_be_visible()


PHONE = {"width": 390, "height": 844}


def photo(image: Image.Image, quality: int = 85) -> bytes:
    """A page as a phone's camera writes it: lying on its side, EXIF says how to turn it and where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was upright: turn it clockwise to see it so
    exif[0x010F] = "A phone"
    out = io.BytesIO()
    image.convert("RGB").rotate(90, expand=True).save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


def test_pictures_taken_with_a_phone__are_one_batch_and_are_read(operator_page, deck, server):
    page = operator_page
    page.set_viewport_size(PHONE)
    page.goto(f"/meetings/{deck.meeting_id}/scan")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    camera = page.locator("#camera")
    expect(page.get_by_text("拍照", exact=True)).to_be_visible()
    assert camera.get_attribute("capture") == "environment"
    for number in (0, 1):
        camera.set_input_files(
            {"name": f"IMG_{number}.jpg", "mimeType": "image/jpeg", "buffer": photo(deck.image(number))}
        )
        expect(row(page, f"IMG_{number}.jpg")).to_contain_text("1 / 1", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with server.office.db.read() as session:
        pictures = session.scalars(select(Scan).where(Scan.filename.like("IMG_%"))).all()
    assert len({scan.batch_id for scan in pictures}) == 1
    assert len(pictures) == 2


def test_picture_in_the_format_heic__is_refused_with_its_remedy(operator_page, deck):
    page = operator_page
    page.set_viewport_size(PHONE)
    page.goto(f"/meetings/{deck.meeting_id}/scan")
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000)
    page.locator("#choose").set_input_files({"name": "IMG_9.heic", "mimeType": "image/heic", "buffer": heic})
    expect(page.locator("#uploads [role=alert]")).to_contain_text("兼容性最佳")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_camera_button__is_not_shown_on_a_desk(operator_page, deck):
    operator_page.goto(f"/meetings/{deck.meeting_id}/scan")
    expect(operator_page.get_by_text("拍照", exact=True)).to_be_hidden()
