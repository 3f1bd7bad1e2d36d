"""Lays a page whose code can't be read: its marks, outlines and printed rows tell which form it is, if not which sheet.

So whoever types the number sees the page upright and sharp, with the handwriting covered where the form has it. Nothing
is read here: answers without a sheet belong to nobody.
"""

from __future__ import annotations

from omr import locate, register, verify
from omr.image import Page
from omr.known import KnownLayouts, KnownPage
from omr.settings import ReaderSettings

_MOST_PAGES = 12  # layouts' pages that are tried
_MOST_GUESSES = 3
_ALIKE = 0.5  # mean likeness of the rows' printed text; another form's rows have .2
_FOUND = 0.9  # share of the outlines


def lay(
    page: Page, layouts: KnownLayouts, form: str, settings: ReaderSettings
) -> tuple[KnownPage, register.Placed] | None:
    """Return the layout's page that a page shows beyond doubt, and how it lies; None where it is not.

    ``form`` is what its title says it is; empty where the title says nothing.
    """
    guesses = locate.hypotheses(
        locate.find_blobs(page.grey, settings.locate), layouts.geometries, page.grey.shape[:2], settings.locate
    )
    found: list[tuple[float, int, KnownPage, register.Placed]] = []
    for guess in guesses[:_MOST_GUESSES]:
        same = [k for k in layouts.pages() if k.geometry == guess.geometry and form in ("", k.layout.form)]
        for known in same[:_MOST_PAGES]:
            corners = locate.refine(page.grey, guess, settings.register)
            placed = register.place(page.grey, guess, corners, known.target.boxes_mm, settings.register)
            if placed.fit.found < _FOUND * len(known.target.boxes_mm):
                continue
            if verify.trouble_of(page.grey, placed, known, settings.register) is None:
                found.append((verify.likeness(page.grey, placed, known), len(found), known, placed))
    best = max(found, default=None)
    return (best[2], best[3]) if best and best[0] >= _ALIKE else None
