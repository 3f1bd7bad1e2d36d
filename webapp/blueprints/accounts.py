"""Users, for the administrator."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.access import access
from webapp.errors import Conflict, InvalidInput, NotFound, ServiceError
from webapp.pages import form_text, office
from webapp.pages import user_id as my_id
from webapp.rights import Right, Role
from webapp.services import accounts, grants, second_step, sign_ins, units

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
            office(),
            name=name,
            display_name=form_text("display_name"),
            roles=[form_text("role")],
            unit_id=chosen_unit(),
            by=my_id(),
        )
    except (InvalidInput, Conflict, NotFound) as error:
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


@bp.get("/accounts/<int:user_id>")
@access(Right.MANAGE_ACCOUNTS)
def show(user_id: int) -> str:
    """One user: his roles, where he is signed in."""
    return user_page(user_id, None)


@bp.post("/accounts/<int:user_id>/roles")
@access(Right.MANAGE_ACCOUNTS)
def give(user_id: int) -> Any:
    """Give a user a role on a unit or on the whole school."""
    try:
        grants.give(office(), user_id, form_text("role"), chosen_unit(), by=my_id())
    except (InvalidInput, Conflict, NotFound) as error:
        return user_page(user_id, error), error.status
    flash(_("The role is given."), "ok")
    return redirect(url_for("accounts.show", user_id=user_id))


@bp.post("/accounts/roles/<int:grant_id>/revoke")
@access(Right.MANAGE_ACCOUNTS)
def revoke_role(grant_id: int) -> Response:
    """End a role."""
    user_id = grants.revoke(office(), grant_id, by=my_id())
    flash(_("The role has ended."), "ok")
    return redirect(url_for("accounts.show", user_id=user_id))


@bp.post("/accounts/<int:user_id>/sign-ins/<key>/revoke")
@access(Right.MANAGE_ACCOUNTS)
def revoke_sign_in(user_id: int, key: str) -> Response:
    """End one sign-in of a user."""
    sign_ins.revoke(office(), user_id, key)
    flash(_("That sign-in has ended."), "ok")
    return redirect(url_for("accounts.show", user_id=user_id))


@bp.post("/accounts/<int:user_id>/second-step/off")
@access(Right.MANAGE_ACCOUNTS)
def turn_off(user_id: int) -> Response:
    """Turn off the second step of a user whose telephone is lost."""
    second_step.turn_off(office(), user_id)
    flash(_("The second step is off. The password alone opens this account."), "ok")
    return redirect(url_for("accounts.show", user_id=user_id))


def chosen_unit() -> int | None:
    """Return the unit of the form, None for the whole school."""
    return request.form.get("unit_id", type=int) or None


def user_page(user_id: int, problem: ServiceError | None) -> str:
    """Render one user."""
    return render_template(
        "accounts/user.html",
        user=accounts.user(office(), user_id),
        grants=grants.of_user(office(), user_id),
        sign_ins=sign_ins.of_user(office(), user_id),
        units=units.units(office()),
        roles=list(Role),
        problem=problem,
    )


def page(problem: ServiceError | None = None, given: tuple[int, str] | None = None) -> str:
    """Render the list. ``given``: a user's id and his new password, to be shown this once."""
    users = accounts.users(office())
    whose = next((user for user in users if given and user.id == given[0]), None)
    return render_template(
        "accounts/index.html",
        users=users,
        grants=grants.in_force(office()),
        units=units.units(office()),
        roles=list(Role),
        problem=problem,
        whose=whose,
        password=given[1] if given else "",
    )
