"""Who acts: the person of the request, the machine or the command line. The trail asks here.

The web layer calls ``enter`` for each request, workers and commands wrap what they do in ``as_``. A context variable
follows its thread, so two requests at once never meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

MACHINE = "machine"
COMMAND_LINE = "command-line"
NOBODY = ""  # somebody who has not signed in (yet)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``role`` is the role that allowed it, or MACHINE, COMMAND_LINE, NOBODY."""

    user_id: int | None = None
    role: str = NOBODY
    why: str = ""


UNKNOWN = Actor()
_actor: ContextVar[Actor] = ContextVar("pingyi-actor", default=UNKNOWN)


def current() -> Actor:
    """Return who acts now."""
    return _actor.get()


def enter(user_id: int | None, role: str, why: str = "") -> None:
    """Say who acts from now on in this thread: the web layer, at the start of each request."""
    _actor.set(Actor(user_id, role, why))


@contextmanager
def as_(user_id: int | None, role: str, why: str = "") -> Iterator[None]:
    """Act as somebody for a while; afterwards it is as before."""
    token = _actor.set(Actor(user_id, role, why))
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def because(why: str) -> Iterator[None]:
    """Give the reason of what the same person does inside: of rows that have no reason of their own."""
    token = _actor.set(replace(_actor.get(), why=why))
    try:
        yield
    finally:
        _actor.reset(token)
