"""Layout → picture of one page for the screen: the specimen. Draws what ``forms.body`` prints, without a PDF.

A PDF needs its fonts cut for the characters of the page, which takes most of a second on a busy computer; FreeType
draws the letters straight from the shipped files. A test holds the two against each other.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from forms.body import filled
from forms.layout import Box, Layout, Page, Text
from forms.typeset.metrics import EM_MM, FONT_FILES, advance

SPECIMEN = "样张"  # stands for the sheet's number and for its QR code, so that no specimen passes for an issued sheet
FINE = 4  # drawn this much finer and averaged down: hairlines keep their weight
BLACK, WHITE = 0, 255
CODE_FRAME_MM = 0.3
CODE_LABEL_PT = 14.0
OPTICAL_CENTRE_EM = 0.38


def page_image(layout: Layout, page: int, dpi: float) -> Image.Image:
    """Return a page of the specimen as a grey picture of ``page_mm`` × dpi / 25.4 pixels.

    Raises KeyError where the layout has no such page.
    """
    place = layout.page(page)
    width, height = (round(side / 25.4 * dpi) for side in layout.page_mm)
    image = Image.new("L", (width * FINE, height * FINE), WHITE)
    pen = _Pen(ImageDraw.Draw(image), dpi / 25.4 * FINE)
    _lines(pen, place)
    for text in place.texts:
        pen.text(replace(text, string=filled(layout, place, text.string).replace("{sheet}", SPECIMEN)))
    _code(pen, place)
    return image.reduce(FINE)


def preview_png(layout: Layout, page: int = 1, dpi: float = 110) -> bytes:
    """Return a page of the specimen as a PNG file. Raises KeyError where the layout has no such page."""
    stream = io.BytesIO()
    page_image(layout, page, dpi).save(stream, "PNG")
    return stream.getvalue()


def _lines(pen: _Pen, page: Page) -> None:
    for mark in page.fiducials:
        pen.block(mark.x, mark.y, mark.x + mark.w, mark.y + mark.h)
    for rule in page.rules:
        pen.block(rule.x1, rule.y1 - rule.width / 2, rule.x2, rule.y1 + rule.width / 2)
    for question in page.questions:
        for box in question.boxes:
            pen.frame(box)
    for shape in page.shapes:
        if shape.fill:
            pen.area(shape.points)
        else:
            pen.path([*shape.points, *shape.points[: 2 * shape.closed]], shape.width)


def _code(pen: _Pen, page: Page) -> None:
    """Draw an empty frame with 样张 in it where a copy has its QR code."""
    area, em = page.code, CODE_LABEL_PT * EM_MM
    pen.frame(Box("", area.x, area.y, area.w, area.h, line=CODE_FRAME_MM))
    x, y = area.x + area.w / 2 - em, area.y + area.h / 2 + OPTICAL_CENTRE_EM * em
    pen.text(Text(x, y, CODE_LABEL_PT, "serif", SPECIMEN))


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws in mm on a picture of ``scale`` pixels a mm."""

    draw: ImageDraw.ImageDraw
    scale: float

    def block(self, left: float, top: float, right: float, bottom: float) -> None:
        """Fill a rectangle; a hairline is at least one fine pixel thick."""
        x, y = round(left * self.scale), round(top * self.scale)
        width = max(1, round((right - left) * self.scale))
        height = max(1, round((bottom - top) * self.scale))
        self.draw.rectangle((x, y, x + width - 1, y + height - 1), fill=BLACK)

    def frame(self, box: Box) -> None:
        """Draw an outline inside a rectangle."""
        edges = [round(side * self.scale) for side in (box.x, box.y, box.x + box.w, box.y + box.h)]
        edges[2:] = edges[2] - 1, edges[3] - 1
        self.draw.rectangle(edges, outline=BLACK, width=max(1, round(box.line * self.scale)))

    def area(self, points: Sequence[tuple[float, float]]) -> None:
        """Fill an outline."""
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=BLACK)

    def path(self, points: Sequence[tuple[float, float]], width: float) -> None:
        """Draw a line through points; a closed one goes on past its start, so that the corner there is whole."""
        placed = [(x * self.scale, y * self.scale) for x, y in points]
        self.draw.line(placed, fill=BLACK, width=max(1, round(width * self.scale)), joint="curve")

    def text(self, text: Text) -> None:
        """Write one run, letter by letter, as wide as it was set; an outline lies half inside its letter."""
        font = _font(text.face, text.size * EM_MM * self.scale)
        x, stroke = text.x, text.stroke / 2 * self.scale
        for letter in text.string:
            at = (x * self.scale, text.y * self.scale)
            self.draw.text(at, letter, fill=BLACK, font=font, anchor="ls", stroke_width=stroke)
            x += (advance(letter, text.face) * text.size + text.spacing) * EM_MM


@lru_cache(maxsize=64)
def _font(face: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT_FILES[face], size, layout_engine=ImageFont.Layout.BASIC)
