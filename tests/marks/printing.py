"""The printer: a page of the PDF becomes a plane of toner densities, well or badly."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pypdfium2

from tests.marks.pens import Plane
from tests.marks.planes import clouds, noise
from tests.marks.shapes import Rng

PRINTS = {"good": 0.42, "light": 0.15, "fat": 0.13, "mottled": 0.14, "copy": 0.08, "banding": 0.08}
_FULL = 2.3  # density of good toner: some 10 % of the light comes back


class Press:
    """Gives the pages of a PDF as toner."""

    def __init__(self, pdf: Path) -> None:
        self._document = pypdfium2.PdfDocument(pdf)

    def __enter__(self) -> Press:
        return self

    def __exit__(self, *_: object) -> None:
        self._document.close()

    def __len__(self) -> int:
        return len(self._document)

    def page(self, index: int, dpi: int) -> Plane:
        """Return the cover (0 to 1) of a page of the PDF, from 0."""
        grey = self._document[index].render(scale=dpi / 72, grayscale=True).to_numpy()
        grey = grey[..., 0] if grey.ndim == 3 else grey
        return np.asarray(1 - grey.astype(np.float32) / 255, np.float32)


def printed(cover: Plane, kind: str, pixels: float, rng: Rng) -> Plane:
    """Return toner densities of a print of the ``kind``, for a picture of ``pixels`` per mm."""
    return _PRINTERS[kind](cover, pixels, rng)


def _good(cover: Plane, pixels: float, rng: Rng) -> Plane:
    return np.asarray(cover * np.float32(_FULL * rng.uniform(0.85, 1.1)), np.float32)


def _light(cover: Plane, pixels: float, rng: Rng) -> Plane:
    """A nearly empty cartridge: pale, paler along one side, edges eaten."""
    level = 0.62 * (1 + 0.28 * clouds(cover.shape, 3, rng)) * rng.uniform(0.75, 1.25)
    return np.asarray(np.clip(cover * 1.15 - 0.15, 0, 1) * np.maximum(level, 0.32), np.float32)


def _fat(cover: Plane, pixels: float, rng: Rng) -> Plane:
    """Too much toner: lines gain some .1 mm, with dust of toner about."""
    gain = max(1, round(rng.uniform(0.05, 0.11) * pixels))
    grown = cv2.dilate(cover, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gain + 1, 2 * gain + 1)))
    halo = cv2.blur(grown, (2 * gain + 5, 2 * gain + 5))
    return np.asarray(_FULL * (1.1 * grown + 0.12 * halo * (noise(cover.shape, 1, rng) > 0.8)), np.float32)


def _mottled(cover: Plane, pixels: float, rng: Rng) -> Plane:
    """Toner that came off in specks, on rough paper or with a weak fuser."""
    tile = cv2.GaussianBlur(noise((768, 768), 1, rng), (0, 0), rng.uniform(0.09, 0.2) * pixels)
    tile = tile / tile.std()
    holes = np.tile(np.clip((tile - rng.uniform(0.8, 1.8)) * 2, 0, 1), (6, 6))[: cover.shape[0], : cover.shape[1]]
    return np.asarray(cover * _FULL * 0.9 * (1 - 0.9 * holes), np.float32)


def _copy(cover: Plane, pixels: float, rng: Rng) -> Plane:
    """A copy of a copy: lines swollen or broken by hard contrast, specks all over, a grey veil."""
    for _ in range(2):
        soft = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.05, 0.085) * pixels) + noise(cover.shape, 0.05, rng)
        cover = np.clip((soft - rng.uniform(0.3, 0.45)) * 3.2 + 0.5, 0, 1)
    specks = cv2.dilate((noise(cover.shape, 1, rng) > 4.1).astype(np.float32), np.ones((2, 2), np.uint8))
    veil = rng.uniform(0.01, 0.05)
    return np.asarray(np.maximum(cover, specks * 0.7) * _FULL * 0.85 + veil, np.float32)


def _banding(cover: Plane, pixels: float, rng: Rng) -> Plane:
    """Bands across the feed: a drum or a gear that turns unevenly; one band in ten nearly without toner."""
    y = np.arange(cover.shape[0]) / pixels
    period = rng.uniform(3, 14)
    band = 0.68 + 0.32 * np.sin(2 * np.pi * y / period + rng.uniform(0, 6))
    faint = np.abs((y - rng.uniform(0, 60)) % rng.uniform(60, 95)) < rng.uniform(0.6, 2.0)
    return np.asarray(cover * (_FULL * np.where(faint, 0.3, band))[:, None].astype(np.float32), np.float32)


_PRINTERS = {
    "good": _good,
    "light": _light,
    "fat": _fat,
    "mottled": _mottled,
    "copy": _copy,
    "banding": _banding,
}
