"""Codes of the second step are those of RFC 6238, appendix B, and none works twice."""

from __future__ import annotations

import base64

import pytest

from webapp.services import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
        (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_code__is_that_of_the_standard(seconds, code):
    assert totp.code(SECRET, seconds // totp.STEP_SECONDS, digits=8) == code
    assert totp.code(SECRET, seconds // totp.STEP_SECONDS) == code[-6:]


@pytest.mark.parametrize(("late", "found"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clock_that_is_half_a_minute_off__is_forgiven(late, found):
    moment = 1111111111
    typed = totp.code(SECRET, moment // 30)
    assert (totp.matching_step(SECRET, typed, moment + late) is not None) == found


def test_code_that_was_used__is_used_up():
    step = totp.matching_step(SECRET, "287082", 59)
    assert step == 1
    assert totp.matching_step(SECRET, "287082", 59, after=step) is None


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "二八七零八二", "287 082"])
def test_code_of_another_shape__is_wrong(typed):
    assert totp.matching_step(SECRET, typed, 59) is None


def test_new_secrets__differ_and_are_20_bytes():
    one, two = totp.new_secret(), totp.new_secret()
    assert one != two
    assert len(base64.b32decode(one)) == 20


def test_address__names_product_and_person():
    assert totp.address("AB", "刘婷").startswith("otpauth://totp/%E8%AF%84%E8%AE%AE:%E5%88%98%E5%A9%B7?secret=AB&")
