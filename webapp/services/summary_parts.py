"""The parts of the summary tables that people write: causes and measures, the announcement, signatures."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.papers.paper import BLANK_DAY, Cell, Row, Table
from webapp.services.paper_kind import rows_of
from webapp.services.result_tables import label

# English msgids of the columns of 四、原因与整改, in its order
MEASURE_COLUMNS = (
    "Opinion no.", "Problem", "Cause", "Measure", "Responsible", "Due", "What was done", "Order with a deadline",
)  # fmt: skip
MEASURE_HEAD = ("意见\n序号", "存在问题", "原因分析", "整改措施", "责任人", "完成\n时限", "落实情况", "限期\n整改")
EMPTY_MEASURES = 4  # ruled rows for the pen


def measures(texts: Mapping[str, str]) -> Table:
    """四、原因与整改."""
    written = rows_of(texts.get("measures", ""), len(MEASURE_HEAD))
    rows: list[Row] = [
        tuple(Cell(cell, align="left" if 0 < n < 4 else "center") for n, cell in enumerate(row)) for row in written
    ]
    rows += [tuple(Cell() for _ in MEASURE_HEAD)] * (0 if written else EMPTY_MEASURES)
    return Table((4, 9, 9, 10, 5, 5, 6, 4), tuple(rows), (tuple(label(word) for word in MEASURE_HEAD),), row_mm=11)


def notice(texts: Mapping[str, str]) -> Table:
    """五、通报."""
    row = (
        label("方式"), Cell(texts.get("notice_manner", "")), label("范围"), Cell(texts.get("notice_reach", "")),
        label("日期"), Cell(texts.get("notice_day", "")),
    )  # fmt: skip
    return Table((5, 15, 5, 13, 5, 9), (row,), row_mm=9)


def signatures(texts: Mapping[str, str]) -> Table:
    """签章, 审核意见, 留存／报送."""
    goes = texts.get("goes_to", "")
    rows: tuple[Row, ...] = (
        (
            Cell(f"填表人（签字）：{texts.get('filler', '')}", align="left", columns=2, top=True),
            Cell("联络员/委员（签字）：", align="left", columns=2, top=True),
        ),
        (
            Cell(f"党组织负责人（签字）：\n\n\n\n（盖章）{BLANK_DAY}", align="left", columns=2, top=True),
            Cell(
                f"上级党组织审核意见：{texts.get('remark', '')}\n\n\n\n（盖章）{BLANK_DAY}",
                align="left",
                columns=2,
                top=True,
            ),
        ),
        (
            label("留存／报送"),
            Cell(
                "　　".join(f"{'■' if goes == word else '□'} {word}" for word in ("报校创组办", "上级党组织留存")),
                align="left",
            ),
            Cell(f"收件人：{texts.get('received_by', '')}", align="left"),
            Cell(f"日期：{texts.get('received_on', '') or '　　　年　　月　　日'}", align="left"),
        ),
    )
    return Table((7, 19, 12, 14), rows, row_mm=9, high=((0, 12.0), (1, 32.0)))
