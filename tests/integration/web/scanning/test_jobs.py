"""Workers, leases and the sweep: what a killed worker or a lost bell leaves is found and read, once."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stacks
from sqlalchemy import func, select

from omr.reader import Reader
from webapp.jobs import open_office
from webapp.jobs.queue import HueyBell
from webapp.jobs.sweep import sweep
from webapp.jobs.tasks import TASKS
from webapp.jobs.worker import Worker
from webapp.models import Answer, Page, PrintFile, Reading, Scan, now
from webapp.office import Office
from webapp.services import intake, reading
from webapp.settings import Settings, load

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def queued(settings: Settings) -> Office:
    """An office with a real queue."""
    office = open_office(load(settings.instance, environ={}))
    yield office
    office.db.close()


@pytest.fixture
def bell(queued: Office) -> HueyBell:
    assert isinstance(queued.bell, HueyBell)
    return queued.bell


def receive(office: Office, deck: stacks.Deck) -> int:
    with deck.scan.open("rb") as file:
        return intake.receive(office, file, "a.pdf", user_id=1, origin="upload").scan_id


def drain(worker: Worker) -> int:
    turns = 0
    while worker.turn():
        turns += 1
    return turns


def page_states(office: Office) -> list[str]:
    with office.db.read() as session:
        return list(session.scalars(select(Page.state).order_by(Page.index)))


def later(office: Office) -> dt.datetime:
    return now() + dt.timedelta(seconds=office.settings.lease_seconds + 1)


def test_file_in_the_queue__is_read_by_a_worker(queued, bell, deck):
    scan_id = receive(queued, deck)
    assert page_states(queued) == []
    assert drain(Worker(queued, bell, "fast")) >= 2
    assert page_states(queued) == ["read"] * stacks.COPIES
    with queued.db.read() as session:
        assert session.get_one(Scan, scan_id).state == "read"
    assert bell.pending("fast") == 0


def test_every_task__has_a_use_case():
    assert all(callable(task.load()) for task in TASKS.values())


def test_slow_tasks__never_stand_in_the_way_of_pages(queued, bell):
    bell.ring("propose-text", 1)
    bell.ring("open-scan", 1)
    assert (bell.pending("fast"), bell.pending("slow")) == (1, 1)


def test_message_that_is_not_ours__is_refused_and_runs_nothing(queued, bell, settings):
    bell.ring("open-scan", 1)
    with sqlite3.connect(settings.queue_file) as connection:
        connection.execute("update task set data = ?", (b'["x", "open-scan", null]:' + b"0" * 40,))
    with pytest.raises(ValueError, match="mismatch"):
        bell.next("fast")
    assert bell.pending("fast") == 0


def test_message_in_the_queue__is_plain_json(queued, bell, settings):
    bell.ring("open-scan", 7)
    with sqlite3.connect(settings.queue_file) as connection:
        (data,) = connection.execute("select data from task").fetchone()
    assert bytes(data).startswith(b'["')
    assert b"[7]" in bytes(data)


def test_error_in_a_task__leaves_the_worker_alive(queued, bell, deck, monkeypatch):
    receive(queued, deck)
    with monkeypatch.context() as patch:
        patch.setattr("webapp.services.intake.open_stack", lambda *_: 1 / 0)
        assert drain(Worker(queued, bell, "fast")) == 1
    with queued.db.read() as session:
        assert session.scalar(select(Scan.state)) == "opening"
    sweep(queued, bell, later(queued))
    drain(Worker(queued, bell, "fast"))
    assert page_states(queued) == ["read"] * stacks.COPIES


def test_lost_bell__is_rung_by_the_sweep(queued, bell, deck, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(HueyBell, "ring", lambda *_: None)
        receive(queued, deck)
    assert bell.pending("fast") == 0
    assert sweep(queued, bell) == 1
    assert bell.pending("fast") == 1


def test_sweep_while_tasks_wait__rings_nothing_again(queued, bell, deck):
    receive(queued, deck)
    assert [sweep(queued, bell) for _ in range(3)] == [0, 0, 0]
    assert bell.pending("fast") == 1


def test_lease_that_has_not_run_out__is_left_alone(queued, bell, deck):
    scan_id = receive(queued, deck)
    intake.open_scan(queued, scan_id)
    claimed = reading.claim(queued, scan_id, most=stacks.COPIES)
    sweep(queued, bell, now() + dt.timedelta(seconds=queued.settings.lease_seconds - 5))
    assert page_states(queued) == ["reading"] * len(claimed)


def test_lease_that_ran_out__gives_the_pages_to_the_next(queued, bell, deck):
    scan_id = receive(queued, deck)
    intake.open_scan(queued, scan_id)
    reading.claim(queued, scan_id, most=stacks.COPIES)
    sweep(queued, bell, later(queued))
    assert page_states(queued) == ["queued"] * stacks.COPIES
    drain(Worker(queued, bell, "fast"))
    assert page_states(queued) == ["read"] * stacks.COPIES


def test_page_whose_readers_die_three_times__fails_with_a_name_and_the_scan_is_closed(queued, bell, deck):
    scan_id = receive(queued, deck)
    intake.open_scan(queued, scan_id)
    for _ in range(3):
        reading.claim(queued, scan_id, most=stacks.COPIES)
        sweep(queued, bell, later(queued))
    with queued.db.read() as session:
        assert set(session.execute(select(Page.state, Page.tray)).all()) == {("failed", "reader-died")}
        assert session.get_one(Scan, scan_id).state == "read"


def test_file_whose_opening_dies_three_times__has_a_problem_with_a_name(queued, bell, deck):
    scan_id = receive(queued, deck)
    with queued.db.begin() as session:
        scan = session.get_one(Scan, scan_id)
        scan.state, scan.tries, scan.lease_until = "opening", 3, now() - dt.timedelta(seconds=1)
    sweep(queued, bell)
    with queued.db.read() as session:
        scan = session.get_one(Scan, scan_id)
    assert (scan.state, scan.problem) == ("problem", "reader-died")


def test_print_file_of_a_dead_worker__is_made_again(queued, bell):
    with queued.db.begin() as session:
        file = session.scalars(select(PrintFile)).one()
        file.state, file.tries, file.lease_until = "making", 1, now() - dt.timedelta(seconds=1)
    sweep(queued, bell)
    assert bell.pending("slow") == 1
    drain(Worker(queued, bell, "slow"))
    with queued.db.read() as session:
        assert session.scalar(select(PrintFile.state)) == "done"


def test_interrupted_worker__keeps_what_it_recorded_and_gives_the_rest_back(queued, deck, monkeypatch):
    scan_id = receive(queued, deck)
    intake.open_scan(queued, scan_id)
    read = Reader.read

    def interrupted(self, page, source="", assume=None):
        if page.index == 4:
            raise KeyboardInterrupt
        return read(self, page, source, assume)

    monkeypatch.setattr(Reader, "read", interrupted)
    monkeypatch.setattr(reading, "FEWEST_PAGES", stacks.COPIES)
    monkeypatch.setattr(reading, "RECORD_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        reading.read_pages(queued, scan_id)
    assert page_states(queued) == ["read"] * 3 + ["queued"] * (stacks.COPIES - 3)
    with queued.db.read() as session:
        assert session.scalar(select(func.max(Page.tries)).where(Page.state == "queued")) == 0
        assert session.scalar(select(func.count()).select_from(Reading)) == 3


def test_pages_of_one_transaction__all_or_none_are_recorded(queued, deck, monkeypatch):
    scan_id = receive(queued, deck)
    intake.open_scan(queued, scan_id)
    with monkeypatch.context() as patch:
        patch.setattr("webapp.services.recording.close_finished", lambda _session: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reading.read_pages(queued, scan_id)
    assert page_states(queued) == ["queued"] * stacks.COPIES
    with queued.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 0
        assert session.scalar(select(func.count()).select_from(Answer)) == 0


def test_last_pages_of_a_file__are_shared_among_the_workers(queued, deck):
    stack = stacks.joined(*[deck.scan.read_bytes()] * 8)
    scan_id = intake.receive(queued, io.BytesIO(stack), "a.pdf", user_id=1, origin="upload").scan_id
    intake.open_scan(queued, scan_id)
    sizes = []
    while claimed := reading.claim(queued, scan_id):
        sizes.append(len(claimed))
    assert sum(sizes) == 8 * stacks.COPIES
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-2]) == (8 * stacks.COPIES // reading.SHARE, reading.FEWEST_PAGES)


def test_long_file__lets_a_short_one_through(queued, bell, deck, monkeypatch):
    monkeypatch.setattr(reading, "SHIFT_SECONDS", 0.0)
    first = receive(queued, deck)
    second = intake.receive(queued, io.BytesIO(deck.pdf(0)), "b.pdf", user_id=1, origin="upload").scan_id
    worker = Worker(queued, bell, "fast")

    def unread() -> set[int]:
        with queued.db.read() as session:
            return set(session.scalars(select(Scan.id).where(Scan.state != "read")))

    while second in unread():
        assert worker.turn()
    assert unread() == {first}


def start_worker(instance: Path, **environ: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PINGYI_INSTANCE": str(instance), "PINGYI_LEASE_SECONDS": "1", **environ}
    log = (instance / "worker.log").open("ab")
    return subprocess.Popen([sys.executable, "-m", "webapp.jobs.worker"], cwd=ROOT, env=env, stdout=log, stderr=log)


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def test_worker_killed_in_the_middle__all_pages_come_back_and_none_twice(queued, bell, deck, settings):
    """A real process, a real SIGKILL while it holds pages. Each sheet lies in the file six times and counts once."""
    times = 6
    stack = stacks.joined(*[deck.scan.read_bytes()] * times)
    scan_id = intake.receive(queued, io.BytesIO(stack), "a.pdf", user_id=1, origin="upload").scan_id
    first = start_worker(settings.instance)
    try:
        wait_for(lambda: "reading" in page_states(queued))
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert "reading" in page_states(queued)
    second = start_worker(settings.instance)
    try:
        wait_for(lambda: set(page_states(queued)) == {"read"})
    finally:
        second.terminate()
        assert second.wait(15) == 0
    with queued.db.read() as session:
        assert session.get_one(Scan, scan_id).state == "read"
        counting = list(session.scalars(select(Page.sheet).where(Page.standing == "counts")))
        assert sorted(counting) == sorted(deck.sheets)
        assert session.scalar(select(func.count()).select_from(Page)) == stacks.COPIES * times
        assert session.scalar(select(func.count()).select_from(Reading)) == stacks.COPIES * times
        assert session.scalar(select(func.count()).select_from(Answer)) == stacks.COPIES * times * 4


def test_two_workers_on_one_file__read_every_page_once(queued, deck, settings):
    workers = [start_worker(settings.instance) for _ in range(2)]
    try:
        receive(queued, deck)
        wait_for(lambda: page_states(queued) == ["read"] * stacks.COPIES)
    finally:
        for worker in workers:
            worker.terminate()
        assert [worker.wait(15) for worker in workers] == [0, 0]
    with queued.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == stacks.COPIES
