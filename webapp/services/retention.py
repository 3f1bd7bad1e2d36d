"""What level 2 keeps (留存): the summaries of its branches and of their members, with a list of receipts.

A 直属党支部 counts as level 2: it keeps those of its own members.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import InvalidInput, NotFound
from webapp.models import Member, Retention, ShelfPaper, ShelfStep, Unit, now
from webapp.office import Office

Key = tuple[int, int | None]  # (branch, member; None: the branch's own)


@dataclass(frozen=True, slots=True)
class Kept:
    """A summary that is to be kept. ``fixed``: it was written and fixed; ``row`` is None while it isn't kept yet."""

    branch: Unit
    member: Member | None
    fixed: bool
    row: Retention | None

    @property
    def key(self) -> Key:
        """What names it."""
        return self.branch.id, self.member.id if self.member else None


def expected(session: Session, campaign_id: int, unit_id: int) -> list[Kept]:
    """Return all that a level-2 unit has to keep, branch by branch, each followed by its members."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("no-such-row", kind="Unit")
    branches = list(
        session.scalars(select(Unit).where(Unit.parent_id == unit_id, Unit.kind == "branch").order_by(Unit.id))
    )
    own = [unit] if unit.kind in ("direct", "branch") else []
    places = [*branches, *own]
    ids = [branch.id for branch in places]
    members: dict[int, list[Member]] = {}
    for each in session.scalars(select(Member).where(Member.unit_id.in_(ids)).order_by(Member.id)):
        members.setdefault(each.unit_id, []).append(each)
    kept, fixed = _kept(session, campaign_id, ids), _fixed(session, campaign_id, ids)
    found = []
    for branch in places:
        own_paper: list[Member | None] = [None] if branch in branches else []
        for member in [*own_paper, *members.get(branch.id, [])]:
            key = (branch.id, member.id if member else None)
            found.append(Kept(branch, member, key in fixed, kept.get(key)))
    return found


def keep(
    office: Office, campaign_id: int, unit_id: int, keys: Iterable[Key], *, keeper: str, kept_on: dt.date | None,
    file_number: str = "", user_id: int,
) -> int:  # fmt: skip
    """Write down that summaries are kept. Returns how many are new. Raises InvalidInput and NotFound."""
    wanted = set(keys)
    if not keeper or kept_on is None or not wanted:
        raise InvalidInput("retention-missing")
    if len(keeper) > 64 or len(file_number) > 64:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        there = {each.key: each for each in expected(session, campaign_id, unit_id)}
        if wanted - there.keys():
            raise InvalidInput("retention-not-here")
        new = [key for key in there if key in wanted and there[key].row is None]
        session.add_all(
            Retention(
                campaign_id=campaign_id, unit_id=branch, member_id=member, keeper=keeper, kept_on=kept_on,
                file_number=file_number, user_id=user_id,
            )
            for branch, member in new
        )  # fmt: skip
        return len(new)


def take_back(office: Office, retention_id: int) -> Retention:
    """Take back an entry that was wrong. Raises NotFound."""
    with office.db.begin() as session:
        row = session.get(Retention, retention_id)
        if row is None or row.withdrawn_at is not None:
            raise NotFound("no-such-row", kind="Retention")
        row.withdrawn_at = now()
        return row


def _kept(session: Session, campaign_id: int, ids: list[int]) -> dict[Key, Retention]:
    query = select(Retention).where(
        Retention.campaign_id == campaign_id, Retention.unit_id.in_(ids), Retention.withdrawn_at.is_(None)
    )
    return {(row.unit_id, row.member_id): row for row in session.scalars(query)}


def _fixed(session: Session, campaign_id: int, ids: list[int]) -> set[Key]:
    """Return whose summary is fixed, by the newest step of its paper."""
    newest = select(func.max(ShelfStep.id)).group_by(ShelfStep.paper_id)
    query = select(ShelfPaper.unit_id, ShelfPaper.member_id).join(ShelfStep, ShelfStep.paper_id == ShelfPaper.id)
    query = query.where(
        ShelfPaper.campaign_id == campaign_id, ShelfPaper.unit_id.in_(ids), ShelfPaper.kind.like("%summary%"),
        ShelfStep.id.in_(newest), ShelfStep.step == "fixed",
    )  # fmt: skip
    return {(unit_id, member_id) for unit_id, member_id in session.execute(query) if unit_id is not None}
