"""Processes that read a stack side by side.

They are spawned, never forked: forked OpenCV is known to hang. A process that dies (killed, out of memory) is found at
once; what it had in hand is read again, and pages that kill it twice are named and left out.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from omr.errors import FileProblem
from omr.reader import rejected
from omr.reading import ProblemCode
from omr.run import Chunk, Job, Line, Worker, line_of

_AHEAD = 4  # chunks in hand for each process: none waits, and lines don't pile up


class Pool:
    """Processes that read chunks side by side; a dead one is replaced."""

    def __init__(self, job: Job, jobs: int) -> None:
        self._job, self._jobs = job, jobs
        self._executor = self._started()

    def lines(self, chunks: Iterator[Chunk]) -> Iterator[Line]:
        """Yield the lines of all chunks, in order."""
        in_hand: deque[tuple[Chunk, Future[list[Line]]]] = deque()
        for chunk in chunks:
            in_hand.append((chunk, self._executor.submit(_read, chunk)))
            if len(in_hand) >= self._jobs * _AHEAD:
                yield from self._first(in_hand)
        while in_hand:
            yield from self._first(in_hand)

    def close(self) -> None:
        """Let the processes go; what they have in hand is dropped."""
        self._executor.shutdown(cancel_futures=True)

    def _first(self, in_hand: deque[tuple[Chunk, Future[list[Line]]]]) -> list[Line]:
        chunk, future = in_hand.popleft()
        try:
            return future.result()
        except BrokenProcessPool:
            lines = self._alone(chunk)  # which of those in hand was too much isn't known: one at a time tells
            later = [chunk for chunk, _ in in_hand]
            in_hand.clear()
            in_hand.extend((chunk, self._executor.submit(_read, chunk)) for chunk in later)
            return lines

    def _alone(self, chunk: Chunk) -> list[Line]:
        """Read page by page with nothing else in hand; a page that kills its process gets a line that says so."""
        self._replace()
        lines: list[Line] = []
        for index in chunk.pages:
            try:
                lines += self._executor.submit(_read, Chunk(chunk.path, (index,))).result()
            except BrokenProcessPool:
                self._replace()
                trouble = FileProblem(ProblemCode.READER_DIED, page=index)
                lines.append(line_of(rejected(str(chunk.path), index, trouble.problem())))
        return lines

    def _replace(self) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._executor = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_start, initargs=(self._job,))


_worker: Worker | None = None  # of this process; set once when it starts


def _start(job: Job) -> None:
    global _worker
    _worker = Worker(job)


def _read(chunk: Chunk) -> list[Line]:
    if _worker is None:
        raise RuntimeError("the process was not started by read_all")
    return _worker.read(chunk)
