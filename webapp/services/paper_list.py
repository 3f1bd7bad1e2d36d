"""All papers of a meeting and of its unit, in groups, with where each stands: the list of the page 汇总."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.errors import ServiceError
from webapp.models import Meeting, ShelfPaper, ShelfVersion
from webapp.services import shelf
from webapp.services.paper_kind import Field, PaperKind, Target
from webapp.services.paper_kinds import KINDS
from webapp.services.submitting import LEVEL_TWO

# group → keys of its kinds, in the order of the page; what no group names stands in the last
GROUPS: dict[str, tuple[str, ...]] = {
    "bundle": ("work-report", "statement", "summary"),
    "meeting": ("self_check", "branch_brief", "agenda", "slip", "sign_in", "issue_ledger", "cadres"),
    "reports": ("liaison_report", "committee_report", "announcement", "rectification-order"),
    "kept": ("member-list", "hand-in-cover"),
}
WITH_GAPS = GROUPS["bundle"]  # of these the list says which part is missing


@dataclass(frozen=True, slots=True)
class Row:
    """A paper of the list. ``version`` is the newest that was fixed; ``missing`` the parts that are to be written."""

    kind: PaperKind
    target: Target
    state: str
    version: ShelfVersion | None
    missing: tuple[Field, ...] = ()


def rows(
    session: Session, meeting: Meeting, readable: Callable[[PaperKind, Target], bool], *, part: str = ""
) -> dict[str, list[Row]]:
    """Return the papers that a person may read, by group. ``part`` names the organisation whose S-A is meant."""
    found: dict[str, list[Row]] = {group: [] for group in GROUPS}
    known = {(row.kind, row.place): row for row in session.scalars(_papers(meeting))}
    for group, kind in _ordered():
        target = target_of(kind, meeting, part)
        if target is None or not readable(kind, target):
            continue
        if kind.key == "hand-in-cover" and meeting.unit.kind not in LEVEL_TWO:  # a branch hands nothing in
            continue
        paper = known.get((kind.key, target.place))
        state = shelf.state(session, kind, target) if paper else shelf.DRAFT
        version = shelf.latest(session, kind, target) if paper else None
        missing = _missing(session, kind, target) if kind.key in WITH_GAPS and state in shelf.OPEN else ()
        found[group].append(Row(kind, target, state, version, missing))
    return {group: rows for group, rows in found.items() if rows}


def target_of(kind: PaperKind, meeting: Meeting, part: str = "") -> Target | None:
    """Return what a kind is about here; None for kinds of members and of the whole school."""
    if kind.scope == "meeting":
        own = part if kind.key == "summary" else ""
        return Target(meeting.campaign_id, meeting.unit_id, meeting.id, part=own)
    return Target(meeting.campaign_id, meeting.unit_id) if kind.scope == "unit" else None


def _ordered() -> Iterator[tuple[str, PaperKind]]:
    named = [(group, key) for group, keys in GROUPS.items() for key in keys]
    yield from ((group, KINDS[key]) for group, key in named if key in KINDS)
    others = KINDS.keys() - {key for _group, key in named}
    yield from (("kept", KINDS[key]) for key in sorted(others))


def _papers(meeting: Meeting) -> Select[ShelfPaper]:
    return select(ShelfPaper).where(
        ShelfPaper.campaign_id == meeting.campaign_id, ShelfPaper.unit_id == meeting.unit_id
    )


def _missing(session: Session, kind: PaperKind, target: Target) -> tuple[Field, ...]:
    try:
        return shelf.draft(session, kind, target).missing
    except ServiceError:  # nothing to write it from yet; its own page says why
        return ()
