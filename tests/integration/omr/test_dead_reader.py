"""A reading process that dies in the middle: what it had in hand is read again, and nothing waits for ever."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from pathlib import Path

from omr_scans import scanned

from omr.run import Job, read_all

ROOT = Path(__file__).parents[3]


class Deadly(type(pathlib.Path())):
    """A path that ends the process to which it is sent."""

    def __reduce__(self):
        return os._exit, (9,)


def readers(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


def test_process_killed_in_the_middle__all_pages_in_order(org, filled, stack, tmp_path):
    layout, out = tmp_path / "layout.json", tmp_path / "r.jsonl"
    layout.write_text(org.layout.dumps(), "utf-8")
    path = stack.jpeg_pdf([filled, scanned(org.pages[1])] * 60)
    command = [sys.executable, "-m", "omr", "read", str(path), "--layout", str(layout), "--out", str(out)]
    process = subprocess.Popen([*command, "--jobs", "2"], cwd=ROOT, stdout=subprocess.DEVNULL)
    part = out.with_name("r.jsonl.part")
    while not (part.exists() and part.stat().st_size):
        assert process.poll() is None, "the stack is too small to be caught in the middle"
        time.sleep(0.01)
    os.kill(readers(process.pid)[0], signal.SIGKILL)
    assert process.wait(timeout=300) == 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [(line["page"], line["status"]) for line in lines] == [(page, "read") for page in range(1, 121)]
    assert not part.exists()


def test_page_that_kills_its_process_twice__named_and_the_others_read(org, filled, stack):
    bad, good = stack.jpeg_pdf([filled] * 2), stack.jpeg_pdf([filled] * 3)
    lines = [json.loads(line) for line, _ in read_all([Deadly(bad), good], Job((org.layout,)), jobs=2)]
    problems = [(line["page"], (line["problem"] or {}).get("code")) for line in lines]
    assert problems == [(1, "reader-died"), (2, "reader-died"), (1, None), (2, None), (3, None)]
