"""The second step: turned on with its first code, asked for at sign-in, lost telephones, throttling."""

from __future__ import annotations

import base64
import re
import time

import pytest
from sqlalchemy import select

from webapp.errors import Busy, InvalidInput
from webapp.migrate import upgrade
from webapp.models import TrailRow, User
from webapp.services import accounts, second_step, sign_ins, totp, verify


@pytest.fixture
def guarded(office, operator):
    """The operator with a second step. Returns the secret and the recovery codes."""
    secret = totp.new_secret()
    codes = second_step.turn_on(office, operator.id, secret=secret, typed=now_code(secret))
    return secret, codes


def now_code(secret, later=0):
    return totp.code(secret, int(time.time()) // 30 + later)


def password_step(app, token_of, person):
    client = app.test_client()
    data = {"csrf_token": token_of(client), "name": person.name, "password": person.password}
    return client, client.post("/sign-in", data=data)


def code_step(client, token_of, code, **more):
    return client.post("/sign-in/code", data={"csrf_token": token_of(client), "code": code, **more})


def test_second_step__is_turned_on_on_the_page_and_shows_recovery_codes_once(operator):
    page = operator.get("/me/second-step").get_data(as_text=True)
    secret = re.search(r'py-secretword"[^>]*>([A-Z2-7]{32})<', page)[1]
    assert "data:image/svg+xml" in page
    assert operator.post("/me/second-step", {"code": "000000"}).status_code == 422
    answer = operator.post("/me/second-step", {"code": f" {now_code(secret)} "}).get_data(as_text=True)
    codes = re.findall(r"<li>([a-z2-9]{8}-[a-z2-9]{8})</li>", answer)
    assert len(set(codes)) == second_step.RECOVERY_CODES
    later = operator.get("/me/second-step").get_data(as_text=True)
    assert secret not in later
    assert codes[0] not in later


def test_sign_in__asks_for_the_code_and_opens_nothing_without_it(app, token_of, operator, guarded):
    client, answer = password_step(app, token_of, operator)
    assert "动态码" in answer.get_data(as_text=True)
    assert client.get("/me").status_code == 302
    assert code_step(client, token_of, "000000").status_code == 422
    assert client.get("/me").status_code == 302
    assert code_step(client, token_of, now_code(guarded[0], later=1), next="/me").location == "/me"
    assert client.get("/me").status_code == 200


def test_code__works_once(app, token_of, operator, guarded):
    code = now_code(guarded[0], later=1)
    assert code_step(password_step(app, token_of, operator)[0], token_of, code).status_code == 302
    assert code_step(password_step(app, token_of, operator)[0], token_of, code).status_code == 422


def test_recovery_code__works_once(app, office, token_of, operator, guarded):
    code = guarded[1][0].upper()
    assert code_step(password_step(app, token_of, operator)[0], token_of, code).status_code == 302
    assert second_step.codes_left(office, operator.id) == second_step.RECOVERY_CODES - 1
    assert code_step(password_step(app, token_of, operator)[0], token_of, code).status_code == 422


def test_recovery_code_of_another__is_wrong(app, office, token_of, operator, guarded, admin):
    secret = totp.new_secret()
    others = second_step.turn_on(office, admin.id, secret=secret, typed=now_code(secret))
    assert code_step(password_step(app, token_of, operator)[0], token_of, others[0]).status_code == 422


def test_wrong_codes__close_the_door_for_the_password_too(app, office, token_of, operator, guarded):
    client, _answer = password_step(app, token_of, operator)
    for _ in range(sign_ins.TRIES_PER_NAME - 1):
        assert code_step(client, token_of, "000000").status_code == 422
    assert code_step(client, token_of, "000000").status_code == 503
    assert code_step(client, token_of, now_code(guarded[0], later=1)).status_code == 503
    with pytest.raises(Busy):
        sign_ins.sign_in(office, name=operator.name, password=operator.password)


def test_code_without_a_password_before__is_refused(client, token_of, operator, guarded):
    assert code_step(client, token_of, now_code(guarded[0], later=1)).status_code == 401


def test_password_changed_between_the_steps__voids_the_first(app, office, token_of, operator, guarded):
    client, _answer = password_step(app, token_of, operator)
    accounts.reset_password(office, operator.id)
    assert code_step(client, token_of, now_code(guarded[0], later=1)).status_code == 422
    assert client.get("/me").status_code == 302


def test_own_second_step__is_turned_off_with_the_password(office, operator, guarded):
    assert operator.post("/me/second-step/off", {"password": "wrong"}).status_code == 422
    assert operator.post("/me/second-step/off", {"password": operator.password}).status_code == 302
    assert sign_ins.sign_in(office, name=operator.name, password=operator.password)


@pytest.mark.parametrize("way", ["page", "command"])
def test_lost_telephone__is_helped_by_the_administrator_and_by_the_command_line(
    app, office, admin, operator, guarded, way
):
    if way == "page":
        assert admin.post(f"/accounts/{operator.id}/second-step/off").status_code == 302
    else:
        assert app.test_cli_runner().invoke(args=["app", "second-step-off", operator.name]).exit_code == 0
    assert sign_ins.sign_in(office, name=operator.name, password=operator.password)


@pytest.mark.parametrize("secret", ["", "no base32!"])
def test_secret_that_is_none__turns_nothing_on(office, operator, secret):
    with pytest.raises(InvalidInput):
        second_step.turn_on(office, operator.id, secret=secret, typed="123456")


def test_command_line__gives_a_role(app, office, operator, unit):
    run = app.test_cli_runner().invoke
    assert run(args=["app", "grant", "刘婷", "liaison", "--unit", unit.name]).exit_code == 0
    assert run(args=["app", "grant", "刘婷", "liaison", "--unit", unit.name]).exit_code == 1
    assert run(args=["app", "grant", "刘婷", "liaison", "--unit", "没有"]).exit_code == 1
    assert run(args=["app", "grant", "无此人", "liaison"]).exit_code == 1


def kept_secret(office, user_id):
    with office.db.read() as session:
        return session.get_one(User, user_id).totp_secret


def test_secret__stands_nowhere_in_the_files_of_the_database(office, operator, guarded):
    raw = base64.b32decode(guarded[0])
    office.db.close()
    for path in office.settings.instance.glob("pingyi.sqlite3*"):
        data = path.read_bytes()
        assert guarded[0].encode() not in data
        assert raw not in data


def test_secret_that_was_moved_to_another_account__opens_nothing(app, office, token_of, operator, guarded, admin):
    with office.db.begin() as session:
        session.get_one(User, admin.id).totp_secret = kept_secret(office, operator.id)
    client, _answer = password_step(app, token_of, admin)
    answer = code_step(client, token_of, now_code(guarded[0], later=1))
    assert answer.status_code == 409
    assert "secret.key" in answer.get_data(as_text=True)
    assert client.get("/me").status_code == 302


def test_secret_of_an_older_program__is_sealed_by_the_upgrade_and_the_trail_holds(
    app, office, token_of, operator, guarded
):
    with office.db.begin() as session:  # as it was kept once
        session.get_one(User, operator.id).totp_secret = guarded[0]
    office.db.close()
    upgrade(office.settings)
    sealed = kept_secret(office, operator.id)
    assert guarded[0] not in sealed
    upgrade(office.settings)
    assert kept_secret(office, operator.id) == sealed
    assert verify.verify(office).is_whole
    with office.db.read() as session:
        row = session.scalars(select(TrailRow).order_by(TrailRow.id.desc()).limit(1)).one()
    assert (row.object, row.role, row.why) == (f"user:{operator.id}", "machine", "sealed by the upgrade")
    office.db.close()
    assert all(
        guarded[0].encode() not in path.read_bytes() for path in office.settings.instance.glob("pingyi.sqlite3*")
    )
    client, _answer = password_step(app, token_of, operator)
    assert code_step(client, token_of, now_code(guarded[0], later=1)).status_code == 302
