"""Our processes, with a real server as the child: restarted when killed, stopped together, ending with their parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from webapp.launch import PYTHON, ROOT
from webapp.launch.children import Child, pause, stop


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def wait_until(condition, seconds=20):
    """Wait for a condition. It is the machine's speed that is waited for, not a thing that is measured."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def child(instance, port):
    child = Child("web", ["http.server", str(port), "--bind", "127.0.0.1"], instance)
    yield child
    stop([child])


def test_child__serves_and_writes_its_log(child, port):
    child.start()
    wait_until(lambda: answers(port))
    assert child.log.exists()


def test_child_killed__is_told_and_started_again_after_its_pause(child, port, capsys):
    child.start()
    wait_until(lambda: answers(port))
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: (child.tend(time.monotonic()), child.process is None)[1])
    assert str(child.log) in capsys.readouterr().out
    died = time.monotonic()
    child.tend(died)
    assert child.process is None, "the pause is not over"
    child.tend(died + pause(1))
    assert child.process.pid != first
    wait_until(lambda: answers(port))


def test_child_that_dies_at_once__waits_longer_each_time(instance):
    child = Child("watch", ["webapp.no_such_module"], instance)
    now = time.monotonic()
    pauses = []
    for _ in range(3):
        child.start()
        child.process.wait()
        child.tend(now)
        pauses.append(child.due - now)
    assert pauses == [1, 2, 4]
    assert "no_such_module" in child.log.read_text("utf-8")


def test_stop__ends_every_child(instance):
    ports = [free_port(), free_port()]
    children = [Child("web", ["http.server", str(port), "--bind", "127.0.0.1"], instance) for port in ports]
    for child in children:
        child.start()
    wait_until(lambda: all(map(answers, ports)))
    processes = [child.process for child in children]
    stop(children)
    assert [process.returncode for process in processes] == [-signal.SIGTERM, -signal.SIGTERM]
    assert not any(map(answers, ports))


def test_child_deaf_to_sigterm__ends_too(instance, tmp_path, monkeypatch):
    ready = tmp_path / "ready"
    (tmp_path / "deaf.py").write_text(
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "time.sleep(600)\n",
        "utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("webapp.launch.children.STOP_SECONDS", 0.3)
    child = Child("slow", ["deaf", str(ready)], instance)
    child.start()
    wait_until(ready.exists)
    process = child.process
    stop([child])
    assert process.returncode == -signal.SIGKILL


PARENT = """
import sys, time
from pathlib import Path
from webapp.launch.children import Child
child = Child("web", ["http.server", sys.argv[2], "--bind", "127.0.0.1"], Path(sys.argv[1]))
child.start()
time.sleep(600)
"""


def test_parent_killed__children_end(instance, port):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(instance), str(port)], cwd=ROOT)
    try:
        wait_until(lambda: answers(port))
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not answers(port))


def test_module_run_under_the_lifeline__sees_its_own_arguments():
    command = [PYTHON, "-m", "webapp.lifeline", "json.tool", "--help"]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0
    assert "json" in done.stdout
