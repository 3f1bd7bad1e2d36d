"""The results of a meeting: books, turnout, the figures of each item.

Counted when asked, from ``services.counting``; the arithmetic is ``omr.tally``'s. What is shown of the rater classes
goes through ``omr.disclosure``: ``Results.class_ids`` are rows that may be shown, to everybody and at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forms.survey import Choice, Design, Question
from forms.survey import Survey as Form
from omr import books
from omr.disclosure import Disclosure, members, protect
from omr.tally import UNSTATED, Asked, Count, Figures, Outcome, Rate, Rules, by_question, figures
from webapp.errors import NotFound
from webapp.models import Meeting, PrintRun, Survey, Unit
from webapp.office import Office
from webapp.services import counting, flexible, meeting_rules, meetings, plans, printing, promises, stacks
from webapp.services.stacks import Stack

AT_A_MEETING = ("", "大会")  # what the manner of an ordinary meeting says; any other is the flexible way


@dataclass(frozen=True, slots=True)
class FormRef:
    """A form that was printed for a meeting, and whom its sheets rate, in the order of printing."""

    survey_id: int
    form: Form
    subjects: tuple[str, ...]

    @property
    def is_roster(self) -> bool:
        return self.form.design != Design.SHEET

    @property
    def classes(self) -> tuple[Choice, ...]:
        """The rater classes of the form."""
        return next((q.choices for q in self.form.identity if q.id == counting.RATER_CLASS), ())


@dataclass(frozen=True, slots=True)
class Item:
    """One item about one subject: all raters, then each row of classes that may be shown."""

    subject: str
    question: Question
    number: int  # on the sheet, from 1; 0 where there is only one item
    total: Figures
    classes: tuple[Figures, ...]


@dataclass(frozen=True)
class Results:
    """All that is known of one form of one meeting."""

    meeting: Meeting
    ref: FormRef
    rules: Rules
    count: Count
    heads: Mapping[tuple[str, str, str], int]  # (kind, form, rater class) → number, as entered
    printed: int
    stack: Stack
    disclosure: Disclosure  # of the whole form, whatever subject is counted
    subject: str | None = None  # counted is the whole form, or the sheets about one subject
    manner: str = ""  # how the meeting was held, as papers say it
    further: tuple[str, ...] = ()  # the further sessions, a line each, as papers say them
    promises: tuple[promises.Entry, ...] = ()  # public promises of the subject that is counted, else of the unit
    keyed: tuple[int, int] = (0, 0)  # returned sheets that were keyed in by hand, and of these by telephone

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every item about every subject: subjects in the order of printing, items in the order of the sheet."""
        parts = by_question(self.count)
        asked = {subject: None for subject, _ in parts}
        return tuple(
            self._item(subject, question, parts[Asked(subject, question.id)])
            for subject in asked
            for question in self.ref.form.items
            if Asked(subject, question.id) in parts
        )

    def of(self, subject: str) -> tuple[Item, ...]:
        """Return the items about one subject."""
        return tuple(item for item in self.items if item.subject == subject)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whom the sheets that came back rate; members of a roster by name."""
        return tuple({item.subject: None for item in self.items})

    @property
    def provisional(self) -> bool:
        """Whether a person has still to look at something: then no figure is final."""
        return bool(self.count.pending or self.held)

    @property
    def held(self) -> int:
        """Sheets that came twice with other marks and wait for a ruling."""
        return self.stack.unruled

    @property
    def stopped(self) -> bool:
        """Whether more sheets came back than were handed out: then nothing is to be counted before it is cleared up."""
        return any(equation.stops for equation in self.equations)

    @property
    def class_ids(self) -> tuple[str, ...]:
        """The rows of classes that may be shown: classes that stand alone, then those that are shown together."""
        return self.disclosure.rows

    def valid_of(self, row: str) -> int:
        """Valid sheets of a row of classes."""
        return sum(self.count.valid.get(who, 0) for who in members(row))

    @property
    def by_hand(self) -> bool:
        """Whether sheets went out another way than at a meeting (灵活方式)."""
        return self.manner.strip() not in AT_A_MEETING

    @cached_property
    def turnout(self) -> tuple[books.Turnout, ...]:
        """Turnout by class, the total last. The total is known when each class has both numbers."""
        classes = [choice.id for choice in self.ref.classes]
        return books.turnout(self.heads, classes, self.rules.turnout_percent)

    @property
    def issued(self) -> int | None:
        """Copies handed out, over all classes; None where nobody entered a number.

        They are entered for a form; of one subject among several nobody knows how many were handed out.
        """
        if self._one_of_several:
            return None
        numbers = [
            number for (kind, form, _), number in self.heads.items() if (kind, form) == ("issued", self.ref.form.form)
        ]
        return sum(numbers) if numbers else None

    def issued_to(self, row: str) -> int | None:
        """Copies handed out to a row of classes; None where a number is missing."""
        if self._one_of_several:
            return None
        form = self.ref.form.form
        numbers = [self.heads.get(("issued", form, who)) for who in members(row) if who != UNSTATED]
        known = [number for number in numbers if number is not None]
        return sum(known) if known and len(known) == len(numbers) else None

    @property
    def _one_of_several(self) -> bool:
        return self.subject is not None and len(self.ref.subjects) > 1

    @property
    def recovery(self) -> Rate:
        """Returned sheets of those handed out."""
        return Rate(self.count.returned, self.issued or 0)

    @cached_property
    def equations(self) -> tuple[books.Equation, ...]:
        """The books: every equation with its numbers."""
        form = self.ref.form.form
        several = not self.ref.is_roster and len(self.ref.subjects) > 1
        ledger = books.Ledger(
            printed=self.printed,
            issued=self.issued,
            spoiled=self.heads.get(("spoiled", form, "")),
            spare=self.heads.get(("spare", form, "")),
            present=self.turnout[-1].present,
            subjects=1 if self.ref.is_roster else max(len(self.ref.subjects), 1),
            by_hand=self.by_hand,
            box=None if self._one_of_several else self.heads.get(("box", form, "")),
            read=self.stack.read,
            held=self.stack.apart,
            unruled=self.stack.unruled,
            about=tuple(self.stack.about.values()) if several else (),
        )
        return books.equations(ledger, self.count, [item.total for item in self.items])

    def _item(self, subject: str, question: Question, part: Count) -> Item:
        classes = tuple(figures(part, self.rules, subject, question, who) for who in self.class_ids)
        form = self.ref.form.items
        number = form.index(question) + 1 if len(form) > 1 else 0
        return Item(subject, question, number, figures(part, self.rules, subject, question), classes)


def forms(session: Session, meeting_id: int) -> tuple[FormRef, ...]:
    """Return the forms that were printed for a meeting, in the order of the campaign's forms."""
    rows = session.execute(
        select(Survey.id, Survey.form, Survey.source, PrintRun.subject)
        .join(PrintRun, PrintRun.survey_id == Survey.id)
        .where(PrintRun.meeting_id == meeting_id)
        .order_by(Survey.id, PrintRun.id)
    ).all()
    subjects: dict[int, dict[str, None]] = {}
    parsed = {survey_id: printing.parse(source, form) for survey_id, form, source, _ in rows}
    for survey_id, _, _, subject in rows:
        subjects.setdefault(survey_id, {})[subject] = None
    return tuple(FormRef(survey_id, parsed[survey_id], tuple(names)) for survey_id, names in subjects.items())


