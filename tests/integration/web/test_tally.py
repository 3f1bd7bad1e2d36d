"""The count by SQL: equal to the pure count on any stack, and the worked figures to the last number."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import layout as layouts
from forms.survey import Values
from forms.typeset import typeset
from omr.tally import Answer, Asked, Outcome, Rate, Sheet, count, outcome
from tests.sheet_rows import CLASS_COUNTS_Q3, ITEM_COUNTS, Desk, Mark, worked_meeting
from webapp.db import Database
from webapp.errors import NotFound
from webapp.models import Base, Campaign, Meeting, PrintRun, Survey, Unit, User
from webapp.office import Office
from webapp.services import behind, counting, printing, tally

ITEMS = ("q1", "q2")


def small(form: str, questions: dict[int, tuple[str, ...]], rows: dict[str, str]) -> layouts.Layout:
    """A layout with no ink: the count only asks which question stands on which page."""
    box = layouts.Box("satisfied", 100, 100, 5, 5)
    pages = tuple(
        layouts.Page(n, (), layouts.CodeArea(0, 0, 15, 15), tuple(layouts.Question(q, "single", (box,)) for q in names))
        for n, names in questions.items()
    )
    return layouts.Layout(form, (210, 297), pages, rows=rows).sealed()


SHEET = small("org", {1: ("rater_class", "q1", "q2")}, {})
ROSTER_A = small(
    "org", {1: ("rater_class", "m01.q1", "m01.q2"), 2: ("m02.q1", "m02.q2")}, {"m01": "王芳", "m02": "李䶮"}
)
ROSTER_B = small("org", {1: ("rater_class", "m01.q1"), 2: ("m01.q2",)}, {"m01": "李䶮"})
LAYOUTS = (("学院党委", SHEET), ("", ROSTER_A), ("", ROSTER_B))

read_marks = st.sampled_from(
    [("answered", "satisfied"), ("answered", "fairly"), ("blank", ""), ("multiple", "satisfied,fairly"), ("unsure", "")]
)
read_raters = st.sampled_from([("answered", "staff"), ("answered", "student"), ("blank", ""), ("unsure", "staff")])
ruled_marks = st.sampled_from([("answered", "dissatisfied"), ("blank", ""), ("invalid", ""), ("machine", "")])
ruled_raters = st.sampled_from([("answered", "student"), ("blank", ""), ("invalid", ""), ("machine", "")])


@dataclass(frozen=True)
class PlannedPage:
    number: int
    standing: str
    withdrawn: bool
    keyed: bool
    read: dict[str, Mark]
    ruled: dict[str, list[Mark]]

    def mark(self, question: str) -> Answer:
        decision = (self.ruled.get(question) or [("machine", "")])[-1]
        if decision[0] != "machine":
            return Answer(outcome(decision[0], decided=True), decision[1])
        state, choice = self.read[question]
        return Answer(outcome(state, decided=False), choice)


@dataclass(frozen=True)
class Planned:
    run: int
    pages: list[PlannedPage]
    rulings: list[str]

    def sheet(self) -> Sheet | None:
        """The pure value; None where no page of it counts."""
        subject, layout = LAYOUTS[self.run]
        came = [page for page in self.pages if page.standing == "counts" and not (page.withdrawn and not page.keyed)]
        if not came:
            return None
        asked, answers = {}, {}
        rater = Answer(Outcome.MISSING)
        for page in layout.pages:
            here = next((planned for planned in came if planned.number == page.page), None)
            for question in page.questions:
                row, _, item = question.id.rpartition(".")
                if question.id == "rater_class":
                    rater = here.mark(question.id) if here else rater
                    continue
                asked[Asked(layout.rows[row] if row else subject, item)] = page.page
                if here:
                    answers[Asked(layout.rows[row] if row else subject, item)] = here.mark(question.id)
        void = [kind for kind in self.rulings if kind != "use-page"][-1:] == ["void"]
        return Sheet(asked, frozenset(page.number for page in came), answers, rater, void)


@st.composite
def planned(draw: st.DrawFn) -> Planned:
    run = draw(st.integers(0, len(LAYOUTS) - 1))
    layout = LAYOUTS[run][1]
    pages = []
    for number in sorted(draw(st.sets(st.sampled_from([page.page for page in layout.pages]), min_size=1))):
        keyed = draw(st.booleans())
        read, ruled = {}, {}
        for question in (q.id for q in layout.page(number).questions):
            machine, person = (read_raters, ruled_raters) if question == "rater_class" else (read_marks, ruled_marks)
            read[question] = draw(machine)
            if keyed:  # whoever keys a sheet in says something of each question
                ruled[question] = [draw(person.filter(lambda mark: mark[0] != "machine"))]
            else:
                ruled[question] = draw(st.lists(person, max_size=2))
        standing = draw(st.sampled_from(["counts", "counts", "counts", "held", "rescan", "none"]))
        pages.append(PlannedPage(number, standing, draw(st.booleans()), keyed, read, ruled))
    return Planned(run, pages, draw(st.lists(st.sampled_from(["void", "valid", "use-page"]), max_size=2)))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with a form and two meetings, to be copied for every example."""
    path = tmp_path_factory.mktemp("count") / "empty.sqlite3"
    db = Database(f"sqlite:///{path}")
    Base.metadata.create_all(db.engine)
    with db.begin() as session:
        session.add(User(name="a", display_name="a", password_hash="!"))
        session.add_all([Unit(kind="college", name="u"), Campaign(title="t")])
        session.flush()
        session.add(Survey(campaign_id=1, form="org", title="t", source=""))
        session.add_all([Meeting(campaign_id=1, unit_id=1), Meeting(campaign_id=1, unit_id=1)])
        session.flush()
        desk = Desk(session, 1)
        for meeting_id in (1, 2):
            for subject, layout in LAYOUTS:
                desk.print_run(meeting_id, 1, layout, subject=subject)
    db.close()  # the last connection to close brings the write-ahead log into the file
    return path


