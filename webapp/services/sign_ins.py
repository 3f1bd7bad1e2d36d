"""Sign-ins: checked with a brake on guessing, kept as rows that can be revoked.

The session cookie holds a random token; the row holds only its SHA-256, so that a copy of the database opens no
session.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from webapp.errors import Busy, InvalidInput, NotFound, ServiceError
from webapp.models import LoginAttempt, SignIn, User, now
from webapp.office import Office
from webapp.services import failed_sign_ins, passwords
from webapp.services import second_step as codes
from webapp.services.accounts import clean_name

WINDOW_MINUTES = 15
WINDOW = dt.timedelta(minutes=WINDOW_MINUTES)
TRIES_PER_NAME = failed_sign_ins.DOOR
TRIES_PER_ADDRESS = 20  # an office often shares one address
SEEN_STEP = dt.timedelta(minutes=1)  # how often "last seen" is written


class CodeNeeded(ServiceError):
    """The password is right; this person also asks for a code. ``proof`` goes to ``second_step`` with the code."""

    status = 401

    def __init__(self, user_id: int, proof: str) -> None:
        super().__init__("code-needed")
        self.user_id, self.proof = user_id, proof


class Locked(Busy):
    """Too many tries of a name, or (``by_address``) from an address."""

    def __init__(self, by_address: bool = False) -> None:
        super().__init__("too-many-tries", minutes=WINDOW_MINUTES)
        self.by_address = by_address


def sign_in(office: Office, *, name: str, password: str, address: str = "", agent: str = "") -> str:
    """Check name and password. Returns the token for the session cookie.

    An unknown name costs as much time and counts as much as a known one. Raises InvalidInput (wrong), Busy
    (too many wrong tries of this name or from this address) and CodeNeeded.
    """
    name = clean_name(name)[:64]
    with _told(office, name, address):
        attempt, left = _note_attempt(office, name, address)
        with office.db.read() as session:
            user = session.scalar(select(User).where(User.name == name))
        right = passwords.matches(user.password_hash if user else passwords.of_nobody(), password)
        if user is None or not user.active or not right:
            raise InvalidInput("wrong-password", left=left, minutes=WINDOW_MINUTES) if left else Locked()
    if user.totp_secret:  # the tries stay on the list until the code is right too
        with office.db.begin() as session:
            session.execute(delete(LoginAttempt).where(LoginAttempt.id == attempt))
        raise CodeNeeded(user.id, _proof(user))
    token = secrets.token_urlsafe(32)
    fresh = passwords.hashed(password) if passwords.is_outdated(user.password_hash) else user.password_hash
    with office.db.begin() as session:
        session.execute(delete(LoginAttempt).where((LoginAttempt.name == name) | (LoginAttempt.id == attempt)))
        session.get_one(User, user.id).password_hash = fresh
        failed_sign_ins.over(session, user.id)
        session.add(SignIn(token=digest(token), user_id=user.id, agent=agent[:200]))
    return token


def second_step(office: Office, *, user_id: int, proof: str, code: str, address: str = "", agent: str = "") -> str:
    """Check the code of somebody whose password was right. Returns the token. Raises InvalidInput and Busy."""
    with office.db.read() as session:
        user = session.get(User, user_id)
    if user is None or not user.active or not secrets.compare_digest(proof, _proof(user)):
        raise InvalidInput("signed-out")
    token = secrets.token_urlsafe(32)
    with _told(office, user.name, address):
        attempt, left = _note_attempt(office, user.name, address)
        with office.db.begin() as session:
            if not codes.accept(office, session, session.get_one(User, user_id), code):
                raise InvalidInput("wrong-code-left", left=left, minutes=WINDOW_MINUTES) if left else Locked()
            tried = (LoginAttempt.name == user.name) | (LoginAttempt.id == attempt)
            session.execute(delete(LoginAttempt).where(tried))
            failed_sign_ins.over(session, user_id)
            session.add(SignIn(token=digest(token), user_id=user_id, agent=agent[:200]))
    return token


def signed_in(office: Office, token: str) -> User | None:
    """Return the active user behind a token; None when it was revoked, went unused too long, or never was."""
    key, moment = digest(token), now()
    with office.db.read() as session:
        row = session.get(SignIn, key)
        if row is None or not _holds(office, row, moment) or not row.user.active:
            return None
        user, stale = row.user, moment - row.seen_at > SEEN_STEP
    if stale:
        with office.db.begin() as session:
            session.execute(update(SignIn).where(SignIn.token == key).values(seen_at=moment))
    return user


def of_user(office: Office, user_id: int) -> list[SignIn]:
    """Return the sign-ins of a user that hold, newest first."""
    moment = now()
    with office.db.read() as session:
        query = select(SignIn).where(SignIn.user_id == user_id).order_by(SignIn.seen_at.desc())
        return [row for row in session.scalars(query) if _holds(office, row, moment)]


def sign_out(office: Office, token: str) -> None:
    """End the sign-in of a token."""
    with office.db.begin() as session:
        session.execute(update(SignIn).where(SignIn.token == digest(token)).values(revoked_at=now()))


def revoke(office: Office, user_id: int, key: str) -> None:
    """End one of a user's sign-ins; ``key`` is the SHA-256 that ``of_user`` gives. Raises NotFound."""
    with office.db.begin() as session:
        row = session.get(SignIn, key)
        if row is None or row.user_id != user_id:
            raise NotFound("no-such-row", kind="SignIn")
        row.revoked_at = now()


def digest(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _proof(user: User) -> str:
    """Return what says that this password was right a moment ago: void when password or secret change."""
    return digest(f"{user.password_hash} {user.totp_secret}")


def _holds(office: Office, row: SignIn, moment: dt.datetime) -> bool:
    return row.revoked_at is None and moment - row.seen_at < dt.timedelta(hours=office.settings.session_hours)


def _note_attempt(office: Office, name: str, address: str) -> tuple[int, int]:
    """Write down a try before it is checked: twenty at once count as twenty. Returns its id and how many are left."""
    with office.db.begin() as session:
        session.execute(delete(LoginAttempt).where(LoginAttempt.at < now() - WINDOW))
        of_name = TRIES_PER_NAME - _tries(session, LoginAttempt.name == name)
        of_address = TRIES_PER_ADDRESS - (_tries(session, LoginAttempt.address == address) if address else 0)
        left = min(of_name, of_address)
        if left <= 0:
            raise Locked(by_address=of_address <= 0)
        attempt = LoginAttempt(name=name, address=address[:64])
        session.add(attempt)
        session.flush()
        return attempt.id, left - 1


def _tries(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(LoginAttempt.id)).where(condition)) or 0


@contextmanager
def _told(office: Office, name: str, address: str) -> Iterator[None]:
    """Tell the trail of a try that fails inside."""
    try:
        yield
    except (InvalidInput, Locked) as error:
        failed_sign_ins.note(office, name, address, by_address=isinstance(error, Locked) and error.by_address)
        raise
