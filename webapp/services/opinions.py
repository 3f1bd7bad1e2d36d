"""Handwritten opinions: lines of text proposed by an OCR engine, confirmed or typed by a person.

The handwriting identifies its writer. So the order of a list follows from a secret key of the office, never from the
stack, nothing here names a sheet, and the images are served for the transcription alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from forms.layout import Layout, Region
from omr import ocr, text
from omr.image import Grey
from webapp import models
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Meeting, Opinion, Page, PrintRun, Reading, Scan, User, now
from webapp.office import Office
from webapp.services import decoding, detaching, identity, trail
from webapp.services.answers import STANDING
from webapp.services.intake import stack_settings
from webapp.settings import secret_key

TASK = "propose-text"
WAITING, PROPOSED, CONFIRMED, NO_TEXT = "waiting", "proposed", "confirmed", "no-text"
SETTLED = (CONFIRMED, NO_TEXT, detaching.DETACHED)
LEASE = dt.timedelta(minutes=2)
MAX_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An opinion of a meeting's list. ``number`` is its place in the shuffled order, from 1."""

    opinion: Opinion
    number: int

    @property
    def is_open(self) -> bool:
        return self.opinion.state not in SETTLED


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the transcription is: settled = confirmed, or seen to hold no text. Some of those are detached."""

    total: int
    settled: int
    detached: int = 0

    @property
    def left(self) -> int:
        return self.total - self.settled


def progress(office: Office, meeting_id: int) -> Progress:
    """Count the opinions of a meeting."""
    with office.db.read() as session:
        states = list(session.scalars(_of_meeting(meeting_id).with_only_columns(Opinion.state)))
    return Progress(len(states), sum(state in SETTLED for state in states), states.count(detaching.DETACHED))


def entries(office: Office, meeting_id: int) -> list[Entry]:
    """Return the opinions of a meeting in their shuffled order, which is the same each time.

    Those whose text was detached are no longer among them: there is nothing to come back to.
    """
    with office.db.read() as session:
        rows = list(session.scalars(_of_meeting(meeting_id).where(Opinion.state != detaching.DETACHED)))
    key = _shuffle_key(office)
    rows.sort(key=lambda row: hmac.digest(key, str(row.id).encode(), "sha256"))
    return [Entry(row, number) for number, row in enumerate(rows, 1)]


def confirmed_texts(office: Office, meeting_id: int) -> list[str]:
    """Return the confirmed texts of a meeting, detached or not, shuffled: what the rated unit may see."""
    with office.db.read() as session:
        detached = list(detaching.texts(session, meeting_id).elements())
    waiting = [each.opinion.text for each in entries(office, meeting_id) if each.opinion.state == CONFIRMED]
    return detached + waiting


def meeting_of(office: Office, opinion_id: int) -> int:
    """Return the meeting that an opinion belongs to. Raises NotFound."""
    with office.db.read() as session:
        meeting_id = _meeting_of(session, opinion_id)
    if meeting_id is None:
        raise NotFound("no-such-opinion")
    return meeting_id


def author(office: Office, opinion: Opinion) -> str:
    """Return who settled an opinion, "" where nobody did."""
    with office.db.read() as session:
        user = session.get(User, opinion.confirmed_by) if opinion.confirmed_by else None
        return user.display_name if user else ""


def propose(office: Office, opinion_id: int) -> None:
    """Job: find the written lines and ask the engine what they say. Harmless when repeated.

    Without an engine the lines are proposed without text, to be typed.
    """
    if not _claim(office, opinion_id):
        return
    engine = ocr.load(office.settings.ocr_engine)
    image, region = region_image(office, opinion_id)
    proposal = [_proposed(crop, engine) for crop in text.lines(image, region)]
    with office.db.begin() as session:
        row = session.get_one(Opinion, opinion_id)
        if row.state == WAITING:  # a person may have been faster
            row.state, row.engine, row.proposal = PROPOSED, engine.name if engine else "off", proposal
        row.lease_until = None


def confirm(
    office: Office,
    opinion_id: int,
    *,
    text: str,
    user_id: int,
    choices: Mapping[str, str] = MappingProxyType({}),
    whys: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Settle what an opinion says. Raises NotFound, InvalidInput, and Conflict where another person settled it.

    What may tell the writer is struck out or kept as ``choices`` and ``whys`` say (see ``identity.settle``); nothing of
    it goes on undecided.
    """
    value = text.strip()
    if not value:
        raise InvalidInput("opinion-empty")
    if len(value) > MAX_TEXT:
        raise InvalidInput("opinion-too-long", most=MAX_TEXT)
    with office.db.read() as session:
        unit_id = unit_of(session, opinion_id)
        value, kept = (value, []) if unit_id is None else identity.settle(session, unit_id, value, choices, whys)
    _settle(office, opinion_id, CONFIRMED, value, user_id, "；".join(kept))


def unit_of(session: Session, opinion_id: int) -> int | None:
    """Return the unit whose meeting an opinion belongs to; None where there is no such opinion."""
    return session.scalar(select(Meeting.unit_id).where(Meeting.id == _meeting_of(session, opinion_id)))


def no_text(office: Office, opinion_id: int, *, user_id: int) -> None:
    """Settle that there is nothing to read: a stray stroke, a drawing. Raises as ``confirm``."""
    _settle(office, opinion_id, NO_TEXT, "", user_id)


