"""What a paper that people edit is: a kind is data, and the shelf (``services.shelf``) does the rest.

A module ``*_papers.py`` names its kinds in a tuple ``KINDS``; ``services.paper_kinds`` lists the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from webapp.papers.paper import Paper
from webapp.rights import Right

Scope = Literal["campaign", "unit", "meeting", "member"]
ROW, COLUMN = "\n", "\t"  # how the text of a field with columns is kept


@dataclass(frozen=True, slots=True)
class Target:
    """What a paper is about. ``part`` tells several at one place apart (a subject, the number of a letter)."""

    campaign_id: int
    unit_id: int | None = None  # None: the whole school
    meeting_id: int | None = None
    member_id: int | None = None
    part: str = ""

    @property
    def place(self) -> str:
        """The target as one text, for the constraint of the table."""
        ids = (self.campaign_id, self.unit_id, self.meeting_id, self.member_id)
        return "/".join("" if each is None else str(each) for each in (*ids, self.part))

    @property
    def args(self) -> dict[str, Any]:
        """The parameters of its address, for ``url_for``."""
        found: dict[str, Any] = {"part": self.part} if self.part else {}
        if self.member_id is not None:
            return found | {"campaign_id": self.campaign_id, "member_id": self.member_id}
        if self.meeting_id is not None:
            return found | {"meeting_id": self.meeting_id}
        if self.unit_id is not None:
            return found | {"campaign_id": self.campaign_id, "unit_id": self.unit_id}
        return found | {"campaign_id": self.campaign_id}


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a paper that people write. ``label``, ``help`` and ``columns`` are English msgids.

    ``text`` is what the program fills in; it stays live until somebody types over it. With ``columns`` the field is a
    small table: rows parted by ROW, their cells by COLUMN (see ``rows_of``). ``needed``: the paper can't be handed in
    or fixed while it is empty.
    """

    key: str
    label: str
    text: str = ""
    lines: int = 4
    help: str = ""
    columns: tuple[str, ...] = ()
    needed: bool = False
    own: bool = False  # the member's own part, where he writes a paper himself


@dataclass(frozen=True, slots=True)
class PaperKind:
    """A kind of paper. ``build`` sets it from the texts of its fields, by key; ``label`` is its English msgid.

    ``right``: who writes it; ``readers``: who reads it besides. ``examined``: it is examined one level up before it is
    fixed. ``needs_closing``: it tells results, which nobody but the scrutineer sees before the count is closed.
    ``retained``: it stays at level 2 and below; who holds a role of the school alone doesn't read it.
    """

    key: str
    title: str  # as printed
    label: str
    scope: Scope
    right: Right
    fields: Callable[[Session, Target], list[Field]]
    build: Callable[[Session, Target, Mapping[str, str]], Paper]
    formats: tuple[str, ...] = ("docx", "pdf")
    readers: tuple[Right, ...] = (Right.READ_PAPERS,)
    needs_closing: bool = False
    examined: bool = False
    retained: Callable[[Session, Target], bool] = lambda _session, _target: False
    icon: str = "file-text"


def rows_of(text: str, columns: int) -> list[tuple[str, ...]]:
    """Return the rows of a field with columns; short rows are filled up, empty ones left out."""
    rows = [tuple(row.split(COLUMN)[:columns]) for row in text.split(ROW)]
    return [row + ("",) * (columns - len(row)) for row in rows if any(cell.strip() for cell in row)]


def text_of(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as the text of a field with columns; line feeds and tabs within a cell become spaces."""
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    return ROW.join(COLUMN.join(row) for row in cells if any(row))
