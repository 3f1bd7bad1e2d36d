"""What can be wrong with a file or a page, as values with a code; the sentences are in ``messages.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forms.messages import say
from omr.reading import Problem, ProblemCode

MESSAGES = Path(__file__).with_name("messages.yaml")


class FileProblem(Exception):
    """A file, or the rest of it, can't be opened. ``code`` says why, ``params`` hold the numbers of its sentence."""

    def __init__(self, code: ProblemCode, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.params)

    def problem(self) -> Problem:
        """Return the value that a reading carries."""
        return problem(self.code, **self.params)


def problem(code: ProblemCode, **params: Any) -> Problem:
    """Return a ``Problem`` with its English sentence filled in."""
    return Problem(str(code), say(MESSAGES, str(code), "en", **params), params)


def _rebuild(code: ProblemCode, params: dict[str, Any]) -> FileProblem:
    return FileProblem(code, **params)
