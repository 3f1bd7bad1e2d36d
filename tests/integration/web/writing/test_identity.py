"""What may tell the writer of an opinion is struck out, visibly, or kept with a reason, before the text goes on."""

from __future__ import annotations

import pytest

from webapp.errors import InvalidInput
from webapp.models import Layout, Opinion, Page, PrintRun
from webapp.services import identity

OLD = "我们数控教研室希望实训设备尽快更新"


def words(office, unit, text):
    with office.db.read() as session:
        return [trace.words for trace in identity.traces(session, unit.id, text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (OLD, ["数控教研室"]),
        ("请联系13800001234", ["13800001234"]),
        ("我是搞后勤的，食堂太贵", ["我是搞后勤的"]),
        ("张老师说食堂太贵", ["张老师"]),
        ("王强同志很好", ["王强"]),
        ("机械08级2班教室太冷", ["机械08级2班"]),
        ("实训设备陈旧，希望更新，车间夏天太热", []),
        ("希望党支部多开会，党员多带学生做项目", []),
    ],
)
def test_words_that_may_tell_the_writer__are_found(office, unit, members, text, found):
    assert words(office, unit, text) == found


def test_struck_out__leaves_a_visible_mark_and_kept_needs_a_reason(office, unit, members):
    with office.db.read() as session:
        settle = identity.settle
        assert settle(session, unit.id, OLD, {"数控教研室": "strike"}, {}) == ("我们〔略〕希望实训设备尽快更新", [])
        text, reasons = settle(session, unit.id, OLD, {"数控教研室": "keep"}, {"数控教研室": "全院只有一个，人多"})
        assert (text, reasons) == (OLD, ["全院只有一个，人多"])
        for choices in ({}, {"数控教研室": "keep"}):
            with pytest.raises(InvalidInput) as caught:
                settle(session, unit.id, OLD, choices, {})
            assert caught.value.params["words"] == "数控教研室"


@pytest.fixture
def opinion_id(office, meeting, surveys, user):
    """An opinion that waits to be transcribed."""
    with office.db.begin() as session:
        session.add(Layout(digest="AAAAAAAA", form="org", source="{}"))
        run = PrintRun(meeting_id=meeting.id, survey_id=surveys["org"], layout_digest="AAAAAAAA", created_by=user.id)
        session.add(run)
        session.flush()
        page = Page(print_run_id=run.id, index=1, state="read", standing="counts", sheet="K7Q23F00", sheet_page=1)
        session.add(page)
        session.flush()
        row = Opinion(page_id=page.id, region="opinion", state="proposed")
        session.add(row)
        session.flush()
        return row.id


def saved(office, opinion_id):
    with office.db.read() as session:
        row = session.get(Opinion, opinion_id)
        return row.state, row.text


def test_transcriber__is_asked_and_nothing_is_saved_before_he_has_decided(office, transcriber, opinion_id):
    path = f"/opinions/{opinion_id}/confirm"
    answer = transcriber.post(path, {"text": OLD})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "<del>数控教研室</del>" in page
    assert OLD in page
    assert saved(office, opinion_id) == ("proposed", "")
    assert transcriber.post(path, {"text": OLD, "do:数控教研室": "keep"}).status_code == 422
    assert transcriber.post(path, {"text": OLD, "do:数控教研室": "strike"}).status_code == 302
    assert saved(office, opinion_id) == ("confirmed", "我们〔略〕希望实训设备尽快更新")
