"""The print page: choose a form, fill in the values, see the specimen, print, add copies."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("printing", __name__)
