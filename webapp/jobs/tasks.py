"""Names of tasks → use cases. A task is a function of the office and one row id; the row says what is to be done.

A use case is imported when it first runs: a reader of pages never loads an OCR engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from webapp import acting
from webapp.office import Office

FAST, SLOW = "fast", "slow"
QUEUES = (FAST, SLOW)


@dataclass(frozen=True, slots=True)
class Task:
    """Where a task's function is, and whose queue it waits in: a page's OCR never delays the reading of pages."""

    queue: str
    module: str
    function: str

    def load(self) -> Callable[[Office, int], None]:
        """Import the use case."""
        use_case: Callable[[Office, int], None] = getattr(import_module(self.module), self.function)
        return use_case


TASKS = {
    "open-scan": Task(FAST, "webapp.services.intake", "open_scan"),
    "read-pages": Task(FAST, "webapp.services.reading", "read_pages"),
    "read-again": Task(FAST, "webapp.services.reading_again", "read_again"),
    "make-prints": Task(SLOW, "webapp.services.printing", "make_file"),
    "propose-text": Task(SLOW, "webapp.services.opinions", "propose"),
}


def run(office: Office, task: str, key: int) -> None:
    """Do a task now, in this process. Raises KeyError for an unknown name."""
    with acting.as_(None, acting.MACHINE):
        TASKS[task].load()(office, key)
