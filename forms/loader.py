"""Form file (YAML) → Survey. Reports every mistake of the file at once, each with line, place, cause and remedy.

The keys are described in docs/formats.md. ``presets/`` holds the four forms that come with the product.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from forms.errors import FormErrors
from forms.nodes import Source, Table, compose, decode
from forms.survey import FOCI, Choice, Design, OpinionBox, Question, Survey, Values
from forms.typeset import CHOICES, IDENTITY, IDENTITY_CHOICES, ITEMS, typeset

PRESETS = ("org", "member", "roster-overall", "roster-items")
_PRESET_FOLDER = Path(__file__).with_name("presets")

FORM_KEYS = (
    *("form", "letter", "design", "about", "issuer", "title", "title_en", "identity", "scale", "unknown"),
    *("items", "instructions", "opinion", "thanks", "words", "sheet_number"),
)
_CHOICE_KEYS = ("id", "text", "text_en", "counts")
COUNTS = ("satisfied", "rather-satisfied", "dissatisfied", "beside")
WORD_KEYS = ("unit_label", "subject_label", "date_label", "items_label", "names_label", "roster_subject", "row_guide")
_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_FORM_ID = re.compile(r"[a-z][a-z0-9-]{0,31}")
_LETTER = re.compile(r"[A-Z][A-Z0-9]{0,2}")
UNKNOWN = Choice("unknown", "不了解", "Don't know", in_denominator=False)


@cache
def preset(name: str) -> Survey:
    """Return one of the four forms that come with the product. Raises KeyError for another name."""
    if name not in PRESETS:
        raise KeyError(name)
    return load_file(_PRESET_FOLDER / f"{name}.yaml")


def load_file(path: Path) -> Survey:
    """Read a form file. Raises FormErrors for what is wrong in it, OSError where it cannot be read."""
    return load_text(decode(path.read_bytes(), path.name), path.name)


def load_text(text: str, name: str) -> Survey:
    """Read a form's text; ``name`` stands in the reports. Raises FormErrors with every mistake."""
    source = Source()
    table = Table(source, compose(text, name), "", FORM_KEYS)
    survey = _survey(table)
    try:
        typeset(survey, Values())
    except FormErrors as unfit:
        known = {error.place for error in source.errors}
        source.errors += [error for error in unfit.placed(source.lines, name).errors if error.place not in known]
    if source.errors:
        raise FormErrors(source.errors, name)
    return survey


def _survey(table: Table) -> Survey:
    design = Design(table.word("design", [design.value for design in Design]) or Design.SHEET)
    choices = _scale(table, design)
    identity = _identity(table, design)
    items = _items(table, design, choices)
    table.source.once([(f"{place}.id", asked.id) for place, asked in (*identity, *items)], "duplicate-id")
    return Survey(
        form=_named(table, "form", _FORM_ID),
        letter=_named(table, "letter", _LETTER),
        design=design,
        issuer=table.text("issuer", required=False),
        title=table.text("title"),
        identity=tuple(asked for _, asked in identity),
        items=tuple(item for _, item in items),
        instructions=tuple(text for _, text in table.texts("instructions", 0, 9, 300)),
        opinion=_opinion(table),
        about=table.word("about", ("organisation", "member"), "organisation"),
        title_en=table.text("title_en", required=False),
        thanks=table.text("thanks", required=False, default="感谢您的参与！"),
        options=_options(table),
    )


def _named(table: Table, key: str, pattern: re.Pattern[str]) -> str:
    """Return a machine name; complains where it does not fit ``pattern``."""
    value = table.text(key)
    if value and not pattern.fullmatch(value):
        codes = {"letter": "bad-letter", "form": "bad-form-name"}
        table.source.complain(codes.get(key, "bad-id"), table.at(key), table.node_of(key), value=value)
    return value


