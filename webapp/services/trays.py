"""What lies apart: pages that are not counted until a person did something about them, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from webapp.errors import Conflict, NotFound
from webapp.models import Batch, Page, PrintRun, Ruling, Scan, now
from webapp.office import Office
from webapp.services import answers, closed, codes, settling

TASK = "read-pages"
SAME_SHEET, REMOVED, AFTER_CLOSING = "same-sheet", "removed", "after-closing"
TYPE, COMPARE, REMOVE, RETRY, LOOK, PUT_BACK = "type", "compare", "remove", "retry", "look", "put-back"

# Name of the tray → its one verb, in the order in which they are shown. Other names (a damaged page …) ask for a retry.
VERBS = {
    SAME_SHEET: COMPARE,
    "bad-code": TYPE,
    "not-issued": REMOVE,
    "unknown-layout": REMOVE,
    "no-fiducials": LOOK,
    "cut-off": LOOK,
    "poor-fit": LOOK,
    "row-slip": LOOK,
    "sheets-overlap": LOOK,
    "not-a-sheet": REMOVE,
    "blank-page": REMOVE,
    "own-back": REMOVE,
    "damaged": RETRY,
    "too-many-pixels": LOOK,
    "reader-died": RETRY,
    "reader-failed": RETRY,
    AFTER_CLOSING: RETRY,
    REMOVED: PUT_BACK,
}


@dataclass(frozen=True, slots=True)
class Tray:
    """A named tray and how many pages lie in it."""

    name: str
    pages: int
    first_page: int

    @property
    def verb(self) -> str:
        return VERBS.get(self.name, LOOK)


def shown_scans(meeting_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """SQL: which scans a meeting's pages show.

    Those that came in on its page, those that hold one of its sheets, and files from the scanner folder that no meeting
    has a sheet in: somebody must see them.
    """
    page, run = aliased(Page), aliased(PrintRun)
    here = exists().where(page.scan_id == Scan.id, page.print_run_id == run.id, run.meeting_id == meeting_id)
    landed = exists().where(page.scan_id == Scan.id, page.print_run_id.is_not(None))
    return or_(Batch.meeting_id == meeting_id, here, and_(Batch.meeting_id.is_(None), ~landed))


def lying(meeting_id: int) -> ColumnElement[bool]:
    """SQL: which pages that lie apart concern a meeting: its own, and those of nobody in the scans it shows."""
    run = aliased(PrintRun)
    own = exists().where(run.id == Page.print_run_id, run.meeting_id == meeting_id)
    apart = or_(Page.state.in_(("tray", "failed")), Page.standing == settling.HELD, Page.removed_at.is_not(None))
    mine = or_(own, and_(Page.print_run_id.is_(None), shown_scans(meeting_id)))
    return and_(apart, mine, Batch.withdrawn_at.is_(None))


def name_of(page: Page) -> str:
    """Return the tray in which a page lies."""
    if page.removed_at is not None:
        return REMOVED
    return SAME_SHEET if page.standing == settling.HELD else page.tray


def overview(session: Session, meeting_id: int) -> list[Tray]:
    """Return the trays of a meeting that hold pages, those that need a person first."""
    found: dict[str, list[int]] = {}
    for page in _pages(session, meeting_id):
        found.setdefault(name_of(page), []).append(page.id)
    order = list(VERBS)
    trays = [Tray(name, len(ids), ids[0]) for name, ids in found.items()]
    return sorted(trays, key=lambda tray: order.index(tray.name) if tray.name in order else len(order))


def contents(session: Session, meeting_id: int, name: str) -> list[Page]:
    """Return the pages in a tray, in order of arrival."""
    return [page for page in _pages(session, meeting_id) if name_of(page) == name]


def rescans(session: Session, meeting_id: int) -> list[Page]:
    """Return the pages that came twice and say the same: nothing needs doing."""
    query = select(Page).join(PrintRun).where(PrintRun.meeting_id == meeting_id, Page.standing == settling.RESCAN)
    return list(session.scalars(query.order_by(Page.id)))


def copies_of(session: Session, page: Page) -> list[Page]:
    """Return all pages of the same page of the same sheet that may count, this one included."""
    if page.sheet is None or page.sheet_page is None:
        return [page]
    query = select(Page).where(Page.sheet == page.sheet, Page.sheet_page == page.sheet_page)
    query = query.where(Page.standing.in_((settling.COUNTS, settling.RESCAN, settling.HELD)))
    return list(session.scalars(query.order_by(Page.id)))


def type_code(office: Office, page_id: int, *, text: str, sheet_page: int = 1) -> None:
    """Give a page the code that a person read on the paper, and read it again with it.

    Raises InvalidInput (see ``codes.identify``), NotFound, and Conflict "not-in-this-tray".
    """
    with office.db.begin() as session:
        page = _lying_page(session, page_id)
        issued, typed = codes.identify(session, text, sheet_page)
        closed.refuse(session, session.get_one(PrintRun, issued.print_run_id).meeting_id)
        page.typed_code = str(typed)
        _queue(session, page)
        scan_id = page.scan_id
    if scan_id:
        office.bell.ring(TASK, scan_id)


def retry(office: Office, page_id: int) -> None:
    """Read a page again that lies in a tray or failed. Raises NotFound and Conflict "not-in-this-tray"."""
    with office.db.begin() as session:
        page = _lying_page(session, page_id)
        closed.refuse_pages(session, (page,))
        _queue(session, page)
        scan_id = page.scan_id
    if scan_id:
        office.bell.ring(TASK, scan_id)


def remove(office: Office, page_id: int) -> None:
    """Put a page out of its tray as none of ours; it is kept. Raises NotFound and Conflict."""
    with office.db.begin() as session:
        _lying_page(session, page_id).removed_at = now()


def remove_all(office: Office, meeting_id: int, name: str) -> int:
    """Remove all pages of a tray. Returns their number. Raises Conflict for a tray that asks for something else."""
    if VERBS.get(name) != REMOVE:
        raise Conflict("not-in-this-tray")
    with office.db.begin() as session:
        pages = contents(session, meeting_id, name)
        for page in pages:
            page.removed_at = now()
        return len(pages)


def put_back(office: Office, page_id: int) -> None:
    """Put a removed page back into its tray. Raises NotFound and Conflict."""
    with office.db.begin() as session:
        page = session.get(Page, page_id)
        if page is None:
            raise NotFound("no-such-page")
        if page.removed_at is None or page.state == "keyed":
            raise Conflict("not-in-this-tray")
        page.removed_at = None


def use_page(office: Office, page_id: int, *, user_id: int, note: str = "") -> None:
    """Rule which of several pages of one sheet counts. Raises NotFound and Conflict "page-not-of-sheet"."""
    with office.db.begin() as session:
        page = session.get(Page, page_id)
        if page is None:
            raise NotFound("no-such-page")
        if page.sheet is None or page.sheet_page is None or page not in copies_of(session, page):
            raise Conflict("page-not-of-sheet")
        closed.refuse_pages(session, (page,))
        session.add(
            Ruling(sheet=page.sheet, kind="use-page", page_id=page.id, user_id=user_id, note=note.strip()[:200])
        )
        for changed in settling.settle(session, {(page.sheet, page.sheet_page)}):
            answers.recount(session, changed)


def _pages(session: Session, meeting_id: int) -> list[Page]:
    query = select(Page).join(Scan, Scan.id == Page.scan_id).join(Batch, Batch.id == Scan.batch_id)
    return list(session.scalars(query.where(lying(meeting_id)).order_by(Page.id)))


def count_lying(session: Session, meeting_id: int) -> int:
    """Return how many pages of a meeting wait in trays; removed ones do not."""
    query = select(func.count(Page.id)).join(Scan, Scan.id == Page.scan_id).join(Batch, Batch.id == Scan.batch_id)
    return session.scalar(query.where(lying(meeting_id), Page.removed_at.is_(None))) or 0


def _lying_page(session: Session, page_id: int) -> Page:
    page = session.get(Page, page_id)
    if page is None:
        raise NotFound("no-such-page")
    if page.state not in ("tray", "failed") or page.removed_at is not None:
        raise Conflict("not-in-this-tray")
    return page


def _queue(session: Session, page: Page) -> None:
    """Queue a page again. A second sheet on one image is read with the first, whose row workers claim."""
    first = page
    if page.part != 1:
        query = select(Page).where(Page.scan_id == page.scan_id, Page.index == page.index, Page.part == 1)
        first = session.scalars(query).one()
    first.state, first.tray, first.tries, first.lease_until = "queued", "", 0, None
    if page.scan_id:
        session.get_one(Scan, page.scan_id).state = "reading"
