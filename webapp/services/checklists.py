"""The checklist of a unit: what the directive asks of it, step by step, who does it, until when, how it stands.

A step's newest row holds. Steps that a unit adds of its own stand after those of the directive.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, ChecklistRow, Closing, Meeting, Unit, User
from webapp.office import Office
from webapp.services import closed, plan_versions, plans

STATES = ("todo", "now", "done", "off")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the directive. ``days``: due so many days before the deadline ``until`` (finish or report)."""

    key: str
    zh: str
    en: str
    until: str = "finish"
    days: int = 0
    level_2_only: bool = False


STEPS = (
    Step("plan", "拟订具体方案，下发党支部", "Draw up the plan, issue it to the branches", days=9, level_2_only=True),
    Step("canvass", "走访调查，收集群众意见建议", "Visit, ask, gather opinions", days=8),
    Step(
        "self_check",
        "开展自查：总结成绩、查找不足、提出改进措施",
        "Self-check: results, shortcomings, measures",
        days=7,
    ),
    Step("statement", "形成公开述职材料", "Write the public statement", days=6),
    Step("summaries", "做好党支部和党员个人情况小结", "Summaries of branches and members", days=6, level_2_only=True),
    Step("time", "确定大会时间，联系联络员（党支部：请委员到会）", "Fix the time, tell the liaison or member", days=6),
    Step("sheets", "核对名册，印制测评表", "Check the roster, print the sheets", days=5),
    Step("meeting", "召开群众评议大会，满意度测评（参加率达标）", "Hold the meeting, with enough turnout", days=4),
    Step("count", "扫描、复核、抽查，计票封存", "Scan, review, check by hand, close the count", days=3),
    Step("report", "联络员（委员）汇报评议情况和结果", "Liaison or member reports", days=2),
    Step("notice", "在一定范围内通报结果", "Announce the results", days=1),
    Step("rectify", "查找原因，落实责任，整改", "Causes, measures, rectification", days=0),
    Step("tables", "填写意见汇总表（党组织、党员）", "Fill in the summary tables", until="report", days=1),
    Step("keep", "留存党支部和党员的汇总表", "Retain the branches' and members' tables", "report", level_2_only=True),
    Step("summary", "撰写工作总结", "Write the summary of the work", until="report", days=1, level_2_only=True),
    Step("submit", "报送总结、述职材料、汇总表（纸质和电子）", "Hand in the bundle", until="report", level_2_only=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A step as it stands for a unit. ``title``: of a step of its own; else the step's words are shown."""

    key: str
    step: Step | None
    title: str
    owner: str
    due_on: dt.date | None
    state: str
    note: str
    by: str
    at: dt.datetime | None

    def is_late(self, today: dt.date) -> bool:
        """Tell whether the day it was due has passed and it is not done."""
        return self.due_on is not None and self.due_on < today and self.state in ("todo", "now")


@dataclass(frozen=True, slots=True)
class BoardRow:
    """How far a unit is: its steps, whether it confirmed the plan, its meetings and those whose count is closed."""

    unit: Unit
    received: bool | None  # None: nothing to confirm
    done: int
    steps: int
    late: tuple[Line, ...]
    meetings: tuple[Meeting, ...]
    closed: int


def of_unit(session: Session, campaign_id: int, unit_id: int) -> list[Line]:
    """Return the checklist of a unit. Raises NotFound."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("no-such-row", kind="Unit")
    plan = plans.effective(session, campaign_id, unit_id)
    newest = (
        select(func.max(ChecklistRow.id))
        .where(ChecklistRow.campaign_id == campaign_id, ChecklistRow.unit_id == unit_id)
        .group_by(ChecklistRow.step)
    )
    query = select(ChecklistRow, User.display_name).join(User).where(ChecklistRow.id.in_(newest))
    held = {row.step: (row, by) for row, by in session.execute(query.order_by(ChecklistRow.id))}
    steps = [step for step in STEPS if unit.kind in plans.LEVEL_2 or not step.level_2_only]
    lines = [_line(step.key, step, held.get(step.key), _due(step, plan)) for step in steps]
    own = sorted((key for key in held if key.startswith("own-")), key=lambda key: int(key[4:]))
    return lines + [_line(key, None, held[key], None) for key in own if held[key][0].title]


def set_line(
    office: Office, campaign_id: int, unit_id: int, key: str, *, owner: str, due_on: dt.date | None, state: str,
    note: str = "", title: str = "", user_id: int,
) -> None:  # fmt: skip
    """Say who does a step, until when, and how it stands; ``key`` "" adds a step of the unit's own.

    An own step without a title is taken out. Raises NotFound and InvalidInput.
    """
    if state not in STATES or len(owner) > 64 or len(title) > 120 or len(note) > 500:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        if session.get(Campaign, campaign_id) is None or session.get(Unit, unit_id) is None:
            raise NotFound("no-such-row", kind="Unit")
        if not key:
            if not title.strip():
                raise InvalidInput("step-without-title")
            key = _own_key(session, campaign_id, unit_id)
        elif key not in {line.key for line in of_unit(session, campaign_id, unit_id)}:
            raise NotFound("no-such-row", kind="ChecklistRow")
        title = title.strip() if key.startswith("own-") else ""
        session.add(
            ChecklistRow(
                campaign_id=campaign_id, unit_id=unit_id, step=key, title=title,
                owner=owner.strip(), due_on=due_on, state=state, note=note.strip(), user_id=user_id,
            )
        )  # fmt: skip


def board(session: Session, campaign_id: int, unit_id: int, today: dt.date) -> list[BoardRow]:
    """Return how far a level-2 unit and its branches are. Raises NotFound."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("no-such-row", kind="Unit")
    units = [unit, *plan_versions.branches(session, unit_id)]
    plan = plans.effective(session, campaign_id, unit_id)
    received = (
        {row.unit.id: row.at is not None for row in plan_versions.receipts(session, plan)} if plan.plan_id else {}
    )
    query = select(Meeting).where(Meeting.campaign_id == campaign_id, Meeting.unit_id.in_([row.id for row in units]))
    held: defaultdict[int, list[Meeting]] = defaultdict(list)
    for meeting in session.scalars(query.order_by(Meeting.id)):
        held[meeting.unit_id].append(meeting)
    shut = set(
        session.scalars(closed.closed_meetings().where(Closing.meeting_id.in_(query.with_only_columns(Meeting.id))))
    )
    rows = []
    for each in units:
        lines = [line for line in of_unit(session, campaign_id, each.id) if line.state != "off"]
        rows.append(
            BoardRow(
                unit=each,
                received=received.get(each.id),
                done=sum(line.state == "done" for line in lines),
                steps=len(lines),
                late=tuple(line for line in lines if line.is_late(today)),
                meetings=tuple(held[each.id]),
                closed=sum(meeting.id in shut for meeting in held[each.id]),
            )
        )
    return rows


def _due(step: Step, plan: plans.Plan) -> dt.date | None:
    day = plan.finish_by if step.until == "finish" else plan.report_by
    return day - dt.timedelta(days=step.days) if day else None


def _line(key: str, step: Step | None, held: tuple[ChecklistRow, str] | None, due: dt.date | None) -> Line:
    if held is None:
        return Line(key, step, "", "", due, "todo", "", "", None)
    row, by = held
    return Line(key, step, row.title, row.owner, row.due_on or due, row.state, row.note, by, row.at)


def _own_key(session: Session, campaign_id: int, unit_id: int) -> str:
    query = select(ChecklistRow.step).where(ChecklistRow.campaign_id == campaign_id, ChecklistRow.unit_id == unit_id)
    own = session.scalars(query.where(ChecklistRow.step.like("own-%")).distinct())
    return f"own-{max((int(step[4:]) for step in own), default=0) + 1}"
