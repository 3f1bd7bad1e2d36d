"""The demonstration builds, and what it publishes is what its writers meant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from forms.code import normalise
from omr import ocr
from omr.synth import Truth
from webapp import demo
from webapp.demo import cast
from webapp.demo.aftermath import HANDED_IN
from webapp.demo.meeting import GATHERED
from webapp.jobs import open_office
from webapp.models import Campaign, Closing, IssuedSheet, Meeting, Member, Page, PrintRun, Scan, Survey
from webapp.papers.paper import Table
from webapp.services import (
    aftermath_papers,
    announcing,
    books,
    closing,
    countersigning,
    groups,
    hand_check,
    meeting_times,
    meetings,
    merging,
    opinions,
    orders_due,
    outcomes,
    paper_kinds,
    plans,
    promises,
    rectification,
    report_papers,
    retention,
    review,
    run_sheet,
    self_check,
    sessions,
    shelf,
    submitting,
    supervisors,
    tally,
    units,
)
from webapp.settings import load


def small(hall: cast.Hall) -> cast.Hall:
    """The same meeting with fewer sheets and fewer names, nothing else changed."""
    came = {"staff": 7, "student": 4} if hall.form == "org" else {"staff": 3, "student": 2}
    expected = {kind: number * 2 for kind, number in came.items()} if hall.unit == cast.DIRECT else came
    number = sum(came.values())
    return replace(
        hall, expected=expected, present=came, copies=number + 2, spoiled=1, returned=number - (hall.form == "org"),
        members=hall.members[:5] if hall.form != "member" else hall.members[:2],
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The demonstration, smaller, and the truth of each meeting."""
    truths, texts = {}, {}
    scan = demo.scan

    def kept(office, meeting_id, *rest):
        truths[meeting_id], texts[meeting_id] = scan(office, meeting_id, *rest)
        return truths[meeting_id], texts[meeting_id]

    patch = pytest.MonkeyPatch()
    patch.setattr(demo, "HALLS", tuple(small(hall) for hall in demo.HALLS))
    patch.setattr(demo, "DOUBTS_LEFT", 0)
    patch.setattr(demo, "OPINIONS_LEFT", 1)
    patch.setattr(demo, "scan", kept)
    instance = tmp_path_factory.mktemp("demo")
    patch.setenv("PINGYI_INSTANCE", str(instance))
    assert demo.main() == 0
    office = open_office(load(instance, environ={}, inline_jobs=True))
    yield office, truths, texts
    office.db.close()
    patch.undo()


def test_demonstration__every_published_count_is_what_the_writers_meant(built):
    office, truths, _ = built
    assert len(truths) == len(cast.HALLS)
    for (meeting_id, truth), hall in zip(truths.items(), cast.HALLS, strict=True):
        assert review.queue(office, meeting_id).waiting == 0
        results = tally.results(office, meeting_id)
        meant = meant_by(office, meeting_id, truth)
        assert results.ref.form.form == hall.form
        assert results.count.returned == small(hall).returned * max(1, len(small(hall).subjects))
        for item in results.items:
            published = {figure.choice.id: figure.number for figure in item.total.choices}
            published |= {"blank": item.total.blank, "invalid": item.total.invalid}
            key = row_of(small(hall), item.subject) + item.question.id
            assert {k: v for k, v in published.items() if v} == dict(meant[key]), (hall.unit, key)


def row_of(hall: cast.Hall, subject: str) -> str:
    """Return what stands before the id of a question: the row of a roster, whom a sheet is about, nothing."""
    if hall.roster:
        return f"m{hall.roster.index(subject) + 1:02d}."
    return f"{subject}." if hall.members else ""


