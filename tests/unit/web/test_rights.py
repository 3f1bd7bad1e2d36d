"""The table of docs/roles.md is what the program does; a role on a unit holds below it and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from forms import messages
from webapp.errors import CATALOGUE
from webapp.rights import RIGHTS, RUNS_ALONE, Right, Role
from webapp.services.rights import Standing

DOC = Path(__file__).resolve().parents[3] / "docs" / "roles.md"
TREE = {1: None, 2: 1, 3: 2, 4: 1}  # school > college > branch; another college


def table():
    lines = DOC.read_text("utf-8").split("<!-- the table: rights down, roles across -->\n")[1].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[: 2 + len(Right)]]
    return {right: dict(zip(cells[0][1:], marks, strict=True)) for right, *marks in cells[2:]}


def test_table_of_the_doc__is_what_the_program_does():
    written = table()
    assert set(written) == set(Right)
    for right in Right:
        assert written[right] == {role: "✓" if right in RIGHTS[role] else "" for role in Role}, right


def test_every_role__has_its_words_in_both_languages():
    for role in Role:
        words = {messages.say(CATALOGUE, f"role-{role}", language) for language in ("zh", "en")}
        assert len(words) == 2, role


def test_administrator__sees_neither_results_nor_sheets():
    hidden = {Right.SEE_RESULTS, Right.SEE_SHEETS, Right.READ_PAPERS, Right.TRANSCRIBE, Right.REVIEW, Right.SCAN}
    assert not RIGHTS[Role.ADMINISTRATOR] & hidden


def test_who_runs_the_office_alone__is_not_the_scrutineer():
    assert not {Right.CLOSE, Right.RULE} & {right for role in RUNS_ALONE for right in RIGHTS[role]}


@pytest.mark.parametrize(
    ("held_on", "holds"), [(None, {None, 1, 2, 3, 4}), (1, {1, 2, 3, 4}), (2, {2, 3}), (3, {3}), (4, {4})]
)
def test_role_on_a_unit__holds_there_and_below(held_on, holds):
    standing = Standing(((Role.SCANNER, held_on),), TREE)
    assert {unit for unit in (None, *TREE) if standing.may(Right.SCAN, unit)} == holds
    assert standing.units(Right.SCAN) == holds - {None}
    assert standing.anywhere(Right.SCAN)
    assert not standing.anywhere(Right.CLOSE)


def test_scrutineer_of_a_unit__reviews_elsewhere_only():
    standing = Standing(((Role.SCANNER, None), (Role.SCRUTINEER, 2)), TREE)
    assert standing.units(Right.REVIEW) == {1, 4}
    assert standing.units(Right.SCAN) == {1, 2, 3, 4}
    assert standing.units(Right.CLOSE) == {2, 3}


def test_tree_that_goes_round__ends():
    assert not Standing(((Role.SCANNER, 9),), {1: 2, 2: 1}).may(Right.SCAN, 1)
