"""Forms edited as fields, previewed, and offered blank in the library."""

from __future__ import annotations

import html
import io
import re
import zipfile

import openpyxl
import pikepdf
import pytest

from forms import loader
from webapp.services import focus, form_fields, printing

MARK = "样表，不可机读"


def fields_of(page):
    """What a browser would send back of the form editor: name → values in order."""
    found: dict[str, list[str]] = {}
    form = page[page.index("data-editor") :]
    for tag in re.findall(
        r"<(?:input|textarea|select)[^>]*>(?:[^<]*</textarea>|(?:\s*<option[^>]*>[^<]*</option>)*)", form
    ):
        name = re.search(r'name="([^"]+)"', tag)
        if not name or name[1] == "csrf_token":
            continue
        if tag.startswith("<textarea"):
            value = tag.split(">", 1)[1].rsplit("</textarea>", 1)[0]
        elif tag.startswith("<select"):
            chosen = re.search(r'value="([^"]*)" selected', tag)
            value = chosen[1] if chosen else ""
        elif 'type="checkbox"' in tag or 'type="radio"' in tag:
            if " checked" not in tag:
                continue
            value = re.search(r'value="([^"]*)"', tag)[1]
        else:
            value = (re.search(r'value="([^"]*)"', tag) or ["", ""])[1]
        found.setdefault(name[1], []).append(html.unescape(value))
    return found


@pytest.mark.parametrize("form", loader.PRESETS)
def test_fields_of_a_preset__say_the_same_form(office_user, campaign, surveys, form):
    page = office_user.get(f"/campaigns/{campaign.id}/forms/{surveys[form]}").get_data(as_text=True)
    sent = fields_of(page)
    source = form_fields.to_source(sent, sent["base"][0])
    assert loader.load_text(source, form) == loader.preset(form)


def test_form__is_changed_by_its_fields(office_user, office, campaign, surveys):
    path = f"/campaigns/{campaign.id}/forms/{surveys['org']}"
    sent = fields_of(office_user.get(path).get_data(as_text=True))
    sent["item_text"][0] = "推动食堂工作情况"
    sent["item_text"][3], sent["item_focus"][3] = "服务师生情况", "role"
    sent["option_text"][1] = "较为满意"
    sent["unknown"] = ["1"]
    sent["instructions"] = ["本表不记名。\n每项只选一个。"]
    sent.pop("has_opinion")
    answer = office_user.post(path, sent)
    assert answer.status_code == 302, re.findall(r"<li>([^<]* – [^<]*)</li>", answer.get_data(as_text=True))
    with office.db.read() as session:
        from webapp.models import Survey

        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
    assert form.items[0].text == "推动食堂工作情况"
    assert (form.items[3].text, form.items[3].focus) == ("服务师生情况", "role")
    assert [choice.label for choice in form.items[0].choices] == ["满意", "较为满意", "基本满意", "不满意", "不了解"]
    assert (form.instructions, form.opinion) == (("本表不记名。", "每项只选一个。"), None)
    assert form.items[2].overall


def test_faults__are_told_by_place_cause_and_remedy_and_what_was_typed_stays(office_user, campaign, surveys):
    path = f"/campaigns/{campaign.id}/forms/{surveys['org']}"
    sent = fields_of(office_user.get(path).get_data(as_text=True))
    sent["option_text"][1], sent["title"] = "满意", [""]
    answer = office_user.post(path, sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    faults = re.findall(r"<li>([^<]* – [^<]*)</li>", page)
    assert any(line.startswith("选项 2 – ") for line in faults)
    assert any(line.startswith("名称 – ") or line.startswith("标题 – ") for line in faults)
    assert fields_of(page)["option_text"][:2] == ["满意", "满意"]


def test_preview__follows_the_fields_before_anything_is_saved(office_user, campaign, surveys):
    sent = fields_of(office_user.get(f"/campaigns/{campaign.id}/forms/{surveys['org']}").get_data(as_text=True))
    path = f"/campaigns/{campaign.id}/forms/preview"
    before = office_user.post(path, sent)
    assert (before.mimetype, before.headers["X-Pages"]) == ("image/png", "1")
    sent["item_text"][0] = "推动食堂工作情况"
    after = office_user.post(path, sent)
    assert after.get_data()[:4] == b"\x89PNG"
    assert after.get_data() != before.get_data()
    sent["item_text"] = [""] * 5
    bad = office_user.post(path, sent)
    assert bad.status_code == 422
    assert bad.get_data(as_text=True).splitlines()[0].startswith("项目 1 – ")


def test_text_of_a_form__stays_an_experts_tab(office_user, campaign, surveys):
    page = office_user.get(f"/campaigns/{campaign.id}/forms/{surveys['org']}?tab=yaml").get_data(as_text=True)
    assert 'name="source"' in page
    assert "form: org" in page


def test_preset_items__carry_the_focus_of_the_directive():
    for form in ("org", "member", "roster-items"):
        assert [item.focus for item in loader.preset(form).items] == ["duty", "promise", "role"]
        assert set(focus.WORDS) == {item.focus for item in loader.preset(form).items}


def test_library__is_open_to_a_branch_and_hands_out_every_blank_form(enter, campaign, unit, surveys):
    person = enter("支部甲", "branch", unit_id=unit.id)
    base = f"/campaigns/{campaign.id}/library"
    page = person.get(base).get_data(as_text=True)
    assert "样表库" in page
    for number in surveys.values():
        pdf = person.get(f"{base}/{number}.pdf").get_data()
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            assert len(opened.pages) == 1
        document = zipfile.ZipFile(io.BytesIO(person.get(f"{base}/{number}.docx").get_data()))
        inside = "".join(document.read(name).decode("utf-8") for name in document.namelist() if name.endswith(".xml"))
        assert MARK in inside
    assert person.get(f"{base}/9999.pdf").status_code == 404


@pytest.mark.parametrize(
    ("which", "item"), [("organisation", "推动中心工作和重点任务完成情况"), ("member", "立足本职岗位，争创佳绩情况")]
)
def test_summary_table__is_offered_without_numbers(enter, campaign, unit, surveys, which, item):
    person = enter("支部甲", "branch", unit_id=unit.id)
    path = f"/campaigns/{campaign.id}/library/table-{which}"
    book = openpyxl.load_workbook(io.BytesIO(person.get(f"{path}.xlsx").get_data()))
    cells = [cell.value for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert not [value for value in cells if isinstance(value, int | float)]
    assert any(item in str(value) for value in cells)
    assert person.get(f"{path}.docx").get_data()[:2] == b"PK"
