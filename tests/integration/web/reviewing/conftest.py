"""One stack is printed, marked, scanned and read for all tests of this folder; each test gets a copy of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import marked
import pytest
from sqlalchemy import select

from webapp.models import Meeting, Page, User
from webapp.settings import Settings, load


@pytest.fixture(scope="session")
def read_stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance in which the stack of ``marked`` was read."""
    folder = tmp_path_factory.mktemp("stack") / "instance"
    marked.build(folder)
    return folder


@pytest.fixture
def settings(read_stack: Path, tmp_path: Path) -> Settings:
    """A copy of it."""
    return load(shutil.copytree(read_stack, tmp_path / "instance"), environ={}, inline_jobs=True)


@pytest.fixture
def meeting(office) -> Meeting:
    """The meeting of the stack."""
    with office.db.read() as session:
        return session.scalars(select(Meeting).where(Meeting.place == marked.PLACE)).one()


@pytest.fixture
def empty_meeting(office) -> Meeting:
    """A meeting from which nothing has come yet."""
    with office.db.read() as session:
        return session.scalars(select(Meeting).where(Meeting.place == "")).one()


@pytest.fixture
def user(office) -> User:
    """Who brought the stack in."""
    with office.db.read() as session:
        return session.scalars(select(User)).first()


@pytest.fixture
def pages(office) -> list[int]:
    """The ids of the pages, in order of the stack."""
    with office.db.read() as session:
        return list(session.scalars(select(Page.id).order_by(Page.index)))
