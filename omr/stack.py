"""Opens what comes out of a scanner: PDF, TIFF, JPEG, PNG → grey pages, one at a time.

A file's kind is told by its content, never by its name. Bytes, pages and pixels are limited *before* anything is
decoded. Only one page is in memory at a time, however long the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from omr.errors import FileProblem
from omr.image import Grey, Page
from omr.raster import ImageStack, TiffStack
from omr.reading import ProblemCode
from omr.settings import StackSettings


class Stack(Protocol):
    """An open file. ``page`` raises FileProblem where that page can't be decoded."""

    def __len__(self) -> int: ...
    def page(self, index: int, reduce: bool) -> Page: ...
    def close(self) -> None: ...


def open_stack(path: Path, settings: StackSettings | None = None) -> Stack:
    """Open a file of any kind we read; pages count from 1. Raises FileProblem."""
    settings = settings or StackSettings()
    stack = _opener(path, settings)(path, settings)
    if len(stack) > settings.max_pages:
        pages = len(stack)
        stack.close()
        raise FileProblem(ProblemCode.TOO_MANY_PAGES, pages=pages, limit=settings.max_pages)
    return stack


def iter_pages(path: Path, settings: StackSettings | None = None, reduce: bool = True) -> Iterator[Page | FileProblem]:
    """Yield the pages of a file in order; a page that can't be decoded is yielded as its FileProblem.

    Raises FileProblem where the file can't be opened at all.
    """
    stack = open_stack(path, settings)
    try:
        for index in range(1, len(stack) + 1):
            try:
                yield stack.page(index, reduce)
            except FileProblem as problem:
                yield problem
    finally:
        stack.close()


def open_page(path: Path, index: int, settings: StackSettings | None = None) -> Grey:
    """Return one page (from 1) at full resolution, without decoding the others. Raises FileProblem."""
    stack = open_stack(path, settings)
    try:
        if not 1 <= index <= len(stack):
            raise FileProblem(ProblemCode.DAMAGED, page=index)
        return stack.page(index, reduce=False).grey
    finally:
        stack.close()


def _opener(path: Path, settings: StackSettings) -> Callable[[Path, StackSettings], Stack]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise FileProblem(ProblemCode.NOT_AN_IMAGE) from error
    if size == 0:
        raise FileProblem(ProblemCode.EMPTY_FILE)
    if size > settings.max_bytes:
        raise FileProblem(ProblemCode.TOO_LARGE, megabytes=size // 1_000_000, limit=settings.max_bytes // 1_000_000)
    if b"%PDF-" in head:
        from omr.pdf import PdfStack  # its two libraries take as long to load as a page to read; pictures need neither

        return PdfStack
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return TiffStack
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return ImageStack
    raise FileProblem(ProblemCode.NOT_AN_IMAGE)
