"""Nothing leads from a sheet to a person, and no page lets a script in."""

from __future__ import annotations

import re
from pathlib import Path

import webapp
from webapp.headers import CSP
from webapp.models import IssuedSheet

TEMPLATES = Path(webapp.__file__).parent / "templates"


def test_issued_codes__are_kept_in_their_own_order_and_without_a_time() -> None:
    table = IssuedSheet.__table__
    assert [column.name for column in table.primary_key] == ["sheet"]
    assert table.dialect_options["sqlite"]["with_rowid"] is False, "a hidden number would keep the order of insertion"
    assert {column.name for column in table.columns} == {"sheet", "print_run_id", "print_file_id"}


def test_policy_of_content__lets_no_inline_script_run() -> None:
    policy = dict(part.split(" ", 1) for part in CSP.split("; "))
    assert policy.get("script-src", policy["default-src"]) == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"


def test_no_page__holds_an_inline_script_or_handler() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\son(click|load|change|submit|input|error)=", text), path
        assert "javascript:" not in text, path
