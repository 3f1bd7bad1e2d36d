"""Pages of uploaded files, decoded by a process of their own (``webapp.decode``) that is ended when it takes too long.

Two such processes wait at most; they are started when first needed and again after one died.
"""

from __future__ import annotations

import atexit
import json
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from omr.errors import FileProblem
from omr.image import Grey
from omr.reading import ProblemCode
from omr.settings import StackSettings

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30.0  # for one page; the largest that is taken decodes in three
IDLE_PROCESSES = 2


class Decoder:
    """One process, asked one page at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "webapp.decode"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bytes]:
        """Return the head and the bytes of an answer. Raises EOFError where the process died or was too slow."""
        asked, told = self._process.stdin, self._process.stdout
        if asked is None or told is None:
            raise EOFError
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            asked.write(json.dumps(request).encode() + b"\n")
            asked.flush()
            line = told.readline()
            if not line:
                raise EOFError
            head = json.loads(line)
            data = told.read(head["bytes"])
            if len(data) != head["bytes"]:
                raise EOFError
        except OSError as error:
            raise EOFError from error
        finally:
            timer.cancel()
        return head, data

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):  # a question that a dead process never took
                    pipe.close()


_idle: queue.LifoQueue[Decoder] = queue.LifoQueue(IDLE_PROCESSES)


def page(path: Path, index: int, settings: StackSettings, *, reduce: bool = False, seconds: float = SECONDS) -> Grey:
    """Return one page (from 1) of a file as grey levels, (height, width) uint8; read-only.

    Raises FileProblem: what the file's own reader says, or "damaged" where decoding it failed or took too long.
    """
    limits = asdict(settings)
    head, data = _asked({"path": str(path), "index": index, "limits": limits, "reduce": reduce}, index, seconds)
    if "problem" in head:
        raise FileProblem(ProblemCode(head["problem"]), **head["params"])
    return np.frombuffer(data, np.uint8).reshape(head["shape"])


def _asked(request: dict[str, Any], index: int, seconds: float) -> tuple[dict[str, Any], bytes]:
    try:
        decoder = _idle.get_nowait()
    except queue.Empty:
        decoder = Decoder()
    try:
        found = decoder.ask(request, seconds)
    except EOFError as error:
        decoder.close()
        raise FileProblem(ProblemCode.DAMAGED, page=index) from error
    try:
        _idle.put_nowait(decoder)
    except queue.Full:
        decoder.close()
    return found


def close() -> None:
    """End the processes that wait."""
    while not _idle.empty():
        _idle.get_nowait().close()


atexit.register(close)