@contextmanager
def copy_of(empty: Path) -> Iterator[Desk]:
    """Open a copy of the empty database; the count is asked of its first meeting."""
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(empty, folder)
        db = Database(f"sqlite:///{path}")
        with db.begin() as session:
            yield Desk(session, 1)
        db.close()


def write(desk: Desk, runs: list[PrintRun], plan: Planned) -> None:
    sheet = desk.issue(runs[plan.run])
    for page in plan.pages:
        row = desk.page(
            runs[plan.run],
            sheet,
            None if page.keyed else page.read,
            sheet_page=page.number,
            standing=page.standing,
            withdrawn=page.withdrawn,
        )
        for question, marks in page.ruled.items():
            desk.decide(row, question, marks, origin="keyed" if page.keyed else "review")
    desk.rule(sheet, plan.rulings)


@given(st.lists(planned(), max_size=10), st.lists(planned(), max_size=3))
@settings(max_examples=20)
def test_any_stack__sql_counts_what_the_pure_count_counts(
    empty: Path, plans: list[Planned], elsewhere: list[Planned]
) -> None:
    with copy_of(empty) as desk:
        runs = desk.session.query(PrintRun).order_by(PrintRun.id).all()
        for plan in plans:
            write(desk, runs[: len(LAYOUTS)], plan)
        for plan in elsewhere:
            write(desk, runs[len(LAYOUTS) :], plan)
        scope = counting.Scope(1, 1, frozenset(ITEMS))
        found = counting.count(desk.session, scope)
        assert found == count(sheet for plan in plans if (sheet := plan.sheet()) is not None)
        for cell, number in found.cells.items():
            choices = (cell.choice,) if cell.choice and cell.outcome == Outcome.ANSWERED else ()
            wanted = behind.Filter(cell.subject, cell.item, cell.outcome, choices, cell.rater_class)
            pages = behind.find(desk.session, scope, wanted)
            same = sum(n for c, n in found.cells.items() if c[:4] == cell[:4] and (not choices or c == cell))
            assert (pages.total, len(pages.pages)) == (same, same), (cell, number)
        for who, number in found.valid.items():
            assert behind.find(desk.session, scope, behind.Filter(rater_class=who)).total == number
        assert behind.find(desk.session, scope, behind.Filter(void=True)).total == found.void
        assert behind.find(desk.session, scope, behind.Filter()).total == found.returned


@pytest.fixture
def worked(office: Office, meeting: Meeting, surveys: dict[str, int], user: User) -> tally.Results:
    """The worked figures in the real form."""
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
        layout = typeset(form, Values(unit="机械学院党委", subject="中共机械学院委员会"))
        worked_meeting(Desk(session, user.id), meeting.id, surveys["org"], layout, "中共机械学院委员会")
    found = tally.results(office, meeting.id)
    assert found is not None
    return found


