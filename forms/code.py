"""The sheet code: 18 characters that say which copy, which layout, which page. One codec for printing and reading.

``SSSSSSS C DDDDDDDD PP``: seven random characters and their check (together the *sheet*, shared by all pages of one
copy), the layout's digest, and the page as two decimal digits. The check is a weighted sum over GF(32) of the seven and
the digest: any one wrong character and any two that changed places are found. The page stays out of it, so that all
pages of a copy carry the same sheet; on paper it is guarded by the QR code's own error correction.

The alphabet is Crockford's (no I, L, O, U): what a person reads or types is mapped back to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 18
MAX_PAGES = 99
_VALUE = {character: number for number, character in enumerate(ALPHABET)}
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": None, " ": None, "–": None, "—": None})
_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive: the powers of 2 run through all 31 weights
BACK = "PINGYI BACK"  # what the code on the back of a sheet says; no sheet code, so that nothing takes it for one


class CodeError(ValueError):
    """The text is no sheet code: wrong length, wrong character or wrong check."""


@dataclass(frozen=True, slots=True)
class SheetCode:
    """A decoded code. ``sheet`` is eight characters without the hyphen, its check included."""

    sheet: str
    digest: str
    page: int

    def __str__(self) -> str:
        return f"{self.sheet}{self.digest}{self.page:02d}"

    @property
    def readable(self) -> str:
        """The sheet as printed for people: ``K7Q2-3F8M``."""
        return readable(self.sheet)


def encode_bits(number: int, length: int) -> str:
    """Return ``number`` as ``length`` characters of the alphabet, most significant first."""
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(length)))


def check_character(random7: str, digest: str) -> str:
    """Return the check of seven random characters and a layout digest. Raises KeyError outside the alphabet."""
    total, weight = 0, 1
    for character in random7 + digest:
        weight = _double(weight)
        total ^= _multiply(weight, _VALUE[character])
    return ALPHABET[total]


def new_sheet(digest: str, taken: Collection[str] = (), choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a random sheet (8 characters) for a layout, not among ``taken``."""
    while True:
        random7 = "".join(choose(ALPHABET) for _ in range(7))
        sheet = random7 + check_character(random7, digest)
        if sheet not in taken:
            return sheet


def belongs(sheet: str, digest: str) -> bool:
    """Tell whether a sheet's check fits a layout digest: how a typed or OCR-read number is checked."""
    sheet = normalise(sheet)
    if len(sheet) != 8 or not set(sheet) | set(digest) <= set(ALPHABET):
        return False
    return check_character(sheet[:7], digest) == sheet[7]


def parse(text: str) -> SheetCode:
    """Decode the 18 characters of a QR code. Raises CodeError."""
    value = text.strip().upper()
    if len(value) != LENGTH or not set(value) <= set(ALPHABET) or not value[16:].isdecimal() or value[16:] == "00":
        raise CodeError(text)
    sheet, digest, page = value[:8], value[8:16], int(value[16:])
    if not belongs(sheet, digest):
        raise CodeError(text)
    return SheetCode(sheet, digest, page)


def readable(sheet: str) -> str:
    """Return ``K7Q23F8M`` as ``K7Q2-3F8M``."""
    return f"{sheet[:4]}-{sheet[4:]}"


def normalise(text: str) -> str:
    """Map what a person typed or an OCR engine read onto the alphabet: upper case, no hyphen, O→0, I and L→1."""
    return text.strip().upper().translate(_LOOKALIKES)


def _double(number: int) -> int:
    number <<= 1
    return number ^ _POLYNOMIAL if number & 32 else number


def _multiply(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left, right = _double(left), right >> 1
    return product
