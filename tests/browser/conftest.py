"""A real server and real workers as subprocesses over a temporary instance, and Debian's chromium before them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from webapp.jobs import open_office
from webapp.migrate import upgrade
from webapp.office import Office
from webapp.rights import RUNS_ALONE
from webapp.services import accounts
from webapp.settings import load

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "春天里的第一场雨"  # the same for all: making one up is tested elsewhere
OPERATOR = (*RUNS_ALONE, "transcriber")  # who does all the work himself
PATIENCE = 30  # seconds


@dataclass(frozen=True)
class Server:
    """A running instance. ``office`` reaches the same files and the same database from the test."""

    url: str
    instance: Path
    office: Office


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder drive a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium as the system has it: nothing is downloaded."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The window that the pages are designed for."""
    return {**browser_context_args, "viewport": {"width": 1366, "height": 768}, "locale": "zh-CN"}


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(module: str, *arguments: str, instance: Path) -> subprocess.Popen[bytes]:
    """Start one of our processes; its words go to a file in the instance."""
    environment = os.environ | {"PINGYI_INSTANCE": str(instance), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
    name = "-".join([module.split(".")[-1], *(word.strip("-") for word in arguments)])
    with (instance / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log
        )


def await_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server accepts connections."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8", errors="replace"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The web server and one worker for each queue, once for all tests of the run."""
    instance = tmp_path_factory.mktemp("server") / "instance"
    settings = load(instance, environ={})
    upgrade(settings)
    port = free_port()
    office = open_office(settings)
    web = start("webapp.wsgi", "--port", str(port), instance=instance)
    processes = [web]
    try:
        await_listening(web, port, instance / f"wsgi-port-{port}.log")
        processes += [start("webapp.jobs.worker", "--queue", queue, instance=instance) for queue in ("fast", "slow")]
        yield Server(f"http://127.0.0.1:{port}", instance, office)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE)
        office.db.close()


@pytest.fixture(scope="session")
def base_url(server: Server) -> str:
    """Make ``page.goto("/…")`` go to our server."""
    return server.url


@pytest.fixture(scope="session")
def enter(server: Server, browser: Browser, browser_context_args: dict[str, Any]) -> Callable[..., Any]:
    """Make a user of some roles and sign him in by the page, once; returns what his browser remembers."""
    known: dict[str, Any] = {}

    def enter(name: str, *roles: str) -> Any:
        if name not in known:
            accounts.create_user(server.office, name=name, display_name=name, roles=roles, password=PASSWORD)
            context = browser.new_context(**browser_context_args)
            page = context.new_page()
            page.goto(server.url + "/sign-in")
            page.fill("[name=name]", name)
            page.fill("[name=password]", PASSWORD)
            page.click("button.btn-primary")
            page.wait_for_url(lambda url: "/sign-in" not in url)  # each role begins where its work is
            known[name] = context.storage_state()
            context.close()
        return known[name]

    return enter


@pytest.fixture
def operator_page(browser: Browser, browser_context_args: dict[str, Any], enter: Callable[..., Any]) -> Iterator[Page]:
    """A page of an operator who is signed in; the language is Chinese."""
    yield from signed_in_page(browser, {**browser_context_args, "storage_state": enter("刘婷", *OPERATOR)})


@pytest.fixture
def scrutineer_page(
    browser: Browser, browser_context_args: dict[str, Any], enter: Callable[..., Any]
) -> Iterator[Page]:
    """A page of the scrutineer of the whole school, who sees results before they are closed."""
    yield from signed_in_page(browser, {**browser_context_args, "storage_state": enter("周正", "scrutineer")})


@pytest.fixture
def admin_page(browser: Browser, browser_context_args: dict[str, Any], enter: Callable[..., Any]) -> Iterator[Page]:
    """A page of an administrator who is signed in."""
    yield from signed_in_page(browser, {**browser_context_args, "storage_state": enter("陈静", "administrator")})


def signed_in_page(browser: Browser, arguments: dict[str, Any]) -> Iterator[Page]:
    """Open a page in a context of its own. The test fails when a script failed or a header forbade something."""
    context: BrowserContext = browser.new_context(**arguments)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if "Content Security Policy" in told.text else None)
    yield page
    context.close()
    assert complaints == []
