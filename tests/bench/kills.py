"""Kills processes at random moments of a count and looks whether it still adds up: ``python -m tests.bench.kills``.

``--rounds 200 --seed 1``. A real web server, two readers, the process of slow jobs and the watcher of the scanner
folder work on one instance. In each round sheets come in, by the page or by the scanner folder, and two persons decide
questions; then one of the processes is killed (SIGKILL) at a random moment and started again. In every fourth round and
in the last the count is then closed, and opened again, while the server is killed (``kills_seal``). A person whose
browser got no answer does what people do: sends the file again, looks before he decides or closes again.

Afterwards each sheet must count once, each page be read once, every decision that was answered hold, what needs two
persons have two, the sheets of the count be the sheets that came in, each closing be there once and be what was sealed,
all equations of the books hold, and the trail be whole.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf
from sqlalchemy import func, select, text

from tests.bench import kills_seal
from tests.bench.deck import ROOT
from tests.bench.web_speed import prepare, send, signed_in, token
from webapp.jobs import open_office
from webapp.models import Answer, Decision, Page, Reading, Scan, User
from webapp.office import Office
from webapp.services import accounts, procedures, review_queue, tally
from webapp.services.answers import effective
from webapp.services.verify import verify
from webapp.settings import load

MEETING = 1
KILLED = ("web", "reader 1", "reader 2", "watcher", "slow jobs")
PATIENCE = 120.0  # seconds until what came in must be read
LEASE_SECONDS = 2
BROKEN = kills_seal.BROKEN
SEAL_EVERY = 4  # rounds
REVIEWERS = ("王强", "李娜")
Question = tuple[int, str]  # page, question


@dataclass
class Office1:
    """The instance under fire: where it is, who works in it, which process runs."""

    folder: Path
    passwords: dict[str, str]
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        """Start one of the processes."""
        modules = {
            "web": ["webapp.wsgi", "--port", str(self.port)],
            "watcher": ["webapp.watch"],
            "slow jobs": ["webapp.jobs.worker", "--queue", "slow"],
        }
        command = modules.get(name, ["webapp.jobs.worker", "--queue", "fast"])
        env = os.environ | {
            "PINGYI_INSTANCE": str(self.folder),
            "PINGYI_LEASE_SECONDS": str(LEASE_SECONDS),
            "PINGYI_INBOX_QUIET_SECONDS": "0.3",
            "PINGYI_OCR_ENGINE": "off",
            "OMP_NUM_THREADS": "1",
        }
        log = (self.folder.parent / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, stderr=log)
        log.close()

    def kill(self, name: str) -> None:
        """Kill a process as a power cut would, and start it again."""
        process = self.processes[name]
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.start(name)

    def stop(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait()


@dataclass
class Noted:
    """What was answered to the persons: choices of questions; of those without an answer, what may hold."""

    answered: dict[Question, str] = field(default_factory=dict)
    unsure: dict[Question, set[str]] = field(default_factory=dict)


@dataclass
class Person:
    """Somebody at a browser who notes what was answered to him."""

    place: Office1
    name: str
    noted: Noted
    opener: urllib.request.OpenerDirector | None = None

    def browser(self) -> urllib.request.OpenerDirector:
        """Return a browser that is signed in; after a kill he waits until the page answers."""
        self.opener = self.opener or signed_in(self.place.base, self.name, self.place.passwords[self.name])
        return self.opener

    def upload(self, file: Path) -> None:
        """Send a file until an answer comes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                send(self.browser(), f"{self.place.base}/meetings/{MEETING}", file)
                return
            except BROKEN:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def decide(self, question: Question, choice: str, seen: int | None) -> None:
        """Decide a sure question once; without an answer it is open whether it was saved."""
        self.noted.unsure.setdefault(question, set()).add(choice)
        if self._send(question, f"choice:{choice}", seen):
            self.noted.answered[question] = choice
            self.noted.unsure.pop(question)

    def call_blank(self, question: Question, seen: int | None) -> None:
        """Say of a doubtful question that it is blank. Two persons have to: what holds is looked at afterwards."""
        self._send(question, "blank", seen)

    def _send(self, question: Question, verdict: str, seen: int | None) -> bool:
        """Send a decision; returns whether it was answered as saved."""
        page_id, name = question
        address = f"{self.place.base}/review/{page_id}"
        try:
            page = self.browser().open(f"{address}/{name}", timeout=20).read().decode()
            form = {"csrf_token": token(page), "question": name, "verdict": verdict}
            form |= {"seen": str(seen)} if seen else {}
            self.browser().open(f"{address}/decide", urllib.parse.urlencode(form).encode(), timeout=20)
        except urllib.error.HTTPError as error:
            if error.code != 409:  # somebody was faster: himself, where the answer got lost
                raise
            return False
        except BROKEN:
            return False
        return True


