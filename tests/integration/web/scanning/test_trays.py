"""Trays and their verbs, the pages that show them."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
import stacks

from webapp.errors import Conflict, InvalidInput
from webapp.jobs import open_office
from webapp.models import Campaign, Meeting, PrintRun, Unit
from webapp.services import intake, scans, trays
from webapp.settings import Settings, load


@pytest.fixture(scope="session")
def odd_instance(built_deck: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deck's instance with a stack read: one page for each tray (code lost, foreign, blank), and a good one.

    A foreign page costs seconds, for its title is looked for; so it is read once for all tests.
    """
    folder = shutil.copytree(built_deck, tmp_path_factory.mktemp("odd") / "instance")
    deck, office = stacks.deck_of(folder), open_office(load(folder, environ={}, inline_jobs=True))
    odd = stacks.as_pdf(stacks.without_code(deck.image(3)), stacks.foreign_page(), stacks.blank_page())
    stack = io.BytesIO(stacks.joined(deck.pdf(0), odd))
    intake.receive(office, stack, "odd.pdf", user_id=1, origin="upload", meeting_id=deck.meeting_id)
    office.db.close()
    return folder


@pytest.fixture
def settings(request, built_deck: Path, tmp_path: Path) -> Settings:
    """A copy of the deck's instance; where a test asks for the odd stack, of the one in which it was read."""
    source = request.getfixturevalue("odd_instance") if "odd" in request.fixturenames else built_deck
    return load(shutil.copytree(source, tmp_path / "instance"), environ={}, inline_jobs=True)


@pytest.fixture
def odd(pages):
    """The pages of the odd stack."""
    return pages(1)


def names(office, deck) -> dict[str, int]:
    with office.db.read() as session:
        return {tray.name: tray.pages for tray in trays.overview(session, deck.meeting_id)}


def test_odd_pages__lie_in_named_trays(office, deck, odd):
    assert names(office, deck) == {"bad-code": 1, "not-a-sheet": 1, "blank-page": 1}


def test_removed_page__leaves_its_tray_is_kept_and_can_be_put_back(office, deck, odd):
    trays.remove(office, odd[2].id)
    assert names(office, deck) == {"bad-code": 1, "blank-page": 1, "removed": 1}
    trays.put_back(office, odd[2].id)
    assert names(office, deck)["not-a-sheet"] == 1


def test_all_pages_of_a_tray__are_removed_at_once_only_where_that_is_its_verb(office, deck, odd):
    assert trays.remove_all(office, deck.meeting_id, "blank-page") == 1
    with pytest.raises(Conflict):
        trays.remove_all(office, deck.meeting_id, "bad-code")


def test_page_that_counts__can_be_neither_removed_nor_retried(office, odd):
    for verb in (trays.remove, trays.retry):
        with pytest.raises(Conflict, match="not-in-this-tray"):
            verb(office, odd[0].id)


@pytest.mark.parametrize(
    ("typed", "code"), [("K7Q2", "bad-typed-code"), ("????-????", "bad-typed-code"), ("0000-0000", "sheet-not-issued")]
)
def test_wrong_number__is_told_with_its_remedy_in_both_languages(office, deck, odd, operator, typed, code):
    with pytest.raises(InvalidInput, match=code):
        trays.type_code(office, odd[1].id, text=typed)
    for language in ("zh", "en"):
        operator.get(f"/language/{language}")
        answer = operator.post(f"/pages/{odd[1].id}/code", {"code": typed, "sheet_page": "1"})
        assert answer.status_code == 422
        assert typed.replace("0000-0000", "0000") in answer.get_data(as_text=True)


def test_page_of_the_sheet_that_is_not_there__is_told(office, deck, odd):
    with pytest.raises(InvalidInput, match="bad-sheet-page"):
        trays.type_code(office, odd[1].id, text=deck.sheets[3], sheet_page=2)


def test_typing_a_number__goes_on_to_the_next_page_of_the_tray(office, deck, odd, operator):
    form = {"code": deck.sheets[3], "sheet_page": "1", "meeting": str(deck.meeting_id), "tray": "bad-code"}
    answer = operator.post(f"/pages/{odd[1].id}/code", form)
    assert answer.headers["Location"].endswith(f"/meetings/{deck.meeting_id}/scan")
    assert "bad-code" not in names(office, deck)


