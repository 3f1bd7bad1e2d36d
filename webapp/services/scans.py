"""What the pages of scanning show: files with their progress, the quality of a stack, the pages of a scan."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, joinedload

from webapp.errors import NotFound
from webapp.models import Batch, Meeting, Page, PrintRun, Reading, Scan, Unit, User
from webapp.services import settling, trays

PAGE_SIZE = 60  # thumbnails on one page of a scan's list
# Faults by what they ask for: those of the first group want something done before the next stack is scanned.
URGENT = (
    "streak",
    "blurred",
    "too-dark",
    "too-light",
    "one-bit",
    "low-resolution",
    "corner-missing",
    "streak-across",
    "feed-slip",
    "bleed-through",
    "dithered",
    "over-compressed",
    "edge-cut",
)
SHOW = ("all", "doubts", "tray", "failed")


@dataclass(frozen=True, slots=True)
class Counts:
    """Pages of one scan."""

    pages: int = 0
    done: int = 0
    doubts: int = 0  # questions that wait for a person
    apart: int = 0  # pages in trays
    failed: int = 0
    sheets: int = 0  # pages that count


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file as the list shows it. ``elsewhere``: pages that belong to other meetings, by (meeting id, unit)."""

    scan: Scan
    batch: Batch
    person: str
    counts: Counts
    first: Scan | None = None
    first_withdrawn: bool = False
    elsewhere: tuple[tuple[int, str, int], ...] = ()

    @property
    def working(self) -> bool:
        return self.scan.state in ("received", "opening", "reading")


@dataclass(frozen=True, slots=True)
class Place:
    """Pages of one scan that share a fault: ``112–140``."""

    scan_id: int
    filename: str
    ranges: str
    pages: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault that some pages have. ``params`` are those that most of them have; ``boxes`` go to review by it."""

    code: str
    pages: int
    boxes: int
    params: dict[str, Any]
    places: tuple[Place, ...]

    @property
    def urgent(self) -> bool:
        return self.code in URGENT


@dataclass
class _Found:
    pages: list[tuple[int, str, int]] = field(default_factory=list)  # scan, file name, page of the file
    params: list[dict[str, Any]] = field(default_factory=list)
    boxes: int = 0


def files(session: Session, meeting_id: int) -> list[FileRow]:
    """Return the files that a meeting's page shows, newest first."""
    query = select(Scan, User.display_name).join(Batch, Batch.id == Scan.batch_id)
    query = query.outerjoin(User, User.id == Batch.created_by).options(joinedload(Scan.batch))
    query = query.where(trays.shown_scans(meeting_id)).order_by(Scan.id.desc())
    rows = session.execute(query).all()
    ids = [scan.id for scan, _ in rows]
    counts, elsewhere = _counts(session, ids), _elsewhere(session, ids, meeting_id)
    firsts = _firsts(session, [scan.duplicate_of for scan, _ in rows if scan.duplicate_of])
    found = []
    for scan, person in rows:
        first, withdrawn = firsts.get(scan.duplicate_of or 0, (None, False))
        others = tuple(elsewhere.get(scan.id, ()))
        found.append(FileRow(scan, scan.batch, person or "", counts.get(scan.id, Counts()), first, withdrawn, others))
    return found


def quality(session: Session, meeting_id: int) -> list[Trouble]:
    """Return the faults of a meeting's pages, those to be dealt with first."""
    query = (
        select(Scan.id, Scan.filename, Page.index, Reading.value["faults"])
        .join(Page, Page.scan_id == Scan.id)
        .join(Batch, Batch.id == Scan.batch_id)
        .join(Reading, Reading.id == Page.reading_id)
        .where(trays.shown_scans(meeting_id), Batch.withdrawn_at.is_(None), Page.state == "read")
        .order_by(Scan.id, Page.index)
    )
    found: dict[str, _Found] = defaultdict(_Found)
    for scan_id, filename, index, faults in session.execute(query):
        for fault in faults or ():
            entry = found[fault["code"]]
            entry.pages.append((scan_id, filename, index))
            entry.params.append(fault["params"])
            entry.boxes += len(fault["boxes"])
    troubles = [_trouble(code, entry) for code, entry in found.items()]
    return sorted(troubles, key=lambda t: (not t.urgent, -t.pages))


def pages_of(session: Session, scan_id: int, show: str = "all", fault: str = "") -> list[Page]:
    """Return the pages of a scan in order of the file, all or those asked for. ``show`` is one of SHOW."""
    query = select(Page).where(Page.scan_id == scan_id).order_by(Page.index, Page.part)
    query = query.options(joinedload(Page.reading))
    wanted = {"doubts": Page.doubts > 0, "tray": _apart(), "failed": Page.state == "failed"}.get(show)
    if wanted is not None:
        query = query.where(wanted)
    pages = list(session.scalars(query))
    if fault:
        pages = [page for page in pages if page.reading and fault in fault_codes(page.reading)]
    return pages