def _scale(table: Table, design: Design) -> tuple[Choice, ...]:
    has_unknown = table.flag("unknown", False)
    entries = table.tables("scale", _CHOICE_KEYS, CHOICES[design][0], CHOICES[design][1] - has_unknown)
    choices = _choices(table, "scale", entries)
    if entries and not any(choice.satisfied for choice in choices):
        table.source.complain("nothing-satisfied", table.at("scale"), table.node_of("scale"))
    if has_unknown and all(choice.id != UNKNOWN.id for choice in choices):
        choices = (*choices, UNKNOWN)
    return choices


def _choices(table: Table, key: str, entries: list[Table]) -> tuple[Choice, ...]:
    source = table.source
    choices = []
    for entry in entries:
        counts = entry.word("counts", COUNTS, "plainly")
        choices.append(
            Choice(
                _named(entry, "id", _ID),
                entry.text("text", most=12),
                entry.text("text_en", required=False, most=60),
                in_denominator=counts != "beside",
                satisfied=counts == "satisfied",
                rather_satisfied=counts == "rather-satisfied",
                dissatisfied=counts == "dissatisfied",
            )
        )
    places = [entry.place for entry in entries]
    source.once([(f"{place}.id", c.id) for place, c in zip(places, choices, strict=True)], "duplicate-id")
    source.once([(f"{place}.text", c.label) for place, c in zip(places, choices, strict=True)], "duplicate-text")
    beside = [number for number, choice in enumerate(choices, start=1) if not choice.in_denominator]
    if beside and beside != [len(choices)]:
        source.complain("beside-not-last", f"{table.at(key)}[{beside[0]}]", entries[beside[0] - 1].node)
    return tuple(choices)


def _identity(table: Table, design: Design) -> list[tuple[str, Question]]:
    asked = []
    for entry in table.tables("identity", ("id", "text", "text_en", "choices"), *IDENTITY[design]):
        choices = _choices(entry, "choices", entry.tables("choices", ("id", "text", "text_en"), *IDENTITY_CHOICES))
        question = Question(
            _named(entry, "id", _ID), entry.text("text"), choices, entry.text("text_en", required=False)
        )
        asked.append((entry.place, question))
    if asked and asked[0][1].id != "rater_class":
        place = f"{asked[0][0]}.id"
        table.source.complain("first-identity", place, table.node_of("identity"), value=asked[0][1].id)
    return asked


def _items(table: Table, design: Design, choices: tuple[Choice, ...]) -> list[tuple[str, Question]]:
    items = []
    for entry in table.tables("items", ("id", "text", "text_en", "overall", "most", "focus"), *ITEMS[design]):
        most = entry.number("most", 1, 1, max(1, len(choices)))
        item = Question(
            _named(entry, "id", _ID),
            entry.text("text"),
            choices,
            entry.text("text_en", required=False),
            type="multi" if most > 1 else "single",
            most=most,
            overall=entry.flag("overall", False),
            focus=entry.word("focus", FOCI, "none").replace("none", ""),
        )
        items.append((entry.place, item))
    overall = [place for place, item in items if item.overall]
    if len(overall) > 1:
        table.source.complain("second-overall", f"{overall[1]}.overall", table.node_of("items"), first=overall[0])
    if design is Design.ROSTER_OVERALL and items and items[0][1].id != "overall":
        table.source.complain("not-overall", f"{items[0][0]}.id", table.node_of("items"), value=items[0][1].id)
    return items


def _opinion(table: Table) -> OpinionBox | None:
    """``opinion: false`` leaves the writing lines away."""
    if not table.has("opinion") or table.is_flag("opinion"):
        if table.flag("opinion", False):
            table.source.complain("opinion-heading", table.at("opinion"), table.node_of("opinion"))
        return None
    opinion = table.table("opinion", ("heading", "hint", "heading_en"))
    heading, hint = opinion.text("heading", most=40), opinion.text("hint", required=False, most=40)
    return OpinionBox(heading, hint, opinion.text("heading_en", required=False))


def _options(table: Table) -> dict[str, str]:
    words = table.table("words", WORD_KEYS)
    options = {key: words.text(key, required=False, most=30) for key in WORD_KEYS if words.has(key)}
    if not table.flag("sheet_number", True):
        options["sheet_number"] = "off"
    return options
