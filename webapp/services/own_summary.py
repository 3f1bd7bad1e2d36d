"""意见汇总表 S-M of a member: the numbers of his results, what he writes himself, what his branch says.

And the list of all members of a branch (支部党员测评一览表), which the branch keeps. Chinese: they are official papers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import NotFound
from webapp.models import Campaign, Member, ShelfCode, ShelfPaper, Unit
from webapp.papers.paper import BLANK_DAY, Block, Cell, Heading, Line, Paper, Row, Signature, Table
from webapp.rights import Right
from webapp.services import own_results, printing, rectification, reports, result_tables, summary_opinions, tally
from webapp.services.own_results import OwnResults
from webapp.services.paper_kind import Field, PaperKind, Target, rows_of
from webapp.services.result_tables import DASH, label, or_dash
from webapp.services.summary_opinions import OpinionLine
from webapp.services.tally import Results

KEY = "own-summary"
OWN_COLUMNS = ("Problem", "Cause", "Measure", "Due")
OWN_HEAD = ("存在问题", "原因", "整改措施", "完成时限")
OWN_ROWS = 4  # ruled rows for the pen
OVERALL = "本次采用总体评价"


def member_of(session: Session, target: Target) -> Member:
    """Return the member of a target. Raises NotFound."""
    member = session.get(Member, target.member_id) if target.member_id is not None else None
    if member is None:
        raise NotFound("no-such-row", kind="Member")
    return member


def results_of(session: Session, target: Target) -> OwnResults:
    """Return the results of a target's member. Raises NotFound while no closed count rates him."""
    found = own_results.of(session, target.campaign_id, member_of(session, target))
    if found is None:
        raise NotFound("no-own-summary")
    return found


def _fields(session: Session, target: Target) -> list[Field]:
    found = results_of(session, target)
    return [
        Field("own", "My rectification", columns=OWN_COLUMNS, needed=True, own=True),
        Field("post", "Position", "", 1, own=True),
        Field("kind", "Kind: staff, student, retired", "", 1, own=True),
        Field("attended_by", "Committee member present", found.results.meeting.supervisor, 1),
        Field("branch_opinion", "Opinion of the branch", "", 3),
        Field("order", "Order with a deadline", _order(session, found), 1),
        Field("example", "Put forward as an example", "", 1),
        Field("kept_by", "Kept by", "", 1),
        Field("kept_on", "Kept on", "", 1),
        Field("file_number", "File number", "", 1),
    ]


def _order(session: Session, found: OwnResults) -> str:
    rows = rectification.rows(session, found.results.meeting.id, found.name)
    due = next((row.due_on for row in rows if row.ordered), None)
    return f"是（{due.year}年{due.month}月{due.day}日前）" if due else ""