def pages_in_batch(session: Session, batch_id: int) -> int:
    """Return the number of pages of all files of a batch."""
    query = select(func.count(Page.id)).join(Scan, Scan.id == Page.scan_id).where(Scan.batch_id == batch_id)
    return session.scalar(query) or 0


def fault_codes(reading: Reading) -> list[str]:
    """Return the codes of the faults of a reading."""
    return [fault["code"] for fault in reading.value.get("faults", ())]


def scan_of(session: Session, scan_id: int) -> Scan:
    """Return a scan with its batch. Raises NotFound."""
    scan = session.get(Scan, scan_id, options=[joinedload(Scan.batch)])
    if scan is None:
        raise NotFound("no-such-scan")
    return scan


def page_of(session: Session, page_id: int) -> Page:
    """Return a page with its scan, batch and reading. Raises NotFound."""
    page = session.get(Page, page_id, options=[joinedload(Page.scan).joinedload(Scan.batch), joinedload(Page.reading)])
    if page is None:
        raise NotFound("no-such-page")
    return page


def meeting_of_page(session: Session, page: Page) -> int | None:
    """Return the meeting to which a page belongs: by its sheet, else by the page on which it came in."""
    if page.print_run_id is not None:
        return session.get_one(PrintRun, page.print_run_id).meeting_id
    return page.scan.batch.meeting_id if page.scan else None


def meeting_of_scan(session: Session, scan: Scan) -> int | None:
    """Return the meeting on whose pages a scan is shown: where it came in, else where its first sheet belongs."""
    if scan.batch.meeting_id is not None:
        return scan.batch.meeting_id
    query = select(PrintRun.meeting_id).join(Page).where(Page.scan_id == scan.id).order_by(Page.index)
    return session.scalar(query.limit(1)) or session.scalar(select(func.max(Meeting.id)))


def ranges(numbers: Sequence[int]) -> str:
    """Write page numbers shortly: ``3, 7–12``."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in runs)


def _apart() -> ColumnElement[bool]:
    return Page.state.in_(("tray", "failed")) | (Page.standing == settling.HELD)


def _counts(session: Session, scan_ids: list[int]) -> dict[int, Counts]:
    apart = _apart() & Page.removed_at.is_(None)
    query = (
        select(
            Page.scan_id,
            func.count(),
            func.sum(case((Page.state.not_in(("queued", "reading")), 1), else_=0)),
            func.sum(Page.doubts),
            func.sum(case((apart, 1), else_=0)),
            func.sum(case((Page.state == "failed", 1), else_=0)),
            func.sum(case((Page.standing == settling.COUNTS, 1), else_=0)),
        )
        .where(Page.scan_id.in_(scan_ids))
        .group_by(Page.scan_id)
    )
    return {row[0] or 0: Counts(*row[1:]) for row in session.execute(query)}


def _elsewhere(session: Session, scan_ids: list[int], meeting_id: int) -> dict[int, list[tuple[int, str, int]]]:
    query = (
        select(Page.scan_id, Meeting.id, Unit.name, func.count())
        .join(PrintRun, PrintRun.id == Page.print_run_id)
        .join(Meeting, Meeting.id == PrintRun.meeting_id)
        .join(Unit, Unit.id == Meeting.unit_id)
        .where(Page.scan_id.in_(scan_ids), Meeting.id != meeting_id)
        .group_by(Page.scan_id, Meeting.id, Unit.name)
    )
    found: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for scan_id, other, unit, pages in session.execute(query):
        found[scan_id or 0].append((other, unit, pages))
    return found


def _firsts(session: Session, scan_ids: list[int]) -> dict[int, tuple[Scan, bool]]:
    query = select(Scan).options(joinedload(Scan.batch)).where(Scan.id.in_(scan_ids))
    return {scan.id: (scan, scan.batch.withdrawn_at is not None) for scan in session.scalars(query)}


def _trouble(code: str, found: _Found) -> Trouble:
    by_scan: dict[tuple[int, str], list[int]] = defaultdict(list)
    for scan_id, filename, index in found.pages:
        by_scan[scan_id, filename].append(index)
    places = tuple(Place(*key, ranges(pages), len(set(pages))) for key, pages in by_scan.items())
    return Trouble(code, len(set(found.pages)), found.boxes, _typical(found.params), places)


def _typical(params: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the numbers that most pages have: a sentence about many pages names one case of them."""
    commonest, _ = Counter(tuple(each.items()) for each in params).most_common(1)[0]
    return dict(commonest)
