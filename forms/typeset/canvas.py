"""One page in the making: collects texts, rules, shapes, boxes and problems, in mm. ``page()`` freezes it.

``cy`` is always the optical centre of a line of ideographs, 0.38 em above the baseline: it centres text on a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from forms import rare
from forms.errors import FormError
from forms.layout import Box, CodeArea, Fiducial, Page, Question, Region, Rule, Shape, Text
from forms.survey import Question as Asked
from forms.typeset import marks, setting
from forms.typeset.metrics import EM_MM, RARE, advance
from forms.typeset.setting import Style

BOX = 5.0  # outside the ink
OPTICAL_CENTRE_EM = 0.38
HEI_STROKE_EM = 0.025


def mm(value: float) -> float:
    """Round to the four decimals that a layout file keeps."""
    return round(value, 4)


@dataclass
class Canvas:
    """The parts of one page. ``errors`` is shared by all pages of a sheet."""

    errors: list[FormError]
    texts: list[Text] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)

    def write(self, x: float, cy: float, text: str, style: Style) -> float:
        """Write one line from ``x``; return where it ends."""
        placed = setting.glyphs(text, style)
        for run in _runs(placed, style):
            first = run[0]
            if first.face == "tick":
                self.shapes.append(marks.text_tick(x + first.x + style.em / 2, cy, style.em))
                continue
            if first.face == RARE:
                self._draw(x + first.x, cy, first.character, style)
                continue
            self._text(x + first.x, cy, "".join(glyph.character for glyph in run), style, first.face)
        return x + (placed[-1].x + placed[-1].advance if placed else 0.0)

    def write_centred(self, cx: float, cy: float, text: str, style: Style) -> None:
        """Write one line with its middle at ``cx``."""
        self.write(cx - setting.width(text, style) / 2, cy, text, style)

    def write_right(self, right: float, cy: float, text: str, style: Style) -> None:
        """Write one line that ends at ``right``."""
        self.write(right - setting.width(text, style), cy, text, style)

    def write_placeholder(self, x: float, cy: float, text: str, style: Style) -> None:
        """Write a line with ``{placeholders}`` as it stands, in one run."""
        self._text(x, cy, text, style, style.face)

    def write_block(self, x: float, cy: float, lines: Sequence[str], pitch: float, style: Style) -> None:
        """Write lines of one left edge, ``pitch`` apart, centred on ``cy`` as a block."""
        for number, line in enumerate(lines):
            self.write(x, cy + (number - (len(lines) - 1) / 2) * pitch, line, style)

    def rule(self, x1: float, x2: float, y: float, width: float) -> None:
        """Draw a level line."""
        self.rules.append(Rule(mm(x1), mm(y), mm(x2), mm(y), width))

    def ask(self, question_id: str, asked: Asked, centres: Sequence[float], cy: float) -> None:
        """Place the answer boxes of one question on one line."""
        boxes = tuple(
            Box(choice.id, mm(cx - BOX / 2), mm(cy - BOX / 2), BOX, BOX)
            for choice, cx in zip(asked.choices, centres, strict=True)
        )
        self.questions.append(Question(question_id, asked.type, boxes, asked.most))

    def example_box(self, cx: float, cy: float, size: float, *, filled: bool) -> None:
        """Draw a worked-example box, ticked or blackened."""
        self.shapes.append(marks.box_outline(cx, cy, size))
        self.shapes.append(marks.box_fill(cx, cy, size) if filled else marks.box_tick(cx, cy, size))

    def lines(self, region_id: str, x: float, right: float, top: float, ys: Sequence[float]) -> None:
        """Draw writing lines and make them a region from ``top`` to 1.5 below the last."""
        for y in ys:
            self.rule(x, right, y, 0.1)
        height = mm(ys[-1] + 1.5 - top)
        self.regions.append(Region(region_id, "text", mm(x), mm(top), mm(right - x), height, tuple(mm(y) for y in ys)))

    def complain(self, code: str, place: str, **params: object) -> None:
        """Note a problem and go on, so that all are found in one go."""
        self.errors.append(FormError(code, place, params=params))

    def too_long(self, place: str, text: str, room: float, style: Style, lines: int = 1) -> None:
        """Note that a text does not fit, with the number of characters that would."""
        self.complain("too-long", place, text=text.replace("|", ""), most=max(1, int(room / style.em)) * lines)

    def page(self, number: int, fiducials: tuple[Fiducial, ...], code: CodeArea) -> Page:
        """Freeze."""
        return Page(
            number,
            fiducials,
            code,
            tuple(self.questions),
            tuple(self.regions),
            tuple(self.texts),
            tuple(self.rules),
            tuple(self.shapes),
        )

    def _draw(self, x: float, cy: float, character: str, style: Style) -> None:
        outline = rare.outline(character)
        if outline is None:
            raise KeyError(character)  # it was there when the line was measured
        # Fonts of rare characters are Song: among the even strokes of Hei one needs thicker hairlines.
        stroke = style.stroke + (HEI_STROKE_EM * style.em if style.face == "sans" else 0.0)
        self.shapes += rare.shapes(outline, x, cy + OPTICAL_CENTRE_EM * style.em, style.em, mm(stroke))

    def _text(self, x: float, cy: float, string: str, style: Style, face: str) -> None:
        baseline = cy + OPTICAL_CENTRE_EM * style.em
        spacing = mm(style.spacing / EM_MM)
        self.texts.append(Text(mm(x), mm(baseline), style.size, face, string, mm(style.stroke), spacing))


def _runs(placed: list[setting.Glyph], style: Style) -> list[list[setting.Glyph]]:
    """Cut a line where the face changes or a squeezed mark makes the next character start early."""
    runs: list[list[setting.Glyph]] = []
    cut = True
    for _, group in groupby(placed, key=lambda glyph: glyph.face):
        cut = True
        for glyph in group:
            if cut or glyph.face in ("tick", RARE):
                runs.append([])
            runs[-1].append(glyph)
            natural = advance(glyph.character, style.face) * style.em + style.spacing
            cut = glyph.advance < natural - style.spacing - 1e-9
    return runs
