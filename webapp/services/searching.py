"""Search over units, sheet codes and papers, within a person's rights.

A unit is found by who has to do with it, a paper by who may read papers of its unit, a sheet code only by who may open
sheets there. What may not be seen is not found: the answer is the same as for what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import code
from webapp.models import Meeting, Page, PrintRun, ShelfPaper, Unit
from webapp.rights import Right
from webapp.services import paper_kinds
from webapp.services.rights import Standing

MOST = 8  # hits of a kind
LEAST = 1  # characters
UNIT_RIGHTS = (
    Right.SEE_BOOKS, Right.MANAGE_UNITS, Right.MANAGE_MEETING, Right.READ_PAPERS, Right.OVERSEE, Right.SUPERVISE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. ``kind``: unit, sheet or paper; ``label`` is shown; ``note`` stands beside it.

    ``meeting_id`` or ``page_id`` says where it leads; of a paper ``key`` and ``args`` name its page.
    """

    kind: str
    label: str
    note: str = ""
    unit_id: int | None = None
    meeting_id: int | None = None
    page_id: int | None = None
    key: str = ""
    args: tuple[tuple[str, int | str], ...] = ()


def search(session: Session, standing: Standing, text: str) -> list[Hit]:
    """Return what is found, units first, then papers, then sheets; nothing for an empty text."""
    wanted = text.strip()
    if len(wanted) < LEAST:
        return []
    return [
        *_units(session, standing, wanted),
        *_papers(session, standing, wanted),
        *_sheets(session, standing, wanted),
    ]


def _units(session: Session, standing: Standing, wanted: str) -> list[Hit]:
    mine = {unit for right in UNIT_RIGHTS for unit in standing.units(right)}
    query = select(Unit).where(Unit.name.contains(wanted, autoescape=True), Unit.id.in_(mine)).order_by(Unit.id)
    units = list(session.scalars(query.limit(MOST)))
    newest = {
        unit_id: meeting_id
        for unit_id, meeting_id in session.execute(
            select(Meeting.unit_id, Meeting.id)
            .where(Meeting.unit_id.in_([unit.id for unit in units]))
            .order_by(Meeting.id)
        )
    }
    return [Hit("unit", unit.name, unit.kind, unit.id, newest.get(unit.id)) for unit in units]


def _papers(session: Session, standing: Standing, wanted: str) -> list[Hit]:
    """Papers that somebody has begun, by the title of their kind or the name of their unit."""
    kinds = [kind for kind in paper_kinds.KINDS.values() if wanted in kind.title]
    query = select(ShelfPaper, Unit.name).join(Unit, Unit.id == ShelfPaper.unit_id)
    named = Unit.name.contains(wanted, autoescape=True) | ShelfPaper.kind.in_([kind.key for kind in kinds])
    found = []
    for row, unit in session.execute(query.where(named).order_by(ShelfPaper.id.desc())):
        kind = paper_kinds.KINDS.get(row.kind)
        # what level 2 keeps to itself isn't told of here: its own page asks for more than a right
        if kind is None or row.member_id is not None or not _may_read(standing, kind.right, kind.readers, row.unit_id):
            continue
        args: tuple[tuple[str, int | str], ...] = (
            (("meeting_id", row.meeting_id),) if row.meeting_id is not None
            else (("campaign_id", row.campaign_id), ("unit_id", row.unit_id or 0))
        )  # fmt: skip
        found.append(Hit("paper", kind.title, unit, row.unit_id, key=row.kind, args=args + _part(row)))
        if len(found) == MOST:
            break
    return found


def _part(row: ShelfPaper) -> tuple[tuple[str, str], ...]:
    return (("part", row.part),) if row.part else ()


def _may_read(standing: Standing, right: Right, readers: tuple[Right, ...], unit_id: int | None) -> bool:
    return any(standing.may(each, unit_id) for each in (right, *readers))


def _sheets(session: Session, standing: Standing, wanted: str) -> Iterator[Hit]:
    """The pages of the sheet whose whole code was typed; a part of a code finds nothing."""
    sheet = code.normalise(wanted)[:8]
    if len(sheet) < 8 or not set(sheet) <= set(code.ALPHABET):
        return
    query = (
        select(Page.id, Page.sheet_page, Meeting.id, Unit.id, Unit.name)
        .join(PrintRun, PrintRun.id == Page.print_run_id).join(Meeting, Meeting.id == PrintRun.meeting_id)
        .join(Unit, Unit.id == Meeting.unit_id).where(Page.sheet == sheet).order_by(Page.id).limit(MOST)
    )  # fmt: skip
    for page_id, number, meeting_id, unit_id, unit in session.execute(query):
        if standing.may(Right.SEE_SHEETS, unit_id) or standing.may(Right.SCAN, unit_id):
            yield Hit("sheet", code.readable(sheet), f"{unit} · {number}", unit_id, meeting_id, page_id)
