"""How the web server takes in a large file: straight into the storage, digested on the way, not by way of a form.

Waitress reads the whole body of a request before the application sees it. A body that is nothing but a file
(``application/octet-stream``) therefore gets a file of the storage as its buffer: it is written once, and what the
application finds as ``wsgi.input`` is an ``Incoming`` that only has to be kept. All other bodies are waitress's own
affair, and an application that runs behind another server reads such a body as any stream.
"""

from __future__ import annotations

import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver

from webapp.storage import Incoming, Storage

FILE_KIND = "application/octet-stream"
ADDRESS_END = "/upload"  # nowhere else does a view know what to do with such a body
RECV_BYTES = 1 << 18  # waitress's own 8 KiB cost a system call and a turn of its loop for each
ABANDONED_SECONDS = 86_400.0  # no upload lasts so long


def channel_class(storage: Storage, most_bytes: int) -> type[HTTPChannel]:
    """Return the class of connections that put files of up to ``most_bytes`` into a storage."""

    class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress ships no types
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            kind = self.headers.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
            is_file = self.command == "POST" and kind == FILE_KIND and self.path.endswith(ADDRESS_END)
            if is_file and 0 < self.content_length < most_bytes:
                self.body_rcv = FixedStreamReceiver(self.content_length, Buffer(storage))

    class Channel(HTTPChannel):  # type: ignore[misc]  # waitress ships no types
        parser_class = Parser

    return Channel


class Buffer(Incoming):
    """An incoming file as waitress handles the body of a request."""

    def __len__(self) -> int:
        return self.size

    def getfile(self) -> Incoming:
        """Return what becomes ``wsgi.input``."""
        return self


def prepare(storage: Storage) -> None:
    """Remove what a killed server had half received."""
    storage.sweep(time.time() - ABANDONED_SECONDS)


def incoming(environ: dict[str, Any]) -> Incoming | None:
    """Return the file that came in as the body of a request; None where the body is still to be read."""
    body = environ.get("wsgi.input")
    return body if isinstance(body, Incoming) else None
