"""Pages are read once, placed by their code, and of several images of one sheet only one counts."""

from __future__ import annotations

import itertools

import pytest
import stacks
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from forms import code
from omr.reader import Reader
from omr.settings import ReaderSettings
from webapp.models import (
    Answer,
    Decision,
    IssuedSheet,
    Layout,
    Opinion,
    Page,
    PrintFile,
    PrintRun,
    Reading,
    Ruling,
    Scan,
)
from webapp.services import answers, intake, layouts, reading, recording, settling, trays


def state_of(pages: list[Page]) -> list[tuple[str, str]]:
    return [(page.state, page.tray) for page in pages]


def counted(office) -> dict[str, dict[str, str]]:
    """What counts: sheet → question → choice."""
    with office.db.read() as session:
        rows = session.execute(select(Page.sheet, Page.id).where(Page.standing == "counts")).all()
        effective = answers.effective(session, [page_id for _, page_id in rows])
        return {
            sheet: {q: a.choice for (of, q), a in effective.items() if of == page_id} for sheet, page_id in sorted(rows)
        }


def test_stack__every_answer_is_the_truth_and_once(office, deck, send):
    send(deck.scan.read_bytes())
    truth = {s: {q: ",".join(c) for q, c in marks.items()} for s, marks in deck.answers.items()}
    assert counted(office) == dict(sorted(truth.items()))


def test_blank_and_foreign_pages__lie_in_their_trays_and_the_rest_is_read(deck, send, pages):
    odd = stacks.as_pdf(stacks.blank_page(), stacks.foreign_page())
    done = send(stacks.joined(deck.pdf(0), odd, deck.pdf(1)))
    assert state_of(pages(done.scan_id)) == [
        ("read", ""),
        ("tray", "blank-page"),
        ("tray", "not-a-sheet"),
        ("read", ""),
    ]


def test_sheet_that_was_never_issued__lies_apart(office, deck, send, pages):
    with office.db.begin() as session:
        session.delete(session.get(IssuedSheet, deck.sheets[0]))
    done = send(deck.pdf(0, 1))
    first, second = pages(done.scan_id)
    assert (first.state, first.tray, first.standing, first.sheet) == ("tray", "not-issued", "none", deck.sheets[0])
    assert second.standing == "counts"


def test_sheet_of_another_database__is_of_an_unknown_layout(office, deck, send, pages):
    with office.db.begin() as session:
        for table in (IssuedSheet, PrintFile, PrintRun, Layout):
            session.execute(delete(table.__table__))
    done = send(deck.pdf(0))
    assert state_of(pages(done.scan_id)) == [("tray", "unknown-layout")]


def test_fax_of_one_bit__is_read_and_its_fault_named(office, deck, send, pages):
    done = send(stacks.fax(deck.image(2)), "fax.tif")
    (page,) = pages(done.scan_id)
    assert (page.state, page.sheet) == ("read", deck.sheets[2])
    with office.db.read() as session:
        faults = session.get_one(Reading, page.reading_id).value["faults"]
    assert "one-bit" in [fault["code"] for fault in faults]


def test_unreadable_code__is_read_with_the_typed_number(office, deck, send, pages):
    done = send(stacks.as_pdf(stacks.without_code(deck.image(3))))
    (page,) = pages(done.scan_id)
    assert (page.state, page.tray) == ("tray", "bad-code")
    trays.type_code(office, page.id, text=code.readable(deck.sheets[3]).lower())
    (page,) = pages(done.scan_id)
    assert (page.state, page.sheet, page.standing) == ("read", deck.sheets[3], "counts")
    with office.db.read() as session:
        attempts = session.scalars(select(Reading.attempt).where(Reading.page_id == page.id).order_by(Reading.id)).all()
    assert attempts == [1, 2]


def test_page_that_trips_the_reader__fails_alone_and_can_be_retried(office, deck, send, pages, monkeypatch):
    read = Reader.read

    def trip(self, page, source="", assume=None):
        if page.index == 2:
            raise ZeroDivisionError
        return read(self, page, source, assume)

    with monkeypatch.context() as patch:
        patch.setattr(Reader, "read", trip)
        done = send(deck.pdf(0, 1, 2))
    assert state_of(pages(done.scan_id)) == [("read", ""), ("failed", "reader-failed"), ("read", "")]
    with office.db.read() as session:
        assert session.get_one(Scan, done.scan_id).state == "read"
    trays.retry(office, pages(done.scan_id)[1].id)
    assert {page.standing for page in pages(done.scan_id)} == {"counts"}


