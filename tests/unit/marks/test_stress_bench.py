from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.bench.stress", "--forms", "org", "--questions", "8", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.slow
def test_stress_bench__reads_by_the_command_line_and_reports_every_table(tmp_path):
    report = run("--seed", "3", "--work", str(tmp_path), "--misreads", str(tmp_path / "misreads"))
    for words in ("stress set, reader", "95 % bound", "pages lost: ", "bias (p", "calibration of", "Brier score"):
        assert words in report
    total = next(line for line in report.splitlines() if line.startswith("  all "))
    assert sum(int(number) for number in total.split()[1:3]) == 8  # two sheets of four questions, read or lost
    assert [path.name for path in tmp_path.iterdir() if path.name != "misreads"] == []


def test_hand_rule__gives_the_same_report_for_the_same_seed():
    assert run("--seed", "3", "--hand-rule") == run("--seed", "3", "--hand-rule")
