"""Promises, checklists and the board, moves of members, merged units."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from webapp.errors import InvalidInput, NotFound
from webapp.models import Member, Unit
from webapp.services import checklists, moves, plan_versions, promises, units

DAY = dt.date(2011, 7, 10)


@pytest.fixture
def branch(office, unit):
    """A branch of the college with two members."""
    with office.db.begin() as session:
        row = Unit(kind="branch", name="第一党支部", parent_id=unit.id)
        session.add(row)
        session.flush()
        session.add_all([Member(unit_id=row.id, name="陈静"), Member(unit_id=row.id, name="李强", number="07")])
    return row


def entries(office, campaign, unit):
    """The register of a unit."""
    with office.db.read() as session:
        return promises.listed(session, campaign.id, unit.id)


def test_pasted_promises__go_to_the_unit_and_its_members(office, campaign, branch, user):
    pasted = "\t改善实验室条件\t2011-03-15\n陈静\t每周答疑两次\t2011年3月20日\n\n李强\t带好两名新党员\n为群众办实事"
    assert promises.paste(office, campaign.id, branch.id, pasted, user_id=user.id) == 4
    rows = entries(office, campaign, branch)
    assert [(row.member, row.text, str(row.made_on)) for row in rows] == [
        ("", "改善实验室条件", "2011-03-15"), ("", "为群众办实事", "None"), ("陈静", "每周答疑两次", "2011-03-20"),
        ("李强", "带好两名新党员", "None"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pasted", "code", "line"),
    [
        ("陈静\t好\n王五\t好", "promise-no-member", 2),
        ("陈静\t\t2011-03-15", "promise-line", 1),
        ("陈静\t好\t三月", "promise-date", 1),
        ("陈静\t好\t2011-02-30", "promise-date", 1),
    ],
)
def test_paste_with_a_fault__enters_nothing_and_names_the_line(office, campaign, branch, user, pasted, code, line):
    with pytest.raises(InvalidInput) as caught:
        promises.paste(office, campaign.id, branch.id, pasted, user_id=user.id)
    assert (caught.value.code, caught.value.params["line"]) == (code, line)
    assert entries(office, campaign, branch) == []


def test_promise__keeps_its_history_and_can_be_taken_back(office, campaign, branch, enter):
    person = enter("支部甲", "branch", unit_id=branch.id)
    path = f"/campaigns/{campaign.id}/units/{branch.id}/promises"
    assert person.post(path, {"text": "设意见箱", "made_on": "2011-03-15"}).status_code == 302
    [row] = entries(office, campaign, branch)
    change = {"text": "设意见箱", "kept": "kept", "how": "四月起每周开箱"}
    assert person.post(f"{path}/{row.id}", change).status_code == 302
    [row] = entries(office, campaign, branch)
    assert (row.kept, row.how, row.changes, row.by) == ("kept", "四月起每周开箱", 1, "支部甲")
    assert "四月起每周开箱" in person.get(path).get_data(as_text=True)
    assert person.post(f"{path}/{row.id}", {"text": "", "kept": ""}).status_code == 302
    assert entries(office, campaign, branch) == []


def test_promises_of_a_subject__are_the_members_own_or_the_units(office, campaign, branch, user):
    promises.paste(office, campaign.id, branch.id, "改善条件\n陈静\t每周答疑", user_id=user.id)
    with office.db.read() as session:
        for subject, text in (("陈静", "每周答疑"), ("李强", "改善条件"), ("", "改善条件")):
            [row] = promises.of_subject(session, campaign.id, branch.id, subject)
            assert row.text == text


def test_checklist__follows_the_directive_and_its_dates(office, campaign, unit, branch, user):
    with office.db.read() as session:
        college = checklists.of_unit(session, campaign.id, unit.id)
        below = checklists.of_unit(session, campaign.id, branch.id)
    assert len(college) == len(checklists.STEPS)
    assert {line.key for line in college} - {line.key for line in below} == {
        step.key for step in checklists.STEPS if step.level_2_only
    }
    due = {line.key: line.due_on for line in college}
    assert (due["meeting"], due["submit"]) == (dt.date(2011, 7, 16), dt.date(2011, 7, 22))
    version = plan_versions.save(office, campaign.id, unit.id, {"dates": {"finish_by": "2011-07-18"}}, user_id=user.id)
    plan_versions.issue(office, campaign.id, unit.id, version, user_id=user.id)
    with office.db.read() as session:
        below = {line.key: line.due_on for line in checklists.of_unit(session, campaign.id, branch.id)}
    assert below["meeting"] == dt.date(2011, 7, 14)


def test_step__gets_owner_day_and_state_and_the_board_shows_them(office, campaign, unit, branch, enter):
    person = enter("机械管理员", "unit_administrator", unit_id=unit.id)
    path = f"/campaigns/{campaign.id}/units/{branch.id}/checklist"
    step = {"step": "canvass", "owner": "王强", "due_on": "2011-07-12", "state": "done", "note": "走访 12 人"}
    assert person.post(path, step).status_code == 302
    assert person.post(path, {"step": "", "title": "布置会场", "owner": "李强"}).status_code == 302
    with office.db.read() as session:
        lines = {line.key: line for line in checklists.of_unit(session, campaign.id, branch.id)}
        rows = checklists.board(session, campaign.id, unit.id, dt.date(2011, 7, 14))
    assert (lines["canvass"].owner, lines["canvass"].state, lines["canvass"].by) == ("王强", "done", "机械管理员")
    assert lines["own-1"].title == "布置会场"
    assert [(row.unit.name, row.done) for row in rows] == [("机械学院党委", 0), ("第一党支部", 1)]
    assert "canvass" not in {line.key for line in rows[1].late}
    assert "self_check" in {line.key for line in rows[1].late}
    page = person.get(f"/campaigns/{campaign.id}/units/{unit.id}/board").get_data(as_text=True)
    assert "第一党支部" in page
    assert "布置会场" in person.get(path).get_data(as_text=True)
    assert person.post(path, {"step": "dance", "state": "done"}).status_code == 404
    assert person.post(path, {"step": "", "title": ""}).status_code == 422


def test_member__goes_to_another_branch_and_his_way_is_told(office, unit, branch, enter, user):
    with office.db.begin() as session:
        other = Unit(kind="branch", name="第二党支部", parent_id=unit.id)
        session.add(other)
        session.flush()
        [chen, li] = session.scalars(select(Member).order_by(Member.id))
    person = enter("机械管理员", "unit_administrator", unit_id=unit.id)
    sent = {"member_id": chen.id, "to": other.id, "moved_on": "2011-07-10", "why": "岗位调整"}
    assert person.post(f"/units/{branch.id}/members/move", sent).status_code == 302
    assert person.post(f"/units/{branch.id}/members/move", {**sent, "member_id": li.id, "to": ""}).status_code == 302
    with office.db.read() as session:
        assert [row.name for row in units.members(session, branch.id)] == []
        assert [row.name for row in units.members(session, other.id)] == ["陈静"]
        told = moves.of_unit(session, branch.id)
    assert [(row.member, row.left, row.to, row.why) for row in told] == [
        ("李强", "第一党支部", "", "岗位调整"), ("陈静", "第一党支部", "第二党支部", "岗位调整"),
    ]  # fmt: skip
    assert "第一党支部 → 第二党支部" in person.get(f"/units/{other.id}").get_data(as_text=True)
    with pytest.raises(NotFound):
        moves.move(office, branch.id, chen.id, to=None, moved_on=DAY, why="", user_id=user.id)


def test_units_that_are_merged__send_their_members_and_keep_their_history(office, unit, branch, user):
    with office.db.begin() as session:
        other = Unit(kind="branch", name="第二党支部", parent_id=unit.id)
        session.add(other)
    assert moves.merge(office, branch.id, into=other.id, merged_on=DAY, why="合并", user_id=user.id) == 2
    with office.db.read() as session:
        assert session.get(Unit, branch.id).merged_into == other.id
        assert {row.name for row in units.members(session, other.id)} == {"陈静", "李强"}
        assert [row.id for row in plan_versions.branches(session, unit.id)] == [other.id]
    assert units.history(office, branch.id)[0].parent == "第二党支部"
    with pytest.raises(InvalidInput) as caught:
        moves.merge(office, unit.id, into=other.id, merged_on=DAY, why="", user_id=user.id)
    assert caught.value.code == "merge-unlike"


def test_namesake__is_told_before_anybody_moves(office, unit, branch, user):
    with office.db.begin() as session:
        other = Unit(kind="branch", name="第二党支部", parent_id=unit.id)
        session.add(other)
        session.flush()
        session.add(Member(unit_id=other.id, name="陈静"))
    with pytest.raises(InvalidInput) as caught:
        moves.merge(office, branch.id, into=other.id, merged_on=DAY, why="", user_id=user.id)
    assert caught.value.code == "member-namesake"
    with office.db.read() as session:
        assert len(units.members(session, branch.id)) == 2
