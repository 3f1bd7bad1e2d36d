"""Merging opinions: counts, sources, undo; who sees it; nothing that leads back to a sheet."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile

import pytest
from sqlalchemy import select

from tests.integration.web.writing.conftest import close_count
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import GatheredOpinion, IssuedSheet, OpinionText, TrailRow
from webapp.services import merging, merging_deeds, summary_opinions, summary_papers
from webapp.services.merging_deeds import Said

DAY = dt.date(2011, 7, 15)
OLD = "实训设备陈旧，希望更新"


@pytest.fixture
def opinions(office, meeting, surveys, user):
    """Three of sheets, one said at the meeting, one gathered before; their refs in this order."""
    with office.db.begin() as session:
        texts = [
            OpinionText(id=str(n) * 32, meeting_id=meeting.id, survey_id=surveys["org"], region="o", text=text, day=DAY)
            for n, text in enumerate((OLD, "实训的设备太旧了，请更换", "谢谢"))
        ]
        gathered = [
            GatheredOpinion(meeting_id=meeting.id, source=source, day=DAY, text=text, user_id=user.id)
            for source, text in (("meeting", "设备陈旧"), ("visit", "食堂延长晚饭时间"))
        ]
        session.add_all([*texts, *gathered])
        session.flush()
        return [("sheet", row.id) for row in texts] + [("gathered", str(row.id)) for row in gathered]


def test_merged_opinion__counts_its_raw_ones_and_names_their_sources(office, meeting, user, opinions):
    with office.db.begin() as session:
        said = Said("实训设备陈旧，希望更新", "duty", 1)
        key = merging_deeds.make(session, meeting.id, opinions[:2], said, user_id=user.id)
        merging_deeds.put(session, meeting.id, [opinions[3]], key, user_id=user.id)
        merging_deeds.set_aside(session, meeting.id, [opinions[2]], user_id=user.id)
    with office.db.read() as session:
        desk = merging.desk(session, meeting.id)
    [merged] = desk.merged
    assert (merged.number, merged.origins, merged.item) == (3, ("测评表", "大会发言"), 1)
    assert [raw.ref for raw in desk.waiting] == [opinions[4]]
    assert [raw.ref for raw in desk.aside] == [opinions[2]]


def test_opinion_that_says_two_things__stands_in_two_and_counts_in_each(office, meeting, user, opinions):
    with office.db.begin() as session:
        for text in ("设备", "食堂"):
            merging_deeds.make(session, meeting.id, [opinions[0]], Said(text), user_id=user.id)
        assert [each.number for each in merging.desk(session, meeting.id).merged] == [1, 1]


def test_undo__takes_back_one_deed_after_the_other(office, meeting, user, opinions):
    def state(session):
        desk = merging.desk(session, meeting.id)
        return [(each.text, each.number) for each in desk.merged], len(desk.waiting), len(desk.aside)

    with office.db.begin() as session:
        seen = [state(session)]
        key = merging_deeds.make(session, meeting.id, opinions[:2], Said("设备"), user_id=user.id)
        seen.append(state(session))
        merging_deeds.edit(session, meeting.id, key, Said("设备陈旧"), user_id=user.id)
        seen.append(state(session))
        merging_deeds.take_out(session, meeting.id, opinions[:1], key, user_id=user.id)
        seen.append(state(session))
        merging_deeds.dissolve(session, meeting.id, key, user_id=user.id)
        seen.append(state(session))
        merging_deeds.set_aside(session, meeting.id, opinions[2:3], user_id=user.id)
        for before in reversed(seen):
            merging_deeds.undo(session, meeting.id, user_id=user.id)
            assert state(session) == before
        with pytest.raises(Conflict):
            merging_deeds.undo(session, meeting.id, user_id=user.id)


def test_what_cannot_be_merged__is_refused(office, meeting, user, opinions):
    with office.db.begin() as session:
        key = merging_deeds.make(session, meeting.id, opinions[:1], Said("设备"), user_id=user.id)
        with pytest.raises(InvalidInput):
            merging_deeds.put(session, meeting.id, [], key, user_id=user.id)
        with pytest.raises(NotFound):
            merging_deeds.put(session, meeting.id, [("sheet", "f" * 32)], key, user_id=user.id)
        with pytest.raises(NotFound):
            merging_deeds.put(session, meeting.id, opinions[:1], key + 1, user_id=user.id)
        for said in (Said(""), Said("字" * 501), Said("设备", "weather")):
            with pytest.raises(InvalidInput):
                merging_deeds.make(session, meeting.id, [], said, user_id=user.id)


def test_summary__lists_merged_opinions_then_those_that_wait(office, counted, user, opinions):
    with office.db.begin() as session:
        merging_deeds.make(session, counted.meeting_id, opinions[:2], Said("设备陈旧", "duty", 1), user_id=user.id)
        merging_deeds.set_aside(session, counted.meeting_id, [opinions[2]], user_id=user.id)
        found, subject = summary_papers.results_of(session, counted)
        lines = [(line.text, line.number, line.category) for line in summary_opinions.lines(session, found, subject)]
    assert lines == [("设备陈旧", 2, "履行职责"), ("设备陈旧", 1, ""), ("食堂延长晚饭时间", 1, "")]


def test_page__is_for_transcribers_and_for_the_unit_once_the_count_is_closed(
    office, transcriber, writer, operator, meeting, opinions, user
):
    path = f"/meetings/{meeting.id}/opinions/merge"
    assert transcriber.get(path).status_code == 200
    assert writer.get(path).status_code == 403
    assert writer.get(f"/meetings/{meeting.id}/opinions/similar?raw=sheet:{'0' * 32}").status_code == 403
    assert writer.post(path, {"action": "undo"}).status_code == 403
    close_count(office, meeting.id, user.id)
    assert OLD in writer.get(path).get_data(as_text=True)


def test_board__merges_and_proposes_and_takes_back(transcriber, meeting, opinions):
    path = f"/meetings/{meeting.id}/opinions/merge"
    refs = [":".join(ref) for ref in opinions]
    made = {"action": "new", "raw": refs[:1], "text": "实训设备陈旧", "category": "duty", "item": "1"}
    page = transcriber.post(path, made).get_data(as_text=True)
    merged_id = re.search(r'class="merged" data-id="(\d+)"', page)[1]
    answer = transcriber.get(f"/meetings/{meeting.id}/opinions/similar?raw={refs[3]}")
    assert answer.get_json() == {"merged": [int(merged_id)]}
    fragment = transcriber.post(
        path, {"action": "put", "raw": refs[3], "merged": merged_id}, headers={"HX-Request": "1"}
    )
    assert "<html" not in fragment.get_data(as_text=True)
    assert f'data-raw="{refs[3]}" data-merged="{merged_id}"' in fragment.get_data(as_text=True)
    assert f'data-raw="{refs[3]}"' not in transcriber.post(path, {"action": "undo"}).get_data(as_text=True)


def test_page_of_the_rated_unit__leads_to_no_sheet_class_or_image(office, writer, meeting, opinions, user):
    close_count(office, meeting.id, user.id)
    page = writer.get(f"/meetings/{meeting.id}/opinions/merge").get_data(as_text=True)
    assert not re.findall(r'(?:href|src|action)="[^"]*(?:/pages/|/sheets|\.jpg|/opinions/\d)[^"]*"', page)
    assert "教职工" not in page
    assert "学生代表" not in page


def test_trail_of_merging__tells_neither_a_text_nor_which_opinion(office, meeting, user, opinions):
    with office.db.begin() as session:
        merging_deeds.make(session, meeting.id, opinions[:2], Said("设备陈旧", "duty", 1), user_id=user.id)
    with office.db.read() as session:
        rows = session.scalars(select(TrailRow).where(TrailRow.object.like("merg%"))).all()
    told = "".join(f"{row.facts}{row.object}{row.why}" for row in rows)
    assert "merging:" in told
    assert "设备" not in told
    assert not any(key in told for source, key in opinions if source == "sheet")


def test_files_of_the_rated_unit__name_no_sheet(office, writer, counted, opinions, user):
    close_count(office, counted.meeting_id, user.id)
    with office.db.read() as session:
        sheets = list(session.scalars(select(IssuedSheet.sheet)))
    for form in ("docx", "xlsx"):
        content = writer.get(f"/meetings/{counted.meeting_id}/summary.{form}").data
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            told = "".join(archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())
        assert OLD in told
        assert not any(sheet in told for sheet in sheets)
    assert writer.get(f"/meetings/{counted.meeting_id}/answers.csv").status_code == 403
