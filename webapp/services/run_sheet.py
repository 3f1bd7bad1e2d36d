"""The run sheet of a meeting: prepared → open → 述职 → 评议 → 测评 → ended, ticked step by step in this order.

A step is done, or skipped with a reason; the last one can be taken back. All of it are rows that are added.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Meeting, RunStep, User
from webapp.office import Office
from webapp.services import groups, self_check

# 清点 → 述职 → 评议 → 测评 (发票 → 说明 → 填写 → 收票 → 计票 → 宣布)
STEPS = (
    "open", "heads", "statement", "comments", "issue", "explain", "fill", "collect", "tally", "announce", "end",
)  # fmt: skip
NOT_SKIPPED = ("open", "end")
STEP_WORDS = {
    "open": "宣布开会", "heads": "清点人数", "statement": "公开述职", "comments": "开展评议", "issue": "发放测评票",
    "explain": "说明填写办法", "fill": "填写测评票", "collect": "收回测评票", "tally": "计票", "announce": "宣布结果",
    "end": "宣布散会",
}  # fmt: skip  # as printed

STEP_LABELS = {
    "open": "Open the meeting", "heads": "Count heads", "statement": "Public statement", "comments": "Comments",
    "issue": "Hand out the sheets", "explain": "Explain how to fill them in", "fill": "Fill in the sheets",
    "collect": "Collect the sheets", "tally": "Count the sheets", "announce": "Announce the result",
    "end": "End the meeting",
}  # fmt: skip  # msgids


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the page shows it. ``state``: done, skipped, next, later."""

    key: str
    state: str
    who: str = ""  # who presented
    why: str = ""
    by: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """How far a meeting is. ``stage``: prepared, open, statement (述职 done), rating (评议 done), ended."""

    steps: tuple[Step, ...]

    @property
    def passed(self) -> tuple[Step, ...]:
        """The steps that are behind it."""
        return tuple(step for step in self.steps if step.state in ("done", "skipped"))

    @property
    def next(self) -> Step | None:
        """The step that comes now, None when it has ended."""
        return next((step for step in self.steps if step.state == "next"), None)

    @property
    def stage(self) -> str:
        """Where the meeting stands."""
        passed = {step.key for step in self.passed}
        stages = (("end", "ended"), ("comments", "rating"), ("statement", "statement"), ("open", "open"))
        return next((stage for key, stage in stages if key in passed), "prepared")


def of(session: Session, meeting_id: int) -> Run:
    """Return how far a meeting is."""
    query = select(RunStep, User.display_name).join(User, User.id == RunStep.user_id)
    newest = {
        row.step: (row, by)
        for row, by in session.execute(query.where(RunStep.meeting_id == meeting_id).order_by(RunStep.id))
    }
    found, waits = [], "next"
    for key in STEPS:
        row, by = newest.get(key, (None, ""))
        if row is None or row.state == "undone":
            found.append(Step(key, waits))
            waits = "later"
        else:
            found.append(Step(key, row.state, row.who, row.why, by, row.at))
    return Run(tuple(found))


def tick(office: Office, meeting_id: int, step: str, *, user_id: int, skip: bool = False, why: str = "") -> None:
    """Tick the step that comes now, or pass over it with a reason.

    The meeting opens when its self-check is done, else with a reason. Raises NotFound, Conflict (another step comes
    now, the self-check is not done) and InvalidInput (no reason, nobody to present).
    """
    why = why.strip()
    if len(why) > 500:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        meeting = _meeting(session, meeting_id)
        awaited = of(session, meeting_id).next
        if awaited is None or awaited.key != step:
            raise Conflict("run-order")
        if skip and (step in NOT_SKIPPED or not why):
            raise InvalidInput("skip-without-reason")
        if step == "open" and not why and not self_check.is_done(session, meeting_id):
            raise Conflict("self-check-waits")
        who = groups.presenter(session, meeting) if step == "statement" and not skip else ""
        if step == "statement" and not skip and not who:
            raise InvalidInput("presenter-missing")
        state = "skipped" if skip else "done"
        session.add(RunStep(meeting_id=meeting_id, step=step, state=state, who=who, why=why, user_id=user_id))


def undo(office: Office, meeting_id: int, step: str, *, user_id: int) -> None:
    """Take back the last step that was ticked. Raises NotFound, and Conflict where another one is the last."""
    with office.db.begin() as session:
        _meeting(session, meeting_id)
        passed = of(session, meeting_id).passed
        if not passed or passed[-1].key != step:
            raise Conflict("run-order")
        session.add(RunStep(meeting_id=meeting_id, step=step, state="undone", user_id=user_id))


def _meeting(session: Session, meeting_id: int) -> Meeting:
    meeting = session.get(Meeting, meeting_id, options=[joinedload(Meeting.unit)])
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting
