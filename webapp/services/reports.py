"""The summary table S-A (意见汇总表) of an organisation as a ``Paper``. Its text is Chinese: it is an official paper.

Blocks that nothing has been written for yet are ruled and empty, so that the paper can be finished by hand.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sqlalchemy.orm import Session

from omr.books import Turnout
from omr.tally import RATES, UNSTATED
from webapp.errors import NotFound
from webapp.office import Office
from webapp.papers.paper import Block, Cell, Heading, Line, Paper, Row, Table
from webapp.services import cadres, detaching, focus, promises, result_tables, summary_opinions, summary_parts, tally
from webapp.services.result_tables import DASH, UNSTATED_WORD, class_word, label, or_dash, subject_name
from webapp.services.summary_opinions import OpinionLine
from webapp.services.tally import Results

KINDS = {"school": "校党委", "college": "学院党委", "general": "党总支", "direct": "直属党支部", "branch": "党支部"}


def summary(office: Office, meeting_id: int, survey_id: int, subject: str) -> Paper:
    """Return S-A of one organisation. Raises NotFound where the form rates no organisation or not this one."""
    with office.db.read() as session:
        found = tally.results_in(session, meeting_id, survey_id, subject)
        if found is None or found.ref.form.about != "organisation" or subject not in found.ref.subjects:
            raise NotFound("no-summary")
        opinions = summary_opinions.lines(session, found, subject)
        went_ahead = cadres.told(session, found.meeting)
    return summary_of(found, subject, opinions, cadres_told=went_ahead)


def summary_of(
    results: Results,
    subject: str,
    opinions: list[OpinionLine],
    texts: Mapping[str, str] = MappingProxyType({}),
    *,
    cadres_told: str = "",
) -> Paper:
    """Set the paper from values alone.

    ``texts``: what people wrote, by field (see ``summary_papers``); ``cadres_told``: how the cadres went ahead.
    """
    items = results.of(subject)
    issuer = results.ref.form.issuer
    return Paper(
        name="意见汇总表",
        title=(f"{issuer}基层党组织开展创先争优活动", "群众评议意见汇总表"),
        blocks=(
            *_basis(results),
            _head(results, subject, texts),
            Heading("一、参加情况"),
            _participation(results),
            *([Line(cadres_told)] if cadres_told else []),
            *_flexible(results),
            Heading("二、测评结果"),
            *result_tables.tables(results, items),
            *focus.blocks(results, items),
            *_promises(results),
            Heading("三、群众意见建议"),
            summary_opinions.table(opinions),
            Heading("四、原因与整改"),
            summary_parts.measures(texts),
            Heading("五、通报"),
            summary_parts.notice(texts),
            Heading("签章"),
            summary_parts.signatures(texts),
            *(Line(text) for text in notes(results)),
        ),
        foot=subject_name(results, subject),
        stamp=stamp(results),
        data=(result_tables.plain_list(results, items),) if items else (),
    )


def stamp(results: Results) -> str:
    """Return what stands on every page while the count can't be final; else nothing."""
    if results.stopped:
        return f"停止计票：收回 {results.count.returned} 张，多于发出的 {results.issued} 张。本表数字不得采用。"
    if not results.provisional:
        return ""
    waiting = [f"{results.count.pending} 处存疑未裁定"] if results.count.pending else []
    waiting += [f"{results.held} 张重复表未裁定"] if results.held else []
    return f"待复核：{'，'.join(waiting)}。本表数字不是最终结果。"


def confirmed_opinions(session: Session, results: Results, subject: str) -> Counter[str]:
    """Return the texts that a person has confirmed, with how often each was written. No sheet, no order of scanning."""
    waiting = summary_opinions.confirmed(session, results, subject)
    return waiting + detaching.texts(session, results.meeting.id, results.ref.survey_id, subject)


def notes(results: Results) -> Iterator[str]:
    """Yield the counting rules that shaped the paper, and what could not be told of the raters."""
    rules = results.rules
    base = {"choices": "该项计入分母的各档票数之和", "valid": "该项有效票（缺页的除外）"}[rules.denominator]
    yield f"注：1.票数在前，百分比在后；分母为{base}，弃权、无效、待复核、缺页及不了解另列，不计入各档。"
    labels = [tally.rate_label(results.ref.form.items[0], rate) for rate in RATES]
    headline = tally.rate_label(results.ref.form.items[0], rules.headline)
    yield f"2.满意率按三种口径并列：{'；'.join(labels)}。本次采用“{headline}”。百分比四舍五入到两位小数，不凑成100。"
    percent = f"{rules.turnout_percent}%"
    yield f"3.参加率=实到÷应到，{percent}以上含{percent}。回收率=收回÷发出。收回=有效票+废票。"
    further = [_unstated(results), *_hidden(results)]
    yield from (f"{number}.{text}" for number, text in enumerate(filter(None, further), 4))


