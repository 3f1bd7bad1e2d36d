"""Whole sheets that are void (废票), or valid again: rulings that are added, by two persons where it is so set."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Page, PrintRun, Ruling, User
from webapp.office import Office
from webapp.services import answers, closed, procedures, two_persons
from webapp.services.answers import FIRST, OPEN_STAGES, RULING

VOID, VALID = "void", "valid"
NOTE_LENGTH = 200


def void(office: Office, *, sheet: str, note: str, user_id: int) -> str:
    """Rule a whole sheet void. Returns the stage.

    Raises InvalidInput without a reason, NotFound for a sheet that never came, Conflict where it is closed or with the
    scrutineer.
    """
    if not note.strip():
        raise InvalidInput("void-needs-reason")
    return _rule(office, sheet, VOID, note, user_id)


def valid(office: Office, *, sheet: str, note: str = "", user_id: int) -> str:
    """Call a sheet valid: take a void back, or contradict one that waits for a second person. Raises as ``void``."""
    return _rule(office, sheet, VALID, note, user_id)


def settle(office: Office, *, sheet: str, kind: str, note: str, user_id: int) -> None:
    """Rule as the scrutineer where two persons differ. Raises InvalidInput without a reason, NotFound, Conflict."""
    if not note.strip():
        raise InvalidInput("ruling-needs-reason")
    if kind not in (VOID, VALID):
        raise InvalidInput("bad-verdict")
    with office.db.begin() as session:
        pages = _pages(session, sheet)
        last = newest(session, sheet)
        if last is None or last.stage not in (answers.DIFFERS, RULING):
            raise Conflict("nothing-to-rule")
        two = {row.user_id for row in history(session, sheet) if row.stage != RULING}
        if user_id in two:
            raise Conflict("rules-own-decision")
        _add(session, pages, Ruling(sheet=sheet, kind=kind, stage=RULING, note=_short(note), user_id=user_id))


def newest(session: Session, sheet: str) -> Ruling | None:
    """Return the newest ruling on a sheet, settled or not."""
    return next(reversed(history(session, sheet)), None)


def history(session: Session, sheet: str) -> list[Ruling]:
    """Return all rulings on a whole sheet, oldest first."""
    query = select(Ruling).where(Ruling.sheet == sheet, Ruling.kind.in_((VOID, VALID))).order_by(Ruling.id)
    return list(session.scalars(query))


def differing(session: Session, meeting_id: int) -> list[tuple[int, str, list[tuple[Ruling, str]]]]:
    """Return the sheets on which two persons differ: (a page of it, sheet, the rulings with their authors)."""
    query = select(Ruling).where(Ruling.id.in_(answers.open_rulings()), Ruling.stage == answers.DIFFERS)
    found = []
    for row in session.scalars(query.order_by(Ruling.sheet)):
        page = session.scalars(select(Page).join(PrintRun).where(Page.sheet == row.sheet).order_by(Page.id)).first()
        if page is None or session.get_one(PrintRun, page.print_run_id).meeting_id != meeting_id:
            continue
        rows = [(each, session.get_one(User, each.user_id).display_name) for each in history(session, row.sheet)]
        found.append((page.id, row.sheet, rows[-2:]))
    return found


def _rule(office: Office, sheet: str, kind: str, note: str, user_id: int) -> str:
    with office.db.begin() as session:
        pages = _pages(session, sheet)
        last, held = newest(session, sheet), VOID if answers.is_void(session, sheet) else VALID
        waits = last is not None and last.stage in OPEN_STAGES
        if not waits and kind == held:
            return last.stage if last else ""
        said = two_persons.Said(user_id, last is not None and last.kind == kind, _two(session, pages))
        stage = two_persons.stage_after(last, said)
        if stage == FIRST and kind == held:
            stage = ""  # the first takes his proposal back; what held goes on
        _add(session, pages, Ruling(sheet=sheet, kind=kind, stage=stage, note=_short(note), user_id=user_id))
        return stage


def _two(session: Session, pages: list[Page]) -> bool:
    placed = next((page for page in pages if page.print_run_id is not None), None)
    return placed is not None and procedures.of_page(session, placed).two_persons


def _pages(session: Session, sheet: str) -> list[Page]:
    pages = list(session.scalars(select(Page).where(Page.sheet == sheet)))
    if not pages:
        raise NotFound("no-such-sheet")
    closed.refuse_pages(session, pages)
    return pages


def _add(session: Session, pages: list[Page], row: Ruling) -> None:
    session.add(row)
    answers.recount_all(session, pages)


def _short(note: str) -> str:
    return note.strip()[:NOTE_LENGTH]
