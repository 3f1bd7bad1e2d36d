"""Announcing with small classes hidden; the bundle of exactly three; receipts; what level 2 keeps."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from tests.sheet_rows import Desk
from webapp.errors import Conflict, InvalidInput
from webapp.models import Member, PrintRun, Unit
from webapp.papers.paper import Paper, Text
from webapp.rights import Right
from webapp.services import announcing, paper_kinds, retention, shelf, shelf_steps, submitting
from webapp.services.paper_kind import Field, PaperKind, Target

LEVELS = {"satisfied": 12, "fairly": 6, "basically": 2}
DAY = dt.date(2011, 7, 22)


def written(key: str, title: str) -> PaperKind:
    """A kind of paper of a unit with one text; where the product has one of this title, that one."""
    found = submitting.kind_of(title)
    return found or PaperKind(
        key, title, title, "unit", Right.WRITE_PAPERS,
        lambda _session, _target: [Field("text", "Text", "正文")],
        lambda _session, _target, texts: Paper(title, (title,), (Text(texts["text"]),)),
    )  # fmt: skip


@pytest.fixture
def fix(office, user, monkeypatch):
    """Fix a paper of a unit, examined first where it has to be."""
    kinds = {kind.key: kind for kind in map(written, ("report-x", "statement-x"), submitting.PARTS[:2])}
    monkeypatch.setattr(paper_kinds, "KINDS", {**paper_kinds.KINDS, **kinds})

    def fix(title: str, campaign_id: int, unit_id: int, meeting_id: int) -> None:
        kind = submitting.kind_of(title)
        target = Target(campaign_id, unit_id, meeting_id if kind.scope == "meeting" else None)
        with office.db.begin() as session:
            empty = {each.key: "写好" for each in shelf.draft(session, kind, target).missing}
            if empty:
                shelf.save(session, kind, target, empty, user_id=user.id)
            if kind.examined:
                shelf_steps.hand_in(session, kind, target, user_id=user.id, url="/")
                shelf_steps.examine(session, kind, target, user_id=user.id, url="/")
            shelf_steps.fix(session, kind, target, user_id=user.id)

    return fix


def bundle_of(office, row):
    return zipfile.ZipFile(io.BytesIO(office.storage.path(row.sha256).read_bytes()))


def test_bundle__is_exactly_the_three_fixed_papers_with_their_digests(
    office, campaign, unit, meeting, user, rated, fix, operator
):
    rated(meeting, LEVELS)
    at = f"/campaigns/{campaign.id}/units/{unit.id}/submission"
    with pytest.raises(Conflict) as caught:
        submitting.make(office, campaign.id, unit.id, user_id=user.id)
    assert caught.value.params["parts"] == "、".join(submitting.PARTS)
    assert "还差 3 件" in operator.get(at).get_data(as_text=True)
    for title in submitting.PARTS:
        fix(title, campaign.id, unit.id, meeting.id)
    assert operator.post(at).status_code == 302
    with office.db.read() as session:
        [(row, receipts)] = submitting.submissions(session, campaign.id, unit.id)
    archive = bundle_of(office, row)
    manifest = json.loads(archive.read("manifest.json"))
    assert [part["part"] for part in manifest["parts"]] == list(submitting.PARTS)
    told = {file["name"]: file["sha256"] for part in manifest["parts"] for file in part["files"]}
    assert set(archive.namelist()) == {"manifest.json", *told}
    assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in told.items())
    assert {name.rpartition(".")[2] for name in told} == {"docx", "pdf", "xlsx"}
    assert receipts == ()
    assert operator.get(f"/submissions/{row.id}.zip").data == office.storage.path(row.sha256).read_bytes()
    assert "生成报送包" in operator.get(at).get_data(as_text=True)


def test_receipt__is_written_by_who_receives_and_taken_back_with_a_reason(
    office, campaign, unit, meeting, rated, fix, operator, office_user, user
):
    rated(meeting, LEVELS)
    for title in submitting.PARTS:
        fix(title, campaign.id, unit.id, meeting.id)
    row = submitting.make(office, campaign.id, unit.id, user_id=user.id)
    told = {"channel": "mailbox", "received_by": "巴图", "handed_by": "刘婷", "received_on": "2011-07-22"}
    assert operator.post(f"/submissions/{row.id}/receipt", told).status_code == 403
    assert office_user.post(f"/submissions/{row.id}/receipt", {**told, "received_on": ""}).status_code == 422
    assert office_user.post(f"/submissions/{row.id}/receipt", told).status_code == 302
    assert office_user.post(f"/submissions/{row.id}/receipt", {**told, "channel": "paper"}).status_code == 302
    with office.db.read() as session:
        assert submitting.received_on(session, campaign.id) == {unit.id: DAY}
        [(_row, receipts)] = submitting.submissions(session, campaign.id, unit.id)
        assert [each.channel for each in receipts] == ["mailbox", "paper"]
    for each in receipts:
        assert office_user.post(f"/receipts/{each.id}/take-back").status_code == 422
        assert office_user.post(f"/receipts/{each.id}/take-back", {"why": "登错单位"}).status_code == 302
    with office.db.read() as session:
        assert submitting.received_on(session, campaign.id) == {}


def test_branch__hands_in_nothing_and_a_directly_led_branch_does(office, campaign, unit):
    with office.db.begin() as session:
        branch = Unit(kind="branch", name="教工支部", parent_id=unit.id)
        direct = Unit(kind="direct", name="体育部直属党支部")
        session.add_all([branch, direct])
        session.flush()
        with pytest.raises(Conflict, match="not-level-two"):
            submitting.parts(session, campaign.id, branch.id)
        assert [part.title for part in submitting.parts(session, campaign.id, direct.id)] == list(submitting.PARTS)


def test_cover__names_the_room_the_three_papers_and_the_day(office, campaign, unit, operator):
    page = operator.get(f"/shelf/hand-in-cover/campaigns/{campaign.id}/units/{unit.id}").get_data(as_text=True)
    assert "办公楼411房间" in page
    assert "7月22日前（含当日）" in page
    assert all(name in page for name in ("工作总结", "公开述职材料", "意见汇总表"))


def test_summaries_of_branches_and_members__are_kept_at_level_two(office, campaign, unit, operator, user):
    with office.db.begin() as session:
        branch = Unit(kind="branch", name="教工支部", parent_id=unit.id)
        direct = Unit(kind="direct", name="体育部直属党支部")
        session.add_all([branch, direct])
        session.flush()
        session.add_all([Member(unit_id=branch.id, name="张敏"), Member(unit_id=direct.id, name="李刚")])
    with office.db.read() as session:
        names = [(each.branch.name, each.member and each.member.name) for each in
                 retention.expected(session, campaign.id, unit.id)]  # fmt: skip
        own = [each.member.name for each in retention.expected(session, campaign.id, direct.id)]
    assert (names, own) == ([("教工支部", None), ("教工支部", "张敏")], ["李刚"])
    at = f"/campaigns/{campaign.id}/units/{unit.id}/retention"
    told = {"key": [f"{branch.id}."], "keeper": "张敏", "kept_on": "2011-07-23", "file_number": "DQ-3"}
    assert operator.post(at, told).status_code == 302
    assert operator.post(at, {**told, "key": [f"{direct.id}."]}).status_code == 422
    assert "DQ-3" in operator.get(at).get_data(as_text=True)
    with office.db.read() as session:
        [row] = [each.row for each in retention.expected(session, campaign.id, unit.id) if each.row]
    assert operator.post(f"/retentions/{row.id}/take-back").status_code == 302
    with office.db.read() as session:
        assert not any(each.row for each in retention.expected(session, campaign.id, unit.id))


def test_announcement__shows_no_small_class_alone_and_waits_for_the_closing(
    office, meeting, surveys, user, rated, shut, operator
):
    rated(meeting, LEVELS, close=False)
    with office.db.begin() as session:
        desk = Desk(session, user.id)
        run = session.scalar(select(PrintRun))
        for who, number in (("student", 3), ("", 6)):
            for _sheet in range(number):
                mark = ("answered", "satisfied")
                state = ("answered", who) if who else ("blank", "")
                desk.page(run, desk.issue(run), {"rater_class": state, **dict.fromkeys(("q1", "q2", "q3"), mark)})
        with pytest.raises(InvalidInput, match="announcement-open"):
            announcing.blocks(session, meeting.id, announcing.CONTENTS)
    assert operator.get(f"/meetings/{meeting.id}/announcement.html").status_code == 403
    shut(meeting.id)
    answer = operator.get(f"/meetings/{meeting.id}/announcement.html")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "<script" not in page
    assert "http" not in page
    assert "学生代表、身份未填" in page
    assert "<td>学生代表</td><td>3</td>" not in page


def test_announcement_plan__chooses_what_is_told_and_the_record_where(office, meeting, rated, operator):
    rated(meeting, LEVELS)
    at = f"/meetings/{meeting.id}/announcement"
    assert operator.post(at, {"manner": "web", "reach": ""}).status_code == 422
    assert operator.post(at, {"manner": "web", "reach": "全院", "contents": ["turnout"]}).status_code == 302
    page = operator.get(f"{at}.html").get_data(as_text=True)
    assert "参加情况" in page
    assert "测评结果" not in page
    told = {"manner": "board", "reach": "全院", "place": "一楼公告栏", "made_on": "2011-07-21", "until": "2011-07-28"}
    assert operator.post(f"{at}/record", {**told, "until": "2011-07-01"}).status_code == 422
    assert operator.post(f"{at}/record", told).status_code == 302
    with office.db.read() as session:
        [row] = announcing.records(session, meeting.id)
    assert operator.post(f"/announcements/{row.id}/take-back", {"why": "贴错"}).status_code == 302
    assert "line-through" in operator.get(at).get_data(as_text=True)
