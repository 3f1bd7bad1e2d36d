"""What a use case works with: settings, database, files, queue. Made once a process, passed as the first argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from webapp.db import Database
from webapp.settings import Settings
from webapp.storage import Storage


class Bell(Protocol):
    """The queue, seen from the services: it only wakes a worker; the truth is in the rows."""

    def ring(self, task: str, key: int) -> None:
        """Ask for ``task`` on the row ``key``. Repeats are harmless."""


@dataclass(frozen=True, slots=True)
class Office:
    """Everything a service may need."""

    settings: Settings
    db: Database
    storage: Storage
    bell: Bell