def test_worked_figures__counts_of_each_item(worked: tally.Results) -> None:
    assert (worked.count.returned, sum(worked.count.valid.values()), worked.count.void) == (294, 293, 1)
    for item in worked.of("中共机械学院委员会"):
        figure = item.total
        numbers = (*(choice.number for choice in figure.choices), figure.blank, figure.invalid)
        assert numbers == ITEM_COUNTS[item.question.id]
    rates = [str(worked.items[0].total.rates[name].percent) for name in ("satisfied", "fairly", "not_dissatisfied")]
    assert rates == ["64.71", "89.27", "97.58"]


def test_worked_figures__counts_of_each_class(worked: tally.Results) -> None:
    overall = worked.items[2]
    assert overall.question.overall
    found = {
        figure.rater_class: (*(choice.number for choice in figure.choices), figure.blank, figure.invalid)
        for figure in overall.classes
    }
    assert found == CLASS_COUNTS_Q3
    assert worked.class_ids == ("staff", "student", "")


def test_worked_figures__books_balance(worked: tally.Results) -> None:
    assert {equation.code: equation.ok for equation in worked.equations} == dict.fromkeys(
        ("printed", "issued", "read", "returned", "split", "items", "reviewed"), True
    )
    assert worked.recovery == Rate(294, 296)
    assert not worked.provisional
    assert [(row.rater_class, str(row.rate.percent), row.reached) for row in worked.turnout] == [
        ("staff", "92.97", True),
        ("student", "96.67", True),
        (None, "93.67", True),
    ]


def test_present_of_one_class_not_entered__total_is_open(office: Office, worked: tally.Results, user: User) -> None:
    with office.db.begin() as session:
        Desk(session, user.id).heads(worked.meeting.id, {("expected", "", "guest"): 5})
    again = tally.results(office, worked.meeting.id)
    assert again is not None
    assert (again.turnout[-1].present, again.turnout[-1].reached) == (None, None)
    assert {e.code: e.ok for e in again.equations}["issued"] is None


def test_newest_number_of_a_person__holds(office: Office, worked: tally.Results, user: User) -> None:
    with office.db.begin() as session:
        Desk(session, user.id).heads(worked.meeting.id, {("issued", "org", "staff"): 200})
    again = tally.results(office, worked.meeting.id)
    assert again is not None
    broken = {e.code: e for e in again.equations if e.ok is False}
    assert set(broken) == {"printed", "returned"}
    assert broken["returned"].difference == 294 - 258


def test_doubt_without_a_decision__makes_the_results_provisional(
    office: Office, worked: tally.Results, user: User
) -> None:
    with office.db.begin() as session:
        desk = Desk(session, user.id)
        run = session.query(PrintRun).filter_by(meeting_id=worked.meeting.id).one()
        desk.page(
            run,
            desk.issue(run),
            {
                "rater_class": ("answered", "staff"),
                "q1": ("unsure", "satisfied"),
                "q2": ("blank", ""),
                "q3": ("multiple", "satisfied,fairly"),
            },
        )
    again = tally.results(office, worked.meeting.id)
    assert again is not None
    assert again.provisional
    assert again.count.pending == 2
    assert [item.total.pending for item in again.items] == [1, 0, 1]
    assert again.items[0].total.denominator == worked.items[0].total.denominator


def test_meeting_without_a_print_run__has_no_results(office: Office, meeting: Meeting) -> None:
    assert tally.results(office, meeting.id) is None


def test_form_that_was_not_printed__not_found(office: Office, worked: tally.Results, surveys: dict[str, int]) -> None:
    with pytest.raises(NotFound):
        tally.results(office, worked.meeting.id, surveys["member"])


def test_sheets_behind_invalid__show_what_the_machine_saw(office: Office, worked: tally.Results) -> None:
    wanted = behind.Filter("中共机械学院委员会", "q3", Outcome.INVALID)
    found = behind.sheets_behind(office, worked.meeting.id, worked.ref, wanted)
    assert found.total == 2
    assert {(row.state, row.decided, row.read_state, row.read_choice) for row in found.pages} == {
        ("invalid", True, "multiple", "satisfied,fairly")
    }


def test_sheets_behind_a_rate__hold_every_choice_of_it(office: Office, worked: tally.Results) -> None:
    wanted = behind.Filter("中共机械学院委员会", "q1", Outcome.ANSWERED, ("satisfied", "fairly"))
    found = behind.sheets_behind(office, worked.meeting.id, worked.ref, wanted, offset=240)
    assert (found.total, len(found.pages)) == (258, 18)
    assert [row.sheet for row in found.pages] == sorted(row.sheet for row in found.pages)
