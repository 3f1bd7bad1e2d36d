"""Papers that were printed with a code, written on by hand and scanned: each page finds its paper by its code."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2
import numpy as np
import pikepdf
import zxingcpp
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.code import ALPHABET
from omr.errors import FileProblem
from omr.image import Grey
from webapp.errors import InvalidInput
from webapp.models import ShelfAttachment, ShelfCode, ShelfPaper
from webapp.office import Office
from webapp.papers.paper import CODE_MARK
from webapp.services import campaign_closing, decoding, shelf, shelf_files
from webapp.services.intake import stack_settings
from webapp.services.paper_kind import PaperKind, Target

CODE_LENGTH = 8
JPEG_QUALITY = 80
MOST_PAGES = 400
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a page of a scan: the paper it was attached to, None where it has no code that is known here."""

    page: int  # from 1
    paper_id: int | None


def code_for(session: Session, kind: PaperKind, target: Target) -> str:
    """Return the code of a paper, given at its first print."""
    row = shelf.row_of(session, kind, target)
    known = session.scalar(select(ShelfCode).where(ShelfCode.paper_id == row.id))
    if known is None:
        known = ShelfCode(code="".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)), paper_id=row.id)
        session.add(known)
        session.flush()
    return known.code


def take_in(
    office: Office, *, filename: str, stream: IO[bytes], user_id: int, may: Callable[[ShelfPaper], bool]
) -> list[Found]:
    """Attach each page of a scan to the paper whose code it has.

    ``may`` tells whether the person may write a paper; a page of another's is left out like one without a code. Raises
    InvalidInput for what is no scan or can't be read, Conflict for a paper of a closed campaign.
    """
    sha256, _size = shelf_files.keep(office, stream)
    path = office.storage.path(sha256)
    found = []
    for number in range(1, _pages(path) + 1):
        try:
            grey = decoding.page(path, number, stack_settings(office.settings))
        except FileProblem as problem:
            raise InvalidInput("own-page-unreadable", page=number) from problem
        found.append(Found(number, _attach(office, grey, f"{Path(filename).stem[:150]}-{number}.jpg", user_id, may)))
    return found


def code_on(grey: Grey) -> str:
    """Return the code printed on a page, "" where there is none."""
    for each in zxingcpp.read_barcodes(np.ascontiguousarray(grey), formats=_QR):
        if each.text.startswith(CODE_MARK):
            return str(each.text.removeprefix(CODE_MARK))
    return ""


def _attach(office: Office, grey: Grey, name: str, user_id: int, may: Callable[[ShelfPaper], bool]) -> int | None:
    code = code_on(grey)
    with office.db.read() as session:
        query = select(ShelfPaper).join(ShelfCode, ShelfCode.paper_id == ShelfPaper.id).where(ShelfCode.code == code)
        paper = session.scalar(query) if code else None
        if paper is None or not may(paper):
            return None
        campaign_closing.refuse(session, paper.campaign_id)
    done, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("the page can't be encoded")
    sha256, size = office.storage.put(io.BytesIO(data.tobytes()))
    with office.db.begin() as session:
        known = select(ShelfAttachment.id).where(ShelfAttachment.paper_id == paper.id, ShelfAttachment.sha256 == sha256)
        if session.scalar(known.where(ShelfAttachment.removed_at.is_(None))) is None:  # the same scan came again
            row = ShelfAttachment(paper_id=paper.id, filename=name, sha256=sha256, bytes=size, user_id=user_id)
            session.add(row)
    return paper.id


def _pages(path: Path) -> int:
    with path.open("rb") as file:
        if not file.read(5).startswith(b"%PDF-"):
            return 1
    try:
        with pikepdf.open(path) as pdf:
            number = len(pdf.pages)
    except pikepdf.PdfError as error:
        raise InvalidInput("attachment-no-scan") from error
    if number > MOST_PAGES:
        raise InvalidInput("own-too-many-pages", most=MOST_PAGES)
    return number
