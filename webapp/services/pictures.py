"""Pictures of pages for people: upright, in the frame of the layout, with the handwriting painted over.

Where nobody knows how the sheet lies in the image – the page lies in a tray – nobody knows where the handwriting is:
such a picture is made too coarse to read, and sharp only for a person who asks for the whole page.

Made when asked for and kept in ``instance/cache/``, which may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import select

from forms.layout import Layout, Region
from omr import text
from omr.geometry import Array, apply
from omr.image import Grey
from webapp import models
from webapp.errors import NotFound
from webapp.models import Page, Reading, Scan
from webapp.office import Office
from webapp.services import decoding
from webapp.services.intake import stack_settings
from webapp.services.layouts import parse

VERSION = 5  # of the pictures: a change of what is drawn here makes the old ones useless
SCALE = 8.0  # px per mm: 203 dpi, at which eight times enlarged is still of use
THUMB_WIDTH = 220
JPEG_QUALITY = 82
COVER, HATCH = 236, 214  # greys of what is painted over
HATCH_MM = 5.0
COARSE = 84  # squares across the shorter side of a page that is not placed: 2.5 mm of A4, a third of a character
MARGIN_MM = 3.0  # round the boxes of a question's crop
LEAST_BOXES_MM = 60.0  # width of the crop of a question's boxes
MOST_BYTES = 500_000_000
PRUNE_EVERY = 100  # pictures written between two looks at the size of the folder


@dataclass(frozen=True, slots=True)
class Source:
    """Where a page's image lies and how its sheet lies in it. ``matrix``: layout mm → px of the stored image."""

    sha256: str
    index: int
    reading_id: int
    matrix: tuple[float, ...] = ()
    layout: Layout | None = None
    sheet_page: int = 0

    @property
    def is_placed(self) -> bool:
        """Tell whether the sheet was found in the image."""
        return bool(self.matrix) and self.layout is not None

    def placed(self) -> tuple[Array, Layout]:
        """Return map and layout. Raises NotFound for a page whose sheet was not found."""
        if not self.matrix or self.layout is None:
            raise NotFound("no-such-page")
        return np.reshape(np.array(self.matrix, float), (3, 3)), self.layout

    def regions(self) -> tuple[Region, ...]:
        """Return the places for free writing."""
        found = self.layout.page(self.sheet_page).regions if self.layout else ()
        return tuple(region for region in found if region.kind == "text")

    def tag(self, kind: str) -> str:
        """Return a name that is another one whenever the picture is."""
        value = f"{VERSION} {kind} {self.sha256} {self.index} {self.reading_id} {self.matrix}"
        return hashlib.sha256(value.encode()).hexdigest()[:32]


def source_of(office: Office, page_id: int) -> Source:
    """Return where a page's picture comes from. Raises NotFound for a page without an image."""
    with office.db.read() as session:
        page = session.get(Page, page_id)
        scan = session.get(Scan, page.scan_id) if page and page.scan_id else None
        if page is None or scan is None:
            raise NotFound("no-such-page")
        reading = session.get(Reading, page.reading_id) if page.reading_id else None
        found: dict[str, Any] = (reading.value.get("registration") or {}) if reading else {}
        # of the reading, not of the print run: a sheet that was never issued belongs to no run, yet bears handwriting
        sheet_page = reading.value.get("sheet_page") if reading else None
        row = session.get(models.Layout, reading.layout_digest) if reading and reading.layout_digest else None
        if not found.get("matrix") or row is None or sheet_page is None:
            return Source(scan.sha256, page.index, page.reading_id or 0)
        layout = parse(row.source)
    return Source(scan.sha256, page.index, page.reading_id or 0, tuple(found["matrix"]), layout, sheet_page)


