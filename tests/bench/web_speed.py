"""How much the web adds to reading: one PDF through the upload page until all its pages are read, beside ``omr read``.

``python -m tests.bench.web_speed --pages 500 --repeat 3``. Both with two reading processes, on one file, one by one.
The clock of the web runs from the first byte of the upload to the last page recorded in the database; the clock of the
command from its start to its end.
"""

from __future__ import annotations

import argparse
import http.cookiejar
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from forms.layout import Layout
from omr.synth import scan_stack
from tests.bench.deck import ROOT, read_command
from webapp.jobs import open_office
from webapp.migrate import upgrade
from webapp.models import Layout as LayoutRow
from webapp.models import Page, PrintFile, Survey, Unit
from webapp.office import Office
from webapp.services import accounts, campaigns, meetings, printing, units
from webapp.settings import load


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took: seconds on the clock, seconds of the processors."""

    wall: float
    cpu: float


def main() -> None:
    """Measure ``--repeat`` times and print each time, and the medians of the two ratios."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.web_speed", description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory(prefix="web-speed-") as name:
        folder = Path(name)
        fresh, instance = folder / "fresh", folder / "instance"
        stack, layout, user, password = prepare(fresh, folder, options.pages, options.seed)
        size = stack.stat().st_size / (1 << 20)
        for _ in range(options.repeat):
            shutil.copytree(fresh, instance)
            web = through_the_web(instance, stack, user, password, options.pages, options.jobs)
            shutil.rmtree(instance)
            bare = by_command(stack, layout, folder / "r.jsonl", options.jobs)
            ratios.append((web.wall / bare.wall, web.cpu / bare.cpu))
            print(
                f"{options.pages} pages, {size:.0f} MB, {options.jobs} readers: "
                f"web {web.wall:.1f} s ({web.cpu:.1f} s of processors), "
                f"omr read {bare.wall:.1f} s ({bare.cpu:.1f} s), "
                f"ratio {web.wall / bare.wall:.2f} ({web.cpu / bare.cpu:.2f})"
            )
    wall, cpu = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"median ratio {wall:.2f}, of processors {cpu:.2f}")


def by_command(stack: Path, layout: Path, out: Path, jobs: int) -> Cost:
    """Read the stack by ``omr read``."""
    command = read_command([stack], [layout], out, "--jobs", str(jobs))
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.monotonic() - start, spent)


def prepare(instance: Path, folder: Path, pages: int, seed: int) -> tuple[Path, Path, str, str]:
    """Print in an office of its own and scan what comes back. Returns stack, layout file, user and password."""
    settings = load(instance, environ={}, inline_jobs=True)
    upgrade(settings)
    office = open_office(settings)
    user_id, password = accounts.create_user(
        office, name="刘婷", display_name="刘婷", roles=["unit_administrator", "scanner", "scrutineer"]
    )
    preset = campaigns.preset()
    campaign = campaigns.create(office, preset.facts, forms=preset.forms)
    units.add(office, names="机械学院党委", kind="college")
    with office.db.read() as session:
        unit = session.scalars(select(Unit.id)).one()
        survey = session.scalars(select(Survey.id).where(Survey.form == "org")).one()
    meeting = meetings.create(office, campaign, meetings.Facts(unit))
    order = printing.Order("机械学院党委", "2011年7月15日", pages, ("机械学院党委",))
    printing.create_runs(office, meeting_id=meeting, survey_id=survey, order=order, user_id=user_id)
    with office.db.read() as session:
        file = session.scalars(select(PrintFile)).one()
        layout = Layout.loads(session.scalars(select(LayoutRow)).one().source)
    stack, layout_path = folder / "stack.pdf", folder / "layout.json"
    layout_path.write_text(layout.dumps(), "utf-8")
    scan_stack(printing.file_path(office, file.id), [layout], stack, seed=seed)
    office.db.close()
    return stack, layout_path, "刘婷", password


def through_the_web(instance: Path, stack: Path, user: str, password: str, pages: int, jobs: int) -> Cost:
    """Upload the stack to a running server; what it costs until its last page is recorded. The browser's cost is out.

    The processors' time is that of the server and the readers, from the first byte of the upload on.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"PINGYI_INSTANCE": str(instance), "OMP_NUM_THREADS": "1"}
    modules = [["webapp.wsgi", "--port", str(port)], *[["webapp.jobs.worker", "--queue", "fast"]] * jobs]
    processes = [subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, env=env) for module in modules]
    office = open_office(load(instance, environ={}))
    try:
        opener = signed_in(f"http://127.0.0.1:{port}", user, password)
        time.sleep(3)  # the workers have started and wait
        start, before = time.monotonic(), sum(spent(process.pid) for process in processes)
        send(opener, f"http://127.0.0.1:{port}/meetings/1", stack)
        while read_pages(office) < pages:
            time.sleep(0.05)
        return Cost(time.monotonic() - start, sum(spent(process.pid) for process in processes) - before)
    finally:
        office.db.close()
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def spent(pid: int) -> float:
    """Return the seconds of processors that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_pages(office: Office) -> int:
    """Count the pages that are done."""
    with office.db.read() as session:
        done = select(func.count()).select_from(Page).where(Page.state.not_in(("queued", "reading")))
        return session.scalar(done) or 0


def signed_in(base: str, user: str, password: str) -> urllib.request.OpenerDirector:
    """Sign in by the page."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    deadline = time.monotonic() + 30
    while True:
        try:
            page = opener.open(f"{base}/sign-in").read().decode()
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    form = {"csrf_token": token(page), "name": user, "password": password}
    opener.open(f"{base}/sign-in", urllib.parse.urlencode(form).encode())
    return opener


def token(page: str) -> str:
    """Return the CSRF token of a page."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    if not found:
        raise SystemExit("the page carries no token")
    return found[1]


def send(opener: urllib.request.OpenerDirector, base: str, stack: Path) -> None:
    """Upload a file as the script of the scan page does: the file itself is the body."""
    csrf = token(opener.open(f"{base}/scan").read().decode())
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(stack.stat().st_size),
        "X-CSRFToken": csrf,
        "Accept": "application/json",
    }
    with stack.open("rb") as file:
        body = iter(partial(file.read, 1 << 18), b"")
        opener.open(urllib.request.Request(f"{base}/upload?name=stack.pdf", body, headers))


if __name__ == "__main__":
    main()
