"""Sheets keyed in by hand."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from webapp.errors import Conflict, InvalidInput
from webapp.models import Decision, Page
from webapp.services import answers, keyed

MARKS = {"rater_class": ("staff",), "q1": ("satisfied",), "q2": ("satisfied", "fairly")}


def key_in(office, deck, number=0, marks=MARKS) -> int:
    return keyed.save(office, text=deck.sheets[number], sheet_page=1, marks=marks, user_id=1)


def test_keyed_sheet__counts_with_blank_and_invalid_as_on_paper(office, deck, pages):
    page_id = key_in(office, deck)
    (page,) = pages()
    assert (page.scan_id, page.state, page.standing, page.sheet) == (None, "keyed", "counts", deck.sheets[0])
    with office.db.read() as session:
        effective = {q: (a.state, a.choice) for (_, q), a in answers.effective(session, [page_id]).items()}
        origins = set(session.scalars(select(Decision.origin)))
    assert effective == {
        "rater_class": ("answered", "staff"),
        "q1": ("answered", "satisfied"),
        "q2": ("invalid", ""),
        "q3": ("blank", ""),
    }
    assert origins == {"keyed"}


def test_sheet_that_counts_already__is_named(office, deck, send):
    send(deck.pdf(0))
    with pytest.raises(Conflict, match="sheet-counted-already") as caught:
        key_in(office, deck)
    assert caught.value.params["sheet"].replace("-", "") == deck.sheets[0]


def test_sheet_keyed_twice__is_refused(office, deck):
    key_in(office, deck)
    with pytest.raises(Conflict, match="sheet-counted-already"):
        key_in(office, deck)


def test_sheet_never_issued__is_refused(office):
    with pytest.raises(InvalidInput, match="sheet-not-issued"):
        keyed.save(office, text="0000-0000", sheet_page=1, marks={}, user_id=1)


def test_box_that_the_sheet_has_not__is_refused_and_nothing_is_kept(office, deck, pages):
    with pytest.raises(InvalidInput):
        key_in(office, deck, marks={"q1": ("excellent",)})
    assert pages() == []


def test_scan_of_a_keyed_sheet_with_the_same_marks__counts_once(office, deck, send, pages):
    key_in(office, deck, marks=deck.answers[deck.sheets[0]])
    send(deck.pdf(0))
    assert sorted(page.standing for page in pages()) == ["counts", "rescan"]


def test_scan_of_a_keyed_sheet_with_other_marks__is_held(office, deck, send, pages):
    key_in(office, deck)
    send(deck.pdf(0))
    assert [page.standing for page in pages()] == ["held", "held"]


def test_keyed_sheet_taken_back__counts_nowhere_and_is_kept(office, deck, send, pages):
    page_id = key_in(office, deck)
    keyed.remove(office, page_id)
    (page,) = pages()
    assert page.standing == "none"
    with office.db.read() as session:
        assert session.get(Page, page_id) is not None
        assert keyed.listed(session, deck.meeting_id) == []
    key_in(office, deck)


def test_keying_in_by_the_pages__asks_once_more_before_it_saves(deck, operator, pages):
    base = f"/meetings/{deck.meeting_id}/keyed/new"
    form = operator.get(f"{base}?code={deck.sheets[1].lower()}&sheet_page=1")
    assert form.status_code == 200
    assert form.get_data(as_text=True).count('type="checkbox"') == 2 + 3 * 4 + 1  # the last: it was told by telephone
    marks = {"code": deck.sheets[1], "sheet_page": "1", "q:q1": "fairly", "q:rater_class": "student"}
    again = operator.post(base, marks).get_data(as_text=True)
    assert "没有划" in again
    assert pages() == []
    saved = operator.post(base, {**marks, "sure": "1"})
    (page,) = pages()
    assert saved.headers["Location"] == f"/pages/{page.id}"
    shown = operator.get(f"/pages/{page.id}").get_data(as_text=True)
    assert "照原件补录" in shown
    assert "刘婷 补录" in operator.get(f"/meetings/{deck.meeting_id}/scan").get_data(as_text=True)
    operator.post(f"/pages/{page.id}/remove", {"next": f"/meetings/{deck.meeting_id}/scan"})
    assert pages()[0].standing == "none"


def test_keying_in_a_sheet_that_counts__says_where_it_is_changed(deck, send, operator):
    send(deck.pdf(0))
    answer = operator.get(f"/meetings/{deck.meeting_id}/keyed/new?code={deck.sheets[0]}")
    assert answer.status_code == 409
    assert "已计入" in answer.get_data(as_text=True)
    assert 'name="code"' in answer.get_data(as_text=True)  # the next number can be typed at once


def test_print_behind_the_form__is_a_picture_without_a_code(deck, operator, office):
    blank = keyed.find(office, deck.sheets[2])
    path = f"/meetings/{deck.meeting_id}/keyed/form.png"
    answer = operator.get(f"{path}?digest={blank.layout.digest}&page=1")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert operator.get(f"{path}?digest=00000000").status_code == 404
