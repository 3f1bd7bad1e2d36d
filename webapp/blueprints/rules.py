"""Counting rules and the bar of certainty of one meeting: changed by its scrutineer, the effect shown first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from forms.code import readable
from webapp.access import access
from webapp.errors import InvalidInput
from webapp.models import Meeting
from webapp.pages import form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import campaigns, closed, closing_papers, meeting_rules, redeciding, rereading

bp = Blueprint("rules", __name__)
LISTED = 200  # differences shown; the trail of readings holds all


@bp.get("/meetings/<int:meeting_id>/thresholds")
@access(Right.RULE)
def index(meeting_id: int) -> str | tuple[str, int]:
    """The rules in force; with new ones in the address, what they would change."""
    asked = "bar" in request.args
    try:
        bar, rules = _asked(request.args) if asked else (None, {})
        return _page(meeting_id, bar, rules, asked, None)
    except InvalidInput as error:
        return _page(meeting_id, None, {}, False, error), error.status


@bp.post("/meetings/<int:meeting_id>/thresholds")
@access(Right.RULE)
def save(meeting_id: int) -> Response:
    """Put them in force."""
    bar, rules = _asked(request.form)
    found = redeciding.apply(office(), meeting_id, bar=bar, rules=rules, user_id=user_id(), why=form_text("why"))
    flash(_("Saved. Answers that changed: %(number)d; earlier readings are kept.", number=len(found.changes)), "ok")
    return redirect(url_for("rules.index", meeting_id=meeting_id))


def _asked(source: Any) -> tuple[float | None, dict[str, Any]]:
    """Return bar and rules of an address or form. Raises InvalidInput."""
    text = source.get("bar", "").strip().rstrip("%").strip()
    try:
        bar = round(float(text) / 100, 6) if text else None
    except ValueError as error:
        raise InvalidInput("bad-bar") from error
    rules = {name: source[name] for name in ("headline", "denominator") if name in source}
    percent = source.get("turnout_percent", "")
    if percent:
        rules["turnout_percent"] = int(percent) if percent.isascii() and percent.isdigit() else -1
    return bar, rules


def _page(meeting_id: int, bar: float | None, rules: dict[str, Any], asked: bool, problem: InvalidInput | None) -> str:
    with office().db.read() as session:
        meeting = session.get_one(Meeting, meeting_id)
        change = meeting_rules.newest(session, meeting_id)
        in_force = meeting_rules.of_meeting(session, meeting)
        found = redeciding.effect(session, meeting_id, bar=bar, rules=rules) if asked else None
        words = closing_papers.Words(session)
        listed = [
            (
                each,
                readable(each.sheet),
                words.question(each.page_id, each.question),
                *(words.said(each.page_id, each.question, *value[:2]) for value in (each.before, each.after)),
            )
            for each in (found.changes[:LISTED] if found else ())
        ]
        shut = closed.is_closed(session, meeting_id)
        old_pages = rereading.old_pages(session, meeting_id).total()
        reread = rereading.progress(session, meeting_id)
    return render_meeting(
        "rules/index.html",
        meeting_id,
        "count",
        bar=bar if asked else change.bar if change else None,
        own_bar=redeciding.OWN.sure_question,
        rules={**in_force, **rules},
        headlines=campaigns.HEADLINES,
        denominators=campaigns.DENOMINATORS,
        found=found,
        listed=listed,
        change=change,
        shut=shut,
        old_pages=old_pages,
        reread=reread,
        problem=problem,
    )
