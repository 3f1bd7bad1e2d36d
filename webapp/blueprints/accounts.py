"""Users, for the administrator."""

from __future__ import annotations

from flask import Blueprint, render_template

from webapp.access import Access, access
from webapp.pages import office
from webapp.services import accounts

bp = Blueprint("accounts", __name__)


@bp.get("/accounts")
@access(Access.ADMINISTRATOR)
def index() -> str:
    """All users."""
    return render_template("accounts/index.html", users=accounts.users(office()), problem=None, given=None)
