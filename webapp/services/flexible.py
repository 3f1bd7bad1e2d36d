"""The further sessions of a meeting as papers say them: when, how, why, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from webapp.services import meetings, plans, sessions
from webapp.services.meetings import Key

NUMBERS = (("expected", "应到"), ("present", "实到"), ("issued", "发放"))


def lines(session: Session, meeting_id: int) -> Iterator[str]:
    """Yield a line for each further session of a meeting (场次2：7月18日，上门：应到 12，发放 12)."""
    heads = meetings.counts_by_session(session, meeting_id)
    for number, row in enumerate(sessions.of_meeting(session, meeting_id), 2):
        how = plans.MANNER_WORDS.get(row.manner, "补充场次")
        where = f"，{row.place}" if row.place else ""
        why = f"（{row.why}）" if row.why else ""
        told = "，".join(_numbers(heads.get(row.id, {}))) or "人数未登记"
        yield f"场次{number}：{row.held_on.month}月{row.held_on.day}日，{how}{where}{why}：{told}。"


def _numbers(heads: Mapping[Key, int]) -> Iterator[str]:
    for kind, word in NUMBERS:
        found = [number for (of, _form, _class), number in heads.items() if of == kind]
        if found:
            yield f"{word} {sum(found)}"
