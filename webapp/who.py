"""Tells the trail who acts in each request."""

from __future__ import annotations

from flask import Flask, request
from flask_login import current_user

from webapp import acting


def install(app: Flask) -> None:
    """Take down the person of each request before anything else is done in it.

    ``access`` names the role with ``acting.take_role`` once it knows which of his roles allows the request.
    """

    def enter() -> None:
        if request.endpoint == "static" or not current_user.is_authenticated:
            acting.enter(None, acting.NOBODY)
        else:
            acting.enter(current_user.id, getattr(current_user, "role", acting.NOBODY))

    app.before_request_funcs.setdefault(None, []).insert(0, enter)
