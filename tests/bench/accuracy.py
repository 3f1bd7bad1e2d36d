"""Misreads on synthesised stacks: ``python -m tests.bench.accuracy --severity office --sheets 200 --seed 1``.

Prints, fills, scans and reads ``--sheets`` sheets, spread evenly over the presets, in chunks that are deleted again.
The questions of a page lie on one scan, in one hand: they are not independent, and the bound is that of N questions.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from omr.synth import SEVERITIES
from omr.synth.plan import mix_of
from tests.bench.crops import save_crops
from tests.bench.deck import FORMS, make_deck, read
from tests.bench.score import OUTCOMES, Score, Verdict, bound_95, score

CHUNK = 40  # sheets on disk at once: about 40 MB


def main() -> None:
    """Run the bench and print its tables."""
    options, total = _options(), Score()
    for number, form in enumerate(options.forms):
        left = options.sheets // len(options.forms) + (number < options.sheets % len(options.forms))
        for chunk, start in enumerate(range(0, left, CHUNK)):
            seed = options.seed * 1000 + number * 100 + chunk
            total.add(_chunk(options, form, min(CHUNK, left - start), seed))
    print("\n".join(report(total)))
    if options.json:
        options.json.write_text(json.dumps(summary(total), indent=1), "utf-8")


def _chunk(options: argparse.Namespace, form: str, count: int, seed: int) -> Score:
    severity = SEVERITIES[options.severity].always(*options.trouble)
    part = Score()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        deck = make_deck(form, count, seed, Path(folder), severity, mix_of(options.mix))
        readings = read([deck.path], [deck.layout_path], Path(folder) / "readings.jsonl")
        score(deck.truth, readings, deck.layout, part)
        silent = [verdict for verdict in part.verdicts if verdict.outcome == "silent"][: options.most_misreads]
        if options.misreads and silent:
            save_crops(deck, silent, options.misreads / f"{options.severity}-{form}-{seed}")
        if options.keep:
            shutil.copytree(folder, options.keep / f"{form}-{seed}", dirs_exist_ok=True)
    return part


def report(total: Score) -> list[str]:
    """Return the tables as lines of Markdown."""
    clear = [verdict for verdict in total.verdicts if verdict.clear]
    hard = [verdict for verdict in total.verdicts if not verdict.clear]
    lines = [f"pages: {dict(total.pages)}; faults: {dict(total.faults)}", ""]
    lines += ["| questions | N | right | silent (95 % bound) | flagged | lost |", "|---|---|---|---|---|---|"]
    lines += [_row("**clear and blank**", clear), *(_row(kind, _of(clear, kind)) for kind in total.table(clear))]
    lines += [_row("**hard**", hard), *(_row(kind, _of(hard, kind)) for kind in total.table(hard))]
    lines += _by_trouble(total.verdicts)
    if total.centre_errors_mm:
        errors = np.array(total.centre_errors_mm)
        p50, p999 = np.percentile(errors, [50, 99.9])
        figures = f"median {p50:.3f}, p99.9 {p999:.3f}, max {errors.max():.3f} ({errors.size} boxes)"
        lines += ["", f"box centres by the registration's matrix, mm: {figures}"]
    return lines


def summary(total: Score) -> dict[str, object]:
    """Return the counts as one JSON value."""
    counts = {
        name: {outcome: sum(v.outcome == outcome for v in total.verdicts if v.clear is clear) for outcome in OUTCOMES}
        for name, clear in (("clear", True), ("hard", False))
    }
    return {"pages": dict(total.pages), **counts}


def _by_trouble(verdicts: list[Verdict]) -> list[str]:
    """A line for each trouble that pages had, clear and hard questions together; none where no page had any."""
    troubles = sorted({trouble for verdict in verdicts for trouble in verdict.page.troubles})
    if not troubles:
        return []
    lines = [
        "",
        "| trouble of the page | questions | right | silent (95 % bound) | flagged | lost |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [_row(name, [verdict for verdict in verdicts if name in verdict.page.troubles]) for name in troubles]


def _of(verdicts: list[Verdict], kind: str) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.kind == kind]


def _row(name: str, verdicts: list[Verdict]) -> str:
    number = len(verdicts)
    right, silent, flagged, lost = (sum(verdict.outcome == outcome for verdict in verdicts) for outcome in OUTCOMES)
    judged = number - lost
    shares = " | ".join(f"{count} ({100 * count / max(1, number):.2f} %)" for count in (flagged, lost))
    return f"| {name} | {number} | {right} | {silent} (≤ {100 * bound_95(silent, judged):.3g} %) | {shares} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accuracy", description=__doc__)
    parser.add_argument("--severity", choices=sorted(SEVERITIES), default="office")
    parser.add_argument("--trouble", action="append", default=[])
    parser.add_argument("--sheets", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mix", default="usual")
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--misreads", type=Path, help="a folder for crops of silent errors")
    parser.add_argument("--most-misreads", type=int, default=20, help="of one chunk")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the stacks")
    parser.add_argument("--json", type=Path, help="also write the counts here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
