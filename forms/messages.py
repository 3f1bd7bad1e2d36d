"""Sentences for codes, in the user's language. Each package keeps its own ``messages.yaml``: code → {zh, en}.

A sentence says place – cause – remedy and may hold ``{parameters}``. Workers and libraries pass codes and parameters;
the sentence is made where the language is known.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")


@cache
def catalogue(path: Path) -> dict[str, dict[str, str]]:
    """Read one ``messages.yaml``."""
    import yaml  # here: a stack of pages is read without it, unless one of them has a problem

    value: dict[str, dict[str, str]] = yaml.safe_load(path.read_text("utf-8"))
    return value


def say(path: Path, code: str, language: str = "zh", **params: Any) -> str:
    """Return the sentence of ``code``. Raises KeyError for an unknown code or a missing parameter."""
    return catalogue(path)[code][language].format(**params)
