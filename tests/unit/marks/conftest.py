"""One printed sheet of a roster, to be filled in and scanned again and again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from forms import code, loader, render
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from tests import marks


@dataclass(frozen=True)
class Print:
    layout: Layout
    pdf: Path
    sheets: tuple[str, ...]

    def make(self, out: Path, seed: int = 1, severity: str = "office", hard_share: float = 0.34):
        return marks.make(self.layout, self.pdf, self.sheets, seed, out, severity, hard_share)


@pytest.fixture(scope="session")
def roster() -> Layout:
    return typeset(loader.preset("roster-overall"), Values(members=("王芳", "李建国", "张丽娟", "巴特尔")))


@pytest.fixture(scope="session")
def printed(roster, tmp_path_factory) -> Print:
    sheets = ("AAAAAAA" + code.check_character("AAAAAAA", roster.digest),)
    pdf = tmp_path_factory.mktemp("marks") / "sheets.pdf"
    render.write_pdf(roster, sheets, pdf)
    return Print(roster, pdf, sheets)
