"""What views and templates share: the office, the frame of a meeting's pages, the pages of errors."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import Any, cast

from flask import Flask, current_app, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from forms.errors import FormErrors
from webapp import access, login
from webapp.errors import InvalidInput, ServiceError
from webapp.i18n import icon, language, say
from webapp.office import Office
from webapp.services import meetings, progress


def office() -> Office:
    """Return what the use cases work with."""
    return cast(Office, current_app.extensions["office"])


def user_id() -> int:
    """Return the id of the person who is signed in."""
    return cast(int, current_user.id)


def render_meeting(template: str, meeting_id: int, phase: str = "", **context: Any) -> str:
    """Render a page of a meeting: the frame gets the meeting, its unit and campaign, and the rail.

    ``phase`` is the blueprint whose place in the rail is lit, '' on the meeting's home. Templates see ``meeting``
    (with ``.unit`` and ``.campaign``), ``phases`` and ``phase``. Raises NotFound.
    """
    meeting = meetings.get(office(), meeting_id)
    phases = [row for row in progress.phases(office(), meeting_id) if row.endpoint in current_app.view_functions]
    return render_template(template, meeting=meeting, campaign=meeting.campaign, phases=phases, phase=phase, **context)


def my_roles() -> str:
    """Return the roles of the person who is signed in, as words: the first, and how many more."""
    roles = access.standing().roles
    if not roles:
        return str(_("No role yet"))
    first = say(f"role-{roles[0]}")
    return first if len(roles) == 1 else str(_("%(role)s and %(number)d more", role=first, number=len(roles) - 1))


def form_date(name: str) -> dt.date | None:
    """Return a date of the form that was sent, None where it is empty. Raises InvalidInput."""
    text = request.form.get(name, "").strip()
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput("bad-date", text=text[:20]) from error


def form_text(name: str) -> str:
    """Return a text of the form that was sent, without spaces around it."""
    return request.form.get(name, "").strip()


def is_htmx() -> bool:
    """Tell whether htmx asks, which wants a fragment instead of a page."""
    return bool(request.headers.get("HX-Request"))


def wants_json() -> bool:
    """Tell whether a script asks."""
    return request.is_json or request.accept_mimetypes.best == "application/json"


def install(app: Flask) -> None:
    """Give templates their globals, and errors their pages."""
    app.jinja_env.globals.update(icon=icon, my_roles=my_roles)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_error_handler(CSRFError, on_csrf_error)
    app.register_error_handler(ServiceError, on_service_error)
    app.register_error_handler(FormErrors, on_form_errors)
    app.register_error_handler(OperationalError, on_busy_database)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_crash)


def on_csrf_error(_error: CSRFError) -> Response:
    """The form is not (any longer) ours: after a sign-out, or from another site."""
    if not current_user.is_authenticated:
        return login.unauthorised()
    return error_page(400, "form-expired", kept=login.keep_form())


def on_service_error(error: ServiceError) -> Response:
    """A use case said no: its sentence, as a page, a fragment or JSON."""
    return error_page(error.status, error.code, params=error.params)


def on_form_errors(error: FormErrors) -> Response:
    """A form file has faults: all of them, each with its place and its remedy."""
    return error_page(422, "form-has-faults", faults=faults_of(error))


def faults_of(error: FormErrors) -> list[str]:
    """Return the faults of a form file, a sentence each: line, place – cause – remedy."""
    return [f"{say('line', line=fault.line)}{fault.sentence(language())}" for fault in error.errors]


def on_busy_database(error: OperationalError) -> Response:
    """Another process held the database for longer than we wait, or the disk is full: both pass."""
    if isinstance(error.orig, sqlite3.OperationalError):
        current_app.logger.error("database: %s", error)
        return error_page(503, "error-503")
    return on_crash(error)


def on_http_error(error: HTTPException) -> Response:
    """Flask's own errors: no such page, too large and so on."""
    if error.code is None or error.code < 400:
        return error.get_response()
    known = error.code if error.code in (400, 403, 404, 405, 413, 422, 500, 503) else 500 if error.code >= 500 else 400
    return error_page(error.code, f"error-{known}", params={"most_mb": office().settings.max_upload_mb})


def on_crash(error: Exception) -> Response:
    """A fault of ours: written to the log in full, told to the person in one sentence."""
    current_app.logger.exception("%s %s", request.method, request.path, exc_info=error)
    return error_page(500, "error-500")


def error_page(
    status: int, code: str, params: dict[str, Any] | None = None, faults: list[str] | None = None, kept: str = ""
) -> Response:
    """Answer with an error in the shape that was asked for: JSON, htmx fragment (into #notices) or page."""
    message = say(code, **(params or {}))
    if wants_json():
        return make_response(jsonify(code=code, message=message, faults=faults or []), status)
    if is_htmx():
        answer = make_response(render_template("notice.html", message=message, faults=faults, status=status), status)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#notices", "innerHTML"
        return answer
    form = login.kept_form(kept) if kept else None
    page = render_template("error.html", status=status, message=message, faults=faults, kept=form, title=titles(status))
    return make_response(page, status)


def titles(status: int) -> str:
    """Return the heading of an error page."""
    words: dict[int, str] = {
        403: _("You may not open this"),
        404: _("Not found"),
        413: _("The file is too large"),
        422: _("Please correct this"),
        500: _("A fault of the program"),
        503: _("Not possible just now"),
    }
    return words.get(status) or str(_("That did not work"))
