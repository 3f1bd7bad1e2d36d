"""The scanner folder: whole files are taken once, everything else is left alone or named."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import stacks
from sqlalchemy import select

from webapp.models import Batch, Page, Scan
from webapp.services import inbox
from webapp.settings import SettingsError
from webapp.watch import Watch, check_folder

ROOT = Path(__file__).resolve().parents[4]


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(office) -> Path:
    office.settings.inbox_folder.mkdir(parents=True, exist_ok=True)
    return office.settings.inbox_folder


@pytest.fixture
def watch(office, folder) -> Watch:
    """A watch whose time is moved by hand."""
    watch = Watch(office)
    watch.tracker = inbox.Tracker(3.0, Clock())
    return watch


def pass_time(watch: Watch, seconds: float) -> None:
    watch.tracker._clock.now += seconds
    watch._rescan_at = 0.0
    watch.turn(set())


def settle(watch: Watch) -> None:
    """Let a file be seen, and let it rest."""
    pass_time(watch, 0)
    pass_time(watch, 3.1)


def scans(office) -> list[Scan]:
    with office.db.read() as session:
        return list(session.scalars(select(Scan).order_by(Scan.id)))


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_whole_file__is_taken_and_put_away(watch, folder, office, deck):
    (folder / "扫描_01.pdf").write_bytes(deck.pdf(0))
    settle(watch)
    (scan,) = scans(office)
    assert (scan.filename, scan.state) == ("扫描_01.pdf", "read")
    assert names(folder) == [f"done/{scan.sha256[:8]}-扫描_01.pdf"]
    with office.db.read() as session:
        assert session.scalars(select(Batch.origin)).one() == "inbox"
        assert session.scalars(select(Page.standing)).one() == "counts"


def test_file_still_being_written__is_waited_for(watch, folder, office, deck):
    path, data = folder / "slow.pdf", deck.pdf(0)
    for end in (100, 5000, len(data)):
        path.write_bytes(data[:end])
        pass_time(watch, 2.0)
        assert scans(office) == []
        assert inbox.read_status(office.settings).writing == 1
    pass_time(watch, 3.1)
    assert [scan.state for scan in scans(office)] == ["read"]
    assert inbox.read_status(office.settings).writing == 0


def test_event_on_a_file__begins_its_rest_anew(watch, folder, office, deck):
    path = folder / "a.pdf"
    path.write_bytes(deck.pdf(0))
    pass_time(watch, 0)
    pass_time(watch, 2.9)
    watch.turn({path})
    pass_time(watch, 2.9)
    assert scans(office) == []
    pass_time(watch, 3.1)
    assert len(scans(office)) == 1


def test_locked_file__is_waited_for(watch, folder, office, deck):
    path = folder / "a.pdf"
    path.write_bytes(deck.pdf(0))
    with path.open("r+b") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        settle(watch)
        assert scans(office) == []
    pass_time(watch, 1)
    assert len(scans(office)) == 1


def test_file_that_changes_while_it_is_copied__is_left_for_later(watch, folder, office, deck, monkeypatch):
    path = folder / "a.pdf"
    path.write_bytes(deck.pdf(0))
    read, whole = inbox.Steady.read, path.stat().st_size

    def grows(self, size=-1):
        if path.stat().st_size == whole:
            with path.open("ab") as file:
                file.write(b"more")
        return read(self, size)

    with monkeypatch.context() as patch:
        patch.setattr(inbox.Steady, "read", grows)
        settle(watch)
    assert scans(office) == []
    assert names(folder) == ["a.pdf"]
    assert not any(office.storage.folder.rglob("*")) or not [p for p in office.storage.folder.rglob("*") if p.is_file()]
    settle(watch)
    assert len(scans(office)) == 1


@pytest.mark.parametrize("name", ["Thumbs.db", ".hidden.pdf", "a.pdf.part", "a.tmp", "~$a.pdf", "b.crdownload"])
def test_file_that_is_no_scan_by_its_name__is_left_alone(watch, folder, office, name):
    (folder / name).write_bytes(b"x")
    settle(watch)
    assert scans(office) == []
    assert names(folder) == [name]


def test_link_and_pipe__are_refused(watch, folder, office, tmp_path):
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(b"%PDF-1.7 secret")
    (folder / "link.pdf").symlink_to(secret)
    (folder / "outside").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe.pdf")
    settle(watch)
    assert scans(office) == []
    assert secret.exists()


def test_file_that_cannot_be_opened__is_taken_with_its_problem_and_the_next_is_read(watch, folder, office, deck):
    (folder / "a.pdf").write_bytes(stacks.encrypted())
    (folder / "b.pdf").write_bytes(deck.pdf(1))
    settle(watch)
    assert sorted((scan.filename, scan.state, scan.problem) for scan in scans(office)) == [
        ("a.pdf", "problem", "encrypted"),
        ("b.pdf", "read", ""),
    ]
    assert len(names(folder)) == 2
    assert all(name.startswith("done/") for name in names(folder))


def test_same_file_again__is_known_as_a_duplicate(watch, folder, office, deck):
    data = deck.pdf(0)
    for _ in range(2):
        (folder / "a.pdf").write_bytes(data)
        settle(watch)
    assert [scan.state for scan in scans(office)] == ["read", "duplicate"]
    assert len(names(folder)) == 2


def test_watcher_stopped_before_the_file_was_moved__counts_it_once(watch, folder, office, deck, monkeypatch):
    (folder / "a.pdf").write_bytes(deck.pdf(0))
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "_move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            settle(watch)
    settle(watch)
    assert [scan.state for scan in scans(office)] == ["read", "duplicate"]
    with office.db.read() as session:
        assert session.scalars(select(Page.standing)).all() == ["counts"]


def test_file_over_the_limit__is_put_aside_and_named(folder, office, operator, deck):
    small = type(office)(
        office.settings.model_copy(update={"max_upload_mb": 1}), office.db, office.storage, office.bell
    )
    watch = Watch(small)
    watch.tracker = inbox.Tracker(3.0, Clock())
    (folder / "big.pdf").write_bytes(b"%PDF-" + bytes(2 << 20))
    settle(watch)
    assert names(folder) == ["refused/big.pdf"]
    assert inbox.read_status(office.settings).troubles == (inbox.Trouble("big.pdf", "file-too-large", {"limit": 1}),)
    for language, words in (("zh", "文件太大"), ("en", "too large")):
        operator.get(f"/language/{language}")
        page = operator.get(f"/meetings/{deck.meeting_id}/scan").get_data(as_text=True)
        assert "big.pdf" in page
        assert words in page


def test_disk_full__file_stays_and_is_tried_again(watch, folder, office, deck, monkeypatch):
    (folder / "a.pdf").write_bytes(deck.pdf(0))
    with monkeypatch.context() as patch:
        patch.setattr(type(office.storage), "free_bytes", lambda _self: 0)
        settle(watch)
    assert names(folder) == ["a.pdf"]
    assert [trouble.code for trouble in inbox.read_status(office.settings).troubles] == ["disk-full"]
    pass_time(watch, 1)
    assert scans(office) == []  # not hammered
    pass_time(watch, 60)
    assert len(scans(office)) == 1
    assert inbox.read_status(office.settings).troubles == ()


def test_error_that_nobody_foresaw__does_not_end_the_watch(watch, folder, office, deck, monkeypatch):
    (folder / "a.pdf").write_bytes(deck.pdf(0))
    (folder / "b.pdf").write_bytes(deck.pdf(1))
    take = inbox.take

    def trip(office, path):
        if path.name == "a.pdf":
            raise ZeroDivisionError
        return take(office, path)

    monkeypatch.setattr(inbox, "take", trip)
    settle(watch)
    assert [scan.filename for scan in scans(office)] == ["b.pdf"]


def test_two_files_of_one_name__are_both_kept(watch, folder, office, deck):
    for data in (deck.pdf(0), deck.pdf(0)):
        (folder / "a.pdf").write_bytes(data)
        settle(watch)
    assert [name.count("a.pdf") for name in names(folder)] == [1, 1]


@pytest.mark.parametrize("inside", ["", "scans", "scans/ab"])
def test_scanner_folder_over_our_own_files__is_refused_in_the_language_of_the_terminal(settings, inside, monkeypatch):
    bad = settings.model_copy(update={"inbox": str(settings.instance / inside)})
    for language, words in (
        ("zh", "请另选一个只供扫描仪使用的文件夹"),
        ("en", "choose a folder used by the scanner alone"),
    ):
        monkeypatch.setenv("PINGYI_LANG", language)
        with pytest.raises(SettingsError, match=words):
            check_folder(bad)


def test_status_of_a_watcher_that_is_silent__is_not_alive(office):
    assert not inbox.read_status(office.settings).alive
    inbox.write_status(office.settings, 0, ())
    assert inbox.read_status(office.settings).alive


@pytest.mark.parametrize("polling", ["false", "true"])
def test_watcher_as_a_process__takes_a_file_written_slowly(office, settings, deck, polling):
    env = {
        **os.environ, "PINGYI_INSTANCE": str(settings.instance), "PINGYI_INBOX_QUIET_SECONDS": "0.6",
        "PINGYI_INBOX_FORCE_POLLING": polling,
    }  # fmt: skip
    log = (settings.instance / "watch.log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "webapp.watch"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not inbox.read_status(settings).alive:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        data = deck.pdf(0, 1, 2)

        def write() -> None:
            with (settings.inbox_folder / "slow.pdf").open("wb") as file:
                for start in range(0, len(data), len(data) // 8):
                    file.write(data[start : start + len(data) // 8])
                    file.flush()
                    time.sleep(0.15)

        threading.Thread(target=write).start()
        while not scans(office):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(10)
    (scan,) = scans(office)
    assert scan.bytes == len(data)
