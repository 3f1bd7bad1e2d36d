"""Printed by the product, marked by hand-drawn lines, written as real files: PDF, TIFF, JPEG, PNG."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
from PIL import Image

from forms import code, loader, render
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from omr.image import Grey

MEMBERS = ("王芳", "李建国", "张丽娟", "巴特尔", "乌云其其格", "陈志远", "刘洋", "赵淑珍")
DPI = 200
ANSWERS = {"rater_class": "staff", "q1": "satisfied", "q2": "fairly", "q3": "dissatisfied"}


@dataclass
class Printed:
    """Copies of one form: layout, sheets, and each page as a grey image at ``DPI``."""

    layout: Layout
    sheets: list[str]
    pages: list[Grey]
    path: Path


@dataclass
class Stack:
    """Writes images as the files that scanners make."""

    folder: Path
    made: int = field(default=0)

    def path(self, suffix: str) -> Path:
        self.made += 1
        return self.folder / f"scan{self.made}{suffix}"

    def jpeg_pdf(self, pages: list[Grey], rotate: int = 0, password: str = "") -> Path:
        pdf = pikepdf.new()
        for grey in pages:
            data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
            add_image_page(pdf, data, grey.shape, "/DCTDecode", rotate)
        path = self.path(".pdf")
        encryption = pikepdf.Encryption(user=password, owner=password) if password else False
        pdf.save(path, encryption=encryption)
        return path

    def tiff(self, pages: list[Grey], compression: str) -> Path:
        images = [Image.fromarray(grey) for grey in pages]
        if compression == "group4":
            images = [image.point(lambda v: 255 if v > 140 else 0).convert("1") for image in images]
        path = self.path(".tif")
        images[0].save(path, save_all=True, append_images=images[1:], compression=compression, dpi=(DPI, DPI))
        return path

    def image(self, grey: Grey, suffix: str, **options: object) -> Path:
        path = self.path(suffix)
        Image.fromarray(grey).save(path, dpi=(DPI, DPI), **options)
        return path


def add_image_page(pdf: pikepdf.Pdf, data: bytes, shape: tuple[int, ...], encoding: str, rotate: int = 0) -> None:
    height, width = shape[:2]
    image = pikepdf.Stream(pdf, data)
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height, image.BitsPerComponent = width, height, 8
    image.ColorSpace = pikepdf.Name.DeviceGray
    image.Filter = pikepdf.Name(encoding)
    w, h = width * 72 / DPI, height * 72 / DPI
    page = pdf.add_blank_page(page_size=(w, h))
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=pdf.make_indirect(image)))
    page.Contents = pikepdf.Stream(pdf, f"q {w} 0 0 {h} 0 0 cm /Im0 Do Q".encode())
    if rotate:
        page.Rotate = rotate


def scanned(page: Grey, seed: int = 1) -> Grey:
    """Paper is not white and scanners are not silent."""
    noise = np.random.default_rng(seed).normal(0, 4, page.shape)
    return np.clip(page * 0.9 + 12 + noise, 0, 255).astype(np.uint8)


def tick(grey: Grey, layout: Layout, answers: Mapping[str, str], dpi: float = DPI) -> None:
    """Draw a √ into the boxes named, in place."""
    for question, choice in answers.items():
        _, asked = layout.question(question)
        box = next(b for b in asked.boxes if b.id == choice)
        path = (np.array([(-1.6, 0.1), (-0.4, 1.6), (2.1, -2.4)]) + np.array([box.cx, box.cy])) * dpi / 25.4 * 16 - 8
        cv2.polylines(grey, [path.round().astype(np.int32)], False, 50, max(2, round(0.5 * dpi / 25.4)), cv2.LINE_AA, 4)


def print_form(form: str, copies: int, folder: Path, members: tuple[str, ...] = MEMBERS) -> Printed:
    values = Values(
        unit="材料科学与工程学院党委", subject="材料科学与工程学院党委", date="2011年7月15日", members=members
    )
    layout = typeset(loader.preset(form), values)
    chance = random.Random(7)  # the same numbers each time: tesseract can't read every one
    sheets = [code.new_sheet(layout.digest, choose=chance.choice) for _ in range(copies)]
    path = folder / f"{form}-{layout.digest}.pdf"
    render.write_pdf(layout, sheets, path)
    pages = []
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            pages.append(page.render(scale=DPI / 72, grayscale=True).to_numpy().copy())
    return Printed(layout, sheets, pages, path)
