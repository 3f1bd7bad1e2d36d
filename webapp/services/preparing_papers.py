"""The papers that are written before a meeting: 自查表, 公开述职材料, 小结 of branches and of members."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import NotFound
from webapp.models import Campaign, Meeting, Member, Unit
from webapp.papers.paper import Block, Cell, Heading, Line, Paper, Signature, Table, Text
from webapp.rights import Right
from webapp.services import groups, self_check
from webapp.services.paper_kind import Field, PaperKind, Target
from webapp.services.result_tables import label
from webapp.services.self_check import View

PART_WORDS = {"achievements": "总结成绩", "shortcomings": "查找不足", "measures": "改进措施"}


def day_words(day: object) -> str:
    """Return a date as papers write it; nothing for None."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""  # type: ignore[attr-defined]  # a date of a row


def meeting_at(session: Session, target: Target) -> Meeting:
    """Return the meeting of a target. Raises NotFound."""
    meeting = session.get(Meeting, target.meeting_id) if target.meeting_id else None
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting


def unit_at(session: Session, target: Target) -> Unit:
    """Return the unit of a target. Raises NotFound."""
    unit = session.get(Unit, target.unit_id) if target.unit_id else None
    if unit is None:
        raise NotFound("no-such-row", kind="Unit")
    return unit


def basis(session: Session, target: Target) -> tuple[Block, ...]:
    """Return the line with the number of the directive; nothing where it has none."""
    campaign = session.get_one(Campaign, target.campaign_id)
    return (Line(f"依据文号：{campaign.number}", "right"),) if campaign.number else ()


def _check_fields(_session: Session, _target: Target) -> list[Field]:
    return [Field("filler", "Filled in by", "", 1)]


def _check_paper(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = meeting_at(session, target)
    found = self_check.current(session, meeting.id)
    rows = tuple((label(word), Cell(getattr(found, part), align="left", top=True)) for part, word in PART_WORDS.items())
    head = (
        (label("单位"), Cell(meeting.unit.name, align="left"), label("完成日期"), Cell(day_words(found.done_on))),
        (label("述职人"), Cell(groups.presenter(session, meeting)), label("填表人"), Cell(texts.get("filler", ""))),
    )
    blocks = (
        *basis(session, target),
        Table((7, 25, 7, 13), head, row_mm=9),
        Table((7, 45), rows, high=tuple((row, 58.0) for row in range(3)), size_pt=10.5),
        Signature(meeting.unit.name, day_words(found.done_on), ("负责人（签字）：",)),
    )
    return Paper("自查表", ("开展创先争优活动情况自查表",), blocks, foot=meeting.unit.name)


def _check_of_unit(session: Session, target: Target) -> View:
    """Return the self-check of the newest meeting of a unit in a campaign; an empty one without any."""
    query = select(Meeting.id).where(Meeting.campaign_id == target.campaign_id, Meeting.unit_id == target.unit_id)
    meeting_id = session.scalar(query.order_by(Meeting.id.desc()).limit(1))
    return self_check.current(session, meeting_id) if meeting_id is not None else View()


def _statement_fields(session: Session, target: Target) -> list[Field]:
    found = _check_of_unit(session, target)
    head = groups.head(session, target.unit_id) if target.unit_id else None
    return [
        Field("presenter", "Presented by", head.name if head else "", 1),
        Field("opening", "Opening", "", 4),
        Field("achievements", "What was achieved", found.achievements, 10, needed=True),
        Field("promises", "How public promises were kept", "", 6),
        Field("shortcomings", "What is lacking", found.shortcomings, 8, needed=True),
        Field("measures", "How it will be improved", found.measures, 8, needed=True),
        Field("day", "Date", "", 1),
    ]


def _statement(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    unit = unit_at(session, target)
    parts = (
        ("achievements", "主要成绩"), ("promises", "公开承诺兑现情况"), ("shortcomings", "存在的不足"),
        ("measures", "改进措施"),
    )  # fmt: skip
    blocks = [*basis(session, target)]
    if presenter := texts.get("presenter"):
        blocks.append(Line(f"述职人：{presenter}", "center"))
    if opening := texts.get("opening"):
        blocks.append(Text(opening))
    blocks += _chapters(parts, texts)
    return Paper(
        "公开述职材料",
        (unit.name, "开展创先争优活动公开述职材料"),
        (*blocks, Signature(unit.name, texts.get("day", ""))),
        foot=unit.name,
    )


def _chapters(parts: tuple[tuple[str, str], ...], texts: Mapping[str, str]) -> list[Block]:
    blocks: list[Block] = []
    written = [(key, word) for key, word in parts if texts.get(key)]
    for number, (key, word) in zip("一二三四五六七", written, strict=False):
        blocks += [Heading(f"{number}、{word}"), Text(texts[key])]
    return blocks or [Text("（尚未填写）")]


def _brief_fields(_session: Session, _target: Target) -> list[Field]:
    return [
        Field("done", "What was done", "", 8, needed=True),
        Field("promises", "How public promises were kept", "", 4),
        Field("lacking", "What is lacking", "", 5, needed=True),
        Field("next", "What comes next", "", 5, needed=True),
        Field("day", "Date", "", 1),
    ]


BRIEF = (("done", "开展情况"), ("promises", "兑现承诺情况"), ("lacking", "存在的不足"), ("next", "今后打算"))


def _branch_brief(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    unit = unit_at(session, target)
    blocks = (*_chapters(BRIEF, texts), Signature(unit.name, texts.get("day", ""), ("书记（签字）：",)))
    return Paper("党支部小结", (unit.name, "开展创先争优活动情况小结"), blocks, foot=unit.name)


def _member_brief(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    member = session.get(Member, target.member_id) if target.member_id else None
    if member is None:
        raise NotFound("no-such-row", kind="Member")
    unit = session.get_one(Unit, member.unit_id)
    blocks = (
        Line(f"{unit.name}　{member.name}{'　党员干部' if member.cadre else ''}", "center"),
        *_chapters(BRIEF, texts),
        Signature("", texts.get("day", ""), ("本人（签字）：",), seal=False),
    )
    return Paper("党员小结", ("党员参加创先争优活动情况小结",), blocks, foot=f"{unit.name}　{member.name}")


KINDS = (
    PaperKind(
        "self_check", "自查表", "Self-check table", "meeting", Right.PREPARE, _check_fields, _check_paper,
        icon="checklist",
    ),
    PaperKind(
        "statement", "公开述职材料", "Text of the public statement", "unit", Right.PREPARE, _statement_fields,
        _statement, icon="speakerphone",
    ),
    PaperKind(
        "branch_brief", "党支部小结", "Summary of a branch's work", "unit", Right.PREPARE, _brief_fields, _branch_brief
    ),
    PaperKind(
        "member_brief", "党员小结", "Summary of a member's work", "member", Right.PREPARE, _brief_fields, _member_brief,
        readers=(Right.READ_PAPERS, Right.PREPARE),
    ),
)  # fmt: skip
