"""Tells the trail who acts in each request, and in which of his roles."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from flask_login import current_user

from webapp import acting
from webapp.access import rule_of, standing
from webapp.rights import RIGHTS


def install(app: Flask) -> None:
    """Take down the person of each request once ``access`` has let him in; forget him afterwards."""

    @app.before_request
    def enter() -> None:
        if request.endpoint not in (None, "static") and current_user.is_authenticated:
            acting.enter(current_user.id, _role())
        else:
            acting.enter(None, acting.NOBODY)

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        acting.enter(None, acting.NOBODY)


def _role() -> str:
    """Return the first of his roles that allows this request; "" where none is needed."""
    rule = rule_of(current_app, request.endpoint or "")
    if rule is None or not rule.rights:
        return ""
    held = standing().roles if rule.anywhere else standing().roles_at(g.get("unit_id"))
    asked = set(rule.rights)
    return next((str(role) for role in standing().roles if role in held and asked & RIGHTS[role]), "")