def test_page_recorded_twice__changes_nothing(office, deck, send, pages):
    done = send(deck.pdf(0))
    (page,) = pages(done.scan_id)
    with office.db.read() as session:
        before = [session.scalar(select(func.count()).select_from(kind)) for kind in (Reading, Answer, Page)]
    reader = layouts.reader(office, ReaderSettings())
    again = list(reader.read_file(office.storage.path(done.sha256)))
    assert again[0].sheet is not None
    recording.record(office, [recording.Done(page.id, again)])
    reading.read_pages(office, done.scan_id)
    with office.db.read() as session:
        after = [session.scalar(select(func.count()).select_from(kind)) for kind in (Reading, Answer, Page)]
    assert after == before == [1, 4, 1]


def test_claims_of_two_workers__never_share_a_page(office, deck, send, pages, monkeypatch):
    monkeypatch.setattr(office.bell, "ring", lambda task, key: None)
    done = send(deck.scan.read_bytes())
    intake.open_scan(office, done.scan_id)
    first, second = reading.claim(office, done.scan_id, most=2), reading.claim(office, done.scan_id, most=10)
    assert [page.index for page in first] == [1, 2]
    assert [page.index for page in second] == [3, 4, 5]
    assert reading.claim(office, done.scan_id) == []
    reading.give_back(office, {first[1].page_id})
    assert [page.index for page in reading.claim(office, done.scan_id)] == [2]


def test_same_sheet_scanned_again__counts_once(office, deck, send, pages):
    send(deck.scan.read_bytes())
    before = counted(office)
    send((deck.instance / "again.pdf").read_bytes())
    assert counted(office) == before
    standings = sorted(page.standing for page in pages())
    assert standings == ["counts"] * stacks.COPIES + ["rescan"] * stacks.COPIES


def test_same_sheet_with_other_marks__is_held_until_a_person_rules(office, deck, send, pages):
    first = send(deck.scan.read_bytes())
    second = send((deck.instance / "other.pdf").read_bytes())
    one, other = pages(first.scan_id)[0], pages(second.scan_id)[0]
    assert (one.standing, other.standing) == ("held", "held")
    assert len(counted(office)) == stacks.COPIES - 1
    with office.db.read() as session:
        assert settling.differences(session, [one, other]) == ["q1"]
    trays.use_page(office, other.id, user_id=1)
    one, other = pages(first.scan_id)[0], pages(second.scan_id)[0]
    assert (one.standing, other.standing) == ("rescan", "counts")
    assert counted(office)[deck.sheets[0]]["q1"] == "dissatisfied"


def test_third_image_after_a_ruling_with_other_marks__is_held_again(office, deck, send, pages):
    first = send(deck.pdf(0))
    second = send((deck.instance / "other.pdf").read_bytes())
    trays.use_page(office, pages(second.scan_id)[0].id, user_id=1)
    third = send((deck.instance / "again.pdf").read_bytes())
    assert [pages(scan)[0].standing for scan in (first.scan_id, second.scan_id, third.scan_id)] == ["held"] * 3


def test_withdrawing_one_of_two_held_images__lets_the_other_count(office, deck, send, pages):
    first, second = send(deck.pdf(0)), send((deck.instance / "other.pdf").read_bytes())
    intake.withdraw(office, second.batch_id, why="旧的一沓", user_id=1)
    assert [page.standing for page in pages(first.scan_id)] == ["counts"]
    intake.take_back(office, second.batch_id)
    assert [page.standing for page in pages(first.scan_id)] == ["held"]


def test_handwriting__waits_as_an_opinion_once_a_page(office, deck, send, pages, monkeypatch):
    read = Reader.read

    def inked(self, page, source="", assume=None):
        from dataclasses import replace

        return [replace(each, regions={"opinion": {"has_ink": True}}) for each in read(self, page, source, assume)]

    rung: list[tuple[str, int]] = []
    ring = office.bell.ring
    monkeypatch.setattr(Reader, "read", inked)
    monkeypatch.setattr(
        office.bell, "ring", lambda task, key: rung.append((task, key)) if task == "propose-text" else ring(task, key)
    )
    done = send(deck.pdf(0))
    with office.db.begin() as session:
        page = session.scalars(select(Page)).one()
        page.state = "queued"
    reading.read_pages(office, done.scan_id)
    with office.db.read() as session:
        opinion = session.scalars(select(Opinion)).one()
    assert (opinion.region, opinion.state) == ("opinion", "waiting")
    assert rung == [("propose-text", opinion.id)]


