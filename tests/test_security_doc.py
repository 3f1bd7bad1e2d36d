"""What docs/security.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`(test_\w+)`")


def named() -> set[str]:
    """The tests that the threat model names."""
    return set(NAMED.findall((ROOT / "docs" / "security.md").read_text("utf-8")))


def test_every_test_named_in_the_threat_model__exists() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)\(", code, re.M))
    assert len(named()) > 30
    assert named() - there == set()


def test_every_person_of_the_threat_model__has_his_part() -> None:
    heads = re.findall(r"^## (.+)$", (ROOT / "docs" / "security.md").read_text("utf-8"), re.M)
    for who in ("rated leader", "clerk", "reviewer", "rater", "stranger", "thief"):
        assert any(who in head for head in heads), who
