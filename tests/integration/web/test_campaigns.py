"""Campaigns, forms of one's own, counting rules, units."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from forms import loader
from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, Survey, Unit
from webapp.services import campaigns, printing, surveys, units
from webapp.services.printing import Order

OWN = surveys.preset_source("org").replace("form: org", "form: canteen").replace("letter: A", "letter: C")


def form_of(page):
    """The fields of the page's form as a browser would send them back."""
    fields = dict(re.findall(r'<input class="form-control"[^>]*? name="(\w+)"[^>]*? value="([^"]*)"', page))
    boxes = re.findall(r'name="forms" value="([\w-]+)" checked', page)
    return {**fields, "forms": boxes}


def test_empty_instance__shows_the_first_steps(office_user):
    page = office_user.get("/setup").get_data(as_text=True)
    assert "导入单位和应到人数" in page
    assert "下载模板" in page
    assert "填入评议活动" in page


def test_campaign__is_made_in_two_clicks_as_the_directive_says(office_user, office):
    page = office_user.get("/campaigns/new").get_data(as_text=True)
    answer = office_user.post("/campaigns/new", form_of(page))
    assert answer.status_code == 302
    with office.db.read() as session:
        row = session.scalars(select(Campaign)).one()
        assert row.number == "内工大 创组办字[2011]4号"
        assert str(row.finish_by) == "2011-07-20"
        assert [survey.form for survey in row.surveys] == list(loader.PRESETS)
        assert row.surveys[0].source == surveys.preset_source("org")
        assert campaigns.rules_of(row)["turnout_percent"] == 80
    page = office_user.get(answer.location).get_data(as_text=True)
    assert "内蒙古工业大学基层党组织开展创先争优活动满意度测评表" in page
    assert "还没有单位" in page


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", " ", "名称是空的"),
        ("title", "长" * 201, "文字太长"),
        ("finish_by", "2011-07-30", "日期的先后不对"),
        ("finish_by", "20.7.2011", "不是日期"),
    ],
)
def test_campaign_that_cannot_be__is_refused_and_what_was_typed_stays(office_user, office, field, value, told):
    fields = {**form_of(office_user.get("/campaigns/new").get_data(as_text=True)), field: value}
    answer = office_user.post("/campaigns/new", {**fields, "issuer": "我们自己"})
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)
    assert "我们自己" in answer.get_data(as_text=True)
    assert campaigns.campaigns(office) == []


def test_facts_of_a_campaign__can_be_changed(office_user, office, campaign):
    path = f"/campaigns/{campaign.id}/edit"
    fields = form_of(office_user.get(path).get_data(as_text=True))
    assert office_user.post(path, {**fields, "title": "二〇一二年群众评议"}).status_code == 302
    assert campaigns.get(office, campaign.id).title == "二〇一二年群众评议"
    assert office_user.post(path, {**fields, "title": ""}).status_code == 422


def test_rules__are_saved_and_checked(office_user, office, campaign):
    path = f"/campaigns/{campaign.id}/rules"
    wanted = {"turnout_percent": "75", "headline": "not_dissatisfied", "denominator": "valid"}
    assert office_user.post(path, wanted).status_code == 302
    rules = campaigns.rules_of(campaigns.get(office, campaign.id))
    wanted = {"turnout_percent": 75, "headline": "not_dissatisfied", "denominator": "valid"}
    assert rules == {**campaigns.DEFAULT_RULES, **wanted}
    for wrong in (
        {"disclosure_floor": "1"},
        {"disclosure_floor": "five"},
        {"low_percent": "95"},
        {"high_percent": "101"},
    ):
        assert office_user.post(path, {**wanted, **wrong}).status_code == 422
    for bad in ({"turnout_percent": "101"}, {"turnout_percent": "x"}, {"headline": "best"}, {"denominator": ""}):
        assert office_user.post(path, {**wanted, **bad}).status_code == 422
    assert campaigns.rules_of(campaigns.get(office, campaign.id)) == rules
    page = office_user.get(f"/campaigns/{campaign.id}").get_data(as_text=True)
    assert "75 %" in page
    assert "除不满意外" in page
    assert "全部有效票" in page


def test_own_form__is_put_in_force_and_shown_as_printed(office_user, office, campaign):
    path = f"/campaigns/{campaign.id}/forms/new"
    answer = office_user.post(path, {"source": OWN.replace("\n", "\r\n")})
    assert answer.status_code == 302
    with office.db.read() as session:
        row = session.scalars(select(Survey).where(Survey.form == "canteen")).one()
    assert row.source == OWN
    assert "page-1.png" in office_user.get(answer.location).get_data(as_text=True)
    picture = office_user.get(f"/forms/{row.id}/page-1.png")
    assert picture.data.startswith(b"\x89PNG")


def test_own_form__comes_from_a_file(office_user, office, campaign):
    file = (io.BytesIO(b"\xef\xbb\xbf" + OWN.encode()), "canteen.yaml")
    assert office_user.post(f"/campaigns/{campaign.id}/forms/new", {"source": "", "file": file}).status_code == 302
    binary = (io.BytesIO(b"\xff\xfe\x00"), "sheet.doc")
    answer = office_user.post(f"/campaigns/{campaign.id}/forms/new", {"source": "", "file": binary})
    assert answer.status_code == 422
    assert "sheet.doc" in answer.get_data(as_text=True)