def test_trays_of_a_withdrawn_batch__are_gone(office, deck, odd):
    intake.withdraw(office, 1, why="x", user_id=1)
    assert names(office, deck) == {}


def other_meeting(office, deck) -> int:
    with office.db.begin() as session:
        campaign, unit = session.query(Campaign).first(), Unit(kind="college", name="材料学院党委")
        session.add(unit)
        session.flush()
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id)
        session.add(meeting)
        session.flush()
        return meeting.id


def test_sheets_uploaded_at_another_meeting__count_where_they_were_printed(office, deck, send, operator):
    elsewhere = other_meeting(office, deck)
    send(deck.pdf(0, 1), "错传.pdf", meeting_id=elsewhere)
    with office.db.read() as session:
        (there,) = scans.files(session, elsewhere)
        (home,) = scans.files(session, deck.meeting_id)
    assert there.elsewhere == ((deck.meeting_id, "机械学院党委", 2),)
    assert (home.scan.id, home.elsewhere) == (there.scan.id, ())
    page = operator.get(f"/meetings/{elsewhere}/scan").get_data(as_text=True)
    assert "2 页属于机械学院党委" in page


def test_file_of_the_scanner_folder_without_our_sheets__is_shown_at_every_meeting(office, deck, send):
    elsewhere = other_meeting(office, deck)
    send(stacks.as_pdf(stacks.foreign_page()), origin="inbox", meeting_id=None, user_id=None)
    send(deck.pdf(0), origin="inbox", meeting_id=None, user_id=None)
    with office.db.read() as session:
        assert len(scans.files(session, elsewhere)) == 1
        assert len(scans.files(session, deck.meeting_id)) == 2
        assert session.query(PrintRun).count() == 1


def test_every_page_of_scanning__opens_in_both_languages(office, deck, odd, send, operator):
    send((deck.instance / "other.pdf").read_bytes(), "other.pdf")
    send(stacks.encrypted(), "locked.pdf")
    send(deck.pdf(0), "one.pdf")
    paths = [f"/meetings/{deck.meeting_id}/scan", f"/meetings/{deck.meeting_id}/scan/files", "/scans/1", "/scans/3"]
    paths += [f"/scans/1?show={show}" for show in scans.SHOW] + ["/scans/1?fault=scale", "/scans/1?part=9"]
    paths += [f"/pages/{page.id}" for page in odd] + [f"/pages/{odd[0].id}/copies"]
    paths += [f"/meetings/{deck.meeting_id}/trays/{name}" for name in (*trays.VERBS, "rescan")]
    for language in ("zh", "en"):
        operator.get(f"/language/{language}")
        for path in paths:
            assert operator.get(path).status_code == 200, path


def test_what_is_not_there__is_a_404(operator):
    for path in ("/scans/99", "/pages/99", "/pages/99/image.jpg", "/pages/99/copies", "/meetings/99/scan"):
        assert operator.get(path).status_code == 404, path


def test_withdrawing_on_the_page__names_the_count_and_can_be_undone(deck, send, operator):
    done = send(deck.scan.read_bytes())
    page = operator.get(f"/scans/{done.scan_id}").get_data(as_text=True)
    assert f"撤回 {stacks.COPIES} 页" in page
    path = f"/scans/{done.scan_id}"
    operator.post(f"/batches/{done.batch_id}/withdraw", {"why": "放错", "next": path})
    assert "这一批已撤回" in operator.get(path).get_data(as_text=True)
    operator.post(f"/batches/{done.batch_id}/take-back", {"next": path})
    assert "这一批已撤回" not in operator.get(path).get_data(as_text=True)


def test_going_back__never_leaves_the_application(deck, send, operator):
    done = send(deck.pdf(0))
    answer = operator.post(f"/batches/{done.batch_id}/withdraw", {"why": "x", "next": "//evil.example"})
    assert answer.headers["Location"] == "/"


def test_list_that_is_polled__stops_asking_when_all_is_read(deck, send, operator):
    send(deck.pdf(0))
    working = operator.get(f"/meetings/{deck.meeting_id}/scan/files?was=working")
    idle = operator.get(f"/meetings/{deck.meeting_id}/scan/files?was=idle")
    assert working.headers.get("HX-Refresh") == "true"
    assert "HX-Refresh" not in idle.headers
    assert "every 5s" in idle.get_data(as_text=True)
