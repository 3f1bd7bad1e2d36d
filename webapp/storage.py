"""Files under their SHA-256, in a local folder. Written whole or not at all, never overwritten.

A later machine room may put S3 behind the same few methods; nothing else in the app knows where a file lies.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 20
HEAD_BYTES = 1024  # enough to tell a file's kind


class Incoming:
    """A file on its way in: digested as it is written, named by its digest once it is kept; else nothing is left of it.

    ``append`` never raises: it is called where nobody could tell the person. What hindered it, ``keep`` raises.
    """

    def __init__(self, storage: Storage) -> None:
        self.size, self.head = 0, b""
        self._storage, self._digest = storage, hashlib.sha256()
        self._trouble: OSError | None = None
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        storage.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="incoming-", dir=storage.folder)
        self._path = Path(name)
        self._file = os.fdopen(handle, "wb", buffering=0)

    def append(self, data: bytes) -> None:
        """Write on."""
        self.size += len(data)
        if self._trouble is not None or self._file is None:
            return
        if len(self.head) < HEAD_BYTES:
            self.head += data[: HEAD_BYTES - len(self.head)]
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._digest.update(data)
        except OSError as error:
            self._trouble = error

    def keep(self) -> str:
        """Put the file in its place, safe from a power cut, and return its digest. Raises OSError."""
        if self._trouble is not None:
            raise self._trouble
        if self._file is None or self._path is None:
            raise ValueError("the file was closed")
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        target = self._storage.path(self._digest.hexdigest())
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            self._path.replace(target)
        return self._digest.hexdigest()

    def close(self) -> None:
        """Let go of the file; what was not kept is gone."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def __del__(self) -> None:  # a connection that broke drops its half-received request without a word
        self.close()


class Storage:
    """A folder of files named by their digest: ``scans/ab/abcdef…``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where a stored file lies. Raises ValueError for what is no digest."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(sha256)
        return self.folder / sha256[:2] / sha256

    def put(
        self, stream: BinaryIO | Incoming, limit: int | None = None, check: Callable[[bytes], None] | None = None
    ) -> tuple[str, int]:
        """Store a stream, or what has come in already; return its digest and size in bytes.

        ``check`` gets the first bytes before the file is kept, and raises what speaks against it. Raises OverflowError
        over ``limit`` bytes (nothing is kept) and OSError where the disk is full.
        """
        incoming = stream if isinstance(stream, Incoming) else Incoming(self)
        try:
            if not isinstance(stream, Incoming):
                while chunk := stream.read(CHUNK):
                    incoming.append(chunk)
                    if limit is not None and incoming.size > limit:
                        break
            if limit is not None and incoming.size > limit:
                raise OverflowError(incoming.size)
            if check is not None:
                check(incoming.head)
            return incoming.keep(), incoming.size
        finally:
            incoming.close()

    def free_bytes(self) -> int:
        """Return the free space of the disk that holds the files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free

    def sweep(self, older_than: float) -> None:
        """Remove what half came in before a moment (seconds of the epoch) and belongs to a process that was killed."""
        for path in self.folder.glob("incoming-*"):
            if path.stat().st_mtime < older_than:
                path.unlink(missing_ok=True)