def _unstated(results: Results) -> str:
    """Tell why sheets stand under 身份未填; nothing where that class is not shown alone."""
    number = results.valid_of(UNSTATED) if UNSTATED in results.class_ids else 0
    why = {"blank": "未划", "invalid": "无效", "pending": "待复核", "missing": "缺页"}
    parts = [f"{why[kind]} {n} 张" for kind, n in results.count.rater.items() if kind in why and n]
    return f"“{UNSTATED_WORD}”{number} 张：身份一栏{'，'.join(parts)}。" if number else ""


def _hidden(results: Results) -> Iterator[str]:
    found = results.disclosure
    if not found.hides:
        return
    words = class_word(results, "|".join(found.merged))
    how = f"{words}合并列出" if found.grouped else "各类只列合计"
    yield f"不足 {found.floor} 张的一类不单独列出；为使其不能由其他数字推算，{how}。"


def _basis(results: Results) -> Iterator[Block]:
    campaign = results.meeting.campaign
    if campaign.number:
        yield Line(f"依据文号：{campaign.number}", "right")


def _head(results: Results, subject: str, texts: Mapping[str, str]) -> Table:
    meeting, unit = results.meeting, results.meeting.unit
    return Table(
        widths=(7, 19, 6, 8, 5, 7),
        rows=(
            (
                label("党组织名称"),
                Cell(subject_name(results, subject)),
                label("类型"),
                Cell(KINDS.get(unit.kind, "")),
                label("上级"),
                Cell(unit.parent.name if unit.parent else ""),
            ),
            (
                label("评议时间"),
                Cell(_date(meeting.held_on)),
                label("地点"),
                Cell(meeting.place, columns=3),
            ),
            (
                label("主持"),
                Cell(texts.get("presider", meeting.presider)),
                label("监督"),
                Cell(texts.get("supervisor", meeting.supervisor), columns=3),
            ),
            (label("形式"), Cell(results.manner or "大会", columns=5, align="left")),
        ),
        row_mm=8,
    )


def _participation(results: Results) -> Table:
    head = (
        "身份",
        "应到\n人数",
        "实到\n人数",
        "参加率\n%",
        "是否达\n{}%",
        "发出",
        "收回",
        "回收率\n%",
        "有效票",
        "废票",
    )
    threshold = results.rules.turnout_percent
    *classes, total = results.turnout
    valid = results.count.valid
    rows = [_class_row(results, row) for row in classes]
    for who in results.class_ids:  # 身份未填, and classes that are only shown together
        if who not in {row.rater_class for row in classes}:
            dashes = [Cell(DASH) for _ in range(5)]
            issued = DASH if who == UNSTATED else results.issued_to(who)
            rows.append(
                (label(class_word(results, who)), *dashes[1:], Cell(issued), *dashes[:2], Cell(results.valid_of(who)),
                 Cell(DASH))
            )  # fmt: skip
    rows.append(
        (
            *_people(class_word(results, None), total),
            Cell(results.issued),
            Cell(results.count.returned),
            Cell(or_dash(results.recovery.percent) if results.issued is not None else None),
            Cell(sum(valid.values())),
            Cell(results.count.void),
        )
    )
    return Table(
        widths=(8, 5, 5, 5, 5, 5, 5, 5, 5, 4),
        head=(tuple(label(text.format(threshold)) for text in head),),
        rows=tuple(rows),
        row_mm=7.5,
    )


def _promises(results: Results) -> Iterator[Line]:
    """Yield the public promises of the subject, each with how it was kept: what the item on promises asks about."""
    for number, entry in enumerate(results.promises, 1):
        how = f"：{entry.how}" if entry.how else ""
        yield Line(f"公开承诺{number}．{entry.text}（{promises.KEPT_WORDS[entry.kept]}{how}）")


def _flexible(results: Results) -> Iterator[Line]:
    """Yield, of the flexible way, 发放数 beside 应到 as what the returned sheets are held against."""
    if results.by_hand:
        yield Line(tally.flexible_words(results, results.turnout[-1].expected))
    yield from (Line(text) for text in results.further)


def _class_row(results: Results, turnout: Turnout) -> Row:
    """One class. Of a void sheet nobody can say whose it was, so 收回, 回收率 and 废票 stand in the total alone.

    Of a class that is not shown alone only the people are told: where all sheets came back, those handed out are those
    that are valid.
    """
    who = turnout.rater_class or ""
    alone = who in results.class_ids
    return (
        *_people(class_word(results, turnout.rater_class), turnout),
        Cell(results.issued_to(who) if alone else DASH),
        Cell(DASH),
        Cell(DASH),
        Cell(results.valid_of(who) if alone else DASH),
        Cell(DASH),
    )


def _people(name: str, turnout: Turnout) -> Row:
    reached = "不符" if turnout.impossible else {True: "是", False: "否", None: ""}[turnout.reached]
    known = turnout.present is not None and turnout.expected and not turnout.impossible
    percent = turnout.rate.percent if known else None
    return (label(name), Cell(turnout.expected), Cell(turnout.present), Cell(percent), Cell(reached))


def _date(day: dt.date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
