"""The first administrator, sign-ins and their revocation, throttling, users."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update

from webapp.errors import Busy, Conflict, InvalidInput, NotFound
from webapp.models import LoginAttempt, SignIn, User, now
from webapp.services import accounts, sign_ins

GOOD = "春天里的第一场雨"


def first_run(token_of, client, link, **fields):
    data = {"csrf_token": token_of(client), "name": "陈静", "password": GOOD, "password_again": GOOD}
    return client.post(link, data={**data, **fields})


def test_first_run__makes_the_administrator_once_and_signs_him_in(client, office, token_of):
    link = accounts.setup_link(office)
    assert client.get(link).status_code == 200
    assert first_run(token_of, client, link).location == "/setup"
    assert "管理员" in client.get("/setup").get_data(as_text=True)
    assert client.get("/accounts").status_code == 200
    assert accounts.setup_link(office) is None
    assert client.get(link).status_code == 404


def test_first_run__with_faults_keeps_the_link(client, office, token_of):
    link = accounts.setup_link(office)
    assert first_run(token_of, client, link, password_again="另一个密码不一样").status_code == 422
    assert first_run(token_of, client, link, name="陈").status_code == 422
    assert first_run(token_of, client, link, password="12345678", password_again="12345678").status_code == 422
    assert first_run(token_of, client, link).status_code == 302


def test_new_link__replaces_the_old_one(client, office):
    old = accounts.setup_link(office)
    new = accounts.setup_link(office)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


@pytest.mark.parametrize("name", ["刘婷", "ｌｉｕ", "额尔敦巴雅尔", "䶮䶮", "a.b"])
def test_names_of_two_and_more_characters__can_sign_in(office, name):
    accounts.create_user(office, name=name, display_name="", roles=["scanner"], password=GOOD)
    assert sign_ins.sign_in(office, name=f" {name} ", password=GOOD)


@pytest.mark.parametrize("name", ["刘", "", "刘 婷", "a" * 65, "刘\u200b婷"])
def test_name_that_cannot_be__is_refused(office, name):
    with pytest.raises(InvalidInput) as caught:
        accounts.create_user(office, name=name, display_name="", roles=["scanner"])
    assert caught.value.code == "bad-user-name"


def test_same_name_twice__is_refused(office, operator):
    with pytest.raises(Conflict):
        accounts.create_user(office, name=" 刘婷", display_name="", roles=["scanner"])


def test_wrong_name_and_wrong_password__look_the_same(office, operator):
    told = []
    for name in ("刘婷", "无此人"):
        with pytest.raises(InvalidInput) as caught:
            sign_ins.sign_in(office, name=name, password="wrong")
        told.append((caught.value.code, caught.value.params))
    assert told[0] == told[1]


def test_five_wrong_tries__close_the_door_for_the_right_password_too(office):
    accounts.create_user(office, name="刘婷", display_name="", roles=["scanner"], password=GOOD)
    for _ in range(sign_ins.TRIES_PER_NAME - 1):
        with pytest.raises(InvalidInput):
            sign_ins.sign_in(office, name="刘婷", password="wrong", address="10.0.0.1")
    with pytest.raises(Busy):
        sign_ins.sign_in(office, name="刘婷", password="wrong", address="10.0.0.1")
    with pytest.raises(Busy) as caught:
        sign_ins.sign_in(office, name="刘婷", password=GOOD, address="10.0.0.2")
    assert caught.value.params == {"minutes": 15}
    with office.db.begin() as session:  # a quarter of an hour later
        session.execute(update(LoginAttempt).values(at=now() - sign_ins.WINDOW))
    assert sign_ins.sign_in(office, name="刘婷", password=GOOD, address="10.0.0.1")


def test_one_address_with_many_names__is_stopped(office):
    with office.db.begin() as session:
        for n in range(sign_ins.TRIES_PER_ADDRESS):
            session.add(LoginAttempt(name=f"name{n}", address="10.0.0.9"))
    with pytest.raises(Busy):
        sign_ins.sign_in(office, name="刘婷", password="x", address="10.0.0.9")
    with pytest.raises(InvalidInput):
        sign_ins.sign_in(office, name="刘婷", password="x", address="10.0.0.8")


def test_right_password__forgives_wrong_tries(office):
    accounts.create_user(office, name="刘婷", display_name="", roles=["scanner"], password=GOOD)
    for _ in range(3):
        with pytest.raises(InvalidInput):
            sign_ins.sign_in(office, name="刘婷", password="wrong")
        sign_ins.sign_in(office, name="刘婷", password=GOOD)
    with office.db.read() as session:
        assert list(session.scalars(select(LoginAttempt))) == []


def test_sign_in_page__tells_the_fault_and_keeps_the_name(client, office, token_of):
    data = {"csrf_token": token_of(client), "name": "无此人", "password": "x"}
    answer = client.post("/sign-in", data=data)
    assert answer.status_code == 422
    assert "再错 4 次" in answer.get_data(as_text=True)
    assert 'value="无此人"' in answer.get_data(as_text=True)


def test_cookie__holds_no_key_to_the_database_and_the_database_none_to_a_session(office, operator):
    with office.db.read() as session:
        kept = session.scalars(select(SignIn.token)).one()
    assert sign_ins.signed_in(office, kept) is None


def test_sign_out__ends_the_sign_in_for_good(app, operator):
    cookie = operator.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert operator.post("/sign-out").location == "/sign-in"
    thief = app.test_client()
    thief.set_cookie(cookie.key, cookie.value)
    assert thief.get("/").status_code == 302


def test_sign_in__starts_a_new_session(app, client, office, token_of):
    accounts.create_user(office, name="刘婷", display_name="", roles=["scanner"], password=GOOD)
    token = token_of(client)
    client.post("/sign-in", data={"csrf_token": token, "name": "刘婷", "password": GOOD})
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 400


def test_unused_sign_in__ends_after_the_hours_of_the_setting(office, operator):
    assert operator.get("/").status_code == 200
    with office.db.begin() as session:
        session.execute(update(SignIn).values(seen_at=now() - dt.timedelta(hours=office.settings.session_hours)))
    assert operator.get("/").status_code == 302


def test_use__is_noted_once_a_minute(office, operator):
    with office.db.begin() as session:
        session.execute(update(SignIn).values(seen_at=now() - dt.timedelta(minutes=2)))
    operator.get("/")
    with office.db.read() as session:
        seen = session.scalars(select(SignIn.seen_at)).one()
    assert now() - seen < dt.timedelta(minutes=1)


def test_own_sign_in_elsewhere__can_be_ended(office, operator):
    other = sign_ins.sign_in(office, name="刘婷", password=operator.password, agent="Firefox/140.0 Linux")
    assert "Firefox · Linux" in operator.get("/me").get_data(as_text=True)
    assert operator.post(f"/me/sign-ins/{sign_ins.digest(other)}/revoke").status_code == 302
    assert sign_ins.signed_in(office, other) is None
    assert operator.get("/").status_code == 200


def test_sign_in_of_another_person__cannot_be_ended(office, operator, admin):
    with office.db.read() as session:
        key = session.scalars(select(SignIn.token).where(SignIn.user_id == admin.id)).one()
    assert operator.post(f"/me/sign-ins/{key}/revoke").status_code == 404
    assert admin.get("/accounts").status_code == 200


def test_own_password__is_changed_and_other_sign_ins_end(office, operator):
    other = sign_ins.sign_in(office, name="刘婷", password=operator.password)
    fields = {"old_password": operator.password, "new_password": GOOD, "password_again": GOOD}
    assert operator.post("/me/password", {**fields, "old_password": "wrong"}).status_code == 422
    assert operator.post("/me/password", {**fields, "password_again": "x"}).status_code == 422
    assert operator.post("/me/password", fields).status_code == 302
    assert sign_ins.signed_in(office, other) is None
    assert operator.get("/").status_code == 200
    assert sign_ins.sign_in(office, name="刘婷", password=GOOD)


def test_administrator__makes_resets_closes_and_opens_accounts(app, office, admin):
    page = admin.post("/accounts", {"name": "刘婷", "display_name": "刘婷", "role": "scanner"}).get_data(as_text=True)
    password = page.split('py-secretword">')[1].split("<")[0]
    assert sign_ins.sign_in(office, name="刘婷", password=password)
    assert password not in admin.get("/accounts").get_data(as_text=True)
    user = accounts.user_named(office, "刘婷")
    page = admin.post(f"/accounts/{user.id}/password").get_data(as_text=True)
    fresh = page.split('py-secretword">')[1].split("<")[0]
    token = sign_ins.sign_in(office, name="刘婷", password=fresh)
    admin.post(f"/accounts/{user.id}/active", {"active": "0"})
    assert sign_ins.signed_in(office, token) is None
    with pytest.raises(InvalidInput):
        sign_ins.sign_in(office, name="刘婷", password=fresh)
    admin.post(f"/accounts/{user.id}/active", {"active": "1"})
    assert sign_ins.sign_in(office, name="刘婷", password=fresh)
    assert admin.post("/accounts", {"name": "刘婷", "role": "scanner"}).status_code == 409
    assert admin.post("/accounts", {"name": "刘二", "role": "king"}).status_code == 422


def test_last_administrator__cannot_be_closed(office, admin):
    with pytest.raises(Conflict):
        accounts.set_active(office, admin.id, False)
    accounts.create_user(office, name="陈二", display_name="", roles=["administrator"])
    accounts.set_active(office, admin.id, False)
    with office.db.read() as session:
        assert session.get(User, admin.id).active is False


def test_user_who_is_not_there__is_told(office):
    with pytest.raises(NotFound):
        accounts.user_named(office, "无此人")
    with pytest.raises(NotFound):
        accounts.reset_password(office, 99)
