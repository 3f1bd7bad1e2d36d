"""The two commands, on a clone of the checkout: installed, served, restarted, stopped. The slowest test of all."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.slow


def until(condition, what, seconds=120):
    """Return what ``condition`` returns once it is true; it waits for the machine and measures nothing."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)
    return found


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8")
    except OSError:
        return 0, ""
    finally:
        connection.close()


def children_of(pid):
    """Numbers of the living processes that a process started, with their command lines. Linux alone."""
    numbers = (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()
    return {int(n): (Path("/proc") / n / "cmdline").read_text().replace("\0", " ") for n in numbers}


def alive(pid):
    stat = Path("/proc") / str(pid) / "stat"
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A fresh clone of what is committed, with nothing installed."""
    folder = tmp_path_factory.mktemp("fresh") / "pingyi"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def environ():
    return {name: value for name, value in os.environ.items() if not name.startswith("PINGYI_")} | {"PINGYI_LANG": "en"}


@pytest.fixture(scope="module")
def set_up(checkout, environ, tmp_path_factory):
    """What ``setup`` printed the first and the second time."""
    command = [sys.executable, "run.py", "setup", "--instance", str(tmp_path_factory.mktemp("first"))]
    runs = [subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr + runs[1].stderr
    return [run.stdout for run in runs]


class Running:
    """``run.py`` serving an instance, and what it has printed."""

    def __init__(self, checkout, instance, environ):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.instance, self.output = instance, instance.with_suffix(".out")
        command = [sys.executable, "run.py", "--port", str(self.port), "--workers", "2", "--instance", str(instance)]
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                command, cwd=checkout, env=environ, stdout=file, stderr=file, start_new_session=True
            )

    def said(self):
        logs = sorted((self.instance / "logs").glob("*.log"))
        return self.output.read_text("utf-8") + "".join(f"\n== {log.name}\n{log.read_text('utf-8')}" for log in logs)

    def find(self, pattern):
        return until(lambda: re.search(pattern, self.output.read_text("utf-8")), self.said)

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def running(checkout, set_up, environ, instance):
    server = Running(checkout, instance, environ)
    yield server
    if server.process.poll() is None:
        server.end(signal.SIGTERM)


def test_setup_twice__installs_once(set_up):
    first, second = set_up
    assert "Install requirements.txt" in first
    assert "Install" not in second
    assert "Bring the database up to date" in second


def test_first_run__gives_the_pages_and_the_link_of_the_administrator(running):
    path = running.find(r"http://127\.0\.0\.1:\d+(/first-run/\S+)").group(1)
    assert get(running.port, "/sign-in")[0] == 200, running.said()
    status, page = get(running.port, path)
    assert status == 200, running.said()
    assert 'type="password"' in page
    assert get(running.port, path[:-4] + "AAAA")[0] == 404


def test_child_killed__is_started_again(running):
    running.find("Ctrl-C")
    children = children_of(running.process.pid)
    assert sorted(re.findall(r"lifeline (\S+)", " ".join(children.values()))) == [
        "webapp.jobs.worker",
        "webapp.jobs.worker",
        "webapp.jobs.worker",
        "webapp.watch",
        "webapp.wsgi",
    ], running.said()
    web = next(pid for pid, line in children.items() if "webapp.wsgi" in line)
    os.kill(web, signal.SIGKILL)
    running.find("Web server: started again")
    until(lambda: get(running.port, "/sign-in")[0] == 200, running.said)
    after = children_of(running.process.pid)
    assert set(children) - set(after) == {web}, running.said()
    assert len(after) == len(children)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_told_to_stop__all_stop(running, number):
    running.find("Ctrl-C")
    children = children_of(running.process.pid)
    assert running.end(number) == 0, running.said()
    assert not [line for pid, line in children.items() if alive(pid)]
    assert "was killed" not in running.said()
    assert get(running.port, "/sign-in")[0] == 0


def test_launcher_killed__children_end(running):
    running.find("Ctrl-C")
    children = children_of(running.process.pid)
    assert children
    running.end(signal.SIGKILL)
    until(lambda: not [pid for pid in children if alive(pid)], lambda: str(children))


def test_port_in_use__says_so_before_anything_is_started(checkout, set_up, environ, instance):
    with socket.create_server(("127.0.0.1", 0)) as other:
        command = [sys.executable, "run.py", "--port", str(other.getsockname()[1]), "--instance", str(instance)]
        done = subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert "the port is in use" in done.stderr
    assert done.stdout == ""
