"""Papers on the shelf: written, handed in, examined, fixed in versions, with scans; by whom and when."""

from __future__ import annotations

import io

import pytest
from flask_babel import gettext
from PIL import Image
from sqlalchemy import select

from tests.integration.web.writing.conftest import close_count
from webapp.errors import Conflict, InvalidInput
from webapp.models import CampaignClosing, Meeting, Member, Notice, ShelfVersion
from webapp.papers import codec
from webapp.papers.paper import Line
from webapp.services import cadres, campaign_closing, paper_list, shelf, shelf_steps
from webapp.services.paper_kinds import KINDS, get

ROW = "1\t设备陈旧\t经费不足\t更新设备\t王强\t9月30日\t\t否"


def address(target):
    return f"/shelf/summary/meetings/{target.meeting_id}?part={target.part}"


@pytest.fixture
def kind():
    return get("summary")


def state(office, kind, target):
    with office.db.read() as session:
        return shelf.state(session, kind, target)


def texts(office, kind, target):
    with office.db.read() as session:
        return shelf.draft(session, kind, target).texts


def test_paper_before_closing__is_shown_to_nobody_who_writes_it(writer, counted):
    assert writer.get(address(counted)).status_code == 403
    assert writer.post(address(counted), {"action": "save", "notice_manner": "公告栏"}).status_code == 403


def test_text__is_kept_over_what_is_filled_in_and_given_back(office, writer, closed, kind):
    page = writer.get(address(closed)).get_data(as_text=True)
    assert "93.67" in page
    assert writer.post(address(closed), {"action": "save", "notice_manner": "公告栏"}).status_code == 302
    assert texts(office, kind, closed)["notice_manner"] == "公告栏"
    writer.post(address(closed), {"action": "save", "reset": "notice_manner"})
    assert texts(office, kind, closed)["notice_manner"] == ""


def test_table_of_a_field__is_written_cell_by_cell(office, writer, closed, kind):
    cells = {f"measures:{number}": [cell, ""] for number, cell in enumerate(ROW.split("\t"))}
    writer.post(address(closed), {"action": "save", **cells})
    assert texts(office, kind, closed)["measures"] == ROW
    assert "更新设备" in writer.get(address(closed)).get_data(as_text=True)


def test_paper__goes_from_writing_over_examination_to_a_version(office, writer, office_user, closed, kind):
    assert writer.post(address(closed), {"action": "fix"}).status_code == 409
    assert writer.post(address(closed), {"action": "hand-in"}).status_code == 302
    assert writer.post(address(closed), {"action": "save", "notice_manner": "文件"}).status_code == 409
    assert writer.post(address(closed), {"action": "examine"}).status_code == 403
    assert office_user.post(address(closed), {"action": "hand-back", "why": ""}).status_code == 422
    assert office_user.post(address(closed), {"action": "hand-back", "why": "缺通报"}).status_code == 302
    with office.db.read() as session:
        told = {row.code: row for row in session.scalars(select(Notice))}
    assert told["notice-paper-handed-in"].user_id == office_user.id
    assert told["notice-paper-handed-back"].user_id == writer.id
    assert told["notice-paper-handed-back"].params["why"] == "缺通报"
    writer.post(address(closed), {"action": "save", "notice_manner": "公告栏"})
    writer.post(address(closed), {"action": "hand-in"})
    office_user.post(address(closed), {"action": "examine", "why": "情况属实"})
    assert writer.post(address(closed), {"action": "fix"}).status_code == 302
    assert state(office, kind, closed) == shelf.FIXED
    with office.db.read() as session:
        [version] = session.scalars(select(ShelfVersion))
        paper = shelf.fixed_paper(version)
    assert (version.number, version.digest, paper.stamp) == (1, codec.digest(paper), "")
    assert "情况属实" in str(codec.encode(paper))


@pytest.fixture
def fixed(office, writer, office_user, closed):
    writer.post(address(closed), {"action": "save", "notice_manner": "公告栏"})
    writer.post(address(closed), {"action": "hand-in"})
    office_user.post(address(closed), {"action": "examine"})
    writer.post(address(closed), {"action": "fix"})
    return closed


def test_fixed_paper__is_corrected_as_a_further_version_and_the_first_stays(office, writer, office_user, fixed, kind):
    assert writer.post(address(fixed), {"action": "reopen", "why": ""}).status_code == 422
    assert writer.post(address(fixed), {"action": "reopen", "why": "方式写错"}).status_code == 302
    writer.post(address(fixed), {"action": "save", "notice_manner": "文件"})
    writer.post(address(fixed), {"action": "hand-in"})
    office_user.post(address(fixed), {"action": "examine"})
    writer.post(address(fixed), {"action": "fix"})
    with office.db.read() as session:
        rows = list(session.scalars(select(ShelfVersion).order_by(ShelfVersion.number)))
    told = ["公告栏" in str(row.content) for row in rows]
    assert told == [True, False]
    for row in rows:
        answer = writer.get(f"/shelf/versions/{row.id}.docx")
        assert (answer.status_code, answer.data[:2]) == (200, b"PK")


