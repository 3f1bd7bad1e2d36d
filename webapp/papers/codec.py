"""A paper as JSON (``pingyi.paper/1``) and back, for versions that are kept; its digest."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from typing import Any

from webapp.papers import paper as values
from webapp.papers.paper import Paper

FORMAT = "pingyi.paper/1"
KIND = "is"  # the key that names the class
CLASSES = {
    each.__name__: each
    for each in (
        values.Cell,
        values.Picture,
        values.Heading,
        values.Line,
        values.Letterhead,
        values.Text,
        values.Signature,
        values.Table,
        values.Data,
        values.Paper,
    )
}


def encode(paper: Paper) -> dict[str, Any]:
    """Return the JSON value of a paper. What holds its default is left out."""
    return {"format": FORMAT, "paper": _encode(paper)}


def decode(value: dict[str, Any]) -> Paper:
    """Return the paper of a JSON value. Raises ValueError for another format."""
    if value.get("format") != FORMAT:
        raise ValueError(f"not {FORMAT}")
    found = _decode(value["paper"])
    if not isinstance(found, Paper):
        raise ValueError("no paper")
    return found


def digest(paper: Paper) -> str:
    """Return the SHA-256 of a paper: of its canonical JSON."""
    text = json.dumps(encode(paper), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _encode(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {KIND: "Decimal", "value": str(value)}
    if isinstance(value, bytes):
        return {KIND: "bytes", "value": base64.b64encode(value).decode("ascii")}
    if isinstance(value, tuple):
        return [_encode(each) for each in value]
    if is_dataclass(value):
        kept = {each.name: getattr(value, each.name) for each in fields(value)}
        defaults = {each.name: each.default for each in fields(value) if each.default is not MISSING}
        told = {
            name: _encode(content)
            for name, content in kept.items()
            if name not in defaults or (type(content), content) != (type(defaults[name]), defaults[name])
        }
        return {KIND: type(value).__name__, **told}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(each) for each in value)
    if not isinstance(value, dict):
        return value
    kind = value[KIND]
    if kind == "Decimal":
        return Decimal(value["value"])
    if kind == "bytes":
        return base64.b64decode(value["value"])
    return CLASSES[kind](**{name: _decode(content) for name, content in value.items() if name != KIND})
