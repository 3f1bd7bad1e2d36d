"""What the launcher says, in the language of the terminal. The sentences are in ``words.json``."""

from __future__ import annotations

import errno
import json
import locale
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WORDS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))

CAUSES = frozenset(("EACCES", "EROFS", "EEXIST", "ENOTDIR", "ENOSPC", "EADDRNOTAVAIL"))  # told in our own words


def language(environ: Mapping[str, str] = os.environ) -> str:
    """Return ``zh`` or ``en``: ``PINGYI_LANG`` first, then the locale of the terminal."""
    for name in ("PINGYI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "zh" if environ[name].lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def word(code: str, **params: object) -> str:
    """Return the sentence of a code in the user's language."""
    return WORDS[code][language()].format(**params)


def cause_of(error: OSError) -> str:
    """Return in the user's language why the system refused; its own words where we have none."""
    code = errno.errorcode.get(error.errno or 0, "")
    return word(code) if code in CAUSES else str(error.strerror or error)


def say(code: str, **params: object) -> None:
    """Print the sentence of a code at once, also into a pipe."""
    print(word(code, **params), flush=True)  # noqa: T201  # the launcher talks to a terminal


class Trouble(Exception):
    """What stops us; its text is place – cause – remedy."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(word(code, **params))
        self.code = code


@contextmanager
def step(code: str, **params: object) -> Iterator[None]:
    """Tell what begins, and how long it took."""
    print(word(code, **params), end="", flush=True)  # noqa: T201  # as above
    start, outcome = time.monotonic(), "failed"
    try:
        yield
        outcome = "done"
    finally:
        say(outcome, seconds=time.monotonic() - start)
