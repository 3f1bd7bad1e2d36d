"""Users and sign-ins: the first administrator, passwords, throttling, revocable sign-ins.

A sign-in is a row. The session cookie holds a random token; the row holds only its SHA-256, so that a copy of the
database opens no session.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.errors import Busy, Conflict, InvalidInput, NotFound
from webapp.models import LoginAttempt, SetupToken, SignIn, User, now
from webapp.office import Office

ROLES = ("administrator", "operator")
LANGUAGES = ("zh", "en")
PASSWORD_LENGTH = 8
NAME_LENGTHS = range(2, 65)
WINDOW = dt.timedelta(minutes=15)
TRIES_PER_NAME = 5
TRIES_PER_ADDRESS = 20  # an office often shares one address
SEEN_STEP = dt.timedelta(minutes=1)  # how often "last seen" is written
# no I, l, O, 0, 1: it is read out or copied by hand
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
COMMON = frozenset(
    "12345678 123456789 1234567890 87654321 88888888 66666666 11111111 00000000 12341234 11223344 123123123 "
    "147258369 password password1 passw0rd qwertyui qwerty123 1qaz2wsx q1w2e3r4 1q2w3e4r abc12345 abcd1234 "
    "a1234567 a12345678 aa123456 asdfghjk zxcvbnm1 iloveyou woaini520 woaini1314 5201314a admin123 admin888 "
    "administrator pingyi123 pingyi2011 zhongguo china123 imut1951 letmein1 welcome1".split()
)
_hasher = PasswordHasher()


# --- the first administrator ---


def setup_link(office: Office, base_url: str = "") -> str | None:
    """Return a link that makes the first administrator, once; None when there is one already.

    A new link replaces the one before: only its digest is kept, so an old link can't be shown again.
    """
    token = secrets.token_urlsafe(24)
    with office.db.begin() as session:
        if has_administrator(session):
            return None
        session.execute(delete(SetupToken).where(SetupToken.used_at.is_(None)))
        session.add(SetupToken(token=digest(token)))
    return f"{base_url.rstrip('/')}/first-run/{token}"


def check_setup_link(office: Office, token: str) -> None:
    """Raise NotFound unless the link may still be used."""
    with office.db.read() as session:
        _setup_row(session, token)


def make_first_administrator(
    office: Office, token: str, *, name: str, display_name: str, password: str, language: str = "zh"
) -> int:
    """Use up the link and make the administrator. Raises NotFound (link used) and InvalidInput."""
    user = _new_user(name, display_name, password, "administrator", language)
    with office.db.begin() as session:
        row = _setup_row(session, token)
        row.used_at = now()
        return _add(session, user)


def has_administrator(session: Session) -> bool:
    """Tell whether somebody can administrate."""
    return bool(_active_administrators(session))


def _setup_row(session: Session, token: str) -> SetupToken:
    query = select(SetupToken).where(SetupToken.token == digest(token), SetupToken.used_at.is_(None))
    row = session.scalar(query)
    if row is None or has_administrator(session):
        raise NotFound("setup-link-used")
    return row


def _active_administrators(session: Session) -> int:
    query = select(func.count()).select_from(User).where(User.role == "administrator", User.active)
    return session.scalar(query) or 0


# --- users ---


def users(office: Office) -> list[User]:
    """Return all users, active ones first."""
    with office.db.read() as session:
        return list(session.scalars(select(User).order_by(User.active.desc(), User.id)))


def create_user(office: Office, *, name: str, display_name: str, role: str, language: str = "zh") -> tuple[int, str]:
    """Make a user with a password made up here. Returns id and password: shown once, kept nowhere.

    Raises InvalidInput and Conflict (name taken).
    """
    password = made_up_password()
    user = _new_user(name, display_name, password, role, language)
    with office.db.begin() as session:
        return _add(session, user), password


def set_active(office: Office, user_id: int, active: bool) -> None:
    """Open or close an account; closing ends its sign-ins. Raises Conflict for the last administrator."""
    with office.db.begin() as session:
        user = _get(session, user_id)
        if not active and user.role == "administrator" and user.active and _active_administrators(session) == 1:
            raise Conflict("last-administrator")
        user.active = active
        if not active:
            _revoke_all(session, user_id)


def reset_password(office: Office, user_id: int) -> str:
    """Give a user a new password, end his sign-ins and lift a lock. Returns the password: shown once."""
    password = made_up_password()
    hashed = _hasher.hash(password)
    with office.db.begin() as session:
        user = _get(session, user_id)
        user.password_hash = hashed
        _revoke_all(session, user_id)
        session.execute(delete(LoginAttempt).where(LoginAttempt.name == user.name))
    return password


def user_named(office: Office, name: str) -> User:
    """Return the user of a name. Raises NotFound."""
    with office.db.read() as session:
        user = session.scalar(select(User).where(User.name == clean_name(name)))
    if user is None:
        raise NotFound("no-such-user", name=name)
    return user


def change_password(office: Office, user_id: int, *, old: str, new: str, keep: str) -> None:
    """Change one's own password; all other sign-ins end, the one of the token ``keep`` stays.

    Raises InvalidInput.
    """
    with office.db.read() as session:
        user = _get(session, user_id)
    if not _verify(user.password_hash, old):
        raise InvalidInput("wrong-old-password")
    check_password(new, user.name)
    hashed = _hasher.hash(new)
    with office.db.begin() as session:
        _get(session, user_id).password_hash = hashed
        _revoke_all(session, user_id, keep=digest(keep))


def set_language(office: Office, user_id: int, language: str) -> None:
    """Set the language of a user's pages. Raises InvalidInput."""
    if language not in LANGUAGES:
        raise InvalidInput("no-such-language")
    with office.db.begin() as session:
        _get(session, user_id).language = language


