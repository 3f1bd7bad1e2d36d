"""What is wrong with a form, a values file or the texts that are to be set on paper.

Every problem is a value with a stable code; its sentence (cause – remedy) is in ``messages.yaml`` in both languages.
Problems are collected and raised together, so that a writer mends a file in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from forms.messages import say

MESSAGES = Path(__file__).with_name("messages.yaml")


@dataclass(frozen=True, slots=True)
class FormError:
    """One problem. ``place`` is the key as in the file, counted from 1 (``items[2].text``); ``line`` 0 if unknown."""

    code: str
    place: str
    line: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)

    def at(self, line: int) -> FormError:
        """Return the same problem with its line."""
        return replace(self, line=line)

    def sentence(self, language: str = "zh") -> str:
        """Return ``place – cause – remedy``."""
        return f"{self.place} – {say(MESSAGES, self.code, language, **self.params)}"

    def report(self, file: str, language: str = "zh") -> str:
        """Return ``file:line: place – cause – remedy``."""
        return f"{file}:{self.line}: {self.sentence(language)}"


class FormErrors(Exception):
    """All problems of one text, in the order of their lines. ``name`` is the file's name for the report."""

    def __init__(self, errors: Iterable[FormError], name: str = "") -> None:
        self.errors = sorted(errors, key=lambda error: error.line)
        self.name = name
        super().__init__(self.report("en"))

    def report(self, language: str = "zh") -> str:
        """Return one line a problem."""
        return "\n".join(error.report(self.name, language) for error in self.errors)

    def placed(self, lines: Mapping[str, int], name: str) -> FormErrors:
        """Return the same problems with the lines of the places that a file has, and with the file's name."""
        return FormErrors((error.at(_line(error, lines)) for error in self.errors), name)


def _line(error: FormError, lines: Mapping[str, int]) -> int:
    if error.line:
        return error.line
    place = error.place
    while place not in lines and place:  # a place that the file left out stands where its parent stands
        cut = max(place.rfind("."), place.rfind("["))
        place = place[:cut] if cut > 0 else ""
    return lines.get(place, 1)
