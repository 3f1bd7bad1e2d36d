"""The shell: access to every route, languages, headers, error pages, migrations, the command line."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from sqlalchemy import text

from webapp import access, migrate
from webapp.db import Database
from webapp.models import Page, now
from webapp.services import accounts, health

ASK_FOR_MORE = {
    "closing.find", "count.sheets", "closing.compare",  # the figure, the versions come in the query
    "record.document", "own.my_scan", "rereading.progress",  # nobody put one there, nothing is read again
}  # fmt: skip


@pytest.fixture
def known(campaign, meeting, surveys, unit):
    """Values for the parameters of addresses."""
    return {
        "campaign_id": campaign.id, "meeting_id": meeting.id, "survey_id": surveys["org"], "unit_id": unit.id,
        "number": 1, "form": "org",
    }  # fmt: skip


def addresses(app, known, method):
    """Every address that takes ``method`` and whose parameters are known, with its endpoint."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if method in rule.methods and rule.arguments <= known.keys() and rule.endpoint != "static":
            yield rule.endpoint, adapter.build(rule.endpoint, {k: known[k] for k in rule.arguments}, method)


def test_route_without_a_rule__stops_the_start():
    app = Flask("bare")
    app.add_url_rule("/x", "naked", lambda: "")
    with pytest.raises(RuntimeError, match="naked"):
        access.install(app)


def test_every_page_without_a_sign_in__asks_for_one(app, client, known):
    guarded = [
        (endpoint, path) for endpoint, path in addresses(app, known, "GET")
        if not access.rule_of(app, endpoint).is_public
    ]  # fmt: skip
    assert len(guarded) > 15
    for endpoint, path in guarded:
        answer = client.get(path)
        assert (endpoint, answer.status_code) == (endpoint, 302)
        assert answer.location.startswith("/sign-in?next=")


def test_every_action_without_a_sign_in__is_refused(app, client, known, token_of):
    token = token_of(client)
    guarded = [
        (endpoint, path) for endpoint, path in addresses(app, known, "POST")
        if not access.rule_of(app, endpoint).is_public
    ]  # fmt: skip
    assert len(guarded) > 8
    for endpoint, path in guarded:
        assert (endpoint, client.post(path).status_code) == (endpoint, 401)
        assert (endpoint, client.post(path, data={"csrf_token": token}).status_code) == (endpoint, 401)


def test_every_action_without_a_token__is_refused(app, runs_all, scrutineer, enter, known):
    watches = enter("李宏", "liaison", "committee_member", "school_leader", "member")
    for endpoint, path in addresses(app, known, "POST"):
        answers = {person.client.post(path).status_code for person in (runs_all, scrutineer, watches)}
        assert (endpoint, 400 in answers, answers <= {400, 403}) == (endpoint, True, True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page__opens_in_both_languages(app, runs_all, scrutineer, enter, known, language):
    watches = enter("李宏", "liaison", "committee_member", "school_leader", "member")
    for person in (runs_all, scrutineer, watches):
        person.get(f"/language/{language}")
    seen = 0
    for endpoint, path in addresses(app, known, "GET"):
        if "." in path.rsplit("/", 1)[-1]:
            continue  # pictures and files have tests of their own
        answer = runs_all.get(path)
        if answer.status_code == 403:
            answer = scrutineer.get(path)
        if answer.status_code == 403:
            answer = watches.get(path)
        fine = (200, 302, 404, 422) if endpoint in ASK_FOR_MORE else (200, 302)
        fine = (403,) if endpoint == "projector.show" else fine  # nobody projects before the count is closed
        assert (endpoint, answer.status_code) in [(endpoint, status) for status in fine], answer.get_data(as_text=True)
        if answer.mimetype == "text/html" and answer.status_code == 200 and "<html" in answer.get_data(as_text=True):
            assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in answer.get_data(as_text=True), endpoint
            seen += 1
    assert seen > 12


def test_operator__may_not_manage_accounts(operator):
    assert operator.get("/accounts").status_code == 403
    assert operator.post("/accounts", {"name": "王五", "role": "administrator"}).status_code == 403
    assert "不能打开此页" in operator.get("/accounts").get_data(as_text=True)


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("/units", "/units"),
        ("/units?edit=1", "/units?edit=1"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/sign-out", "/"),  # it can't be opened by GET
        ("/no-such-page", "/"),
        ("/units\r\nX: y", "/"),
    ],
)
def test_next__leads_to_own_pages_only(client, office, target, leads_to, token_of):
    accounts.create_user(office, name="张敏", display_name="", roles=["scanner"], password="春天里的第一场雨")
    data = {"csrf_token": token_of(client), "name": "张敏", "password": "春天里的第一场雨", "next": target}
    assert client.post("/sign-in", data=data).location == leads_to