def meant_by(office, meeting_id: int, truth: Truth) -> dict[str, Counter[str]]:
    """Count what was really marked, by the question and, on sheets about one member, his name before it."""
    with office.db.read() as session:
        query = (
            select(IssuedSheet.sheet, PrintRun.subject, Survey.form)
            .join(PrintRun.survey)
            .join(IssuedSheet, IssuedSheet.print_run_id == PrintRun.id)
        )
        about = {sheet: f"{subject}." if form == "member" else "" for sheet, subject, form in session.execute(query)}
    meant: dict[str, Counter[str]] = {}
    for part in (part for side in truth.pages for part in side.parts):
        for question, answer in part.questions.items():
            verdict = demo.verdict_of(answer)
            place = about[normalise(part.sheet)] + question
            meant.setdefault(place, Counter())[verdict.choice[0] if verdict.choice else verdict.state] += 1
    return meant


def test_demonstration__shows_what_offices_meet(built):
    office, _, _ = built
    with office.db.read() as session:
        states = Counter(session.scalars(select(Scan.state)))
        trays = Counter(tray for tray in session.scalars(select(Page.tray)) if tray)
    assert states == {"read": len(cast.HALLS) + 2, "duplicate": 1, "problem": 1}
    assert trays == {"blank-page": 1, "not-a-sheet": 1}


def test_demonstration__has_the_school_of_the_directive(built):
    office, _, _ = built
    tree = {unit.name: unit for _depth, unit in units.units(office)}
    with office.db.read() as session:
        campaign_id = session.scalars(select(Campaign.id)).one()
        members = {name: units.members(session, tree[name].id) for name in cast.BRANCHES}
        assert {row.name for row in session.scalars(select(Member)) if row.cadre} == set(cast.CADRES)
        assert sum(len(rows) for rows in members.values()) == 40
        assert {tree[name].parent_id for name in members} == {tree[cast.COLLEGE].id}
        for name, kind in cast.UNITS:
            plan = plans.effective(session, campaign_id, tree[name].id)
            watches = supervisors.liaison_of(session, tree[name].id)
            assert (tree[name].kind, plan.flexible is not None) == (kind, name in cast.FLEXIBLE)
            assert (plan.finish_by.day, plan.report_by.day) == (20, 22)
            assert groups.head(session, tree[name].id).name == cast.GROUPS[name][0][0]
            assert (watches.liaison, watches.leader) == (cast.LIAISON, cast.LEADER)
        said = {name: len(promises.listed(session, campaign_id, tree[name].id)) for name in cast.PROMISES}
    assert said == {cast.COLLEGE: 2, cast.BRANCH: 2}


def test_demonstration__closed_counts_are_checked_by_hand_and_their_seals_hold(built):
    office, truths, _ = built
    with office.db.read() as session:
        rows = {row.meeting_id: row for row in session.scalars(select(Closing))}
        for meeting_id, hall in zip(truths, cast.HALLS, strict=True):
            assert closing.is_closed(session, meeting_id) == hall.closed == (meeting_id in rows)
            if hall.closed:
                checked = hand_check.state(session, meeting_id)
                assert closing.check(session, rows[meeting_id]).holds
                assert (rows[meeting_id].why, books.of(session, meeting_id).balanced) == ("", True)
                assert (checked.is_done, checked.differing) == (True, ())


def test_demonstration__meetings_were_prepared_watched_and_held_to_the_end(built):
    office, truths, _ = built
    with office.db.read() as session:
        for meeting_id, hall in zip(truths, cast.HALLS, strict=True):
            meeting = session.get(Meeting, meeting_id)
            assert self_check.is_done(session, meeting_id)
            assert run_sheet.of(session, meeting_id).stage == "ended"
            assert meeting_times.worries(session, meeting) == []
            assert meetings.turnout(session, meeting_id)[-1].reached is (hall.unit != cast.DIRECT)
            kind = paper_kinds.get("branch_brief" if hall.unit in cast.BRANCHES else "statement")
            target = shelf.target_of(session, campaign_id=meeting.campaign_id, unit_id=meeting.unit_id)
            assert shelf.state(session, kind, target) == shelf.FIXED
        held = {session.get(Meeting, meeting_id).unit.name for meeting_id in truths}
    assert {name for name, _kind in cast.UNITS} - held == {cast.RETIRED}


