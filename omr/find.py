"""Which sheets lie in an image: marks first, then the code where the marks say it stands, then slower ways.

Each way is slower than the one before it, and is gone only where that one failed. The last ones take seconds; they are
for the few pages that would else go to a tray.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forms.code import SheetCode
from omr import identify, locate, printed, quality, unnamed
from omr.errors import problem
from omr.geometry import Array, apply, px_per_mm
from omr.image import Page
from omr.known import KnownLayouts, KnownPage
from omr.reading import Problem, ProblemCode
from omr.settings import ReaderSettings

_SURE_MM = 2.0  # four marks that fit a geometry this well are a sheet's, whatever its code says
_CODE_OFF_MM = 2.5  # of a code's corner from where the marks put it: curl and three marks of a photo make less
_MOST_OTHERS = 4
_OCR_TRIES = 2  # hypotheses whose printed number is read: each costs half a second


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was found and named: where its page lies, and which it is."""

    code: SheetCode
    known: KnownPage
    hypothesis: locate.Hypothesis
    by_ocr: bool = False
    others: tuple[locate.Hypothesis, ...] = ()  # tried where the first does not bear out
    code_px: Array | None = None  # (4, 2): the code's corners tl, tr, br, bl, where it was read


def find_sheets(
    page: Page, layouts: KnownLayouts, settings: ReaderSettings, assume: SheetCode | None = None
) -> list[Sheet] | Problem:
    """Return the sheets in an image, left to right, or why there is none.

    ``assume`` is the code that a person typed for this page: then only its place is looked for.
    """
    grey = page.grey
    blobs = locate.find_blobs(grey, settings.locate)
    geometries = layouts.geometries
    if assume is not None:
        return _assumed(page, layouts, blobs, assume, settings)
    guesses = locate.hypotheses(blobs, geometries, grey.shape[:2], settings.locate)
    sheets: list[Sheet] = []
    stranger: SheetCode | None = None
    for guess in guesses:
        if any(_share_marks(guess, sheet.hypothesis) for sheet in sheets):
            continue
        code, corners = identify.read_code(grey, guess.matrix, guess.geometry) or (None, None)
        known = code and layouts.find(code.digest, code.page)
        if code and known and known.geometry == guess.geometry:
            ways = [guess, *_others(guesses, guess), *_by_code(guess, corners, blobs)]
            ways.sort(key=lambda way: _is_refuted(way, corners))
            sheets.append(Sheet(code, known, ways[0], others=tuple(ways[1:]), code_px=corners))
            if _covers(guess, grey.shape[:2]):
                break
        elif code:
            stranger = code
    if sheets:
        return sorted(sheets, key=lambda s: float(apply(s.hypothesis.matrix, np.zeros((1, 2)))[0].sum()))
    return _without_marks(page, layouts, guesses, blobs, stranger, settings)


def _others(guesses: list[locate.Hypothesis], taken: locate.Hypothesis) -> tuple[locate.Hypothesis, ...]:
    """Return other ways to see the same page: sets of marks that share some with the one taken."""
    same = [g for g in guesses if g is not taken and g.geometry == taken.geometry and _share_marks(g, taken)]
    return tuple(same[:_MOST_OTHERS])


def _by_code(guess: locate.Hypothesis, corners: Array | None, blobs: list[locate.Blob]) -> Iterator[locate.Hypothesis]:
    """Yield the page as its code places it, with the marks about it and without; where marks may be wrong ones."""
    if corners is not None and (None in guess.blobs or guess.misfit_mm > _SURE_MM):
        yield locate.from_code(corners, guess.geometry, blobs)
        yield locate.from_code(corners, guess.geometry, [])


def _is_refuted(way: locate.Hypothesis, corners: Array | None) -> bool:
    """Tell whether the code doesn't lie where these marks put it: then they are no marks, or not of this sheet."""
    if corners is None:
        return False
    place = way.geometry.code_corners()
    off = np.hypot(*(apply(way.matrix, place) - corners).T).max()
    return bool(off > _CODE_OFF_MM * px_per_mm(way.matrix, place.mean(axis=0)))