def run(rounds: int, seed: int, work: Path) -> list[str]:
    """Kill ``rounds`` times, and more while closing. Returns what does not add up afterwards; empty when all does."""
    chance = random.Random(seed)
    sheets = 2 * rounds
    stack, _, scrutineer, password = prepare(work / "instance", work, sheets, seed)
    files = list(_split(stack, work / "files", 2))
    with _running(work, {scrutineer: password}) as place:
        office = open_office(load(place.folder, environ={}))
        persons = [Person(place, name, noted) for noted in [Noted()] for name in REVIEWERS]
        kills: Counter[str] = Counter()
        seal = _scrutineer(office, place, scrutineer, kills)
        for number, file in enumerate(files):
            if number % 2:
                (place.folder / "inbox" / file.name).write_bytes(file.read_bytes())
            else:
                persons[0].upload(file)
            _decide_some(office, persons, chance)
            time.sleep(chance.uniform(0.0, 1.2))
            name = chance.choice(KILLED)
            kills[name] += 1
            place.kill(name)
            _decide_some(office, persons, chance)
            _await_read(office, 2 * (number + 1))
            if (number + 1) % SEAL_EVERY == 0 or number + 1 == rounds:
                _seal(office, seal, sheets, chance, stays=number + 1 == rounds)
            print(f"{number + 1}: {name} killed", file=sys.stderr)
        place.stop()
        found = [*kills_seal.faults(office, seal), *_faults(office, sheets, persons[0].noted)]
        office.db.close()
    told = ", ".join(f"{name} {number}" for name, number in sorted(kills.items()))
    print(
        f"{sum(kills.values())} kills ({told}); {sheets} sheets, {len(persons[0].noted.answered)} decisions of sure "
        f"marks, {seal.closings} closings, {seal.reopenings} reopenings, of these without an answer "
        f"{seal.unanswered}; faults: {len(found)}"
    )
    return found


def _scrutineer(office: Office, place: Office1, name: str, kills: Counter[str]) -> kills_seal.Scrutineer:
    def kill() -> None:
        kills["web while closing"] += 1
        place.kill("web")

    with office.db.read() as session:
        user_id = session.scalars(select(User.id).where(User.name == name)).one()
    return kills_seal.Scrutineer(
        office, MEETING, user_id, place.base, lambda: signed_in(place.base, name, place.passwords[name]), kill
    )


def _seal(office: Office, seal: kills_seal.Scrutineer, sheets: int, chance: random.Random, *, stays: bool) -> None:
    """Close under fire, and open again unless it ``stays`` closed."""
    with office.db.read() as session:
        ids = {name: user_id for name, user_id in session.execute(select(User.name, User.id))}
    first, second = (ids[name] for name in REVIEWERS)
    kills_seal.make_ready(office, MEETING, reviewers=(first, second), counter=ids["陈静"], printed=sheets)
    seal.close(chance)
    if not kills_seal.refuses_changes(office, MEETING, ids["陈静"]):
        seal.faults.append(f"after closing {seal.closings} a number could be entered")
    if not stays:
        seal.reopen(chance)


@contextmanager
def _running(work: Path, passwords: dict[str, str]) -> Iterator[Office1]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    office = open_office(load(work / "instance", environ={}))
    for name in (*REVIEWERS, "陈静"):
        _, passwords[name] = accounts.create_user(office, name=name, display_name=name, roles=["scanner"])
    with office.db.read() as session:
        someone = session.scalars(select(User.id).where(User.name == "陈静")).one()
    how = procedures.How(check_percent=0, check_sheets=kills_seal.CHECKED_SHEETS)
    procedures.change(office, 1, how, user_id=someone)
    office.db.close()
    (work / "instance" / "inbox").mkdir(exist_ok=True)
    place = Office1(work / "instance", passwords, port)
    try:
        for name in KILLED:
            place.start(name)
        yield place
    finally:
        place.stop()


def _split(stack: Path, folder: Path, pages: int) -> Iterator[Path]:
    folder.mkdir()
    with pikepdf.open(stack) as source:
        for start in range(0, len(source.pages), pages):
            target = folder / f"stack-{start:04d}.pdf"
            with pikepdf.new() as part:
                part.pages.extend(source.pages[start : start + pages])
                part.save(target)
            yield target


