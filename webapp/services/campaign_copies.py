"""Next year's campaign made from one that is over, and campaigns and rounds held against each other.

A comparison sets the same item of the same unit side by side only where the forms asked the same: same item, same
words, same options. Where they differ it says so instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from omr.tally import Figures
from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, Meeting, Promise, Survey, Unit, UnitPlan
from webapp.office import Office
from webapp.services import campaigns, closed, plans, promises, records, tally
from webapp.services.tally import Item

PARTS = ("forms", "rules", "texts", "reserved", "plans", "promises")


def copy(office: Office, campaign_id: int, facts: campaigns.Facts, parts: Iterable[str], *, user_id: int) -> int:
    """Make a campaign from another with some of its parts. Returns its id. Raises NotFound and InvalidInput.

    ``plans``: of each unit the version in force, as a draft without its dates. ``promises``: those not kept yet, or
    kept in part, stand again.
    """
    wanted = set(parts)
    if wanted - set(PARTS):
        raise InvalidInput("no-such-part")
    campaigns.check(facts)
    with office.db.begin() as session:
        old = session.get(Campaign, campaign_id)
        if old is None:
            raise NotFound("no-such-row", kind="Campaign")
        new = Campaign(
            title=facts.title, number=facts.number, issuer=facts.issuer, issued_on=facts.issued_on,
            finish_by=facts.finish_by, report_by=facts.report_by,
            rules=dict(old.rules) if "rules" in wanted else campaigns.checked_rules({}),
            addressees=old.addressees if "texts" in wanted else "",
            directive=old.directive if "texts" in wanted else "",
            criteria=old.criteria if "texts" in wanted else "",
            reserved=list(old.reserved) if "reserved" in wanted else [],
            copied_from=old.id,
        )  # fmt: skip
        session.add(new)
        session.flush()
        if "forms" in wanted:
            session.add_all(
                Survey(campaign_id=new.id, form=row.form, title=row.title, source=row.source)
                for row in plans.campaign_forms(session, campaign_id)
            )
        if "plans" in wanted:
            _copy_plans(session, old.id, new.id, user_id)
        if "promises" in wanted:
            _copy_promises(session, old.id, new.id, user_id)
        records.keep(session, new, user_id=user_id)
        return new.id


def _copy_plans(session: Session, old: int, new: int, user_id: int) -> None:
    units = session.scalars(select(UnitPlan.unit_id).where(UnitPlan.campaign_id == old).distinct())
    for unit_id in list(units):
        found = plans.in_force(session, old, unit_id)
        content = {part: value for part, value in found[0].content.items() if part != "dates"} if found else {}
        if content:
            row = UnitPlan(campaign_id=new, unit_id=unit_id, version=1, content=content, user_id=user_id)
            session.add(row)
    session.flush()


def _copy_promises(session: Session, old: int, new: int, user_id: int) -> None:
    for unit_id in list(session.scalars(select(Promise.unit_id).where(Promise.campaign_id == old).distinct())):
        for entry in promises.listed(session, old, unit_id):
            if entry.kept != "kept":
                promises.enter(session, new, unit_id, entry.member_id, entry.text, entry.made_on, user_id)


@dataclass(frozen=True, slots=True)
class Column:
    """One count that is compared: a form about a subject at a meeting whose count is closed."""

    campaign: str
    round: int
    meeting_id: int
    held_on: dt.date | None
    form: str
    subject: str


@dataclass(frozen=True, slots=True)
class Line:
    """An item over the columns; None where a column's form did not ask it in the same words with the same options."""

    item: Item
    figures: tuple[Figures | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The counts of a unit side by side, oldest first."""

    unit: Unit
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    headline: tuple[str, ...]  # the rate that each column's rules put first

    @property
    def unlike(self) -> bool:
        """Whether some figure has no counterpart, because the forms differ."""
        return any(None in line.figures for line in self.lines)


def of_unit(session: Session, unit_id: int) -> Comparison:
    """Return what was counted and closed about a unit, over rounds and campaigns. Raises NotFound."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("no-such-row", kind="Unit")
    query = select(Meeting).where(Meeting.unit_id == unit_id, Meeting.id.in_(closed.closed_meetings()))
    columns: list[Column] = []
    found: list[dict[tuple[object, ...], Item]] = []
    headline: list[str] = []
    for meeting in session.scalars(query.order_by(Meeting.held_on, Meeting.id)):
        for ref in tally.forms(session, meeting.id):
            results = tally.results_in(session, meeting.id, ref.survey_id)
            if results is None or ref.form.about != "organisation":
                continue
            for subject in results.subjects:
                columns.append(
                    Column(
                        meeting.campaign.title,
                        meeting.round_number,
                        meeting.id,
                        meeting.held_on,
                        ref.form.form,
                        subject,
                    )
                )
                found.append({_key(item): item for item in results.of(subject)})
                headline.append(results.rules.headline)
    keys: dict[tuple[object, ...], Item] = {}
    for items in found:
        keys |= {key: item for key, item in items.items() if key not in keys}
    lines = tuple(
        Line(item, tuple(items[key].total if key in items else None for items in found)) for key, item in keys.items()
    )
    return Comparison(unit, tuple(columns), lines, tuple(headline))


def _key(item: Item) -> tuple[object, ...]:
    """Tell what was asked: the item, its words without line breaks, its options. The same for the same question."""
    question = item.question
    return question.id, question.text.replace("|", ""), tuple((each.id, each.label) for each in question.choices)
