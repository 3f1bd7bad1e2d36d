"""A worker: ``python -m webapp.jobs.worker [--queue fast|slow]``. One process, one thread, one task at a time.

Several are started, one a core; none forks, because forked OpenCV is known to hang.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

import cv2

from webapp import acting, instance_from_environment
from webapp.decode import bound_memory
from webapp.errors import Busy, ServiceError
from webapp.jobs import open_office
from webapp.jobs.queue import HueyBell
from webapp.jobs.sweep import sweep
from webapp.jobs.tasks import FAST, QUEUES, SLOW
from webapp.office import Office
from webapp.services import care, failed_sign_ins
from webapp.settings import load

IDLE_SECONDS = 0.1  # between two looks at an empty queue: a look costs 0.1 ms
SWEEP_SECONDS = 5.0
READER_MEMORY_BYTES = 6 << 30  # address space of what opens strangers' files
CARE_SECONDS = 600.0  # between two looks whether today's copy was made

log = logging.getLogger("webapp.jobs")


class Worker:
    """Takes tasks out of one queue until it is told to stop."""

    def __init__(self, office: Office, bell: HueyBell, queue: str) -> None:
        self.office, self.bell, self.queue = office, bell, queue
        self.stop = threading.Event()
        self._sweep_at = self._care_at = 0.0
        self._busy = False

    def run(self) -> None:
        """Work until ``stop`` is set."""
        while not self.stop.is_set():
            try:
                if not self.turn():
                    self.stop.wait(IDLE_SECONDS)
            except Exception:  # a queue that can't be read now can be read later; the worker must outlive it
                log.exception("could not take a task")
                self.stop.wait(1.0)

    def turn(self) -> bool:
        """Sweep when it is time, then do one task. Tells whether there was one."""
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_SECONDS
            sweep(self.office, self.bell)
        if self.queue == SLOW and time.monotonic() >= self._care_at:
            self._care_at = time.monotonic() + CARE_SECONDS
            self.care()
        task = self.bell.next(self.queue)
        if task is None:
            return False
        self._busy = True
        try:
            self.bell.perform(self.office, self.queue, task)
        finally:
            self._busy = False
        return True

    def care(self) -> None:
        """Make today's copy of all data when it is due. What went wrong is in the log."""
        from webapp import migrate  # here: a reader of pages never loads the migrations

        with acting.as_(None, acting.MACHINE):
            try:
                failed_sign_ins.tell_ended(self.office)
                care.nightly(self.office, migrate.upgrade)
            except Busy:
                log.info("another process is making a copy")
            except (OSError, ServiceError):  # a disk that is full today may have room tomorrow
                log.exception("no copy was made")

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """Signal handler: stop; a task under way gives back what it has not done."""
        self.stop.set()
        if self._busy:
            raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> None:
    """Run one worker until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m webapp.jobs.worker", description=__doc__)
    parser.add_argument("--queue", choices=QUEUES, default=FAST)
    queue: str = parser.parse_args(argv).queue
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("huey").setLevel(logging.WARNING)
    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # of tesseract, which else starts a thread a core for each worker
    if queue == FAST:
        bound_memory(READER_MEMORY_BYTES)
    settings = load(instance_from_environment(), inline_jobs=False)
    office = open_office(settings)
    if not isinstance(office.bell, HueyBell):
        raise TypeError("a worker needs a queue")
    worker = Worker(office, office.bell, queue)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.interrupt)
    log.info("works on %s", queue)
    worker.run()
    office.db.close()


if __name__ == "__main__":
    main()
