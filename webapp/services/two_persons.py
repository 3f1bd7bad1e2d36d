"""Where a question or a sheet stands after one more decision, when some matters need two persons. Pure.

Nobody → first → agreed, or differs → ruling. The second decides without seeing the first; who changes his own mind
before that stays the first. What differs waits for the scrutineer, and what he ruled only he changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from webapp.errors import Conflict
from webapp.services.answers import AGREED, DIFFERS, FIRST, RULING


class Row(Protocol):
    """A decision or a ruling on a sheet, as far as it matters here."""

    stage: str
    user_id: int


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says now. ``same``: it is what the decision before says. ``needs_two``: one person won't do."""

    user_id: int
    same: bool
    needs_two: bool


def stage_after(before: Row | None, said: Said) -> str:
    """Return the stage of a new row. Raises Conflict where the matter is with the scrutineer, or he ruled."""
    refuse_settled(before)
    if before is not None and before.stage == FIRST and before.user_id != said.user_id:
        return AGREED if said.same else DIFFERS
    return FIRST if said.needs_two else ""


def refuse_settled(before: Row | None) -> None:
    """Raise Conflict where reviewers have no more to say: it is with the scrutineer, or he ruled."""
    if before is not None and before.stage == DIFFERS:
        raise Conflict("with-scrutineer")
    if before is not None and before.stage == RULING:
        raise Conflict("ruled-by-scrutineer")


def refuse_undo(last: Row, user_id: int) -> None:
    """Raise Conflict where a person may not undo a row: another's first decision, what differs, a ruling."""
    refuse_settled(last)
    if last.stage == FIRST and last.user_id != user_id:
        raise Conflict("first-of-another")


def is_blind(before: Row | None, user_id: int | None) -> bool:
    """Tell whether a person must not see what was decided: it is another's first decision, or two that differ."""
    if before is None or user_id is None:
        return False
    return before.stage == DIFFERS or (before.stage == FIRST and before.user_id != user_id)
