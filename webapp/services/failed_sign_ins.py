"""Failed sign-ins in the trail: who or what was tried, from where and how often, without letting anybody flood it.

Tries of one name from one address, none of them a quarter of an hour after the one before, are a burst. The trail is
told of its first try, of the fifth (which closes the door), of the tenth, the hundredth and so on, and of the number at
its end. A name that nobody has is told as a keyed digest: people type passwords into the wrong field.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from webapp import acting
from webapp.models import SignInFailure, User, now
from webapp.office import Office
from webapp.services import trail
from webapp.settings import Settings, secret_key

PAUSE = dt.timedelta(minutes=15)  # after so long without a try a burst is over
DOOR = 5  # the try that closes the door for a while
MOST_BURSTS = 200  # at one time; what is more is one burst of everybody
DIGEST_DIGITS = 16
EVERYBODY = "everybody"


def note(office: Office, name: str, address: str, *, by_address: bool = False) -> None:
    """Count a failed try. ``by_address``: the door was closed to the whole address, whatever the name."""
    with office.db.begin() as session:
        settle(session)
        who = "" if by_address else _who(session, office.settings, name)
        row = _burst(session, who, address)
        row.tries += 1
        row.last_at = now()
        if row.tries in (1, DOOR) or _is_power_of_ten(row.tries):
            _tell(session, row)


def over(session: Session, user_id: int) -> None:
    """End the bursts of somebody who has signed in, and tell how many tries they were."""
    _end(session, session.scalars(select(SignInFailure).where(SignInFailure.who == f"user:{user_id}")))


def tell_ended(office: Office) -> int:
    """Tell of the bursts that are over; returns how many. A look first: mostly there is none."""
    with office.db.read() as session:
        if session.scalar(select(SignInFailure.id).where(*_ended()).limit(1)) is None:
            return 0
    with office.db.begin() as session:
        return settle(session)


def settle(session: Session) -> int:
    """End the bursts that are over, and tell how many tries they were. Returns how many ended."""
    return _end(session, session.scalars(select(SignInFailure).where(*_ended())))


def _ended() -> tuple[ColumnElement[bool]]:
    return (SignInFailure.last_at < now() - PAUSE,)


def _who(session: Session, settings: Settings, name: str) -> str:
    user_id = session.scalar(select(User.id).where(User.name == name))
    if user_id is not None:
        return f"user:{user_id}"
    key = secret_key(settings, "trail.key").encode()
    return hmac.new(key, f"name\n{name}".encode(), hashlib.sha256).hexdigest()[:DIGEST_DIGITS]


def _burst(session: Session, who: str, address: str) -> SignInFailure:
    """Return the burst that a try belongs to, a new one if there is none."""
    query = select(SignInFailure)
    found = session.scalar(query.where(SignInFailure.who == who, SignInFailure.address == address))
    if found is None and (session.scalar(select(func.count(SignInFailure.id))) or 0) >= MOST_BURSTS:
        who, address = EVERYBODY, ""
        found = session.scalar(query.where(SignInFailure.who == who))
    if found is None:
        found = SignInFailure(who=who, address=address, tries=0, told=0)
        session.add(found)
    return found


def _tell(session: Session, row: SignInFailure) -> None:
    """Write down how many tries there were until now; nobody did it, whoever finds that a burst is over."""
    row.told = row.tries
    user = session.get(User, int(row.who.removeprefix("user:"))) if row.who.startswith("user:") else None
    with acting.as_(None, acting.NOBODY):
        if user is None:
            trail.note(session, "refused", "sign_in", tries=row.tries, address=row.address, digest=row.who)
        else:
            trail.note(session, "refused", row.who, tries=row.tries, address=row.address, name=user.name)


def _end(session: Session, rows: Iterable[SignInFailure]) -> int:
    number = 0
    for row in rows:
        if row.tries > row.told:
            _tell(session, row)
        session.delete(row)
        number += 1
    return number


def _is_power_of_ten(number: int) -> bool:
    return number > 1 and str(number).strip("0") == "1"
