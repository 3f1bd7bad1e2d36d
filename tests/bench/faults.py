"""False alarms and finds of the faults: ``python -m tests.bench.faults --clean 200 --each 40 --seed 1``.

Clean pages are of severity office, all forms; each trouble is laid on office pages that have no other. A row says on
how many pages each fault was named. Nothing else than the trouble's own fault should stand in its row.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from omr.reader import Reader
from omr.settings import ReaderSettings
from tests.bench.deck import FORMS
from tests.bench.places import page_of, scans

TROUBLES = (
    "streak-1px",
    "streak-5px",
    "creased",
    "fold-through-boxes",
    "show-through",
    "feed-slip",
    "cut-edge",
    "print-94",
    "upside-down",
    "covered-mark",
    "half-mark",
    "one-bit",
    "dither",
    "jpeg-30",
)


def main() -> None:
    """Run the bench and print one line for the clean pages and one for each trouble."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.faults", description=__doc__)
    parser.add_argument("--clean", type=int, default=40, help="pages without trouble")
    parser.add_argument("--each", type=int, default=12, help="pages of each trouble")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trouble", nargs="*", default=list(TROUBLES))
    options = parser.parse_args()
    print("| pages | N | faults named | refused |", "|---|---|---|---|", sep="\n")
    print(_row("clean", options.clean, options.seed, []), flush=True)
    for trouble in options.trouble:
        print(_row(trouble, options.each, options.seed, [trouble]), flush=True)


def _row(name: str, count: int, seed: int, troubles: list[str]) -> str:
    faults: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    settings, pages = ReaderSettings(), 0
    for form in FORMS:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            for scan, truth, layout in scans(form, count // len(FORMS), seed, Path(folder), "office", troubles):
                page = page_of(scan, truth.dpi, settings)
                page = replace(page, is_one_bit=True, jpeg_quality=None) if scan.bilevel else page
                (reading,) = Reader({layout.digest: layout}, settings).read(page)
                faults.update({str(fault.code) for fault in reading.faults})
                problems.update([reading.problem.code] if reading.problem else [])
                pages += 1
    words = ("; ".join(f"{code} {number}" for code, number in c.most_common()) or "none" for c in (faults, problems))
    return f"| {name} | {pages} | {' | '.join(words)} |"


if __name__ == "__main__":
    main()
