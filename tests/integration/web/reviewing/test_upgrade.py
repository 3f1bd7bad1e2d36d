"""An old database with everything in it comes through every revision, and counts what it counted.

The chain is read, not listed: each revision is once where an office stands that upgrades, and each later one is gone
through one by one. What an office of that revision holds is made by today's program and brought into the tables and
columns that were there then.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing as closed_at_end
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from test_closing import SATISFIED, check_by_hand

from webapp.db import Database
from webapp.migrate import MIGRATIONS, config, differences, revision, upgrade
from webapp.models import LoginAttempt, Page, SetupToken, now
from webapp.office import Office
from webapp.services import accounts, audit, closing, head_counts, review, sheet_rulings, sign_ins, tally, verify
from webapp.settings import load, secret_key

REVISIONS = [each.revision for each in reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))]
PASSWORD = "春天里的第一场雨"
ROLE = ", case name when '陈静' then 'administrator' else 'operator' end"  # what users had before there were grants
FIGURES = """
    select answer.question,
           iif(coalesce(decision.state, 'machine') = 'machine', answer.state, decision.state),
           iif(coalesce(decision.state, 'machine') = 'machine', answer.choice, decision.choice),
           count(*)
    from page
    join answer on answer.reading_id = page.reading_id
    left join decision on decision.id =
        (select max(id) from decision as newest where newest.page_id = page.id and newest.question = answer.question)
    where page.standing = 'counts'
      and page.sheet not in
        (select sheet from ruling where kind = 'void' and id in (select max(id) from ruling group by sheet))
    group by 1, 2, 3 order by 1, 2, 3
"""  # as revision 0001 counted; of the program of today it uses nothing


@pytest.fixture
def full(app, office, meeting, pages, user):
    """The instance with rows in every table that revision 0001 had, and a count that is closed."""
    accounts.create_user(office, name="陈静", display_name="陈静", roles=["administrator"], password=PASSWORD)
    sign_ins.sign_in(office, name="陈静", password=PASSWORD)
    judge, _password = accounts.create_user(office, name="周正", display_name="周正", roles=["scrutineer"])
    for item in review.queue(office, meeting.id).items:
        review.decide(
            office, page_id=item.page_id, question=item.question, verdict=SATISFIED, user_id=user.id, seen=None
        )
    with office.db.read() as session:
        codes = [session.get_one(Page, page).sheet for page in pages]
    sheet_rulings.void(office, sheet=codes[0], note="撕去一半", user_id=user.id)
    with office.db.begin() as session:
        session.add(LoginAttempt(name="无此人", address="10.0.0.3"))
        session.add(SetupToken(token="0" * 64, used_at=now()))
    numbers = {
        ("expected", "", "staff"): "3", ("expected", "", "student"): "2", ("present", "", "staff"): "3",
        ("present", "", "student"): "2", ("issued", "org", "staff"): "3", ("issued", "org", "student"): "2",
        ("spoiled", "org", ""): "0", ("spare", "org", ""): "0",
    }  # fmt: skip
    head_counts.enter(office, meeting.id, numbers, user_id=user.id)
    check_by_hand(office, meeting.id, judge)
    closing.close(office, meeting.id, user_id=judge, why="升级前封存")
    office.db.close()
    return office


def counted(office, meeting_id):
    """What the program counts: what a closing would fix, and the figures."""
    results = tally.results(office, meeting_id)
    with office.db.read() as session:
        return closing.content_of(session, meeting_id), results.count, results.heads, results.printed, results.equations


def tables(path):
    """Table → its columns, but for Alembic's own."""
    with closed_at_end(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return {
            name: {row[1]: row for row in connection.execute(f"pragma table_info('{name}')")}
            for name in names
            if name != "alembic_version" and not name.startswith("sqlite_")
        }


def at_revision(path, wanted):
    database = Database(f"sqlite:///{path}")
    with database.engine.begin() as connection:
        command.upgrade(config(connection), wanted)
    database.close()


def old_database(full_path: Path, path: Path, wanted: str) -> dict[str, list[str]]:
    """Make a database of a revision with all rows that it can hold. Returns the tables with the columns filled."""
    at_revision(path, wanted)
    now_there, then = tables(full_path), tables(path)
    filled = {}
    with closed_at_end(sqlite3.connect(path)) as connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("attach ? as full", (str(full_path),))
        for table in then.keys() & now_there.keys():
            if table == "trail":
                continue  # it tells of tables that were not there; it begins anew
            columns = [name for name in then[table] if name in now_there[table]]
            listed = ", ".join(f'"{name}"' for name in columns)
            more, values = (", role", ROLE) if table == "user" and "role" in then[table] else ("", "")
            connection.execute(f'delete from main."{table}"')
            connection.execute(
                f'insert into main."{table}" ({listed}{more}) select {listed}{values} from full."{table}"'
            )
            filled[table] = columns
        connection.commit()
        assert connection.execute("pragma foreign_key_check").fetchall() == []
    return filled


def content(path, filled):
    """The rows of the tables in the columns that were filled, and the figures."""
    with closed_at_end(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        rows = {}
        for table, columns in filled.items():
            listed = ", ".join(f'"{name}"' for name in columns)
            rows[table] = sorted(connection.execute(f'select {listed} from "{table}"').fetchall(), key=repr)
        return rows, connection.execute(FIGURES).fetchall()


def instance_of(full, folder):
    """A folder with the keys of the instance."""
    folder.mkdir()
    for key in ("secret.key", "trail.key"):
        shutil.copy(full.settings.instance / key, folder / key)
    return load(folder, environ={}, inline_jobs=True)


def test_first_revision__holds_rows_in_every_table(full, tmp_path):
    filled = old_database(full.settings.instance / "pingyi.sqlite3", tmp_path / "old.sqlite3", REVISIONS[0])
    rows, figures = content(tmp_path / "old.sqlite3", filled)
    assert [table for table, found in rows.items() if not found] == []
    assert filled.keys() == tables(tmp_path / "old.sqlite3").keys()
    assert sum(number for *_, number in figures) == 4 * 4  # four questions of four sheets; one is void


def test_office_of_any_revision__comes_to_today_and_counts_the_same(full, meeting, tmp_path):
    for start in REVISIONS:
        bring_to_today(full, meeting, tmp_path / start, start)


def bring_to_today(full, meeting, folder, start):
    """Upgrade an office of a revision, one revision after the other, and look at it after each."""
    folder.mkdir()
    settings = instance_of(full, folder / "old")
    path, first = settings.instance / "pingyi.sqlite3", folder / "first.sqlite3"
    filled = old_database(full.settings.instance / "pingyi.sqlite3", path, start)
    shutil.copy(path, first)
    for step in REVISIONS[REVISIONS.index(start) + 1 :]:
        at_revision(path, step)
        there = tables(path)
        kept = {name: [each for each in columns if each in there[name]] for name, columns in filled.items()}
        assert content(path, kept) == content(first, kept), f"from {start}: {step}"
    upgrade(settings)
    office = Office(settings, Database(settings.url), full.storage, full.bell)
    try:
        assert revision(office.db) == REVISIONS[-1]
        assert differences(office.db) == []
        assert counted(office, meeting.id) == counted(full, meeting.id)
        audit.install(office.db, secret_key(settings, "trail.key"))
        audit.begin(office)
        assert verify.verify(office).is_whole
    finally:
        office.db.close()
