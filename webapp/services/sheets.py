"""What the page of one page shows, alone and beside its other images."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import code, proof
from forms.layout import Layout, Region
from webapp import models
from webapp.errors import NotFound
from webapp.models import Decision, Page, PrintRun, Ruling, Scan, Survey, User
from webapp.office import Office
from webapp.services import answers, review, scans, settling, station, trays
from webapp.services.keyed import Blank
from webapp.services.layouts import parse

FORM_DPI = 110


@dataclass(frozen=True, slots=True)
class Place:
    """A page and where it lies: file name and page of the file; who keyed it in where it has no file."""

    page: Page
    filename: str
    sheet: str  # readable, "" where unknown
    seems: str = ""  # the printed title of a page whose code can't be read


@dataclass(frozen=True, slots=True)
class Shown:
    """One page with everything that is known of it."""

    page: Page
    scan: Scan | None
    meeting_id: int | None
    tray: str  # "" where it lies in none
    verb: str
    sheet: str
    form: str
    subject: str
    withdrawn: bool
    is_void: bool
    page_mm: tuple[float, float] | None
    regions: tuple[Region, ...]
    questions: tuple[station.Asked, ...]
    decisions: dict[str, tuple[Decision, str]]
    faults: tuple[dict[str, Any], ...]
    problem: dict[str, Any] = field(default_factory=dict)
    copies: int = 1
    before: int | None = None  # pages of the same file
    after: int | None = None
    keyed_by: str = ""


@dataclass(frozen=True, slots=True)
class Copies:
    """The images of one page of one sheet. ``differing``: questions on which they contradict each other."""

    meeting_id: int | None
    sheet: str
    shown: tuple[Shown, ...]
    differing: tuple[str, ...]
    rulings: tuple[tuple[Ruling, str], ...]

    @property
    def held(self) -> bool:
        return any(each.page.standing == settling.HELD for each in self.shown)


def view(office: Office, page_id: int) -> Shown:
    """Return one page. Raises NotFound."""
    with office.db.read() as session:
        return _shown(session, scans.page_of(session, page_id))


def copies(office: Office, page_id: int) -> Copies:
    """Return a page beside the other images of the same page of the same sheet. Raises NotFound."""
    with office.db.read() as session:
        page = scans.page_of(session, page_id)
        pages = trays.copies_of(session, page) or [page]
        shown = tuple(_shown(session, scans.page_of(session, each.id)) for each in pages)
        rulings = select(Ruling, User.display_name).join(User, User.id == Ruling.user_id)
        rulings = rulings.where(Ruling.kind == "use-page", Ruling.page_id.in_([each.id for each in pages]))
        ruled = tuple((ruling, name) for ruling, name in session.execute(rulings.order_by(Ruling.id)))
        differing = tuple(settling.differences(session, pages))
        return Copies(shown[0].meeting_id, code.readable(page.sheet or ""), shown, differing, ruled)


def place_of(session: Session, page: Page) -> Place:
    """Return where a page lies."""
    scan = session.get(Scan, page.scan_id) if page.scan_id else None
    seems = ""
    if page.tray == "bad-code" and page.reading_id:
        seems = (_problem(session, page).get("params") or {}).get("seems", "")
    return Place(page, scan.filename if scan else "", code.readable(page.sheet) if page.sheet else "", seems)


def is_keyed(office: Office, page_id: int) -> bool:
    """Tell whether a page was keyed in by hand. Raises NotFound."""
    with office.db.read() as session:
        return scans.page_of(session, page_id).state == "keyed"


def asked(office: Office, blank: Blank) -> tuple[station.Asked, ...]:
    """Return the questions of a page that is to be keyed in."""
    with office.db.read() as session:
        run = session.get_one(PrintRun, blank.print_run_id)
        return station.blank_questions(run, blank.layout, blank.code.page)


def blank_png(office: Office, digest: str, page: int) -> bytes:
    """Return the print of a page, without its code. Raises NotFound."""
    with office.db.read() as session:
        row = session.get(models.Layout, digest)
    if row is None or not 1 <= page <= len(parse(row.source).pages):
        raise NotFound("no-such-page")
    return _blank_png(row.source, page)


@lru_cache(maxsize=16)
def _blank_png(source: str, page: int) -> bytes:
    return proof.preview_png(parse(source), page, FORM_DPI)


def _shown(session: Session, page: Page) -> Shown:
    run = session.get(PrintRun, page.print_run_id) if page.print_run_id else None
    layout, questions = _questions(session, page, run)
    tray = trays.name_of(page) if page.state in ("tray", "failed") or page.standing == settling.HELD else ""
    placed = layout is not None and page.sheet_page is not None
    decisions = _decisions(session, page)
    return Shown(
        page=page,
        scan=page.scan,
        meeting_id=scans.meeting_of_page(session, page),
        tray=tray,
        verb=trays.VERBS.get(tray, trays.LOOK),
        sheet=code.readable(page.sheet) if page.sheet else "",
        form=session.get_one(Survey, run.survey_id).title if run else "",
        subject=run.subject if run else "",
        withdrawn=page.scan is not None and page.scan.batch.withdrawn_at is not None,
        is_void=page.sheet is not None and answers.is_void(session, page.sheet),
        page_mm=layout.page_mm if layout and placed else None,
        regions=layout.page(page.sheet_page or 1).regions if layout and placed else (),
        questions=questions,
        decisions=decisions,
        faults=tuple(page.reading.value.get("faults", ())) if page.reading and page.state == "read" else (),
        problem=_problem(session, page) if page.state in ("tray", "failed") else {},
        copies=len(trays.copies_of(session, page)),
        before=_neighbour(session, page, -1),
        after=_neighbour(session, page, 1),
        keyed_by=next((name for _, name in decisions.values()), "") if page.state == "keyed" else "",
    )


def _questions(session: Session, page: Page, run: PrintRun | None) -> tuple[Layout | None, tuple[station.Asked, ...]]:
    if run is None or page.sheet_page is None or page.state not in ("read", "keyed"):
        return None, ()
    layout = review.layout_of(session, page)
    return layout, station.questions_of(session, page, run, layout)


def _decisions(session: Session, page: Page) -> dict[str, tuple[Decision, str]]:
    """Return the decisions that hold, with their authors."""
    query = select(Decision, User.display_name).join(User, User.id == Decision.user_id)
    newest = {
        row.question: (row, name)
        for row, name in session.execute(query.where(Decision.page_id == page.id).order_by(Decision.id))
    }
    return {
        question: found
        for question, found in newest.items()
        if found[0].state != answers.MACHINE and found[0].stage not in answers.OPEN_STAGES
    }


def _problem(session: Session, page: Page) -> dict[str, Any]:
    """Return code and parameters of why a page lies in its tray: by the reader, or by us."""
    reading = session.get(models.Reading, page.reading_id) if page.reading_id else None
    told = (reading.value.get("problem") if reading else None) or {}
    if told.get("code") == page.tray:
        return {"code": page.tray, "params": told.get("params") or {}}
    return {"code": page.tray, "params": {"sheet": code.readable(page.sheet or "")}}


def _neighbour(session: Session, page: Page, step: int) -> int | None:
    query = select(Page.id).where(Page.scan_id == page.scan_id, Page.index == page.index + step, Page.part == 1)
    return session.scalar(query) if page.scan_id else None
