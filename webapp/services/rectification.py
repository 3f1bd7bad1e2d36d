"""The register of rectification (整改台账): what every problem says now, how far it is, what is late.

``rows`` is what the summary of the organisation prints in its block 四. Deeds are in ``services.rectifying``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import NotFound
from webapp.models import Meeting, Remedy, RemedyFile, RemedyStep, RemedyVersion, User
from webapp.services import orders_due
from webapp.services.orders_due import local_day

SOON_DAYS = 7
STAGES = ("registered", "planned", "doing", "closed", "cleared")  # 登记, 定措施, 落实中, 办结, 复查销号
DONE = ("closed", "cleared")


@dataclass(frozen=True, slots=True)
class Row:
    """A problem as it stands. ``closed_by`` is a name, "" while it is open; ``progress`` is the newest note.

    ``ordered``: its subject is under an order with a deadline (限期整改).
    """

    id: int
    number: int
    source: str
    origin: str
    opinion_id: int | None
    subject: str
    question: str
    problem: str
    cause: str
    measure: str
    person: str
    due_on: dt.date | None
    stage: str
    progress: str
    files: int
    extensions: int
    ordered: bool
    closed_by: str
    closed_on: dt.date | None

    @property
    def step(self) -> int:
        """How many of the five stages are reached."""
        return STAGES.index(self.stage) + 1

    def days_left(self, today: dt.date) -> int | None:
        """Return the days until it is due, negative when late; None without a day or when it is done."""
        return None if self.due_on is None or self.stage in DONE else (self.due_on - today).days

    def state(self, today: dt.date) -> str:
        """Return late, soon, open or done. The due day itself is not late."""
        if self.stage in DONE:
            return "done"
        left = self.days_left(today)
        return "open" if left is None or left > SOON_DAYS else "late" if left < 0 else "soon"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures over a register."""

    all: int
    late: int
    soon: int
    doing: int
    done: int
    bare: int  # without evidence


def rows(session: Session, meeting_id: int, subject: str | None = None) -> list[Row]:
    """Return the problems of a meeting's register in the order of their numbers.

    ``subject``: "" those of the organisation, a name those of a member, None all.
    """
    query = select(Remedy).where(Remedy.meeting_id == meeting_id).order_by(Remedy.number)
    return _rows(session, list(session.scalars(query if subject is None else query.where(Remedy.subject == subject))))


def row(session: Session, remedy_id: int) -> Row:
    """Return one problem. Raises NotFound."""
    found = session.get(Remedy, remedy_id)
    if found is None:
        raise NotFound("no-such-row", kind="Remedy")
    return _rows(session, [found])[0]


def of_meetings(session: Session, meeting_ids: Sequence[int]) -> dict[int, list[Row]]:
    """Return meeting id → the problems of its register, of those that have some."""
    remedies = list(session.scalars(select(Remedy).where(Remedy.meeting_id.in_(meeting_ids)).order_by(Remedy.id)))
    found: dict[int, list[Row]] = {}
    for remedy, each in zip(remedies, _rows(session, remedies), strict=True):
        found.setdefault(remedy.meeting_id, []).append(each)
    return found


def by_need(found: Iterable[Row], today: dt.date) -> list[Row]:
    """Sort for work: late first, then by the due day, what is done last."""
    order = {"late": 0, "soon": 1, "open": 1, "done": 2}
    return sorted(found, key=lambda each: (order[each.state(today)], each.due_on or dt.date.max, each.number))


def numbers(found: Sequence[Row], today: dt.date) -> Numbers:
    """Count a register."""
    states = Counter(each.state(today) for each in found)
    bare = sum(not each.files for each in found)
    doing = states["late"] + states["soon"] + states["open"]
    return Numbers(len(found), states["late"], states["soon"], doing, states["done"], bare)


def late_by_unit(session: Session, campaign_id: int, today: dt.date) -> dict[int, tuple[int, int]]:
    """Return unit id → (problems, late ones) over all meetings of a campaign."""
    query = select(Meeting.unit_id, Remedy).join(Meeting, Meeting.id == Remedy.meeting_id)
    found = session.execute(query.where(Meeting.campaign_id == campaign_id)).all()
    units = {remedy.id: unit_id for unit_id, remedy in found}
    made: dict[int, tuple[int, int]] = {}
    for each in _rows(session, [remedy for _unit, remedy in found]):
        number, late = made.get(units[each.id], (0, 0))
        made[units[each.id]] = (number + 1, late + (each.state(today) == "late"))
    return made


