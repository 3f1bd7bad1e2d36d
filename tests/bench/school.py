"""A whole school in one database: how long do its pages take?

``python -m tests.bench.school --units 100 --sheets 500 --repeat 3``. Makes an instance by SQL: one meeting a unit, half
of its sheets rate the organisation, half are rosters of 20 members; closes every count, and times the pages that roll
up or count, through the application.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from forms.code import new_sheet
from forms.layout import Layout as Geometry
from forms.survey import Values
from forms.typeset import typeset
from webapp import create_app, models
from webapp.jobs import open_office
from webapp.migrate import upgrade
from webapp.office import Office
from webapp.services import accounts, campaigns, closing, doubts, overview, printing
from webapp.services.trail import canonical
from webapp.settings import Settings, load

MEMBERS = tuple(f"党员{number:02}" for number in range(1, 21))
CHOICES = ("satisfied", "fairly", "basically", "dissatisfied")
WEIGHTS = (60, 25, 10, 5)
PASSWORD = "a-long-enough-password-1"


def main() -> None:
    """Make the school and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--sheets", type=int, default=500, help="a unit")
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="school-") as folder:
        settings = load(Path(folder) / "instance", environ={}, inline_jobs=True)
        upgrade(settings)
        office = open_office(settings)
        begun = time.perf_counter()
        answers = School(office, asked.units, asked.sheets).build()
        size = sum(path.stat().st_size for path in settings.instance.glob("pingyi.sqlite3*")) >> 20
        print(f"{asked.units} units, {asked.units * asked.sheets} sheets, {answers} answers, {size} MB")
        print(f"made in {time.perf_counter() - begun:.0f} s", flush=True)
        report(office, settings, asked.repeat)


class School:
    """Writes a school into the tables, past the trail: this instance is measured and thrown away."""

    def __init__(self, office: Office, units: int, sheets: int) -> None:
        self.office, self.units, self.sheets = office, units, sheets
        self.chance = random.Random(5)
        self.reading = 0

    def build(self) -> int:
        """Make units, meetings, sheets and closings; return the number of answers."""
        preset = campaigns.preset()
        campaign_id = campaigns.create(self.office, preset.facts, forms=preset.forms, rules=preset.rules)
        user_id, _password = accounts.create_user(
            self.office, name="office", display_name="office", roles=["school_office", "scrutineer"], password=PASSWORD
        )
        with self.office.db.read() as session:
            surveys = {row.form: row for row in session.query(models.Survey)}
        layouts = {
            "org": typeset(printing.parse(surveys["org"].source, "org"), Values(unit="学院", subject="学院")),
            "roster-overall": typeset(
                printing.parse(surveys["roster-overall"].source, "roster-overall"), Values(unit="学院", members=MEMBERS)
            ),
        }
        total = 0
        with self.office.db.engine.begin() as connection:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))  # pages and readings name each other
            self._all = lambda model, rows: connection.execute(insert(model), rows) if rows else None
            self._all(models.Layout, [
                {"digest": each.digest, "form": each.form, "source": each.dumps()} for each in layouts.values()
            ])  # fmt: skip
            self._all(models.Batch, [{"id": 1, "origin": "upload"}])
            self._all(models.Scan, [
                {"id": 1, "batch_id": 1, "sha256": "0" * 64, "filename": "x.pdf", "bytes": 1, "state": "read"}
            ])  # fmt: skip
            self._all(models.Unit, [{"id": 1, "kind": "school", "name": "校党委"}])
            for number in range(1, self.units + 1):
                total += self._unit(number, campaign_id, user_id, surveys, layouts)
        for number in range(1, self.units + 1):
            self._close(number, user_id)
        return total

    def _unit(
        self, number: int, campaign_id: int, user_id: int, surveys: dict[str, Any], layouts: dict[str, Geometry]
    ) -> int:
        self._all(models.Unit, [{"id": number + 1, "kind": "college", "name": f"第{number}学院党委", "parent_id": 1}])
        self._all(models.Meeting, [{"id": number, "campaign_id": campaign_id, "unit_id": number + 1}])
        half = self.sheets // 2
        heads = [("expected", "", "staff", half + 20), ("present", "", "staff", half), ("expected", "", "student", 0),
                 ("present", "", "student", 0), ("issued", "org", "staff", half)]  # fmt: skip
        self._all(models.HeadCount, [
            {"meeting_id": number, "kind": kind, "form": form, "rater_class": who, "number": amount, "user_id": user_id}
            for kind, form, who, amount in heads
        ])  # fmt: skip
        total = 0
        for place, (form, layout) in enumerate(layouts.items()):
            run = 2 * number + place - 1
            self._all(models.PrintRun, [{
                "id": run, "meeting_id": number, "survey_id": surveys[form].id, "layout_digest": layout.digest,
                "subject": "学院" if form == "org" else "", "created_by": user_id,
            }])  # fmt: skip
            self._all(models.PrintFile, [
                {"print_run_id": run, "copies": half, "state": "done", "created_by": user_id}
            ])  # fmt: skip
            total += self._sheets(run, layout, half)
        return total

    def _sheets(self, run: int, layout: Geometry, half: int) -> int:
        questions = [
            question.id for page in layout.pages for question in page.questions if question.id != "rater_class"
        ]
        pages, readings, answers = [], [], []
        for _sheet in range(half):
            self.reading += 1
            key = self.reading
            pages.append({
                "id": key, "scan_id": 1, "index": key, "state": "read", "print_run_id": run, "standing": "counts",
                "sheet": new_sheet(layout.digest), "sheet_page": 1, "reading_id": key, "doubts": 0,
            })  # fmt: skip
            readings.append({"id": key, "page_id": key, "reader": "1.0", "status": "read", "value": {}})
            answers += [{"reading_id": key, **each} for each in self._answers(questions)]
        self._all(models.Page, pages)
        self._all(models.Reading, readings)
        self._all(models.Answer, answers)
        return len(answers)

    def _answers(self, questions: list[str]) -> Iterator[dict[str, Any]]:
        who = "staff" if self.chance.random() < 0.8 else "student"
        yield {"question": "rater_class", "state": "answered", "choice": who, "probability": 0.99}
        for question, choice in zip(questions, self.chance.choices(CHOICES, WEIGHTS, k=len(questions)), strict=True):
            yield {"question": question, "state": "answered", "choice": choice, "probability": 0.99}

    def _close(self, meeting_id: int, user_id: int) -> None:
        with self.office.db.begin() as session:
            text = canonical(closing.content_of(session, meeting_id)).encode()
            digest = hashlib.sha256(text).hexdigest()
            session.add(models.Closing(
                meeting_id=meeting_id, version=1, digest=digest, content=zlib.compress(text), user_id=user_id
            ))  # fmt: skip


