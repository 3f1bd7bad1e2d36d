"""The list of examples (示范名单) as a ``Paper``. Chinese: it is an official paper."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session, joinedload

from omr.tally import Rate
from webapp.models import Meeting
from webapp.papers.paper import Cell, Line, Paper, Row, Table
from webapp.services import consequences
from webapp.services.register_paper import day_word
from webapp.services.result_tables import label, or_dash

WIDTHS = (3, 11, 8, 8, 12, 10)
HEADS = ("号", "党组织、党员", "满意率", "票数", "主要事迹", "宣传情况")


def paper(session: Session, meeting_id: int, today: dt.date) -> Paper:
    """Return the list of a meeting's examples, an empty row where there is none."""
    meeting = session.get_one(Meeting, meeting_id, options=[joinedload(Meeting.unit), joinedload(Meeting.campaign)])
    found = consequences.examples(session, [meeting_id])
    rows = tuple(_row(number, each, meeting) for number, each in enumerate(found, 1))
    return Paper(
        name="示范名单",
        title=(f"{meeting.unit.name}示范名单",),
        blocks=(
            Line(f"{meeting.campaign.title}　{meeting.campaign.number}".strip(), align="center"),
            Table(WIDTHS, rows or (tuple(Cell(None) for _ in WIDTHS),), (tuple(label(word) for word in HEADS),)),
            Line(day_word(today), align="right"),
        ),
        foot=meeting.unit.name,
    )


def _row(number: int, each: consequences.Example, meeting: Meeting) -> Row:
    rate = Rate(each.row.figures["part"], each.row.figures["whole"])
    told = "\n".join(f"{day_word(row.published_on)}　{row.medium}" for row in each.publicity)
    return (
        Cell(number), Cell(each.row.subject or meeting.unit.name), Cell(f"{or_dash(rate.percent)}%"),
        Cell(f"{rate.part}/{rate.whole}"), Cell(each.row.deeds, align="left"), Cell(told, align="left"),
    )  # fmt: skip
