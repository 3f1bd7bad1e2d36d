"""What all tests share: Hypothesis' profiles and an empty instance folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# deadline=None: a test is wrong by its result, never by the time it took on a busy machine.
# too_slow: drawing a page takes longer than Hypothesis expects of drawing a value.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", **_COMMON)
settings.register_profile("ci", derandomize=True, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An empty folder for everything that is data."""
    folder = tmp_path / "instance"
    folder.mkdir()
    return folder
