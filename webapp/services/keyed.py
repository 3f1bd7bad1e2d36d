"""Sheets that can't be scanned: a person keys in what the paper says. Each answer is a decision, marked as keyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.code import SheetCode
from forms.layout import Layout
from forms.layout import Page as LayoutPage
from webapp import models
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Decision, Page, PrintRun, User, now
from webapp.office import Office
from webapp.services import closed, codes, settling
from webapp.services.layouts import parse
from webapp.services.stacks import BY_PHONE

PRESENT = (settling.COUNTS, settling.RESCAN, settling.HELD)


@dataclass(frozen=True, slots=True)
class Blank:
    """A page of an issued sheet that can be keyed in."""

    code: SheetCode
    layout: Layout
    page: LayoutPage
    print_run_id: int
    meeting_id: int
    subject: str


@dataclass(frozen=True, slots=True)
class Keyed:
    """A sheet that was keyed in: who did it and when."""

    page: Page
    person: str
    decision: Decision

    @property
    def by_phone(self) -> bool:
        """Whether it was taken down by telephone."""
        return self.decision.note == BY_PHONE


def find(office: Office, text: str, sheet_page: int = 1) -> Blank:
    """Return the page whose number was typed. Raises InvalidInput, and Conflict "sheet-counted-already"."""
    with office.db.read() as session:
        return _find(session, text, sheet_page)


def save(
    office: Office,
    *,
    text: str,
    sheet_page: int,
    marks: Mapping[str, tuple[str, ...]],
    user_id: int,
    by_phone: bool = False,
) -> int:
    """Key in one page and return its id.

    ``marks`` are the boxes marked on paper, by question: none is blank (未划), more than are allowed is invalid (无效).
    ``by_phone``: a helper wrote it down at the telephone (电话代录), which stays marked. Raises as ``find``, and
    InvalidInput for a box that the page has not.
    """
    with office.db.begin() as session:
        blank = _find(session, text, sheet_page)
        closed.refuse(session, blank.meeting_id)
        page = Page(state="keyed", sheet=blank.code.sheet, sheet_page=blank.code.page, print_run_id=blank.print_run_id)
        session.add(page)
        session.flush()
        for question in blank.page.questions:
            chosen = marks.get(question.id, ())
            if not set(chosen) <= {box.id for box in question.boxes}:
                raise InvalidInput("bad-verdict")
            state = state_of(len(chosen), question.most)
            choice = ",".join(box.id for box in question.boxes if box.id in chosen) if state == "answered" else ""
            row = Decision(page_id=page.id, question=question.id, state=state, choice=choice, origin="keyed")
            row.user_id, row.note = user_id, BY_PHONE if by_phone else ""
            session.add(row)
        settling.settle(session, {(blank.code.sheet, blank.code.page)})
        return page.id


def state_of(marks: int, most: int) -> str:
    """Return what so many marks on a question mean."""
    return "blank" if marks == 0 else "answered" if marks <= most else "invalid"


def remove(office: Office, page_id: int) -> None:
    """Take a keyed page back; it counts nowhere and is kept. Raises NotFound and Conflict."""
    with office.db.begin() as session:
        page = session.get(Page, page_id)
        if page is None or page.state != "keyed":
            raise NotFound("no-such-page")
        if page.removed_at is not None:
            raise Conflict("not-in-this-tray")
        closed.refuse_pages(session, (page,))
        page.removed_at = now()
        settling.settle(session, {(page.sheet or "", page.sheet_page or 0)})


def listed(session: Session, meeting_id: int) -> list[Keyed]:
    """Return what was keyed in for a meeting and not taken back, newest first."""
    query = select(Page).join(PrintRun).where(PrintRun.meeting_id == meeting_id, Page.state == "keyed")
    found = []
    for page in session.scalars(query.where(Page.removed_at.is_(None)).order_by(Page.id.desc())):
        first = (
            select(Decision, User.display_name)
            .join(User, User.id == Decision.user_id)
            .where(Decision.page_id == page.id)
        )
        decision, person = session.execute(first.order_by(Decision.id).limit(1)).one()
        found.append(Keyed(page, person, decision))
    return found


def _find(session: Session, text: str, sheet_page: int) -> Blank:
    issued, code = codes.identify(session, text, sheet_page)
    query = select(Page.id).where(Page.sheet == code.sheet, Page.sheet_page == code.page, Page.standing.in_(PRESENT))
    if session.scalar(query.limit(1)) is not None:
        raise Conflict("sheet-counted-already", sheet=code.readable, page=code.page)
    run = session.get_one(PrintRun, issued.print_run_id)
    layout = parse(session.get_one(models.Layout, run.layout_digest).source)
    return Blank(code, layout, layout.page(code.page), run.id, run.meeting_id, run.subject)
