"""Who signs in: users, their sign-ins, failed attempts, the first-run link."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, now


class User(Base):
    """A person of the office. What he may do is in his grants."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)  # what is typed at sign-in; two characters are enough
    display_name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    totp_secret: Mapped[str | None] = mapped_column(String(64))  # services.sealing; None: the password is enough
    totp_step: Mapped[int] = mapped_column(default=0)  # the 30 s step of the last code: none works twice
    created_at: Mapped[dt.datetime] = mapped_column(default=now)


class Grant(Base):
    """A role of ``webapp.rights`` that a person holds on a unit (None: the whole school).

    Never deleted: it ends by being revoked. ``granted_by`` is None where the first-run link or the command line gave
    it.
    """

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    granted_at: Mapped[dt.datetime] = mapped_column(default=now)
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class SignIn(Base):
    """One sign-in: the session cookie holds ``token``, which can be revoked."""

    __tablename__ = "sign_in"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of what the cookie holds
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    seen_at: Mapped[dt.datetime] = mapped_column(default=now)
    revoked_at: Mapped[dt.datetime | None]
    agent: Mapped[str] = mapped_column(String(200), default="")
    user: Mapped[User] = relationship()


class RecoveryCode(Base):
    """A code that works once instead of the one of the telephone. Only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    used_at: Mapped[dt.datetime | None]


class LoginAttempt(Base):
    """A failed sign-in; too many in a short time close the door for a while."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[dt.datetime] = mapped_column(default=now, index=True)


class SignInFailure(Base):
    """A burst of failed sign-ins: counted here, told to the trail by ``services.failed_sign_ins``.

    ``who``: ``user:12``, the digest of a name that nobody has, or "" where a whole address was refused.
    """

    __tablename__ = "sign_in_failure"
    __table_args__ = (UniqueConstraint("who", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(64), default="")
    tries: Mapped[int]
    told: Mapped[int]  # of these, how many the trail knows
    last_at: Mapped[dt.datetime] = mapped_column(default=now)


class SetupToken(Base):
    """The one-time link on which the first administrator is made. Only its SHA-256 is kept."""

    __tablename__ = "setup_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=now)
    used_at: Mapped[dt.datetime | None]