def _share_marks(one: locate.Hypothesis, other: locate.Hypothesis) -> bool:
    return any(blob is not None and blob in other.blobs for blob in one.blobs)


def _covers(guess: locate.Hypothesis, shape: tuple[int, int]) -> bool:
    """Tell whether a sheet takes up most of the image, so that there is no place for a second."""
    width, height = guess.geometry.page_mm
    scale = px_per_mm(guess.matrix, np.array([width / 2, height / 2]))
    return width * height * scale**2 > 0.6 * shape[0] * shape[1]


def _assumed(
    page: Page, layouts: KnownLayouts, blobs: list[locate.Blob], code: SheetCode, settings: ReaderSettings
) -> list[Sheet] | Problem:
    known = layouts.find(code.digest, code.page)
    if known is None:
        return problem(ProblemCode.UNKNOWN_LAYOUT, sheet=code.readable, digest=code.digest)
    guesses = locate.hypotheses(blobs, [known.geometry], page.grey.shape[:2], settings.locate)
    if not guesses:
        return problem(ProblemCode.NO_FIDUCIALS, sheet=code.readable)
    return [Sheet(code, known, guesses[0], others=_others(guesses, guesses[0]))]


def _without_marks(
    page: Page,
    layouts: KnownLayouts,
    guesses: list[locate.Hypothesis],
    blobs: list[locate.Blob],
    stranger: SheetCode | None,
    settings: ReaderSettings,
) -> list[Sheet] | Problem:
    """Name a page whose code was not where marks say it is."""
    if not guesses and quality.is_blank(page.grey, settings.quality):
        return problem(ProblemCode.BLANK_PAGE)
    anywhere = identify.find_code(page.grey)
    code = anywhere[0] if anywhere else stranger
    if code is None and identify.is_back(page.grey):
        return problem(ProblemCode.OWN_BACK)
    if code is None:
        return _by_print(page, layouts, guesses, settings)
    known = layouts.find(code.digest, code.page)
    if known is None:
        return problem(ProblemCode.UNKNOWN_LAYOUT, sheet=code.readable, digest=code.digest)
    if anywhere is None:
        return problem(ProblemCode.NO_FIDUCIALS, sheet=code.readable)
    corners, geometry = anywhere[1], known.geometry
    others = (locate.from_code(corners, geometry, []),)
    return [Sheet(code, known, locate.from_code(corners, geometry, blobs), others=others, code_px=corners)]


def _by_print(
    page: Page, layouts: KnownLayouts, guesses: list[locate.Hypothesis], settings: ReaderSettings
) -> list[Sheet] | Problem:
    """Try the printed number; else tell a sheet whose code is lost from a foreign page, by its title."""
    if printed.available():
        for guess in guesses[:_OCR_TRIES]:
            same = [known for known in layouts.pages() if known.geometry == guess.geometry]
            code = printed.read_number(page.grey, guess.matrix, same)
            known = code and layouts.find(code.digest, code.page)
            if code and known:
                return [Sheet(code, known, guess, by_ocr=True, others=_others(guesses, guess))]
        likely = printed.seems(page.grey, layouts.pages())
        laid = likely and unnamed.lay(page, layouts, likely.layout.form, settings)
        if laid and guesses:
            code = printed.read_bare_number(page.grey, laid[1].fit.matrix, laid[0], layouts.pages())
            if code is not None:
                return [Sheet(code, laid[0], guesses[0], by_ocr=True, others=_others(guesses, guesses[0]))]
        if likely is not None:
            return problem(ProblemCode.BAD_CODE, seems=printed.title_of(likely), form=likely.layout.form)
    if any(None not in guess.blobs and guess.misfit_mm < _SURE_MM for guess in guesses):
        return problem(ProblemCode.BAD_CODE, seems="", form="")
    return problem(ProblemCode.NOT_A_SHEET)
