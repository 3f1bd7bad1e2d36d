"""The review station: what the machine is unsure of, one question at a time."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("review", __name__)
