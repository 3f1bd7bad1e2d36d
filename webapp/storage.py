"""Files under their SHA-256, in a local folder. Written whole or not at all, never overwritten.

A later machine room may put S3 behind the same few methods; nothing else in the app knows where a file lies.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 20


class Storage:
    """A folder of files named by their digest: ``scans/ab/abcdef…``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where a stored file lies. Raises ValueError for what is no digest."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(sha256)
        return self.folder / sha256[:2] / sha256

    def put(self, stream: BinaryIO, limit: int | None = None) -> tuple[str, int]:
        """Store a stream and return its digest and size in bytes.

        Raises OverflowError over ``limit`` bytes (nothing is kept) and OSError where the disk is full.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(prefix="incoming-", dir=self.folder)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
                    if limit is not None and size > limit:
                        raise OverflowError(size)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            target = self.path(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            if not target.exists():
                temporary.replace(target)
            return digest.hexdigest(), size
        finally:
            temporary.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Return the free space of the disk that holds the files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free
