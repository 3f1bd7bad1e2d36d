"""The print page fills the list of names from the members of the unit."""

from __future__ import annotations

import html
import re

import pytest

from webapp.models import Member, Unit
from webapp.services import member_names


@pytest.fixture
def members(office, unit):
    """Two branches of the college; one name stands in both, one twice in one of them; one member has left."""
    from webapp.models import now

    with office.db.begin() as session:
        first = Unit(kind="branch", name="机制系党支部", parent_id=unit.id)
        second = Unit(kind="branch", name="车辆系党支部", parent_id=unit.id)
        session.add_all([first, second, Unit(kind="college", name="化工学院党委")])
        session.flush()
        session.add_all(
            [
                Member(unit_id=first.id, name="王芳", cadre=True),
                Member(unit_id=first.id, name="张伟", number="1001"),
                Member(unit_id=first.id, name="张伟", number="1002"),
                Member(unit_id=second.id, name="王芳"),
                Member(unit_id=second.id, name="巴特尔"),
                Member(unit_id=second.id, name="调走的人", left_at=now()),
            ]
        )
    return first, second


def shown(answer):
    text = re.search(r'<textarea[^>]*id="f-names"[^>]*>(.*?)</textarea>', answer.get_data(as_text=True), re.S)[1]
    return html.unescape(text).splitlines()


ALL = ["王芳（机制系党支部）", "张伟（1001）", "张伟（1002）", "王芳（车辆系党支部）", "巴特尔"]


def test_page__begins_with_all_members_told_apart(operator, meeting, members):
    answer = operator.get(f"/meetings/{meeting.id}/print")
    assert shown(answer) == ALL
    assert all(
        words in answer.get_data(as_text=True) for words in ("全体党员", "党员干部", "机制系党支部", "车辆系党支部")
    )


@pytest.mark.parametrize(("whom", "names"), [("cadres", ["王芳"]), ("all", ALL), ("no-such", [])])
def test_choice__makes_the_list_anew_and_keeps_what_else_was_typed(operator, meeting, members, surveys, whom, names):
    typed = {"whom": whom, "names": "别的", "survey": surveys["roster-items"], "copies": "77", "date": "二〇一一年"}
    answer = operator.post(f"/meetings/{meeting.id}/print/names", typed)
    assert shown(answer) == names
    page = answer.get_data(as_text=True)
    assert 'value="77"' in page
    assert "二〇一一年" in page
    assert re.search(rf'value="{surveys["roster-items"]}"[^>]* checked', page)


def test_one_branch__is_a_choice(operator, meeting, members):
    answer = operator.post(f"/meetings/{meeting.id}/print/names", {"whom": str(members[1].id)})
    assert shown(answer) == ["王芳", "巴特尔"]


def test_unit_of_another__gives_no_names(office, operator, meeting, members):
    with office.db.begin() as session:
        other = session.query(Unit).filter_by(name="化工学院党委").one()
    with office.db.read() as session:
        assert member_names.choices(session, other.id) == []
        assert member_names.names(session, other.id) == []
        assert [choice.number for choice in member_names.choices(session, members[0].id)] == [3, 1]


def test_names_of_the_list__can_be_printed(operator, meeting, members, surveys):
    data = {
        "survey": surveys["roster-overall"], "unit": "机械学院党委", "date": "2011年7月15日", "copies": "2",
        "names": "\n".join(ALL),
    }  # fmt: skip
    assert operator.post(f"/meetings/{meeting.id}/print", data).status_code == 302
