"""Runs a module and ends with the process that started it: ``python -m webapp.lifeline webapp.wsgi --port 8000``.

``run.py`` keeps the write end of a pipe whose read end is our standard input. The system closes it when ``run.py``
ends, however it ended; then we stop ourselves. This works the same on Linux and Windows, needs no process numbers, and
asks nothing of the module that is run.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 8  # below run.py's own patience, so that it has nothing left to kill
TOLD_TO_STOP = 0


def hold() -> None:
    """Watch standard input in a thread of its own; when it closes, ask this process to stop, then make it."""
    if os.environ.get("PINGYI_PARENT_PIPE") == "1":
        threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    while os.read(0, 1024):  # nobody writes: this returns when the other end is closed
        pass
    os.kill(os.getpid(), signal.SIGTERM)  # on Windows this ends the process at once
    time.sleep(GRACE_SECONDS)
    os._exit(TOLD_TO_STOP)


if __name__ == "__main__":
    hold()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
