"""The forms of a plan: those of the campaign, with other option words, with or without 不了解, for fewer rater classes.

A form that differs is a form of its own in the campaign (``Survey.unit_id`` names whose plan made it), so that it is
printed, read and counted like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.loader import UNKNOWN
from forms.typeset import IDENTITY_CHOICES
from webapp.models import Survey
from webapp.services import surveys


def _words(*rows: tuple[str, str, str, str]) -> list[dict[str, str]]:
    return [
        {"id": id_, "text": text, "text_en": english} | ({"counts": counts} if counts else {})
        for id_, text, english, counts in rows
    ]


# Sets of option words in real use; the first word is the best. "" keeps what the form says.
OPTION_SETS: dict[str, list[dict[str, str]]] = {
    "three": _words(
        ("satisfied", "满意", "Satisfied", "satisfied"),
        ("basically", "基本满意", "Basically satisfied", ""),
        ("dissatisfied", "不满意", "Dissatisfied", "dissatisfied"),
    ),
    "good": _words(
        ("good", "好", "Good", "satisfied"),
        ("fairly_good", "较好", "Fairly good", "rather-satisfied"),
        ("middling", "一般", "Middling", ""),
        ("poor", "差", "Poor", "dissatisfied"),
    ),
    "grades": _words(
        ("excellent", "优秀", "Excellent", "satisfied"),
        ("qualified", "合格", "Qualified", "rather-satisfied"),
        ("basically_qualified", "基本合格", "Basically qualified", ""),
        ("unqualified", "不合格", "Unqualified", "dissatisfied"),
    ),
}


def changed(source: str, options: Mapping[str, Any], raters: Sequence[str]) -> str:
    """Return the text of a form with the options and rater classes of a plan; the same text where nothing differs.

    The result is not checked; ``surveys.parse`` does that.
    """
    form: dict[str, Any] = yaml.safe_load(source)
    before = yaml.safe_load(source)
    if words := OPTION_SETS.get(options.get("set", "")):
        form["scale"] = words
    if "unknown" in options:
        form["unknown"] = bool(options["unknown"])
        form["scale"] = [choice for choice in form["scale"] if choice["id"] != UNKNOWN.id]
    if raters and form.get("identity"):
        first = form["identity"][0]
        first["choices"] = [choice for choice in first["choices"] if choice["id"] in raters]
        if len(first["choices"]) < IDENTITY_CHOICES[0]:  # one class alone: nothing is left to be asked
            form["identity"] = []
    return source if form == before else yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=100)


def make(session: Session, rows: Sequence[Survey], unit_id: int, content: Mapping[str, Any]) -> list[str]:
    """Put in force the forms that a plan asks for; returns their names in the order of ``rows``.

    A form of the unit that says the same already is used again. Raises FormErrors where words don't fit a form.
    """
    wanted = content.get("forms", [row.form for row in rows])
    names = []
    for row in rows:
        if row.form not in wanted:
            continue
        source = changed(row.source, content.get("options", {}), content.get("raters", ()))
        names.append(row.form if source == row.source else _own(session, row, unit_id, source))
    return names


def _own(session: Session, row: Survey, unit_id: int, source: str) -> str:
    """Return the name of the unit's own form with this text; made where there is none."""
    number = 1
    while True:
        name = f"{row.form[:20]}-{unit_id}" + (f"-{number}" if number > 1 else "")
        text = _renamed(source, name)
        there = session.scalar(select(Survey).where(Survey.campaign_id == row.campaign_id, Survey.form == name))
        if there is None:
            title = surveys.parse(text, name).title
            session.add(Survey(campaign_id=row.campaign_id, form=name, title=title, source=text, unit_id=unit_id))
            session.flush()
            return name
        if there.source == text:
            return name
        number += 1


def _renamed(source: str, name: str) -> str:
    form = yaml.safe_load(source)
    form["form"] = name
    return yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=100)
