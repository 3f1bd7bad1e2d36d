"""A form file as fields that a page can show, and fields as the text of a form file. The file stays the truth.

What the fields don't show (``words``, ``most``, ``sheet_number``) is kept from the text that they started from. Nothing
is checked here: ``surveys.save`` checks the text, and tells every fault by the place of the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from forms.errors import FormError

TEXTS = ("form", "letter", "design", "about", "issuer", "title", "title_en", "thanks")
ITEM, OPTION, RATER = ("id", "text", "text_en", "focus"), ("id", "text", "text_en", "counts"), ("id", "text", "text_en")
ROWS = {"item": 5, "option": 6, "rater": 5}  # as many as any design holds
_PLACE = re.compile(r"(items|scale|identity|instructions|opinion)(?:\[(\d+)\])?(?:\.(choices)\[(\d+)\])?(?:\.(\w+))?")


Sent = Mapping[str, Sequence[str]]  # what a page sent: of each name its values


@dataclass(frozen=True, slots=True)
class Fields:
    """A form as rows of texts. Rows of a list are padded with empty ones for the page."""

    texts: Mapping[str, str]
    items: tuple[Mapping[str, str], ...]
    overall: int  # the item whose rate is the headline, from 1; 0 for none
    options: tuple[Mapping[str, str], ...]
    unknown: bool
    raters: tuple[Mapping[str, str], ...]
    raters_text: Mapping[str, str]  # text, text_en of the question
    instructions: str
    opinion: Mapping[str, str] | None


def of_source(source: str) -> Fields:
    """Return the fields of a form file. Raises ValueError where the text is no mapping: then it alone is edited."""
    try:
        form = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise ValueError("not yaml") from error
    if not isinstance(form, dict):
        raise ValueError("no mapping")
    identity = (_maps(form.get("identity")) or [{}])[0]
    items = _maps(form.get("items"))
    opinion = form.get("opinion")
    instructions = form.get("instructions")
    return Fields(
        texts={name: _text(form.get(name)) for name in TEXTS},
        items=_rows(items, ITEM, "item"),
        overall=next((number for number, item in enumerate(items, 1) if item.get("overall")), 0),
        options=_rows(_maps(form.get("scale")), OPTION, "option"),
        unknown=form.get("unknown") is True,
        raters=_rows(_maps(identity.get("choices")), RATER, "rater"),
        raters_text={name: _text(identity.get(name)) for name in ("text", "text_en")},
        instructions="\n".join(map(_text, instructions)) if isinstance(instructions, list) else "",
        opinion={name: _text(opinion.get(name)) for name in ("heading", "hint", "heading_en")}
        if isinstance(opinion, dict)
        else None,
    )


def to_source(sent: Sent, base: str) -> str:
    """Return the text of a form file with what a page sent, over the text that the page started from."""
    try:
        before = yaml.safe_load(base)
    except yaml.YAMLError:
        before = None
    form: dict[str, Any] = dict(before) if isinstance(before, dict) else {}
    form |= {name: _one(sent, name).strip() for name in TEXTS}
    form["scale"] = _lines(sent, "option", OPTION, "o")
    form["unknown"] = bool(_one(sent, "unknown"))
    form["items"] = _items(sent, _maps(form.get("items")))
    raters = _lines(sent, "rater", RATER, "r")
    rest = _maps(form.get("identity"))[1:]
    first = {
        "id": "rater_class",
        "text": _one(sent, "raters_text").strip(),
        "text_en": _one(sent, "raters_text_en").strip(),
    }
    form["identity"] = (
        [{"id": "rater_class", **{name: word for name, word in first.items() if word}, "choices": raters}, *rest]
        if raters
        else []
    )
    form["instructions"] = [line.strip() for line in _one(sent, "instructions").splitlines() if line.strip()]
    if _one(sent, "has_opinion"):
        words = {name: _one(sent, f"opinion_{name}").strip() for name in ("heading", "hint", "heading_en")}
        form["opinion"] = {name: word for name, word in words.items() if word or name == "heading"}
    else:
        form["opinion"] = False
    return yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=100)


def placed(error: FormError, words: Mapping[str, str]) -> FormError:
    """Return a fault with its place in the words of the page; ``words``: part of a form → its heading."""
    found = _PLACE.match(error.place)
    if not found:
        return replace(error, place=words.get(error.place, error.place))
    part, number, inner, inner_number, _leaf = found.groups()
    if part == "identity":
        part, number = "identity", inner_number if inner else None
    return replace(error, place=f"{words.get(part, part)}{f' {number}' if number else ''}")


def _items(sent: Sent, before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    kept = {item.get("id"): item for item in before}
    items: list[dict[str, Any]] = []
    overall = _one(sent, "overall")
    for place, row in _numbered(sent, "item", ITEM, "q"):
        item: dict[str, Any] = {name: text for name, text in row.items() if text}
        if str(place) == overall:
            item["overall"] = True
        most = kept.get(row["id"], {}).get("most")
        items.append({**item, "most": most} if most else item)
    return items


def _lines(sent: Sent, kind: str, names: Sequence[str], letter: str) -> list[dict[str, Any]]:
    return [{name: text for name, text in row.items() if text} for _place, row in _numbered(sent, kind, names, letter)]


def _numbered(sent: Sent, kind: str, names: Sequence[str], letter: str) -> list[tuple[int, dict[str, str]]]:
    """Return the rows that say anything, with their place on the page from 1; a row without an id gets a free one."""
    columns = {name: sent.get(f"{kind}_{name}", ()) for name in names}
    rows = [
        (place, {name: columns[name][place - 1].strip() if place <= len(columns[name]) else "" for name in names})
        for place in range(1, len(columns["text"]) + 1)
    ]
    said = [(place, row) for place, row in rows if row["text"] or (row["id"] and row.get("text_en"))]
    taken = {row["id"] for _place, row in said}
    for _place, row in said:
        number = 1
        while not row["id"]:
            if f"{letter}{number}" not in taken:
                row["id"] = f"{letter}{number}"
                taken.add(row["id"])
            number += 1
    return said


def _one(sent: Sent, name: str) -> str:
    return next(iter(sent.get(name, ())), "")


def _rows(found: Sequence[Mapping[str, Any]], names: Sequence[str], kind: str) -> tuple[Mapping[str, str], ...]:
    rows = [{name: _text(row.get(name)) for name in names} for row in found]
    empty = dict.fromkeys(names, "")
    return (*rows, *(empty for _ in range(max(ROWS[kind] - len(rows), 0))))


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
