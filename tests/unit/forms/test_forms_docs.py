"""docs/formats.md names every key that a file may hold."""

from dataclasses import fields
from pathlib import Path

import pytest

from forms import layout, loader, values
from forms.typeset import CHOICES, IDENTITY, ITEMS, typeset

DOC = (Path(__file__).parents[3] / "docs" / "formats.md").read_text("utf-8")
LAYOUT_PARTS = (layout.Page, layout.Box, layout.Question, layout.Region, layout.Text, layout.Rule, layout.Shape)


def section(heading: str) -> str:
    return DOC.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("key", [*loader.FORM_KEYS, *loader.WORD_KEYS, *loader.COUNTS])
def test_key_of_a_form_file__is_documented(key):
    assert f"`{key}`" in section("Form file")


@pytest.mark.parametrize("key", values.KEYS)
def test_key_of_a_values_file__is_documented(key):
    assert f"`{key}`" in section("Values file")


@pytest.mark.parametrize("part", LAYOUT_PARTS, ids=lambda part: part.__name__)
def test_key_of_a_layout__is_documented(part):
    text = section("Layout")
    assert [field.name for field in fields(part) if f"`{field.name}`" not in text] == []


def test_what_designs_hold__is_documented():
    text = section("Form file")
    for what, limits in (("items", ITEMS), ("choices, 不了解 included", CHOICES), ("identity questions", IDENTITY)):
        row = next(line for line in text.splitlines() if line.startswith(f"| {what}"))
        spans = [f"{least}–{most}" if least != most else str(most) for least, most in limits.values()]
        assert [cell.strip() for cell in row.split("|")[2:5]] == spans


def test_least_form_of_the_documentation__prints():
    example = section("Form file").split("```yaml\n", 1)[1].split("```", 1)[0]
    survey = loader.load_text(example, "formats.md")
    assert typeset(survey).page(1).questions