def meeting_of(truths, unit: str) -> int:
    """Return the meeting of a unit."""
    return next(meeting for meeting, hall in zip(truths, cast.HALLS, strict=True) if hall.unit == unit)


def test_demonstration__opinions_are_merged_and_each_counts_as_often_as_it_was_written(built):
    office, _truths, texts = built
    with office.db.read() as session:
        for (meeting_id, written), hall in zip(texts.items(), cast.HALLS, strict=True):
            desk = merging.desk(session, meeting_id)
            said = Counter(written.values())
            if hall.unit == cast.COLLEGE:
                said.update(text for _source, text in GATHERED)
            merged: Counter[str] = Counter()
            for each in desk.merged:
                merged[each.text] += each.number
            assert (merged, desk.waiting) == ((said, ()) if hall.closed else (Counter(), desk.waiting))


def test_demonstration__unit_rated_low_is_ordered_to_put_it_right(built):
    office, truths, _ = built
    meeting_id = meeting_of(truths, cast.GENERAL)
    with office.db.read() as session:
        (low,) = outcomes.of_meeting(session, meeting_id)
        orders = orders_due.of_meetings(session, list(truths))
        target = shelf.target_of(session, meeting_id=meeting_id, part=str(orders[0].id))
        assert shelf.state(session, paper_kinds.get(aftermath_papers.ORDER), target) == shelf.FIXED
    assert (low.verdict, [(each.meeting_id, each.state) for each in orders]) == ("low", [(meeting_id, "open")])
    meant = meant_by(office, meeting_id, truths[meeting_id])[low.question]
    assert (low.headline.part, low.dissatisfied.part) == (meant["satisfied"] + meant["fairly"], meant["dissatisfied"])


def test_demonstration__college_put_things_right_told_of_it_and_handed_its_bundle_in(built):
    office, truths, _ = built
    meeting_id = meeting_of(truths, cast.COLLEGE)
    with office.db.read() as session:
        place = shelf.target_of(session, meeting_id=meeting_id)
        stages = [row.stage for row in rectification.rows(session, meeting_id)]
        assert (stages[0], set(stages[1:])) == ("cleared", {"doing"})
        assert len(announcing.records(session, meeting_id)) == 1
        [(bundle, receipts)] = submitting.submissions(session, place.campaign_id, place.unit_id)
        assert {each.channel for each in receipts} == {"paper", "mailbox"}
        assert [part["part"] for part in bundle.manifest["parts"]] == list(submitting.PARTS)
        assert submitting.received_on(session, place.campaign_id) == {place.unit_id: HANDED_IN}
        late = {unit.name for _d, unit in units.units(office) if unit.kind in submitting.LEVEL_TWO} - {cast.COLLEGE}
        assert len(late) == 4


def test_demonstration__summaries_of_rated_members_are_fixed_and_kept_at_the_college(built):
    office, truths, _ = built
    college = units.named(office, cast.COLLEGE).id
    with office.db.read() as session:
        campaign_id = session.scalars(select(Campaign.id)).one()
        expected = retention.expected(session, campaign_id, college)
        kept = {(each.branch.name, each.member.name) for each in expected if each.member and each.row and each.fixed}
        here = {(hall.unit, name) for hall in map(small, cast.HALLS) for name in hall.members}
        assert kept == here
        for meeting_id in (meeting_of(truths, unit) for unit in cast.BRANCHES):
            target = shelf.target_of(session, meeting_id=meeting_id)
            assert shelf.state(session, paper_kinds.get("member-list"), target) == shelf.FIXED


