"""Every page has a way to it: who may open it reaches it by links from where he begins, and no link is refused."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from webapp import access
from webapp.models import Member, Unit
from webapp.rights import RIGHTS, Role
from webapp.services import grants, landing, rights

LINK = re.compile(r'(?:href|hx-get|data-picture)="([^"#]+)')
APART = {"static", "auth.language"}  # files; the switch that saves itself
# Pages of sheets that came back, of a closed count, of a paper that was fixed: here nothing is printed yet.
LATER = {
    "care.archived", "closing.compare", "closing.find", "closing.hand_check_page", "closing.index", "count.sheets",
    "count.table", "count.workbook", "handing_in.announcement_file", "merging.alike", "merging.index", "own.index",
    "own.stack", "papers.answers", "printing.files", "projector.show", "reports.show", "rereading.index",
    "rereading.progress", "rules.index", "rulings.index", "scanning.keyed_form",
}  # fmt: skip
STARTING = {"setup.index", "setup.sheet"}  # only until the first steps are over
CAMPAIGN = {"home.index", "library.index", "record.directive", "record.explanation"}
# Who has nothing to do with a campaign until there is something for him to do or to read in it.
NOT_YET = {Role.ADMINISTRATOR: CAMPAIGN, Role.MEMBER: CAMPAIGN, Role.SCHOOL_LEADER: CAMPAIGN}


@pytest.fixture
def college(office, meeting, surveys):
    """A college of a school, with a branch of one member; it holds a meeting."""
    with office.db.begin() as session:
        top = Unit(kind="school", name="内蒙古工业大学党委")
        branch = Unit(kind="branch", name="设计教研室党支部", parent_id=meeting.unit_id)
        session.add_all([top, branch])
        session.flush()
        unit = session.get(Unit, meeting.unit_id)
        unit.parent_id = top.id
        session.add(Member(unit_id=branch.id, name="张敏"))
    return unit


def beginning(app, office, person):
    """Where a person is after signing in."""
    with office.db.read() as session:
        endpoint, values = landing.place(session, rights.standing(session, person.id))
    return app.url_map.bind("localhost").build(endpoint, values)


def walk(app, person, begin):
    """Follow the links from where a person begins. Returns the endpoints that came, and the links that did not."""
    rules, seen, refused, looked = app.url_map.bind("localhost"), set(), [], Counter()
    waiting, known = [begin, "/"], {begin, "/"}
    while waiting:
        path = waiting.pop(0)
        endpoint, _values = rules.match(urlsplit(path).path)
        looked[endpoint] += 1
        if endpoint in APART or looked[endpoint] > 1:
            continue
        answer = person.get(path)
        links = [answer.location] if answer.status_code == 302 else []
        if answer.status_code == 200:
            seen.add(endpoint)
            if answer.mimetype == "text/html":
                links = [unescape(link) for link in LINK.findall(answer.get_data(as_text=True))]
        elif answer.status_code != 302:
            refused.append(path)
        fresh = {urljoin(path, link): None for link in links}.keys() - known
        known |= fresh
        waiting += [target for target in dict.fromkeys(urljoin(path, link) for link in links) if target in fresh]
    return seen, refused


def pages_of(app, role):
    """The addresses to look at that a role may open, of those that name no more than campaign, unit and meeting."""
    whole, found = role in grants.WHOLE_SCHOOL_ONLY, set()
    for route in app.url_map.iter_rules():
        rule = access.rule_of(app, route.endpoint)
        named = route.arguments <= {"campaign_id", "unit_id", "meeting_id"}
        if "GET" in route.methods and named and not rule.is_public:
            of_school = route.arguments <= access.FRAMES and not rule.anywhere
            if not rule.rights or (RIGHTS[role] & set(rule.rights) and (whole or not of_school)):
                found.add(route.endpoint)
    return found


@pytest.mark.parametrize("role", list(Role))
def test_every_page_of_a_role__is_reached_from_where_it_begins(app, office, enter, college, role):
    person = enter("某某", role, unit_id=None if role in grants.WHOLE_SCHOOL_ONLY else college.id)
    seen, refused = walk(app, person, beginning(app, office, person))
    assert refused == []
    assert pages_of(app, role) - seen - LATER - STARTING - APART - NOT_YET.get(role, set()) == set()
