"""Who is signed in: Flask-Login over revocable sign-ins, and what a visitor meets who isn't."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask_login import LoginManager, UserMixin
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from webapp.models import User
from webapp.services import sign_ins

KEPT_LIMIT = 100_000  # bytes of a form that are carried over a sign-in


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """The person behind the session cookie, as views and templates see him (``current_user``)."""

    def __init__(self, user: User, token: str) -> None:
        self.id, self.name, self.display_name = user.id, user.name, user.display_name
        self.language, self.token = user.language, token
        self.has_second_step = user.totp_secret is not None

    def get_id(self) -> str:
        """Return what the session cookie holds: the token, not the number of the user."""
        return self.token


def install(app: Flask) -> None:
    """Set up Flask-Login for one application."""
    manager = LoginManager()
    manager.session_protection = None  # an office computer changes its address; sign-ins are revoked by hand
    manager.init_app(app)
    # Cookies ignore the port: two instances on one computer must not end each other's sessions.
    mark = hashlib.sha256(str(app.config["SECRET_KEY"]).encode()).hexdigest()[:8]
    app.config["SESSION_COOKIE_NAME"] = f"pingyi-{mark}"

    @manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login ships no types
    def load(token: str) -> SignedIn | None:
        user = sign_ins.signed_in(app.extensions["office"], token)
        return SignedIn(user, token) if user else None


def own_path(target: str | None, otherwise: str = "/") -> str:
    """Return ``target`` when it is a page of this application, else ``otherwise``: never another site's address."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return otherwise
    parts = urlsplit(target)
    try:
        current_app.url_map.bind("").match(parts.path, method="GET")
    except RequestRedirect:
        return target
    except HTTPException:
        return otherwise
    return target


def unauthorised() -> Response:
    """Answer somebody who isn't signed in (any more): the sign-in page, which keeps what was typed."""
    if request.headers.get("HX-Request"):
        here = own_path(urlsplit(request.headers.get("HX-Current-URL", "")).path)
        answer = make_response("", 401)
        answer.headers["HX-Redirect"] = url_for("auth.sign_in", next=here)
        return answer
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    if request.accept_mimetypes.best == "application/json":
        from webapp.i18n import say

        return make_response(jsonify(code="signed-out", message=say("signed-out")), 401)
    kept = keep_form()
    page = render_template("auth/sign_in.html", name="", problem=None, next="", kept=kept, ended=True)
    return make_response(page, 401)


def keep_form() -> str:
    """Return the form of this request as JSON, '' where it holds files or is too long to be carried.

    A long body isn't even read: it can be a stack of scans.
    """
    if not 0 < (request.content_length or 0) <= KEPT_LIMIT or any(file.filename for file in request.files.values()):
        return ""
    pairs = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token" and "password" not in pair[0]]
    return json.dumps({"path": request.path, "fields": pairs}, ensure_ascii=False)


def kept_form(text: str) -> dict[str, Any] | None:
    """Read back what ``keep_form`` wrote; None for anything else."""
    try:
        value = json.loads(text)
        path, fields = value["path"], [(str(name), str(content)) for name, content in value["fields"]]
    except (ValueError, KeyError, TypeError):
        return None
    if (
        not isinstance(path, str)
        or not path.startswith("/")
        or path.startswith(("//", "/\\"))
        or not path.isprintable()
    ):
        return None
    return {"path": path, "fields": fields}
