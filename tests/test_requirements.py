"""docs/requirements.md: every row of the directive is there, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "requirements.md"
ROWS = [f"R{number:02}" for number in range(1, 53)]
MOST_OPEN = 0  # rows without a living test: may only be lowered
NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def table(text: str) -> dict[str, tuple[str, str]]:
    """Return row → (in the app, test) of the page's table."""
    found: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"R\d\d", cells[0]):
            assert cells[0] not in found, f"{cells[0]} stands twice"
            found[cells[0]] = (cells[2], cells[3])
    return found


@cache
def functions(path: Path) -> frozenset[str]:
    """Return the names of the functions that a test file defines, in classes too."""
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def faults(rows: dict[str, tuple[str, str]]) -> list[str]:
    """Return what is wrong with the filled rows: no test named, a test that is not there, no place named."""
    found = []
    for row, (place, tests) in rows.items():
        if tests == "open":
            continue
        nodes = NODE.findall(tests)
        if not nodes or NODE.sub("", tests).strip(" ,;<br>"):
            found.append(f"{row}: no list of tests: {tests}")
        if place in ("", "open"):
            found.append(f"{row}: no place in the app")
        for name, function in nodes:
            if not (ROOT / name).is_file() or function not in functions(ROOT / name):
                found.append(f"{row}: there is no {name}::{function}")
    return found


def test_page__has_every_row_of_the_directive_once_and_in_order():
    assert list(table(PAGE.read_text("utf-8"))) == ROWS


def test_filled_rows__name_tests_that_exist():
    assert faults(table(PAGE.read_text("utf-8"))) == []


def test_open_rows__grow_no_more():
    left = [row for row, (_place, tests) in table(PAGE.read_text("utf-8")).items() if tests == "open"]
    assert len(left) <= MOST_OPEN, left


@pytest.mark.parametrize(
    ("place", "tests"),
    [
        ("`/x`", "`tests/test_requirements.py::test_that_nobody_wrote`"),
        ("`/x`", "`tests/test_nowhere.py::test_open_rows__grow_no_more`"),
        ("`/x`", "seen by eye"),
        ("`/x`", "`tests/test_requirements.py::test_open_rows__grow_no_more` and by eye"),
        ("open", "`tests/test_requirements.py::test_open_rows__grow_no_more`"),
    ],
)
def test_row_that_promises_too_much__is_found(place, tests):
    assert faults({"R01": (place, tests)})
    assert not faults({"R01": ("`/x`", "`tests/test_requirements.py::test_open_rows__grow_no_more`")})
