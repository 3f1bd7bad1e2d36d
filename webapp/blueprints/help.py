"""Help for the page one is on, and the handbook of the paper's way; both offline, both printable."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, render_template, request
from markupsafe import Markup

from webapp import markdown
from webapp.access import Access, access
from webapp.i18n import language
from webapp.pages import is_htmx

bp = Blueprint("help", __name__)
ROOT = Path(__file__).resolve().parents[2]
TEXTS = {"zh": ROOT / "webapp" / "help" / "help.zh.md", "en": ROOT / "webapp" / "help" / "help.en.md"}
HANDBOOK = {"zh": ROOT / "docs" / "handbook.zh.md", "en": ROOT / "docs" / "handbook.md"}
EVERYWHERE = "everywhere"


@cache
def texts(tongue: str) -> dict[str, str]:
    """Return the help of a language: page or group of pages → text."""
    return markdown.sections(TEXTS[tongue].read_text("utf-8"))


def of_page(endpoint: str, tongue: str) -> Markup:
    """Return the help of a page: its own, else that of its group; empty where only what holds everywhere applies."""
    known = texts(tongue)
    group = endpoint.partition(".")[0]
    own = known.get(endpoint) or known.get(group)
    return markdown.render(own) if own else Markup("")


@bp.get("/help")
@access(Access.PUBLIC)
def index() -> str:
    """What a page is for, its keys, and what to do next."""
    tongue = language()
    found = of_page(request.args.get("page", "")[:80], tongue)
    template = "help/_panel.html" if is_htmx() else "help/index.html"
    return render_template(template, text=found, everywhere=markdown.render(texts(tongue)[EVERYWHERE]))


@bp.get("/handbook")
@access(Access.PUBLIC)
def handbook() -> str:
    """The handbook of the paper's way."""
    return render_template("help/handbook.html", text=markdown.render(HANDBOOK[language()].read_text("utf-8")))