def page_jpeg(office: Office, page_id: int, whole: bool = False) -> bytes:
    """Return a page, upright and edge to edge at ``SCALE`` px per mm; as scanned and coarse where it is not placed.

    ``whole``: a person asked to see a page sharply that is not placed. What is placed stays covered all the same.
    Raises NotFound for a page without an image, FileProblem where the file is damaged.
    """
    source = source_of(office, page_id)
    kind = "page-whole" if whole else "page"
    return cached(office, source.tag(kind), lambda: _jpeg(_upright(office, source, whole=whole)))


def thumb_jpeg(office: Office, page_id: int) -> bytes:
    """Return a small picture of a page, ``THUMB_WIDTH`` px wide. Raises as ``page_jpeg``."""
    source = source_of(office, page_id)
    return cached(office, source.tag("thumb"), lambda: _jpeg(_small(_upright(office, source, 2.0))))


def crop_jpeg(office: Office, page_id: int, question: str) -> bytes:
    """Return the row of one question, over the whole width of the page, without handwriting. Raises NotFound."""
    source = source_of(office, page_id)
    _, layout = source.placed()
    boxes = boxes_of(source, question)
    row = Region("row", "row", 0, boxes.y, layout.page_mm[0], boxes.h)
    return cached(office, source.tag(question), lambda: _jpeg(_part(office, source, row)))


def boxes_jpeg(office: Office, page_id: int, question: str) -> tuple[bytes, float, float]:
    """Return the boxes of one question with what surrounds them, for a paper; width and height of it in mm.

    No handwriting is on it. Raises NotFound for a page without an image, FileProblem where the file is damaged.
    """
    source = source_of(office, page_id)
    part = boxes_of(source, question)
    data = cached(office, source.tag(f"boxes {question}"), lambda: _jpeg(_part(office, source, part)))
    return data, part.w, part.h


def boxes_of(source: Source, question: str) -> Region:
    """Return the part of the page round the boxes of a question, in mm. Raises NotFound."""
    _, layout = source.placed()
    boxes = next((q.boxes for q in layout.page(source.sheet_page).questions if q.id == question), None)
    if not boxes:
        raise NotFound("no-such-question", question=question)
    left, top = min(box.x for box in boxes) - MARGIN_MM, min(box.y for box in boxes) - MARGIN_MM
    right, bottom = max(box.x + box.w for box in boxes) + MARGIN_MM, max(box.y + box.h for box in boxes) + MARGIN_MM
    more = max(0.0, LEAST_BOXES_MM - (right - left)) / 2
    left, right = max(0.0, left - more), min(layout.page_mm[0], right + more)
    return Region("boxes", "boxes", left, top, right - left, bottom - top)


def _part(office: Office, source: Source, part: Region) -> Grey:
    """Return a part of the sheet, upright; handwriting that reaches into it is covered."""
    matrix, _ = source.placed()
    picture = text.cut(_stored(office, source), matrix, part, SCALE)
    for region in source.regions():
        _cover(picture, replace(region, x=region.x - part.x, y=region.y - part.y), SCALE)
    return picture


def original_jpeg(office: Office, page_id: int, whole: bool = False) -> bytes:
    """Return a page as it was scanned, not turned, with the handwriting painted over. ``whole``: see ``page_jpeg``.

    Two sheets in one image are two pages of one picture: both are covered.
    """
    sources = _sources_of_image(office, page_id)
    kind = "original-whole" if whole else "original"
    name = hashlib.sha256(" ".join(source.tag(kind) for source in sources).encode()).hexdigest()[:32]
    return cached(office, name, lambda: _jpeg(_masked_as_scanned(office, sources, whole)))


def tag_of(office: Office, page_id: int, kind: str) -> str:
    """Return the entity tag of a picture. Raises NotFound."""
    return source_of(office, page_id).tag(kind)


def cached(office: Office, name: str, make: Callable[[], bytes]) -> bytes:
    """Return a picture from the cache, made on first use. The folder stays below ``MOST_BYTES``."""
    folder = office.settings.instance / "cache" / "pictures"
    path = folder / f"{name}.jpg"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        data = make()
    try:
        _keep(folder, path, data)
    except OSError:  # a full disk costs time, not the picture
        return data
    return data


