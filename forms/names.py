"""A pasted list of names → names. Lists come from tables and typed papers: with numbers, with tabs, 王芳 as 王 芳."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERING = re.compile(r"^[(（]?\d{1,4}(?:[)）.．、:：]\s*|\s+)(?=\D)")
_NUMBER = re.compile(r"[\d.．、()（）\s]*")
_IDEOGRAPH = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_GAP = re.compile(rf"(?<={_IDEOGRAPH})\s+(?={_IDEOGRAPH})")


@dataclass(frozen=True, slots=True)
class Listed:
    """A name and the line of the list where it stands, from 1. A tab in the name: the line has several columns."""

    line: int
    name: str


def listed(text: str) -> tuple[Listed, ...]:
    """Return the names of a list with one name a line; empty lines, numbering and columns of numbers are left out."""
    found = ((number, _name(line)) for number, line in enumerate(text.splitlines(), start=1))
    return tuple(Listed(number, name) for number, name in found if name)


def tidy(name: str) -> str:
    """Return a name without the spaces that only spread it: 王　芳 is 王芳. Other names keep theirs."""
    return _GAP.sub("", name.strip())


def _name(line: str) -> str:
    cells = [cell.strip() for cell in line.split("\t")]
    return "\t".join(tidy(_NUMBERING.sub("", cell)) for cell in cells if not _NUMBER.fullmatch(cell))
