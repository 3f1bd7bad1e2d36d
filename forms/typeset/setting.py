"""Chinese text setting: squeezed punctuation, line breaks, runs. Widths in mm, sizes in pt; nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forms.typeset.metrics import EM_MM, advance, face_of

TICK = "√"  # always drawn as a shape, one em wide
SQUEEZE_EM = 0.42  # what the first of two marks in a row gives up
OPENING = frozenset("（“‘《〈【「『〔")
CLOSING = frozenset("，。；：、）”’》〉】」』〕！？·")
_HALF_EMPTY = CLOSING - {"·"} | OPENING  # · stands in the middle of its square: nothing to give up
_NO_BREAK_BEFORE = CLOSING | {TICK, "%", "…", "—"}
_NO_BREAK_AFTER = OPENING | {TICK}
_LAST_LINE_LEAST = 7  # characters; a shorter last line looks like an accident


@dataclass(frozen=True, slots=True)
class Style:
    """A way of writing. ``stroke`` is the outline in mm that stands for bold, ``spacing`` mm between characters."""

    face: str
    size: float
    stroke: float = 0.0
    spacing: float = 0.0

    @property
    def em(self) -> float:
        return self.size * EM_MM

    def at(self, size: float) -> Style:
        """Return the style in another size, its outline in proportion."""
        return replace(self, size=size, stroke=self.stroke * size / self.size)


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character with its place: ``x`` and ``advance`` in mm from the start of the line."""

    character: str
    face: str
    x: float
    advance: float


def glyphs(text: str, style: Style) -> list[Glyph]:
    """Place the characters of one line; two punctuation marks in a row move together."""
    placed, x = [], 0.0
    for here, after in zip(text, [*text[1:], ""], strict=False):
        width = 1.0 if here == TICK else advance(here, style.face)
        if _squeezed(here, after):
            width -= SQUEEZE_EM
        step = width * style.em + (style.spacing if after else 0.0)
        face = "tick" if here == TICK else face_of(here, style.face) or style.face
        placed.append(Glyph(here, face, x, step))
        x += step
    return placed


def width(text: str, style: Style) -> float:
    """Return the width of one line in mm."""
    line = glyphs(text, style)
    return line[-1].x + line[-1].advance if line else 0.0


def _squeezed(here: str, after: str) -> bool:
    if here in CLOSING and here in _HALF_EMPTY:
        return after in _HALF_EMPTY
    return here in OPENING and after in OPENING


def fitting(text: str, room: float, style: Style, least: float) -> Style | None:
    """Return the style in the greatest size, in steps of 0.5 pt down to ``least``, in which one line fits ``room``."""
    size = style.size
    while size >= least:
        if width(text, style.at(size)) <= room:
            return style.at(size)
        size -= 0.5
    return None


def break_lines(text: str, rooms: list[float], style: Style) -> list[str]:
    """Break run-on text greedily; line i has ``rooms[i]`` mm, further lines have the last one's.

    No line begins with a closing or ends with an opening mark; numbers and words stay whole. A last line of fewer
    than seven characters is avoided by breaking the line before it after its last comma.
    """
    lines: list[str] = []
    rest = text
    while rest:
        room = rooms[min(len(lines), len(rooms) - 1)]
        cut = _cut(rest, room, style)
        lines.append(rest[:cut])
        rest = rest[cut:]
    return _longer_last(lines, rooms, style)


def _cut(text: str, room: float, style: Style) -> int:
    line = glyphs(text, style)
    fits = sum(1 for glyph in line if glyph.x + glyph.advance <= room + 1e-6)
    if fits == len(text):
        return fits
    # A mark at the end of a line is no longer followed by another, and takes its full width again.
    cuts = [cut for cut in range(fits, 0, -1) if width(text[:cut], style) <= room + 1e-6]
    return next((cut for cut in cuts if breakable(text, cut)), cuts[0] if cuts else 1)


def breakable(text: str, cut: int) -> bool:
    """Tell whether a line may end before ``text[cut]``."""
    before, after = text[cut - 1], text[cut]
    if after in _NO_BREAK_BEFORE or before in _NO_BREAK_AFTER:
        return False
    if before.isascii() and after.isascii():
        return before == " "
    return not (before == "." and cut >= 2 and text[cut - 2].isdigit())  # "3." stays with what it counts


def _longer_last(lines: list[str], rooms: list[float], style: Style) -> list[str]:
    if len(lines) < 2 or len(lines[-1]) >= _LAST_LINE_LEAST:
        return lines
    last_but_one = lines[-2]
    comma = max(last_but_one.rfind(mark, 0, len(last_but_one) - 1) for mark in "，、；。")
    moved = last_but_one[comma + 1 :] + lines[-1]
    room = rooms[min(len(lines), len(rooms)) - 1]
    if comma < len(last_but_one) // 2 or width(moved, style) > room:
        return lines
    return [*lines[:-2], last_but_one[: comma + 1], moved]


def wished_lines(text: str, room: float, style: Style) -> list[str]:
    """Set a text that may carry a wished-for break ``|``: one line if it fits, else broken there, else greedily."""
    whole = text.replace("|", "")
    if width(whole, style) <= room:
        return [whole]
    parts = text.split("|")
    if len(parts) > 1 and all(width(part, style) <= room for part in parts):
        return parts
    return break_lines(whole, [room], style)


def spaced_name(name: str) -> str:
    """Return a two-character name with a full space inside, so that it is as wide as one of three."""
    return f"{name[0]}\u3000{name[1]}" if len(name) == 2 and not name.isascii() else name


def name_lines(name: str, room: float, style: Style, least: float) -> tuple[Style, list[str]] | None:
    """Set a name on one line, shrunk to ``least`` pt if need be, else on two, broken after the · nearest the middle.

    Returns None where two lines don't hold it: a name is never cut.
    """
    text = spaced_name(name)
    fitted = fitting(text, room, style, least)
    if fitted:
        return fitted, [text]
    small = style.at(least)
    dots = [cut for cut in range(1, len(text)) if text[cut - 1] == "·"]
    cuts = dots or [cut for cut in range(1, len(text)) if breakable(text, cut)]
    for cut in sorted(cuts, key=lambda cut: abs(cut - len(text) / 2)):
        lines = [text[:cut], text[cut:]]
        if all(width(line, small) <= room for line in lines):
            return small, lines
    return None
