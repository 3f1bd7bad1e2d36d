"""The last way to a page's name: printed text, read by tesseract. Slow (seconds), so only for pages that failed else.

The number beside the QR code is believed where its check fits a layout that was given, the digest's four characters
printed after it are that layout's, readings at two sizes at least say so, and none passes with another number. The
title only says what a page seems to be.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.code import ALPHABET, SheetCode, belongs, normalise
from omr.geometry import Array, patches
from omr.image import Grey
from omr.known import KnownPage

os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # tesseract's own threads fight over a line of text, and take seconds

_PX_PER_MM = 12.0
_LINE_MM, _BARE_MM = 78.0, 40.0  # the number with page and version behind it; the number alone
_SIZES = (1.0, 0.8, 0.6, 0.5)  # of that: tesseract takes S for 5 and 4 for A at one size and not at the next
_TITLE_PT = 14.0  # type of this size and more at the head of a page is its title
_TIMEOUT_S = 20
_NUMBER = re.compile(r"[0-9A-Z]{4}[-–—][0-9A-Z]{4}")
_ENOUGH = 0.5  # share of the title's pairs of characters found


def available() -> bool:
    """Tell whether the tesseract program is there at all; without it such pages go to the tray unread."""
    return shutil.which("tesseract") is not None


def read_number(grey: Grey, matrix: Array, pages: Iterable[KnownPage]) -> SheetCode | None:
    """Return the sheet code as printed in words, or None where it is not beyond doubt."""
    for known in pages:
        place = _number_place(known)
        if place is None:
            continue
        centre, half = place
        patch = patches(grey, matrix, centre, half, _PX_PER_MM)[0]
        texts = (_ocr(cv2.resize(patch, None, fx=f, fy=f, interpolation=cv2.INTER_AREA), "eng", 7) for f in _SIZES)
        sheets = Counter(sheet for text in texts if (sheet := _sheet_in(text, known)))
        if len(sheets) == 1 and sheets.total() > 1:
            return SheetCode(next(iter(sheets)), known.layout.digest, known.page.page)
    return None


def read_bare_number(grey: Grey, matrix: Array, known: KnownPage, pages: Iterable[KnownPage]) -> SheetCode | None:
    """Return the sheet code of a page whose rows said it is ``known``, where the version beside its number is lost.

    The check must fit at two sizes of four with one number, and that number must fit no other layout of ``pages``. The
    check finds any one wrong character, and passes one in 32 of numbers with more.
    """
    place = _number_place(known, _BARE_MM)
    if place is None:
        return None
    patch = patches(grey, matrix, *place, _PX_PER_MM)[0]
    texts = (_ocr(cv2.resize(patch, None, fx=f, fy=f, interpolation=cv2.INTER_AREA), "eng", 7) for f in _SIZES)
    digest = known.layout.digest
    read = [normalise(found.group()) for text in texts if (found := _NUMBER.search(text.upper()))]
    sheets = Counter(sheet for sheet in read if set(sheet) <= set(ALPHABET) and belongs(sheet, digest))
    others = {other.layout.digest for other in pages} - {digest}
    if len(sheets) != 1 or sheets.total() < 2:
        return None
    sheet = next(iter(sheets))
    if any(belongs(sheet, other) for other in others):
        return None
    return SheetCode(sheet, digest, known.page.page)


def seems(grey: Grey, pages: Iterable[KnownPage]) -> KnownPage | None:
    """Return the page whose title stands at the head of the image, whichever way up; None for a foreign page."""
    pages = list(pages)
    factor = max(1.0, max(grey.shape) / 1700)
    small = cv2.resize(grey, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    for turns in range(4):
        upright = np.ascontiguousarray(np.rot90(small, turns))
        head = upright[: upright.shape[0] // 4].astype(np.uint8, copy=False)
        found = _pairs(_ocr(head, "chi_sim", 6))
        scored = [(_share(_pairs(title_of(known)), found), index) for index, known in enumerate(pages)]
        best, index = max(scored, default=(0.0, 0))
        if best >= _ENOUGH:
            return pages[index]
    return None


def title_of(known: KnownPage) -> str:
    """Return the title as printed: the large type at the head of the page."""
    head = [t for t in known.page.texts if t.size >= _TITLE_PT and t.y < 0.2 * known.layout.page_mm[1]]
    return "".join(text.string for text in sorted(head, key=lambda t: (t.y, t.x)))


def _number_place(known: KnownPage, width: float = _LINE_MM) -> tuple[Array, tuple[float, float]] | None:
    for text in known.page.texts:
        if "{sheet}" in text.string:
            height = text.size * 0.3528 * 1.9
            left = text.x - 1.5  # without the word before it, which is no number
            return np.array([[left + width / 2, text.y - text.size * 0.3528 * 0.36]]), (width / 2, height / 2)
    return None


def _sheet_in(text: str, known: KnownPage) -> str | None:
    match = _NUMBER.search(text.upper())
    if match is None:
        return None
    sheet = normalise(match.group())
    rest = normalise(text[match.end() :])
    if known.layout.digest[:4] not in rest or not set(sheet) <= set(ALPHABET):
        return None
    return sheet if belongs(sheet, known.layout.digest) else None


def _ocr(image: NDArray[Any], language: str, layout_mode: int) -> str:
    import pytesseract  # here: it takes a page's time to load, and hardly a stack needs it

    try:
        text = pytesseract.image_to_string(image, lang=language, config=f"--psm {layout_mode}", timeout=_TIMEOUT_S)
    except (pytesseract.TesseractError, RuntimeError):  # missing language data, or the time is up: not read
        return ""
    return str(text)


def _pairs(text: str) -> set[str]:
    plain = "".join(c for c in text if "\u4e00" <= c <= "\u9fff")
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def _share(wanted: set[str], found: set[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 0.0