def _decide_some(office: Office, persons: list[Person], chance: random.Random) -> None:
    """Decide up to three questions that the machine was sure of, and let both persons look at two doubtful ones."""
    newest = select(func.max(Decision.id)).where(Decision.page_id == Page.id, Decision.question == Answer.question)
    query = select(Page.id, Answer.question, newest.scalar_subquery())
    query = query.join(Answer, Answer.reading_id == Page.reading_id).where(Page.standing == "counts")
    sure = query.where(Answer.state == "answered", Answer.question.in_(("q1", "q2", "q3")))
    with office.db.read() as session:
        rows = [tuple(row) for row in session.execute(sure.order_by(Page.id, Answer.question))]
    for page_id, question, seen in chance.sample(rows, min(3, len(rows))):
        choice = chance.choice(("satisfied", "fairly", "basically", "dissatisfied"))
        chance.choice(persons).decide((page_id, question), choice, seen)
    with office.db.read() as session:
        waiting = [item for item in review_queue.queue_in(session, MEETING).items if not item.decided][:2]
    for item in waiting:
        for person in persons:
            person.call_blank((item.page_id, item.question), kills_seal.newest(office, item.page_id, item.question))


def _await_read(office: Office, sheets: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with office.db.read() as session:
            done = select(func.count()).select_from(Page).where(Page.state.not_in(("queued", "reading")))
            waiting = select(func.count()).select_from(Scan).where(Scan.state.in_(("received", "opening", "reading")))
            if (session.scalar(done) or 0) >= sheets and not session.scalar(waiting):
                return
        time.sleep(0.05)
    raise SystemExit(f"{sheets} sheets came in and were not read within {PATIENCE:.0f} s")


def _faults(office: Office, sheets: int, noted: Noted) -> Iterator[str]:
    """Yield what is lost, counted twice or out of balance."""
    with office.db.read() as session:
        pages = list(session.scalars(select(Page)))
        yield from _pages(pages, sheets)
        twice = select(Reading.page_id).group_by(Reading.page_id).having(func.count() > 1)
        yield from (f"page {page_id} was recorded twice" for page_id in session.scalars(twice))
        held = effective(session, [page.id for page in pages])
        doubtful = {(item.page_id, item.question) for item in review_queue.queue_in(session, MEETING).items}
        said = {key: value for key, value in held.items() if value.source == "person" or key in doubtful}
        yield from (f"{key} was called blank and is {said[key]}" for key in doubtful if said[key].state != "blank")
        yield from _decisions(noted, {key: value.choice for key, value in said.items() if key not in doubtful})
        doubled = select(Decision.page_id).where(Decision.undoes.is_(None))
        doubled = doubled.group_by(Decision.page_id, Decision.question, Decision.choice, Decision.at)
        again = session.scalars(doubled.having(func.count() > 1))
        yield from (f"a decision on page {page_id} stands twice" for page_id in again)
        if (told := session.scalar(text("pragma integrity_check"))) != "ok":
            yield f"the database is damaged: {told}"
    yield from _books(office, sheets)
    yield from (f"trail: {each.code} at row {each.row} {each.object}" for each in verify(office).breaks)


def _pages(pages: list[Page], sheets: int) -> Iterator[str]:
    standing = Counter(page.standing for page in pages)
    state = Counter(page.state for page in pages)
    codes = Counter(page.sheet for page in pages if page.standing == "counts")
    if standing["counts"] + standing["none"] != sheets or state["read"] + state["tray"] != sheets:
        yield f"{sheets} sheets came in; pages: {dict(standing)}, {dict(state)}"
    yield from (f"sheet {sheet} counts {number} times" for sheet, number in codes.items() if number > 1)


def _decisions(noted: Noted, held: Mapping[Question, str]) -> Iterator[str]:
    for question, choice in noted.answered.items():
        allowed = {choice, *noted.unsure.get(question, ())}
        if held.get(question) not in allowed:
            yield f"decision on {question} was answered as {choice} and is {held.get(question)} now"
    strange = held.keys() - noted.answered.keys() - noted.unsure.keys()
    yield from (f"decision on {question} was never made" for question in strange)


def _books(office: Office, sheets: int) -> Iterator[str]:
    """What came in counts, but for what lies in the trays; the equations are looked at with the closings."""
    with office.db.read() as session:
        trays = session.scalar(select(func.count()).select_from(Page).where(Page.state == "tray")) or 0
    results = tally.results(office, MEETING)
    counted = sum(results.count.valid.values()) if results else 0
    if counted + trays != sheets:
        yield f"{sheets} sheets came in; {counted} count, {trays} lie in the trays"


def main() -> int:
    """Kill and report. Exit status 1 when something does not add up."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        found = run(options.rounds, options.seed, Path(name))
    for each in found:
        print(f"✕ {each}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
