"""Values file (YAML) → Values: what differs from meeting to meeting. Reports every mistake at once."""

from __future__ import annotations

import re
from pathlib import Path

from forms.errors import FormErrors
from forms.names import tidy
from forms.nodes import Source, Table, compose, decode
from forms.survey import Values

KEYS = ("unit", "subject", "date", "members")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
MOST_MEMBERS = 99 * 25


def load_file(path: Path) -> tuple[Values, dict[str, int]]:
    """Read a values file: the values, and the line of each place. Raises FormErrors, or OSError."""
    return load_text(decode(path.read_bytes(), path.name), path.name)


def load_text(text: str, name: str) -> tuple[Values, dict[str, int]]:
    """Read a values text: the values, and the line of each place (``members[3]``). Raises FormErrors."""
    source = Source()
    table = Table(source, compose(text, name), "", KEYS)
    members = [(place, tidy(name)) for place, name in table.texts("members", 0, MOST_MEMBERS, 60)]
    source.once(members, "duplicate-name")
    values = Values(
        unit=table.text("unit", required=False),
        subject=table.text("subject", required=False),
        date=_date(table.text("date", required=False, most=40)),
        members=tuple(member for _, member in members),
    )
    if source.errors:
        raise FormErrors(source.errors, name)
    return values, source.lines


def _date(text: str) -> str:
    """Write 2011-07-15 as 2011年7月15日; any other wording is kept to the letter."""
    match = _ISO_DATE.fullmatch(text)
    return f"{match[1]}年{int(match[2])}月{int(match[3])}日" if match else text