def _build(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    found, member = results_of(session, target), member_of(session, target)
    results, campaign = found.results, session.get_one(Campaign, target.campaign_id)
    head = _head_of(session, member, results, texts)
    opinions = summary_opinions.lines(session, results, found.name)
    return replace(
        paper_of(campaign.number, head, found, opinions, texts), foot=member.name, code=code_of(session, target)
    )


def paper_of(
    number: str, head: Table, found: OwnResults, opinions: list[OpinionLine], texts: Mapping[str, str]
) -> Paper:
    """Set S-M from values alone. ``number``: 文号 of the campaign; ``head``: see ``head``."""
    results = found.results
    return Paper(
        name="党员意见汇总表",
        title=(f"{results.ref.form.issuer}党员参加创先争优活动", "群众评议意见汇总表"),
        blocks=(
            *((Line(f"依据文号：{number}", "right"),) if number else ()),
            head,
            Heading("一、参加情况"),
            _participation(found),
            Heading("二、测评结果"),
            *_outcome(found),
            Heading("三、群众意见建议"),
            summary_opinions.own_table(opinions),
            Heading("四、本人整改措施"),
            _own(texts),
            Heading("五、党支部意见"),
            _branch(texts),
            Heading("六、留存"),
            _kept(texts),
            *(Line(text) for text in list(reports.notes(results))[:2]),
        ),
        stamp=reports.stamp(results),
    )


def code_of(session: Session, target: Target) -> str:
    """Return the code printed on the paper of a target, "" while it has none."""
    query = select(ShelfCode.code).join(ShelfPaper, ShelfPaper.id == ShelfCode.paper_id)
    return session.scalar(query.where(ShelfPaper.kind == KEY, ShelfPaper.place == target.place)) or ""


def _head_of(session: Session, member: Member, results: Results, texts: Mapping[str, str]) -> Table:
    branch = session.get_one(Unit, member.unit_id)
    above = session.get(Unit, branch.parent_id) if branch.parent_id else None
    return head(results, texts, member.name, "是" if member.cadre else "否", branch.name, above.name if above else "")


def head(results: Results, texts: Mapping[str, str], name: str, cadre: str, branch: str, above: str) -> Table:
    """Return the head of S-M: who the member is, where and how he was rated. Empty texts are left to the pen."""
    day = results.meeting.held_on
    when = f"{day.year}年{day.month}月{day.day}日" if day else ""
    rows: tuple[Row, ...] = (
        (
            label("党员姓名"), Cell(name), label("所在党支部"), Cell(branch), label("党员干部"), Cell(cadre),
        ),
        (
            label("职务/岗位"), Cell(texts.get("post", "")), label("所属党委\n（党总支）"),
            Cell(above), label("类别"), Cell(texts.get("kind", "") or "教工/学生\n/离退休"),
        ),
        (
            label("评议时间"), Cell(when), label("形式"), Cell(results.manner or "大会"), label("到会委员"),
            Cell(texts.get("attended_by", "")),
        ),
    )  # fmt: skip
    return Table((6, 10, 7, 15, 6, 8), rows, row_mm=9)


def _participation(found: OwnResults) -> Table:
    results, total = found.results, found.results.turnout[-1]
    known = total.present is not None and total.expected and not total.impossible
    head = ("应到人数", "实到人数", "参加率%", "发出", "收回", "有效票", "（本人）弃权")
    row = (
        Cell(total.expected), Cell(total.present), Cell(total.rate.percent if known else None), Cell(results.issued),
        Cell(results.count.returned), Cell(sum(results.count.valid.values())), Cell(found.abstained),
    )  # fmt: skip
    return Table((8, 8, 7, 7, 7, 7, 8), (row,), (tuple(label(word) for word in head),), row_mm=8)


def _outcome(found: OwnResults) -> Iterator[Block]:
    """Yield the results of all raters; where each member got one rating, the three items stay empty."""
    results, items = found.results, found.items
    heading, table, *_classes = result_tables.tables(results, items)
    yield heading
    if len(items) > 1 or not isinstance(table, Table):
        yield table
        return
    dashes = (Cell(DASH),) * (len(table.widths) - 2)
    empty: list[Row] = [(Cell(text, columns=2, align="left"), *dashes) for text in items_of_the_sheet(results)]
    first, *others = table.rows
    overall = (Cell("总体评价", rows=2, align="left"), *first[1:])
    yield Table(table.widths, (*empty, overall, *others), table.head, size_pt=table.size_pt)
    yield Line(f"{OVERALL}，各项不单独测评。")


def items_of_the_sheet(results: Results) -> list[str]:
    """Return the items of the campaign's sheet about a member, as printed: what one rating each stands for."""
    for survey in results.meeting.campaign.surveys:
        form = printing.parse(survey.source, survey.form)
        if form.about == "member" and len(form.items) > 1:
            return [f"{n}、{each.text.replace('|', '')}" for n, each in enumerate(form.items, 1)]
    return []


def _own(texts: Mapping[str, str]) -> Table:
    written = rows_of(texts.get("own", ""), len(OWN_HEAD))
    rows: list[Row] = [tuple(Cell(cell, align="left") for cell in row) for row in written]
    rows += [tuple(Cell() for _ in OWN_HEAD)] * (0 if written else OWN_ROWS)
    return Table((14, 14, 16, 8), tuple(rows), (tuple(label(word) for word in OWN_HEAD),), row_mm=11)


def _branch(texts: Mapping[str, str]) -> Table:
    rows: tuple[Row, ...] = (
        (label("支部意见"), Cell(texts.get("branch_opinion", ""), columns=3, align="left", top=True)),
        (
            label("是否限期整改\n（期限）"), Cell(texts.get("order", "")), label("是否推荐\n宣传示范"),
            Cell(texts.get("example", "")),
        ),
        (Cell(f"支部书记（签字）：　　　　　　　　　　{BLANK_DAY}", columns=4, align="right"),),
    )  # fmt: skip
    return Table((9, 19, 8, 16), rows, row_mm=9, high=((0, 18.0), (2, 12.0)))


def _kept(texts: Mapping[str, str]) -> Table:
    row = (
        label("学院党委（党总支）\n留存人"), Cell(texts.get("kept_by", "")), label("日期"),
        Cell(texts.get("kept_on", "")), label("档号"), Cell(texts.get("file_number", "")),
    )  # fmt: skip
    return Table((11, 12, 5, 10, 5, 9), (row,), row_mm=9)


def _list_results(session: Session, target: Target) -> Results:
    """Return the first form of a meeting that rates members. Raises NotFound."""
    if target.meeting_id is None:
        raise NotFound("no-own-summary")
    for ref in tally.forms(session, target.meeting_id):
        if ref.form.about == "member":
            merged = tally.results_in(session, target.meeting_id, ref.survey_id)
            if merged is not None and merged.subjects:
                return merged
    raise NotFound("no-own-summary")


def _list_fields(_session: Session, _target: Target) -> list[Field]:
    return [Field("filler", "Filled in by", "", 1), Field("secretary", "Branch secretary", "", 1)]


def _list(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    results = _list_results(session, target)
    items = {name: results.of(name) for name in results.subjects}
    first = next(iter(items.values()))
    words = [choice.label for choice in first[0].question.choices]
    wide = max(2, min(5, 33 // (len(first) * len(words))))
    narrow = [wide] * (len(first) * len(words))
    head: tuple[Row, ...] = (
        (
            label("序号", rows=2), label("姓名", rows=2), *(label(_short(item), columns=len(words)) for item in first),
            label("满意率\n%", rows=2), label("意见\n条数", rows=2), label("整改状态", rows=2),
        ),
        tuple(label(_folded(word, wide)) for _ in first for word in words),
    )  # fmt: skip
    rows = tuple(_list_row(session, results, n, name, rated) for n, (name, rated) in enumerate(items.items(), 1))
    return Paper(
        name="支部党员测评一览表",
        title=("支部党员测评一览表",),
        blocks=(
            Line(f"{results.meeting.unit.name}　共 {len(items)} 名　由党支部掌握，不张贴。"),
            Table((3, 52 - 3 - sum(narrow) - 4 - 3 - 4, *narrow, 4, 3, 4), rows, head, size_pt=8.5),
            Signature(
                people=(_line("填表人：", texts["filler"]), _line("支部书记（签字）：", texts["secretary"])), seal=False
            ),
        ),
        foot=results.meeting.unit.name,
        stamp=reports.stamp(results),
        data=(result_tables.plain_list(results, [item for rated in items.values() for item in rated]),),
    )


def _line(word: str, name: str) -> str:
    """Return a line to be signed, with room for the pen where nobody is named."""
    return word + (name or "　" * 6)


def _folded(word: str, wide: int) -> str:
    """Break a word for a narrow column."""
    step = 2 if wide > 2 else 1
    return word if wide > 3 else "\n".join(word[n : n + step] for n in range(0, len(word), step))


def _short(item: tally.Item) -> str:
    return f"第{item.number}项" if item.number else "总体评价"


def _list_row(session: Session, results: Results, number: int, name: str, rated: tuple[tally.Item, ...]) -> Row:
    headline = next((item for item in rated if item.question.overall), rated[-1])
    remedies = rectification.rows(session, results.meeting.id, name)
    open_ = sum(row.stage not in rectification.DONE for row in remedies)
    state = DASH if not remedies else f"{open_}项未办结" if open_ else "已办结"
    said = sum(line.number for line in summary_opinions.lines(session, results, name) if line.own)
    return (
        Cell(number), Cell(name, align="left"),
        *(Cell(choice.number) for item in rated for choice in item.total.choices),
        Cell(or_dash(headline.total.rates[results.rules.headline].percent)), Cell(said), Cell(state),
    )  # fmt: skip


KINDS = (
    PaperKind(
        KEY,
        "党员参加创先争优活动群众评议意见汇总表",
        "Summary of a member (S-M)",
        "member",
        Right.WRITE_PAPERS,
        _fields,
        _build,
        formats=("docx", "pdf", "xlsx"),
        examined=True,
        retained=lambda _session, _target: True,
        icon="user",
    ),
    PaperKind(
        "member-list",
        "支部党员测评一览表",
        "List of the members' results",
        "meeting",
        Right.WRITE_PAPERS,
        _list_fields,
        _list,
        formats=("docx", "pdf", "xlsx"),
        needs_closing=True,
        retained=lambda _session, _target: True,
        icon="list",
    ),
)
