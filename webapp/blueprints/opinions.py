"""Transcription of handwritten opinions."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("opinions", __name__)
