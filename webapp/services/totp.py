"""Codes of the second step: TOTP of RFC 6238 (SHA-1, 6 digits, 30 s), as every authenticator app makes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
SLACK = 1  # steps: telephones and office computers are not quite of one time
SECRET_BYTES = 20


def new_secret() -> str:
    """Return a fresh secret in base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code(secret: str, step: int, digits: int = DIGITS) -> str:
    """Return the code of a 30 s step, counted from 1970."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: str, typed: str, seconds: float, after: int = 0) -> int | None:
    """Return the step whose code was typed, None for a wrong code or one of step ``after`` or before.

    ``seconds`` is the time since 1970.
    """
    now = int(seconds) // STEP_SECONDS
    for step in range(now - SLACK, now + SLACK + 1):
        if step > after and hmac.compare_digest(code(secret, step).encode(), typed.encode()):
            return step
    return None


def address(secret: str, name: str) -> str:
    """Return what the QR code holds: an otpauth URI."""
    return f"otpauth://totp/{quote('评议')}:{quote(name)}?secret={secret}&issuer={quote('评议')}"
