"""Processes die at random moments, and the count still adds up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import kills


@pytest.mark.slow
def test_twenty_kills_during_scan_review_and_closing__nothing_is_lost_or_counted_twice(tmp_path: Path) -> None:
    assert kills.run(20, 1, tmp_path) == []
