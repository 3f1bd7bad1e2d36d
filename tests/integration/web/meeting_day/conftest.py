"""A college with a branch, their meetings, and who works there."""

from __future__ import annotations

import datetime as dt

import pytest

from webapp.models import Meeting, Member, Unit
from webapp.services import self_check


@pytest.fixture
def branch(office, unit):
    """A branch below the college, with two members, one of them a cadre."""
    with office.db.begin() as session:
        branch = Unit(kind="branch", name="机械设计党支部", parent_id=unit.id)
        session.add(branch)
        session.flush()
        session.add_all(
            [
                Member(unit_id=branch.id, name="王建国", number="A1", cadre=True),
                Member(unit_id=branch.id, name="包斯琴", number="A2"),
            ]
        )
    return branch


@pytest.fixture
def branch_meeting(office, campaign, branch):
    """A meeting of the branch."""
    with office.db.begin() as session:
        meeting = Meeting(
            campaign_id=campaign.id, unit_id=branch.id, held_on=dt.date(2011, 7, 14), place="活动室", presider="赵支书"
        )
        session.add(meeting)
    return meeting


@pytest.fixture
def leading(enter, unit):
    """Somebody of the college's leading group."""
    return enter("张敏", "unit_administrator", unit_id=unit.id)


@pytest.fixture
def secretary(enter, branch):
    """The branch's own user."""
    return enter("赵支书", "branch", unit_id=branch.id)


@pytest.fixture
def watcher(enter, unit):
    """The college's liaison."""
    return enter("李宏", "liaison", unit_id=unit.id)


@pytest.fixture
def leader(enter, unit):
    """The school leader who looks after the college."""
    return enter("苏日图", "school_leader", unit_id=unit.id)


@pytest.fixture
def sent(enter, branch):
    """A committee member of the college, sent to the branch."""
    return enter("马委员", "committee_member", unit_id=branch.id)


@pytest.fixture
def checked(office, meeting, leading):
    """The meeting with its self-check done."""
    self_check.save(
        office, meeting.id, achievements="成绩", shortcomings="不足", measures="措施", user_id=leading.id,
        done_on=dt.date(2011, 7, 12),
    )  # fmt: skip
    return meeting
