"""The register of rectification as a ``Paper``. Chinese: it is an official paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from webapp.models import Meeting
from webapp.papers.paper import Cell, Line, Paper, Row, Table
from webapp.services.rectification import Row as Remedy
from webapp.services.result_tables import label

STAGES = {"registered": "登记", "planned": "定措施", "doing": "落实中", "closed": "办结", "cleared": "复查销号"}
WIDTHS = (2, 9, 8, 10, 5, 6, 8, 4)
HEADS = ("号", "存在问题", "原因分析", "整改措施", "责任人", "完成时限", "落实情况", "限期整改")


def paper(meeting: Meeting, rows: Sequence[Remedy], today: dt.date) -> Paper:
    """Return the register as it stands on a day, with an empty row where nothing is in it."""
    body = tuple(_line(row, today) for row in rows) or (tuple(Cell(None) for _ in WIDTHS),)
    late = sum(row.state(today) == "late" for row in rows)
    return Paper(
        name="整改台账",
        title=(f"{meeting.unit.name}整改台账",),
        blocks=(
            Line(f"{meeting.campaign.title}　{meeting.campaign.number}".strip(), align="center"),
            Table(WIDTHS, body, (tuple(label(word) for word in HEADS),), row_mm=9, size_pt=9),
            Line(f"共 {len(rows)} 项，逾期 {late} 项。截至 {day_word(today)}。"),
        ),
        foot=meeting.unit.name,
    )


def day_word(day: dt.date | None) -> str:
    """Write a day as papers do; nothing for none."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def state_word(row: Remedy, today: dt.date) -> str:
    """Say in a cell how far a problem is."""
    late = row.days_left(today)
    told = f"逾期 {-late} 天；" if late is not None and late < 0 else ""
    done = f"（{row.closed_by}，{day_word(row.closed_on)}）" if row.closed_by else ""
    return f"{told}{STAGES[row.stage]}{done}" + (f"：{row.progress}" if row.progress else "")


def _line(row: Remedy, today: dt.date) -> Row:
    who = f"{row.subject}：" if row.subject else ""
    return (
        Cell(row.number), Cell(f"{who}{row.problem}", align="left"), Cell(row.cause, align="left"),
        Cell(row.measure, align="left"), Cell(row.person),
        Cell(day_word(row.due_on) + (f"\n（延期 {row.extensions} 次）" if row.extensions else "")),
        Cell(state_word(row, today), align="left"), Cell("是" if row.ordered else "否"),
    )  # fmt: skip
