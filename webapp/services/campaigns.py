"""Campaigns: made from a preset, with their dates and counting rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from forms import loader
from omr.disclosure import LEAST_FLOOR
from omr.tally import RATES, Rules
from webapp.errors import InvalidInput, NotFound
from webapp.models import Campaign, Meeting
from webapp.office import Office
from webapp.services import closed, records, surveys

PRESETS = Path(__file__).resolve().parent.parent / "presets"
# The counting rules that hold where a campaign says nothing else: what omr.tally counts by, and nothing more.
DEFAULT_RULES: dict[str, int | str] = asdict(Rules())
DENOMINATORS = ("choices", "valid")
HEADLINES = RATES
MOST_FLOOR = 100
MOST_TEXT = 20_000
MOST_ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Facts:
    """What a directive says about a campaign."""

    title: str
    number: str = ""
    issuer: str = ""
    issued_on: dt.date | None = None
    finish_by: dt.date | None = None
    report_by: dt.date | None = None
    addressees: str = ""  # 各学院党委、党总支、直属党支部
    directive: str = ""  # the full text
    criteria: str = ""  # 五个好, 五带头


@dataclass(frozen=True, slots=True)
class Preset:
    """A campaign that is ready to be made: its facts, its forms, its rules."""

    facts: Facts
    forms: tuple[str, ...]
    rules: Mapping[str, int | str]


@cache
def preset(name: str = "campaign-2011") -> Preset:
    """Read a campaign that comes with the product. Raises FileNotFoundError."""
    value = yaml.safe_load((PRESETS / f"{name}.yaml").read_text("utf-8"))
    forms, rules = value.pop("forms"), value.pop("rules")
    return Preset(Facts(**value), tuple(forms), rules)


def campaigns(office: Office) -> list[Campaign]:
    """Return all campaigns with their meetings, newest first."""
    with office.db.read() as session:
        query = select(Campaign).options(selectinload(Campaign.meetings)).order_by(Campaign.id.desc())
        return list(session.scalars(query))


def get(office: Office, campaign_id: int) -> Campaign:
    """Return a campaign with its forms, its meetings and their units. Raises NotFound."""
    with office.db.read() as session:
        query = select(Campaign).where(Campaign.id == campaign_id)
        meetings = selectinload(Campaign.meetings).joinedload(Meeting.unit)
        campaign = session.scalar(query.options(selectinload(Campaign.surveys), meetings))
    if campaign is None:
        raise NotFound("no-such-row", kind="Campaign")
    return campaign


def create(
    office: Office,
    facts: Facts,
    *,
    forms: tuple[str, ...] = (),
    rules: Mapping[str, Any] | None = None,
    user_id: int | None = None,
) -> int:
    """Make a campaign with some of the forms that come with the product. Returns its id. Raises InvalidInput."""
    check(facts)
    if unknown := set(forms) - set(loader.PRESETS):
        raise InvalidInput("no-such-form", form=sorted(unknown)[0])
    kept = checked_rules(rules or {})
    with office.db.begin() as session:
        campaign = Campaign(**asdict(facts), rules=kept)
        session.add(campaign)
        session.flush()
        session.add_all(surveys.preset_row(campaign.id, form) for form in forms)
        records.keep(session, campaign, user_id=user_id)
    return campaign.id


def update(
    office: Office,
    campaign_id: int,
    facts: Facts,
    *,
    rounds: tuple[str, ...] | None = None,
    reserved: tuple[str, ...] | None = None,
    why: str = "",
    user_id: int | None = None,
) -> None:
    """Change the record of a campaign; what it said before stays in its history. Raises NotFound and InvalidInput.

    ``rounds``: their names; ``reserved``: the parts that no unit's plan may set. None leaves them as they are.
    """
    check(facts)
    if rounds is not None and (len(rounds) > MOST_ROUNDS or any(len(name) > 40 for name in rounds)):
        raise InvalidInput("too-many-rounds", most=MOST_ROUNDS)
    with office.db.begin() as session:
        campaign = session.get(Campaign, campaign_id)
        if campaign is None:
            raise NotFound("no-such-row", kind="Campaign")
        for name, value in asdict(facts).items():
            setattr(campaign, name, value)
        if rounds is not None:
            records.refuse_used(session, campaign_id, max(len(rounds), 1))
            campaign.rounds = list(rounds)
        if reserved is not None:
            campaign.reserved = list(reserved)
        records.keep(session, campaign, user_id=user_id, why=why)


def set_rules(office: Office, campaign_id: int, rules: Mapping[str, Any], *, user_id: int | None = None) -> None:
    """Change the counting rules. Nothing counted is stored, so every figure follows. Raises NotFound, InvalidInput."""
    kept = checked_rules(rules)
    with office.db.begin() as session:
        campaign = session.get(Campaign, campaign_id)
        if campaign is None:
            raise NotFound("no-such-row", kind="Campaign")
        closed.refuse_campaign(session, campaign_id)
        campaign.rules = kept
        records.keep(session, campaign, user_id=user_id)


def rules_of(campaign: Campaign) -> dict[str, Any]:
    """Return the rules in force: the defaults, and over them what the campaign says."""
    return {**DEFAULT_RULES, **campaign.rules}


def checked_rules(rules: Mapping[str, Any]) -> dict[str, int | str]:
    """Return all rules, the defaults filled in. Raises InvalidInput for what is no rule."""
    merged = {**DEFAULT_RULES, **rules}
    if set(merged) != set(DEFAULT_RULES):
        raise InvalidInput("no-such-rule", rule=sorted(set(merged) - set(DEFAULT_RULES))[0])
    percents = [merged[name] for name in ("turnout_percent", "low_percent", "high_percent")]
    if not all(isinstance(percent, int) and 0 <= percent <= 100 for percent in percents):
        raise InvalidInput("bad-percent")
    if percents[1] > percents[2]:
        raise InvalidInput("bad-lines")
    one_in = merged["low_dissatisfied_in"]
    if not isinstance(one_in, int) or not 0 <= one_in <= MOST_FLOOR:
        raise InvalidInput("bad-one-in", most=MOST_FLOOR)
    floor = merged["disclosure_floor"]
    if not isinstance(floor, int) or not LEAST_FLOOR <= floor <= MOST_FLOOR:
        raise InvalidInput("bad-floor", least=LEAST_FLOOR, most=MOST_FLOOR)
    if merged["headline"] not in HEADLINES or merged["denominator"] not in DENOMINATORS:
        raise InvalidInput("no-such-rule", rule=f"{merged['headline']}, {merged['denominator']}")
    return merged


def check(facts: Facts) -> None:
    """Raise InvalidInput for facts that can't be."""
    if not facts.title.strip():
        raise InvalidInput("title-missing")
    if len(facts.title) > 200 or len(facts.number) > 80 or len(facts.issuer) > 120 or len(facts.addressees) > 200:
        raise InvalidInput("text-long")
    if len(facts.directive) > MOST_TEXT or len(facts.criteria) > MOST_TEXT:
        raise InvalidInput("text-long")
    dates = [date for date in (facts.issued_on, facts.finish_by, facts.report_by) if date]
    if dates != sorted(dates):
        raise InvalidInput("dates-order")
