"""Sheets that the reader's integration tests share; how they are made is in omr_scans."""

from __future__ import annotations

from pathlib import Path

import pytest
from omr_scans import ANSWERS, Printed, Stack, print_form, scanned, tick

from omr.image import Grey


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return print_form("org", 3, tmp_path_factory.mktemp("org"))


@pytest.fixture(scope="session")
def roster(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return print_form("roster-overall", 2, tmp_path_factory.mktemp("roster"))


@pytest.fixture(scope="session")
def items(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return print_form("roster-items", 1, tmp_path_factory.mktemp("items"))


@pytest.fixture(scope="session")
def filled(org: Printed) -> Grey:
    """The first copy of ``org`` with ANSWERS ticked, scanned."""
    page = org.pages[0].copy()
    tick(page, org.layout, ANSWERS)
    page = scanned(page)
    page.flags.writeable = False
    return page


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)
