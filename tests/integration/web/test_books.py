"""The books of a meeting: corrections with a reason, supplementary sessions, reasons, what breaks and what stops."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import select

from forms.survey import Values
from forms.typeset import typeset
from omr.tally import Asked
from tests.sheet_rows import HEADS, Desk, worked_meeting
from webapp.db import Database
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.migrate import config, differences
from webapp.models import PrintRun, Survey, TrailRow
from webapp.services import books, exports, head_counts, meetings, printing, progress, sessions, stacks, tally

SUBJECT = "中共机械学院委员会"
STAFF, STUDENTS = ("present", "", "staff"), ("present", "", "student")


@pytest.fixture
def worked(office, meeting, surveys, user):
    """The worked figures, in the real form."""
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
        layout = typeset(form, Values(unit="机械学院党委", subject=SUBJECT))
        worked_meeting(Desk(session, user.id), meeting.id, surveys["org"], layout, SUBJECT)
    return meeting


def books_of(office, meeting):
    with office.db.read() as session:
        return books.of(session, meeting.id)


def correct(office, meeting, user, numbers, note="清点时看错", **kwargs):
    texts = {key: str(number) for key, number in numbers.items()}
    return head_counts.enter(office, meeting.id, texts, user_id=user.id, note=note, **kwargs)


def codes(found):
    return [(fault.form, fault.code, fault.unknown, fault.stops) for fault in found]


def test_worked_figures__balance(office, worked):
    found = books_of(office, worked)
    assert (found.balanced, found.broken, found.stops) == (True, (), ())


def test_correction__wants_a_reason_and_keeps_what_was(office, worked, user):
    with pytest.raises(InvalidInput) as caught:
        correct(office, worked, user, {STAFF: 237}, note=" ")
    assert caught.value.code == "correction-without-reason"
    assert correct(office, worked, user, {STAFF: 237}) == 1
    entry = head_counts.history(office, worked.id)[0]
    assert (entry.number, entry.replaces, entry.note) == (237, 238, "清点时看错")


def test_field_left_as_it_was_shown__does_not_undo_what_another_has_entered(office, worked, user):
    seen = {STAFF: "238", STUDENTS: "58"}
    correct(office, worked, user, {STAFF: 237})
    assert correct(office, worked, user, {STAFF: 238, STUDENTS: 57}, seen=seen) == 1
    with office.db.read() as session:
        heads = meetings.latest_counts(session, worked.id)
    assert (heads[STAFF], heads[STUDENTS]) == (237, 57)


def test_same_number_changed_by_two__the_second_is_told(office, worked, user):
    correct(office, worked, user, {STAFF: 237})
    with pytest.raises(InvalidInput) as caught:
        correct(office, worked, user, {STAFF: 236}, seen={STAFF: "238"})
    assert caught.value.params == {"now": 237, "typed": 236, "field": "present||staff"}


def test_box_counted_by_hand__is_held_against_what_was_scanned(office, worked, user):
    correct(office, worked, user, {("box", "org", ""): 296})
    assert codes(books_of(office, worked).broken) == [("A", "box", False, False)]
    correct(office, worked, user, {("box", "org", ""): 294})
    assert books_of(office, worked).balanced


def test_more_returned_than_handed_out__stops_and_is_said_on_paper(office, worked, user):
    correct(office, worked, user, {("issued", "org", "staff"): 235, ("spare", "org", ""): 34})
    found = books_of(office, worked)
    assert codes(found.stops) == [("A", "returned", False, True)]
    results = tally.results(office, worked.id)
    assert results.stopped
    from webapp.services import reports

    paper = reports.summary(office, worked.id, results.ref.survey_id, SUBJECT)
    assert paper.stamp == "停止计票：收回 294 张，多于发出的 293 张。本表数字不得采用。"


def test_sheets_that_differ__are_apart_from_those_that_count(office, worked, user):
    with office.db.begin() as session:
        desk = Desk(session, user.id)
        run = session.query(PrintRun).one()
        marks = dict.fromkeys(("rater_class", "q1", "q2", "q3"), ("blank", ""))
        sheet = desk.issue(run)
        for _copy in range(2):
            desk.page(run, sheet, marks, standing="held")
        desk.page(run, desk.issue(run), marks, standing="held", withdrawn=True)
        again = desk.issue(run)
        desk.page(run, again, marks)
        desk.page(run, again, marks, standing="rescan")
    results = tally.results(office, worked.id)
    stack = results.stack
    assert (stack.read, stack.apart, stack.unruled, stack.again) == (296, 1, 1, 1)
    read = next(equation for equation in results.equations if equation.code == "read")
    assert (read.ok, dict(read.terms)) == (True, {"read": 296, "counted": 295, "held": 1})
    assert codes(books_of(office, worked).broken) == [("A", "reviewed", False, False)]


def test_supplementary_session__is_merged_and_reaches_the_line(office, worked, user):
    correct(office, worked, user, {STAFF: 190, STUDENTS: 58})
    assert ("", "turnout-below", False, True) in codes(books_of(office, worked).stops)
    day = dt.date(2011, 7, 18)
    session_id = sessions.add(office, worked.id, held_on=day, place="机械楼 201", why="出差", user_id=user.id)
    assert books_of(office, worked).turnout[-1].reached is False  # nobody was counted there yet
    correct(office, worked, user, {STAFF: 48, ("issued", "org", "staff"): 0}, session_id=session_id)
    found = books_of(office, worked)
    assert [(row.present, row.expected, row.reached) for row in found.turnout] == [
        (238, 256, True), (58, 60, True), (296, 316, True),
    ]  # fmt: skip
    assert [row.held_on for row in found.sessions] == [day]
    assert found.balanced
    with office.db.read() as session:
        by_session = meetings.counts_by_session(session, worked.id)
    assert (by_session[None][STAFF], by_session[session_id][STAFF]) == (190, 48)


def test_written_reason__lets_too_few_stand_and_can_be_taken_back(office, worked, user):
    correct(office, worked, user, {STAFF: 190, ("issued", "org", "staff"): 238})
    sessions.give_reason(office, worked.id, text="汛期道路中断，报校创组办同意", user_id=user.id)
    found = books_of(office, worked)
    assert (found.reason.text, found.reason.by) == ("汛期道路中断，报校创组办同意", "赵雪")
    assert "turnout-below" not in [fault.code for fault in found.broken]
    sessions.give_reason(office, worked.id, text="", user_id=user.id)
    assert books_of(office, worked).reason is None
    with pytest.raises(InvalidInput):
        sessions.give_reason(office, worked.id, text="", user_id=user.id)


def test_more_present_than_expected__is_no_turnout_and_no_reason_mends_it(office, worked, user):
    correct(office, worked, user, {STAFF: 257, ("expected", "", "student"): 200})
    sessions.give_reason(office, worked.id, text="不清楚", user_id=user.id)
    found = books_of(office, worked)
    assert found.turnout[-1].reached is None
    assert codes(found.stops) == [("", "turnout-impossible", False, True)]


def test_session_of_another_meeting_or_day__refused(office, campaign, unit, worked, user):
    for day in (None, dt.date(2011, 7, 14)):
        with pytest.raises(InvalidInput):
            sessions.add(office, worked.id, held_on=day, place="", why="", user_id=user.id)
    other = meetings.create(office, campaign.id, meetings.Facts(unit.id))
    session_id = sessions.add(office, other, held_on=dt.date(2011, 7, 18), place="", why="", user_id=user.id)
    with pytest.raises(NotFound):
        correct(office, worked, user, {STAFF: 1}, session_id=session_id)


def test_small_class__is_shown_with_the_next_and_stands_nowhere_alone(office, meeting, surveys, user):
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
        layout = typeset(form, Values(unit="机械学院党委", subject=SUBJECT))
        desk = Desk(session, user.id)
        run = desk.print_run(meeting.id, surveys["org"], layout, subject=SUBJECT, copies=40)
        desk.heads(meeting.id, HEADS)
        classes = [("answered", "staff")] * 20 + [("answered", "student")] * 3 + [("blank", "")] * 6
        for number, who in enumerate(classes):
            mark = ("answered", "dissatisfied" if number in (20, 21) else "satisfied")
            desk.page(run, desk.issue(run), {"rater_class": who, **dict.fromkeys(("q1", "q2", "q3"), mark)})
    results = tally.results(office, meeting.id)
    assert results.class_ids == ("staff", "student|")
    assert results.items[0].classes[1].dissatisfied.part == 2
    table = exports.results_csv(results, [SUBJECT]).decode()
    assert "学生代表、身份未填" in table
    assert ",学生代表," not in table
    rows = exports.answers_csv(office, meeting.id).decode()
    assert rows.count("学生代表、身份未填") == 9
    assert ",学生代表," not in rows


def test_certainty__is_summed_over_what_nobody_looked_at(office, worked):
    with office.db.read() as session:
        ref = tally.forms(session, worked.id)[0]
        found = stacks.residuals(session, tally.scope_of(worked.id, ref))
    raters, third = found[None], found[Asked(SUBJECT, "q3")]
    assert raters.readings == 293
    assert third.readings == 291  # two were ruled invalid by a person
    assert third.expected == pytest.approx(2.91)


def test_members_sheets_only__no_summary_is_promised(office, meeting, surveys, user):
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["member"]).source, "member")
        desk = Desk(session, user.id)
        run = desk.print_run(meeting.id, surveys["member"], typeset(form, Values(subject="王芳")), subject="王芳")
        desk.page(run, desk.issue(run), {"rater_class": ("answered", "staff")})
    phases = {phase.key: phase for phase in progress.phases(office, meeting.id)}
    assert (phases["papers"].state, phases["papers"].note) == ("todo", "phase-papers-members")
    assert phases["count"].note == "phase-count-ready"


def test_page_that_came_without_an_answer__opens_as_what_breaks_the_item(office, worked, user):
    from webapp.services import behind

    with office.db.begin() as session:
        desk = Desk(session, user.id)
        run = session.query(PrintRun).one()
        sheet = desk.issue(run)
        desk.page(run, sheet, dict.fromkeys(("rater_class", "q1", "q3"), ("blank", "")))
    results = tally.results(office, worked.id)
    assert [item.total.balanced for item in results.items] == [True, False, True]
    with office.db.read() as session:
        scope = tally.scope_of(worked.id, results.ref)
        found = [behind.find(session, scope, behind.Filter(SUBJECT, item, unread=True)) for item in ("q1", "q2")]
    assert [[row.sheet for row in one.pages] for one in found] == [[], [sheet]]


def test_database_of_before__keeps_its_numbers(tmp_path):
    db = Database(f"sqlite:///{tmp_path}/old.sqlite3")
    with db.engine.begin() as connection:
        command.upgrade(config(connection), "0003")
        connection.execute(sa.text("INSERT INTO unit (id, kind, name) VALUES (1, 'college', 'u')"))
        connection.execute(
            sa.text("INSERT INTO campaign (id, title, number, issuer, rules, created_at) "
                    "VALUES (1, 't', '', '', '{}', '2011-07-08 00:00:00')")
        )  # fmt: skip
        connection.execute(
            sa.text("INSERT INTO meeting (id, campaign_id, unit_id, place, manner, presider, supervisor, created_at) "
                    "VALUES (1, 1, 1, '', '', '', '', '2011-07-08 00:00:00')")
        )  # fmt: skip
        columns = [row[1] for row in connection.execute(sa.text('PRAGMA table_info("user")'))]
        values = {"id": 1, "name": "a", "display_name": "a", "password_hash": "!", "active": 1, "language": "zh",
                  "created_at": "2011-07-08 00:00:00"}  # fmt: skip
        assert set(values) <= set(columns)
        names = ", ".join(values)
        connection.execute(sa.text(f'INSERT INTO "user" ({names}) VALUES (:{names.replace(", ", ", :")})'), values)
        connection.execute(
            sa.text("INSERT INTO head_count (meeting_id, kind, form, rater_class, number, user_id, at, note) "
                    "VALUES (1, 'present', '', 'staff', 238, 1, '2011-07-15 08:00:00', 'n')")
        )  # fmt: skip
    with db.engine.begin() as connection:
        command.upgrade(config(connection), "head")
    with db.read() as session:
        assert meetings.counts_by_session(session, 1) == {None: {STAFF: 238}}
    assert differences(db) == []
    with db.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []
    db.close()


def test_session_that_was_withdrawn__leaves_the_books_with_its_numbers_and_stays_to_be_seen(office, worked, user):
    correct(office, worked, user, {STAFF: 190, STUDENTS: 58})
    before = books_of(office, worked)
    session_id = sessions.add(
        office, worked.id, held_on=dt.date(2011, 7, 18), place="机械楼 201", why="", user_id=user.id
    )
    correct(office, worked, user, {STAFF: 48}, session_id=session_id)
    assert books_of(office, worked).turnout != before.turnout
    with pytest.raises(InvalidInput, match="session-needs-reason"):
        sessions.withdraw(office, session_id, why="", user_id=user.id)
    sessions.withdraw(office, session_id, why="加错了会议", user_id=user.id)
    after = books_of(office, worked)
    assert (after.turnout, after.sessions, after.broken) == (before.turnout, (), before.broken)
    for again in (
        lambda: sessions.withdraw(office, session_id, why="再撤一次", user_id=user.id),
        lambda: correct(office, worked, user, {STAFF: 9}, session_id=session_id),
    ):
        with pytest.raises(Conflict, match="session-withdrawn"):
            again()
    assert (session_id, 48) in [(row.session_id, row.number) for row in head_counts.history(office, worked.id)]
    with office.db.read() as session:
        ((row, gone, by),) = sessions.withdrawn(session, worked.id)
        told = session.scalars(select(TrailRow).where(TrailRow.object == f"session_withdrawal:{gone.id}")).one()
    assert (row.id, gone.why, by, told.why) == (session_id, "加错了会议", user.display_name, "加错了会议")


def test_page_of_the_hall__withdraws_a_session(office, worked, operator):
    session_id = sessions.add(
        office, worked.id, held_on=dt.date(2011, 7, 18), place="机械楼 201", why="", user_id=operator.id
    )
    path = f"/meetings/{worked.id}/sessions/{session_id}/withdraw"
    assert operator.post(path, {"why": ""}).status_code == 422
    assert operator.post(path, {"why": "加错了"}).status_code == 302
    page = operator.get(f"/meetings/{worked.id}/hall").get_data(as_text=True)
    assert "已撤回的场次" in page
    assert "加错了" in page
    assert operator.get(f"/meetings/{worked.id}/hall?session={session_id}").status_code == 404
    assert operator.post(path, {"why": "又一次"}).status_code == 404
    assert operator.get(f"/meetings/{worked.id}/counts").status_code == 200
