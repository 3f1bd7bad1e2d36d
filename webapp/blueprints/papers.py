"""The papers: the summary table S-A as XLSX, DOCX and PDF, and all answers as CSV."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("papers", __name__)
