"""What a PDF does with a character: a shipped font has it, another font of this computer has it, or none.

What no font has is never an empty box: 〓 stands for it with a number, and a note at the end gives its code point.
"""

from __future__ import annotations

import unicodedata

from fpdf import FPDF

from forms import rare
from forms.typeset.metrics import RARE, face_of

STANDS_FOR = "〓"
SHIPPED = {"serif": "song", "sans": "hei"}
_NO_INK = frozenset({"Cc", "Cf"})


class Letters:
    """The characters of one document. Fonts are added to ``pdf`` as they are needed, and embedded as subsets."""

    def __init__(self, pdf: FPDF) -> None:
        self.pdf = pdf
        self.added: dict[rare.FontFile, str] = {}
        self.unknown: dict[str, int] = {}  # character → its number in the note

    def readable(self, text: str) -> str:
        """Return a text in which every character can be printed; lines stay as they are."""
        return "".join(self._readable(character) for character in unicodedata.normalize("NFC", text))

    def note(self) -> str:
        """Return the note on what could not be printed, nothing where all could."""
        if not self.unknown:
            return ""
        points = "；".join(f"〔{number}〕U+{ord(character):04X}" for character, number in self.unknown.items())
        return f"注：{STANDS_FOR}处为本机字库中没有的字，其统一码依次为 {points}。"

    def _readable(self, character: str) -> str:
        if character == "\n":
            return character
        if character == "\t":
            return " "
        if unicodedata.category(character) in _NO_INK or _chooses_variant(character):
            return ""
        face = face_of(character, "serif")
        if face is None:
            return f"{STANDS_FOR}〔{self.unknown.setdefault(character, len(self.unknown) + 1)}〕"
        if face == RARE and (font := rare.font_of(character)):
            self._add(font)
        return character

    def _add(self, font: rare.FontFile) -> None:
        if font in self.added:
            return
        self.added[font] = name = f"rare{len(self.added)}"
        self.pdf.add_font(name, "", font.path, collection_font_number=font.number)
        self.pdf.set_fallback_fonts([*SHIPPED.values(), *self.added.values()])


def _chooses_variant(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
