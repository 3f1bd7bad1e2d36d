"""The bell: it wakes a worker for one row. What is lost here is found again by the sweep, for the rows are the truth.

Huey keeps its tasks in a file of its own, so that the queue's locks never meet the application's. A message is signed
JSON, never pickle: whoever can write into the file still can't run code in a worker.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from huey import SqliteHuey
from huey.api import Task as HueyTask
from huey.registry import Message
from huey.serializer import SignedSerializer

from webapp.jobs.tasks import QUEUES, TASKS, run
from webapp.office import Office


class JsonSerializer(SignedSerializer):  # type: ignore[misc]  # Huey ships no types
    """Signed JSON. Raises ValueError for a message that is not ours."""

    def _serialize(self, data: Message) -> bytes:
        signed: bytes = self._sign(json.dumps(list(data)).encode())
        return signed

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(self._unsign(bytes(data))))


class HueyBell:
    """The queues of one instance folder, on SQLite. ``ring`` may be called by any process."""

    def __init__(self, path: Path, secret: str) -> None:
        self._secret, self._path = secret, path
        self._queues = {name: self._open(name) for name in QUEUES}
        self._office: Office | None = None
        self._tasks = {name: self._register(name) for name in TASKS}

    def ring(self, task: str, key: int) -> None:
        """Ask a worker for ``task`` on the row ``key``."""
        self._tasks[task](key)

    def pending(self, queue: str) -> int:
        """Return how many tasks wait in a queue."""
        return int(self._queues[queue].pending_count())

    def next(self, queue: str) -> HueyTask | None:
        """Take the next task out of a queue. Raises ValueError for a message that is not ours."""
        return self._queues[queue].dequeue()

    def perform(self, office: Office, queue: str, task: HueyTask) -> None:
        """Run a task that was taken out. An error of the use case is logged; the sweep sees what is left of it."""
        self._office = office
        self._queues[queue].execute(task)

    def _open(self, name: str) -> SqliteHuey:
        serializer = JsonSerializer(secret=self._secret, salt="pingyi-jobs")
        # a bell that a power cut loses is rung again by the sweep, so it needs no flush to the disk
        return SqliteHuey(name, filename=str(self._path), results=False, serializer=serializer, timeout=30, fsync=False)

    def _register(self, name: str) -> Any:
        def perform(key: int) -> None:
            if self._office is None:
                raise RuntimeError("only a worker performs tasks")
            run(self._office, name, key)

        return self._queues[TASKS[name].queue].task(name=name)(perform)


class InlineBell:
    """Runs a task at once, in the calling process: for tests and for building the demo."""

    office: Office

    def ring(self, task: str, key: int) -> None:
        """Do the task now."""
        run(self.office, task, key)
