"""Sign-in and out, the first administrator, the language, one's own account."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user
from werkzeug.wrappers import Response

from forms.messages import LANGUAGES
from webapp import i18n, login, migrate
from webapp.access import Access, access
from webapp.blueprints.home import landing_place
from webapp.errors import Conflict, InvalidInput, NotFound, ServiceError
from webapp.pages import office
from webapp.services import accounts, grants, health, sign_ins, totp
from webapp.services import second_step as second_steps

bp = Blueprint("auth", __name__)
YEAR_SECONDS = 366 * 24 * 3600
SECOND_STEP_SECONDS = 300  # between the password and the code


@bp.get("/sign-in")
@access(Access.PUBLIC)
def sign_in() -> Any:
    """The sign-in page."""
    target = login.own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target)
    return render_template("auth/sign_in.html", name="", problem=None, next=target, kept="", ended=False)


@bp.post("/sign-in")
@access(Access.PUBLIC)
def check_sign_in() -> Any:
    """Check name and password; then go where the person wanted to go, or show the form that was kept."""
    target, kept = login.own_path(request.form.get("next")), request.form.get("kept", "")
    name = request.form.get("name", "")
    try:
        open_session(name, request.form.get("password", ""))
    except sign_ins.CodeNeeded as needed:
        session["second"] = {"user": needed.user_id, "proof": needed.proof, "at": time.time()}
        return render_template("auth/second.html", problem=None, next=target, kept=kept)
    except ServiceError as error:
        page = render_template("auth/sign_in.html", name=name, problem=error, next=target, kept=kept, ended=False)
        return page, error.status
    return go_on(target, kept)


@bp.post("/sign-in/code")
@access(Access.PUBLIC)
def check_code() -> Any:
    """Check the code of the second step."""
    target, kept = login.own_path(request.form.get("next")), request.form.get("kept", "")
    waiting = session.get("second")
    if not waiting or time.time() - waiting["at"] > SECOND_STEP_SECONDS:
        session.pop("second", None)
        return render_template("auth/sign_in.html", name="", problem=None, next=target, kept=kept, ended=True), 401
    try:
        token = sign_ins.second_step(
            office(),
            user_id=waiting["user"],
            proof=waiting["proof"],
            code=request.form.get("code", ""),
            address=request.remote_addr or "",
            agent=request.user_agent.string,
        )
    except ServiceError as error:
        return render_template("auth/second.html", problem=error, next=target, kept=kept), error.status
    begin(token)
    return go_on(target, kept)


@bp.post("/sign-out")
@access(Access.SIGNED_IN)
def sign_out() -> Response:
    """End this sign-in."""
    sign_ins.sign_out(office(), current_user.token)
    session.clear()
    return redirect(url_for("auth.sign_in"))


@bp.get("/me/second-step")
@access(Access.SIGNED_IN)
def second_step() -> str:
    """Where the second step of one's own sign-in is turned on or off."""
    return second_page(None)


@bp.post("/me/second-step")
@access(Access.SIGNED_IN)
def turn_on() -> Any:
    """Turn the second step on; the answer shows the recovery codes, once."""
    try:
        codes = second_steps.turn_on(
            office(), current_user.id, secret=session.get("secret", ""), typed=request.form.get("code", "")
        )
    except (InvalidInput, Conflict) as error:
        return second_page(error), error.status
    session.pop("secret", None)
    return render_template("auth/recovery.html", codes=codes)


@bp.post("/me/second-step/off")
@access(Access.SIGNED_IN)
def turn_off() -> Any:
    """Turn one's own second step off."""
    try:
        second_steps.turn_off(office(), current_user.id, password=request.form.get("password", ""))
    except InvalidInput as error:
        return second_page(error), error.status
    flash(_("The second step is off. The password alone opens this account."), "ok")
    return redirect(url_for("auth.me"))


def second_page(problem: ServiceError | None) -> str:
    """Render the second step. The secret waits in the session until its first code is right."""
    if current_user.has_second_step:
        left = second_steps.codes_left(office(), current_user.id)
        return render_template("auth/second_step.html", on=True, left=left, problem=problem)
    secret = session.setdefault("secret", totp.new_secret())
    picture = second_steps.qr(secret, current_user.name)
    return render_template("auth/second_step.html", on=False, secret=secret, picture=picture, problem=problem)


