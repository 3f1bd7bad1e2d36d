"""The five first steps, as the rows say: they can be left at any time and gone on with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.models import Campaign, PrintRun, ProofScan, Unit, User


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """How far the first steps are. ``printed``: work goes on already, whatever is missing here."""

    administrators: tuple[str, ...]
    units: int
    campaigns: int
    proved: bool
    printed: bool

    @property
    def done(self) -> tuple[bool, ...]:
        """Whether each of the five steps is done, in their order."""
        return True, bool(self.administrators), bool(self.units), bool(self.campaigns), self.proved

    @property
    def now(self) -> int:
        """The first step that is open, from 1; 6 when all are done."""
        return next((number for number, done in enumerate(self.done, 1) if not done), len(self.done) + 1)

    @property
    def over(self) -> bool:
        """Tell whether nobody needs to be led through them any more."""
        return self.now > len(self.done) or self.printed


def first_steps(session: Session) -> FirstSteps:
    """Return how far the first steps are."""
    return FirstSteps(
        tuple(session.scalars(select(User.display_name).where(User.active).order_by(User.id).limit(1))),
        session.scalar(select(func.count(Unit.id))) or 0,
        session.scalar(select(func.count(Campaign.id))) or 0,
        bool(session.scalar(select(ProofScan.id).where(ProofScan.read).limit(1))),
        bool(session.scalar(select(PrintRun.id).limit(1))),
    )
