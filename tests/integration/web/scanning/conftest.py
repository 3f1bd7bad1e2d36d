"""One deck is printed and scanned for all tests of this folder; each test gets a copy of its instance."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import stacks
from sqlalchemy import select

from webapp.models import Meeting, Page, Scan
from webapp.office import Office
from webapp.services import intake
from webapp.settings import Settings, load

# tesseract's threads fight over the cores and take ten times as long; a worker sets the same
os.environ["OMP_THREAD_LIMIT"] = "1"


@pytest.fixture(scope="session")
def built_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with a printed meeting, and scans beside it."""
    folder = tmp_path_factory.mktemp("deck") / "instance"
    stacks.build(folder)
    return folder


@pytest.fixture
def settings(built_deck: Path, tmp_path: Path) -> Settings:
    """A copy of it; jobs run at once."""
    return load(shutil.copytree(built_deck, tmp_path / "instance"), environ={}, inline_jobs=True)


@pytest.fixture
def deck(settings: Settings) -> stacks.Deck:
    """The sheets and their scans."""
    return stacks.deck_of(settings.instance)


@pytest.fixture
def meeting(office: Office) -> Meeting:
    """The meeting of the deck."""
    with office.db.read() as session:
        return session.scalars(select(Meeting)).one()


@pytest.fixture
def send(office: Office, meeting: Meeting) -> Callable[..., intake.Received]:
    """Take a file in as the page does."""

    def send(data: bytes, name: str = "scan.pdf", **kwargs: object) -> intake.Received:
        options = {"user_id": 1, "origin": "upload", "meeting_id": meeting.id, **kwargs}
        return intake.receive(office, io.BytesIO(data), name, **options)

    return send


@pytest.fixture
def pages(office: Office) -> Callable[..., list[Page]]:
    """All pages, or those of a scan, in order."""

    def pages(scan_id: int | None = None) -> list[Page]:
        with office.db.read() as session:
            query = select(Page).order_by(Page.scan_id, Page.index, Page.part)
            return list(session.scalars(query.where(Page.scan_id == scan_id) if scan_id else query))

    return pages


@pytest.fixture
def scan_row(office: Office) -> Callable[[int], Scan]:
    """The row of a scan as it is now."""

    def scan_row(scan_id: int) -> Scan:
        with office.db.read() as session:
            return session.get_one(Scan, scan_id)

    return scan_row
