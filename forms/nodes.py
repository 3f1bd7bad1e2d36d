"""YAML text → checked values. Keeps the line of every key and collects every problem instead of stopping at the first.

Works on YAML *nodes*, which know their lines and keep duplicate keys; nothing of the text is ever constructed as a
Python object. Anchors are refused, so a small file cannot unfold into a huge one.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from forms.errors import FormError, FormErrors
from forms.typeset.metrics import unprintable

MOST_BYTES = 256 * 1024
MOST_DEPTH = 12
_TRUE = frozenset(("true", "yes", "on"))
_NULL, _BOOL, _INT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int"


def decode(data: bytes, name: str) -> str:
    """Return a file's text. Raises FormErrors where it is too large or no UTF-8."""
    if len(data) > MOST_BYTES:
        raise _single("too-large", 1, name, size=len(data) // 1024, most=MOST_BYTES // 1024)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _single("not-utf8", line, name, byte=error.start + 1) from error


def compose(text: str, name: str) -> yaml.MappingNode:
    """Return the root node of a text. Raises FormErrors for what makes the whole unreadable."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise _single("too-large", 1, name, size=len(text) // 1024, most=MOST_BYTES // 1024)
    try:
        _refuse_bombs(text, name)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context_mark and mark and not text[mark.index :].strip():
            mark = error.context_mark  # something was opened and never closed: the fault is where it begins
        line = mark.line + 1 if mark else 1
        raise _single("not-yaml", line, name) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _single("strange-character", line, name, point=f"U+{_code(error.character):04X}") from error
    if root is None:
        raise _single("empty-file", 1, name)
    if not isinstance(root, yaml.MappingNode):
        raise _single("no-keys", root.start_mark.line + 1, name)
    return root


def _code(character: str | bytes | int) -> int:
    return character if isinstance(character, int) else ord(character)


def _refuse_bombs(text: str, name: str) -> None:
    """Raise for anchors, deep nesting and a second document, on the event stream: before anything is built."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _single("anchor", line, name)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _single("second-document", line, name)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise _single("too-deep", line, name, most=MOST_DEPTH)


def _single(code: str, line: int, name: str, **params: Any) -> FormErrors:
    return FormErrors([FormError(code, "file", line, params)], name)


@dataclass
class Source:
    """The problems of one file so far, and the line of each place."""

    errors: list[FormError] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def complain(self, code: str, place: str, node: yaml.Node | None, **params: Any) -> None:
        """Note a problem at a node."""
        self.errors.append(FormError(code, place, node.start_mark.line + 1 if node else 1, params))

    def once(self, values: Iterable[tuple[str, str]], code: str) -> None:
        """Complain of values that stand at two places. ``values`` are (place, value)."""
        seen: dict[str, str] = {}
        for place, value in values:
            if value and value in seen:
                line, first = self.lines.get(place, 1), seen[value]
                params = {"value": value, "first": first, "first_line": self.lines.get(first, 1)}
                self.errors.append(FormError(code, place, line, params))
            elif value:
                seen[value] = place


class Table:
    """The keys of one mapping. A getter returns a usable value and complains once where there is none."""

    def __init__(self, source: Source, node: yaml.Node | None, place: str, known: Collection[str]) -> None:
        self.source, self.node, self.place = source, node, place
        self._values: dict[str, yaml.Node] = {}
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            source.complain("not-a-mapping", place, node, keys=", ".join(known))
            return
        for key, value in node.value:
            self._take(key, value, known)

    def _take(self, key: yaml.Node, value: yaml.Node, known: Collection[str]) -> None:
        name = key.value if isinstance(key, yaml.ScalarNode) else "?"
        place = self.at(name)
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            self.source.complain("unknown-key", place, key, key=name, known=near[0] if near else ", ".join(known))
        elif name in self._values:
            self.source.complain("duplicate-key", place, key, key=name, first_line=self.source.lines[place])
        else:
            self._values[name] = value
            self.source.lines[place] = key.start_mark.line + 1

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return f"{self.place}.{key}" if self.place else key

    def _get(self, key: str, required: bool) -> yaml.Node | None:
        node = self._values.get(key)
        if node is None and required and (self.node is None or isinstance(self.node, yaml.MappingNode)):
            self.source.complain("missing", self.at(key), self.node, key=key)
        return node

    def has(self, key: str) -> bool:
        """Tell whether a key is there."""
        return key in self._values

    def node_of(self, key: str) -> yaml.Node | None:
        """Return the node of a key, for its line."""
        return self._values.get(key, self.node)

    def is_flag(self, key: str) -> bool:
        """Tell whether a key holds true or false."""
        return key in self._values and self._values[key].tag == _BOOL

    def text(self, key: str, *, required: bool = True, default: str = "", most: int = 120) -> str:
        """Return a printable text of at most ``most`` characters."""
        node = self._get(key, required)
        return default if node is None else _text(self.source, node, self.at(key), most, required)

    def word(self, key: str, allowed: Collection[str], default: str = "") -> str:
        """Return one of the allowed words; ``default`` where the key is missing, required if that is empty."""
        node = self._get(key, not default)
        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode) or node.value not in allowed:
            value = node.value if isinstance(node, yaml.ScalarNode) else "…"
            self.source.complain("not-allowed", self.at(key), node, value=value, allowed=", ".join(allowed))
            return default
        return str(node.value)

    def flag(self, key: str, default: bool) -> bool:
        """Return a switch."""
        node = self._get(key, required=False)
        if node is None:
            return default
        if node.tag != _BOOL:
            self.source.complain("not-a-switch", self.at(key), node)
            return default
        return node.value.lower() in _TRUE

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """Return a whole number within limits."""
        node = self._get(key, required=False)
        if node is None:
            return default
        is_number = node.tag == _INT and node.value.isascii() and node.value.isdecimal() and len(node.value) < 7
        if not is_number or not least <= int(node.value) <= most:
            self.source.complain("not-a-number", self.at(key), node, least=least, most=most)
            return default
        return int(node.value)

    def table(self, key: str, known: Collection[str], *, required: bool = False) -> Table:
        """Return the mapping of a key; an empty one where it is missing."""
        return Table(self.source, self._get(key, required), self.at(key), known)

    def tables(self, key: str, known: Collection[str], least: int, most: int) -> list[Table]:
        """Return a list of mappings, its length checked."""
        return [Table(self.source, node, place, known) for place, node in self._list(key, least, most)]

    def texts(self, key: str, least: int, most: int, longest: int) -> list[tuple[str, str]]:
        """Return a list of texts as (place, text), its length checked."""
        return [
            (place, _text(self.source, node, place, longest, required=True))
            for place, node in self._list(key, least, most)
        ]

    def _list(self, key: str, least: int, most: int) -> list[tuple[str, yaml.Node]]:
        node = self._get(key, required=least > 0)
        if node is None:
            return []
        place = self.at(key)
        if not isinstance(node, yaml.SequenceNode):
            self.source.complain("not-a-list", place, node)
            return []
        if not least <= len(node.value) <= most:
            self.source.complain("wrong-count", place, node, count=len(node.value), least=least, most=most)
        entries = [(f"{place}[{number}]", entry) for number, entry in enumerate(node.value[: most + 50], start=1)]
        self.source.lines |= {entry_place: entry.start_mark.line + 1 for entry_place, entry in entries}
        return entries


def _text(source: Source, node: yaml.Node, place: str, most: int, required: bool) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag == _BOOL:
        source.complain("not-a-text", place, node)
        return ""
    value = "" if node.tag == _NULL else str(node.value).strip()
    if not value and required:
        source.complain("empty-text", place, node)
    if len(value) > most:
        source.complain("text-too-long", place, node, count=len(value), most=most)
        return value[:most]
    for character in unprintable(value):
        source.complain("unprintable", place, node, character=character, point=f"U+{ord(character):04X}")
    return value
