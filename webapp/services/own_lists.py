"""The members of a unit and how far their summaries are; who may see that; PDFs put behind one another."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import pikepdf
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import Member, ShelfAttachment, ShelfPaper, Unit, User
from webapp.rights import Right
from webapp.services import member_accounts, own_results, own_summary, reading_papers, shelf, tally
from webapp.services.paper_kind import Target
from webapp.services.paper_kinds import get
from webapp.services.rights import Standing


@dataclass(frozen=True, slots=True)
class Row:
    """A member: his branch, his account, whether a closed count rates him, where his summary stands."""

    member: Member
    unit: Unit
    user: User | None
    rated: bool
    state: str
    written: bool  # his own part
    scans: int
    target: Target


def members(session: Session, campaign_id: int, unit_id: int) -> list[Row]:
    """Return the members of a unit and of the branches below it, by branch."""
    units = {
        row.id: row for row in session.scalars(select(Unit).where((Unit.id == unit_id) | (Unit.parent_id == unit_id)))
    }
    query = select(Member).where(Member.unit_id.in_(units), Member.left_at.is_(None))
    found = list(session.scalars(query.order_by(Member.unit_id, Member.id)))
    users = member_accounts.users_of(session, [member.id for member in found])
    names = _rated_names(session, campaign_id, {member.unit_id for member in found})
    kind = get(own_summary.KEY)
    rows = []
    for member in found:
        target = Target(campaign_id, member.unit_id, member_id=member.id)
        rated = bool({member.name, f"{member.name}（{member.number}）"} & names[member.unit_id])
        paper = shelf.find(session, kind, target)
        rows.append(
            Row(
                member, units[member.unit_id], users.get(member.id), rated,
                shelf.state(session, kind, target), bool(paper and shelf.is_written(session, paper, "own")),
                _scans(session, paper), target,
            )
        )  # fmt: skip
    return rows


def may_read(held: Standing, unit_id: int) -> bool:
    """Tell whether a person holds a right over these summaries by a role that is not of the school alone."""
    own = reading_papers.local(held, unit_id)
    return own.may(Right.WRITE_PAPERS, unit_id) or own.may(Right.EXAMINE_PAPERS, unit_id)


def joined(papers: Sequence[bytes]) -> bytes:
    """Return PDFs behind one another as one."""
    with pikepdf.new() as whole:
        for content in papers:
            with pikepdf.open(io.BytesIO(content)) as part:
                whole.pages.extend(part.pages)
        file = io.BytesIO()
        whole.save(file)
        return file.getvalue()


def _rated_names(session: Session, campaign_id: int, units: set[int]) -> dict[int, set[str]]:
    """Return the names that closed counts of a unit rate, by unit."""
    found: dict[int, set[str]] = {}
    for unit_id in units:
        names: set[str] = set()
        for meeting_id in own_results.closed_meetings(session, campaign_id, unit_id):
            for ref in tally.forms(session, meeting_id):
                if ref.form.about == "member":
                    results = tally.results_in(session, meeting_id, ref.survey_id)
                    names |= set(results.subjects) if results else set()
        found[unit_id] = names
    return found


def _scans(session: Session, paper: ShelfPaper | None) -> int:
    if paper is None:
        return 0
    query = select(ShelfAttachment.id).where(ShelfAttachment.paper_id == paper.id, ShelfAttachment.removed_at.is_(None))
    return len(session.scalars(query).all())
