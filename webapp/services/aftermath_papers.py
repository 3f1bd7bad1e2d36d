"""The papers of what comes after the meeting: 限期整改通知书, 通报稿, 报送清单封面."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from omr.tally import Rate
from webapp.errors import NotFound
from webapp.models import Campaign, Meeting, Unit
from webapp.papers.paper import Cell, Letterhead, Line, Paper, Row, Signature, Table, Text
from webapp.rights import Right
from webapp.services import announcing, consequences
from webapp.services.orders_due import Order
from webapp.services.paper_kind import Field, PaperKind, Target
from webapp.services.register_paper import day_word
from webapp.services.result_tables import label, or_dash

ORDER, ANNOUNCEMENT, COVER = "rectification-order", "announcement", "hand-in-cover"
ROOM = "办公楼411房间"
BUNDLE = ("工作总结", "公开述职材料", "基层党组织群众评议意见汇总表（本单位）")


def N_(text: str) -> str:
    """Mark a msgid; the page translates it."""
    return text


def _meeting(session: Session, target: Target) -> Meeting:
    meeting = session.get(Meeting, target.meeting_id) if target.meeting_id is not None else None
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting


def _order_fields(session: Session, target: Target) -> list[Field]:
    meeting, order = _meeting(session, target), _order(session, target)
    rate = Rate(order.figures["part"], order.figures["whole"])
    who = order.subject or "你单位"
    issuer = meeting.unit.parent.name if meeting.unit.parent and not order.subject else meeting.unit.name
    body = (
        f"在{meeting.campaign.title}中，{who}“{order.figures['text']}”的满意率为{or_dash(rate.percent)}%"
        f"（{rate.part}/{rate.whole}），不满意 {order.figures['dissatisfied']} 票，按本次评议的规则应限期整改。\n"
        f"请针对群众反映的问题深入查找原因，制定整改措施，落实责任人，于{day_word(order.due_on)}前（含当日）完成整改，"
        f"并将整改情况书面报告。届时将组织复查。"
    )
    return [
        Field("issuer", N_("Issued by"), issuer, 1, needed=True),
        Field("number", N_("Number of the letter"), "", 1),
        Field("to", N_("Addressed to"), order.subject or meeting.unit.name, 1, needed=True),
        Field("body", N_("Text"), body, 10, needed=True),
        Field("day", N_("Date"), "", 1),
    ]


def _order(session: Session, target: Target) -> Order:
    """Return the order that the part of a target names. Raises NotFound for one of another meeting."""
    order = consequences.one(session, int(target.part) if target.part.isdigit() else 0)
    if order.meeting_id != target.meeting_id:
        raise NotFound("no-such-row", kind="DeadlineOrder")
    return order


def _order_letter(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = _meeting(session, target)
    return Paper(
        name="限期整改通知书",
        title=("限期整改通知书",),
        blocks=(
            Letterhead(texts["issuer"], texts["number"], f"{texts['to']}："),
            Text(texts["body"]),
            Signature(texts["issuer"], texts["day"]),
        ),
        foot=meeting.unit.name,
    )


def _announcement_fields(session: Session, target: Target) -> list[Field]:
    meeting = _meeting(session, target)
    held = f"{day_word(meeting.held_on)}，" if meeting.held_on else ""
    opening = (
        f"根据{meeting.campaign.number}《{meeting.campaign.title}》的要求，{held}{meeting.unit.name}组织了群众评议和"
        "满意度测评。现将有关情况通报如下。"
    )
    return [
        Field("number", N_("Number of the letter"), "", 1),
        Field("title", N_("Title"), f"关于{meeting.unit.name}群众评议情况的通报", 1, needed=True),
        Field("opening", N_("Opening"), opening, 4, needed=True),
        Field("closing", N_("Closing"), "欢迎师生员工继续监督，提出意见和建议。", 3),
        Field("day", N_("Date"), "", 1),
    ]


def _announcement(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    meeting = _meeting(session, target)
    plan = announcing.plan(session, meeting.id)
    return Paper(
        name="通报",
        title=(texts["title"],),
        blocks=(
            Letterhead(meeting.unit.name, texts["number"]),
            Text(texts["opening"]),
            *announcing.blocks(session, meeting.id, plan.contents),
            Text(texts["closing"]),
            Line(f"通报方式：{announcing.MANNERS[plan.manner]}　　范围：{plan.reach}"),
            Signature(meeting.unit.name, texts["day"]),
        ),
        foot=meeting.unit.name,
    )


def _cover_fields(session: Session, target: Target) -> list[Field]:
    return [
        Field("handed_by", N_("Handed in by (person)"), "", 1),
        Field("phone", N_("Telephone"), "", 1),
        Field("day", N_("Date"), "", 1),
    ]


def _cover(session: Session, target: Target, texts: Mapping[str, str]) -> Paper:
    campaign, unit = session.get(Campaign, target.campaign_id), session.get(Unit, target.unit_id)
    if campaign is None or unit is None:
        raise NotFound("no-such-row", kind="Unit")
    due = f"，于{day_word(campaign.report_by)}前（含当日）" if campaign.report_by else ""
    rows: tuple[Row, ...] = tuple(
        (Cell(number), Cell(name, align="left"), Cell(None), Cell(None)) for number, name in enumerate(BUNDLE, 1)
    )
    people: tuple[Row, ...] = (
        (label("报送单位"), Cell(unit.name), label("报送人"), Cell(texts["handed_by"] or None)),
        (label("报送日期"), Cell(texts["day"] or None), label("联系电话"), Cell(texts["phone"] or None)),
        (label("接收人（签字）"), Cell(None), label("接收日期"), Cell(None)),
    )
    return Paper(
        name="报送清单",
        title=(f"{campaign.title}", "报送清单"),
        blocks=(
            Line(campaign.number, align="center"),
            Line(f"报：校创组办（{ROOM}）{due}"),
            Table((5, 27, 10, 10), rows, (tuple(map(label, ("序号", "材料", "份数", "页数"))),), row_mm=11),
            Line("所属党支部和党员的《意见汇总表》由本单位留存，不在报送之列。"),
            Table((9, 17, 9, 17), people, row_mm=12),
        ),
        foot=unit.name,
    )


KINDS = (
    PaperKind(
        ORDER, "限期整改通知书", N_("Letter of rectification"), "meeting", Right.EXAMINE_PAPERS, _order_fields,
        _order_letter, readers=(Right.RECTIFY, Right.SUPERVISE), needs_closing=True, icon="gavel",
    ),
    PaperKind(
        ANNOUNCEMENT, "通报", N_("Announcement"), "meeting", Right.WRITE_PAPERS, _announcement_fields, _announcement,
        needs_closing=True, icon="speakerphone",
    ),
    PaperKind(
        COVER, "报送清单", N_("Cover of what is handed in"), "unit", Right.WRITE_PAPERS, _cover_fields, _cover,
        icon="clipboard-list",
    ),
)  # fmt: skip
