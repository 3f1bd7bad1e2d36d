"""Where lines of Chinese break: not before a closing mark, behind an opening one, or inside a number or a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

NOT_FIRST = frozenset("、，。；：！？）”’》〉」』】％%,.;:!?)")
NOT_LAST = frozenset("（“‘《〈「『【(")
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,:/+\-]*%?|.")

Measure = Callable[[str], float]


def wrap(text: str, width: float, measure: Measure, indent: float = 0.0) -> str:
    """Return a text with line feeds where it is to be broken. Its own line feeds stay.

    ``measure`` gives the width of a piece, in the unit of ``width``; first lines are shorter by ``indent``.
    """
    return "\n".join(line for part in text.split("\n") for line in _lines(part, width, measure, indent))


def _lines(part: str, width: float, measure: Measure, indent: float) -> Iterator[str]:
    line: list[str] = []
    room = width - indent
    for piece in _pieces(part, width, measure):
        if line and measure("".join(line) + piece) > room:
            carried = _carried(line, piece)
            yield "".join(line[: len(line) - carried])
            line = line[len(line) - carried :]
            room = width
        line.append(piece)
    yield "".join(line)


def _carried(line: list[str], piece: str) -> int:
    """Return how many pieces of the line go along to the next one. A line is never emptied."""
    number = 1 if piece[0] in NOT_FIRST and len(piece) == 1 else 0
    while number + 1 < len(line) and (
        line[len(line) - number - 1] in NOT_LAST or (number and line[len(line) - number] in NOT_FIRST)
    ):
        number += 1
    return number if number < len(line) else 0


def _pieces(part: str, width: float, measure: Measure) -> Iterator[str]:
    """Yield what is not parted: characters, and runs of Latin letters or figures that fit on a line."""
    for found in _RUN.finditer(part):
        if len(found[0]) > 1 and measure(found[0]) > width:
            yield from found[0]
        else:
            yield found[0]
