"""The papers of the meeting itself: 议程与主持词, 签到表, 发票登记, 会议通知单, 党员干部情况表."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from omr.books import Turnout
from webapp.models import Meeting, Rater
from webapp.papers.paper import Block, Cell, Heading, Line, Paper, Row, Signature, Table, Text
from webapp.rights import Right
from webapp.services import (
    cadres,
    groups,
    meetings,
    own_row,
    printing,
    raters,
    run_sheet,
    sessions,
    supervisors,
    tree,
)
from webapp.services.meetings import counts_by_session
from webapp.services.paper_kind import Field, PaperKind, Target
from webapp.services.preparing_papers import basis, day_words, meeting_at
from webapp.services.result_tables import label

MOST_BLANK = 400
SIGNERS = {"open": "主持人", "heads": "工作人员", "statement": "述职人", "comments": "主持人", "end": "主持人"}


def place_words(meeting: Meeting) -> str:
    """Return when and where a meeting is, as papers write it."""
    day = day_words(meeting.held_on) or "　　年　月　日"
    return "　".join(part for part in (day, meeting.starts, meeting.place) if part)


def watch_words(meeting: Meeting) -> str:
    """Return what the supervisor of a meeting is called."""
    return "委员" if tree.is_branch(meeting.unit) else "联络员"


def classes_of(session: Session) -> dict[str, str]:
    """Return the word of each class of raters by its id."""
    return {key: word for word, key in raters.classes(session).items()}


# --- 议程与主持词 ---


def _agenda_fields(session: Session, target: Target) -> list[Field]:
    meeting = meeting_at(session, target)
    presenter = groups.presenter(session, meeting) or "　　　"
    watch, names = watch_words(meeting), meeting.supervisor or "　　　"
    scripts = {
        "open": f"各位同志：现在召开{meeting.unit.name}群众评议大会。今天到会指导监督的是{watch}{names}。",
        "heads": _heads_script(meetings.turnout(session, meeting.id)[-1]),
        "statement": f"下面请{presenter}同志作公开述职。",
        "comments": "请大家围绕履行职责、兑现承诺、发挥作用情况进行评议，欢迎提出意见和建议。发言只记意见，不记姓名。",
        "issue": "现在发放测评票，每人一份，请勿折叠。",
        "explain": "测评票不记名。请用蓝色或黑色笔，在每一项合适的方框内划“√”，每项只选一个；"
        "需要更改的，把选错的方框整个涂黑，再在正确的方框内划“√”。未选的项按弃权计。",
        "fill": "请独立填写。" + ("" if own_row.rates_self(session, meeting) else "参评党员本人不评自己。"),
        "collect": "请依次将测评票投入票箱。由监票人、计票人当场清点收回的票数。",
        "tally": "测评票由计票人扫描识读，存疑的划记由人裁定，监票人核对后封存。",
        "announce": "现在宣布测评结果。当场未计完的，结果将按规定的方式和范围通报。",
        "end": "感谢大家的参与。散会。",
    }
    return [Field(key, run_sheet.STEP_LABELS[key], scripts[key], 3) for key in run_sheet.STEPS]


def _heads_script(total: Turnout) -> str:
    """Return what is said of the heads: numbers that nobody entered are left to the pen."""
    expected, present = (" " * 6 if number is None else f" {number} " for number in (total.expected, total.present))
    said = {True: "，达到规定的参加率，可以开会。", False: "，未达到规定的参加率。", None: "。"}[total.reached]
    return f"先由工作人员清点到会人数。应到{expected}人，实到{present}人{said}"


def _agenda(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = meeting_at(session, target)
    presenter = groups.presenter(session, meeting)
    people = {"statement": presenter, "open": meeting.presider, "comments": meeting.presider, "end": meeting.presider}
    head: tuple[Row, ...] = (
        (label("单位"), Cell(meeting.unit.name, align="left"), label("组织者"), Cell(groups.organiser(meeting.unit))),
        (label("时间地点"), Cell(place_words(meeting), align="left"), label("指导监督"), Cell(meeting.supervisor)),
    )
    rows = tuple(
        (Cell(number), Cell(run_sheet.STEP_WORDS[key], align="left"), Cell(people.get(key, "")), Cell(), Cell())
        for number, key in enumerate(run_sheet.STEPS, 1)
    )
    columns = ((label("序号"), label("议程"), label("承担人"), label("完成（√）"), label("时刻")),)
    script: list[Block] = []
    for key in run_sheet.STEPS:
        if texts.get(key):
            script += [Heading(run_sheet.STEP_WORDS[key], level=2), Text(texts[key])]
    blocks = (
        *basis(session, target), Table((7, 19, 6, 20), head, row_mm=9), Heading("一、议程"),
        Table((5, 21, 10, 8, 8), rows, columns, row_mm=8), Heading("二、主持词"), *script,
    )  # fmt: skip
    return Paper("议程与主持词", (meeting.unit.name, "群众评议大会议程与主持词"), blocks, foot=meeting.unit.name)


# --- 签到表 ---


def _sign_in_fields(session: Session, target: Target) -> list[Field]:
    meeting = meeting_at(session, target)
    named = raters.numbers(session, meeting.unit_id)
    expected = {row.rater_class: row.expected or 0 for row in meetings.turnout(session, meeting.id)[:-1]}
    missing = sum(max(0, number - named[who or ""]) for who, number in expected.items())
    help_text = "for those without a name in the roster"
    return [Field("blank", "Blank rows", str(min(missing, MOST_BLANK)), 1, help=help_text)]


def _sign_in(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = meeting_at(session, target)
    words = classes_of(session)
    people = raters.people(session, meeting.unit_id)
    blank = texts.get("blank", "").strip()
    number = min(int(blank), MOST_BLANK) if blank.isascii() and blank.isdigit() else 0
    blocks: list[Block] = [*basis(session, target), Line(f"时间地点：{place_words(meeting)}")]
    for key in dict.fromkeys(row.rater_class for row in people):
        rows = [row for row in people if row.rater_class == key]
        blocks += [Heading(f"{words.get(key, key)}（{len(rows)} 人）", level=2), _signing(rows)]
    if number or not people:
        blocks += [Heading("其他人员", level=2), _signing([None] * (number or 30))]
    blocks += [Heading("应到、实到统计"), *_heads(session, meeting, words)]
    blocks.append(Signature(meeting.unit.name, day_words(meeting.held_on), ("清点人（签字）：",), seal=False))
    return Paper("签到表", (meeting.unit.name, "群众评议大会签到表"), tuple(blocks), foot=meeting.unit.name)


def _signing(people: list[Rater] | list[None]) -> Table:
    """Two people a row: number, name, room to sign."""
    cells = [
        (Cell(number), Cell(f"{row.name}{f'（{row.number}）' if row.number else ''}" if row else ""), Cell())
        for number, row in enumerate(people, 1)
    ]
    if len(cells) % 2:
        cells.append((Cell(), Cell(), Cell()))
    rows = tuple((*left, *right) for left, right in zip(cells[::2], cells[1::2], strict=True))
    head = (label("序号"), label("姓名"), label("签名"))
    return Table((3, 11, 12, 3, 11, 12), rows, ((*head, *head),), row_mm=8.5)


def _heads(session: Session, meeting: Meeting, words: Mapping[str, str]) -> Iterator[Block]:
    def row(name: str, turnout: Turnout) -> Row:
        percent = turnout.rate.percent if turnout.expected and turnout.present is not None else None
        return (label(name), Cell(turnout.expected), Cell(turnout.present), Cell(percent))

    *classes, total = meetings.turnout(session, meeting.id)
    rows = [row(words.get(each.rater_class or "", each.rater_class or ""), each) for each in classes]
    head = ((label("身份"), label("应到人数"), label("实到人数"), label("参加率%")),)
    yield Table((16, 12, 12, 12), (*rows, row("合计", total)), head, row_mm=8)
    if ticked := raters.came(session, meeting):
        yield Line(f"按签到勾记：{'，'.join(f'{words.get(key, key)} {number} 人' for key, number in ticked.items())}。")


# --- 发票登记 ---


def _no_fields(_session: Session, _target: Target) -> list[Field]:
    return [Field("note", "Note", "", 3)]


def _issue_ledger(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = meeting_at(session, target)
    words, by_session = classes_of(session), counts_by_session(session, meeting.id)
    further = sessions.of_meeting(session, meeting.id)
    blocks: list[Block] = [*basis(session, target), Line(f"时间地点：{place_words(meeting)}")]
    for paper in printing.ledger(session, meeting.id):
        blocks.append(Heading(paper.title, level=2))
        rows: list[Row] = []
        for session_id, name in ((None, "大会"), *((row.id, f"补充场次 {day_words(row.held_on)}") for row in further)):
            for (kind, form, who), number in sorted(by_session.get(session_id, {}).items()):
                if kind == "issued" and form == paper.form:
                    rows.append((Cell(name), Cell(words.get(who, who)), Cell(number), Cell(), Cell()))
        rows = rows or [(Cell("大会"), Cell(word), Cell(), Cell(), Cell()) for word in words.values()]
        head = ((label("场次"), label("发给"), label("发出（份）"), label("领票人签字"), label("发票人签字")),)
        blocks.append(Table((14, 8, 8, 11, 11), tuple(rows), head, row_mm=9))
        balance = {True: "相符", False: "不符", None: ""}[paper.balanced]
        totals = (Cell(paper.printed), Cell(paper.issued), Cell(paper.spoiled), Cell(paper.spare), Cell(balance))
        names = ("印制", "发出", "作废", "余票", "印制＝发出＋作废＋余票")
        blocks.append(Table((9, 9, 9, 9, 16), (totals,), (tuple(label(word) for word in names),), row_mm=9))
    if len(blocks) == len(basis(session, target)) + 1:
        blocks.append(Line("尚未印制测评票。"))
    fewer = own_row.left_out(session, meeting)
    blocks += [
        Line(f"参评党员本人不评自己：到会的参评{words.get(who, who)} {number} 人，相应少发 {number} 份。")
        for (_form, who), number in sorted(fewer.items())
    ]
    if note := texts.get("note"):
        blocks.append(Line(f"备注：{note}"))
    signers = ("发票人（签字）：", "监票人（签字）：")
    blocks.append(Signature(meeting.unit.name, day_words(meeting.held_on), signers, seal=False))
    return Paper("发票登记", ("测评票发放登记表",), tuple(blocks), foot=meeting.unit.name)


# --- 会议通知单 ---


def _slip_fields(session: Session, target: Target) -> list[Field]:
    meeting = meeting_at(session, target)
    watch = watch_words(meeting)
    to = "、".join(each.name for each in supervisors.of(session, meeting))
    text = (
        f"{meeting.unit.name}群众评议大会定于{place_words(meeting)}召开，由{groups.organiser(meeting.unit)}组织。"
        f"请您作为{watch}按时到会，进行指导和监督；会后将会议情况和评议结果"
        f"向{'学院党委（党总支）' if tree.is_branch(meeting.unit) else '联系校领导'}汇报。"
    )
    return [
        Field("to", "To", f"{to}同志：" if to else "", 1),
        Field("text", "Text", text, 5),
        Field("day", "Date", "", 1),
    ]


def _slip(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = meeting_at(session, target)
    answer: tuple[Row, ...] = (
        (label("会议"), Cell(f"{meeting.unit.name}群众评议大会", align="left")),
        (label("时间地点"), Cell(place_words(meeting), align="left")),
        (label("能否到会"), Cell("□ 能按时到会　　□ 不能到会，请改派：", align="left")),
        (label(f"{watch_words(meeting)}签字"), Cell("　　　　　　　　　　　　年　　月　　日", align="right")),
    )
    blocks = (
        Text(texts.get("to", ""), plain=True), Text(texts.get("text", "")),
        Signature(groups.organiser(meeting.unit), texts.get("day", "")),
        Line("…………………………………（由此剪下）…………………………………", "center"), Heading("回　执"),
        Table((10, 42), answer, row_mm=11, size_pt=11),
    )  # fmt: skip
    return Paper("会议通知单", ("群众评议大会通知单",), blocks, foot=meeting.unit.name)


# --- 党员干部情况表 ---


def _cadre_paper(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = meeting_at(session, target)
    found = cadres.of(session, meeting)
    rows = tuple(
        (
            Cell(number), Cell(row.member.name), Cell(row.branch, align="left"),
            *(Cell("√" if row.recorded and done else "") for done in (row.took_part, row.was_rated)),
            Cell(row.guided if row.recorded else "", align="left"),
        )
        for number, row in enumerate(found, 1)
    )  # fmt: skip
    words = ("序号", "姓名", "所在党支部", "参加活动", "接受群众评议", "深入基层指导工作")
    blocks: list[Block] = [*basis(session, target)]
    blocks.append(Table((4, 8, 13, 6, 7, 14), rows, (tuple(label(word) for word in words),), row_mm=9))
    blocks.append(Line(cadres.summary(session, meeting).sentence or "没有登记党员干部。"))
    if note := texts.get("note"):
        blocks.append(Line(f"备注：{note}"))
    blocks.append(Signature(meeting.unit.name, "", ("负责人（签字）：",)))
    return Paper("党员干部情况表", ("党员干部带头参加群众评议工作情况表",), tuple(blocks), foot=meeting.unit.name)


KINDS = (
    PaperKind(
        "agenda", "议程与主持词", "Agenda and script", "meeting", Right.PREPARE, _agenda_fields, _agenda, icon="list"
    ),
    PaperKind(
        "sign_in", "签到表", "Sign-in sheet", "meeting", Right.PREPARE, _sign_in_fields, _sign_in,
        formats=("docx", "pdf", "xlsx"), icon="users",
    ),
    PaperKind(
        "issue_ledger", "发票登记", "Sheets handed out", "meeting", Right.PREPARE, _no_fields, _issue_ledger,
        formats=("docx", "pdf", "xlsx"), icon="clipboard-list",
    ),
    PaperKind(
        "slip", "会议通知单", "Notice of the meeting", "meeting", Right.PREPARE, _slip_fields, _slip, icon="bell"
    ),
    PaperKind(
        "cadres", "党员干部情况表", "Cadres who went ahead", "meeting", Right.PREPARE, _no_fields, _cadre_paper,
        formats=("docx", "pdf", "xlsx"), icon="user",
    ),
)  # fmt: skip
