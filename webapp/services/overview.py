"""The whole school side by side: where each unit is, what is late against both deadlines, figures of closed counts.

Everything is asked for all units at once, in a fixed number of queries. Units stand in the order of the tree: nothing
is ranked. Both deadlines include their own day.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.survey import Question
from omr.tally import UNSTATED, Asked, Cell, Count, Rate, Rules, figures, outcome
from webapp.errors import NotFound
from webapp.models import (
    Batch,
    Campaign,
    Closing,
    Meeting,
    Page,
    PrintFile,
    PrintRun,
    Scan,
    SelfCheck,
    Survey,
    Unit,
)
from webapp.services import answers, campaigns, closed, printing, submitting
from webapp.services import meetings as meetings_of
from webapp.services.orders_due import local_day

PHASES = ("prepare", "printing", "meetings", "scanning", "review", "count", "papers", "rectify")
FINISHED = ("papers", "rectify")  # past the line of the first deadline
# Days that the way to the first deadline takes at least, by phase; a meeting without a day takes one more.
NEEDED = {"prepare": 3, "printing": 3, "meetings": 2, "scanning": 2, "review": 1, "count": 1}
REPORT_DAYS = 1
LATE, RISK, SLOW, RUNNING, DONE = "late", "risk", "slow", "running", "done"


@dataclass(frozen=True, slots=True)
class Line:
    """A unit. Numbers are None where nobody entered them; ``headline`` is None before its count is closed."""

    unit: Unit
    depth: int
    meeting: Meeting | None
    phase: str
    expected: int | None = None
    present: int | None = None
    issued: int | None = None
    returned: int = 0
    doubts: int = 0
    repeated: int = 0  # pages of a sheet that was there already
    closed_on: dt.date | None = None
    received_on: dt.date | None = None
    headline: Rate | None = None

    @property
    def turnout(self) -> Rate | None:
        """Present of expected; None while a number is missing or impossible."""
        if not self.expected or self.present is None or self.present > self.expected:
            return None
        return Rate(self.present, self.expected)

    def reached(self, percent: int) -> bool | None:
        """Whether enough came: at the line itself too."""
        rate = self.turnout
        return None if rate is None else 100 * rate.part >= percent * rate.whole

    def days_late(self, kind: str, campaign: Campaign, today: dt.date) -> int:
        """Return how many days late a unit is or was against a deadline: finish (count closed), report (received)."""
        due, done = (campaign.finish_by, self.closed_on) if kind == "finish" else (campaign.report_by, self.received_on)
        if due is None:
            return 0
        return max(0, (min(done or today, today) - due).days)

    def state(self, campaign: Campaign, today: dt.date) -> str:
        """Return late, risk, slow, running or done."""
        if self.received_on is not None:
            return DONE
        if self.closed_on is None and self.days_late("finish", campaign, today):
            return LATE
        if self.days_late("report", campaign, today):
            return LATE
        due, needed = campaign.finish_by, NEEDED.get(self.phase, 0)
        if self.phase == "meetings" and (self.meeting is None or self.meeting.held_on is None):
            needed += 1
        if self.phase in FINISHED:
            due, needed = campaign.report_by, REPORT_DAYS
        left = (due - today).days + 1 if due else None  # the day itself can be worked on
        if left is None or left > needed:
            return RUNNING
        return RISK if left < needed else SLOW


def lines(session: Session, campaign_id: int) -> list[Line]:
    """Return every unit that takes part: level 2 and branches, in the order of the tree. Raises NotFound."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound("no-such-row", kind="Campaign")
    meetings = _main_meetings(session, campaign_id)
    ids = [meeting.id for meeting in meetings.values()]
    heads = meetings_of.numbers_of_campaign(session, campaign_id)
    printed, pages = _printed(session, campaign_id), _pages(session, campaign_id)
    shut, checked = _closed(session, campaign_id), _checked(session, ids)
    received = submitting.received_on(session, campaign_id)
    headlines = _headlines(session, campaign)
    found = []
    for depth, unit in _tree(session):
        if unit.kind == "school":
            continue
        meeting = meetings.get(unit.id)
        key = meeting.id if meeting else 0
        returned, doubts, repeated = pages.get(key, (0, 0, 0))
        line = Line(
            unit, depth, meeting, "", heads.get((key, "expected")), heads.get((key, "present")),
            heads.get((key, "issued")), returned, doubts, repeated, shut.get(key), received.get(unit.id),
            headlines.get(key),
        )  # fmt: skip
        found.append(_in_phase(line, key in checked, printed.get(key, 0)))
    return found