def results(office: Office, meeting_id: int, survey_id: int | None = None) -> Results | None:
    """Count one form of a meeting, the first printed where none is named; None where nothing was printed yet.

    Raises NotFound for a meeting that does not exist and a form that was not printed for it.
    """
    with office.db.read() as session:
        return results_in(session, meeting_id, survey_id)


def results_in(
    session: Session, meeting_id: int, survey_id: int | None = None, subject: str | None = None
) -> Results | None:
    """Count inside an open transaction, so that several figures come from one snapshot.

    ``subject`` counts the sheets about one subject of a form alone, as its paper wants them.
    """
    query = select(Meeting).where(Meeting.id == meeting_id)
    meeting = session.scalar(
        query.options(joinedload(Meeting.unit).joinedload(Unit.parent), joinedload(Meeting.campaign))
    )
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    found = forms(session, meeting_id)
    if not found and survey_id is None:
        return None
    ref = next((ref for ref in found if survey_id in (None, ref.survey_id)), None)
    if ref is None:
        raise NotFound("no-such-row", kind="Survey")
    rules = Rules.from_json(meeting_rules.of_meeting(session, meeting))
    scope = scope_of(meeting_id, ref, subject)
    counted = counting.count(session, scope)
    whole = counted if subject is None else counting.count(session, scope_of(meeting_id, ref))
    return Results(
        meeting=meeting,
        ref=ref,
        rules=rules,
        count=counted,
        heads=meetings.latest_counts(session, meeting_id),
        printed=printing.printed(session, meeting_id).get(ref.form.form, 0),
        stack=stacks.stack(session, scope),
        disclosure=disclosure_of(ref, whole, rules.disclosure_floor),
        subject=subject,
        manner=plans.manner_of(meeting, plans.of_meeting(session, meeting)),
        keyed=stacks.keyed(session, scope),
        further=tuple(flexible.lines(session, meeting_id)),
        promises=tuple(promises.of_subject(session, meeting.campaign_id, meeting.unit_id, subject or "")),
    )


