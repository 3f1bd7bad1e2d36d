"""Which short texts say nearly the same: by the letters they share in order. It only proposes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process

LIKELY = 55.0  # of 100: texts at least so alike are proposed to a person
NEAR = 62.0  # texts at least so alike stand together in a list
_NO_WORD = re.compile(r"[\W_]+")
_FILLERS = re.compile(r"希望|建议|应该|应当|能够|尽快|进一步|请|要|能|多|的|了")


def essence(text: str) -> str:
    """Return a text without punctuation and the words that every opinion has; the text itself where nothing is left."""
    bare = _NO_WORD.sub("", text)
    return _FILLERS.sub("", bare) or bare or text


def ranked(text: str, others: Sequence[str], least: float = LIKELY) -> list[tuple[int, float]]:
    """Return the places of similar texts with how alike they are (0 … 100), best first."""
    found = process.extract(
        essence(text), [essence(each) for each in others], scorer=fuzz.ratio, score_cutoff=least, limit=None
    )
    return [(place, score) for _text, score, place in found]


def groups(texts: Sequence[str], least: float = NEAR) -> list[list[int]]:
    """Return the places of all texts, similar ones together: largest groups first, then as they came.

    A text belongs to the first group whose first text is like it, so that a chain of small steps makes no group.
    """
    if not texts:
        return []
    known = [essence(text) for text in texts]
    alike = process.cdist(known, known, scorer=fuzz.ratio, score_cutoff=least, dtype=np.uint8)
    left = np.ones(len(texts), bool)
    found: list[list[int]] = []
    for first in np.argsort(-(alike > 0).sum(axis=1), kind="stable"):
        if left[first]:
            members = np.flatnonzero(left & (alike[first] > 0))
            left[members] = False
            found.append([int(first), *(int(each) for each in members if each != first)])
    return sorted(found, key=lambda group: -len(group))
