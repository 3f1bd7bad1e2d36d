"""``python -m webapp.demo``: fills an instance with one worked campaign, so that every page has life in it.

Nothing in it is made up by hand but the names: sheets are printed, filled and scanned by ``omr.synth``, read by the
reader, and what the machine doubts is decided as a person would who has the paper before him (the synthesiser's truth).
Counts are checked by hand and closed by the scrutineer. One unit is late, one has too few raters, one is rated low. Of
the first meeting a few doubts and some opinions, proposed by the OCR engine where there is one, are left for the
newcomer, and so are two faulty files.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from forms import messages
from webapp import instance_from_environment
from webapp.demo import school
from webapp.demo.aftermath import follow
from webapp.demo.cast import BRANCH, COLLEGE, HALLS, MEMBERS, PEOPLE, Hall
from webapp.demo.meeting import meet
from webapp.demo.stacks import close, decide, first_pages, scan, type_opinions, verdict_of
from webapp.demo.troubles import add_troubles
from webapp.errors import CATALOGUE
from webapp.jobs import open_office
from webapp.jobs.queue import InlineBell
from webapp.launch.words import language
from webapp.migrate import upgrade
from webapp.models import Campaign
from webapp.office import Office
from webapp.services import accounts, campaigns, opinions
from webapp.settings import Settings, load

__all__ = ["BRANCH", "COLLEGE", "HALLS", "MEMBERS", "Hall", "build", "first_pages", "main", "scan", "verdict_of"]

TODAY = dt.date(2011, 7, 20)  # of its pages: the first deadline
DOUBTS_LEFT = 6  # for the newcomer to decide
OPINIONS_LEFT = 5  # with what the engine proposes


def main() -> int:
    """Build the demonstration in the instance folder of the environment; do nothing where it is built already."""
    settings = load(instance_from_environment(), inline_jobs=True)
    upgrade(settings)
    office = open_office(settings)
    bell = PatientBell()
    office = bell.office = replace(office, bell=bell)
    try:
        with office.db.read() as session:
            if session.scalar(select(Campaign.id).limit(1)):
                return 0
        build(office)
        _set_the_day(settings)
    finally:
        office.db.close()
    return 0


def _set_the_day(settings: Settings) -> None:
    """Let its pages stand on the first deadline: on today's date everything would be years late."""
    path = settings.instance / "config.toml"
    if not path.exists():
        path.write_text(f'today = "{TODAY}"  # the day of the pages; take the line out for the real one\n', "utf-8")


class PatientBell(InlineBell):
    """Does each task at once but for proposals: most opinions are typed off before an engine could look at them."""

    def ring(self, task: str, key: int) -> None:
        """Do the task now, unless it is one for an engine."""
        if task != opinions.TASK:
            super().ring(task, key)


def build(office: Office) -> None:
    """Play the whole case. Raises whatever a use case raises: a demonstration that fails must be seen to fail."""
    people = make_people(office)
    first, second, typist = (people[name] for name in ("刘婷", "王强", "何晓"))
    scrutineer = people["周正"]
    preset = campaigns.preset()
    campaign_id = campaigns.create(office, preset.facts, forms=preset.forms, rules=preset.rules)
    school.build(office, campaign_id, people)
    with tempfile.TemporaryDirectory(prefix="pingyi-demo-") as folder:
        for hall in HALLS:
            meeting_id = meet(office, campaign_id, hall, people)
            truth, written = scan(office, meeting_id, hall, first, Path(folder))
            decide(office, meeting_id, truth, (first, second), leave=DOUBTS_LEFT if hall == HALLS[0] else 0)
            type_opinions(office, meeting_id, written, typist, leave=OPINIONS_LEFT if hall == HALLS[0] else 0)
            if hall.closed:
                close(office, meeting_id, truth, scrutineer)
                follow(office, meeting_id, hall, people)
    add_troubles(office, first)


def make_people(office: Office) -> dict[str, int]:
    """Make the people of the case, each with a password that is printed once. Returns name → id."""
    found = {}
    for name, role in PEOPLE.items():
        found[name], password = accounts.create_user(office, name=name, display_name=name, roles=[role])
        word = messages.say(CATALOGUE, f"role-{role}", language())
        sys.stdout.write(f"{word}  {name}  {password}\n")
    sys.stdout.flush()
    return found
