"""Pages of scanning."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("scanning", __name__)
