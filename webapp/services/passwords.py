"""Passwords: which are good enough, made-up ones, their hashes (Argon2id)."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.errors import InvalidInput

LEAST = 8  # characters
LEAST_DIFFERENT = 3  # different characters
# no i, l, o, 0, 1: it is read out or copied by hand
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
COMMON = frozenset(Path(__file__).with_name("common-passwords.txt").read_text("ascii").split())
_hasher = PasswordHasher()


def check(password: str, name: str) -> None:
    """Raise InvalidInput for a password that is short, common, or the user's name."""
    if len(password) < LEAST:
        raise InvalidInput("password-short", least=LEAST)
    if password.casefold() in COMMON or len(set(password)) < LEAST_DIFFERENT:
        raise InvalidInput("password-common")
    if unicodedata.normalize("NFKC", password).casefold() == name.casefold():
        raise InvalidInput("password-is-name")


def made_up() -> str:
    """Return a password of 12 letters and digits (59 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


def hashed(password: str) -> str:
    """Return what the database keeps of a password."""
    return _hasher.hash(password)


def matches(kept: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed. A hash that is none matches nothing."""
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Tell whether a hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def of_nobody() -> str:
    """Return a hash that no password matches, so that an unknown name costs as much time as a known one."""
    return _hasher.hash(secrets.token_hex(16))
