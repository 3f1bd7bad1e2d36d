"""The web server, the readers, the job process and the scanner folder, until somebody stops us."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import time
from pathlib import Path

from webapp.launch.children import Child, stop
from webapp.launch.setup import migrate
from webapp.launch.words import Trouble, cause_of, say, step

SIGN_IN = "/sign-in"
READY_SECONDS = 60


def listen(host: str, port: int) -> None:
    """Try to listen where the web server will. Raises Trouble where it cannot."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            if os.name != "nt":  # there the option would let us in beside the other program
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Trouble("in-use", host=host, port=port, other=port + 1 if port < 65535 else port - 1) from error
        raise Trouble("no-listen", host=host, port=port, cause=cause_of(error)) from error


def reachable(host: str) -> str:
    """Return the address at which this computer reaches a server that listens at ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # looks it up, binds nothing


def await_answer(web: Child, host: str, port: int) -> None:
    """Wait until the sign-in page answers. Raises Trouble when the server died or is silent."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if web.process is None or web.process.poll() is not None:
            break
        connection = http.client.HTTPConnection(reachable(host), port, timeout=5)
        try:
            connection.request("GET", SIGN_IN)
            if (answer := connection.getresponse()).status < http.client.BAD_REQUEST:
                return
            raise Trouble("no-answer", cause=f"{SIGN_IN}: {answer.status} {answer.reason}", log=web.log)
        except OSError:
            time.sleep(0.05)  # it does not listen yet
        finally:
            connection.close()
    lines = web.log.read_text("utf-8", errors="replace").strip().splitlines()
    raise Trouble("no-answer", cause=lines[-1] if lines else "", log=web.log)


def welcome(host: str, port: int, first_run: str) -> None:
    """Print the address; on the first run, the one at which the administrator is made."""
    name = reachable(host)
    address = f"http://{f'[{name}]' if ':' in name else name}:{port}"
    say("open", url=address)
    if name != host:
        say("others", url=f"http://{socket.gethostname()}:{port}")
    if first_run:
        say("first", url=address + first_run)
    say("how-to-stop")


def serve(instance: Path, host: str, port: int, workers: int) -> None:
    """Migrate, then run all processes until Ctrl-C or SIGTERM. Raises Trouble when the web server cannot start."""
    first_run = migrate(instance)
    web = Child("web", ["webapp.wsgi", "--host", host, "--port", str(port)], instance)
    readers = [Child(f"reader {n + 1}", ["webapp.jobs.worker"], instance, threads="1") for n in range(workers)]
    others = [
        Child("slow", ["webapp.jobs.worker", "--queue", "slow"], instance),
        Child("watch", ["webapp.watch"], instance),
    ]
    children = [web, *readers, *others]
    try:
        with step("start"):
            web.start()
            await_answer(web, host, port)  # alone at first: the page is there sooner
        for child in children[1:]:
            child.start()
        welcome(host, port, first_run)
        while True:
            for child in children:
                child.tend(time.monotonic())
            time.sleep(0.2)
    except KeyboardInterrupt:
        return
    finally:
        stop(children)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