# --- the rule of standings, over any set of pages

VALUE = st.sampled_from(["answered:a", "answered:b", "blank:", "unsure:a", "multiple:a,b"])
IMAGE = st.fixed_dictionaries({"q1": VALUE, "q2": VALUE, "residual": st.sampled_from([0.05, 0.1, 0.2])})


def copies(images: list[dict[str, object]]) -> list[settling.Copy]:
    made = []
    for number, image in enumerate(images):
        machine = {q: tuple(str(image[q]).split(":")) for q in ("q1", "q2")}
        page = Page(id=number, state="read", index=number + 1, part=1)
        made.append(settling.Copy(page, machine, {}, image["residual"], None, "s"))
    return made


def by_index(standings: dict[int, str], made: list[settling.Copy]) -> dict[int, str]:
    return {copy.page.index: standings[copy.page.id] for copy in made}


@given(images=st.lists(IMAGE, min_size=1, max_size=4))
@settings(max_examples=150)
def test_any_order_of_arrival__gives_the_same_standings(images):
    expected = None
    for order in itertools.permutations(range(len(images))):
        made = copies(images)
        for arrival, place in enumerate(order):
            made[place].page.id = arrival
        got = by_index(settling.standings_of(sorted(made, key=lambda copy: copy.page.id), None), made)
        expected = expected or got
        assert got == expected


@given(images=st.lists(IMAGE, min_size=2, max_size=4))
@settings(max_examples=150)
def test_several_images__at_most_one_counts_and_contradictions_are_held(images):
    made = copies(images)
    got = list(settling.standings_of(made, None).values())
    sure = [{image[q] for image in images if not str(image[q]).startswith("unsure")} for q in ("q1", "q2")]
    contradicts = any(len(values) > 1 for values in sure)
    assert set(got) == ({"held"} if contradicts else {"counts", "rescan"})
    assert got.count("counts") == (0 if contradicts else 1)


def test_images_that_agree__the_one_without_doubts_counts_then_the_better_fit():
    doubtful = {"q1": "unsure:a", "q2": "blank:", "residual": 0.05}
    clear = {"q1": "answered:a", "q2": "blank:", "residual": 0.2}
    better = {"q1": "answered:a", "q2": "blank:", "residual": 0.1}
    assert list(settling.standings_of(copies([doubtful, clear, better]), None).values()) == [
        "rescan",
        "rescan",
        "counts",
    ]


def test_decision_on_one_of_two_like_images__holds_nothing_up(office, deck, send, pages):
    first = send(deck.pdf(0))
    send((deck.instance / "again.pdf").read_bytes())
    with office.db.begin() as session:
        page = session.get_one(Page, pages(first.scan_id)[0].id)
        session.add(Decision(page_id=page.id, question="q2", state="invalid", user_id=1))
        settling.settle(session, {(page.sheet, page.sheet_page)})
        standings = session.scalars(select(Page.standing).where(Page.sheet == page.sheet)).all()
    assert sorted(standings) == ["counts", "rescan"]


def test_ruling__is_kept_with_who_and_when(office, deck, send, pages):
    send(deck.pdf(0))
    second = send((deck.instance / "other.pdf").read_bytes())
    trays.use_page(office, pages(second.scan_id)[0].id, user_id=1, note="看过原件")
    with office.db.read() as session:
        ruling = session.scalars(select(Ruling)).one()
    assert (ruling.kind, ruling.sheet, ruling.user_id, ruling.note) == ("use-page", deck.sheets[0], 1, "看过原件")


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_page_fed_the_other_way_round__is_read_and_told(office, deck, send, pages, turns):
    done = send(stacks.as_pdf(deck.image(1).rotate(90 * turns, expand=True)))
    (page,) = pages(done.scan_id)
    assert (page.state, page.sheet) == ("read", deck.sheets[1])
    with office.db.read() as session:
        codes = [fault["code"] for fault in session.get_one(Reading, page.reading_id).value["faults"]]
    assert "upside-down" in codes