@pytest.mark.parametrize("form", ["docx", "pdf", "xlsx"])
def test_draft__is_stamped_and_a_fixed_paper_is_not(writer, office_user, closed, form):
    path = f"/shelf/summary/meetings/{closed.meeting_id}/paper.{form}?part={closed.part}"
    assert "%E8%8D%89%E7%A8%BF" in writer.get(path).headers["Content-Disposition"]
    writer.post(address(closed), {"action": "hand-in"})
    office_user.post(address(closed), {"action": "examine"})
    writer.post(address(closed), {"action": "fix"})
    assert "%E8%8D%89%E7%A8%BF" not in writer.get(path).headers["Content-Disposition"]


def picture():
    file = io.BytesIO()
    exif = Image.Exif()
    exif[271] = "Some Camera"
    Image.new("L", (40, 40), 255).save(file, "JPEG", exif=exif)
    file.seek(0)
    return file


def test_signed_scan__belongs_to_its_paper_without_its_metadata(writer, fixed):
    data = {"action": "attach", "scan": (picture(), "签字.jpg")}
    assert writer.post(address(fixed), data, content_type="multipart/form-data").status_code == 302
    answer = writer.get("/shelf/attachments/1")
    assert answer.data.startswith(b"\xff\xd8\xff")
    assert b"Some Camera" not in answer.data
    assert writer.post(address(fixed), {"action": "remove", "attachment": 1}).status_code == 422
    assert writer.post(address(fixed), {"action": "remove", "attachment": 1, "why": "传错"}).status_code == 302
    assert writer.get("/shelf/attachments/1").status_code == 404


def test_what_is_no_scan__is_not_attached(writer, fixed):
    data = {"action": "attach", "scan": (io.BytesIO(b"<html>"), "x.pdf")}
    assert writer.post(address(fixed), data, content_type="multipart/form-data").status_code == 422


def test_paper_of_a_branch__is_not_read_by_who_holds_a_role_of_the_school_alone(
    office, enter, office_user, writer, branch, branch_meeting
):
    close_count(office, branch_meeting.id, writer.id)
    path = f"/shelf/summary/meetings/{branch_meeting.id}"
    own = enter("李宏", "branch", unit_id=branch.id)
    assert office_user.get(path).status_code == 403
    assert own.get(path).status_code == 404  # nothing was counted yet
    assert writer.get(path).status_code == 404


def test_numbers_that_changed_since__are_said(office, writer, fixed):
    assert "数字有变动" not in writer.get(address(fixed)).get_data(as_text=True)
    with office.db.begin() as session:
        session.get(Meeting, fixed.meeting_id).place = "体育馆"
    assert "数字有变动" in writer.get(address(fixed)).get_data(as_text=True)


def test_closed_campaign__leaves_its_papers_as_they_are(office, writer, closed, kind, user):
    with office.db.begin() as session:
        with pytest.raises(InvalidInput):
            campaign_closing.close(session, closed.campaign_id, why=" ", user_id=user.id)
        campaign_closing.close(session, closed.campaign_id, why="全部报送", user_id=user.id)
    assert writer.post(address(closed), {"action": "save", "notice_manner": "公告栏"}).status_code == 409
    assert "已办结" in writer.get(address(closed)).get_data(as_text=True)
    with office.db.begin() as session:
        with pytest.raises(Conflict):
            shelf_steps.fix(session, kind, closed, user_id=user.id)
        campaign_closing.reopen(session, closed.campaign_id, why="更正", user_id=user.id)
    assert writer.post(address(closed), {"action": "save", "notice_manner": "公告栏"}).status_code == 302
    with office.db.read() as session:
        assert session.scalar(select(CampaignClosing)).reopened_why == "更正"


def test_paper_that_is_no_kind_or_at_no_place__is_not_found(writer, closed):
    assert writer.get(f"/shelf/nothing/meetings/{closed.meeting_id}").status_code == 404
    assert writer.get(f"/shelf/summary/campaigns/{closed.campaign_id}/units/{closed.unit_id}").status_code == 404


def test_words_of_every_kind_and_field__have_their_chinese(office, app, closed, meeting):
    with app.test_request_context("/", headers={"Accept-Language": "zh"}), office.db.read() as session:
        words = {kind.label for kind in KINDS.values()}
        for kind in KINDS.values():
            target = paper_list.target_of(kind, meeting)
            if kind.key not in ("rectification-order", "member-list") and target is not None:
                fields = kind.fields(session, target)
                words |= {word for field in fields for word in (field.label, *field.columns)}
        assert {word for word in words if gettext(word) == word} == set()


def test_summary__tells_how_the_cadres_went_ahead_once_it_is_recorded(office, closed, branch, user):
    with office.db.begin() as session:
        cadre = Member(unit_id=branch.id, name="张敏", cadre=True)
        session.add(cadre)

    def told() -> list[str]:
        with office.db.read() as session:
            blocks = shelf.paper(session, get("summary"), closed).blocks
        return [block.text for block in blocks if isinstance(block, Line) and "党员干部" in block.text]

    assert told() == []
    cadres.record(office, closed.meeting_id, {cadre.id: (True, True, "设计教研室")}, user_id=user.id)
    assert told() == ["党员干部 1 人，参加活动 1 人，接受群众评议 1 人，深入基层指导工作 1 人。"]
