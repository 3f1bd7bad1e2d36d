"""A meeting's home, its facts and its numbers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from webapp.access import access, standing
from webapp.errors import Forbidden, InvalidInput
from webapp.i18n import today
from webapp.models import Unit
from webapp.pages import form_date, form_text, office, render_meeting, user_id
from webapp.rights import Right
from webapp.services import (
    campaigns,
    head_counts,
    meetings,
    outlook,
    plans,
    progress,
    roster_import,
    sessions,
    surveys,
    units,
)
from webapp.services.meetings import Key
from webapp.services.printing import printed

bp = Blueprint("meetings", __name__)


@bp.get("/campaigns/<int:campaign_id>/meetings/new")
@access(Right.MANAGE_MEETING, anywhere=True)
def new(campaign_id: int) -> str:
    """A new meeting."""
    return new_page(campaign_id, {}, None)


@bp.post("/campaigns/<int:campaign_id>/meetings/new")
@access(Right.MANAGE_MEETING, anywhere=True)
def create(campaign_id: int) -> Any:
    """Make a meeting."""
    try:
        meeting_id = meetings.create(office(), campaign_id, own(facts()))
    except InvalidInput as error:
        return new_page(campaign_id, request.form, error), error.status
    roster_import.fill_expected(office(), meeting_id, user_id=user_id())
    return redirect(url_for("meetings.show", meeting_id=meeting_id))


@bp.get("/meetings/<int:meeting_id>")
@access(Right.SEE_BOOKS)
def show(meeting_id: int) -> str:
    """Where the meeting stands, and what to do next."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        plan = plans.of_meeting(session, meeting)
        far = progress.progress(session, meeting_id)
        turnout = meetings.turnout(session, meeting_id)
        concerns = outlook.concerns(session, meeting_id, far, turnout, head_counts.warnings(session, meeting_id))
    return render_meeting(
        "meetings/show.html",
        meeting_id,
        step=outlook.next_step(far),
        far=far,
        turnout=turnout,
        concerns=concerns,
        deadlines=outlook.deadlines(plan, today()),
        plan=plan,
        classes=class_words(meeting.campaign.surveys),
    )


@bp.get("/meetings/<int:meeting_id>/edit")
@access(Right.MANAGE_MEETING)
def edit(meeting_id: int) -> str:
    """The facts of a meeting."""
    meeting = meetings.get(office(), meeting_id)
    return render_meeting("meetings/edit.html", meeting_id, facts=meeting, units=own_units(), problem=None)


@bp.post("/meetings/<int:meeting_id>/edit")
@access(Right.MANAGE_MEETING)
def save(meeting_id: int) -> Any:
    """Change the facts of a meeting."""
    try:
        meetings.update(office(), meeting_id, own(facts()))
    except InvalidInput as error:
        rows = own_units()
        page = render_meeting("meetings/edit.html", meeting_id, facts=request.form, units=rows, problem=error)
        return page, error.status
    return redirect(url_for("meetings.show", meeting_id=meeting_id))


@bp.get("/meetings/<int:meeting_id>/counts")
@access(Right.SEE_BOOKS)
def counts(meeting_id: int) -> str:
    """The numbers counted at the meeting."""
    return counts_page(meeting_id, None)


@bp.post("/meetings/<int:meeting_id>/counts")
@access(Right.COUNT_HEADS)
def enter(meeting_id: int) -> Any:
    """Add the numbers that changed."""
    try:
        added = head_counts.enter(
            office(), meeting_id, typed_numbers(""), user_id=user_id(), note=form_text("note"),
            seen=typed_numbers("seen|") or None,
        )  # fmt: skip
    except InvalidInput as error:
        return counts_page(meeting_id, error), error.status
    flash(_("Numbers entered: %(number)d", number=added) if added else _("Nothing has changed."), "ok")
    return redirect(url_for("meetings.counts", meeting_id=meeting_id))


def typed_numbers(prefix: str) -> dict[Key, str]:
    """Return the fields ``<prefix>kind|form|class`` of the form that was sent."""
    found: dict[Key, str] = {}
    for name, text in request.form.items():
        parts = name.removeprefix(prefix).split("|")
        if name.startswith(prefix) and len(parts) == 3:
            found[parts[0], parts[1], parts[2]] = text
    return found


def counts_page(meeting_id: int, problem: InvalidInput | None) -> str:
    """Render the numbers; what was typed stays."""
    meeting = meetings.get(office(), meeting_id)
    with office().db.read() as session:
        heads = meetings.counts_by_session(session, meeting_id)[None]
        further = sessions.of_meeting(session, meeting_id)
        withdrawn = [row for row, _gone, _by in sessions.withdrawn(session, meeting_id)]
        turnout = meetings.turnout(session, meeting_id)
        warnings = head_counts.warnings(session, meeting_id)
        drawn = printed(session, meeting_id)
        plan = plans.of_meeting(session, meeting)
    used = set(drawn) | {form for _kind, form, _class in heads if form}
    return render_meeting(
        "meetings/counts.html",
        meeting_id,
        "meetings",
        heads=heads,
        further=further,
        days={row.id: row.held_on for row in (*further, *withdrawn)},
        withdrawn={row.id for row in withdrawn},
        turnout=turnout,
        warnings=warnings,
        drawn=drawn,
        forms=[row for row in meeting.campaign.surveys if row.form in (used or plan.forms)],
        raters=[row for row in surveys.rater_classes(meeting.campaign.surveys) if row.id in plan.raters],
        classes=class_words(meeting.campaign.surveys),
        history=head_counts.history(office(), meeting_id),
        typed=request.form,
        problem=problem,
    )


def new_page(campaign_id: int, typed: Any, problem: InvalidInput | None) -> str:
    """Render the form of a new meeting."""
    campaign = campaigns.get(office(), campaign_id)
    return render_template("meetings/new.html", campaign=campaign, facts=typed, units=own_units(), problem=problem)


def class_words(rows: list[Any]) -> dict[str, surveys.RaterClass]:
    """Return the kinds of raters by id, with their words in both languages."""
    return {row.id: row for row in surveys.rater_classes(rows)}


def own_units() -> list[tuple[int, Unit]]:
    """Return the units whose meetings this person manages, as a tree: (depth, unit)."""
    mine = standing().units(Right.MANAGE_MEETING)
    found = units.units(office())
    return [(depth, unit) for depth, unit in found if unit.id in mine and unit.merged_into is None]


def own(wanted: meetings.Facts) -> meetings.Facts:
    """Return the facts of a meeting. Raises Forbidden for a unit whose meetings this person doesn't manage."""
    mine = standing().units(Right.MANAGE_MEETING)
    if wanted.unit_id in standing().parents and wanted.unit_id not in mine:
        raise Forbidden("error-403")
    return wanted


def facts() -> meetings.Facts:
    """Return the facts of the form that was sent. Raises InvalidInput."""
    return meetings.Facts(
        unit_id=request.form.get("unit_id", type=int) or 0,
        held_on=form_date("held_on"),
        place=form_text("place"),
        manner=form_text("manner"),
        presider=form_text("presider"),
        supervisor=form_text("supervisor"),
        round=chosen if (chosen := request.form.get("round", 1, int)) > 1 else None,
        starts=form_text("starts"),
    )
