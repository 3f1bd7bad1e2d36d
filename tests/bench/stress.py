"""Reads the stress set (``tests/marks``) and compares: ``python -m tests.bench.stress --questions 20000 --seed 1``.

Sheets of the four forms are printed, filled in and scanned by the second hand, read by the command line that users
have, and judged by the words of measurement.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from forms import code, loader, render
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from tests import marks
from tests.marks import hand_rule
from tests.marks.chance import calibration, even_rates_p, upper_95
from tests.marks.model import SEVERITIES, PageTruth, State
from tests.marks.scoring import Reading, Verdict, compare, table

ROOT = Path(__file__).parents[2]
CHUNK = 24  # sheets made, read and thrown away at once: the disk holds some 100 pictures
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩"
_GIVEN = ("芳", "建国", "丽娟", "洋", "淑珍", "明", "玉梅", "晓东", "海燕", "国强", "志远", "日娜", "巴特尔")


def main() -> None:
    """Make, read, compare, print."""
    options = _options()
    cv2.setNumThreads(1)
    work = Path(tempfile.mkdtemp(prefix="stress-", dir=options.work))
    try:
        verdicts = _run(options, work)
    finally:
        shutil.rmtree(work)
    _report(verdicts, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stress", description=__doc__)
    parser.add_argument("--questions", type=int, default=2000, help="at least so many, in whole sheets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--severity", choices=SEVERITIES, default="office")
    parser.add_argument("--forms", nargs="+", choices=loader.PRESETS, default=list(loader.PRESETS))
    parser.add_argument("--hard-share", type=float, default=0.34)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--hand-rule", action="store_true", help="judge the trivial rule in place of the reader")
    parser.add_argument("--misreads", type=Path, metavar="DIR", help="keep a picture of each silent question")
    parser.add_argument("--work", type=Path, metavar="DIR", help="where the pictures are made (default: temporary)")
    return parser.parse_args()


def _run(options: argparse.Namespace, work: Path) -> list[Verdict]:
    """Make and read sheets of the forms in turn, each form with the same number of sheets."""
    layouts = [_layout(form, options.seed) for form in options.forms]
    a_round = sum(len(page.questions) for layout in layouts for page in layout.pages)
    sheets = max(1, -(-options.questions // a_round))
    verdicts: list[Verdict] = []
    for number, layout in enumerate(layouts):
        for start in range(0, sheets, CHUNK):
            folder = work / f"{layout.form}-{start}"
            seed = options.seed * 1_000_003 + number * 100_003 + start
            truths = _made(layout, min(CHUNK, sheets - start), seed, folder, options)
            found = compare(truths, _read(layout, truths, folder, options))
            _keep(found, folder / "pages", options.misreads, seed)
            verdicts += found
            shutil.rmtree(folder)
            print(f"{layout.form}: {start + len(truths)} of {sheets} sheets", file=sys.stderr)
    return verdicts


def _layout(form: str, seed: int) -> Layout:
    survey = loader.preset(form)
    rng = np.random.default_rng(seed)
    rows = {"roster-overall": 25, "roster-items": 16}.get(form, 0)
    names = [f"{_FAMILY[k]}{_GIVEN[int(rng.integers(len(_GIVEN)))]}" for k in rng.permutation(len(_FAMILY))[:rows]]
    return typeset(survey, Values(unit="材料科学与工程学院", subject="材料学院党委", members=tuple(names)))


def _made(layout: Layout, sheets: int, seed: int, folder: Path, options: argparse.Namespace) -> list[PageTruth]:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    codes: dict[str, None] = {}
    while len(codes) < sheets:
        codes[code.new_sheet(layout.digest, codes, lambda letters: letters[int(rng.integers(len(letters)))])] = None
    render.write_pdf(layout, codes, folder / "sheets.pdf")
    pages = folder / "pages"
    return marks.make(layout, folder / "sheets.pdf", list(codes), seed, pages, options.severity, options.hard_share)


def _read(layout: Layout, truths: Sequence[PageTruth], folder: Path, options: argparse.Namespace) -> dict[str, Reading]:
    if options.hand_rule:
        return {page.file: hand_rule.read(page, folder / "pages") for page in truths}
    layout_file, out = folder / "layout.json", folder / "readings.jsonl"
    layout_file.write_text(layout.dumps(), "utf-8")
    command = [sys.executable, "-m", "omr", "read", str(folder / "pages"), "--layout", str(layout_file)]
    subprocess.run(
        [*command, "--out", str(out), "--jobs", str(options.jobs)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    return {Path(line["source"]).name: line for line in lines}


def _keep(verdicts: Sequence[Verdict], pages: Path, target: Path | None, seed: int) -> None:
    """Save the row of each silent question, its boxes by the truth."""
    silent = [v for v in verdicts if v.outcome == "silent"] if target else []
    for verdict in silent:
        assert target is not None
        target.mkdir(parents=True, exist_ok=True)
        name = f"{verdict.question.kind}_{verdict.read}_{verdict.page.pen}_{verdict.page.printed}"
        path = target / f"{name}_{seed}_{verdict.page.file[:5]}_{verdict.question.id}.png".replace(":", "-")
        cv2.imwrite(str(path), _row(verdict, pages))


def _row(verdict: Verdict, pages: Path) -> marks.Picture:
    picture = cv2.imread(str(pages / verdict.page.file), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    inside = [xy for name, xy in verdict.page.places.items() if name.rpartition(".")[0] == verdict.question.id]
    points = np.array(inside).reshape(-1, 2)
    (x0, y0), (x1, y1) = points.min(0) - 5 * verdict.page.dpi / 25.4, points.max(0) + 5 * verdict.page.dpi / 25.4
    return np.asarray(picture[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)], np.uint8)


def _report(verdicts: list[Verdict], options: argparse.Namespace) -> None:
    who = "hand rule" if options.hand_rule else "reader"
    print(f"stress set, {who}, severity {options.severity}, seed {options.seed}, {options.hard_share:.0%} hard")
    groups: dict[str, Callable[[Verdict], Sequence[str]]] = {
        "all": lambda v: ["all", "clear" if v.question.clear else "not clear"],
        "truth": lambda v: [v.question.state],
        "mark": lambda v: [v.question.kind],
        "style of the sheet": lambda v: [v.page.style],
        "pen": lambda v: [v.page.pen],
        "hand": lambda v: [v.page.hand],
        "print": lambda v: [v.page.printed],
        "paper": lambda v: [v.page.paper],
        "trouble of the page": lambda v: v.page.troubles or ["none"],
        "resolution": lambda v: [f"{v.page.dpi} dpi"],
        "form": lambda v: [v.page.form],
    }
    for title, by in groups.items():
        print(f"\n{title:<26}questions    lost  silent  per 100k  (95 % bound)  flagged  flagged of the clear")
        for row in table(verdicts, by):
            print(
                f"  {row.name:<24}{row.questions:9d}{row.lost:8d}{row.silent:8d}{row.silent_per_100k:10.0f}"
                f"{row.bound_per_100k:14.0f}{100 * row.flagged_share:8.2f} %"
                f"{100 * row.clear_flagged_share:9.2f} % of {row.clear}"
            )
    _pages(verdicts)
    _multiples(verdicts)
    _bias(verdicts)
    if not options.hand_rule:
        _calibration(verdicts)


def _pages(verdicts: list[Verdict]) -> None:
    pages = {(v.page.form, v.page.sheet, v.page.page): v for v in verdicts}.values()
    lost = [v for v in pages if v.outcome == "lost"]
    print(f"\npages lost: {len(lost)} of {len(pages)} (95 % bound {100 * upper_95(len(lost), len(pages)):.2f} %)")
    for row in table(lost, lambda v: [f"{v.read} ({v.page.printed}, {'+'.join(v.page.troubles) or 'none'})"]):
        print(f"  {row.lost:4d}  {row.name}")


def _multiples(verdicts: list[Verdict]) -> None:
    """Of the flagged, two honest marks have to be: the form itself asks for a ruling there."""
    flagged = [v for v in verdicts if v.outcome == "flagged"]
    rightly = sum(v.question.state is State.MULTIPLE for v in flagged)
    print(f"\nflagged: {len(flagged)}, of these {rightly} truly with two marks")


def _bias(verdicts: list[Verdict]) -> None:
    """Test that rates depend neither on the place of the meant choice in its row nor on the region of the page."""
    plain = [v for v in verdicts if v.outcome != "lost"]
    places: dict[str, Callable[[Verdict], Sequence[str]]] = {
        "place in the row": lambda v: [f"{_place(v)} of {_width(v)}"],
        "third of the page": lambda v: [_region(v)],
    }
    print("\nbias (p of one rate for all groups; under .01 is a finding)")
    for title, by in places.items():
        chosen = [v for v in plain if v.question.choice and v.question.state is not State.MULTIPLE and _width(v) == 4]
        rows = table(chosen if title == "place in the row" else plain, by)
        counts = [row.questions for row in rows]
        silent, flagged = (
            even_rates_p([r.silent for r in rows], counts),
            even_rates_p([r.flagged for r in rows], counts),
        )
        print(f"  {title:<20} silent p = {silent:.3f}  flagged p = {flagged:.3f}")
        for row in sorted(rows, key=lambda r: r.name):
            print(f"    {row.name:<18}{row.questions:8d}{row.silent:6d} silent{100 * row.flagged_share:8.2f} % flagged")


def _boxes(verdict: Verdict) -> list[str]:
    names = [name.rpartition(".") for name in verdict.page.places]
    return [choice for question, _, choice in names if question == verdict.question.id]


def _place(verdict: Verdict) -> int:
    return _boxes(verdict).index(verdict.question.choice[0]) + 1


def _width(verdict: Verdict) -> int:
    return len(_boxes(verdict))


def _region(verdict: Verdict) -> str:
    """Name the third of the page, by the order of its questions."""
    ids = [question.id for question in verdict.page.questions]
    return ("top", "middle", "bottom")[3 * ids.index(verdict.question.id) // len(ids)]


def _calibration(verdicts: list[Verdict]) -> None:
    sure = [v for v in verdicts if v.read.split(":")[0] in ("answered", "blank") and v.outcome in ("right", "silent")]
    if not sure:
        print("\nno sure answers: nothing to calibrate")
        return
    right = np.array([v.outcome == "right" for v in sure], float)
    found = calibration(np.array([v.probability for v in sure]), right)
    print(f"\ncalibration of {len(sure)} sure answers and blanks: joint test p = {found.p_value:.3f} (passes over .05)")
    print(f"  Brier score {found.brier:.6f}, log loss {found.log_loss:.6f}")
    print("  probability               questions  errors expected  found")
    for part in found.bins:
        print(f"  {part.low:.7f} – {part.high:.7f}{part.count:10d}{part.expected:17.2f}{part.found:7d}")


if __name__ == "__main__":
    main()
