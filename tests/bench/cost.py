"""What reading costs: CPU beside the mere decoding of the same files, step by step, and on a stack that is long.

``python -m tests.bench.cost`` (ratio), ``--steps`` (where it goes), ``--memory 1000`` (of one PDF), ``--long 10000``
(does the last page cost what the first did), ``--jobs 2`` (do two processes read twice as much). The ratio is user +
system time of the whole ``omr read``, one process, over ``cv2.imdecode`` of the same grey 300-dpi JPEG files in the
same run: half ``org`` (14 boxes), half ``roster-items`` (194).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from omr.synth import SEVERITIES
from tests.bench import long_stack, steps
from tests.bench.deck import ROOT, Deck, make_deck, read_command

_FORMS = ("org", "roster-items")
_WARM_BYTES = 32 * 2**20
OFFICE_300 = replace(SEVERITIES["office"], dpi={300: 1.0})


def main() -> None:
    """Run one of the benches and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cost", description=__doc__)
    parser.add_argument("--pages", type=int, default=200, help="of the ratio, half of them each form")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--memory", type=int, metavar="PAGES", help="measure peak memory on one PDF of so many pages")
    parser.add_argument("--steps", action="store_true", help="CPU of each step of a page")
    parser.add_argument("--jobs", type=int, metavar="N", help="time by the clock of one process and of N")
    parser.add_argument("--long", type=int, metavar="PAGES", help="cost of each tenth of a stack of so many pages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cost-") as folder:
        path = Path(folder)
        if options.memory:
            print(_memory(make_deck("org", options.memory, options.seed, path, OFFICE_300, "usual"), path))
        elif options.long:
            print(long_stack.report(options.long, options.seed, path))
        elif options.jobs:
            print(_jobs(_decks(path, options.pages, options.seed), path, options.jobs))
        elif options.steps:
            print(_steps(_decks(path, options.pages, options.seed), options.repeat))
        else:
            print(_ratio(_decks(path, options.pages, options.seed), path, options.repeat))


def _decks(folder: Path, pages: int, seed: int) -> list[Deck]:
    return [make_deck(form, pages // 2, seed, folder / form, OFFICE_300, "usual", suffix="") for form in _FORMS]


def _steps(decks: list[Deck], repeat: int) -> str:
    """Return a table of CPU ms a page; of several runs the least of each step, the others having been disturbed."""
    columns = []
    for deck in decks:
        files = sorted(deck.path.iterdir())
        _warm()
        runs = [steps.spent(files, [deck.layout]) for _ in range(repeat)]
        column = {name: min(run[name] for run in runs) for name in runs[0]}
        decoding = min(_decode_seconds(files) for _ in range(repeat))
        columns.append({**column, "(cv2.imdecode)": 1000 * decoding / len(files)})
    rows = [" " * 22 + "".join(f"{form:>14s}" for form in _FORMS)]
    rows += [f"{name:22s}" + "".join(f"{column[name]:14.2f}" for column in columns) for name in columns[0]]
    return "\n".join(rows)


def _ratio(decks: list[Deck], folder: Path, repeat: int) -> str:
    files = sorted(path for deck in decks for path in deck.path.iterdir())
    command = read_command(
        [deck.path for deck in decks], [deck.layout_path for deck in decks], folder / "r.jsonl", "--jobs", "1"
    )
    decoding, reading = [], []
    for _ in range(repeat):
        decoding.append(_decode_seconds(files))
        reading.append(_run(command))
    lines = (folder / "r.jsonl").read_text("utf-8").splitlines()
    if len(lines) != len(files):
        raise SystemExit(f"{len(lines)} readings of {len(files)} files")
    decode, read = (1000 * statistics.median(seconds) / len(files) for seconds in (decoding, reading))
    spread = ", ".join(f"{one / two:.2f}" for one, two in zip(reading, decoding, strict=True))
    size = sum(path.stat().st_size for path in files) / len(files) / 1024
    figures = f"read {read:.1f} ms, decode {decode:.1f} ms, ratio {read / decode:.2f} (runs: {spread})"
    return f"{len(files)} pages of {size:.0f} KB: {figures}"


def _warm() -> None:
    """Make malloc keep what it frees: until a large block came and went, each picture costs 5 ms of page faults."""
    block = np.ones(_WARM_BYTES, np.uint8)
    del block


def _decode_seconds(files: list[Path]) -> float:
    """CPU seconds of decoding all files to grey, reading them from disk not counted."""
    cv2.setNumThreads(1)
    _warm()
    spent = 0.0
    for path in files:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        before = _cpu(resource.RUSAGE_SELF)
        if cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) is None:
            raise SystemExit(f"{path} cannot be decoded")
        spent += _cpu(resource.RUSAGE_SELF) - before
    return spent


def _jobs(decks: list[Deck], folder: Path, jobs: int) -> str:
    """Return pages a second by the clock, of one process and of several; each stack is read three times over."""
    rows = []
    pages = 3 * sum(len(deck.truth.pages) for deck in decks)
    for number in (1, jobs):
        paths, layouts = 3 * [deck.path for deck in decks], [deck.layout_path for deck in decks]
        begin = time.perf_counter()
        seconds = _run(read_command(paths, layouts, folder / "r.jsonl", "--jobs", str(number)))
        rate = pages / (time.perf_counter() - begin)
        rows.append(f"{number} process(es): {rate:.1f} pages a second, {1000 * seconds / pages:.1f} ms CPU a page")
    return f"{pages} pages, load {os.getloadavg()[0]:.1f} when done\n" + "\n".join(rows)


def _memory(deck: Deck, folder: Path) -> str:
    out = folder / "read" / "r.jsonl"
    *_, last = long_stack.watched(read_command([deck.path], [deck.layout_path], out, "--jobs", "1"), out)
    size = deck.path.stat().st_size / 2**20
    stack = f"a PDF of {len(deck.truth.pages)} pages, {size:.0f} MB"
    return f"{last.lines} readings of {stack}: peak {last.peak_mb:.0f} MB, {last.cpu_s:.1f} s CPU"


def _run(command: list[str]) -> float:
    """Run a command; return the CPU seconds of it and of its own processes."""
    child = subprocess.Popen(command, cwd=ROOT)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