@pytest.mark.parametrize("key", ["summary", "announcement"])
def test_demonstration__numbers_on_its_fixed_papers_are_what_the_writers_meant(built, key):
    office, truths, _ = built
    meeting_id = meeting_of(truths, cast.COLLEGE)
    meant = meant_by(office, meeting_id, truths[meeting_id])
    with office.db.read() as session:
        version = shelf.latest(session, paper_kinds.get(key), shelf.target_of(session, meeting_id=meeting_id))
        blocks = shelf.fixed_paper(version).blocks
    rows = [[cell.value for cell in row] for block in blocks if isinstance(block, Table) for row in block.rows]
    for question in ("q1", "q2", "q3"):
        numbers = [meant[question][choice] for choice in ("satisfied", "fairly", "basically", "dissatisfied")]
        assert any(row[place : place + 4] == numbers for row in rows for place in range(len(row))), numbers


def test_demonstration__reports_were_written_and_handed_over(built):
    office, truths, _ = built
    with office.db.read() as session:
        for meeting_id, hall in zip(truths, cast.HALLS, strict=True):
            if hall.closed:
                key = report_papers.COMMITTEE if hall.unit in cast.BRANCHES else report_papers.LIAISON
                target = shelf.target_of(session, meeting_id=meeting_id)
                assert shelf.state(session, paper_kinds.get(key), target) == shelf.FIXED
                signed = countersigning.countersigned(session, meeting_id)
                assert [each.by for each in signed] == [hall.supervisor]


def test_demonstration__flexible_unit_asked_some_at_their_doors_and_counts_all_together(built):
    office, truths, _ = built
    hall = small(cast.HALLS[0])
    meeting_id = meeting_of(truths, cast.OFFICES)
    with office.db.read() as session:
        (door,) = sessions.of_meeting(session, meeting_id)
        heads = meetings.counts_by_session(session, meeting_id)
        total = meetings.turnout(session, meeting_id)[-1]
        assert books.of(session, meeting_id).balanced
    assert (door.manner, heads[door.id]["present", "", "staff"]) == ("door", hall.at_doors)
    assert (total.expected, total.present) == (sum(hall.expected.values()), sum(hall.present.values()))
    assert "上门" in tally.results(office, meeting_id).manner


def test_demonstration__stands_on_the_first_deadline(built):
    office, _, _ = built
    assert load(office.settings.instance, environ={}).today == "2011-07-20"
    with office.db.read() as session:
        assert session.scalars(select(Campaign)).one().finish_by == demo.TODAY


def test_demonstration__opinions_are_words_that_somebody_wrote(built):
    office, _, texts = built
    for meeting_id, written in texts.items():
        left = [entry.opinion for entry in opinions.entries(office, meeting_id) if entry.is_open]
        typed = opinions.confirmed_texts(office, meeting_id)
        assert len(typed) + len(left) == len(written)
        assert set(typed) <= set(written.values())
        with office.db.read() as session:
            assert len(left) == (1 if session.get(Meeting, meeting_id).unit.name == cast.OFFICES else 0)
        assert {(opinion.state, opinion.engine) for opinion in left} <= {("proposed", ocr.choose("auto"))}


@pytest.mark.skipif(not ocr.has_rapidocr(), reason="rapidocr is not installed")
def test_demonstration__the_engine_read_a_proposal_for_itself(built):
    office, _, texts = built
    (left,) = (entry.opinion for meeting in texts for entry in opinions.entries(office, meeting) if entry.is_open)
    with office.db.read() as session:
        sheet = session.get_one(Page, left.page_id).sheet
    meant = next(written[sheet] for written in texts.values() if sheet in written)
    proposed = "".join(line["text"] for line in left.proposal)
    assert len(set(meant) & set(proposed)) >= len(set(meant)) / 2


def test_built_twice__stays_as_it_was(built):
    office, _, _ = built
    assert demo.main() == 0
    with office.db.read() as session:
        assert len(session.scalars(select(Campaign)).all()) == 1