def level_two(found: Iterable[Line]) -> list[Line]:
    """Return the units that the directive is addressed to."""
    return [line for line in found if line.unit.kind in submitting.LEVEL_TWO]


def _in_phase(line: Line, checked: bool, printed: int) -> Line:
    if line.received_on is not None:
        phase = "rectify"
    elif line.closed_on is not None:
        phase = "papers"
    elif line.returned:
        phase = "review" if line.doubts else "count"
    elif line.present is not None:
        phase = "scanning"
    elif printed:
        phase = "meetings"
    else:
        phase = "printing" if checked and line.meeting else "prepare"
    return Line(
        line.unit, line.depth, line.meeting, phase, line.expected, line.present, line.issued, line.returned,
        line.doubts, line.repeated, line.closed_on, line.received_on, line.headline,
    )  # fmt: skip


def _tree(session: Session) -> list[tuple[int, Unit]]:
    children: defaultdict[int | None, list[Unit]] = defaultdict(list)
    for unit in session.scalars(select(Unit).order_by(Unit.id)):
        children[unit.parent_id].append(unit)
    found: list[tuple[int, Unit]] = []
    waiting = [(0, unit) for unit in reversed(children[None])]
    while waiting:
        depth, unit = waiting.pop()
        found.append((depth, unit))
        waiting += [(depth + 1, child) for child in reversed(children[unit.id])]
    return found


def _main_meetings(session: Session, campaign_id: int) -> dict[int, Meeting]:
    """Return unit id → its meeting in the campaign; of several the first: the later ones check again."""
    query = select(Meeting).where(Meeting.campaign_id == campaign_id).order_by(Meeting.id.desc())
    return {meeting.unit_id: meeting for meeting in session.scalars(query)}


def _printed(session: Session, campaign_id: int) -> dict[int, int]:
    query = (
        select(PrintRun.meeting_id, func.sum(PrintFile.copies)).join(PrintFile).join(Meeting)
        .where(Meeting.campaign_id == campaign_id).group_by(PrintRun.meeting_id)
    )  # fmt: skip
    return {meeting_id: int(copies) for meeting_id, copies in session.execute(query)}


def _pages(session: Session, campaign_id: int) -> dict[int, tuple[int, int, int]]:
    """Return meeting → (different sheets that count, doubts, pages of a sheet that was there already)."""
    query = (
        select(
            PrintRun.meeting_id, Page.standing, func.count(func.distinct(Page.sheet)), func.sum(Page.doubts),
            func.count(),
        )
        .join(Page, Page.print_run_id == PrintRun.id).join(Meeting, Meeting.id == PrintRun.meeting_id)
        .where(Meeting.campaign_id == campaign_id, Page.standing.in_(("counts", "rescan", "held")))
        .group_by(PrintRun.meeting_id, Page.standing)
    )  # fmt: skip
    found: dict[int, tuple[int, int, int]] = {}
    for meeting_id, standing, sheets, doubts, number in session.execute(query):
        before = found.get(meeting_id, (0, 0, 0))
        new = (int(sheets), int(doubts), 0) if standing == "counts" else (0, 0, int(number))
        found[meeting_id] = (before[0] + new[0], before[1] + new[1], before[2] + new[2])
    return found


