"""``python -m webapp.demo``: fills an instance with one worked campaign, so that every page has life in it.

Nothing in it is made up by hand but the names: sheets are printed, filled and scanned by ``omr.synth``, read by the
reader, and what the machine doubts is decided as a person would who has the paper before him (the synthesiser's truth).
The branch's count is checked by hand and closed by the scrutineer. Of the college's a few doubts, two faulty files and
some opinions, proposed by the OCR engine where there is one, are left for the newcomer.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pikepdf
from sqlalchemy import select

from forms import messages
from forms.code import normalise
from forms.layout import Layout as PaperLayout
from omr.synth import MIXES, QuestionTruth, Truth, scan_stack
from webapp import demo_writing, instance_from_environment
from webapp.errors import CATALOGUE
from webapp.jobs import open_office
from webapp.jobs.queue import InlineBell
from webapp.launch.words import language
from webapp.migrate import upgrade
from webapp.models import Campaign, Decision, Layout, Opinion, Page, PrintFile, PrintRun, Scan, Survey, Unit
from webapp.office import Office
from webapp.rights import Role
from webapp.services import (
    accounts,
    campaigns,
    closing,
    hand_check,
    head_counts,
    intake,
    meetings,
    opinions,
    printing,
    review,
    units,
)
from webapp.services.answers import FIRST
from webapp.services.printing import Order
from webapp.settings import load

SEED = 20110715
DOUBTS_LEFT = 6  # for the newcomer to decide
OPINIONS_LEFT = 5  # with what the engine proposes
COLLEGE, BRANCH = "材料科学与工程学院党委", "材料学院教工第一党支部"
MEMBERS = (
    "王芳", "李建国", "张丽娟", "巴特尔", "乌云其其格", "陈志远", "刘洋", "赵淑珍", "苏日娜", "买买提·阿不都热合曼",
    "孙玉梅", "周明", "额尔敦巴雅尔", "吴晓东", "郑海燕", "冯国强", "喆祎", "䶮",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hall:
    """One meeting of the demonstration: whom it rates, on which form, and its numbers."""

    unit: str
    form: str
    held_on: dt.date
    place: str
    presider: str
    supervisor: str
    expected: dict[str, int]
    present: dict[str, int]
    copies: int
    spoiled: int
    returned: int
    seed: int
    members: tuple[str, ...] = ()
    closed: bool = False

    @property
    def issued(self) -> int:
        return sum(self.present.values())

    def numbers(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        """Yield the head counts as they are entered."""
        for rater_class, number in self.expected.items():
            yield ("expected", "", rater_class), str(number)
        for rater_class, number in self.present.items():
            yield ("present", "", rater_class), str(number)
            yield ("issued", self.form, rater_class), str(number)
        yield ("spoiled", self.form, ""), str(self.spoiled)
        yield ("spare", self.form, ""), str(self.copies - self.issued - self.spoiled)


PEOPLE = {
    "陈静": Role.SCHOOL_OFFICE, "李娜": Role.UNIT_ADMINISTRATOR, "刘婷": Role.SCANNER, "王强": Role.SCANNER,
    "何晓": Role.TRANSCRIBER, "周正": Role.SCRUTINEER,
}  # fmt: skip

HALLS = (
    Hall(
        COLLEGE, "org", dt.date(2011, 7, 15), "材料楼报告厅", "赵明远", "李宏",
        {"staff": 50, "student": 26}, {"staff": 45, "student": 23}, copies=80, spoiled=2, returned=66, seed=SEED,
    ),
    Hall(
        BRANCH, "roster-items", dt.date(2011, 7, 13), "材料楼 204", "孙玉梅", "钱志刚",
        {"staff": 17, "student": 9}, {"staff": 15, "student": 8}, copies=26, spoiled=0, returned=23, seed=SEED + 1,
        members=MEMBERS, closed=True,
    ),
)  # fmt: skip


def main() -> int:
    """Build the demonstration in the instance folder of the environment; do nothing where it is built already."""
    settings = load(instance_from_environment(), inline_jobs=True)
    upgrade(settings)
    office = open_office(settings)
    bell = PatientBell()
    office = bell.office = replace(office, bell=bell)
    try:
        with office.db.read() as session:
            if session.scalar(select(Campaign.id).limit(1)):
                return 0
        build(office)
    finally:
        office.db.close()
    return 0


class PatientBell(InlineBell):
    """Does each task at once but for proposals: most opinions are typed off before an engine could look at them."""

    def ring(self, task: str, key: int) -> None:
        """Do the task now, unless it is one for an engine."""
        if task != opinions.TASK:
            super().ring(task, key)


def build(office: Office) -> None:
    """Play the whole case. Raises whatever a use case raises: a demonstration that fails must be seen to fail."""
    people = make_people(office)
    organiser, first, second, typist = (people[name] for name in ("李娜", "刘婷", "王强", "何晓"))
    scrutineer = people["周正"]
    preset = campaigns.preset()
    campaign_id = campaigns.create(office, preset.facts, forms=preset.forms, rules=preset.rules)
    units.add(office, names=COLLEGE, kind="college")
    with office.db.read() as session:
        college = session.scalars(select(Unit.id).where(Unit.name == COLLEGE)).one()
    units.add(office, names=BRANCH, kind="branch", parent_id=college)
    with tempfile.TemporaryDirectory(prefix="pingyi-demo-") as folder:
        for hall in HALLS:
            meeting_id = meet(office, campaign_id, hall, organiser)
            truth, written = scan(office, meeting_id, hall, first, Path(folder))
            decide(office, meeting_id, truth, (first, second), leave=0 if hall.closed else DOUBTS_LEFT)
            type_opinions(office, meeting_id, written, typist, leave=0 if hall.closed else OPINIONS_LEFT)
            if hall.closed:
                close(office, meeting_id, truth, scrutineer)
    add_troubles(office, first)


def make_people(office: Office) -> dict[str, int]:
    """Make the six people of the case, each with a password that is printed once. Returns name → id."""
    found = {}
    for name, role in PEOPLE.items():
        found[name], password = accounts.create_user(office, name=name, display_name=name, roles=[role])
        word = messages.say(CATALOGUE, f"role-{role}", language())
        sys.stdout.write(f"{word}  {name}  {password}\n")
    sys.stdout.flush()
    return found


def meet(office: Office, campaign_id: int, hall: Hall, user_id: int) -> int:
    """Hold a meeting: its facts, its sheets, its numbers."""
    with office.db.read() as session:
        unit_id = session.scalars(select(Unit.id).where(Unit.name == hall.unit)).one()
        surveys = select(Survey.id).where(Survey.campaign_id == campaign_id, Survey.form == hall.form)
        survey_id = session.scalars(surveys).one()
    facts = meetings.Facts(unit_id, hall.held_on, hall.place, "评议大会", hall.presider, hall.supervisor)
    meeting_id = meetings.create(office, campaign_id, facts)
    day = f"{hall.held_on.year}年{hall.held_on.month}月{hall.held_on.day}日"
    subjects = () if hall.members else (hall.unit,)
    order = Order(unit=hall.unit, date=day, copies=hall.copies, subjects=subjects, members=hall.members)
    printing.create_runs(office, meeting_id=meeting_id, survey_id=survey_id, order=order, user_id=user_id)
    head_counts.enter(office, meeting_id, dict(hall.numbers()), user_id=user_id)
    return meeting_id


def scan(office: Office, meeting_id: int, hall: Hall, user_id: int, folder: Path) -> tuple[Truth, dict[str, str]]:
    """Fill and scan the sheets that came back, and take the stack in: reading follows at once.

    Returns what was really on them, and sheet → what is written in its lines.
    """
    with office.db.read() as session:
        file = session.scalars(select(PrintFile).join(PrintRun).where(PrintRun.meeting_id == meeting_id)).one()
        layout = PaperLayout.loads(session.get_one(Layout, file.print_run.layout_digest).source)
    printed = folder / f"{hall.form}-returned.pdf"
    first_pages(printing.file_path(office, file.id), printed, hall.returned * len(layout.pages))
    written = demo_writing.write(printed, layout, hall.seed)
    stack = folder / f"扫描_{hall.held_on:%m%d}.pdf"
    mix = replace(MIXES["usual"], writing=0.0)
    truth = scan_stack(printed, [layout], stack, mix=mix, severity="office", seed=hall.seed, shuffle=True)
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


def add_troubles(office: Office, user_id: int) -> None:
    """Take in what every office meets: a stack sent twice, a file that is no picture, a page that is not ours."""
    with office.db.read() as session:
        first = session.scalars(select(Page.scan_id).where(Page.scan_id.is_not(None)).order_by(Page.id)).first()
    if first is None:
        raise RuntimeError("the demonstration read no page")
    with office.db.read() as session:
        scan_row = session.get_one(Scan, first)
    with office.storage.path(scan_row.sha256).open("rb") as stream:
        intake.receive(office, stream, scan_row.filename.replace(".pdf", " (1).pdf"), user_id=user_id, origin="upload")
    intake.receive(office, io.BytesIO(b"not a picture"), "补扫.pdf", user_id=user_id, origin="upload")
    for name, image in (("空白页.png", blank_page()), ("签到表.png", foreign_page())):
        done, data = cv2.imencode(".png", image)
        if not done:
            raise RuntimeError(name)
        intake.receive(office, io.BytesIO(data.tobytes()), name, user_id=user_id, origin="upload")


def blank_page() -> np.ndarray:
    """An empty sheet as a scanner sees it: A4 at 150 dpi, slightly grey."""
    noise = np.random.default_rng(SEED).normal(0, 3, (1754, 1240))
    return np.clip(246 + noise, 0, 255).astype(np.uint8)


def foreign_page() -> np.ndarray:
    """A page that is none of ours: a sign-in list with lines and some writing."""
    page = blank_page()
    for y in range(250, 1600, 60):
        cv2.line(page, (120, y), (1120, y), 60, 2)
        cv2.putText(page, f"{(y - 190) // 60:2d}", (130, y - 15), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 60, 2)
    cv2.putText(page, "Attendance 2011-07-15", (330, 160), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 3)
    return page


def first_pages(source: Path, target: Path, pages: int) -> None:
    """Copy the first pages of a PDF: the sheets that came back."""
    with pikepdf.open(source) as document:
        del document.pages[pages:]
        document.save(target)


if __name__ == "__main__":
    sys.exit(main())
