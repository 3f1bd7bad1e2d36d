"""The web application. ``create_app(settings)`` makes one; nothing happens at import.

Nothing but the standard library is imported here: ``run.py`` uses ``webapp.launch`` before anything is installed, and
the readers need no Flask.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings

# one module a group of pages; each offers ``bp``
BLUEPRINTS = (
    "auth",
    "accounts",
    "home",
    "setup",
    "roster",
    "surveys",
    "plans",
    "promises",
    "checklists",
    "record",
    "library",
    "copies",
    "moves",
    "meetings",
    "prepare",
    "running",
    "watching",
    "people",
    "reports",
    "hall",
    "printing",
    "scanning",
    "images",
    "review",
    "opinions",
    "merging",
    "count",
    "papers",
    "shelf",
    "own",
    "closing",
    "rulings",
    "rules",
    "rereading",
    "projector",
    "trail",
    "care",
    "notices",
    "rectify",
    "consequences",
    "handing_in",
    "overview",
    "search",
    "help",
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application for one instance folder.

    Raises SettingsError for a bad setting and RuntimeError for a route without an access rule.
    """
    from flask import Flask

    from webapp import access, cli, headers, i18n, login, pages, who
    from webapp.jobs import open_office
    from webapp.settings import load, secret_key

    settings = settings or load(instance_from_environment())
    app = Flask(__name__, instance_path=str(settings.instance))
    app.config.update(
        SECRET_KEY=secret_key(settings),
        MAX_CONTENT_LENGTH=settings.max_upload_mb << 20,
        MAX_FORM_MEMORY_SIZE=4 << 20,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_TIME_LIMIT=None,  # an upload or a long review outlives an hour; the token ends with the session
    )
    app.extensions["office"] = open_office(settings)
    login.install(app)
    i18n.install(app)
    headers.install(app)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"webapp.blueprints.{name}").bp)
    pages.install(app)
    access.install(app)
    who.install(app)
    cli.install(app)
    return app


def instance_from_environment() -> Path:
    """Return the instance folder: ``PINGYI_INSTANCE``, else ``instance/`` beside the packages."""
    import os

    return Path(os.environ.get("PINGYI_INSTANCE") or Path(__file__).resolve().parent.parent / "instance")
