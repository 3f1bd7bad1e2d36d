"""Who may call which route. Every route carries a rule; one without stops the start."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

from flask import Flask, abort, request
from flask_login import current_user

from webapp import login

View = TypeVar("View", bound=Callable[..., Any])


class Access(IntEnum):
    """From the widest to the narrowest. An administrator may do all that an operator may."""

    PUBLIC = 0
    SIGNED_IN = 1
    OPERATOR = 2
    ADMINISTRATOR = 3


PUBLIC_BODY = 1 << 20  # bytes
ROLE_ACCESS = {"operator": Access.OPERATOR, "administrator": Access.ADMINISTRATOR}


def access(rule: Access) -> Callable[[View], View]:
    """Give a view its access rule."""

    def mark(view: View) -> View:
        view.access = rule  # type: ignore[attr-defined]  # functions take attributes; the check below reads it
        return view

    return mark


def install(app: Flask) -> None:
    """Check that every route has a rule, and enforce the rules before each request. Raises RuntimeError."""
    access(Access.PUBLIC)(app.view_functions["static"])
    missing = sorted({rule.endpoint for rule in app.url_map.iter_rules() if rule_of(app, rule.endpoint) is None})
    if missing:
        raise RuntimeError(f"routes without an access rule: {', '.join(missing)}; add @access(...) to each view")

    def enforce() -> Any:
        if request.endpoint is None:
            return None  # a 404: the error page shows nothing
        rule = rule_of(app, request.endpoint)
        if rule is None or rule == Access.PUBLIC:
            request.max_content_length = PUBLIC_BODY
            return None
        if not current_user.is_authenticated:
            return login.unauthorised()
        if ROLE_ACCESS.get(current_user.role, Access.PUBLIC) < rule:
            abort(403)
        return None

    # First of all: the check of forms reads the body, and nobody sends us gigabytes who hasn't signed in.
    app.before_request_funcs.setdefault(None, []).insert(0, enforce)


def rule_of(app: Flask, endpoint: str) -> Access | None:
    """Return the rule of an endpoint, None where it has none."""
    return getattr(app.view_functions[endpoint], "access", None)
