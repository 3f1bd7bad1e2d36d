"""``python docs/screenshots.py``: takes the pictures of the README from the running demonstration.

Builds the demonstration in a folder of its own, serves it, and photographs each page with Debian's chromium as the
person sees it whose work it is; the one-time link of a first run is photographed in an empty instance. Needs what
``python3 run.py test`` installs.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1366, "height": 768}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PAGES = {
    "陈静": {"campaign": "/campaigns/1"},
    "李娜": {"home": "/meetings/1", "counts": "/meetings/1/counts", "print": "/meetings/1/print"},
    "刘婷": {"scan": "/meetings/1/scan", "review": "/meetings/1/review"},
    "何晓": {"opinions": "/meetings/1/opinions"},
    "周正": {"count": "/meetings/1/count", "members": "/meetings/2/count", "papers": "/meetings/1/papers"},
}  # by the people of the demonstration


def main() -> int:
    """Write ``docs/images/<page>.png`` (Chinese) and ``<page>-en.png``."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as parent, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        first_run(browser, environment(Path(parent) / "empty"))
        env = environment(Path(parent) / "pingyi")
        passwords = demonstration(env)
        with served(env) as base:
            for person, pages in PAGES.items():
                page = browser.new_page(viewport=SIZE)
                sign_in(page, base, person, passwords[person])
                for language in ("zh", "en"):
                    page.goto(f"{base}/language/{language}")
                    for name, address in pages.items():
                        take(page, base + address, IMAGES / f"{name}{'' if language == 'zh' else '-en'}.png", name)
                page.close()
        browser.close()
    return 0


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of an instance in a folder."""
    return os.environ | {"PINGYI_INSTANCE": str(folder), "PYTHONUTF8": "1"}


def demonstration(env: dict[str, str]) -> dict[str, str]:
    """Build the demonstration. Returns the password of each of its people, by name."""
    command = [sys.executable, "-m", "webapp.demo"]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return {line.split("  ")[1]: line.split("  ")[2] for line in done.stdout.splitlines()}


def first_run(browser: Browser, env: dict[str, str]) -> None:
    """Photograph where the first administrator is made."""
    subprocess.run([sys.executable, "-m", "webapp.migrate"], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "flask", "--app", "webapp", "app", "setup-link"]
    link = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout.split()[-1]
    with served(env) as base:
        page = browser.new_page(viewport=SIZE)
        page.goto(base + link[link.index("/first-run") :])
        photograph(page, IMAGES / "first-run.png")
        page.close()


def sign_in(page: Page, base: str, name: str, password: str) -> None:
    """Sign in as one of the people of the demonstration."""
    page.goto(f"{base}/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def take(page: Page, address: str, path: Path, name: str) -> None:
    """Photograph one page; of the review station, the first doubtful mark."""
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise RuntimeError(f"{address}: {answer and answer.status}")
    if name == "review":
        page.locator("main a.btn-primary").first.click()
        page.wait_for_load_state()
    page.wait_for_timeout(1500)  # pictures of pages and specimens arrive after the page
    photograph(page, path)


def photograph(page: Page, path: Path) -> None:
    """Save the window in 256 colours: a third of the bytes, and nobody sees a difference."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


@contextmanager
def served(env: dict[str, str]) -> Iterator[str]:
    """Serve the instance on a free port while the pictures are taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    modules = (["webapp.wsgi", "--port", str(port)], ["webapp.watch"])
    processes = [subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, env=env) for module in modules]
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{base}/sign-in").close()  # noqa: S310 - our own address
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        yield base
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
