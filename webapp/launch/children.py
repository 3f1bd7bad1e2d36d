"""Our processes: started, watched, started again when they die, stopped together.

Each runs under ``webapp.lifeline``: its standard input is a pipe that we hold open, and it stops when the pipe closes.
That is how we stop it, and also how it ends when we are killed and can stop nobody.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from webapp.launch import PYTHON, ROOT
from webapp.launch.setup import environment
from webapp.launch.words import say, word

STOP_SECONDS = 10  # what has not stopped by then is killed
STEADY_SECONDS = 60  # a process that lived so long has died of something new
LONGEST_PAUSE = 60
LOG_LIMIT = 5_000_000  # bytes; a longer log is put aside when its process starts


def pause(deaths: int) -> int:
    """Return how many seconds to wait before starting a process that died so many times in a row."""
    return min(LONGEST_PAUSE, 1 << min(deaths - 1, 10))


class Child:
    """One of our processes: started, watched, started again when it dies, stopped by closing its input."""

    def __init__(self, name: str, module: Sequence[str], instance: Path, threads: str | None = None) -> None:
        self.name = word(name.split()[0], number=name.split()[-1])
        self.command = [str(PYTHON), "-m", "webapp.lifeline", *module]
        self.env = environment(instance) | {"PINGYI_PARENT_PIPE": "1"}
        self.env |= {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads} if threads else {}
        self.log = instance / "logs" / f"{name.replace(' ', '-')}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths, self.started, self.due = 0, 0.0, 0.0

    def start(self) -> None:
        """Start the process, away from the terminal's Ctrl-C: that one is ours to handle."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.env, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )  # fmt: skip
        self.started = time.monotonic()

    def tend(self, now: float) -> None:
        """See whether the process lives; tell its death, and start it again when its pause is over."""
        if self.process is None:
            if now >= self.due:
                self.start()
                say("again", name=self.name)
        elif (status := self.process.poll()) is not None:
            self.deaths = 1 if now - self.started >= STEADY_SECONDS else self.deaths + 1
            self.due = now + pause(self.deaths)
            self.let_go()
            say("died", name=self.name, status=status, pause=pause(self.deaths), log=self.log)

    def let_go(self) -> None:
        """Close the pipe: a living process stops itself."""
        if self.process and self.process.stdin:
            self.process.stdin.close()
        if self.process and self.process.poll() is not None:
            self.process = None

    def finish(self, deadline: float) -> None:
        """Wait until the process has stopped; kill it when the time is over."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            say("killed", name=self.name, seconds=STOP_SECONDS)


def stop(children: Sequence[Child]) -> None:
    """Stop all processes, together."""
    say("stopping")
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.let_go()
    for child in children:
        child.finish(deadline)
    say("stopped")
