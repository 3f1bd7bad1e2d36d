"""Announcing results (通报): the plan (manner, range, contents), what is made of it, where and when it was made known.

What is shown of the rater classes went through ``omr.disclosure`` already: a class under the floor is never shown
alone, and nothing shown lets it be reckoned back. Results come in only once the count is closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from omr.tally import Rate
from webapp.errors import InvalidInput, NotFound
from webapp.models import AnnouncementPlan, AnnouncementRecord, Meeting, Unit, now
from webapp.office import Office
from webapp.papers.paper import Block, Cell, Heading, Line, Row, Table
from webapp.services import books, closed, consequences, rectification, tally
from webapp.services.register_paper import STAGES, day_word
from webapp.services.result_tables import class_word, item_text, label, or_dash, tables
from webapp.services.tally import Results

MANNERS = {"meeting": "会议", "board": "公告栏", "document": "文件", "web": "网页"}
CONTENTS = ("turnout", "classes", "results", "members", "rectification", "examples")
DEFAULT = ("turnout", "classes", "results", "rectification")
LONGEST = {"reach": 200, "place": 200, "note": 500, "why": 500}
NUMERALS = "一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Plan:
    """How the results of a meeting are announced."""

    manner: str = "board"
    reach: str = "本单位全体教职工和学生代表"
    contents: tuple[str, ...] = DEFAULT


def plan(session: Session, meeting_id: int) -> Plan:
    """Return the plan in force; before anybody made one, that of an announcement to those who took part."""
    newest = select(func.max(AnnouncementPlan.id)).where(AnnouncementPlan.meeting_id == meeting_id).scalar_subquery()
    row = session.scalar(select(AnnouncementPlan).where(AnnouncementPlan.id == newest))
    return Plan(row.manner, row.reach, tuple(row.contents)) if row else Plan()


def set_plan(office: Office, meeting_id: int, wanted: Plan, *, user_id: int) -> None:
    """Choose manner, range and contents. Raises InvalidInput."""
    if wanted.manner not in MANNERS or set(wanted.contents) - set(CONTENTS):
        raise InvalidInput("no-such-kind")
    if not wanted.reach or not wanted.contents:
        raise InvalidInput("announcement-empty")
    _check(reach=wanted.reach)
    in_order = [key for key in CONTENTS if key in wanted.contents]
    with office.db.begin() as session:
        if plan(session, meeting_id) != wanted:
            session.add(AnnouncementPlan(
                meeting_id=meeting_id, manner=wanted.manner, reach=wanted.reach, contents=in_order, user_id=user_id,
            ))  # fmt: skip


def records(session: Session, meeting_id: int) -> list[AnnouncementRecord]:
    """Return where and when the results were announced, those taken back too, oldest first."""
    query = select(AnnouncementRecord).where(AnnouncementRecord.meeting_id == meeting_id)
    return list(session.scalars(query.order_by(AnnouncementRecord.made_on, AnnouncementRecord.id)))


def record(
    office: Office, meeting_id: int, *, manner: str, reach: str, place: str, made_on: dt.date | None,
    until: dt.date | None = None, note: str = "", user_id: int,
) -> None:  # fmt: skip
    """Write down that the results were announced. Raises InvalidInput, and Conflict while the count is not closed."""
    if manner not in MANNERS or not reach or not place or made_on is None:
        raise InvalidInput("announcement-record")
    if until is not None and until < made_on:
        raise InvalidInput("dates-order")
    _check(reach=reach, place=place, note=note)
    with office.db.begin() as session:
        if not closed.is_closed(session, meeting_id):
            raise InvalidInput("announcement-open")
        session.add(AnnouncementRecord(
            meeting_id=meeting_id, manner=manner, reach=reach, place=place, made_on=made_on, until=until, note=note,
            user_id=user_id,
        ))  # fmt: skip


def take_back(office: Office, announcement_id: int, *, why: str) -> None:
    """Take back an entry that was wrong. Raises InvalidInput (no reason) and NotFound."""
    if not why:
        raise InvalidInput("reason-missing")
    _check(why=why)
    with office.db.begin() as session:
        row = session.get(AnnouncementRecord, announcement_id)
        if row is None or row.withdrawn_at is not None:
            raise NotFound("no-such-row", kind="AnnouncementRecord")
        row.withdrawn_at, row.withdrawn_why = now(), why


def blocks(session: Session, meeting_id: int, contents: Sequence[str]) -> list[Block]:
    """Return the chosen contents as numbered parts of a paper. Raises InvalidInput before the count is closed."""
    if not closed.is_closed(session, meeting_id):
        raise InvalidInput("announcement-open")
    meeting = session.get_one(Meeting, meeting_id)
    found: list[Block] = []
    parts = [part for key in CONTENTS if key in contents for part in _part(session, meeting, key)]
    for number, (title, body) in enumerate(parts):
        found += [Heading(f"{NUMERALS[number]}、{title}"), *body]
    return found


Part = tuple[str, list[Block]]


def _part(session: Session, meeting: Meeting, key: str) -> Iterator[Part]:
    if key == "turnout":
        yield "参加情况", [_turnout(session, meeting.id)]
    elif key == "results":
        for results in _results(session, meeting.id, "organisation"):
            for subject in results.subjects:
                name = f"测评结果（{subject}）" if len(results.subjects) > 1 else "测评结果"
                yield name, list(tables(results, results.of(subject)))
    elif key == "classes":
        body = [table for results in _results(session, meeting.id, "organisation") for table in _classes(results)]
        yield "各类人员收回情况", body or [Line("没有按人员类别的收回情况。")]
    elif key == "members":
        body = [_members(results) for results in _results(session, meeting.id, "member")]
        yield "党员测评结果", body or [Line("本次没有测评党员。")]
    elif key == "rectification":
        yield "整改情况", [_rectification(session, meeting.id)]
    elif key == "examples":
        yield "示范", [_examples(session, meeting)]


def _results(session: Session, meeting_id: int, about: str) -> Iterator[Results]:
    for ref in tally.forms(session, meeting_id):
        if ref.form.about == about and (found := tally.results_in(session, meeting_id, ref.survey_id)):
            yield found


def _turnout(session: Session, meeting_id: int) -> Table:
    """The turnout by class, the total last; who was expected and came is no secret of a ballot."""
    words = {choice.id: choice.label for ref in tally.forms(session, meeting_id) for choice in ref.classes}
    rows: list[Row] = [
        (
            Cell(words.get(row.rater_class, row.rater_class) if row.rater_class else "合计"), Cell(row.expected),
            Cell(row.present), Cell(or_dash(row.rate.percent) if row.expected else None),
            Cell("" if row.reached is None else "是" if row.reached else "否"),
        )
        for row in books.of(session, meeting_id).turnout
    ]  # fmt: skip
    head = ("身份", "应到人数", "实到人数", "参加率%", "是否达到要求")
    return Table((16, 9, 9, 9, 9), tuple(rows), (tuple(label(word) for word in head),))


def _classes(results: Results) -> Iterator[Block]:
    """Valid sheets of the rows of classes that may be shown."""
    rows = [(Cell(class_word(results, row)), Cell(results.valid_of(row))) for row in results.class_ids]
    rows.append((Cell("合计"), Cell(sum(results.count.valid.values()))))
    yield Table((36, 16), tuple(rows), ((label("身份"), label("有效票（张）")),))
    if results.disclosure.hides:
        yield Line(f"某类人员不足 {results.disclosure.floor} 张的，与相近的一类合并列出，或只列合计。")


def _members(results: Results) -> Table:
    """One row a member and item: all raters together."""
    first = results.ref.form.items[0]
    names = [choice.label for choice in first.choices]
    widths = (10, 14, *([4] * len(names)), 28 - 4 * len(names))
    rows: list[Row] = []
    for item in results.items:
        numbers = [Cell(choice.number) for choice in item.total.choices]
        rate: Rate = item.total.rates[results.rules.headline]
        rows.append((Cell(item.subject), Cell(item_text(item), align="left"), *numbers, Cell(or_dash(rate.percent))))
    head = ("党员", "测评项目", *names, f"满意率%（{tally.rate_label(first, results.rules.headline)}）")
    return Table(widths, tuple(rows), (tuple(label(word) for word in head),), size_pt=9)


def _rectification(session: Session, meeting_id: int) -> Block:
    """What the organisation puts right. Problems of single members are not announced."""
    found = rectification.rows(session, meeting_id, subject="")
    if not found:
        return Line("没有登记的整改事项。")
    rows: tuple[Row, ...] = tuple(
        (Cell(place), Cell(row.problem, align="left"), Cell(row.measure, align="left"), Cell(row.person),
         Cell(day_word(row.due_on)), Cell(STAGES[row.stage]))
        for place, row in enumerate(found, 1)
    )  # fmt: skip
    head = ("序号", "存在问题", "整改措施", "责任人", "完成时限", "进展")
    return Table((4, 14, 14, 6, 8, 6), rows, (tuple(label(word) for word in head),))


def _examples(session: Session, meeting: Meeting) -> Block:
    found = consequences.examples(session, [meeting.id])
    unit = session.get_one(Unit, meeting.unit_id)
    names = "、".join(each.row.subject or unit.name for each in found)
    return Line(f"满意度高、可作示范的：{names}。" if names else "没有列入示范的。")


def _check(**texts: str) -> None:
    if any(len(text) > LONGEST[name] for name, text in texts.items()):
        raise InvalidInput("text-long")