def _closed(session: Session, campaign_id: int) -> dict[int, dt.date]:
    newest = select(Closing.meeting_id, func.max(Closing.id)).join(Meeting).group_by(Closing.meeting_id)
    ids = {key: row for key, row in session.execute(newest.where(Meeting.campaign_id == campaign_id))}
    shut = set(session.scalars(closed.closed_meetings()))
    at = dict(session.execute(select(Closing.id, Closing.at).where(Closing.id.in_(ids.values()))).all())
    return {meeting_id: local_day(at[row]) for meeting_id, row in ids.items() if meeting_id in shut}


def _checked(session: Session, meeting_ids: list[int]) -> set[int]:
    """Return the meetings whose self-check is done."""
    query = select(SelfCheck.meeting_id).where(SelfCheck.meeting_id.in_(meeting_ids), SelfCheck.done_on.is_not(None))
    return set(session.scalars(query))


def _headlines(session: Session, campaign: Campaign) -> dict[int, Rate]:
    """Return meeting → headline rate of the overall item of its own organisation, of counts that are closed."""
    rules = Rules.from_json(campaigns.rules_of(campaign))
    found: dict[int, Rate] = {}
    for survey in session.scalars(select(Survey).where(Survey.campaign_id == campaign.id)):
        form = printing.parse(survey.source, survey.form)
        overall = next((question for question in form.items if question.overall), None)
        if form.about == "organisation" and overall is not None:
            found |= _rates(session, survey.id, overall, rules)
    return found


def _rates(session: Session, survey_id: int, question: Question, rules: Rules) -> dict[int, Rate]:
    subjects: dict[int, set[str]] = defaultdict(set)
    cells: dict[int, Counter[Cell]] = defaultdict(Counter)
    for meeting_id, subject, state, choice, source, number in _answers(session, survey_id, question.id):
        subjects[meeting_id].add(subject)
        stands = outcome(state, decided=source != answers.MACHINE)
        cells[meeting_id][Cell("", question.id, UNSTATED, stands, choice)] += number
    found = {}
    for meeting_id, mine in cells.items():
        if len(subjects[meeting_id]) == 1:
            part = Count(asked={(*Asked("", question.id), UNSTATED): sum(mine.values())}, cells=dict(mine))
            found[meeting_id] = figures(part, rules, "", question).rates[rules.headline]
    return found


def _answers(session: Session, survey_id: int, question: str) -> Iterable[tuple[int, str, str, str, str, int]]:
    """Return (meeting, subject, state, choice, source, sheets) of one item over all closed counts."""
    pages = (
        select(Page.id).join(PrintRun, PrintRun.id == Page.print_run_id)
        .outerjoin(Scan, Scan.id == Page.scan_id).outerjoin(Batch, Batch.id == Scan.batch_id)
        .where(
            PrintRun.survey_id == survey_id, PrintRun.meeting_id.in_(closed.closed_meetings()),
            Page.standing == "counts", Batch.withdrawn_at.is_(None), Page.sheet.not_in(answers.void_sheets()),
        )
    )  # fmt: skip
    held = answers.effective_answers(pages, question).subquery()
    columns = (PrintRun.meeting_id, PrintRun.subject, held.c.state, held.c.choice, held.c.source)
    query = select(*columns, func.count()).join(Page, Page.id == held.c.page_id)
    query = query.join(PrintRun, PrintRun.id == Page.print_run_id).group_by(*columns)
    return [tuple(row) for row in session.execute(query)]


def totals(found: list[Line]) -> Mapping[str, int]:
    """Count the units: all, those whose meeting was held, whose count is closed, whose bundle was received."""
    return {
        "all": len(found), "held": sum(line.present is not None for line in found),
        "closed": sum(line.closed_on is not None for line in found),
        "received": sum(line.received_on is not None for line in found),
    }  # fmt: skip