def test_language__is_remembered_by_cookie_and_by_user(app, client, operator):
    assert '<html lang="zh-Hans">' in client.get("/sign-in").get_data(as_text=True)
    assert client.get("/language/en?next=/sign-in").location == "/sign-in"
    assert "Sign in" in client.get("/sign-in").get_data(as_text=True)
    operator.get("/language/en")
    operator.client.delete_cookie("language")
    assert "Campaigns" in operator.get("/").get_data(as_text=True)
    assert client.get("/language/fr").status_code == 404


def test_answers__carry_the_headers(client):
    answer = client.get("/sign-in")
    assert "script-src" not in answer.headers["Content-Security-Policy"]  # default-src 'self' covers it
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>" not in answer.get_data(as_text=True)
    assert client.get("/static/app.css").headers["Cache-Control"] != "no-store"


def test_own_error_pages__say_what_to_do(app, operator):
    page = operator.get("/no-such-page").get_data(as_text=True)
    assert "没有找到" in page
    assert "请从首页重新进入" in page
    assert operator.client.get("/sign-out").status_code == 405


def test_error_for_a_script__is_json_and_for_htmx_a_fragment(operator):
    answer = operator.get("/meetings/999", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "no-such-row"
    answer = operator.get("/meetings/999", headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "<html" not in answer.get_data(as_text=True)


def test_crash__is_a_page_that_tells_nothing_of_the_inside(app, operator, monkeypatch):
    def broken():
        raise RuntimeError("secret of the inside")

    broken.access = access.Rule(access.Access.SIGNED_IN)
    monkeypatch.setitem(app.view_functions, "home.unit_list", broken)
    answer = operator.get("/units")
    assert answer.status_code == 500
    assert "程序出错" in answer.get_data(as_text=True)
    assert "secret" not in answer.get_data(as_text=True)


def test_too_large_a_body__is_told_with_the_limit(app, operator, token_of):
    token = token_of(operator.client)
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = operator.client.post("/units", data={"names": "x" * 2000}, headers={"X-CSRFToken": token})
    assert answer.status_code == 413
    assert "2000 MB" in answer.get_data(as_text=True)


def test_stranger__sends_no_large_body(client, token_of):
    token = token_of(client)
    answer = client.post("/sign-in", data={"csrf_token": token, "name": "x" * (1 << 20)})
    assert answer.status_code == 413


def test_stranger_with_a_stack_of_scans__is_refused_unread(client, meeting):
    class Stack(io.BytesIO):
        """Bytes that nobody may read."""

        def read(self, *_args):
            raise AssertionError("the body was read")

    answer = client.post(
        f"/meetings/{meeting.id}/upload",
        input_stream=Stack(),
        content_type="multipart/form-data; boundary=x",
        content_length=10**9,
    )
    assert answer.status_code == 401


def test_session_that_ended__keeps_what_was_typed(operator, office, token_of):
    token = token_of(operator.client)
    accounts.reset_password(office, operator.id)  # ends the sign-in
    data = {"csrf_token": token, "names": "机关党总支", "kind": "general"}
    answer = operator.client.post("/units", data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert "填写的内容已保留" in page
    assert "机关党总支" in page
    data["file"] = (io.BytesIO(b""), "")
    assert "机关党总支" in operator.client.post("/units", data=data).get_data(as_text=True)
    data["file"] = (io.BytesIO(b"%PDF"), "scan.pdf")
    assert "填写的内容已保留" not in operator.client.post("/units", data=data).get_data(as_text=True)


def test_htmx_after_the_session__goes_to_the_sign_in_page(client):
    answer = client.get("/", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/units"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/units"


def test_database_after_migration__is_what_the_models_say(office):
    assert migrate.revision(office.db) == migrate.head()
    assert migrate.differences(office.db) == []


def test_difference_between_models_and_database__is_seen(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/x.sqlite3")
    with database.engine.begin() as connection:
        migrate.command.upgrade(migrate.config(connection), "head")
        connection.execute(text("ALTER TABLE unit DROP COLUMN kind"))
    assert [step[0] for step in migrate.differences(database)] == ["add_column"]
    database.close()


def test_migration__may_be_repeated(settings):
    migrate.upgrade(settings)
    migrate.upgrade(settings)
    database = Database(settings.url)
    assert (migrate.revision(database), migrate.differences(database)) == (migrate.head(), [])
    database.close()


def test_doctor_on_a_sound_instance__finds_no_fault(app):
    result = app.test_cli_runner().invoke(args=["app", "doctor"], env={"PINGYI_LANG": "en"})
    assert result.exit_code == 0, result.output
    assert "timezone = Asia/Shanghai" in result.output
    assert f"✓ Database: revision {migrate.head()}" in result.output
    assert "✕" not in result.output


def test_doctor__names_faults_with_remedies(app, office, monkeypatch):
    with office.db.begin() as session:
        session.add(Page(state="reading", lease_until=now() - health.STUCK * 2))
    monkeypatch.setattr(health, "LEAST_FREE_GB", 10**9)
    office.settings.inbox_folder.parent.mkdir(exist_ok=True)
    office.settings.inbox_folder.write_text("not a folder", "utf-8")
    result = app.test_cli_runner().invoke(args=["app", "doctor"], env={"PINGYI_LANG": "zh"})
    assert result.exit_code == 1
    faults = [line for line in result.output.splitlines() if line.startswith("✕")]
    assert [line[2:4] for line in faults] == ["磁盘", "文件", "待办"]
    assert all("请" in line for line in faults)


def test_doctor__hides_the_password_of_the_database(office):
    settings = office.settings.model_copy(update={"database_url": "postgresql://pingyi:hush@db/pingyi"})
    shown = health.settings_in_force(type(office)(settings, office.db, office.storage, office.bell))
    assert "hush" not in str(shown)
    assert "postgresql://pingyi:***@db/pingyi" in shown["database_url"]


def test_setup_link_and_reset__on_the_command_line(app, client, office, token_of):
    runner = app.test_cli_runner()
    first = runner.invoke(args=["app", "setup-link", "--base-url", "http://10.0.0.5:8000/"])
    assert re.fullmatch(r"http://10\.0\.0\.5:8000/first-run/[\w-]{32}\n", first.output)
    user_id, _ = accounts.create_user(office, name="陈静", display_name="", roles=["administrator"])
    assert runner.invoke(args=["app", "setup-link"]).exit_code == 1
    accounts.create_user(office, name="陈二", display_name="", roles=["administrator"])
    accounts.set_active(office, user_id, False)
    password = runner.invoke(args=["app", "reset-password", "陈静"]).output.strip()
    data = {"csrf_token": token_of(client), "name": "陈静", "password": password}
    assert client.post("/sign-in", data=data).status_code == 302
    assert runner.invoke(args=["app", "reset-password", "无此人"]).exit_code == 1
