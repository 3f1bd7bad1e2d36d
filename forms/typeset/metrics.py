"""How wide a character is. The two shipped fonts are measured with fontTools; nothing is drawn here.

An ideograph that both lack may be in another font of this computer (``forms.rare``): its face is ``rare``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont

from forms import rare

EM_MM = 25.4 / 72  # one point of type in mm
RARE = "rare"  # drawn as shapes, as √ is

FONT_FILES = {"serif": Path(pylopdf_fonts_zh_cn.serif_path()), "sans": Path(pylopdf_fonts_zh_cn.sans_path())}


@dataclass(frozen=True)
class Face:
    """The advances of one font, in em by character code."""

    advances: dict[int, float]

    def __contains__(self, character: str) -> bool:
        return ord(character) in self.advances


@cache
def face(name: str) -> Face:
    """Return the measures of ``serif`` or ``sans``. Raises KeyError."""
    with TTFont(FONT_FILES[name], lazy=True) as font:
        units, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
        return Face({code: metrics[glyph][0] / units for code, glyph in font.getBestCmap().items()})


def face_of(character: str, wanted: str) -> str | None:
    """Return the face that can print a character: the wanted one, else the other, else ``rare``, else None."""
    other = "sans" if wanted == "serif" else "serif"
    shipped = next((name for name in (wanted, other) if character in face(name)), None)
    return shipped or (RARE if rare.outline(character) else None)


def advance(character: str, wanted: str) -> float:
    """Return a character's width in em. One that no font has counts as a full square; ``unprintable`` finds it."""
    found = face_of(character, wanted)
    if found == RARE:
        drawn = rare.outline(character)
        return drawn.advance if drawn else 1.0
    return face(found).advances[ord(character)] if found else 1.0


def unprintable(text: str) -> str:
    """Return the characters of ``text`` that cannot be printed: in no font, invisible, or a placeholder's brace.

    ``√`` is always printable, it is drawn as a shape.
    """
    return "".join(
        character
        for character in dict.fromkeys(text)
        if character in "{}" or not _visible(character) or not face_of(character, "serif")
    )


def _visible(character: str) -> bool:
    # Python knows no ideographs younger than itself, fonts may.
    return character.isprintable() or character == "\u3000" or rare.is_ideograph(character)