def history(session: Session, remedy_id: int) -> list[tuple[dt.datetime, str, str, str]]:
    """Return what happened to a problem, newest first: (when, who, what: version or a kind of step, text)."""
    steps = select(RemedyStep, User.display_name).join(User, User.id == RemedyStep.user_id)
    versions = select(RemedyVersion, User.display_name).join(User, User.id == RemedyVersion.user_id)
    told = [
        (step.at, who, step.kind, step.text)
        for step, who in session.execute(steps.where(RemedyStep.remedy_id == remedy_id).order_by(RemedyStep.id))
    ]
    changes = session.execute(versions.where(RemedyVersion.remedy_id == remedy_id).order_by(RemedyVersion.id)).all()
    due = None
    for place, (version, who) in enumerate(changes):
        kind = "version" if place else "registered"
        if place and due and version.due_on and version.due_on > due:
            kind = "extended"
        told.append((version.at, who, kind, version.why))
        due = version.due_on or due
    return sorted(told, key=lambda each: each[0], reverse=True)


def evidence(session: Session, remedy_id: int) -> list[tuple[RemedyFile, str]]:
    """Return the files of a problem that hold, with who added them."""
    query = select(RemedyFile, User.display_name).join(User, User.id == RemedyFile.user_id).order_by(RemedyFile.id)
    query = query.where(RemedyFile.remedy_id == remedy_id, RemedyFile.withdrawn_at.is_(None))
    return [(file, who) for file, who in session.execute(query)]


def _rows(session: Session, remedies: list[Remedy]) -> list[Row]:
    ids = [remedy.id for remedy in remedies]
    newest = {each.remedy_id: each for each in session.scalars(_newest(RemedyVersion, ids))}
    moves = _moves(session, ids)
    notes = {each.remedy_id: each.text for each in session.scalars(_newest(RemedyStep, ids, "progress"))}
    files = _files(session, ids)
    extensions = _extensions(session, ids)
    ordered = orders_due.subjects(session, {remedy.meeting_id for remedy in remedies})
    found = []
    for each in remedies:
        version, (kind, who, day) = newest[each.id], moves.get(each.id, ("", "", None))
        planned = bool(version.measure and version.person and version.due_on)
        open_stage = "doing" if each.id in notes else "planned" if planned else "registered"
        stage = kind if kind in DONE else open_stage
        found.append(
            Row(
                each.id, each.number, each.source, each.origin, each.opinion_id, each.subject, each.question,
                version.problem, version.cause, version.measure, version.person, version.due_on, stage,
                notes.get(each.id, ""), files.get(each.id, 0), extensions.get(each.id, 0),
                (each.meeting_id, each.subject) in ordered, who if kind in DONE else "", day if kind in DONE else None,
            )
        )  # fmt: skip
    return found


def _newest(model: Any, ids: list[int], *kinds: str) -> Any:
    newest = select(func.max(model.id)).where(model.remedy_id.in_(ids)).group_by(model.remedy_id)
    if kinds:
        newest = newest.where(RemedyStep.kind.in_(kinds))
    return select(model).where(model.id.in_(newest))


def _moves(session: Session, ids: list[int]) -> dict[int, tuple[str, str, dt.date]]:
    """Return the newest step of each problem that is no mere note: (kind, who, day)."""
    newest = select(func.max(RemedyStep.id)).where(RemedyStep.remedy_id.in_(ids), RemedyStep.kind != "progress")
    query = select(RemedyStep, User.display_name).join(User, User.id == RemedyStep.user_id)
    query = query.where(RemedyStep.id.in_(newest.group_by(RemedyStep.remedy_id)))
    return {step.remedy_id: (step.kind, who, local_day(step.at)) for step, who in session.execute(query)}


def _extensions(session: Session, ids: list[int]) -> Counter[int]:
    """Count how often the due day of each problem was moved to a later one."""
    query = select(RemedyVersion.remedy_id, RemedyVersion.due_on).where(RemedyVersion.remedy_id.in_(ids))
    last: dict[int, dt.date] = {}
    found: Counter[int] = Counter()
    for remedy_id, due in session.execute(query.order_by(RemedyVersion.id)):
        if due is None:
            continue
        found[remedy_id] += remedy_id in last and due > last[remedy_id]
        last[remedy_id] = due
    return found


def _files(session: Session, ids: list[int]) -> dict[int, int]:
    query = select(RemedyFile.remedy_id, func.count()).group_by(RemedyFile.remedy_id)
    query = query.where(RemedyFile.remedy_id.in_(ids), RemedyFile.withdrawn_at.is_(None))
    return {remedy_id: number for remedy_id, number in session.execute(query)}
