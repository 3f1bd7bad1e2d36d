"""The roster: its template, what a file would change, the import."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access, may_open, standing
from webapp.blueprints.count import XLSX, download
from webapp.errors import InvalidInput, ServiceError
from webapp.pages import office, user_id
from webapp.rights import Right
from webapp.services import roster, roster_import
from webapp.services.first_steps import first_steps

bp = Blueprint("roster", __name__)
MOST_BYTES = 10 << 20


@bp.get("/units/roster")
@access(Right.MANAGE_UNITS, anywhere=True)
def index() -> str:
    """Where a file is chosen."""
    return page()


@bp.get("/units/roster.xlsx")
@access(Right.MANAGE_UNITS, anywhere=True)
def template() -> Response:
    """An empty roster with its headings."""
    return download(roster.template(), XLSX, "单位和党员名册.xlsx")


@bp.post("/units/roster")
@access(Right.MANAGE_UNITS, anywhere=True)
def check() -> Any:
    """Show what a file would change, and every fault; nothing is written."""
    file = request.files.get("file")
    data = file.read(MOST_BYTES + 1) if file else b""
    try:
        if len(data) > MOST_BYTES:
            raise InvalidInput("roster-too-large", most=roster.MOST_ROWS)
        read = roster.read(data)
    except InvalidInput as error:
        return page(problem=error), error.status
    ready = planned(read)
    return page(plan=ready, name=(file.filename or "") if file else ""), 422 if ready.faults else 200


@bp.post("/units/roster/import")
@access(Right.MANAGE_UNITS, anywhere=True)
def run() -> Any:
    """Import what was shown; it is checked again, for others may have changed the units since."""
    try:
        read = roster.Roster.loaded(json.loads(request.form.get("roster", "")))
        units, members = roster_import.run(office(), read, user_id=user_id(), allowed=allowed())
    except ValueError:
        error = InvalidInput("roster-not-xlsx")
        return page(problem=error), error.status
    except InvalidInput as error:
        return page(problem=error), error.status
    flash(_("Imported: %(units)d units, %(members)d members, new or changed.", units=units, members=members), "ok")
    with office().db.read() as session:
        goes_on = not first_steps(session).over and may_open("setup.index")
    return redirect(url_for("setup.index" if goes_on else "home.unit_list"))


def allowed() -> frozenset[int] | None:
    """Return the units that this person manages; None: all of them."""
    return None if standing().may(Right.MANAGE_UNITS, None) else standing().units(Right.MANAGE_UNITS)


def planned(read: roster.Roster) -> roster_import.Plan:
    """Return what a roster would change."""
    with office().db.read() as session:
        return roster_import.plan(session, read, allowed())


def page(plan: roster_import.Plan | None = None, name: str = "", problem: ServiceError | None = None) -> str:
    """Render the page: the file to choose, or what it would change."""
    with office().db.read() as session:
        steps = first_steps(session)
    content = json.dumps(plan.roster.dumped(), ensure_ascii=False) if plan and not plan.faults else ""
    shown = steps if not steps.over and may_open("setup.index") else None
    return render_template(
        "home/roster.html", plan=plan, name=name, problem=problem, content=content, steps=shown, sheets=roster
    )
