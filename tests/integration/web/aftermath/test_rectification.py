"""The register of rectification: from a problem to its clearing; what is late; who may do what; the paper."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from PIL import Image

from webapp.errors import Conflict, InvalidInput
from webapp.models import GatheredOpinion, Meeting
from webapp.services import merging_deeds, rectification, rectifying, suggestions
from webapp.services.merging_deeds import Said
from webapp.services.rectifying import Entry

DUE = dt.date(2011, 8, 15)
ENTRY = Entry("公开承诺没有公布完成时限", "上墙时没有写时限", "逐条补时限", "孙伟", DUE)


def picture() -> bytes:
    """A JPEG that says where it was taken."""
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    Image.new("RGB", (8, 8), "white").save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.fixture
def remedy_id(office, meeting, user):
    """A planned problem."""
    return rectifying.add(office, meeting.id, ENTRY, user_id=user.id)


def row(office, remedy_id):
    with office.db.read() as session:
        return rectification.row(session, remedy_id)


def test_problem__goes_through_its_five_stages(office, meeting, user, operator, remedy_id):
    bare = rectifying.add(office, meeting.id, Entry("食堂晚饭时间短"), user_id=user.id)
    assert [row(office, bare).stage, row(office, bare).number] == ["registered", 2]
    assert row(office, remedy_id).stage == "planned"
    rectifying.note(office, remedy_id, "已补 9 条", user_id=user.id)
    assert (row(office, remedy_id).stage, row(office, remedy_id).progress) == ("doing", "已补 9 条")
    with pytest.raises(InvalidInput, match="remedy-bare"):
        rectifying.close(office, remedy_id, "", user_id=user.id)
    rectifying.attach(office, remedy_id, io.BytesIO(picture()), "公开栏.jpg", user_id=user.id)
    rectifying.close(office, remedy_id, "", user_id=user.id)
    assert (row(office, remedy_id).stage, row(office, remedy_id).closed_by) == ("closed", "赵雪")
    with pytest.raises(InvalidInput, match="recheck-other"):
        rectifying.clear(office, remedy_id, "", user_id=user.id)
    rectifying.clear(office, remedy_id, "", user_id=operator.id)
    assert (row(office, remedy_id).stage, row(office, remedy_id).step) == ("cleared", 5)
    with pytest.raises(Conflict):
        rectifying.note(office, remedy_id, "还有", user_id=user.id)
    rectifying.reopen(office, remedy_id, "又出现", user_id=user.id)
    assert row(office, remedy_id).stage == "doing"


def test_due_day_itself__is_not_late_and_the_next_is(office, remedy_id):
    found = row(office, remedy_id)
    assert [found.state(DUE + dt.timedelta(days=n)) for n in (-8, -7, 0, 1)] == ["open", "soon", "soon", "late"]
    assert found.days_left(DUE + dt.timedelta(days=4)) == -4


def test_extension__wants_a_reason_and_keeps_the_old_day(office, user, remedy_id):
    later = Entry(ENTRY.problem, ENTRY.cause, ENTRY.measure, ENTRY.person, DUE + dt.timedelta(days=10))
    with pytest.raises(InvalidInput, match="extension-why"):
        rectifying.change(office, remedy_id, later, user_id=user.id)
    assert rectifying.change(office, remedy_id, later, user_id=user.id, why="等部门答复")
    assert not rectifying.change(office, remedy_id, later, user_id=user.id)
    found = row(office, remedy_id)
    assert (found.due_on, found.extensions) == (later.due_on, 1)
    with office.db.read() as session:
        kinds = [(kind, text) for _at, _who, kind, text in rectification.history(session, remedy_id)]
    assert kinds == [("extended", "等部门答复"), ("registered", "")]


def test_evidence__is_kept_without_what_tells_of_its_making(office, user, remedy_id):
    file_id = rectifying.attach(office, remedy_id, io.BytesIO(picture()), "C:\\x\\公开栏.jpg", user_id=user.id)
    with office.db.read() as session:
        [(file, _who)] = rectification.evidence(session, remedy_id)
    kept = office.storage.path(file.sha256).read_bytes()
    assert (file.filename, len(kept)) == ("公开栏.jpg", file.bytes)
    assert b"SECRETCAMERA" not in kept
    with pytest.raises(InvalidInput, match="evidence-kind"):
        rectifying.attach(office, remedy_id, io.BytesIO(b"MZ\x90"), "x.exe", user_id=user.id)
    rectifying.withdraw(office, file_id, user_id=user.id)
    assert row(office, remedy_id).files == 0


def test_register_page__shows_table_board_and_one_problem(office, meeting, operator, remedy_id, monkeypatch):
    monkeypatch.setattr("webapp.blueprints.rectify.today", lambda: dt.date(2011, 8, 19))
    at = f"/meetings/{meeting.id}/rectification"
    page = operator.get(f"{at}?problem={remedy_id}").get_data(as_text=True)
    assert "逾期 4 天" in page
    assert "孙伟" in page
    board = operator.get(f"{at}?view=board").get_data(as_text=True)
    assert 'class="tile bad"' in board
    assert (
        "公开承诺没有公布完成时限"
        not in operator.get(f"{at}?only=late&view=x").get_data(as_text=True).split("<table")[0]
    )
    operator.get("/language/en")
    assert "Register of rectification" in operator.get(at).get_data(as_text=True)


def test_pages__enter_change_attach_and_settle(office, meeting, operator, liaison):
    at = f"/meetings/{meeting.id}/rectification"
    assert operator.post(f"{at}/new", {"problem": " "}).status_code == 422
    typed = {"problem": "会议重复", "measure": "例会合并", "person": "张敏", "due_on": "2011-07-31"}
    assert operator.post(f"{at}/new", typed).status_code == 302
    with office.db.read() as session:
        [found] = rectification.rows(session, meeting.id)
    assert operator.post(f"/rectification/{found.id}/close").status_code == 422
    sent = operator.post(
        f"/rectification/{found.id}/evidence", {"file": (io.BytesIO(picture()), "a.jpg")},
        content_type="multipart/form-data",
    )  # fmt: skip
    assert sent.status_code == 302
    assert operator.post(f"/rectification/{found.id}/edit", {**typed, "due_on": "2011-08-31"}).status_code == 422
    assert (
        operator.post(f"/rectification/{found.id}/edit", {**typed, "due_on": "2011-08-31", "why": "x"}).status_code
        == 302
    )
    assert liaison.post(f"/rectification/{found.id}/close").status_code == 403
    assert operator.post(f"/rectification/{found.id}/close").status_code == 302
    assert liaison.post(f"/rectification/{found.id}/clear").status_code == 302
    assert row(office, found.id).stage == "cleared"
    assert row(office, found.id).extensions == 1


def test_register_of_another_unit__is_shut(office, campaign, enter, meeting, remedy_id):
    from webapp.models import Unit

    with office.db.begin() as session:
        other = Unit(kind="college", name="电力学院党委")
        session.add(other)
        session.flush()
        session.add(Meeting(campaign_id=campaign.id, unit_id=other.id))
    person = enter("电力管理员", "unit_administrator", unit_id=other.id)
    assert person.get(f"/meetings/{meeting.id}/rectification").status_code == 403
    assert person.post(f"/rectification/{remedy_id}/note", {"text": "x"}).status_code == 403


@pytest.mark.parametrize("kind", ["docx", "pdf", "xlsx"])
def test_register__is_printed_with_what_is_late(office, meeting, operator, remedy_id, kind):
    answer = operator.get(f"/meetings/{meeting.id}/rectification.{kind}")
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF-" if kind == "pdf" else b"PK")


def test_merged_opinion_of_a_closed_count__is_taken_in_once(office, meeting, operator, user, shut):
    at = f"/meetings/{meeting.id}/rectification"
    with office.db.begin() as session:
        said = [
            GatheredOpinion(meeting_id=meeting.id, source="visit", day=DUE, text=text, user_id=user.id)
            for text in ("食堂晚饭太早", "晚饭时间短", "设备旧")
        ]
        session.add_all(said)
        session.flush()
        refs = [("gathered", str(each.id)) for each in said]
        merged_id = merging_deeds.make(
            session, meeting.id, refs[:2], Said("食堂晚饭时间短", "duty", 2), user_id=user.id
        )
        merging_deeds.make(session, meeting.id, refs[2:], Said("实训设备陈旧"), user_id=user.id)
        merging_deeds.make(session, meeting.id, [], Said("没有人说"), user_id=user.id)
        assert suggestions.of_meeting(session, meeting.id) == []
    shut(meeting.id)
    with office.db.read() as session:
        first, second = suggestions.of_meeting(session, meeting.id)
    assert [first.problem, second.problem] == ["食堂晚饭时间短", "实训设备陈旧"]
    assert "食堂晚饭时间短" in operator.get(at).get_data(as_text=True)
    assert operator.post(f"{at}/take", {"key": first.key}).status_code == 302
    assert operator.post(f"{at}/take", {"key": first.key}).status_code == 302
    with office.db.read() as session:
        [found] = rectification.rows(session, meeting.id)
        assert (found.source, found.opinion_id) == ("opinion", merged_id)
        assert (found.problem, found.origin) == ("食堂晚饭时间短", "意见 2 次 · 第 2 项（走访调查）")
        assert suggestions.of_meeting(session, meeting.id) == [second]
    assert operator.post(f"{at}/take").status_code == 302
    with office.db.read() as session:
        assert [each.problem for each in rectification.rows(session, meeting.id)] == [first.problem, second.problem]
