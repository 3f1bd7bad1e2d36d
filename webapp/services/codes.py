"""Sheet codes that a person types from the paper, checked against the sheets that were issued."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import code
from webapp.errors import InvalidInput
from webapp.models import IssuedSheet, Layout, PrintRun
from webapp.services.layouts import parse


def identify(session: Session, text: str, sheet_page: int = 1) -> tuple[IssuedSheet, code.SheetCode]:
    """Return the issued sheet whose number was typed, and its whole code.

    ``text`` is the number as printed (``K7Q2-3F8M``, look-alikes allowed) or all 18 characters from a hand scanner,
    which then tell the page too. Raises InvalidInput "bad-typed-code", "sheet-not-issued" and "bad-sheet-page".
    """
    typed = code.normalise(text)
    if len(typed) == code.LENGTH and typed[16:].isdecimal():
        sheet_page, typed = int(typed[16:]), typed[:8]
    if len(typed) != 8 or not set(typed) <= set(code.ALPHABET):
        raise InvalidInput("bad-typed-code", text=text.strip()[:40])
    issued = session.get(IssuedSheet, typed)
    if issued is None:
        raise InvalidInput("sheet-not-issued", sheet=code.readable(typed))
    digest = session.get_one(PrintRun, issued.print_run_id).layout_digest
    pages = len(parse(session.get_one(Layout, digest).source).pages)
    if not 1 <= sheet_page <= pages:
        raise InvalidInput("bad-sheet-page", pages=pages)
    return issued, code.SheetCode(typed, digest, sheet_page)
