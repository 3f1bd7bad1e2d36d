"""What a closed count means: whose rating is low (限期整改) and whose is high (示范), by the rules of the campaign.

Judged on the overall item of each organisation and each member. Low: the headline rate is below ``low_percent``, or
more than one in ``low_dissatisfied_in`` are dissatisfied. High: the headline rate is at least ``high_percent`` and
enough raters came. Both compare whole numbers, never rounded rates. Nothing is judged before the count is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from omr.tally import Figures, Rate, Rules
from webapp.models import Meeting
from webapp.services import closed, tally
from webapp.services.tally import Item, Results

LOW, HIGH = "low", "high"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one item about one subject came out. ``verdict``: low, high or "". ``subject`` "" is the organisation."""

    meeting_id: int
    survey_id: int
    subject: str
    about: str  # organisation or member
    question: str
    text: str  # of the item, as printed
    headline: Rate
    dissatisfied: Rate
    verdict: str

    @property
    def figures(self) -> dict[str, Any]:
        """What an order or an example keeps of it."""
        return {
            "question": self.question, "text": self.text, "part": self.headline.part, "whole": self.headline.whole,
            "dissatisfied": self.dissatisfied.part,
        }  # fmt: skip


def is_low(headline: Rate, dissatisfied: Rate, rules: Rules) -> bool:
    """Tell whether a rating is low. One of nothing is not."""
    if headline.whole <= 0:
        return False
    under = 100 * headline.part < rules.low_percent * headline.whole
    one_in = rules.low_dissatisfied_in
    return under or bool(one_in and dissatisfied.part * one_in > dissatisfied.whole)


def is_high(headline: Rate, rules: Rules, *, enough_came: bool) -> bool:
    """Tell whether a rating is high: at the line itself too, and only where the turnout was reached."""
    return headline.whole > 0 and enough_came and 100 * headline.part >= rules.high_percent * headline.whole


def verdict(figures: Figures, rules: Rules, *, enough_came: bool) -> str:
    """Return low, high or "". Low goes first: with odd rules both could hold."""
    headline = figures.rates[rules.headline]
    if is_low(headline, figures.dissatisfied, rules):
        return LOW
    return HIGH if is_high(headline, rules, enough_came=enough_came) else ""


def of_meeting(session: Session, meeting_id: int, *, every_item: bool = False) -> list[Outcome]:
    """Return the outcomes of a meeting whose count is closed: of the overall items, or of every item.

    Nothing while it is open. Raises NotFound.
    """
    if not closed.is_closed(session, meeting_id):
        return []
    meeting = session.get_one(Meeting, meeting_id)
    found = []
    for ref in tally.forms(session, meeting_id):
        results = tally.results_in(session, meeting_id, ref.survey_id)
        if results is not None and not results.stopped:
            found += _of_form(results, meeting, every_item)
    return found


def _of_form(results: Results, meeting: Meeting, every_item: bool) -> list[Outcome]:
    came = results.turnout[-1].reached is True
    about = results.ref.form.about
    itself = about == "organisation" and len(results.subjects) == 1  # whatever its name on the sheets
    found = []
    for item in results.items:
        if every_item or item.question.overall:
            name = "" if itself or item.subject == meeting.unit.name else item.subject
            found.append(_outcome(results, item, name, came))
    return found


def _outcome(results: Results, item: Item, subject: str, came: bool) -> Outcome:
    total = item.total
    return Outcome(
        results.meeting.id, results.ref.survey_id, subject, results.ref.form.about, item.question.id,
        item.question.text.replace("|", ""), total.rates[results.rules.headline], total.dissatisfied,
        verdict(total, results.rules, enough_came=came),
    )  # fmt: skip
