"""``python docs/screenshots.py``: takes the pictures of the README from the running demonstration.

Builds the demonstration in a folder of its own, serves it, makes the first administrator by the one-time link as a
newcomer does, and photographs the pages with Debian's chromium. Needs what ``python3 run.py test`` installs.
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
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1366, "height": 768}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PAGES = {
    "home": "/meetings/1",
    "campaign": "/campaigns/1",
    "counts": "/meetings/1/counts",
    "print": "/meetings/1/print",
    "scan": "/meetings/1/scan",
    "review": "/meetings/1/review",
    "opinions": "/meetings/1/opinions",
    "count": "/meetings/1/count",
    "members": "/meetings/2/count",
    "papers": "/meetings/1/papers",
}


def main() -> int:
    """Write ``docs/images/<page>.png`` (Chinese) and ``<page>-en.png``."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as parent:
        folder = str(Path(parent) / "pingyi")
        env = os.environ | {"PINGYI_INSTANCE": folder, "PYTHONUTF8": "1"}
        subprocess.run([sys.executable, "-m", "webapp.demo"], cwd=ROOT, env=env, check=True)
        with served(env) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            page = browser.new_page(viewport=SIZE)
            enter(page, base, env)
            for language in ("zh", "en"):
                page.goto(f"{base}/language/{language}")
                for name, address in PAGES.items():
                    take(page, base + address, IMAGES / f"{name}{'' if language == 'zh' else '-en'}.png", name)
            browser.close()
    return 0


def enter(page: Page, base: str, env: dict[str, str]) -> None:
    """Make the first administrator, as on the first run."""
    command = [sys.executable, "-m", "flask", "--app", "webapp", "app", "setup-link"]
    link = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout.split()[-1]
    page.goto(base + link[link.index("/first-run") :])
    photograph(page, IMAGES / "first-run.png")
    page.fill("[name=name]", "张敏")
    for field in ("password", "password_again"):
        page.fill(f"[name={field}]", "春天里的第一场雨")
    page.locator("main button.btn-primary").click()
    page.wait_for_url(lambda url: "/first-run/" not in url)


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
