"""Opinions: what the engine proposes, what a person makes of it, and who sees the handwriting."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Opinion, Page, now
from webapp.services import opinions
from webapp.settings import load

SAID = {"会议太多，办事快了", "希望实训设备尽快更新，夏天车间太热"}


def each(office, meeting):
    return [entry.opinion for entry in opinions.entries(office, meeting.id)]


def proposed(opinion):
    return "".join(line["text"] for line in opinion.proposal)


def reset(office, opinion_id, **values):
    with office.db.begin() as session:
        row = session.get_one(Opinion, opinion_id)
        for name, value in {"state": "waiting", "engine": "", "proposal": [], "tries": 0, **values}.items():
            setattr(row, name, value)


def test_written_regions_of_a_read_stack__have_a_proposal_line_by_line(office, meeting):
    rows = each(office, meeting)
    assert {row.state for row in rows} == {"proposed"}
    assert {row.engine for row in rows} == {"rapidocr"}
    assert sorted(len(row.proposal) for row in rows) == [1, 2]
    wrong = sum(a != b for row in rows for a, b in zip(proposed(row), _nearest(row), strict=False))
    assert wrong <= 2


def _nearest(row):
    return min(SAID, key=lambda said: abs(len(said) - len(proposed(row))))


def test_no_engine__the_lines_are_there_to_be_typed(office, settings, meeting):
    opinion = max(each(office, meeting), key=lambda row: len(row.proposal))
    reset(office, opinion.id)
    without = load(settings.instance, environ={}, inline_jobs=True, ocr_engine="off")
    opinions.propose(type(office)(without, office.db, office.storage, office.bell), opinion.id)
    (row,) = (row for row in each(office, meeting) if row.id == opinion.id)
    assert (row.state, row.engine) == ("proposed", "off")
    assert [(line["row"], line["text"]) for line in row.proposal] == [(0, ""), (1, "")]


def test_proposing_again__changes_nothing(office, meeting):
    before = [(row.id, row.state, row.proposal, row.tries) for row in each(office, meeting)]
    for row_id, *_ in before:
        opinions.propose(office, row_id)
    assert [(row.id, row.state, row.proposal, row.tries) for row in each(office, meeting)] == before


def test_leased_opinion__is_left_to_its_worker(office, meeting):
    opinion = each(office, meeting)[0]
    reset(office, opinion.id, lease_until=now() + opinions.LEASE)
    opinions.propose(office, opinion.id)
    assert next(row for row in each(office, meeting) if row.id == opinion.id).state == "waiting"


def test_person_faster_than_the_engine__keeps_the_word(office, meeting, user, monkeypatch):
    opinion = each(office, meeting)[0]
    reset(office, opinion.id)
    region_image = opinions.region_image

    def slow(office, opinion_id):
        opinions.confirm(office, opinion_id, text="食堂", user_id=user.id)
        return region_image(office, opinion_id)

    monkeypatch.setattr(opinions, "region_image", slow)
    opinions.propose(office, opinion.id)
    row = next(row for row in each(office, meeting) if row.id == opinion.id)
    assert (row.state, row.text, row.proposal) == ("confirmed", "食堂", [])


def test_confirmed_twice__the_second_is_told(office, meeting, user):
    opinion = each(office, meeting)[0]
    opinions.confirm(office, opinion.id, text=" 会议太多 ", user_id=user.id)
    with pytest.raises(Conflict, match="opinion-settled-since"):
        opinions.confirm(office, opinion.id, text="会议大多", user_id=user.id)
    with pytest.raises(Conflict, match="opinion-settled-since"):
        opinions.no_text(office, opinion.id, user_id=user.id)
    assert opinions.confirmed_texts(office, meeting.id) == ["会议太多"]


def test_reopened__can_be_settled_otherwise_and_keeps_its_draft(office, meeting, user):
    opinion = each(office, meeting)[0]
    opinions.confirm(office, opinion.id, text="会议大多", user_id=user.id)
    opinions.reopen(office, opinion.id)
    row = each(office, meeting)[0]
    assert (row.state, row.text, row.confirmed_by) == ("proposed", "会议大多", None)
    assert opinions.confirmed_texts(office, meeting.id) == []
    opinions.no_text(office, opinion.id, user_id=user.id)
    assert opinions.progress(office, meeting.id) == opinions.Progress(2, 1)


@pytest.mark.parametrize(("text", "code"), [("  ", "opinion-empty"), ("长" * 4001, "opinion-too-long")])
def test_text_that_is_none__is_refused(office, meeting, user, text, code):
    with pytest.raises(InvalidInput, match=code):
        opinions.confirm(office, each(office, meeting)[0].id, text=text, user_id=user.id)


def test_unknown_opinion__is_not_found(office, user):
    with pytest.raises(NotFound, match="no-such-opinion"):
        opinions.confirm(office, 999, text="x", user_id=user.id)


def test_order__follows_from_the_offices_key_not_from_the_stack(office, meeting):
    with office.db.begin() as session:
        page_id = session.scalar(select(Opinion.page_id))
        session.add_all(Opinion(page_id=page_id, region=f"r{n}", state="proposed") for n in range(30))
    order = [row.id for row in each(office, meeting)]
    assert order == [row.id for row in each(office, meeting)]
    assert sorted(order) != order
    (office.settings.instance / "secret.key").write_text("ab" * 32, "ascii")
    opinions._shuffle_key.cache_clear()
    assert [row.id for row in each(office, meeting)] != order


def test_page_that_no_longer_counts__shows_no_opinion(office, meeting, pages):
    with office.db.begin() as session:
        session.get_one(Page, pages[3]).standing = "withdrawn"
    assert len(each(office, meeting)) == 1


# --- pages -------------------------------------------------------------------------------------------------------


def test_page__shows_the_proposal_as_such_and_names_no_sheet(transcriber, office, meeting):
    text = transcriber.get(f"/meetings/{meeting.id}/opinions").get_data(as_text=True)
    with office.db.read() as session:
        sheets = list(session.scalars(select(Page.sheet)))
    assert "待誊录" in text
    assert "逐字核对后再存" in text
    assert '<span class="ok">' not in text
    assert not any(sheet in text or f"{sheet[:4]}-{sheet[4:]}" in text for sheet in sheets)


def test_uncertain_characters__are_marked(transcriber, office, meeting):
    opinion = each(office, meeting)[0]
    line = {"row": 0, "text": "请袋通", "characters": [["请", 0.99], ["袋", 0.61], ["通", 0.8]]}
    reset(office, opinion.id, state="proposed", engine="rapidocr", proposal=[line])
    text = transcriber.get(f"/opinions/{opinion.id}").get_data(as_text=True)
    assert re.findall(r'<span class="unc" title="(\d+) %">(.)</span>', text) == [("61", "袋")]


def test_confirming__goes_to_the_next_open_one(transcriber, office, meeting):
    first, second = each(office, meeting)
    answer = transcriber.post(f"/opinions/{first.id}/confirm", {"text": "会议太多"})
    assert answer.location == f"/opinions/{second.id}"
    answer = transcriber.post(f"/opinions/{second.id}/no-text")
    assert answer.location == f"/opinions/{second.id}"
    assert "没有文字" in transcriber.get(answer.location).get_data(as_text=True)
    transcriber.post(f"/opinions/{second.id}/reopen")
    assert 'id="confirm"' in transcriber.get(f"/opinions/{second.id}").get_data(as_text=True)


def test_second_person__is_told_that_it_was_settled(enter, office, meeting):
    first, second = enter("刘婷", "transcriber"), enter("王强", "transcriber")
    opinion = each(office, meeting)[0]
    first.post(f"/opinions/{opinion.id}/confirm", {"text": "会议太多"})
    answer = second.post(f"/opinions/{opinion.id}/confirm", {"text": "会议大多"})
    assert answer.status_code == 409
    assert "刚由别人誊录" in answer.get_data(as_text=True)


def test_line_images__show_the_writing_and_stay_nowhere(transcriber, client, office, meeting):
    opinion = max(each(office, meeting), key=lambda row: len(row.proposal))
    for line in opinion.proposal:
        answer = transcriber.get(f"/opinions/{opinion.id}/line/{line['row']}.jpg")
        image = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert (image < 120).mean() > 0.01
        assert answer.headers["Cache-Control"] == "no-store"
    assert transcriber.get(f"/opinions/{opinion.id}/region.jpg").status_code == 200
    assert transcriber.get(f"/opinions/{opinion.id}/line/99.jpg").status_code == 404
    assert client.get(f"/opinions/{opinion.id}/line/0.jpg").status_code == 302


def test_meeting_without_handwriting__says_so(transcriber, empty_meeting):
    assert "还没有手写意见" in transcriber.get(f"/meetings/{empty_meeting.id}/opinions").get_data(as_text=True)
