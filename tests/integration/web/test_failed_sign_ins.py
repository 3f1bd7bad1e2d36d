"""Failed sign-ins stand in the trail, and nobody can flood it with them."""

from __future__ import annotations

import json
import time

import pytest
from sqlalchemy import select, update

from webapp.errors import Busy, InvalidInput
from webapp.models import LoginAttempt, SignInFailure, TrailRow, now
from webapp.services import accounts, failed_sign_ins, second_step, sign_ins, totp, verify

GOOD = "春天里的第一场雨"


@pytest.fixture
def user_id(office):
    return accounts.create_user(office, name="刘婷", display_name="刘婷", roles=["scanner"], password=GOOD)[0]


def fail(office, name, times=1, address="10.0.0.7", password="wrong"):
    for _ in range(times):
        with pytest.raises((InvalidInput, Busy)):
            sign_ins.sign_in(office, name=name, password=password, address=address)


def told(office):
    """The rows of the trail about failed tries: object, facts."""
    with office.db.read() as session:
        rows = session.scalars(select(TrailRow).where(TrailRow.action == "refused").order_by(TrailRow.id))
        return [(row.object, json.loads(row.facts)) for row in rows]


def later(office):
    """Let a quarter of an hour pass."""
    with office.db.begin() as session:
        session.execute(update(SignInFailure).values(last_at=now() - failed_sign_ins.PAUSE - sign_ins.SEEN_STEP))
        session.execute(update(LoginAttempt).values(at=now() - sign_ins.WINDOW - sign_ins.SEEN_STEP))


def test_failed_try__stands_in_the_trail_with_name_address_and_number(office, user_id):
    fail(office, "刘婷")
    assert told(office) == [(f"user:{user_id}", {"address": "10.0.0.7", "name": "刘婷", "tries": 1})]
    assert verify.verify(office).is_whole


def test_name_that_nobody_has__stands_nowhere_and_is_the_same_digest_each_time(office):
    fail(office, "geheim-Passwort-77")
    later(office)
    fail(office, "geheim-Passwort-77")
    digests = [facts["digest"] for _, facts in told(office)]
    assert len(digests) == 2
    assert len(set(digests)) == 1
    assert len(digests[0]) == 16
    with office.db.read() as session:
        assert all("geheim" not in f"{row.object}{row.facts}{row.why}" for row in session.scalars(select(TrailRow)))


def test_thousand_tries__leave_a_row_for_each_tenfold_and_the_number_at_the_end(office, user_id, monkeypatch):
    fail(office, "刘婷", 5)
    for _ in range(115):
        failed_sign_ins.note(office, "刘婷", "10.0.0.7")
    assert [facts["tries"] for _, facts in told(office)] == [1, 5, 10, 100]
    later(office)
    assert failed_sign_ins.tell_ended(office) == 1
    assert failed_sign_ins.tell_ended(office) == 0
    assert [facts["tries"] for _, facts in told(office)] == [1, 5, 10, 100, 120]


def test_tries_before_the_right_password__are_told_with_their_number(office, user_id):
    fail(office, "刘婷", 3)
    sign_ins.sign_in(office, name="刘婷", password=GOOD)
    assert [facts["tries"] for _, facts in told(office)] == [1, 3]
    fail(office, "刘婷")
    assert [facts["tries"] for _, facts in told(office)] == [1, 3, 1]


def test_address_with_many_names__is_one_row_once_its_door_is_closed(office):
    for number in range(60):
        fail(office, f"name{number}")
    rows = told(office)
    assert len(rows) == sign_ins.TRIES_PER_ADDRESS + 3  # the address itself: 1, 5, 10 of its 40
    assert [facts["tries"] for _, facts in rows[-3:]] == [1, 5, 10]
    assert "digest" not in rows[-1][1] or rows[-1][1]["digest"] == ""


def test_many_addresses_at_once__end_in_one_burst_of_everybody(office, monkeypatch):
    monkeypatch.setattr(failed_sign_ins, "MOST_BURSTS", 3)
    for number in range(12):
        failed_sign_ins.note(office, f"name{number}", f"10.0.1.{number}")
    rows = told(office)
    assert len(rows) == 3 + 2
    assert [facts["digest"] for _, facts in rows[3:]] == [failed_sign_ins.EVERYBODY] * 2


def test_wrong_code_of_the_second_step__is_a_failed_try(office, user_id):
    secret = totp.new_secret()
    second_step.turn_on(office, user_id, secret=secret, typed=totp.code(secret, int(time.time()) // 30))
    with pytest.raises(sign_ins.CodeNeeded) as needed:
        sign_ins.sign_in(office, name="刘婷", password=GOOD)
    assert told(office) == []
    with pytest.raises(InvalidInput):
        sign_ins.second_step(office, user_id=user_id, proof=needed.value.proof, code="000000", address="10.0.0.7")
    assert [facts["tries"] for _, facts in told(office)] == [1]


def test_page_of_the_trail__tells_of_a_failed_try_in_words(office, user_id, admin):
    fail(office, "刘婷")
    page = admin.get("/trail").get_data(as_text=True)
    for words in ("被拒绝", "至此输错次数", "10.0.0.7"):
        assert words in page