def test_own_form_with_faults__lists_all_and_keeps_the_text(office_user, office, campaign):
    broken = OWN.replace("letter: C", "letter: c!").replace("design: sheet", "design: round")
    answer = office_user.post(f"/campaigns/{campaign.id}/forms/new", {"source": broken})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "2 处要改" in page
    assert "第 3 行：letter" in page
    assert "第 4 行：design" in page
    assert "letter: c!" in page
    assert len(campaigns.get(office, campaign.id).surveys) == 4


def test_name_of_a_form__is_taken_once(office, campaign):
    with pytest.raises(InvalidInput) as caught:
        surveys.save(office, campaign.id, surveys.preset_source("org"))
    assert caught.value.code == "form-name-taken"
    assert surveys.save(office, campaign.id, OWN)
    with pytest.raises(InvalidInput):
        surveys.save(office, campaign.id, "x" * (surveys.LONGEST + 1))


def test_printed_form__can_neither_be_changed_nor_taken_out(office_user, office, campaign, meeting, user):
    survey_id = surveys.save(office, campaign.id, OWN)
    surveys.save(office, campaign.id, OWN.replace("推动中心工作", "推动食堂工作"), survey_id)
    assert "推动食堂工作" in surveys.get(office, survey_id).source
    order = Order(unit="机械学院党委", date="", copies=1, subjects=("机械学院党委",))
    printing.create_runs(office, meeting_id=meeting.id, survey_id=survey_id, order=order, user_id=user.id)
    path = f"/campaigns/{campaign.id}/forms/{survey_id}"
    assert office_user.post(path, {"source": OWN}).status_code == 409
    assert office_user.post(path + "/remove").status_code == 409
    assert "不能再改" in office_user.get(path).get_data(as_text=True)


def test_unprinted_form__is_taken_out_of_force(office_user, office, campaign):
    last = campaigns.get(office, campaign.id).surveys[-1]
    assert office_user.post(f"/campaigns/{campaign.id}/forms/{last.id}/remove").status_code == 302
    assert [row.form for row in campaigns.get(office, campaign.id).surveys] == ["org", "member", "roster-overall"]


def test_own_form__starts_from_one_that_comes_with_the_product(office_user, campaign):
    page = office_user.get(f"/campaigns/{campaign.id}/forms/new?from=member").get_data(as_text=True)
    assert "form: member" in page
    assert office_user.get("/forms/presets/org.yaml").get_data(as_text=True) == surveys.preset_source("org")
    assert office_user.get("/forms/presets/nothing.yaml").status_code == 404


def test_rater_classes__are_those_of_the_forms_each_once(office, campaign):
    rows = campaigns.get(office, campaign.id).surveys
    assert [(row.id, row.label) for row in surveys.rater_classes(rows)] == [
        ("staff", "教职工"), ("student", "学生代表"),
    ]  # fmt: skip


def test_units__are_added_a_name_a_line_and_stand_in_a_tree(office_user, office):
    assert office_user.post("/units", {"names": "校党委", "kind": "school"}).status_code == 302
    school = units.units(office)[0][1].id
    names = " 机械学院党委 \n\n电力学院党委\n"
    office_user.post("/units", {"names": names, "kind": "college", "parent_id": school})
    assert [(depth, unit.name) for depth, unit in units.units(office)] == [
        (0, "校党委"), (1, "机械学院党委"), (1, "电力学院党委"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"names": " \n", "kind": "college"}, "名称是空的"),
        ({"names": "机械学院党委", "kind": "college"}, "已有单位"),
        ({"names": "甲\n甲", "kind": "college"}, "与第 1 行相同"),
        ({"names": "乙", "kind": "empire"}, "没有这种类型"),
        ({"names": "丙" * 121, "kind": "branch"}, "名称超过"),
    ],
)
def test_units_that_cannot_be__are_refused_together(office_user, office, unit, fields, told):
    answer = office_user.post("/units", fields)
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)
    assert len(units.units(office)) == 1


def test_unit__can_be_changed_but_not_put_below_itself(office_user, office, unit):
    units.add(office, names="教工党支部", kind="branch", parent_id=unit.id)
    branch = units.units(office)[1][1].id
    assert "教工党支部" in office_user.get(f"/units?edit={branch}").get_data(as_text=True)
    fields = {"name": "教工第一党支部", "kind": "branch", "parent_id": unit.id}
    assert office_user.post(f"/units/{branch}", fields).status_code == 302
    with office.db.read() as session:
        assert session.get(Unit, branch).name == "教工第一党支部"
    with pytest.raises(InvalidInput) as caught:
        units.update(office, unit.id, name=unit.name, kind=unit.kind, parent_id=branch)
    assert caught.value.code == "unit-below-itself"
    with pytest.raises(NotFound):
        units.update(office, 99, name="x", kind="branch")


def test_what_is_not_there__is_told(office, campaign):
    for call in (campaigns.get, surveys.get):
        with pytest.raises(NotFound):
            call(office, 99)
    with pytest.raises(NotFound):
        campaigns.update(office, 99, campaigns.preset().facts)
    with pytest.raises(NotFound):
        campaigns.set_rules(office, 99, {})
    with pytest.raises(NotFound):
        surveys.save(office, 99, OWN)
    with pytest.raises(InvalidInput):
        campaigns.create(office, campaigns.preset().facts, forms=("nothing",))


def test_unit_name_that_is_too_long__is_told_with_its_line_and_nothing_is_added(office):
    with pytest.raises(InvalidInput) as caught:
        units.add(office, names="机械学院\n\n" + "长" * 121, kind="college")
    assert (caught.value.code, caught.value.params["line"]) == ("unit-name-long", 3)
    assert units.units(office) == []
