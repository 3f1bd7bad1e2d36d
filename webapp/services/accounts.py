"""Users: the first administrator by a one-time link, the others by an administrator. What they may do: ``grants``."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import LoginAttempt, SetupToken, SignIn, User, now
from webapp.office import Office
from webapp.rights import RUNS_ALONE, Role
from webapp.services import grants, passwords

LANGUAGES = ("zh", "en")
NAME_LENGTHS = range(2, 65)  # characters; most Chinese names have two or three


def setup_link(office: Office, base_url: str = "") -> str | None:
    """Return a link that makes the first administrator, once; None when there is one already.

    A new link replaces the one before: only its digest is kept, so an old link can't be shown again.
    """
    token = secrets.token_urlsafe(24)
    with office.db.begin() as session:
        if grants.administrators(session):
            return None
        session.execute(delete(SetupToken).where(SetupToken.used_at.is_(None)))
        session.add(SetupToken(token=_digest(token)))
    return f"{base_url.rstrip('/')}/first-run/{token}"


def check_setup_link(office: Office, token: str) -> None:
    """Raise NotFound unless the link may still be used."""
    with office.db.read() as session:
        _setup_row(session, token)


def make_first_administrator(
    office: Office,
    token: str,
    *,
    name: str,
    display_name: str,
    password: str,
    language: str = "zh",
    runs_appraisal: bool = False,
) -> int:
    """Use up the link and make the administrator. Raises NotFound (link used), Conflict and InvalidInput.

    ``runs_appraisal`` gives him the roles besides with which a small office can begin with one person.
    """
    check_setup_link(office, token)  # before the costly hash
    user = _new_user(name, display_name, password, language)
    with office.db.begin() as session:
        _setup_row(session, token).used_at = now()
        user_id = _add(session, user)
        for role in (Role.ADMINISTRATOR, *(RUNS_ALONE if runs_appraisal else ())):
            grants.add(session, user_id, role, None, by=None)
        return user_id


def users(office: Office) -> list[User]:
    """Return all users, active ones first."""
    with office.db.read() as session:
        return list(session.scalars(select(User).order_by(User.active.desc(), User.id)))


def create_user(
    office: Office,
    *,
    name: str,
    display_name: str,
    roles: Iterable[str],
    unit_id: int | None = None,
    by: int | None = None,
    language: str = "zh",
    password: str | None = None,
) -> tuple[int, str]:
    """Make a user who holds ``roles`` on a unit (None: the whole school). Returns id and password.

    A password is made up where none is given; it is shown once and kept nowhere. Raises InvalidInput and Conflict
    (name taken).
    """
    password = password or passwords.made_up()
    user = _new_user(name, display_name, password, language)
    with office.db.begin() as session:
        user_id = _add(session, user)
        for role in roles:
            grants.add(session, user_id, role, unit_id, by=by)
    return user_id, password


def set_active(office: Office, user_id: int, active: bool) -> User:
    """Open or close an account; closing ends its sign-ins. Raises Conflict for the last administrator."""
    with office.db.begin() as session:
        user = _get(session, user_id)
        if not active and grants.administrators(session) == {user_id}:
            raise Conflict("last-administrator")
        user.active = active
        if not active:
            _revoke_all(session, user_id)
    return user


def reset_password(office: Office, user_id: int) -> str:
    """Give a user a new password, end his sign-ins and lift a lock. Returns the password: shown once."""
    password = passwords.made_up()
    hashed = passwords.hashed(password)
    with office.db.begin() as session:
        user = _get(session, user_id)
        user.password_hash = hashed
        _revoke_all(session, user_id)
        session.execute(delete(LoginAttempt).where(LoginAttempt.name == user.name))
    return password


def user(office: Office, user_id: int) -> User:
    """Return a user. Raises NotFound."""
    with office.db.read() as session:
        return _get(session, user_id)


def user_named(office: Office, name: str) -> User:
    """Return the user of a name. Raises NotFound."""
    with office.db.read() as session:
        user = session.scalar(select(User).where(User.name == clean_name(name)))
    if user is None:
        raise NotFound("no-such-user", name=name)
    return user


def change_password(office: Office, user_id: int, *, old: str, new: str, keep: str) -> None:
    """Change one's own password; all sign-ins end but the one with the digest ``keep``. Raises InvalidInput."""
    with office.db.read() as session:
        user = _get(session, user_id)
    if not passwords.matches(user.password_hash, old):
        raise InvalidInput("wrong-old-password")
    passwords.check(new, user.name)
    hashed = passwords.hashed(new)
    with office.db.begin() as session:
        _get(session, user_id).password_hash = hashed
        _revoke_all(session, user_id, keep=keep)


def set_language(office: Office, user_id: int, language: str) -> None:
    """Set the language of a user's pages. Raises InvalidInput."""
    if language not in LANGUAGES:
        raise InvalidInput("no-such-language")
    with office.db.begin() as session:
        _get(session, user_id).language = language


def clean_name(name: str) -> str:
    """Return a name in one form of writing: full-width letters become plain ones, spaces around it go."""
    return unicodedata.normalize("NFKC", name).strip()


def _new_user(name: str, display_name: str, password: str, language: str) -> User:
    name, display_name = clean_name(name), display_name.strip()
    if len(name) not in NAME_LENGTHS or any(c.isspace() or not c.isprintable() for c in name):
        raise InvalidInput("bad-user-name", least=NAME_LENGTHS[0], most=NAME_LENGTHS[-1])
    if len(display_name) > NAME_LENGTHS[-1]:
        raise InvalidInput("display-name-long", most=NAME_LENGTHS[-1])
    if language not in LANGUAGES:
        raise InvalidInput("no-such-language")
    passwords.check(password, name)
    hashed = passwords.hashed(password)
    return User(name=name, display_name=display_name or name, language=language, password_hash=hashed)


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


def _setup_row(session: Session, token: str) -> SetupToken:
    query = select(SetupToken).where(SetupToken.token == _digest(token), SetupToken.used_at.is_(None))
    row = session.scalar(query)
    if row is None or grants.administrators(session):
        raise NotFound("setup-link-used")
    return row


def _revoke_all(session: Session, user_id: int, keep: str = "") -> None:
    query = update(SignIn).where(SignIn.user_id == user_id, SignIn.token != keep, SignIn.revoked_at.is_(None))
    session.execute(query.values(revoked_at=now()))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
