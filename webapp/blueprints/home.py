"""Campaigns, their forms and counting rules, the units."""

from __future__ import annotations

from flask import Blueprint, render_template

from webapp.access import Access, access
from webapp.pages import office
from webapp.services import campaigns

bp = Blueprint("home", __name__)


@bp.get("/")
@access(Access.OPERATOR)
def index() -> str:
    """The campaigns."""
    return render_template("home/index.html", campaigns=campaigns.campaigns(office()))


@bp.get("/campaigns/<int:campaign_id>")
@access(Access.OPERATOR)
def campaign(campaign_id: int) -> str:
    """One campaign: meetings, forms."""
    return render_template("home/campaign.html", campaign=campaigns.get(office(), campaign_id))