def forget(office: Office) -> None:
    """Empty the cache: what its pictures were made of was destroyed."""
    shutil.rmtree(office.settings.instance / "cache" / "pictures", ignore_errors=True)


def _keep(folder: Path, path: Path, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(temporary).replace(path)
    if int(path.stem[:8], 16) % PRUNE_EVERY == 0:  # the name is a digest: one in so many, in whichever process
        prune(folder, MOST_BYTES)


def prune(folder: Path, most_bytes: int) -> None:
    """Delete the oldest pictures until the folder holds at most ``most_bytes``."""
    files = [(entry.stat(), entry.path) for entry in os.scandir(folder) if entry.is_file()]
    total = sum(stat.st_size for stat, _ in files)
    for stat, path in sorted(files, key=lambda each: each[0].st_mtime):
        if total <= most_bytes:
            return
        Path(path).unlink(missing_ok=True)
        total -= stat.st_size


def _sources_of_image(office: Office, page_id: int) -> list[Source]:
    """Return the page and the others that lie in the same image."""
    with office.db.read() as session:
        page = session.get(Page, page_id)
        if page is None:
            raise NotFound("no-such-page")
        same = select(Page.id).where(Page.scan_id == page.scan_id, Page.index == page.index, Page.id != page_id)
        others = list(session.scalars(same.order_by(Page.id))) if page.scan_id else []
    return [source_of(office, each) for each in (page_id, *others)]


def _stored(office: Office, source: Source, reduce: bool = False) -> Grey:
    path = office.storage.path(source.sha256)
    return decoding.page(path, source.index, stack_settings(office.settings), reduce=reduce)


def _upright(office: Office, source: Source, scale: float = SCALE, whole: bool = False) -> Grey:
    if not source.is_placed:
        grey = _stored(office, source, reduce=True)
        return grey if whole else _coarse(grey)
    matrix, layout = source.placed()
    sheet = Region("page", "page", 0, 0, *layout.page_mm)
    picture = text.cut(_stored(office, source), matrix, sheet, scale)
    for region in source.regions():
        _cover(picture, region, scale)
    return picture


def _masked_as_scanned(office: Office, sources: list[Source], whole: bool) -> Grey:
    grey = _stored(office, sources[0]).copy()
    if not whole and not all(source.is_placed for source in sources):
        return _coarse(grey)
    for source in sources:
        for region in source.regions():
            matrix, _ = source.placed()
            left, top, right, bottom = _edges(region)
            corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)
            cv2.fillPoly(grey, [apply(matrix, corners).round().astype(np.int32)], (COVER,))
    return grey


def _coarse(grey: Grey) -> Grey:
    """Return a picture in squares, in which a page is recognised and no writing is read."""
    height, width = grey.shape
    step = max(1.0, min(height, width) / COARSE)
    small = cv2.resize(grey, (max(1, round(width / step)), max(1, round(height / step))), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def _edges(region: Region) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom in mm of what is covered: writing hangs over the edge."""
    return region.x - 2, region.y - 2, region.x + region.w + 2, region.y + region.h + 2


def _cover(picture: Grey, region: Region, scale: float) -> None:
    """Paint over a place for free writing, with a hatch that nobody takes for paper."""
    left, top, right, bottom = (max(0, round(edge * scale)) for edge in _edges(region))
    area = picture[top:bottom, left:right]
    area[:] = COVER
    y, x = np.indices(area.shape, dtype=np.int32)
    step = round(HATCH_MM * scale)
    area[(x + y) % step < max(1, round(0.25 * scale))] = HATCH


def _small(picture: Grey) -> Grey:
    height = round(picture.shape[0] * THUMB_WIDTH / picture.shape[1])
    return cv2.resize(picture, (THUMB_WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _jpeg(picture: Grey) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("the picture can't be encoded")
    return data.tobytes()
