"""Ideographs that the shipped fonts lack: which other font on this computer has them, and their outlines.

The office's own fonts are asked before the installed ones: who put a font there wants it used. On a sheet such a
character is drawn, not typed: its outline becomes shapes of the layout, so that a sheet is printed and read alike on a
computer without that font.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTCollection, TTFont, TTLibError

from forms import font_files
from forms.layout import Shape

Point = tuple[float, float]
Contour = tuple[Point, ...]
_RANGES = ((0x2E80, 0x2FDF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD))
_STEPS = 4  # straight pieces a curve: under 0.01 mm off at the sizes of a sheet
_BROKEN = (TTLibError, OSError, ValueError, KeyError, AssertionError, IndexError)  # what fontTools says of bad files

_DRAWING = Lock()  # an open font reads its file as glyphs are asked for
_office_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class FontFile:
    """One face of one font file, with what tells that the file was changed."""

    path: Path
    number: int  # within a collection; else 0
    stamp: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Outline:
    """A character in em, y down, from its origin on the baseline. Ink is where the contours wind around."""

    advance: float
    contours: tuple[Contour, ...]


def look_in(folder: Path | None) -> None:
    """Set the folder of the office's own fonts. It may be missing; what is put in later is found."""
    global _office_folder  # which fonts there are is a fact of the computer, not of a form
    _office_folder = folder


def is_ideograph(character: str) -> bool:
    """Tell whether a character is one that may be looked for: scripts that join their letters can't be drawn singly."""
    return any(first <= ord(character) <= last for first, last in _RANGES)


def outline(character: str) -> Outline | None:
    """Return a character's outline from the first font that has it, None where none has or it is no ideograph."""
    found = _find(character)
    return found[1] if found else None


def font_of(character: str) -> FontFile | None:
    """Return the font that ``outline`` draws from."""
    found = _find(character)
    return found[0] if found else None


def broken() -> list[Path]:
    """Return the files in the office's folder that are no usable fonts."""
    return [path for path in font_files.office_fonts(_office_folder) if _face(path) is None]


def shapes(character: Outline, x: float, baseline: float, em: float, stroke: float = 0.0) -> list[Shape]:
    """Return a character as shapes in mm: filled areas, and with ``stroke`` (mm) the outline that stands for bold."""
    placed = [[(round(x + px * em, 4), round(baseline + py * em, 4)) for px, py in c] for c in character.contours]
    areas = [Shape(tuple(area)) for area in _areas(placed)]
    return areas + [Shape(tuple(contour), fill=False, width=stroke) for contour in placed if stroke]


def _find(character: str) -> tuple[FontFile, Outline] | None:
    if not is_ideograph(character):
        return None
    for path in (*font_files.office_fonts(_office_folder), *font_files.installed()):
        face = _face(path)
        if face and ord(character) in _codes(face) and (drawn := _outline(face, ord(character))).contours:
            return face, drawn
    return None


def _face(path: Path) -> FontFile | None:
    """Return the face of a file that Chinese is set in; None where it cannot be read, which ``broken`` tells."""
    try:
        about = path.stat()
        face = FontFile(path, _number(path, about.st_mtime_ns), (about.st_mtime_ns, about.st_size))
        _codes(face)
    except _BROKEN:
        return None
    return face


@lru_cache(maxsize=64)
def _number(path: Path, _changed: int) -> int:
    """Return which face of a collection is for simplified Chinese; the first where none says so."""
    if path.suffix.lower() not in (".ttc", ".otc"):
        return 0
    with TTCollection(str(path), lazy=True) as collection:
        names = [str(font["name"].getDebugName(4)) for font in collection.fonts]
    return next((number for number, name in enumerate(names) if name.endswith(" SC")), 0)


@lru_cache(maxsize=64)
def _codes(face: FontFile) -> dict[int, str]:
    """Return the glyphs of the ideographs of a face by code point."""
    with _open(face) as font:
        if "glyf" not in font and "CFF " not in font:
            raise ValueError(f"{face.path}: no outlines")
        return {code: glyph for code, glyph in (font.getBestCmap() or {}).items() if is_ideograph(chr(code))}


