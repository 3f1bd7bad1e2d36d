"""Reads many files with one or several processes, and gives the lines back in the order of the input.

A process gets (file, pages) and opens the file itself: no image ever passes between processes, and none holds more than
one page. Processes are spawned, never forked: forked OpenCV is known to hang. A process that dies (killed, out of
memory) is found at once; what it had in hand is read again, and pages that kill it twice are named and left out.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from forms.layout import Layout
from omr import overlay, stack
from omr.errors import FileProblem
from omr.reader import Reader, rejected
from omr.reading import PageReading, ProblemCode, Status
from omr.settings import ReaderSettings

_AHEAD = 4  # chunks in hand for each process: none waits, and lines don't pile up
_CHUNK = 8  # pages a process takes at once: a share of a second, and the file is opened seldom
Line = tuple[str, bool]  # a line of readings.jsonl, and whether its page was read


@dataclass(frozen=True, slots=True)
class Job:
    """What every process must know."""

    layouts: tuple[Layout, ...]
    overlays: Path | None = None
    settings: ReaderSettings = field(default_factory=ReaderSettings)


@dataclass(frozen=True, slots=True)
class _Chunk:
    path: Path
    pages: tuple[int, ...]  # empty: the file can't be opened, ``trouble`` says why
    trouble: FileProblem | None = None


class Worker:
    """Reads chunks; keeps the last file open, since the next chunk is most likely of the same."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._reader = Reader({layout.digest: layout for layout in job.layouts}, job.settings)
        self._path: Path | None = None
        self._stack: stack.Stack | None = None

    def read(self, chunk: _Chunk) -> list[Line]:
        """Return the lines of a chunk's pages."""
        source = str(chunk.path)
        if chunk.trouble is not None:
            return [_line(rejected(source, None, chunk.trouble.problem()))]
        return [_line(reading) for index in chunk.pages for reading in self._page(chunk.path, index, source)]

    def _page(self, path: Path, index: int, source: str) -> list[PageReading]:
        try:
            page = self._open(path).page(index, reduce=True)
        except FileProblem as trouble:
            return [rejected(source, index, trouble.problem())]
        readings = self._reader.read(page, source)
        if self._job.overlays is not None:
            overlay.write(page, readings, self._reader.layouts, self._job.overlays)
        return readings

    def _open(self, path: Path) -> stack.Stack:
        if self._stack is None or self._path != path:
            if self._stack is not None:
                self._stack.close()
            self._stack, self._path = None, None
            self._stack, self._path = stack.open_stack(path, self._job.settings.stack), path
        return self._stack


def read_all(files: Sequence[Path], job: Job, jobs: int) -> Iterator[Line]:
    """Yield the lines of all pages of all files, in order. Raises OSError where an overlay can't be written."""
    chunks = (chunk for path in files for chunk in _chunks(path, job.settings))
    if jobs == 1:
        worker = Worker(job)
        for chunk in chunks:
            yield from worker.read(chunk)
        return
    pool = _Pool(job, jobs)
    try:
        yield from pool.lines(chunks)
    finally:
        pool.close()


class _Pool:
    """Processes that read chunks side by side; a dead one is replaced."""

    def __init__(self, job: Job, jobs: int) -> None:
        self._job, self._jobs = job, jobs
        self._executor = self._started()

    def lines(self, chunks: Iterator[_Chunk]) -> Iterator[Line]:
        """Yield the lines of all chunks, in order."""
        in_hand: deque[tuple[_Chunk, Future[list[Line]]]] = deque()
        for chunk in chunks:
            in_hand.append((chunk, self._executor.submit(_read, chunk)))
            if len(in_hand) >= self._jobs * _AHEAD:
                yield from self._first(in_hand)
        while in_hand:
            yield from self._first(in_hand)

    def close(self) -> None:
        self._executor.shutdown(cancel_futures=True)

    def _first(self, in_hand: deque[tuple[_Chunk, Future[list[Line]]]]) -> list[Line]:
        chunk, future = in_hand.popleft()
        try:
            return future.result()
        except BrokenProcessPool:
            lines = self._alone(chunk)  # which of those in hand was too much isn't known: one at a time tells
            later = [chunk for chunk, _ in in_hand]
            in_hand.clear()
            in_hand.extend((chunk, self._executor.submit(_read, chunk)) for chunk in later)
            return lines

    def _alone(self, chunk: _Chunk) -> list[Line]:
        """Read page by page with nothing else in hand; a page that kills its process gets a line that says so."""
        self._replace()
        lines: list[Line] = []
        for index in chunk.pages:
            try:
                lines += self._executor.submit(_read, _Chunk(chunk.path, (index,))).result()
            except BrokenProcessPool:
                self._replace()
                trouble = FileProblem(ProblemCode.READER_DIED, page=index)
                lines.append(_line(rejected(str(chunk.path), index, trouble.problem())))
        return lines

    def _replace(self) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._executor = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_start, initargs=(self._job,))


def _chunks(path: Path, settings: ReaderSettings) -> Iterator[_Chunk]:
    try:
        opened = stack.open_stack(path, settings.stack)
        count = len(opened)
        opened.close()
    except FileProblem as trouble:
        yield _Chunk(path, (), trouble)
        return
    for first in range(1, count + 1, _CHUNK):
        yield _Chunk(path, tuple(range(first, min(first + _CHUNK, count + 1))))


def _line(reading: PageReading) -> Line:
    return reading.dumps(), reading.status is Status.READ


_worker: Worker | None = None  # of this process; set once when it starts


def _start(job: Job) -> None:
    global _worker
    _worker = Worker(job)


def _read(chunk: _Chunk) -> list[Line]:
    if _worker is None:
        raise RuntimeError("the process was not started by read_all")
    return _worker.read(chunk)
