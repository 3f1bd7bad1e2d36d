"""Whatever the bytes: a form, a values file, a layout or a code is read, or refused with its own error."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forms import code, loader, values
from forms.errors import FormErrors
from forms.layout import Layout
from forms.nodes import decode
from forms.survey import Values
from forms.typeset import typeset

PRESETS = [(Path(loader.__file__).parent / "presets" / f"{name}.yaml").read_text("utf-8") for name in loader.PRESETS]
LAYOUT = typeset(loader.preset("roster-overall"), Values(members=("王芳", "李明")))
SCRAPS = [
    "",
    " ",
    "\t",
    ":",
    "- ",
    "[",
    "{",
    "}",
    "'",
    '"',
    "|",
    "&a",
    "*a",
    "!!int 3",
    "~",
    "no",
    "\n",
    "1e999",
    "\u3000",
    "𬭊",
]


def outcome(read, refusal):
    """Return (value, None) or (None, the refusal); any other exception fails the test."""
    try:
        return read(), None
    except refusal as error:
        return None, error


def loads_or_reports(text: str) -> None:
    survey, errors = outcome(lambda: loader.load_text(text, "f.yaml"), FormErrors)
    if errors is None:
        assert Layout.loads(typeset(survey).dumps()).digest
        return
    assert errors.errors
    assert all(error.line >= 1 for error in errors.errors)
    for language in ("zh", "en"):
        assert errors.report(language).count(" – ") >= 2 * len(errors.errors)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 3), st.integers(1, 4))
def test_damaged_preset__is_read_or_reported(seed, preset, cuts):
    chance, text = random.Random(seed), PRESETS[preset]
    for _ in range(cuts):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice((0, 1, 5, 40)))
        text = text[:start] + chance.choice(SCRAPS) + text[end:]
    loads_or_reports(text)


@settings(max_examples=60)
@given(st.binary(max_size=300))
@example(b"\xff\xfe")
@example(b"? [a]\n: b\n")
@example(b"{}: x\n")
@example(b"!!binary x: y\n")
def test_any_bytes__are_read_or_reported(data):
    text, errors = outcome(lambda: decode(data, "f.yaml"), FormErrors)
    if errors is None:
        loads_or_reports(text)
        _, errors = outcome(lambda: values.load_text(text, "f.yaml"), FormErrors)
    assert errors is None or errors.errors


@given(st.text(max_size=30))
@example("0" * 18)
@example("K7Q23F8M7C31D09E00")
def test_any_text__is_a_code_or_a_code_error(text):
    read, error = outcome(lambda: code.parse(text), code.CodeError)
    assert error is not None or str(read) == text.strip().upper()


ALPHABET = st.text(code.ALPHABET, min_size=8, max_size=8)


@given(st.integers(0, 2**32), ALPHABET, st.integers(1, 99))
def test_code__comes_back_as_it_went(seed, digest, page):
    chance = random.Random(seed)
    sheet = code.new_sheet(digest, choose=chance.choice)
    written = str(code.SheetCode(sheet, digest, page))
    assert len(written) == code.LENGTH
    assert code.parse(written) == code.SheetCode(sheet, digest, page)
    assert code.belongs(code.readable(sheet).lower(), digest)


@given(ALPHABET, st.integers(0, 15), st.sampled_from(code.ALPHABET))
def test_one_wrong_character_of_a_code__is_found(digest, place, character):
    written = code.new_sheet(digest, choose=random.Random(place).choice) + digest
    changed = written[:place] + character + written[place + 1 :]
    if changed != written:
        assert not code.belongs(changed[:8], changed[8:])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda x: st.lists(x) | st.dictionaries(st.text(max_size=8), x),
    )
)
def test_any_json__is_a_layout_or_a_value_error(value):
    for candidate in (value, {"schema": "pingyi.layout/1", "form": "a", "page_mm": value, "pages": value}):
        written = json.dumps(candidate)
        layout, error = outcome(lambda written=written: Layout.loads(written), ValueError)
        assert str(error) if layout is None else layout.pages == ()


JUNK = st.sampled_from([None, True, "x", "", -1, 1e400, float("nan"), [], {}, [[]], 10**400])


@settings(max_examples=150)
@given(st.integers(0, 2**32), JUNK)
def test_damaged_layout__is_read_or_a_value_error(seed, junk):
    chance, value = random.Random(seed), json.loads(LAYOUT.dumps())
    holder = value
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = chance.choice(keys)
        if not isinstance(holder[key], (dict, list)) or not holder[key] or chance.random() < 0.15:
            holder[key] = junk
            break
        holder = holder[key]
    read, error = outcome(lambda: Layout.from_json(value), ValueError)
    assert str(error) if read is None else Layout.loads(read.dumps()) == read


def test_deeply_nested_json__is_a_value_error():
    with pytest.raises(ValueError, match="deep"):
        Layout.loads("[" * 200_000)


def test_layout__keeps_its_digest_over_a_file():
    again = Layout.loads(LAYOUT.dumps())
    assert again == LAYOUT
    assert again.sealed().digest == LAYOUT.digest
    assert replace(LAYOUT, letter="Z").sealed().digest != LAYOUT.digest
