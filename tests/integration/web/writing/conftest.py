"""A closed count with its figures, and the people who write its papers."""

from __future__ import annotations

import pytest

from forms.survey import Values
from forms.typeset import typeset
from tests.sheet_rows import Desk, worked_meeting
from webapp.models import Closing, Meeting, Survey, Unit
from webapp.services import printing
from webapp.services.paper_kind import Target
from webapp.services.summary_papers import part_of

SUBJECT = "中共机械学院委员会"


def close_count(office, meeting_id, user_id):
    """Close a count as the scrutineer does; what is fixed has tests of its own."""
    with office.db.begin() as session:
        session.add(Closing(meeting_id=meeting_id, version=1, digest="0" * 64, content=b"", user_id=user_id))


@pytest.fixture
def school(office, unit):
    """The school above the college."""
    with office.db.begin() as session:
        school = Unit(kind="school", name="内蒙古工业大学党委")
        session.add(school)
        session.flush()
        session.get(Unit, unit.id).parent_id = school.id
    return school


@pytest.fixture
def branch(office, school, unit):
    """A branch of the college."""
    with office.db.begin() as session:
        branch = Unit(kind="branch", name="机械设计教研室党支部", parent_id=unit.id)
        session.add(branch)
    return branch


@pytest.fixture
def counted(office, school, meeting, surveys, user):
    """The target of S-A of the college: the worked figures, counted and not yet closed."""
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
        layout = typeset(form, Values(unit="机械学院党委", subject=SUBJECT))
        worked_meeting(Desk(session, user.id), meeting.id, surveys["org"], layout, SUBJECT)
    return Target(meeting.campaign_id, meeting.unit_id, meeting.id, part=part_of(surveys["org"], SUBJECT))


@pytest.fixture
def closed(office, counted, user):
    """The same, closed."""
    close_count(office, counted.meeting_id, user.id)
    return counted


@pytest.fixture
def writer(enter, unit):
    """The unit administrator of the college."""
    return enter("张敏", "unit_administrator", unit_id=unit.id)


@pytest.fixture
def branch_meeting(office, campaign, branch):
    """A meeting of the branch."""
    with office.db.begin() as session:
        meeting = Meeting(campaign_id=campaign.id, unit_id=branch.id)
        session.add(meeting)
    return meeting