def reopen(office: Office, opinion_id: int) -> None:
    """Put a settled opinion back to be looked at again; its text stays as the draft. Raises NotFound."""
    with office.db.begin() as session:
        row = _get(session, opinion_id)
        if row.state == detaching.DETACHED:
            raise Conflict("opinion-detached")
        row.state, row.confirmed_by, row.confirmed_at = PROPOSED, None, None
        trail.note(session, "reopened", f"opinion:{opinion_id}")


def note_view(office: Office, meeting_id: int, token: str, images: int) -> None:
    """Take down that handwriting was looked at: in which sign-in and how many pictures, never whose."""
    sign_in = hashlib.sha256(token.encode()).hexdigest()[:8]
    with office.db.begin() as session:
        trail.note(session, "viewed", f"meeting:{meeting_id}", sign_in=sign_in, pictures=images)


def region_image(office: Office, opinion_id: int) -> tuple[Grey, Region]:
    """Return the region of an opinion upright, with its place in the layout. Raises NotFound, FileProblem."""
    with office.db.read() as session:
        row = _get(session, opinion_id)
        if row.state == detaching.DETACHED:
            raise NotFound("opinion-detached")
        page = session.get_one(Page, row.page_id)
        reading = session.get(Reading, page.reading_id) if page.reading_id else None
        scan = session.get(Scan, page.scan_id) if page.scan_id else None
        matrix = ((reading.value.get("registration") or {}) if reading else {}).get("matrix")
        if scan is None or page.print_run_id is None or page.sheet_page is None or not matrix:
            raise NotFound("no-such-opinion")
        run = session.get_one(PrintRun, page.print_run_id)
        layout = _layout(session.get_one(models.Layout, run.layout_digest).source)
    region = next((r for r in layout.page(page.sheet_page).regions if r.id == row.region), None)
    if region is None:
        raise NotFound("no-such-opinion")
    grey = decoding.page(office.storage.path(scan.sha256), page.index, stack_settings(office.settings))
    return text.cut(grey, np.reshape(np.array(matrix, float), (3, 3)), region), region


def line_image(office: Office, opinion_id: int, row: int) -> Grey:
    """Return one ruled row of an opinion, for people to look at. Raises NotFound."""
    image, region = region_image(office, opinion_id)
    if not 0 <= row < len(text.row_bounds(region)):
        raise NotFound("no-such-opinion")
    return text.row_image(image, region, row)


def _of_meeting(meeting_id: int) -> Select[Opinion]:
    """SQL: opinions on pages that count. Of two images of one sheet only the one that counts is transcribed.

    An opinion that was detached from one image is done on every other image of its sheet.
    """
    other, its_page = aliased(Opinion), aliased(Page)
    done = (
        select(other.id)
        .join(its_page, its_page.id == other.page_id)
        .where(other.state == detaching.DETACHED, other.region == Opinion.region, other.id != Opinion.id)
        .where(its_page.sheet == Page.sheet, its_page.sheet_page == Page.sheet_page)
    )
    return (
        select(Opinion)
        .join(Page, Page.id == Opinion.page_id)
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .where(PrintRun.meeting_id == meeting_id, Page.state == "read", Page.standing.in_(STANDING))
        .where(~done.exists())
    )


def _meeting_of(session: Session, opinion_id: int) -> int | None:
    query = select(PrintRun.meeting_id).join(Page, Page.print_run_id == PrintRun.id)
    return session.scalar(query.join(Opinion, Opinion.page_id == Page.id).where(Opinion.id == opinion_id))


def _claim(office: Office, opinion_id: int) -> bool:
    free = or_(Opinion.lease_until.is_(None), Opinion.lease_until < now())
    taken = update(Opinion).where(and_(Opinion.id == opinion_id, Opinion.state == WAITING, free)).returning(Opinion.id)
    with office.db.begin() as session:
        return session.scalar(taken.values(lease_until=now() + LEASE, tries=Opinion.tries + 1)) is not None


def _proposed(crop: text.Crop, engine: ocr.Engine | None) -> dict[str, Any]:
    line = engine.read(crop.image) if engine else ocr.Line("", ())
    characters = [[character, round(p, 4)] for character, p in line.characters]
    return {"row": crop.row, "text": line.text, "characters": characters}


def _settle(office: Office, opinion_id: int, state: str, value: str, user_id: int, why: str = "") -> None:
    with office.db.begin() as session:
        row = _get(session, opinion_id)
        if row.state in SETTLED:
            raise Conflict("opinion-settled-since")
        row.state, row.text, row.confirmed_by, row.confirmed_at = state, value, user_id, now()
        row.lease_until = None
        trail.note(session, "settled", f"opinion:{opinion_id}", why)
        meeting_id = _meeting_of(session, opinion_id)
        if meeting_id is not None:
            detaching.detach(session, office, meeting_id, but=opinion_id, least=detaching.LOT)


def _get(session: Session, opinion_id: int) -> Opinion:
    row = session.get(Opinion, opinion_id)
    if row is None:
        raise NotFound("no-such-opinion")
    return row


@lru_cache(maxsize=4)
def _shuffle_key(office: Office) -> bytes:
    return hashlib.sha256(b"order of opinions:" + secret_key(office.settings).encode()).digest()


@lru_cache(maxsize=64)
def _layout(source: str) -> Layout:
    return Layout.loads(source)
