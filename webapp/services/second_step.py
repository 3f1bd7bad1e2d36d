"""The second step of a sign-in, for those who want one: codes of a telephone, and codes on paper.

The secret of a telephone lies sealed in the database (``services.sealing``), the codes on paper as digests.
"""

from __future__ import annotations

import base64
import hashlib
import time

import segno
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import RecoveryCode, User, now
from webapp.office import Office
from webapp.services import passwords, sealing, totp

RECOVERY_CODES = 8
PLAIN_LENGTH = 32  # characters of a secret as it was once kept, 20 bytes in base32; sealed it has 64
_PLAIN = func.length(User.totp_secret) == PLAIN_LENGTH


def qr(secret: str, name: str) -> str:
    """Return the QR code that an authenticator app scans, as the address of a picture (data:)."""
    return str(segno.make(totp.address(secret, name), error="m").svg_data_uri(scale=4, border=4))


def turn_on(office: Office, user_id: int, *, secret: str, typed: str) -> list[str]:
    """Ask for codes from now on, once the first one is right. Returns the recovery codes, shown this once.

    Raises InvalidInput (wrong code) and Conflict (on already).
    """
    try:
        step = totp.matching_step(secret, clean(typed), time.time())
    except ValueError as error:  # not base32
        raise InvalidInput("wrong-code") from error
    if step is None:
        raise InvalidInput("wrong-code")
    codes = [f"{passwords.made_up()[:8]}-{passwords.made_up()[:8]}" for _ in range(RECOVERY_CODES)]
    with office.db.begin() as session:
        user = _user(session, user_id)
        if user.totp_secret:
            raise Conflict("second-step-on")
        user.totp_secret, user.totp_step = _sealed(office, user, secret), step
        _drop_codes(session, user_id)
        session.add_all(RecoveryCode(digest=_digest(code), user_id=user_id) for code in codes)
    return codes


def turn_off(office: Office, user_id: int, *, password: str | None = None) -> None:
    """Ask for no codes any more. With ``password``: one's own, checked. Raises InvalidInput and NotFound."""
    with office.db.read() as session:
        kept = _user(session, user_id).password_hash
    if password is not None and not passwords.matches(kept, password):
        raise InvalidInput("wrong-old-password")
    with office.db.begin() as session:
        user = _user(session, user_id)
        user.totp_secret, user.totp_step = None, 0
        _drop_codes(session, user_id)


def accept(office: Office, session: Session, user: User, typed: str) -> bool:
    """Tell whether a code is right, and use it up: none works twice. Raises Conflict without the instance's key."""
    if user.totp_secret is None:
        return False
    code, secret = clean(typed), _opened(office, user)
    step = totp.matching_step(secret, code, time.time(), after=user.totp_step)
    if step is not None:
        user.totp_step = step
        return True
    row = session.get(RecoveryCode, _digest(code))
    if row is None or row.user_id != user.id or row.used_at is not None:
        return False
    row.used_at = now()
    return True


def codes_left(office: Office, user_id: int) -> int:
    """Return how many recovery codes are unused."""
    query = select(RecoveryCode.digest).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    with office.db.read() as session:
        return len(session.scalars(query).all())


def is_all_sealed(office: Office) -> bool:
    """Tell whether no secret lies in plain text, as an older program kept them."""
    with office.db.read() as session:
        return session.scalar(select(func.count(User.id)).where(_PLAIN)) == 0


def seal_old(office: Office) -> int:
    """Seal the secrets of a database of before; returns how many. What they were is overwritten in the file."""
    with office.db.begin() as session:
        session.execute(text("pragma secure_delete = on"))
        old = list(session.scalars(select(User).where(_PLAIN)))
        for user in old:
            user.totp_secret = _sealed(office, user, user.totp_secret or "")
    return len(old)


def clean(typed: str) -> str:
    """Return a code without the spaces that people type, in small letters."""
    return "".join(typed.split()).casefold()


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("no-such-row", kind="User")
    return user


def _sealed(office: Office, user: User, secret: str) -> str:
    return sealing.seal(office.settings, base64.b32decode(secret), f"user:{user.id}")


def _opened(office: Office, user: User) -> str:
    return base64.b32encode(sealing.opened(office.settings, user.totp_secret or "", f"user:{user.id}")).decode()


def _drop_codes(session: Session, user_id: int) -> None:
    for row in session.scalars(select(RecoveryCode).where(RecoveryCode.user_id == user_id)):
        session.delete(row)
    session.flush()


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
