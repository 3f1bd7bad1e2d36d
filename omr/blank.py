"""The sheet's own blank print, drawn from its Layout: what the reader expects to see before anyone wrote on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from forms.layout import Box, Text
from forms.layout import Page as LayoutPage
from omr.image import Grey

_FINE = 3  # drawn this much finer and averaged down: edges get their true grey
_BAND = 64  # rows averaged at once: Pillow hands out copies, and the fine drawing has 20 MB
_MM_PER_PT = 25.4 / 72
_FONTS = {"serif": "NotoSerifSC-Regular.otf", "sans": "NotoSansSC-Regular.otf"}
Fonts = Callable[[str, float], ImageFont.FreeTypeFont]


def draw(page_mm: tuple[float, float], page: LayoutPage, scale: float) -> Grey:
    """Return the darkness of the blank page, 0 paper … 255 full ink, at ``scale`` px per mm.

    Text with placeholders (the sheet's number) is left out: it differs from copy to copy.
    """
    fine = scale * _FINE
    width, height = (round(side * scale) for side in page_mm)
    image = Image.new("L", (width * _FINE, height * _FINE), 0)
    pen = ImageDraw.Draw(image)
    for rule in page.rules:
        _line(pen, [(rule.x1, rule.y1), (rule.x2, rule.y2)], rule.width, fine)
    for shape in page.shapes:
        if shape.fill:
            pen.polygon([(x * fine, y * fine) for x, y in shape.points], fill=255)
        else:
            _line(pen, [*shape.points, *shape.points[: int(shape.closed)]], shape.width, fine)
    for mark in page.fiducials:
        _rectangle(pen, mark.x, mark.y, mark.w, mark.h, fine)
    fonts = cache(_font)  # for this drawing only: each keeps up to 12 MB of its file mapped
    for text in page.texts:
        if "{" not in text.string:
            _text(pen, text, fine, fonts)
    for question in page.questions:
        for box in question.boxes:
            _box(pen, box, fine)
    return _averaged(image, width, height)


def _averaged(image: Image.Image, width: int, height: int) -> Grey:
    out = np.empty((height, width), np.uint8)
    for top in range(0, height, _BAND):
        part = out[top : top + _BAND]
        fine = image.crop((0, top * _FINE, image.width, (top + len(part)) * _FINE))
        cv2.resize(np.asarray(fine), (width, len(part)), part, interpolation=cv2.INTER_AREA)
    return out


def _line(pen: ImageDraw.ImageDraw, points: Iterable[tuple[float, float]], width: float, fine: float) -> None:
    pen.line([(x * fine, y * fine) for x, y in points], fill=255, width=max(1, round(width * fine)))


def _rectangle(pen: ImageDraw.ImageDraw, x: float, y: float, w: float, h: float, fine: float) -> None:
    pen.rectangle((round(x * fine), round(y * fine), round((x + w) * fine) - 1, round((y + h) * fine) - 1), fill=255)


def _box(pen: ImageDraw.ImageDraw, box: Box, fine: float) -> None:
    edges = (
        round(box.x * fine),
        round(box.y * fine),
        round((box.x + box.w) * fine) - 1,
        round((box.y + box.h) * fine) - 1,
    )
    width = max(1, round(box.line * fine))
    if box.shape == "ellipse":
        pen.ellipse(edges, outline=255, width=width)
    else:
        pen.rectangle(edges, outline=255, width=width)


def _text(pen: ImageDraw.ImageDraw, text: Text, fine: float, fonts: Fonts) -> None:
    font = fonts(text.face, round(text.size * _MM_PER_PT * fine, 2))
    stroke = round(text.stroke / 2 * fine)  # an outline lies half inside the letter
    x = text.x * fine
    for character in text.string:
        pen.text((x, text.y * fine), character, fill=255, font=font, anchor="ls", stroke_width=stroke, stroke_fill=255)
        x += font.getlength(character) + text.spacing * _MM_PER_PT * fine


def _font(face: str, size_px: float) -> ImageFont.FreeTypeFont:
    path = Path(pylopdf_fonts_zh_cn.__file__).with_name(_FONTS[face])
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)
