"""The demonstration builds, and what it publishes is what its writers meant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from omr import ocr
from webapp import demo
from webapp.demo import cast
from webapp.jobs import open_office
from webapp.models import Campaign, Closing, Member, Page, Scan
from webapp.services import (
    books,
    closing,
    groups,
    hand_check,
    opinions,
    plans,
    promises,
    review,
    supervisors,
    tally,
    units,
)
from webapp.settings import load


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A smaller demonstration: fewer sheets, fewer names, nothing else changed; and the truth of each meeting."""
    small = (
        replace(demo.HALLS[0], copies=14, returned=10, present={"staff": 7, "student": 4}),
        replace(
            demo.HALLS[1], copies=6, returned=5, expected={"staff": 3, "student": 2},
            present={"staff": 3, "student": 2}, members=demo.MEMBERS[:5],
        ),
    )  # fmt: skip
    truths, texts = {}, {}
    scan = demo.scan

    def kept(office, meeting_id, *rest):
        truths[meeting_id], texts[meeting_id] = scan(office, meeting_id, *rest)
        return truths[meeting_id], texts[meeting_id]

    patch = pytest.MonkeyPatch()
    patch.setattr(demo, "HALLS", small)
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
    for meeting_id, truth in truths.items():
        assert review.queue(office, meeting_id).waiting == 0
        results = tally.results(office, meeting_id)
        meant: dict[str, Counter[str]] = {}
        for side in truth.pages:
            for part in side.parts:
                for question, answer in part.questions.items():
                    verdict = demo.verdict_of(answer)
                    meant.setdefault(question, Counter())[verdict.choice[0] if verdict.choice else verdict.state] += 1
        for item in results.items:
            row = "" if item.subject in (demo.COLLEGE, "") else f"m{demo.MEMBERS.index(item.subject) + 1:02d}."
            published = {figure.choice.id: figure.number for figure in item.total.choices}
            published |= {"blank": item.total.blank, "invalid": item.total.invalid}
            assert {k: v for k, v in published.items() if v} == dict(meant[row + item.question.id]), item.question.id


def test_demonstration__shows_what_offices_meet(built):
    office, _, _ = built
    with office.db.read() as session:
        states = Counter(session.scalars(select(Scan.state)))
        trays = Counter(tray for tray in session.scalars(select(Page.tray)) if tray)
    assert states == {"read": 4, "duplicate": 1, "problem": 1}
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


def test_demonstration__one_count_is_closed_and_its_seal_holds(built):
    office, truths, _ = built
    with office.db.read() as session:
        rows = session.scalars(select(Closing)).all()
        (row,) = rows
        college = next(meeting_id for meeting_id in truths if meeting_id != row.meeting_id)
        checked = hand_check.state(session, row.meeting_id)
        assert closing.check(session, row).holds
        assert (row.why, books.of(session, row.meeting_id).balanced) == ("", True)
        assert not closing.is_closed(session, college)
    assert checked.is_done
    assert (len(checked.sheets), checked.differing) == (5, ())


def test_demonstration__opinions_are_words_that_somebody_wrote(built):
    office, _, texts = built
    for meeting_id, written in texts.items():
        left = [entry.opinion for entry in opinions.entries(office, meeting_id) if entry.is_open]
        typed = opinions.confirmed_texts(office, meeting_id)
        assert len(typed) + len(left) == len(written)
        assert set(typed) <= set(written.values())
        with office.db.read() as session:
            assert len(left) == (0 if closing.is_closed(session, meeting_id) else 1)
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
