"""Printed sheets and scanned stacks for the benches, the same for the same seed; the reader as users run it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forms import code, loader, render
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from omr.synth import Mix, Severity, Truth, scan_stack

ROOT = Path(__file__).parents[2]
FORMS = ("org", "member", "roster-overall", "roster-items")
_NAMES = (
    "王芳",
    "李建国",
    "张丽娟",
    "巴特尔",
    "乌云其其格",
    "陈志远",
    "刘洋",
    "赵淑珍",
    "苏日娜",
    "买买提·阿不都热合曼",
    "孙玉梅",
    "周明",
)
_ROWS = {"roster-overall": 25, "roster-items": 16}


@dataclass(frozen=True, slots=True)
class Deck:
    """A scanned stack on disk with its layout and its truth."""

    path: Path
    layout: Layout
    layout_path: Path
    truth: Truth


def layout_of(form: str) -> Layout:
    """Set a preset with a full page of members."""
    rows = _ROWS.get(form, 0)
    members = tuple(f"{_NAMES[n % len(_NAMES)]}{n // len(_NAMES) or ''}" for n in range(rows))
    return typeset(
        loader.preset(form), Values("材料科学与工程学院党委", "材料科学与工程学院党委", "2011年7月15日", members)
    )


def print_sheets(layout: Layout, count: int, seed: int, path: Path) -> None:
    """Print ``count`` copies with sheet codes that follow from the seed."""
    chance = random.Random(seed)
    sheets: dict[str, None] = {}
    while len(sheets) < count:
        sheets[code.new_sheet(layout.digest, sheets, chance.choice)] = None
    render.write_pdf(layout, sheets, path)


def make_deck(
    form: str, count: int, seed: int, folder: Path, severity: Severity | str, mix: Mix | str, suffix: str = ".pdf"
) -> Deck:
    """Print, fill and scan ``count`` sheets of a preset into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    layout = layout_of(form)
    layout_path = folder / f"{form}.layout.json"
    layout_path.write_text(layout.dumps(), "utf-8")
    printed, scanned = folder / f"{form}-printed.pdf", folder / f"{form}-scanned{suffix}"
    print_sheets(layout, count, seed, printed)
    truth = scan_stack(printed, [layout], scanned, severity=severity, mix=mix, seed=seed)
    return Deck(scanned, layout, layout_path, truth)


def read_command(paths: list[Path], layouts: list[Path], out: Path, *more: str) -> list[str]:
    """Return the reader's command line."""
    given = [argument for path in layouts for argument in ("--layout", str(path))]
    return [sys.executable, "-m", "omr", "read", *map(str, paths), *given, "--out", str(out), *more]


def read(paths: list[Path], layouts: list[Path], out: Path, *more: str) -> list[dict[str, Any]]:
    """Run ``python -m omr read`` and return its lines. Raises CalledProcessError where it fails."""
    subprocess.run(read_command(paths, layouts, out, *more), cwd=ROOT, check=True)
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]
