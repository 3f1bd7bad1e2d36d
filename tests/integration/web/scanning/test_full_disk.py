"""A disk that is really full: the whole instance lies on a small file system of its own, and a file takes the rest.

Only root may mount one; elsewhere these tests say why they are skipped.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stacks
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from webapp.errors import Busy
from webapp.models import Page, PrintFile, Scan
from webapp.services import intake, printing
from webapp.services.printing import Order
from webapp.settings import Settings, load

SIZE_MB = 320
FILLER = "filler"
EMPTY = SIZE_MB << 21


@pytest.fixture
def settings(built_deck: Path, tmp_path: Path) -> Iterator[Settings]:
    """The deck's instance on a file system of 320 MB; jobs run at once."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root may mount a file system")
    options = f"size={SIZE_MB}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "pingyi-test", disk], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield load(shutil.copytree(built_deck, disk / "instance"), environ={}, inline_jobs=True)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.fixture
def fill(settings: Settings) -> Callable[[int], None]:
    """Take all but so many bytes of the disk; with a number above its size, give all back."""

    def fill(left: int) -> None:
        filler = settings.instance.parent / FILLER
        filler.unlink(missing_ok=True)
        taken = shutil.disk_usage(filler.parent).free - left
        if taken > 0:
            with filler.open("wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, taken)

    return fill


@pytest.fixture
def big(deck: stacks.Deck) -> bytes:
    """A stack whose file is larger than what is left of the disk: a PDF may go on after its end."""
    return deck.scan.read_bytes() + b"\n%" + bytes(4 << 20)


def kept(office) -> list[str]:
    return [path.name for path in office.storage.folder.rglob("*") if path.is_file()]


def count(office, model) -> int:
    with office.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def upload(operator, deck, data: bytes, language: str):
    operator.get(f"/language/{language}")
    file = {"file": (io.BytesIO(data), "a.pdf")}
    return operator.post(f"/meetings/{deck.meeting_id}/upload", file, headers={"Accept": "application/json"})


def test_less_than_the_reserve_is_free__refused_with_cause_and_remedy_then_goes_on(office, deck, operator, fill, pages):
    fill(intake.RESERVE - (1 << 20))
    for language, words in (
        ("zh", ("文件没有收下", "磁盘已满", "腾出空间")),
        ("en", ("not taken", "disk is full", "free some")),
    ):
        answer = upload(operator, deck, deck.scan.read_bytes(), language)
        assert answer.status_code == 503
        assert all(word in answer.get_json()["message"] for word in words)
    assert (kept(office), count(office, Scan)) == ([], 0)
    fill(EMPTY)
    assert upload(operator, deck, deck.scan.read_bytes(), "en").status_code == 302
    assert [page.state for page in pages()] == ["read"] * stacks.COPIES


def test_disk_fills_while_a_file_is_written__nothing_half_stays_and_it_goes_on(
    office, big, send, fill, pages, monkeypatch
):
    monkeypatch.setattr(intake, "RESERVE", 0)
    fill(1 << 20)
    with pytest.raises(Busy, match="disk-full"):
        send(big)
    assert (kept(office), count(office, Scan)) == ([], 0)
    fill(EMPTY)
    done = send(big)
    assert done.duplicate_of is None
    assert len(pages(done.scan_id)) == stacks.COPIES


class Mute:
    """A bell that nobody hears."""

    def ring(self, task: str, key: int) -> None:
        """Do nothing."""


def test_disk_fills_before_the_pages_are_written_down__the_original_stays_and_is_read_once(
    office, deck, send, fill, pages
):
    quiet = type(office)(office.settings, office.db, office.storage, Mute())
    with deck.scan.open("rb") as stream:
        done = intake.receive(quiet, stream, "scan.pdf", user_id=1, origin="upload", meeting_id=deck.meeting_id)
    fill(0)
    with pytest.raises((OperationalError, OSError)):  # a worker writes it to its log, and the sweep rings again
        intake.open_scan(office, done.scan_id)
    assert len(kept(office)) == 1
    fill(EMPTY)
    intake.open_scan(office, done.scan_id)
    assert [page.state for page in pages(done.scan_id)] == ["read"] * stacks.COPIES
    assert sorted(page.sheet for page in pages(done.scan_id)) == sorted(deck.sheets)
    assert count(office, Page) == stacks.COPIES


def test_disk_fills_while_sheets_are_printed__is_told_and_printing_goes_on(office, deck, fill):
    with office.db.read() as session:
        file = session.scalars(select(PrintFile)).first()
        survey_id = file.print_run.survey_id
    order = Order(unit="材料学院", date="2011年7月15日", copies=1500, subjects=("材料学院",), members=())
    quiet = type(office)(office.settings, office.db, office.storage, Mute())
    printing.create_runs(quiet, meeting_id=deck.meeting_id, survey_id=survey_id, order=order, user_id=1)
    with office.db.read() as session:
        file_id = session.scalars(select(PrintFile.id).order_by(PrintFile.id.desc())).first()
    fill(400_000)
    printing.make_file(office, file_id)
    with office.db.read() as session:
        file = session.get_one(PrintFile, file_id)
        assert (file.state, file.problem) == ("failed", "print-disk-full")
    assert not list(office.settings.prints_folder.rglob("*.part"))
    fill(EMPTY)
    printing.try_again(office, file_id)
    with office.db.read() as session:
        assert session.get_one(PrintFile, file_id).state == "done"
    assert printing.file_path(office, file_id).read_bytes()[:5] == b"%PDF-"
