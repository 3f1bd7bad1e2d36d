"""A closed count with its figures, and the people who write its papers."""

from __future__ import annotations

import pytest

from forms.survey import Design, Values
from forms.typeset import typeset
from tests.sheet_rows import Desk, worked_meeting
from webapp.models import Closing, Meeting, Member, Survey, Unit
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


def rate(office, meeting, survey_id, form_name, user_id, names):
    """Write three sheets about members, each 满意 but for one 比较满意: of a form a member, or of one roster."""
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, survey_id).source, form_name)
        is_roster = form.design is not Design.SHEET
        desk = Desk(session, user_id)
        heads = {("expected", "", "staff"): 10, ("present", "", "staff"): 9}
        heads |= {("issued", form_name, "staff"): 3 * (1 if is_roster else len(names))}
        heads |= {(kind, "", "student"): 0 for kind in ("expected", "present")} | {("issued", form_name, "student"): 0}
        desk.heads(meeting.id, heads)
        unit = session.get(Unit, meeting.unit_id).name
        each = [Values(unit=unit, subject=name) for name in names]
        values = [Values(unit=unit, members=tuple(names))] if is_roster else each
        for value in values:
            layout = typeset(form, value)
            run = desk.print_run(meeting.id, survey_id, layout, subject=value.subject, copies=3)
            asked = [q.id for page in layout.pages for q in page.questions if q.id != "rater_class"]
            for number in range(3):
                marks = dict.fromkeys(asked, ("answered", "satisfied" if number else "fairly"))
                desk.page(run, desk.issue(run), {"rater_class": ("answered", "staff"), **marks})


@pytest.fixture
def members(office, branch):
    """Two members of the branch."""
    with office.db.begin() as session:
        rows = [Member(unit_id=branch.id, name=name, cadre=name == "王强") for name in ("王强", "李雪")]
        session.add_all(rows)
    return rows
