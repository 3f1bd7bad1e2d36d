"""The count: books, turnout, results, and the sheets behind every figure."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("count", __name__)