def report(office: Office, settings: Settings, repeat: int) -> None:
    """Print how long each thing takes: the first time, and the middle of the times after it."""
    rows: list[tuple[str, list[tuple[float, float]]]] = [
        ("roll-up of all units (service)", timed(repeat, lambda: roll_up(office)))
    ]
    rows.append(("doubts of all units (service)", timed(repeat, lambda: find_doubts(office))))
    client = create_app(settings).test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    answer = client.post("/sign-in", data={"csrf_token": token, "name": "office", "password": PASSWORD})
    if answer.status_code != 302:
        raise SystemExit("the sign-in failed")
    for path in (
        "/campaigns/1/overview", "/campaigns/1/supervision", "/campaigns/1/overview.xlsx", "/campaigns/1",
        "/meetings/50/count", "/meetings/50/papers", "/meetings/50/consequences", "/meetings/50/rectification",
        "/meetings/50/closing",
    ):  # fmt: skip
        rows.append((path, timed(repeat, lambda path=path: opened(client, path))))
    print(f"{'seconds':34} {'first':>16} {'then':>16}")
    print(f"{'':34} {'clock':>8}{'CPU':>8} {'clock':>8}{'CPU':>8}")
    for name, times in rows:
        then = [statistics.median(each) for each in zip(*(times[1:] or times), strict=True)]
        print(f"{name:34} {times[0][0]:8.3f}{times[0][1]:8.3f} {then[0]:8.3f}{then[1]:8.3f}", flush=True)


def roll_up(office: Office) -> None:
    """Roll up the school."""
    with office.db.read() as session:
        if sum(line.headline is not None for line in overview.lines(session, 1)) == 0:
            raise SystemExit("no unit has a headline")


def find_doubts(office: Office) -> None:
    """Look for doubts in every unit."""
    with office.db.read() as session:
        doubts.of_lines(session, overview.lines(session, 1), 80)


def opened(client: Any, path: str) -> None:
    """Open a page."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")


def timed(repeat: int, work: Any) -> list[tuple[float, float]]:
    """Return how long some work takes, each time, in seconds: on the clock, of the processor."""
    times = []
    for _time in range(repeat + 1):
        begun, cpu = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - begun, time.process_time() - cpu))
    return times


if __name__ == "__main__":
    main()
