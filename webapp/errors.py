"""Errors of the use cases: a stable code and parameters. The sentence (place – cause – remedy) is in messages.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_name("messages.yaml")


class ServiceError(Exception):
    """A use case can't go on, for a reason that its user can understand."""

    status = 400

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class InvalidInput(ServiceError):
    """What came in doesn't fit; the user can mend it."""

    status = 422


class NotFound(ServiceError):
    """There is no such thing (or no longer)."""

    status = 404


class Forbidden(ServiceError):
    """This person may not do it."""

    status = 403


class Conflict(ServiceError):
    """Somebody else was first, or the matter is sealed."""

    status = 409


class Busy(ServiceError):
    """It can't be done now, but later: too many tries, disk full, another job running."""

    status = 503
