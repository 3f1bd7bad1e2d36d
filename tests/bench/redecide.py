"""How long another bar of certainty takes over 10,000 stored pages: ``python -m tests.bench.redecide [--pages N]``.

The readings are made up: four questions of four boxes, one answer in 40 unsure. Nothing is scanned. Printed are the
seconds of the effect shown before the change, for a raised bar (arithmetic on stored certainties) and for a lowered one
(the judge looks again at the pages where it was unsure), and of putting the raised one in force.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from forms import layout as layouts
from omr.measure import FEATURES
from webapp.jobs import open_office
from webapp.migrate import upgrade
from webapp.models import Answer, Campaign, Layout, Meeting, Page, PrintRun, Reading, Survey, Unit, User
from webapp.office import Office
from webapp.services import redeciding
from webapp.settings import load

QUESTIONS, BOXES = ("rater_class", "q1", "q2", "q3"), ("satisfied", "fairly", "basically", "dissatisfied")
UNSURE = 1 / 40
CHUNK = 500


def main() -> int:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    pages = parser.parse_args().pages
    with tempfile.TemporaryDirectory(prefix="pingyi-redecide-") as folder:
        settings = load(Path(folder) / "instance", environ={}, inline_jobs=True)
        upgrade(settings)
        office = open_office(settings)
        meeting_id, user_id = build(office, pages)
        for name, bar in (("raised to 99 %", 0.99), ("lowered to 80 %", 0.8)):
            begun = time.perf_counter()
            with office.db.read() as session:
                found = redeciding.effect(session, meeting_id, bar=bar, rules={})
            told = f"{len(found.changes)} answers, doubts {found.doubts_before} -> {found.doubts_after}"
            sys.stdout.write(f"effect, {name}: {time.perf_counter() - begun:.2f} s for {pages} pages ({told})\n")
        begun = time.perf_counter()
        redeciding.apply(office, meeting_id, bar=0.99, rules={}, user_id=user_id, why="bench")
        sys.stdout.write(f"put in force, raised to 99 %: {time.perf_counter() - begun:.2f} s\n")
        office.db.close()
    return 0


def build(office: Office, pages: int) -> tuple[int, int]:
    """Fill a database past the trail. Returns meeting and user."""
    box = [layouts.Box(name, 100 + 10 * n, 100, 5, 5) for n, name in enumerate(BOXES)]
    questions = tuple(layouts.Question(name, "single", tuple(box)) for name in QUESTIONS)
    paper = layouts.Page(1, (), layouts.CodeArea(0, 0, 15, 15), questions)
    sealed = layouts.Layout("org", (210, 297), (paper,)).sealed()
    with office.db.begin() as session:
        user, unit = User(name="甲", display_name="甲", password_hash="!"), Unit(kind="college", name="机械学院党委")
        campaign = Campaign(title="评议")
        session.add_all([user, unit, campaign, Layout(digest=sealed.digest, form="org", source=sealed.dumps())])
        session.flush()
        survey = Survey(campaign_id=campaign.id, form="org", title="A", source="")
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id)
        session.add_all([survey, meeting])
        session.flush()
        run = PrintRun(meeting_id=meeting.id, survey_id=survey.id, layout_digest=sealed.digest, created_by=user.id)
        session.add(run)
    rng = np.random.default_rng(2011)
    with office.db.engine.begin() as connection:
        for start in range(1, pages + 1, CHUNK):
            numbers = range(start, min(start + CHUNK, pages + 1))
            made = [reading(rng) for _ in numbers]
            connection.execute(
                insert(Page.__table__),
                [{"id": n, "state": "read", "sheet": f"{n:08d}", "sheet_page": 1, "print_run_id": run.id,
                  "standing": "counts", "index": 1, "part": 1, "tray": "", "doubts": 0, "tries": 0} for n in numbers],
            )  # fmt: skip
            connection.execute(
                insert(Reading.__table__),
                [{"id": n, "page_id": n, "reader": "bench", "attempt": 1, "status": "read", "problem": "",
                  "value": value, "created_at": user.created_at} for n, value in zip(numbers, made, strict=True)],
            )  # fmt: skip
            connection.execute(
                insert(Answer.__table__),
                [{"reading_id": n, "question": name, "state": told["state"], "choice": ",".join(told["choice"]),
                  "probability": told["probability"]}
                 for n, value in zip(numbers, made, strict=True) for name, told in value["questions"].items()],
            )  # fmt: skip
        connection.exec_driver_sql("UPDATE page SET reading_id = id")
    return meeting.id, user.id


def reading(rng: np.random.Generator) -> dict[str, object]:
    """Return a made-up reading as it is stored."""
    found = {}
    for name in QUESTIONS:
        unsure = rng.random() < UNSURE
        boxes = {
            each: {"state": "empty", "probability": 0.99, "evidence": [round(x, 4) for x in rng.random(len(FEATURES))]}
            for each in BOXES
        }
        state, sure = ("unsure", rng.uniform(0.4, 0.93)) if unsure else ("answered", 1 - rng.exponential(0.003))
        choice = [BOXES[rng.integers(4)]]
        found[name] = {"state": state, "choice": choice, "probability": max(sure, 0.3), "boxes": boxes}
    return {"schema": "pingyi.reading/1", "questions": found, "faults": []}


if __name__ == "__main__":
    sys.exit(main())
