"""What the review station shows of one question: the page's geometry, the machine's reading, decisions, neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from forms import code
from forms import layout as layouts
from forms.survey import Question, Survey
from webapp.errors import NotFound
from webapp.models import Decision, Page, PrintRun, Reading, User
from webapp.office import Office
from webapp.services import answers, closed, leases, printing, review, sheet_rulings, two_persons


@dataclass(frozen=True, slots=True)
class Choice:
    """One box: its place (mm), its words, what the machine saw in it."""

    id: str
    label: str
    label_en: str
    box: layouts.Box
    state: str = ""  # empty, marked, cancelled, unsure; "" where no machine looked
    probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the page. ``row`` is the printed name on a roster."""

    id: str
    number: int  # its place on the page, from 1
    item: int  # its number among the survey's items, 0 for a question about the rater
    text: str
    text_en: str
    row: str
    most: int
    choices: tuple[Choice, ...]
    machine: str  # state of the machine's answer; "" where there is none
    machine_choice: tuple[str, ...]
    probability: float
    answer: answers.Effective | None

    @property
    def is_doubtful(self) -> bool:
        return self.machine in answers.DOUBTFUL

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of its boxes, in mm."""
        boxes = [choice.box for choice in self.choices]
        return (
            min(b.x for b in boxes),
            min(b.y for b in boxes),
            max(b.x + b.w for b in boxes),
            max(b.y + b.h for b in boxes),
        )


@dataclass(frozen=True, slots=True)
class Station:
    """All that the page needs."""

    meeting_id: int
    page: Page
    sheet: str  # readable
    is_void: bool
    is_open: bool  # decisions can be made
    is_closed: bool  # the count of the meeting is closed
    stage: str  # of the newest decision: first, differs …
    is_blind: bool  # the person must not see what others decided; ``history`` is then his own
    void_stage: str  # of the newest ruling on the sheet
    newest: int | None  # the newest decision, seen or not: what a save must name
    elsewhere: str  # who else has this question open
    page_mm: tuple[float, float]
    regions: tuple[layouts.Region, ...]
    questions: tuple[Asked, ...]
    asked: Asked
    history: tuple[tuple[Decision, User], ...]
    queue: review.Queue
    place: int | None

    @property
    def seen(self) -> int | None:
        """The newest decision: what a save must name."""
        return self.newest

    @property
    def decision(self) -> tuple[Decision, User] | None:
        """The newest decision that may be shown, with its author; None where the machine's answer holds."""
        if self.is_blind and self.stage == answers.FIRST:
            return None  # what the person said in an earlier round is no longer his word
        return self.history[-1] if self.history and self.history[-1][0].state != answers.MACHINE else None

    @property
    def with_scrutineer(self) -> bool:
        """Whether two persons differ, or the scrutineer has ruled: then reviewers have no more to say."""
        return self.stage in (answers.DIFFERS, answers.RULING)

    @property
    def next_on_page(self) -> Asked:
        return self.questions[self.asked.number % len(self.questions)]


def station(office: Office, page_id: int, question: str, user_id: int | None = None) -> Station:
    """Return the view of one question, as this person may see it; None sees all, as the scrutineer does.

    Raises NotFound for a page that was never read, or another question.
    """
    with office.db.read() as session:
        page = session.get(Page, page_id)
        if page is None or page.print_run_id is None or page.sheet_page is None or page.state not in ("read", "keyed"):
            raise NotFound("no-such-page")
        run = session.get_one(PrintRun, page.print_run_id)
        layout = review.layout_of(session, page)
        questions = questions_of(session, page, run, layout)
        asked = next((each for each in questions if each.id == question), None)
        if asked is None:
            raise NotFound("no-such-question", question=question)
        queue = review.queue_in(session, run.meeting_id, user_id)
        last, history = review.last_standing(session, page_id, question), review.history(session, page_id, question)
        blind = two_persons.is_blind(last, user_id)
        ruling = sheet_rulings.newest(session, page.sheet or "")
        shut = closed.is_closed(session, run.meeting_id)
        if page.scan is not None:
            page.scan.batch  # noqa: B018 - loaded while the session is open
        return Station(
            meeting_id=run.meeting_id,
            page=page,
            sheet=code.readable(page.sheet or ""),
            is_void=answers.is_void(session, page.sheet or ""),
            is_open=page.standing in answers.STANDING and not shut,
            is_closed=shut,
            stage=last.stage if last else "",
            is_blind=blind,
            void_stage=ruling.stage if ruling and not two_persons.is_blind(ruling, user_id) else "",
            newest=history[-1][0].id if history else None,
            elsewhere=leases.holder(session, page_id, question, user_id),
            page_mm=layout.page_mm,
            regions=layout.page(page.sheet_page).regions,
            questions=questions,
            asked=asked,
            history=tuple(own(history, user_id) if blind else history),
            queue=queue,
            place=queue.place(page_id, question),
        )


def own(history: list[tuple[Decision, User]], user_id: int | None) -> list[tuple[Decision, User]]:
    """Return a person's own decisions. His undoings are left out: one says what another person had decided."""
    return [(row, user) for row, user in history if row.user_id == user_id and row.undoes is None]


def blank_questions(run: PrintRun, layout: layouts.Layout, sheet_page: int) -> tuple[Asked, ...]:
    """Return the questions of a page that nobody has read yet: for keying in."""
    survey = printing.parse(run.survey.source, run.survey.form)
    return tuple(
        _asked(number, placed, survey, layout, None, None)
        for number, placed in enumerate(layout.page(sheet_page).questions, 1)
    )


def questions_of(session: Session, page: Page, run: PrintRun, layout: layouts.Layout) -> tuple[Asked, ...]:
    """Return the questions of a page that was read or keyed in, with what the machine saw and what holds."""
    assert page.sheet_page is not None  # noqa: S101 - the caller has looked
    survey = printing.parse(run.survey.source, run.survey.form)
    reading = session.get(Reading, page.reading_id) if page.reading_id else None
    seen: dict[str, Any] = reading.value["questions"] if reading else {}
    effective = answers.effective(session, [page.id])
    return tuple(
        _asked(number, placed, survey, layout, seen.get(placed.id), effective.get((page.id, placed.id)))
        for number, placed in enumerate(layout.page(page.sheet_page).questions, 1)
    )


def _asked(
    number: int,
    placed: layouts.Question,
    survey: Survey,
    layout: layouts.Layout,
    seen: dict[str, Any] | None,
    answer: answers.Effective | None,
) -> Asked:
    row, _, item = placed.id.rpartition(".")
    words = {each.id: each for each in (*survey.identity, *survey.items)}.get(item) or Question(item, item, ())
    labels = {choice.id: choice for choice in words.choices}
    boxes = seen["boxes"] if seen else {}

    def choice(box: layouts.Box) -> Choice:
        told = labels.get(box.id)
        label = told.label if told else box.id
        read = boxes.get(box.id, {})
        english = (told.label_en if told else "") or label
        return Choice(box.id, label, english, box, read.get("state", ""), read.get("probability", 0.0))

    return Asked(
        id=placed.id,
        number=number,
        item=next((n for n, each in enumerate(survey.items, 1) if each.id == item), 0),
        text=words.text.replace("|", ""),
        text_en=words.text_en or words.text.replace("|", ""),
        row=layout.rows.get(row, row),
        most=placed.most,
        choices=tuple(choice(box) for box in placed.boxes),
        machine=seen["state"] if seen else "",
        machine_choice=tuple(seen["choice"]) if seen else (),
        probability=seen["probability"] if seen else 0.0,
        answer=answer,
    )
