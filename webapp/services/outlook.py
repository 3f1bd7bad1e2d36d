"""A meeting's home: the next step, the deadlines, and what needs attention. All computed, nothing stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from omr.books import Turnout
from omr.residual import Line, Residual, nearest
from omr.tally import Asked
from webapp.models import Batch, Campaign, Meeting, Scan
from webapp.services import groups, meeting_times, trays, tree
from webapp.services.head_counts import Warning
from webapp.services.plans import Plan
from webapp.services.progress import Progress
from webapp.services.tally import Item, Results

HARMLESS = {"blank-page", "own-back", trays.REMOVED, trays.SAME_SHEET}  # the last is told by its own concern
LONG_PAST_DAYS = 60  # a deadline so long ago is history, not an alarm


# Which route does a step: who may not open it is told who does.
DEEDS = {
    "expected": "meetings.enter", "present": "meetings.enter", "print": "printing.create",
    "print-again": "printing.again",
    "held": "scanning.use", "review": "review.decide", "reading": "scanning.index", "scan": "scanning.upload",
    "count": "closing.close", "closed": "count.index",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """The one thing to do next. ``code`` names its sentences: next-<code>, next-<code>-why, next-<code>-do."""

    code: str
    endpoint: str
    params: Mapping[str, int] = field(default_factory=dict)
    done: int = 0  # for the ring, where whole > 0
    whole: int = 0

    @property
    def deed(self) -> str:
        """The route that does it."""
        return DEEDS[self.code]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day, included, by which something is done. ``state``: now, warn (today), bad (late), off (long past)."""

    kind: str  # finish, report
    date: dt.date
    days: int  # left; negative when late
    state: str


@dataclass(frozen=True, slots=True)
class Concern:
    """Something to look at. ``endpoint`` is the page that shows it."""

    code: str
    endpoint: str
    state: str = "warn"
    params: Mapping[str, object] = field(default_factory=dict)
    form: str = ""
    rater_class: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether misreads that may be left could bring a headline rate over a line.

    ``nearest``: the item that the fewest could bring over, None where there is no rate yet; ``most``: so many may be
    left in that item; ``open``: the items that could change, of ``items``.
    """

    nearest: Item | None
    line: Line | None
    most: int
    open: int
    items: int

    @property
    def holds(self) -> bool:
        """Whether no item could change."""
        return not self.open


def verdict(results: Results, residuals: Mapping[Asked | None, Residual]) -> Verdict:
    """Hold what misreads may be left against the lines of the outcome: of the overall items, else of all."""
    lines = (results.rules.high_percent, results.rules.low_percent)
    items = [item for item in results.items if item.question.overall] or list(results.items)
    found = []
    for item in items:
        line = nearest(item.total.rates[results.rules.headline], lines)
        most = residuals.get(Asked(item.subject, item.question.id), Residual()).most
        if line is not None:
            found.append((line.misreads - most, item, line, most))
    if not found:
        return Verdict(None, None, 0, 0, 0)
    _margin, item, line, most = min(found, key=lambda row: row[0])
    return Verdict(item, line, most, sum(margin <= 0 for margin, *_ in found), len(found))


def next_step(p: Progress) -> Step:
    """Return the first thing that is not done, in the order of the work."""
    if p.version:
        return Step("closed", "count.index")
    if p.expected is None:
        return Step("expected", "meetings.counts")
    if p.print_failures:
        return Step("print-again", "printing.index", {"files": p.print_failures})
    if not p.printed:
        return Step("print", "printing.index", {"expected": p.expected})
    if p.held:
        return Step("held", "scanning.index", {"pages": p.held})
    if p.doubts:
        return Step("review", "review.index", {"doubts": p.doubts}, p.ruled, p.ruled + p.doubts)
    if p.unread:
        return Step("reading", "scanning.index", {"pages": p.unread})
    if p.present is None:
        return Step("present", "meetings.counts", {"expected": p.expected})
    if not p.returned:
        return Step("scan", "scanning.index", {"copies": p.printed})
    return Step("count", "count.index", {"sheets": p.returned})


def deadlines(campaign: Campaign | Plan, today: dt.date) -> list[Deadline]:
    """Return the deadlines of a campaign, or of a unit's plan, as seen today."""
    found = []
    for kind, date in (("finish", campaign.finish_by), ("report", campaign.report_by)):
        if date:
            days = (date - today).days
            state = "now" if days > 0 else "warn" if days == 0 else "bad" if days >= -LONG_PAST_DAYS else "off"
            found.append(Deadline(kind, date, days, state))
    return found


def concerns(
    session: Session, meeting_id: int, p: Progress, rows: list[Turnout], warnings: list[Warning]
) -> list[Concern]:
    """Return what needs attention, the gravest first."""
    return [
        *_turnout(rows), *_returned(p), *_numbers(warnings), *_work(session, meeting_id, p),
        *_watched(session, meeting_id),
    ]  # fmt: skip


def _watched(session: Session, meeting_id: int) -> Iterator[Concern]:
    """Who guides and watches the meeting, and who presents: while there is still time, and whether anybody came."""
    meeting = session.get_one(Meeting, meeting_id)
    for code, state, params in meeting_times.worries(session, meeting):
        yield Concern(code, "watching.index", state, params)
    if not tree.is_branch(meeting.unit) and groups.head(session, meeting.unit_id) is None:
        yield Concern("concern-no-head", "running.index", "warn")


def _turnout(rows: list[Turnout]) -> Iterator[Concern]:
    total = rows[-1]
    if total.reached is False:  # more present than expected is told among the numbers
        params = {"present": total.present, "expected": total.expected, "percent": total.percent}
        yield Concern("concern-turnout", "meetings.counts", "bad", params)


def _returned(p: Progress) -> Iterator[Concern]:
    if p.issued is not None and p.returned > p.issued:
        yield Concern("concern-too-many", "scanning.index", "bad", {"issued": p.issued, "returned": p.returned})
    elif p.issued is not None and p.returned and p.returned < p.issued and not p.unread:
        params = {"issued": p.issued, "returned": p.returned, "missing": p.issued - p.returned}
        yield Concern("concern-missing", "scanning.index", "now", params)


def _numbers(warnings: list[Warning]) -> Iterator[Concern]:
    for warning in warnings:
        yield Concern(warning.code, "meetings.counts", "warn", warning.params, warning.form, warning.rater_class)


def _work(session: Session, meeting_id: int, p: Progress) -> Iterator[Concern]:
    if p.print_failures:
        yield Concern("concern-print-failed", "printing.index", "warn", {"files": p.print_failures})
    if p.held:
        yield Concern("concern-held", "scanning.index", "warn", {"pages": p.held})
    if pages := sum(tray.pages for tray in trays.overview(session, meeting_id) if tray.name not in HARMLESS):
        yield Concern("concern-tray", "scanning.index", "warn", {"pages": pages})
    files = select(func.count(Scan.id)).join(Batch).where(Scan.state == "problem", Batch.withdrawn_at.is_(None))
    if number := session.scalar(files.where(trays.shown_scans(meeting_id))) or 0:
        yield Concern("concern-files", "scanning.index", "warn", {"files": number})
