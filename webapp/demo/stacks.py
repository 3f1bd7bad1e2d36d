"""The sheets of a meeting: filled and scanned by the synthesiser, read, and decided as one who holds the paper would.

What such a person knows is the synthesiser's truth: what was really marked and written on each sheet.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pikepdf
from sqlalchemy import select

from forms.code import normalise
from forms.layout import Layout as PaperLayout
from omr.synth import MIXES, QuestionTruth, Truth, scan_stack
from webapp import demo_writing
from webapp.demo.cast import SEED, Hall
from webapp.models import Decision, Layout, Opinion, Page, PrintFile, PrintRun
from webapp.office import Office
from webapp.services import closing, hand_check, intake, opinions, printing, review
from webapp.services.answers import FIRST


def scan(office: Office, meeting_id: int, hall: Hall, user_id: int, folder: Path) -> tuple[Truth, dict[str, str]]:
    """Fill and scan the sheets that came back, and take the stack in: reading follows at once.

    Returns what was really on them, and sheet → what is written in its lines.
    """
    layouts = []
    printed = folder / f"{hall.seed}-returned.pdf"
    with office.db.read() as session, pikepdf.new() as returned:
        query = select(PrintFile).join(PrintRun).where(PrintRun.meeting_id == meeting_id).order_by(PrintFile.id)
        for file in session.scalars(query):
            layouts.append(PaperLayout.loads(session.get_one(Layout, file.print_run.layout_digest).source))
            with pikepdf.open(printing.file_path(office, file.id)) as document:
                returned.pages.extend(document.pages[: hall.returned * len(layouts[-1].pages)])
        returned.save(printed)
    written = demo_writing.write(printed, layouts[0], hall.seed)
    stack = folder / f"扫描_{hall.held_on:%m%d}_{hall.form}_{hall.seed}.pdf"
    mix = replace(MIXES["usual"], writing=0.0, choices=hall.choices)
    truth = scan_stack(printed, layouts, stack, mix=mix, severity="office", seed=hall.seed, shuffle=True)
    with stack.open("rb") as stream:
        intake.receive(office, stream, stack.name, user_id=user_id, origin="upload", meeting_id=meeting_id)
    sheets = {page.printed - 1: normalise(part.sheet) for page in truth.pages for part in page.parts}
    return truth, {sheets[number]: text for number, text in written.items()}


def decide(office: Office, meeting_id: int, truth: Truth, people: tuple[int, int], leave: int) -> None:
    """Decide the doubts of a meeting as the paper says, but for the last few; the second person where it needs two."""
    meant = {(part.sheet, part.sheet_page): part.questions for page in truth.pages for part in page.parts}
    items = [item for item in review.queue(office, meeting_id).items if not item.decided]
    with office.db.read() as session:
        ids = {item.page_id for item in items}
        pages = {page.id: page for page in session.scalars(select(Page).where(Page.id.in_(ids)))}
    by_sheet = {(normalise(sheet), number): questions for (sheet, number), questions in meant.items()}
    for item in items[: len(items) - leave]:
        page = pages[item.page_id]
        answer = by_sheet[page.sheet or "", page.sheet_page or 0][item.question]
        verdict = verdict_of(answer)
        here, question = item.page_id, item.question
        newest = review.decide(office, page_id=here, question=question, verdict=verdict, user_id=people[0], seen=None)
        with office.db.read() as session:
            waits = session.get_one(Decision, newest).stage == FIRST
        if waits:
            review.decide(office, page_id=here, question=question, verdict=verdict, user_id=people[1], seen=newest)


def verdict_of(truth: QuestionTruth) -> review.Verdict:
    """Return what a person rules who sees what the writer did. A mark struck out with nothing instead is no mark."""
    if truth.state in ("answered", "corrected"):
        return review.Verdict("answered", truth.choice)
    return review.Verdict("invalid" if truth.state == "multiple" else "blank")


def type_opinions(office: Office, meeting_id: int, written: dict[str, str], user_id: int, leave: int) -> None:
    """Confirm what is written on the sheets of a meeting; for the last few the engine makes its proposals."""
    waiting = [entry.opinion.id for entry in opinions.entries(office, meeting_id)]
    with office.db.read() as session:
        query = select(Opinion.id, Page.sheet).join(Page, Page.id == Opinion.page_id).where(Opinion.id.in_(waiting))
        sheets = {opinion_id: sheet or "" for opinion_id, sheet in session.execute(query)}
    typed = waiting[: max(0, len(waiting) - leave)]
    for opinion_id in typed:
        opinions.confirm(office, opinion_id, text=written[sheets[opinion_id]], user_id=user_id)
    for opinion_id in waiting[len(typed) :]:
        opinions.propose(office, opinion_id)


def close(office: Office, meeting_id: int, truth: Truth, user_id: int) -> None:
    """Check a meeting by hand as one reads the paper, and close it. Raises Conflict where the books don't balance."""
    hand_check.draw(office, meeting_id, user_id=user_id, seed=str(SEED))
    with office.db.read() as session:
        drawn = hand_check.state(session, meeting_id)
        if drawn is None:
            raise RuntimeError("nothing was drawn")
        ids = [page_id for page_ids in drawn.sheets.values() for page_id in page_ids]
        pages = {row.id: (row.sheet, row.sheet_page) for row in session.scalars(select(Page).where(Page.id.in_(ids)))}
    on_paper = {(normalise(part.sheet), part.sheet_page): part.questions for page in truth.pages for part in page.parts}
    for page_id in ids:
        sheet, number = pages[page_id]
        meant = on_paper[sheet or "", number or 0]
        marks = {question: seen_marks(answer) for question, answer in meant.items()}
        hand_check.enter(office, page_id, marks=marks, user_id=user_id)
    closing.close(office, meeting_id, user_id=user_id)


def seen_marks(truth: QuestionTruth) -> tuple[str, ...]:
    """Return the boxes that a person sees marked: what is struck out is none."""
    return truth.choice if truth.state in ("answered", "corrected", "multiple") else ()


def first_pages(source: Path, target: Path, pages: int) -> None:
    """Copy the first pages of a PDF: the sheets that came back."""
    with pikepdf.open(source) as document:
        del document.pages[pages:]
        document.save(target)
