"""Every route as every role, over two units: let in or refused, exactly as docs/roles.md says."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from webapp import access
from webapp import models as m
from webapp.errors import Conflict, InvalidInput
from webapp.models import (
    Batch,
    Decision,
    Grant,
    Layout,
    Meeting,
    Member,
    Opinion,
    Page,
    PrintFile,
    PrintRun,
    Scan,
    ShelfAttachment,
    ShelfPaper,
    ShelfVersion,
    SignIn,
    Unit,
    User,
)  # fmt: skip
from webapp.rights import RIGHTS, Right, Role
from webapp.services import accounts, grants, rights

EVERYBODY = (None, *Role)
DAY = dt.date(2011, 7, 15)


@pytest.fixture
def two(office, campaign, surveys, user):
    """Two colleges with the same things each: a meeting, a print run, a scan with a page, an opinion."""
    with office.db.begin() as session:
        session.add(Layout(digest="AAAAAAAA", form="org", source="{}"))
        found = []
        for name in ("机械学院党委", "电力学院党委"):
            unit = Unit(kind="college", name=name)
            session.add(unit)
            session.flush()
            meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id, held_on=DAY)
            session.add(meeting)
            session.flush()
            run = PrintRun(
                meeting_id=meeting.id, survey_id=surveys["org"], layout_digest="AAAAAAAA", created_by=user.id
            )
            batch = Batch(origin="upload", meeting_id=meeting.id)
            session.add_all([run, batch])
            session.flush()
            file = PrintFile(print_run_id=run.id, copies=1, created_by=user.id, state="done")
            scan = Scan(batch_id=batch.id, sha256=f"{unit.id:064d}", filename="a.pdf", bytes=1)
            session.add_all([file, scan])
            session.flush()
            page = Page(scan_id=scan.id, print_run_id=run.id)
            grant = Grant(user_id=user.id, role=Role.MEMBER, unit_id=unit.id)
            session.add_all([page, grant])
            session.flush()
            opinion = Opinion(page_id=page.id, region="opinions")
            member = Member(unit_id=unit.id, name="某某")
            paper = ShelfPaper(kind="summary", place=str(unit.id), campaign_id=campaign.id, unit_id=unit.id)
            session.add_all([opinion, member, paper])
            session.flush()
            version = ShelfVersion(paper_id=paper.id, number=1, content={}, digest="", user_id=user.id)
            attachment = ShelfAttachment(paper_id=paper.id, filename="a.pdf", sha256="", bytes=1, user_id=user.id)
            session.add_all([version, attachment])
            session.flush()
            after = aftermath(session, meeting, surveys["org"], user)
            found.append(
                {
                    "unit_id": unit.id, "meeting_id": meeting.id, "print_run_id": run.id, "print_file_id": file.id,
                    "batch_id": batch.id, "scan_id": scan.id, "page_id": page.id, "opinion_id": opinion.id,
                    "grant_id": grant.id, "campaign_id": campaign.id, "survey_id": surveys["org"], "user_id": user.id,
                    "member_id": member.id, "version_id": version.id, "attachment_id": attachment.id,
                    **after,
                }
            )  # fmt: skip
    return found


def aftermath(session, meeting, survey_id, user):
    """What comes after a meeting, one of each; parameter → id."""
    own = {"meeting_id": meeting.id, "user_id": user.id}
    unit = {"campaign_id": meeting.campaign_id, "unit_id": meeting.unit_id, "user_id": user.id}
    remedy = m.Remedy(number=1, source="typed", **own)
    rows = {
        "remedy_id": remedy,
        "order_id": m.DeadlineOrder(survey_id=survey_id, due_on=DAY, **own),
        "exemplar_id": m.Exemplar(survey_id=survey_id, **own),
        "announcement_id": m.AnnouncementRecord(manner="board", place="x", made_on=DAY, **own),
        "submission_id": m.Submission(version=1, sha256="", bytes=1, **unit),
        "retention_id": m.Retention(keeper="x", kept_on=DAY, **unit),
        "experience_id": m.Experience(title="x", text="x", **unit),
    }
    session.add_all(rows.values())
    session.flush()
    session.add(m.RemedyVersion(remedy_id=remedy.id, problem="x", user_id=user.id))
    more = {
        "remedy_file_id": m.RemedyFile(remedy_id=remedy.id, sha256="", filename="x", bytes=1, user_id=user.id),
        "receipt_id": m.Receipt(
            submission_id=rows["submission_id"].id, channel="oa", received_by="x", received_on=DAY, user_id=user.id
        ),
    }
    session.add_all(more.values())
    session.flush()
    return {name: row.id for name, row in (rows | more).items()}


def guarded(app):
    """Every (endpoint, rule, route) that asks for something."""
    for route in app.url_map.iter_rules():
        rule = access.rule_of(app, route.endpoint)
        if rule is not None and not rule.is_public:
            yield route.endpoint, rule, route


def address(app, route, here):
    """The address of a route for the objects of one unit; what is no object gets some value."""
    values = {name: here.get(name, 1 if converter.__class__.__name__ == "IntegerConverter" else "x")
              for name, converter in route._converters.items()}  # fmt: skip
    method = "POST" if "POST" in route.methods else "GET"
    return method, app.url_map.bind("localhost").build(route.endpoint, values, method)


@pytest.fixture
def knocks(app, monkeypatch):
    """The application with every view replaced by one that lets in and does nothing."""
    for endpoint, _rule, _route in list(guarded(app)):

        def let_in(**_values):
            return "in"

        let_in.access = access.rule_of(app, endpoint)
        monkeypatch.setitem(app.view_functions, endpoint, let_in)
    app.config["WTF_CSRF_ENABLED"] = False  # the check of forms has tests of its own
    return app


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_route_as_every_role__is_open_as_the_table_says(knocks, enter, two, role):
    here, there = two
    whole = role in grants.WHOLE_SCHOOL_ONLY
    person = enter("某某", *([role] if role else []), unit_id=None if whole else here["unit_id"])
    held = RIGHTS[role] if role else frozenset()
    seen = 0
    for endpoint, rule, route in guarded(knocks):
        for place in (here, there):
            wanted = not rule.rights or bool(held & set(rule.rights))
            if rule.rights and not rule.anywhere and not whole:
                named = route.arguments & access.UNIT_OF.keys()
                named = named - access.FRAMES or named  # beside a unit, the campaign asks for nothing of its own
                own = named.isdisjoint({"campaign_id", "survey_id", "user_id", "grant_id"})
                wanted = wanted and own and place is here and bool(named)
            method, path = address(knocks, route, place)
            status = person.client.open(path, method=method).status_code
            assert (endpoint, path, status) == (endpoint, path, 200 if wanted else 403)
            seen += 1
    assert seen > 150


def test_every_route_of_nobody__asks_for_a_sign_in(knocks, client, two):
    for _endpoint, _rule, route in guarded(knocks):
        method, path = address(knocks, route, two[0])
        assert client.open(path, method=method).status_code in (302, 401), path


def test_object_that_is_not_there__is_not_found_and_a_stranger_to_the_work_learns_nothing(operator, transcriber):
    assert operator.get("/meetings/999/scan").status_code == 404
    assert transcriber.get("/meetings/999/scan").status_code == 403


def test_route_whose_unit_cannot_be_found__stops_the_start():
    app = Flask("bare")

    @access.access(Right.SCAN)
    def lost(thing_id):
        return str(thing_id)

    app.add_url_rule("/things/<int:thing_id>", "lost", lost)
    with pytest.raises(RuntimeError, match="lost"):
        access.install(app)


@pytest.mark.parametrize("asked", [(), (access.Access.PUBLIC, Right.SCAN), tuple(access.Access)])
def test_rule_that_is_none__is_refused(asked):
    with pytest.raises(ValueError, match="a rule is either"):
        access.access(*asked)


def test_role_ended__ends_at_the_next_page(office, admin, enter):
    person = enter("王强", "scanner")
    assert person.get("/").status_code == 200
    [grant] = grants.of_user(office, person.id)
    assert admin.post(f"/accounts/roles/{grant.id}/revoke").status_code == 302
    assert person.get("/").location == "/me"
    [ended] = grants.of_user(office, person.id)
    assert ended.revoked_at is not None


def test_administrator__gives_a_role_on_a_unit_and_it_is_kept_who_gave_it(office, admin, enter, meeting):
    person = enter("王强")
    assert person.get(f"/meetings/{meeting.id}/scan").status_code == 403
    given = {"role": "scanner", "unit_id": meeting.unit_id}
    assert admin.post(f"/accounts/{person.id}/roles", given).status_code == 302
    assert person.get(f"/meetings/{meeting.id}/scan").status_code == 200
    assert admin.post(f"/accounts/{person.id}/roles", given).status_code == 409
    assert [row.by for row in grants.of_user(office, person.id)] == ["陈静"]


@pytest.mark.parametrize(
    ("role", "on_unit", "error"),
    [("king", False, InvalidInput), ("administrator", True, InvalidInput), ("school_office", True, InvalidInput)],
)
def test_role_that_cannot_be__is_refused(office, admin, enter, unit, role, on_unit, error):
    person = enter("王强")
    with pytest.raises(error):
        grants.give(office, person.id, role, unit.id if on_unit else None, by=admin.id)


def test_own_roles__are_not_changed_by_oneself(office, admin):
    with pytest.raises(Conflict):
        grants.give(office, admin.id, "scrutineer", None, by=admin.id)
    [own] = grants.of_user(office, admin.id)
    with pytest.raises(Conflict):
        grants.revoke(office, own.id, by=admin.id)
    with pytest.raises(Conflict):  # nor by the command line: nobody could manage accounts
        grants.revoke(office, own.id, by=None)


def test_who_decided_in_a_unit__is_not_made_its_scrutineer(office, two, user, enter):
    person = enter("王强", "scanner")
    here, there = two
    with office.db.begin() as session:
        session.add(Decision(page_id=here["page_id"], question="q1", state="blank", user_id=person.id))
    for place in (here["unit_id"], None):
        with pytest.raises(Conflict) as caught:
            grants.give(office, person.id, "scrutineer", place, by=None)
        assert caught.value.code == "scrutineer-has-decided"
    assert grants.give(office, person.id, "scrutineer", there["unit_id"], by=None)
    with office.db.read() as session:
        assert not rights.allowed(session, person.id, Right.REVIEW, there["unit_id"])
        assert rights.allowed(session, person.id, Right.REVIEW, here["unit_id"])
        assert rights.units_of(session, person.id, Right.CLOSE) == {there["unit_id"]}


def test_closed_account__holds_nothing(office, enter):
    person = enter("王强", "scanner")
    accounts.set_active(office, person.id, False)
    with office.db.read() as session:
        assert not rights.allowed(session, person.id, Right.SCAN, None)


@pytest.mark.parametrize(
    ("roles", "place"),
    [
        (["school_office"], "/campaigns/1/overview"), (["organization_department"], "/campaigns/1/overview"),
        (["unit_administrator"], "/meetings/{}"),
        (["branch"], "/meetings/{}"), (["liaison"], "/meetings/{}"), (["committee_member"], "/meetings/{}"),
        (["scrutineer"], "/meetings/{}/count"), (["scanner"], "/meetings/{}/scan"),
        (["transcriber"], "/meetings/{}/opinions"), (["member"], "/my-summary"), (["school_leader"], "/reports"),
        ([], "/me"), (["administrator"], "/setup"), (["scanner", "school_office"], "/campaigns/1/overview"),
        (["scanner", "liaison"], "/meetings/{}"),
    ],
)  # fmt: skip
def test_sign_in__leads_each_role_to_its_work(app, office, meeting, token_of, roles, place):
    _id, password = accounts.create_user(office, name="某某", display_name="", roles=roles)
    client = app.test_client()
    data = {"csrf_token": token_of(client), "name": "某某", "password": password}
    assert client.post("/sign-in", data=data).location == place.format(meeting.id)


def test_several_meetings__lead_to_the_list(app, office, two, token_of):
    _id, password = accounts.create_user(office, name="某某", display_name="", roles=["scanner"])
    client = app.test_client()
    data = {"csrf_token": token_of(client), "name": "某某", "password": password}
    assert client.post("/sign-in", data=data).location == "/"


def test_meetings_of_others__are_not_listed_and_not_made(enter, two, campaign):
    here, there = two
    person = enter("某某", "unit_administrator", unit_id=here["unit_id"])
    page = person.get(f"/campaigns/{campaign.id}").get_data(as_text=True)
    assert "机械学院党委" in page
    assert "电力学院党委" not in page
    assert person.post(f"/campaigns/{campaign.id}/meetings/new", {"unit_id": there["unit_id"]}).status_code == 403
    move = {"unit_id": there["unit_id"]}
    assert person.post(f"/meetings/{here['meeting_id']}/edit", move).status_code == 403
    assert person.post(f"/campaigns/{campaign.id}/meetings/new", {"unit_id": here["unit_id"]}).status_code == 302


def test_phase_that_is_not_ones_own__is_no_link(transcriber, meeting):
    page = transcriber.get(f"/meetings/{meeting.id}/opinions").get_data(as_text=True)
    assert f'href="/meetings/{meeting.id}/print"' not in page
    assert 'aria-disabled="true"' in page


def test_sign_in_of_another__is_ended_by_the_administrator(office, admin, operator):
    with office.db.read() as session:
        key = session.query(SignIn.token).filter_by(user_id=operator.id).scalar()
    assert "刘婷" in admin.get(f"/accounts/{operator.id}").get_data(as_text=True)
    assert admin.post(f"/accounts/{operator.id}/sign-ins/{key}/revoke").status_code == 302
    assert operator.get("/").status_code == 302
    assert admin.post(f"/accounts/{admin.id}/sign-ins/{key}/revoke").status_code == 404
    with office.db.read() as session:
        assert session.get(User, operator.id).active