@lru_cache(maxsize=4096)
def _outline(face: FontFile, code: int) -> Outline:
    name = _codes(face)[code]
    with _DRAWING:
        glyphs, units = _glyphs(face)
        pen = _Flat(glyphs, units)
        glyphs[name].draw(pen)
        return Outline(glyphs[name].width / pen.units, tuple(tuple(contour) for contour in pen.contours))


@lru_cache(maxsize=2)
def _glyphs(face: FontFile) -> tuple[Any, int]:
    """Return an open font's glyphs and its units an em: opening one of 30 MB takes a third of a second."""
    font = _open(face)
    return font.getGlyphSet(), font["head"].unitsPerEm


def _open(face: FontFile) -> TTFont:
    return TTFont(face.path, lazy=True, fontNumber=face.number)


class _Flat(BasePen):  # type: ignore[misc]  # fontTools' pens have no types
    """Takes a glyph's contours as points in em, y down, curves cut into straight pieces."""

    def __init__(self, glyphs: Any, units: int) -> None:
        super().__init__(glyphs)
        self.units = units
        self.contours: list[list[Point]] = []

    def _moveTo(self, to: Point) -> None:
        self.contours.append([self._em(to)])

    def _lineTo(self, to: Point) -> None:
        if self._em(to) != self.contours[-1][-1]:
            self.contours[-1].append(self._em(to))

    def _curveToOne(self, first: Point, second: Point, to: Point) -> None:
        start = self._getCurrentPoint()
        for step in range(1, _STEPS + 1):
            t, s = step / _STEPS, 1 - step / _STEPS
            weights = (s**3, 3 * t * s * s, 3 * t * t * s, t**3)
            corners = (start, first, second, to)
            self._lineTo(
                (
                    sum(w * corner[0] for w, corner in zip(weights, corners, strict=True)),
                    sum(w * corner[1] for w, corner in zip(weights, corners, strict=True)),
                )
            )

    def _closePath(self) -> None:
        contour = self.contours[-1]
        if len(contour) > 1 and contour[0] == contour[-1]:
            contour.pop()
        if len(contour) < 3:
            self.contours.pop()

    _endPath = _closePath

    def _em(self, at: Point) -> Point:
        return at[0] / self.units, -at[1] / self.units


def _areas(contours: list[list[Point]]) -> Iterator[list[Point]]:
    """Yield simple areas: each outer contour, joined to the holes in it by cuts of no width.

    A layout knows areas of one contour. A cut is passed there and back, so it has no ink under either rule of filling.
    """
    if not contours:
        return
    sign = 1 if _area(max(contours, key=lambda contour: abs(_area(contour)))) > 0 else -1
    outers = [contour for contour in contours if _area(contour) * sign > 0]
    holes: dict[int, list[list[Point]]] = {}
    for hole in (contour for contour in contours if _area(contour) * sign < 0):
        around = [number for number, outer in enumerate(outers) if _inside(hole[0], outer)]
        if around:
            holes.setdefault(min(around, key=lambda number: abs(_area(outers[number]))), []).append(hole)
        else:  # wound against the others but in none of them: ink, too
            yield hole
    for number, outer in enumerate(outers):
        joined = outer
        for hole in holes.get(number, ()):
            joined = _joined(joined, hole)
        yield joined


def _joined(outer: list[Point], hole: list[Point]) -> list[Point]:
    pairs = ((i, j) for i in range(len(outer)) for j in range(len(hole)))
    i, j = min(pairs, key=lambda pair: _gap(outer[pair[0]], hole[pair[1]]))
    return [*outer[: i + 1], *hole[j:], *hole[: j + 1], *outer[i:]]


def _gap(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def _area(contour: list[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(contour, [*contour[1:], contour[0]], strict=True)) / 2


def _inside(point: Point, contour: list[Point]) -> bool:
    x, y = point
    crossings = 0
    for (x1, y1), (x2, y2) in zip(contour, [*contour[1:], contour[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            crossings += 1
    return crossings % 2 == 1