def flexible_words(results: Results, expected: int | None) -> str:
    """Say of the flexible way what came back, of the people expected and of the sheets handed out (发放登记数)."""
    returned = results.count.returned
    parts = [f"应到 {_said(expected)}，发放 {_said(results.issued)}，收回 {returned}"]
    if expected:
        parts.append(f"收回÷应到 {Rate(returned, expected).percent}%")
    if results.issued:
        parts.append(f"收回÷发放 {results.recovery.percent}%")
    if results.keyed[0]:
        parts.append(f"其中手工录入 {results.keyed[0]} 张（电话代录 {results.keyed[1]} 张）")
    return "；".join(parts)


def _said(number: int | None) -> str:
    return "未录入" if number is None else str(number)


def disclosure_of(ref: FormRef, whole: Count, floor: int) -> Disclosure:
    """Tell which classes may be shown of a form: one answer for all its subjects and items.

    A class is small where its valid sheets are few, of the form or about one subject, or where so few of their pages
    came that an item would show a handful.
    """
    classes = tuple(choice.id for choice in ref.classes)
    other = tuple(sorted(who for who in whole.valid if who and who not in classes))
    blocks: list[dict[str, int]] = [dict(whole.valid)]
    for part in by_question(whole).values():
        asked = {who: number for (_, _, who), number in part.asked.items()}
        gone = {who: 0 for who in asked}
        for cell, number in part.cells.items():
            if cell.outcome == Outcome.MISSING:
                gone[cell.rater_class] += number
        blocks += [asked, {who: asked[who] - gone[who] for who in asked}]
    unstated = (UNSTATED,) if whole.valid.get(UNSTATED) else ()
    return protect((*classes, *other, *unstated), blocks, floor)


def scope_of(meeting_id: int, ref: FormRef, subject: str | None = None) -> counting.Scope:
    """Return what is counted together for one form of a meeting, or for one subject of it."""
    return counting.Scope(meeting_id, ref.survey_id, frozenset(question.id for question in ref.form.items), subject)


def rate_choices(question: Question, rate: str) -> tuple[Choice, ...]:
    """Return the choices whose takers a rate counts."""
    counted = [choice for choice in question.choices if choice.in_denominator]
    if rate == "not_dissatisfied":
        return tuple(choice for choice in counted if not choice.dissatisfied)
    with_fairly = rate == "fairly"
    return tuple(choice for choice in counted if choice.satisfied or (with_fairly and choice.rather_satisfied))


def rate_label(question: Question, rate: str, *, english: bool = False) -> str:
    """Name a rate by the words of its own choices: 满意, 满意+比较满意, 除不满意外. A dash where no choice makes it."""
    if rate == "not_dissatisfied":
        left_out = "、".join(_word(choice, english) for choice in question.choices if choice.dissatisfied)
        return "—" if not left_out else f"All but {left_out.lower()}" if english else f"除{left_out}外"
    return "+".join(_word(choice, english) for choice in rate_choices(question, rate)) or "—"


def _word(choice: Choice, english: bool) -> str:
    return (choice.label_en or choice.label) if english else choice.label
