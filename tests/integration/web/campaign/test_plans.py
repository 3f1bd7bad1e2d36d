"""Plans of units: what is inherited, what a unit may set, versions, issue and receipt, and where the plan is used."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from webapp.errors import Conflict, InvalidInput
from webapp.models import Campaign, Closing, Meeting, Notice, Survey, Unit
from webapp.services import meeting_rules, meetings, notices, plan_versions, plans, surveys

DAY = dt.date(2011, 7, 15)


@pytest.fixture
def branch(office, unit):
    """A branch of the college."""
    with office.db.begin() as session:
        row = Unit(kind="branch", name="机械学院第一党支部", parent_id=unit.id)
        session.add(row)
    return row


def effective(office, campaign, unit):
    """What holds for a unit."""
    with office.db.read() as session:
        return plans.effective(session, campaign.id, unit.id)


def issued(office, campaign, unit, user, **content):
    """Save and issue a plan of a level-2 unit."""
    version = plan_versions.save(office, campaign.id, unit.id, content, user_id=user.id)
    plan_versions.issue(office, campaign.id, unit.id, version, user_id=user.id)


def test_unit_without_plan__follows_the_campaign(office, campaign, branch):
    plan = effective(office, campaign, branch)
    assert (plan.finish_by, plan.report_by) == (dt.date(2011, 7, 20), dt.date(2011, 7, 22))
    assert plan.forms == ("org", "member", "roster-overall", "roster-items")
    assert (plan.member_form, plan.raters, plan.flexible, plan.version) == ("member", ("staff", "student"), None, None)
    assert plan.rules["turnout_percent"] == 80


def test_plan_of_the_level_2_unit__holds_for_its_branches_once_it_is_issued(office, campaign, unit, branch, user):
    content = {
        "dates": {"finish_by": "2011-07-18"},
        "forms": ["org", "roster-overall"],
        "thresholds": {"turnout_percent": 85},
    }
    version = plan_versions.save(office, campaign.id, unit.id, content, user_id=user.id)
    assert effective(office, campaign, branch).finish_by == dt.date(2011, 7, 20)
    plan_versions.issue(office, campaign.id, unit.id, version, user_id=user.id)
    for row in (unit, branch):
        plan = effective(office, campaign, row)
        assert (plan.finish_by, plan.report_by) == (dt.date(2011, 7, 18), dt.date(2011, 7, 22))
        assert (plan.forms, plan.member_form) == (("org", "roster-overall"), "roster-overall")
        assert plan.rules["turnout_percent"] == 85
        assert (plan.sources["dates"], plan.sources["raters"], plan.version) == (unit.id, None, 1)


def test_branch__sets_its_flexible_manner_alone(office, campaign, unit, branch, user):
    flexible = {"manners": ["post", "door"], "reason": "离退休党员行动不便"}
    plan_versions.save(office, campaign.id, branch.id, {"flexible": flexible}, user_id=user.id)
    plan = effective(office, campaign, branch)
    assert plan.flexible.words == "灵活方式（上门、邮寄）：离退休党员行动不便"
    assert plan.sources["flexible"] == branch.id
    assert effective(office, campaign, unit).flexible is None
    with pytest.raises(InvalidInput) as caught:
        plan_versions.save(office, campaign.id, branch.id, {"forms": ["org"]}, user_id=user.id)
    assert caught.value.code == "plan-not-yours"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"dates": {"finish_by": "2011-07-21"}}, "plan-date-late"),
        ({"dates": {"finish_by": "2011-07-19", "report_by": "2011-07-18"}}, "dates-order"),
        ({"forms": ["canteen"]}, "no-such-form"),
        ({"options": {"set": "stars"}}, "no-such-options"),
        ({"raters": ["alumni"]}, "no-such-class"),
        ({"thresholds": {"turnout_percent": 70}}, "plan-turnout-low"),
        ({"thresholds": {"denominator": "valid"}}, "no-such-rule"),
        ({"flexible": {"manners": ["pigeon"], "reason": "远"}}, "plan-no-manner"),
        ({"flexible": {"manners": ["post"], "reason": " "}}, "plan-no-reason"),
    ],
)
def test_plan_that_the_campaign_does_not_allow__is_refused(office, campaign, unit, user, content, code):
    with pytest.raises(InvalidInput) as caught:
        plan_versions.save(office, campaign.id, unit.id, content, user_id=user.id)
    assert caught.value.code == code
    assert effective(office, campaign, unit).version is None


def test_part_that_is_reserved__is_refused_and_an_older_plan_no_longer_sets_it(office, campaign, unit, user):
    issued(office, campaign, unit, user, dates={"finish_by": "2011-07-18"})
    with office.db.begin() as session:
        session.get(Campaign, campaign.id).reserved = ["dates"]
    assert effective(office, campaign, unit).finish_by == dt.date(2011, 7, 20)
    with pytest.raises(InvalidInput) as caught:
        plan_versions.save(office, campaign.id, unit.id, {"dates": {"finish_by": "2011-07-17"}}, user_id=user.id)
    assert caught.value.code == "plan-reserved"


def test_options_and_raters__make_forms_that_the_units_meetings_print(office, campaign, unit, branch, user, enter):
    issued(office, campaign, unit, user, options={"set": "good", "unknown": True}, raters=["staff"], forms=["org"])
    plan = effective(office, campaign, branch)
    [name] = plan.forms
    assert name == f"org-{unit.id}"
    with office.db.read() as session:
        [row] = plans.surveys_of(session, campaign.id, branch.id)
        assert row.unit_id == unit.id
        assert plans.campaign_forms(session, campaign.id)[0].form == "org"
    form = surveys.parse(row.source, row.form)
    assert [choice.label for choice in form.items[0].choices] == ["好", "较好", "一般", "差", "不了解"]
    assert (form.identity, form.title) == ((), surveys.parse(surveys.preset_source("org"), "org").title)
    assert plan.raters == ("staff",)
    with office.db.begin() as session:
        here = Meeting(campaign_id=campaign.id, unit_id=branch.id, held_on=DAY)
        other = Unit(kind="college", name="电力学院党委")
        session.add_all([here, other])
        session.flush()
        there = Meeting(campaign_id=campaign.id, unit_id=other.id, held_on=DAY)
        session.add(there)
    person = enter("某某", "unit_administrator")
    page = person.get(f"/meetings/{here.id}/print").get_data(as_text=True)
    assert f'value="{row.id}"' in page
    assert person.get(f"/meetings/{there.id}/print").get_data(as_text=True).count(f'value="{row.id}"') == 0
    heads = person.get(f"/meetings/{here.id}/counts").get_data(as_text=True)
    assert "expected||staff" in heads
    assert "expected||student" not in heads


def test_same_options_again__use_the_same_form(office, campaign, unit, user):
    issued(office, campaign, unit, user, options={"set": "three"})
    issued(office, campaign, unit, user, options={"set": "three"}, dates={"finish_by": "2011-07-19"})
    with office.db.read() as session:
        names = list(session.scalars(select(Survey.form).where(Survey.unit_id == unit.id)))
    assert names == [f"{form}-{unit.id}" for form in ("org", "member", "roster-overall", "roster-items")]


def test_versions_that_were_issued__stay(office, campaign, unit, user):
    issued(office, campaign, unit, user, dates={"finish_by": "2011-07-18"})
    issued(office, campaign, unit, user, dates={"finish_by": "2011-07-17"})
    with office.db.read() as session:
        rows = plan_versions.versions(session, campaign.id, unit.id)
    assert [(row.version, row.content["dates"]["finish_by"]) for row in rows] == [(2, "2011-07-17"), (1, "2011-07-18")]
    assert all(row.issued_at for row in rows)
    with pytest.raises(Conflict) as caught:
        plan_versions.issue(office, campaign.id, unit.id, 1, user_id=user.id)
    assert caught.value.code == "plan-issued"
    with pytest.raises(Conflict) as caught:
        plan_versions.save(office, campaign.id, unit.id, {"dates": {"finish_by": "2011-07-17"}}, user_id=user.id)
    assert caught.value.code == "plan-same"


def test_issue__tells_each_branch_and_each_confirms_receipt(office, campaign, unit, branch, user, enter):
    of_branch = enter("支部甲", "branch", unit_id=branch.id)
    issued(office, campaign, unit, user, dates={"finish_by": "2011-07-18"})
    with office.db.read() as session:
        [told] = notices.mine(session, of_branch.id)
        assert (told.code, told.url) == ("notice-plan-issued", f"/campaigns/{campaign.id}/units/{branch.id}/plan")
        assert session.scalars(select(Notice)).one().params["version"] == 1
    page = of_branch.get(told.url).get_data(as_text=True)
    assert "确认签收" in page
    assert of_branch.post(f"{told.url}/receive").status_code == 302
    assert of_branch.post(f"{told.url}/receive").status_code == 409
    with office.db.read() as session:
        [receipt] = plan_versions.receipts(session, plans.effective(session, campaign.id, unit.id))
    assert (receipt.unit.id, receipt.by) == (branch.id, "支部甲")
    issued(office, campaign, unit, user, dates={"finish_by": "2011-07-19"})
    with office.db.read() as session:
        [receipt] = plan_versions.receipts(session, plans.effective(session, campaign.id, unit.id))
    assert receipt.at is None


def test_plan__is_written_and_issued_on_its_page(office, campaign, unit, branch, enter):
    person = enter("机械管理员", "unit_administrator", unit_id=unit.id)
    address = f"/campaigns/{campaign.id}/units/{unit.id}/plan"
    fields = {
        "own": ["dates", "forms", "thresholds"], "finish_by": "2011-07-18", "report_by": "2011-07-20",
        "forms": ["org", "roster-items"], "turnout_percent": "90", "low_percent": "60", "high_percent": "90",
        "low_dissatisfied_in": "3", "why": "放假前完成",
    }  # fmt: skip
    assert person.post(address, fields).status_code == 302
    assert person.post(f"{address}/1/issue").status_code == 302
    page = person.get(address).get_data(as_text=True)
    assert "放假前完成" in page
    assert "2011年7月18日" in page or "2011-07-18" in page
    plan = effective(office, campaign, branch)
    assert (plan.member_form, plan.rules["turnout_percent"]) == ("roster-items", 90)
    late = person.post(address, {**fields, "finish_by": "2011-07-30"})
    assert late.status_code == 422
    assert "太晚" in late.get_data(as_text=True)


def test_plan_of_another_unit__is_not_shown(campaign, unit, office, enter):
    with office.db.begin() as session:
        other = Unit(kind="college", name="电力学院党委")
        session.add(other)
    person = enter("机械管理员", "unit_administrator", unit_id=unit.id)
    assert person.get(f"/campaigns/{campaign.id}/units/{other.id}/plan").status_code == 403


def test_meeting__is_counted_by_its_plan(office, campaign, unit, branch, user, operator):
    issued(
        office, campaign, unit, user, thresholds={"turnout_percent": 90},
        flexible={"manners": ["sessions"], "reason": "机关人员分散"}, dates={"finish_by": "2011-07-16"},
    )  # fmt: skip
    with office.db.begin() as session:
        meeting = Meeting(campaign_id=campaign.id, unit_id=branch.id, held_on=DAY)
        session.add(meeting)
    with office.db.read() as session:
        row = session.get(Meeting, meeting.id)
        assert meeting_rules.of_meeting(session, row)["turnout_percent"] == 90
        assert meetings.turnout(session, meeting.id)[-1].percent == 90
        plan = plans.of_meeting(session, row)
        assert plans.manner_of(row, plan) == "灵活方式（分场次）：机关人员分散"
        row.manner = "上门"
        assert plans.manner_of(row, plan) == "上门"
    assert "<b>16</b>" in operator.get(f"/meetings/{meeting.id}").get_data(as_text=True)


def test_count_that_is_closed__is_not_changed_by_a_plan(office, campaign, unit, branch, user):
    with office.db.begin() as session:
        meeting = Meeting(campaign_id=campaign.id, unit_id=branch.id, held_on=DAY)
        session.add(meeting)
        session.flush()
        session.add(Closing(meeting_id=meeting.id, version=1, digest="0" * 64, content=b"", user_id=user.id))
    issued(office, campaign, unit, user, dates={"finish_by": "2011-07-18"})
    with pytest.raises(Conflict) as caught:
        issued(office, campaign, unit, user, thresholds={"turnout_percent": 90})
    assert caught.value.code == "plan-closed"
    assert effective(office, campaign, branch).rules["turnout_percent"] == 80


def test_forms_of_both_kinds__are_printed_for_a_branch(office, campaign, branch, surveys, user, operator):
    from webapp.services import printing
    from webapp.services.printing import Order

    with office.db.begin() as session:
        meeting = Meeting(campaign_id=campaign.id, unit_id=branch.id, held_on=DAY)
        session.add(meeting)
    about_it = Order(unit=branch.name, date="2011年7月15日", copies=1, subjects=(branch.name,))
    about_members = Order(unit=branch.name, date="2011年7月15日", copies=1, members=("陈静", "李强"))
    for form, order in (("org", about_it), ("roster-items", about_members)):
        printing.create_runs(office, meeting_id=meeting.id, survey_id=surveys[form], order=order, user_id=user.id)
    with office.db.read() as session:
        runs = printing.runs_of(session, meeting.id)
    assert {(run.form, run.subject, run.names) for run in runs} == {("org", branch.name, 0), ("roster-items", "", 2)}
    assert all(file.state == "done" for run in runs for file in run.files)