@bp.get("/first-run/<token>")
@access(Access.PUBLIC)
def first_run(token: str) -> Any:
    """The form on which the first administrator is made."""
    accounts.check_setup_link(office(), token)
    return first_run_page(token, {"runs_appraisal": "1"}, None)


@bp.post("/first-run/<token>")
@access(Access.PUBLIC)
def make_administrator(token: str) -> Any:
    """Make the first administrator and sign him in."""
    form = request.form
    name, display_name, password = form.get("name", ""), form.get("display_name", ""), form.get("password", "")
    try:
        check_same(password, form.get("password_again", ""))
        accounts.make_first_administrator(
            office(),
            token,
            name=name,
            display_name=display_name,
            password=password,
            language=i18n.language(),
            runs_appraisal=form.get("runs_appraisal") == "1",
        )
    except (InvalidInput, Conflict) as error:
        return first_run_page(token, form, error), error.status
    open_session(name, password)
    return redirect(url_for("setup.index"))


def first_run_page(token: str, typed: Mapping[str, str], problem: ServiceError | None) -> str:
    """Render the first two of the first steps: the computer is looked at, the administrator is made."""
    found = health.examine(office(), migrate.head(), migrate.revision(office().db))
    return render_template("auth/first_run.html", token=token, typed=typed, problem=problem, found=found)


@bp.route("/language/<language>", methods=["GET", "POST"])
@access(Access.PUBLIC)
def language(language: str) -> Response:
    """Change the language of the pages and go back. A GET too: it changes nothing but how pages look."""
    if language not in LANGUAGES:
        raise NotFound("no-such-language")
    if current_user.is_authenticated:
        accounts.set_language(office(), current_user.id, language)
    answer = redirect(login.own_path(request.values.get("next")))
    secure = office().settings.secure_cookies
    answer.set_cookie(i18n.COOKIE, language, YEAR_SECONDS, httponly=True, samesite="Lax", secure=secure)
    return answer


@bp.get("/me")
@access(Access.SIGNED_IN)
def me() -> str:
    """One's own account: password, language, sign-ins."""
    return my_page(None)


@bp.post("/me/password")
@access(Access.SIGNED_IN)
def change_password() -> Any:
    """Change one's own password; other sign-ins end."""
    form = request.form
    new = form.get("new_password", "")
    try:
        check_same(new, form.get("password_again", ""))
        accounts.change_password(
            office(),
            current_user.id,
            old=form.get("old_password", ""),
            new=new,
            keep=sign_ins.digest(current_user.token),
        )
    except InvalidInput as error:
        return my_page(error), error.status
    flash(_("The password is changed. Your other sign-ins have ended."), "ok")
    return redirect(url_for("auth.me"))


@bp.post("/me/sign-ins/<key>/revoke")
@access(Access.SIGNED_IN)
def revoke(key: str) -> Response:
    """End one of one's own sign-ins."""
    sign_ins.revoke(office(), current_user.id, key)
    flash(_("That sign-in has ended."), "ok")
    return redirect(url_for("auth.me"))


def my_page(problem: ServiceError | None) -> str:
    """Render one's own account."""
    rows = sign_ins.of_user(office(), current_user.id)
    roles = [(row.role, row.unit) for row in grants.of_user(office(), current_user.id) if row.revoked_at is None]
    this = sign_ins.digest(current_user.token)
    return render_template("auth/me.html", roles=roles, sign_ins=rows, this=this, problem=problem)


def open_session(name: str, password: str) -> None:
    """Sign in: a session of its own, and nothing of the one before. Raises InvalidInput and Busy."""
    token = sign_ins.sign_in(
        office(),
        name=name,
        password=password,
        address=request.remote_addr or "",
        agent=request.user_agent.string,
    )
    begin(token)


def begin(token: str) -> None:
    """Begin the session of a sign-in. Raises InvalidInput where it has ended already."""
    session.clear()
    user = sign_ins.signed_in(office(), token)
    if user is None:
        raise InvalidInput("signed-out")
    login_user(login.SignedIn(user, token))


def go_on(target: str, kept: str) -> Any:
    """Go where the person wanted to go, or show the form that was kept; a role has its own place to begin."""
    if form := login.kept_form(kept):
        return render_template("auth/kept.html", kept=form)
    g.pop("standing", None)  # read before this person was here
    return redirect(landing_place() if target == "/" else target)


def check_same(password: str, again: str) -> None:
    """Raise InvalidInput when a new password was typed in two ways."""
    if password != again:
        raise InvalidInput("passwords-differ")
