"""Reads many files with one or several processes, and gives the lines back in the order of the input.

A process gets (file, pages) and opens the file itself: no image ever passes between processes, and none holds more than
one page. ``omr.pool`` keeps the processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from forms.layout import Layout
from omr import overlay, stack
from omr.errors import FileProblem
from omr.reader import Reader, rejected
from omr.reading import PageReading, Status
from omr.repeats import Repeats, Said, key_of, said_by, with_fault
from omr.settings import ReaderSettings

_CHUNK = 8  # pages a process takes at once: a share of a second, and the file is opened seldom


class Line(NamedTuple):
    """A line of readings.jsonl, whether its page was read, and what tells whether the page came before."""

    text: str
    read: bool
    key: tuple[str, int] | None = None
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What every process must know."""

    layouts: tuple[Layout, ...]
    overlays: Path | None = None
    settings: ReaderSettings = field(default_factory=ReaderSettings)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some pages of one file."""

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

    def read(self, chunk: Chunk) -> list[Line]:
        """Return the lines of a chunk's pages."""
        source = str(chunk.path)
        if chunk.trouble is not None:
            return [line_of(rejected(source, None, chunk.trouble.problem()))]
        return [line_of(reading) for index in chunk.pages for reading in self._page(chunk.path, index, source)]

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


def read_all(files: Sequence[Path], job: Job, jobs: int) -> Iterator[tuple[str, bool]]:
    """Yield the lines of all pages of all files, in order, and whether each page was read.

    A page that came before in the stack carries a fault that names the first. Raises OSError where an overlay can't be
    written.
    """
    seen = Repeats()
    for text, good, key, said in _lines(files, job, jobs):
        fault = seen.fault(key, said) if key and said else None
        yield (with_fault(text, fault) if fault else text), good


def _lines(files: Sequence[Path], job: Job, jobs: int) -> Iterator[Line]:
    chunks = (chunk for path in files for chunk in _chunks(path, job.settings))
    if jobs == 1:
        worker = Worker(job)
        for chunk in chunks:
            yield from worker.read(chunk)
        return
    from omr.pool import Pool  # what it needs takes a page's time to load, and one process needs none of it

    pool = Pool(job, jobs)
    try:
        yield from pool.lines(chunks)
    finally:
        pool.close()


def _chunks(path: Path, settings: ReaderSettings) -> Iterator[Chunk]:
    try:
        opened = stack.open_stack(path, settings.stack)
        count = len(opened)
        opened.close()
    except FileProblem as trouble:
        yield Chunk(path, (), trouble)
        return
    for first in range(1, count + 1, _CHUNK):
        yield Chunk(path, tuple(range(first, min(first + _CHUNK, count + 1))))


def line_of(reading: PageReading) -> Line:
    """Return the line of one page."""
    key = key_of(reading)
    return Line(reading.dumps(), reading.status is Status.READ, key, said_by(reading) if key else None)
