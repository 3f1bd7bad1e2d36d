"""Users, for the administrator."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.errors import Conflict, InvalidInput, ServiceError
from webapp.pages import form_text, office
from webapp.rights import Right
from webapp.services import accounts

bp = Blueprint("accounts", __name__)


@bp.get("/accounts")
@access(Right.MANAGE_ACCOUNTS)
def index() -> str:
    """All users."""
    return page()


@bp.post("/accounts")
@access(Right.MANAGE_ACCOUNTS)
def create() -> Any:
    """Make a user. The answer shows the made-up password, once: it is never in a cookie or an address."""
    name = form_text("name")
    try:
        user_id, password = accounts.create_user(
            office(), name=name, display_name=form_text("display_name"), roles=[form_text("role")]
        )
    except (InvalidInput, Conflict) as error:
        return page(problem=error), error.status
    return page(given=(user_id, password))


@bp.post("/accounts/<int:user_id>/password")
@access(Right.MANAGE_ACCOUNTS)
def reset_password(user_id: int) -> str:
    """Give a user a new password, shown once."""
    return page(given=(user_id, accounts.reset_password(office(), user_id)))


@bp.post("/accounts/<int:user_id>/active")
@access(Right.MANAGE_ACCOUNTS)
def set_active(user_id: int) -> Response:
    """Open or close an account."""
    active = request.form.get("active") == "1"
    user = accounts.set_active(office(), user_id, active)
    sentence = _("%(name)s may sign in again.") if active else _("%(name)s can't sign in any more.")
    flash(sentence % {"name": user.display_name}, "ok")
    return redirect(url_for("accounts.index"))


def page(problem: ServiceError | None = None, given: tuple[int, str] | None = None) -> str:
    """Render the list. ``given``: a user's id and his new password, to be shown this once."""
    users = accounts.users(office())
    whose = next((user for user in users if given and user.id == given[0]), None)
    return render_template(
        "accounts/index.html", users=users, problem=problem, whose=whose, password=given[1] if given else ""
    )
