"""A newer reader reads pages again: the old reading stays, decisions stay, differences are listed, nothing twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stacks
from sqlalchemy import func, select

import omr.reader
from omr import READER_VERSION
from omr.reader import Reader
from omr.reading import Problem, ProblemCode
from webapp.errors import Conflict
from webapp.jobs import open_office
from webapp.jobs.sweep import sweep
from webapp.jobs.worker import Worker
from webapp.models import Answer, Closing, Page, Reading, RereadPage, TrailRow, now
from webapp.services import answers, intake, reading_again, redeciding, reread_lists, rereading, review, settling
from webapp.services.review import Verdict
from webapp.settings import load

ROOT = Path(__file__).resolve().parents[4]
OLD = "0.9"


@pytest.fixture
def read_by_old(office, deck, send, monkeypatch):
    """The deck as version 0.9 read it: page 1 and 2 otherwise than they are marked."""
    with monkeypatch.context() as patch:
        patch.setattr(omr.reader, "READER_VERSION", OLD)
        scan_id = send(deck.scan.read_bytes()).scan_id
    with office.db.begin() as session:
        pages = list(session.scalars(select(Page).where(Page.scan_id == scan_id).order_by(Page.index)))
        for page, state, choice in ((pages[0], "blank", ""), (pages[1], "unsure", "fairly")):
            answer = session.get_one(Answer, (page.reading_id, "q1"))
            answer.state, answer.choice = state, choice
        answers.recount_all(session, pages)
    return pages


@pytest.fixture
def again(office, meeting, user):
    """Reads the pages again at once; returns how far it is then."""

    def again():
        rereading.start(office, meeting.id, user_id=user.id)
        with office.db.read() as session:
            return rereading.progress(session, meeting.id)

    return again


def listed(office, progress):
    with office.db.read() as session:
        return reread_lists.differences(session, progress.row.id)


def counted(office, page_id, question="q1"):
    with office.db.read() as session:
        held = answers.effective(session, [page_id])[page_id, question]
    return held.state, held.choice, held.source


def test_pages_of_an_old_version__are_read_again_and_every_difference_is_listed(
    office, meeting, deck, read_by_old, again
):
    with office.db.read() as session:
        assert rereading.old_pages(session, meeting.id) == {OLD: stacks.COPIES}
    progress = again()
    assert (progress.done, progress.failed, progress.left, progress.running) == (stacks.COPIES, 0, 0, False)
    found = listed(office, progress)
    marks = [deck.answers[page.sheet]["q1"][0] for page in read_by_old[:2]]
    assert [(each.page_id, each.question, each.before[:2], each.after[:2]) for each in found] == [
        (read_by_old[0].id, "q1", ("blank", ""), ("answered", marks[0])),
        (read_by_old[1].id, "q1", ("unsure", "fairly"), ("answered", marks[1])),
    ]
    assert counted(office, read_by_old[0].id) == ("answered", marks[0], "machine")
    with office.db.read() as session:
        assert rereading.old_pages(session, meeting.id) == {}
        assert session.get_one(Page, read_by_old[1].id).doubts == 0


def test_old_readings__stay_beside_the_new_ones_unchanged(office, read_by_old, again):
    with office.db.read() as session:
        before = {row.id: row.value for row in session.scalars(select(Reading))}
    again()
    with office.db.read() as session:
        rows = {row.id: row for row in session.scalars(select(Reading))}
        in_force = set(session.scalars(select(Page.reading_id)))
    assert {key: rows[key].value for key in before} == before
    assert {rows[key].reader for key in before} == {OLD}
    assert {rows[key].reader for key in in_force} == {READER_VERSION}
    assert len(rows) == 2 * len(before)


def test_decision_of_a_person__holds_over_both_and_the_list_says_so(office, read_by_old, again, user):
    page_id = read_by_old[0].id
    verdict = Verdict("answered", ("dissatisfied",))
    review.decide(office, page_id=page_id, question="q1", verdict=verdict, user_id=user.id, seen=None)
    found = listed(office, again())
    assert counted(office, page_id) == ("answered", "dissatisfied", "person")
    assert [each.decided for each in found] == [True, False]


def test_second_asking__is_refused_with_nothing_left_to_read(office, meeting, read_by_old, again, user):
    again()
    with pytest.raises(Conflict, match="read-again-nothing"):
        rereading.start(office, meeting.id, user_id=user.id)


def test_asking_while_it_runs__is_refused(office, meeting, read_by_old, user, monkeypatch):
    monkeypatch.setattr(type(office.bell), "ring", lambda *_: None)
    rereading.start(office, meeting.id, user_id=user.id)
    with pytest.raises(Conflict, match="read-again-runs"):
        rereading.start(office, meeting.id, user_id=user.id)


def close(office, meeting, user):
    with office.db.begin() as session:
        session.add(Closing(meeting_id=meeting.id, version=1, digest="0" * 64, content=b"", user_id=user.id))


def test_closed_meeting__is_not_touched(office, meeting, read_by_old, user):
    close(office, meeting, user)
    with pytest.raises(Conflict, match="closed"):
        rereading.start(office, meeting.id, user_id=user.id)
    with office.db.read() as session:
        assert rereading.old_pages(session, meeting.id) == {}
        assert set(session.scalars(select(Reading.reader))) == {OLD}


def test_meeting_closed_while_it_runs__keeps_what_counts_and_the_rest_is_left(
    office, meeting, read_by_old, user, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(type(office.bell), "ring", lambda *_: None)
        key = rereading.start(office, meeting.id, user_id=user.id)
    claimed = reading_again.claim(office, key, read_by_old[0].scan_id, most=2)
    close(office, meeting, user)
    for page in claimed:
        reading_again._record(office, key, page, [])
    reading_again.read_again(office, key)
    with office.db.read() as session:
        progress = rereading.progress(session, meeting.id)
        assert set(session.scalars(select(Page.standing))) == {settling.COUNTS}
        assert set(session.scalars(select(Reading.reader))) == {OLD}
    assert (progress.left, progress.running) == (stacks.COPIES, False)


def test_page_that_the_new_reader_refuses__lies_in_its_tray_and_is_listed(office, read_by_old, again, monkeypatch):
    read = Reader.read

    def refuses_the_third(self, page, source="", assume=None):
        if page.index == 3:
            return [omr.reader.rejected(source, page.index, Problem(ProblemCode.POOR_FIT))]
        return read(self, page, source, assume)

    monkeypatch.setattr(Reader, "read", refuses_the_third)
    found = [each for each in listed(office, again()) if each.problem]
    assert [(each.page_id, each.problem) for each in found] == [(read_by_old[2].id, "poor-fit")]
    with office.db.read() as session:
        page = session.get_one(Page, read_by_old[2].id)
    assert (page.state, page.tray, page.standing) == ("tray", "poor-fit", settling.NONE)


def test_page_on_which_the_reader_fails__keeps_its_reading_and_is_named(office, read_by_old, again, monkeypatch):
    read = Reader.read

    def trips(self, page, source="", assume=None):
        if page.index == 2:
            raise RuntimeError("tripped")
        return read(self, page, source, assume)

    with monkeypatch.context() as patch:
        patch.setattr(Reader, "read", trips)
        progress = again()
    with office.db.read() as session:
        failures = [(page.id, problem) for page, problem in reread_lists.failures(session, progress.row.id)]
        assert session.get_one(Page, read_by_old[1].id).reading_id == read_by_old[1].reading_id
    assert failures == [(read_by_old[1].id, "reader-failed")]
    assert again().done == 1


def test_lost_original__fails_with_its_reason_and_the_old_readings_count(office, read_by_old, again):
    with office.db.read() as session:
        name = intake._get(session, read_by_old[0].scan_id).sha256
    office.storage.path(name).unlink()
    progress = again()
    assert (progress.done, progress.failed, progress.running) == (0, stacks.COPIES, False)
    with office.db.read() as session:
        assert set(session.scalars(select(Page.standing))) == {settling.COUNTS}


def test_page_chosen_by_a_person__stays_chosen_when_both_copies_are_read_again(
    office, meeting, deck, send, user, again, monkeypatch
):
    from webapp.services import trays

    with monkeypatch.context() as patch:
        patch.setattr(omr.reader, "READER_VERSION", OLD)
        first = send(deck.pdf(0)).scan_id
        other = deck.instance / "other.pdf"
        with stacks.pikepdf.open(other) as source, stacks.pikepdf.new() as target:
            target.pages.append(source.pages[0])
            second = send(stacks.saved(target), name="b.pdf").scan_id
    with office.db.read() as session:
        chosen = session.scalars(select(Page.id).where(Page.scan_id == second)).one()
        assert set(session.scalars(select(Page.standing))) == {settling.HELD}
    trays.use_page(office, chosen, user_id=user.id)
    again()
    with office.db.read() as session:
        standing = dict(session.execute(select(Page.scan_id, Page.standing)).all())
    assert standing == {first: settling.RESCAN, second: settling.COUNTS}


def test_lower_bar__says_what_it_cannot_judge_again_and_leaves_it(office, meeting, read_by_old, user):
    with office.db.read() as session:
        found = redeciding.effect(session, meeting.id, bar=0.5, rules={})
    assert (found.old_pages, found.changes) == (1, ())


def test_worker_killed_amidst_it__is_followed_by_another_and_no_page_is_recorded_twice(
    office, meeting, read_by_old, user, settings, monkeypatch
):
    queued = open_office(load(settings.instance, environ={}))
    try:
        key = rereading.start(queued, meeting.id, user_id=user.id)
        kill_when_it_has_claimed(settings.instance, queued)
        with queued.db.read() as session:
            assert rereading.progress(session, meeting.id).running
        sweep(queued, queued.bell, now() + dt.timedelta(seconds=queued.settings.lease_seconds + 1))
        worker = Worker(queued, queued.bell, "fast")
        while worker.turn():
            pass
        with queued.db.read() as session:
            progress = rereading.progress(session, meeting.id)
            states = set(session.scalars(select(RereadPage.state).where(RereadPage.rereading_id == key)))
            new = select(func.count()).where(Reading.reader == READER_VERSION).group_by(Reading.page_id)
            assert list(session.scalars(new)) == [1] * stacks.COPIES
        assert (progress.done, states) == (stacks.COPIES, {"done"})
    finally:
        queued.db.close()


def kill_when_it_has_claimed(instance, office):
    """Start a real worker, and kill it once it has pages in hand."""
    env = os.environ | {"PINGYI_INSTANCE": str(instance)}
    command = [sys.executable, "-m", "webapp.jobs.worker", "--queue", "fast"]
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with office.db.read() as session:
                if session.scalar(select(RereadPage.id).where(RereadPage.state == "reading").limit(1)):
                    return
            time.sleep(0.002)
        pytest.fail("no worker took a page within a minute")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_scrutineer__asks_for_it_follows_it_and_takes_the_list(
    office, meeting, read_by_old, scrutineer, operator, transcriber
):
    address = f"/meetings/{meeting.id}/read-again"
    for page in (f"/meetings/{meeting.id}/thresholds", address):
        assert f'href="{address}"' in scrutineer.get(page).text or "重新识读这些页" in scrutineer.get(page).text
    assert f'href="{address}"' in operator.get(f"/meetings/{meeting.id}/scan").text
    assert transcriber.get(address).status_code == 403
    assert transcriber.post(address).status_code == 403
    assert scrutineer.post(address).status_code == 302
    page = scrutineer.get(address).text
    assert "2 处差异" in page
    assert f"/pages/{read_by_old[0].id}/crop/q1.jpg" in page
    polled = scrutineer.get(f"{address}/progress")
    assert polled.headers["HX-Refresh"] == "true"
    with office.db.read() as session:
        key = rereading.progress(session, meeting.id).row.id
    answer = scrutineer.get(f"{address}/{key}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [(row["页"], row["原识读"], row["人工裁定"]) for row in rows] == [
        ("1", "弃权", ""),
        ("2", "存疑（比较满意）", ""),
    ]
    with office.db.read() as session:
        deeds = list(session.execute(select(TrailRow.action, TrailRow.object)))
    assert any(of.startswith("rereading:") for _, of in deeds)
    assert ("exported", f"meeting:{meeting.id}") in {tuple(each) for each in deeds}


def test_page_in_english__and_of_a_closed_meeting_offers_nothing(office, meeting, read_by_old, scrutineer, user):
    close(office, meeting, user)
    scrutineer.get("/language/en")
    page = scrutineer.get(f"/meetings/{meeting.id}/read-again").text
    assert "The count is closed; its readings are fixed with it." in page
    assert "Read these pages again" not in page
