"""The trail as a chain: how a row is linked to the one before it, notes of what is no change of a row, its head."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp import acting
from webapp.models import TrailRow, now

GENESIS = "0" * 64  # what the first row is linked to
HEAD_DIGITS = 16
WHY_LENGTH = 500
NOTES = "pingyi-trail-notes"  # in Session.info: what waits for the end of the transaction


@dataclass(frozen=True, slots=True)
class Deed:
    """What a row of the trail says, before it has a number, a time and its link."""

    action: str
    object: str
    facts: str = ""
    digest: str = ""
    why: str = ""
    user_id: int | None = None
    role: str = ""
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: the number and the link of its last row. Number 0: nothing was done yet."""

    number: int
    link: str

    def __str__(self) -> str:
        """Return how it is printed: ``1234-9f86d081884c7d65``."""
        return f"{self.number}-{self.link[:HEAD_DIGITS]}"


def note(session: Session, action: str, object: str, why: str = "", **facts: Any) -> None:
    """Write down what is no change of a row: an export, a sign-in, a look at handwriting, a print.

    ``object`` is ``table:key``, or a word. ``facts`` are plain values that may be shown: never an answer or a person's
    opinion. The row is added at the end of the transaction, after the changes it holds.
    """
    who = acting.current()
    deed = Deed(action, object, canonical(facts) if facts else "", "", why or who.why, who.user_id, who.role)
    session.info.setdefault(NOTES, []).append(deed)


def head(session: Session) -> Head:
    """Return the end of the chain as this transaction sees it."""
    row = session.execute(select(TrailRow.id, TrailRow.link).order_by(TrailRow.id.desc()).limit(1)).first()
    return Head(row.id, row.link) if row else Head(0, GENESIS)


def append(session: Session, deeds: list[Deed]) -> None:
    """Add rows at the end of the chain, in this (writing) transaction."""
    if not deeds:
        return
    last, moment = head(session), now()
    rows, link = [], last.link
    for number, deed in enumerate(deeds, last.number + 1):
        row = {
            "id": number,
            "at": moment,
            "user_id": deed.user_id,
            "role": deed.role,
            "action": deed.action,
            "object": deed.object,
            "unit_id": deed.unit_id,
            "facts": deed.facts,
            "digest": deed.digest,
            "why": deed.why[:WHY_LENGTH],
        }
        link = linked(link, row)
        rows.append({**row, "link": link})
    session.execute(insert(TrailRow.__table__), rows)  # type: ignore[arg-type]  # a mapped table is a Table


def linked(before: str, row: dict[str, Any]) -> str:
    """Return the link of a row: SHA-256 of the link before it, a line feed and the row as canonical JSON."""
    fields = [
        row["id"], row["at"].isoformat(timespec="microseconds"), row["user_id"], row["role"], row["action"],
        row["object"], row["unit_id"], row["facts"], row["digest"], row["why"],
    ]  # fmt: skip
    return hashlib.sha256(f"{before}\n{canonical(fields)}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, dates as ISO text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()  # a number of numpy
    raise TypeError(f"{type(value).__name__} has no place in the trail")