def check_password(password: str, name: str) -> None:
    """Raise InvalidInput for a password that is short, common, or the name."""
    if len(password) < PASSWORD_LENGTH:
        raise InvalidInput("password-short", least=PASSWORD_LENGTH)
    if password.casefold() in COMMON or len(set(password)) < 3:
        raise InvalidInput("password-common")
    if password.casefold() == clean_name(name).casefold():
        raise InvalidInput("password-is-name")


def clean_name(name: str) -> str:
    """Return a name in one form of writing: full-width letters become plain ones, spaces around it go."""
    return unicodedata.normalize("NFKC", name).strip()


def made_up_password() -> str:
    """Return a password of 12 letters and digits (60 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


def _new_user(name: str, display_name: str, password: str, role: str, language: str) -> User:
    name, display_name = clean_name(name), display_name.strip()
    if len(name) not in NAME_LENGTHS or any(c.isspace() or not c.isprintable() for c in name):
        raise InvalidInput("bad-user-name", least=NAME_LENGTHS[0], most=NAME_LENGTHS[-1])
    if len(display_name) > NAME_LENGTHS[-1]:
        raise InvalidInput("display-name-long", most=NAME_LENGTHS[-1])
    if role not in ROLES:
        raise InvalidInput("no-such-role")
    if language not in LANGUAGES:
        raise InvalidInput("no-such-language")
    check_password(password, name)
    hashed = _hasher.hash(password)
    return User(name=name, display_name=display_name or name, role=role, language=language, password_hash=hashed)


def _add(session: Session, user: User) -> int:
    if session.scalar(select(User.id).where(User.name == user.name)):
        raise Conflict("user-name-taken", name=user.name)
    session.add(user)
    session.flush()
    return user.id


def _get(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("no-such-row", kind="User")
    return user


# --- sign-ins ---


def sign_in(office: Office, *, name: str, password: str, address: str = "", agent: str = "") -> str:
    """Check name and password. Returns the token for the session cookie.

    An unknown name costs as much time and counts as much as a known one. Raises InvalidInput (wrong) and Busy
    (too many wrong tries of this name or from this address).
    """
    name = clean_name(name)[:64]
    attempt, left = _note_attempt(office, name, address)
    with office.db.read() as session:
        user = session.scalar(select(User).where(User.name == name))
    right = _verify(user.password_hash if user else _nobody(), password)
    if user is None or not user.active or not right:
        raise InvalidInput("wrong-password", left=left, minutes=minutes(WINDOW)) if left else _locked()
    token = secrets.token_urlsafe(32)
    with office.db.begin() as session:
        session.execute(delete(LoginAttempt).where((LoginAttempt.name == name) | (LoginAttempt.id == attempt)))
        if _hasher.check_needs_rehash(user.password_hash):
            _get(session, user.id).password_hash = _hasher.hash(password)
        session.add(SignIn(token=digest(token), user_id=user.id, agent=agent[:200]))
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


def sign_ins(office: Office, user_id: int) -> list[SignIn]:
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
    """End one of a user's own sign-ins; ``key`` is the SHA-256 that ``sign_ins`` gives. Raises NotFound."""
    with office.db.begin() as session:
        row = session.get(SignIn, key)
        if row is None or row.user_id != user_id:
            raise NotFound("no-such-row", kind="SignIn")
        row.revoked_at = now()


def digest(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def minutes(span: dt.timedelta) -> int:
    """Return a time in whole minutes."""
    return int(span.total_seconds() // 60)


def _holds(office: Office, row: SignIn, moment: dt.datetime) -> bool:
    return row.revoked_at is None and moment - row.seen_at < dt.timedelta(hours=office.settings.session_hours)


def _revoke_all(session: Session, user_id: int, keep: str = "") -> None:
    query = update(SignIn).where(SignIn.user_id == user_id, SignIn.token != keep, SignIn.revoked_at.is_(None))
    session.execute(query.values(revoked_at=now()))


def _note_attempt(office: Office, name: str, address: str) -> tuple[int, int]:
    """Write down a try before it is checked: twenty at once count as twenty. Returns its id and how many are left."""
    with office.db.begin() as session:
        session.execute(delete(LoginAttempt).where(LoginAttempt.at < now() - WINDOW))
        count = select(func.count()).select_from(LoginAttempt)
        of_name = session.scalar(count.where(LoginAttempt.name == name)) or 0
        of_address = session.scalar(count.where(LoginAttempt.address == address)) if address else 0
        left = min(TRIES_PER_NAME - of_name, TRIES_PER_ADDRESS - (of_address or 0))
        if left <= 0:
            raise _locked()
        attempt = LoginAttempt(name=name, address=address[:64])
        session.add(attempt)
        session.flush()
        return attempt.id, left - 1


def _locked() -> Busy:
    return Busy("too-many-tries", minutes=minutes(WINDOW))


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except VerificationError:
        return False


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))
