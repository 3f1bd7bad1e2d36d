"""The roll-up of the school as a ``Paper``, in the order of the tree. Chinese: it is an official paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from omr.tally import Rate
from webapp.models import Campaign
from webapp.papers.paper import Cell, Data, Line, Paper, Row, Table, Value
from webapp.services.overview import Line as Standing
from webapp.services.register_paper import day_word
from webapp.services.result_tables import label, or_dash

PHASES = {
    "prepare": "准备", "printing": "打印", "meetings": "会议", "scanning": "扫描", "review": "复核", "count": "计票",
    "papers": "汇总上报", "rectify": "整改",
}  # fmt: skip
WIDTHS = (13, 6, 5, 5, 6, 5, 6, 6)
HEADS = ("单位", "阶段", "应到", "实到", "参加率%", "收回", "满意率%", "报送")


def paper(campaign: Campaign, lines: Sequence[Standing], today: dt.date) -> Paper:
    """Return the roll-up as it stands on a day."""
    rows = tuple(_row(line) for line in lines)
    return Paper(
        name="全校汇总",
        title=(campaign.title, "全校汇总表"),
        blocks=(
            Line(f"{campaign.number}　截至 {day_word(today)}", align="center"),
            Table(WIDTHS, rows or (tuple(Cell(None) for _ in WIDTHS),), (tuple(map(label, HEADS)),), size_pt=9),
            Line("按组织序列排列，不排名次。满意率为党组织总体项目，计票封存后列出。"),
        ),
        foot=campaign.title,
        data=(Data("汇总", HEADS, tuple(_values(line) for line in lines)),),
    )


def _values(line: Standing) -> tuple[Value, ...]:
    return (
        "　" * max(line.depth - 1, 0) + line.unit.name, PHASES[line.phase], line.expected, line.present,
        _percent(line.turnout), line.returned, _percent(line.headline),
        f"{line.received_on.month}月{line.received_on.day}日" if line.received_on else "",
    )  # fmt: skip


def _percent(rate: Rate | None) -> Value:
    return None if rate is None else or_dash(rate.percent)


def _row(line: Standing) -> Row:
    name, *rest = _values(line)
    return (Cell(name, align="left"), *(Cell(value) for value in rest))
