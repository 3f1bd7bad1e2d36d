"""Pictures of pages for people: upright, in the frame of the layout, with the handwriting painted over."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from forms.layout import Region
from omr import text
from omr.image import Grey
from omr.stack import open_page
from webapp.errors import NotFound
from webapp.models import Page, Reading, Scan
from webapp.office import Office
from webapp.services import review

SCALE = 8.0  # px per mm: 203 dpi, at which eight times enlarged is still of use
JPEG_QUALITY = 82
COVER = 236  # grey of what is painted over


def page_jpeg(office: Office, page_id: int) -> bytes:
    """Return a page that was read, upright: left edge to right edge of the paper, ``SCALE`` px per mm.

    Raises NotFound for a page without an image or without a registration, FileProblem where the file is damaged.
    """
    with office.db.read() as session:
        page = session.get(Page, page_id)
        reading = session.get(Reading, page.reading_id) if page and page.reading_id else None
        scan = session.get(Scan, page.scan_id) if page and page.scan_id else None
        matrix = ((reading.value.get("registration") or {}) if reading else {}).get("matrix")
        if page is None or scan is None or not matrix or page.print_run_id is None or page.sheet_page is None:
            raise NotFound("no-such-page")
        layout = review.layout_of(session, page)
        sha256, index, sheet_page = scan.sha256, page.index, page.sheet_page
    return _draw(office, sha256, index, tuple(matrix), layout.page_mm, layout.page(sheet_page).regions)


@lru_cache(maxsize=32)
def _draw(
    office: Office,
    sha256: str,
    index: int,
    matrix: tuple[float, ...],
    page_mm: tuple[float, float],
    regions: tuple[Region, ...],
) -> bytes:
    grey = open_page(office.storage.path(sha256), index)
    whole = Region("page", "page", 0, 0, *page_mm)
    picture = text.cut(grey, np.reshape(np.array(matrix, float), (3, 3)), whole, SCALE)
    for region in regions:
        _cover(picture, region)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"page {index} of {sha256} can't be encoded")
    return data.tobytes()


def _cover(picture: Grey, region: Region) -> None:
    """Paint over a place for free writing, with what hangs over its edge."""
    if region.kind == "text":
        left, top = round((region.x - 2) * SCALE), round((region.y - 2) * SCALE)
        picture[
            max(0, top) : round((region.y + region.h + 2) * SCALE),
            max(0, left) : round((region.x + region.w + 2) * SCALE),
        ] = COVER
