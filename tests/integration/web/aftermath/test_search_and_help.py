"""Search within rights; help for every page in both languages; the handbook."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from forms.code import readable
from webapp import markdown
from webapp.blueprints import help as helping
from webapp.models import Page, Unit
from webapp.services import aftermath_papers, shelf
from webapp.services.paper_kind import Target

NO_PAGE = {"static", "images"}  # files; the pages around them have their help


def sheet_of(office) -> str:
    with office.db.read() as session:
        return session.scalar(select(Page.sheet).limit(1))


def test_unit__is_found_by_a_part_of_its_name_by_who_has_to_do_with_it(office, unit, meeting, enter, operator):
    with office.db.begin() as session:
        other = Unit(kind="college", name="电力学院党委")
        session.add(other)
    found = operator.get("/search?q=机械").get_data(as_text=True)
    assert f'href="/meetings/{meeting.id}"' in found
    person = enter("电力管理员", "unit_administrator", unit_id=other.id)
    page = person.get("/search?q=学院").get_data(as_text=True)
    assert "电力学院党委" in page
    assert "机械学院党委" not in page


def test_sheet_code__is_found_whole_and_only_by_who_may_see_sheets(office, meeting, rated, scrutineer, operator, enter):
    rated(meeting, {"satisfied": 3})
    sheet = sheet_of(office)
    for text in (readable(sheet), sheet.lower()):
        assert 'href="/pages/' in scrutineer.get("/search", query_string={"q": text}).get_data(as_text=True)
    assert 'href="/pages/' not in scrutineer.get(f"/search?q={sheet[:5]}").get_data(as_text=True)
    stranger = enter("学院管理员", "unit_administrator", unit_id=meeting.unit_id)
    mine = stranger.get(f"/search?q={sheet}").get_data(as_text=True)
    nothing = stranger.get("/search?q=ZZZZZZZZ").get_data(as_text=True)
    assert 'href="/pages/' not in mine
    token = re.compile(r'content="[^"]+"|value="[^"]*"|X-CSRFToken[^}]+')
    assert token.sub("", mine).replace(sheet, "") == token.sub("", nothing).replace("ZZZZZZZZ", "")


def test_paper_begun__is_found_by_its_title_by_who_reads_it(office, campaign, unit, operator, transcriber):
    at = f"/shelf/hand-in-cover/campaigns/{campaign.id}/units/{unit.id}"
    with office.db.begin() as session:
        kind = next(kind for kind in aftermath_papers.KINDS if kind.key == "hand-in-cover")
        shelf.save(session, kind, Target(campaign.id, unit.id), {"phone": "0471-1"}, user_id=operator.id)
    assert at in operator.get("/search?q=报送清单").get_data(as_text=True)
    assert at not in transcriber.get("/search?q=报送清单").get_data(as_text=True)


def test_search_for_the_dialog__is_a_fragment(operator, unit, meeting):
    answer = operator.get("/search?q=机械", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in answer
    assert "机械学院党委" in answer


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_every_group_of_pages__has_its_help(app, tongue):
    known = {name.partition(".")[0] for name in helping.texts(tongue)}
    groups = {
        rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules() if "GET" in rule.methods
    } - NO_PAGE  # fmt: skip
    assert groups - known == set()


def test_help__is_the_same_parts_in_both_languages():
    assert helping.texts("zh").keys() == helping.texts("en").keys()


def test_help_of_a_page__is_its_own_and_of_any_other_what_holds_everywhere(app, operator):
    assert "整改台账" in operator.get("/help?page=rectify.index").get_data(as_text=True)
    assert "Ctrl K" in operator.get("/help?page=no.such").get_data(as_text=True)
    panel = operator.get("/help?page=count.index", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in panel
    assert "<b>用途</b>" in panel


@pytest.mark.parametrize(("language", "words"), [("zh", "实际大小"), ("en", "actual size")])
def test_handbook__is_served_offline_in_both_languages(operator, language, words):
    operator.get(f"/language/{language}")
    page = operator.get("/handbook").get_data(as_text=True)
    assert words in page
    assert "<table" in page
    assert 'src="http' not in page


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a <b>x</b>", "<p>a &lt;b&gt;x&lt;/b&gt;</p>"), ("**重** [[Enter]]", "<p><b>重</b> <kbd>Enter</kbd></p>"),
        ("- 甲\n- 乙", "<ul><li>甲</li><li>乙</li></ul>"), ("1. a\n   b", "<ol><li>a b</li></ol>"),
        ("**甲** 一\n**乙** 二", "<p><b>甲</b> 一</p>\n<p><b>乙</b> 二</p>"), ("## 头\n文", "<h2>头</h2>\n<p>文</p>"),
    ],
)  # fmt: skip
def test_markdown__is_escaped_and_rendered(text, made):
    assert markdown.render(text) == made
