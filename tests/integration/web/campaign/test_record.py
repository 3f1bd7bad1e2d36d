"""The record of a campaign: texts, history, documents, rounds, criteria, the work in one page; the copy."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pikepdf
import pytest
from sqlalchemy import select

from webapp.errors import InvalidInput
from webapp.models import Campaign, Meeting, Survey, Unit
from webapp.services import campaign_copies, campaigns, plan_versions, plans, promises, records

FACTS = campaigns.preset().facts


def text_of(pdf):
    """All text of a PDF, without its spaces."""
    from pypdfium2 import PdfDocument

    pages = PdfDocument(pdf)
    return re.sub(r"\s", "", "".join(page.get_textpage().get_text_range() for page in pages))


@pytest.fixture
def made(office, user):
    """The campaign of the preset."""
    preset = campaigns.preset()
    number = campaigns.create(office, preset.facts, forms=preset.forms, rules=preset.rules, user_id=user.id)
    return campaigns.get(office, number)


def test_preset__carries_the_directive_its_dates_and_its_addressees(office, made, office_user, unit):
    assert (made.finish_by, made.report_by) == (dt.date(2011, 7, 20), dt.date(2011, 7, 22))
    assert made.directive.startswith("关于做好创先争优活动群众评议工作的指导意见\n")
    assert "保证80%以上的参加率" in made.directive
    assert "五带头" in made.criteria
    page = office_user.get(f"/campaigns/{made.id}/directive").get_data(as_text=True)
    assert "各学院党委、党总支、直属党支部：" in page
    assert "机械学院党委" in page
    assert "办公楼411房间" in page


def test_two_clicks__make_the_campaign_with_its_text(office_user, office):
    page = office_user.get("/campaigns/new").get_data(as_text=True)
    fields = dict(re.findall(r'<input class="form-control"[^>]*? name="(\w+)"[^>]*? value="([^"]*)"', page))
    texts = {name: html.unescape(text) for name, text in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)<', page)}
    boxes = re.findall(r'name="forms" value="([\w-]+)" checked', page)
    assert office_user.post("/campaigns/new", {**fields, **texts, "forms": boxes}).status_code == 302
    with office.db.read() as session:
        row = session.scalars(select(Campaign)).one()
    assert row.directive.strip() == FACTS.directive.strip()
    assert row.addressees == "各学院党委、党总支、直属党支部"
    assert campaigns.rules_of(row)["turnout_percent"] == 80


def test_history__tells_what_was_changed_by_whom_and_why(office, made, office_user):
    path = f"/campaigns/{made.id}/edit"
    fields = {
        "title": made.title, "number": made.number, "issuer": made.issuer, "issued_on": "2011-07-08",
        "finish_by": "2011-07-19", "report_by": "2011-07-22", "addressees": made.addressees,
        "directive": made.directive, "criteria": made.criteria, "rounds": "第一轮\n复评", "open": ["dates", "flexible"],
        "why": "提前一天",
    }  # fmt: skip
    assert office_user.post(path, fields).status_code == 302
    with office.db.read() as session:
        newest, first = records.history(session, made.id)
    assert (newest.who, newest.why) == ("巴图", "提前一天")
    assert newest.changed["finish_by"] == ("2011-07-20", "2011-07-19")
    assert newest.changed["rounds"] == ([], ["第一轮", "复评"])
    assert first.changed == {}
    assert set(campaigns.get(office, made.id).reserved) == set(plans.PARTS) - {"dates", "flexible"}
    assert "提前一天" in office_user.get(path).get_data(as_text=True)


def test_rules_that_were_changed__stand_in_the_history(office, made, user):
    rules = {**campaigns.rules_of(made), "low_percent": 50}
    campaigns.set_rules(office, made.id, rules, user_id=user.id)
    with office.db.read() as session:
        newest = records.history(session, made.id)[0]
    assert newest.changed["rules"][1]["low_percent"] == 50


def test_round_that_a_meeting_belongs_to__is_not_taken_away(office, made, unit):
    with office.db.begin() as session:
        session.add(Meeting(campaign_id=made.id, unit_id=unit.id, round=2))
    with pytest.raises(InvalidInput) as caught:
        campaigns.update(office, made.id, FACTS, rounds=("第一轮",))
    assert caught.value.code == "round-in-use"


def test_document__is_kept_without_its_metadata_and_can_be_fetched_by_everybody(office_user, made, enter, unit):
    pdf = pikepdf.new()
    pdf.add_blank_page()
    with pdf.open_metadata() as metadata:
        metadata["dc:creator"] = ["王某"]
    buffer = io.BytesIO()
    pdf.save(buffer)
    buffer.seek(0)
    data = {"title": "实施方案", "file": (buffer, "方案.pdf")}
    assert office_user.post(f"/campaigns/{made.id}/documents", data).status_code == 302
    branch = enter("支部甲", "branch", unit_id=unit.id)
    page = branch.get(f"/campaigns/{made.id}/directive").get_data(as_text=True)
    [path] = re.findall(rf"/campaigns/{made.id}/documents/\d+", page)
    answer = branch.get(path)
    assert answer.status_code == 200
    assert "王某" not in answer.get_data().decode("latin-1")
    assert "/Metadata" not in pikepdf.open(io.BytesIO(answer.get_data())).Root
    assert office_user.post(f"{path}/remove").status_code == 302
    assert branch.get(path).status_code == 404
    other = {"title": "", "file": (io.BytesIO(b"MZ"), "a.exe")}
    assert office_user.post(f"/campaigns/{made.id}/documents", other).status_code == 422


def test_criteria_and_explanation__are_printed(office, made, office_user, unit, user):
    version = plan_versions.save(
        office, made.id, unit.id, {"dates": {"finish_by": "2011-07-18"}, "thresholds": {"turnout_percent": 90}},
        user_id=user.id,
    )  # fmt: skip
    plan_versions.issue(office, made.id, unit.id, version, user_id=user.id)
    criteria = office_user.get(f"/campaigns/{made.id}/papers/criteria.pdf").get_data()
    assert "五带头" in text_of(criteria)
    told = text_of(office_user.get(f"/campaigns/{made.id}/papers/explanation.pdf?unit={unit.id}").get_data())
    assert "2011年7月18日前完成" in told
    assert "达到90%才有效" in told
    page = office_user.get(f"/campaigns/{made.id}/explanation", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert office_user.get(f"/campaigns/{made.id}/papers/directive.docx").get_data()[:2] == b"PK"


def test_next_campaign__takes_over_what_was_chosen(office, made, unit, user):
    content = {"dates": {"finish_by": "2011-07-18"}, "thresholds": {"turnout_percent": 90}}
    plan_versions.issue(
        office, made.id, unit.id, plan_versions.save(office, made.id, unit.id, content, user_id=user.id),
        user_id=user.id,
    )  # fmt: skip
    kept = promises.add(office, made.id, unit.id, member_id=None, text="修好食堂", made_on=None, user_id=user.id)
    promises.add(office, made.id, unit.id, member_id=None, text="设意见箱", made_on=None, user_id=user.id)
    promises.change(
        office, made.id, unit.id, kept, text="修好食堂", made_on=None, kept="kept", how="六月完工", user_id=user.id
    )
    facts = campaigns.Facts("2012 年评议", issued_on=dt.date(2012, 7, 1), finish_by=dt.date(2012, 7, 20))
    parts = ("forms", "rules", "texts", "plans", "promises")
    new = campaigns.get(office, campaign_copies.copy(office, made.id, facts, parts, user_id=user.id))
    assert (new.copied_from, new.criteria, new.finish_by) == (made.id, made.criteria, dt.date(2012, 7, 20))
    assert [row.form for row in new.surveys] == [row.form for row in made.surveys]
    with office.db.read() as session:
        [version] = plan_versions.versions(session, new.id, unit.id)
        assert (version.content, version.issued_at) == ({"thresholds": {"turnout_percent": 90}}, None)
        assert [entry.text for entry in promises.listed(session, new.id, unit.id)] == ["设意见箱"]
    bare = campaigns.get(office, campaign_copies.copy(office, made.id, facts, (), user_id=user.id))
    assert (bare.criteria, bare.surveys) == ("", [])


def test_copy__is_made_on_its_page(office_user, office, made):
    path = f"/campaigns/{made.id}/copy"
    assert "沿用的内容" in office_user.get(path).get_data(as_text=True)
    answer = office_user.post(path, {"title": "2012 年评议", "parts": ["forms"]})
    assert answer.status_code == 302
    with office.db.read() as session:
        assert session.scalar(select(Survey.campaign_id).order_by(Survey.id.desc()).limit(1)) != made.id
    assert office_user.post(path, {"title": "", "parts": []}).status_code == 422


def test_unit_without_closed_count__has_nothing_to_compare(enter, unit, office):
    person = enter("机械管理员", "unit_administrator", unit_id=unit.id)
    assert "还没有可比较的结果" in person.get(f"/units/{unit.id}/compare").get_data(as_text=True)
    with office.db.begin() as session:
        other = Unit(kind="college", name="电力学院党委")
        session.add(other)
    assert person.get(f"/units/{other.id}/compare").status_code == 403
