"""Notices: who is told, who has seen it, who has acknowledged it; the bell and the page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from webapp.errors import NotFound
from webapp.models import Notice, TrailRow, Unit
from webapp.rights import Right
from webapp.services import notices

CODE = "error-404"  # any sentence without parameters


@pytest.fixture
def branch(office, unit):
    """A branch below the college."""
    with office.db.begin() as session:
        row = Unit(kind="branch", name="机械学院教工党支部", parent_id=unit.id)
        session.add(row)
    return row


def test_sent_to_people__waits_for_each_but_not_for_the_sender(office, operator, liaison):
    with office.db.begin() as session:
        told = notices.send(session, [operator.id, liaison.id, liaison.id], code=CODE, by=operator.id)
        assert told == 1
        assert notices.waiting(session, liaison.id) == 1
        assert notices.waiting(session, operator.id) == 0


def test_sent_to_a_right__reaches_those_nearest_to_the_unit(office, enter, unit, branch):
    college = enter("甲一", "unit_administrator", unit_id=unit.id)
    own = enter("乙二", "branch", unit_id=branch.id)
    enter("丙三", "scanner", unit_id=branch.id)
    school = enter("丁四", "school_office")
    with office.db.begin() as session:
        assert notices.holders(session, Right.PREPARE, branch.id) == [own.id]
        assert notices.holders(session, Right.EXAMINE_PAPERS, branch.id) == [college.id]
        assert notices.holders(session, Right.OVERSEE, branch.id) == [school.id]
        assert notices.holders(session, Right.RULE, branch.id) == []


def test_address_of_another_place__is_refused(office, user):
    with office.db.begin() as session:
        for url in ("https://example.org/", "//example.org/x", "notices"):
            with pytest.raises(ValueError, match="leads to a page of this program"):
                notices.send(session, [user.id], code=CODE, url=url)


def test_notice_that_asks_for_an_answer__waits_until_it_is_acknowledged(office, liaison):
    with office.db.begin() as session:
        notices.send(session, [liaison.id], code=CODE, needs_answer=True, topic="meeting:1", url="/me")
        [view] = notices.mine(session, liaison.id)
    assert "1 条待处理" in liaison.get("/notices").get_data(as_text=True)
    assert liaison.post(f"/notices/{view.id}/open").location == "/me"
    with office.db.read() as session:
        assert notices.waiting(session, liaison.id) == 1  # seen, but not answered
    assert liaison.post(f"/notices/{view.id}/acknowledge").status_code == 302
    with office.db.read() as session:
        [view] = notices.about(session, "meeting:1")
        assert (view.to, view.waits) == ("高远", False)
        assert view.acknowledged_at is not None
        assert notices.waiting(session, liaison.id) == 0
        deeds = session.scalars(select(TrailRow.action).where(TrailRow.object == f"notice:{view.id}"))
        assert list(deeds) == ["added", "changed"]


def test_acknowledged_twice__keeps_the_first_time(office, liaison):
    with office.db.begin() as session:
        notices.send(session, [liaison.id], code=CODE, needs_answer=True)
        [view] = notices.mine(session, liaison.id)
        notices.acknowledge(session, liaison.id, view.id)
        first = session.get(Notice, view.id).acknowledged_at
        notices.acknowledge(session, liaison.id, view.id)
        assert session.get(Notice, view.id).acknowledged_at == first


def test_notice_of_another__is_not_found(office, operator, liaison):
    with office.db.begin() as session:
        notices.send(session, [liaison.id], code=CODE)
        [view] = notices.mine(session, liaison.id)
        with pytest.raises(NotFound):
            notices.seen(session, operator.id, view.id)
    assert operator.post(f"/notices/{view.id}/acknowledge").status_code == 404


def test_bell__shows_how_many_wait_and_all_can_be_marked_as_read(office, liaison):
    with office.db.begin() as session:
        for _time in range(3):
            notices.send(session, [liaison.id], code=CODE)
    page = liaison.get("/me").get_data(as_text=True)
    assert '<b aria-hidden="true">3</b>' in page
    assert liaison.post("/notices/seen").status_code == 302
    page = liaison.get("/me").get_data(as_text=True)
    assert "py-bell" in page
    assert '<b aria-hidden="true">' not in page
