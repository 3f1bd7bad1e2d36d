"""Copies are whole, tried out, and another computer can take over from them."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from webapp import migrate
from webapp.errors import Busy, Conflict, InvalidInput
from webapp.jobs import open_office
from webapp.models import Campaign, Scan, TrailRow, Unit
from webapp.services import backup, care, tally
from webapp.services.verify import verify
from webapp.settings import load

NIGHT = dt.datetime(2011, 7, 15, 3, 0, tzinfo=dt.UTC)


def here(office, copy) -> Path:
    """The folder of a copy."""
    return backup.folder_of(office.settings) / copy.name


def add_unit(office, name: str) -> None:
    """Change something."""
    with office.db.begin() as session:
        session.add(Unit(kind="branch", name=name))


def units(office) -> set[str]:
    """The names of the units."""
    with office.db.read() as session:
        return set(session.scalars(select(Unit.name)))


def test_copy__holds_the_database_the_keys_and_the_scans(office) -> None:
    copy = care.make_copy(office, migrate.upgrade)
    assert copy.whole
    assert {"pingyi.sqlite3", "secret.key", "trail.key"} <= set(copy.files)
    with office.db.read() as session:
        assert set(copy.scans) == set(session.scalars(select(Scan.sha256)))
    assert [each.name for each in backup.copies(office.settings)] == [copy.name]
    assert not list(backup.folder_of(office.settings).glob("*.part"))


def test_copy__is_told_in_the_trail(office) -> None:
    copy = care.make_copy(office, migrate.upgrade)
    with office.db.read() as session:
        last = session.scalars(select(TrailRow).order_by(TrailRow.id.desc()).limit(1)).one()
    assert (last.action, last.object) == ("backed-up", "instance")
    assert copy.name in last.facts


def test_copy_put_back__undoes_what_came_after_and_keeps_that_as_a_copy(office, meeting) -> None:
    before = tally.results(office, meeting.id).count
    copy = care.make_copy(office, migrate.upgrade)
    add_unit(office, "后来的支部")
    care.put_back(office, here(office, copy), migrate.upgrade, running=True)
    care.note_restored(office, copy)
    assert "后来的支部" not in units(office)
    assert tally.results(office, meeting.id).count == before
    assert verify(office).is_whole
    kept = next(each for each in backup.copies(office.settings) if each.kind == backup.BEFORE_RESTORE)
    care.put_back(office, here(office, kept), migrate.upgrade, running=True)
    assert "后来的支部" in units(office)


def test_another_computer__takes_over_from_the_folder_of_the_copies(office, meeting, tmp_path) -> None:
    copy = care.make_copy(office, migrate.upgrade)
    carried = shutil.copytree(backup.folder_of(office.settings), tmp_path / "stick")
    settings = load(tmp_path / "other", environ={}, inline_jobs=True)
    fresh = open_office(settings)  # makes keys of its own
    care.put_back(fresh, carried / copy.name, migrate.upgrade, running=False)
    fresh.db.close()
    other = open_office(settings)
    assert tally.results(other, meeting.id).count == tally.results(office, meeting.id).count
    assert verify(other, copy.head).is_whole
    with other.db.read() as session:
        assert all(other.storage.path(sha256).exists() for sha256 in session.scalars(select(Scan.sha256)))
    other.db.close()


def test_copy_of_another_computer__is_not_put_back_under_running_processes(office) -> None:
    copy = care.make_copy(office, migrate.upgrade)
    (here(office, copy) / "trail.key").write_text("0" * 64)
    manifest = here(office, copy) / "manifest.json"
    value = manifest.read_text("utf-8").replace(
        copy.files["trail.key"], backup._digest(here(office, copy) / "trail.key")
    )
    manifest.write_text(value, "utf-8")
    with pytest.raises(Conflict, match="backup-of-another"):
        care.put_back(office, here(office, copy), migrate.upgrade, running=True)


@pytest.mark.parametrize("damage", ["database", "scan"])
def test_damaged_copy__is_refused_and_changes_nothing(office, damage) -> None:
    copy = care.make_copy(office, migrate.upgrade)
    sha256 = next(iter(copy.scans))
    pool = backup.folder_of(office.settings) / "scans" / sha256[:2] / sha256
    target = here(office, copy) / "pingyi.sqlite3" if damage == "database" else pool
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 0xFF
    target.unlink()  # a scan shares its file with the original
    target.write_bytes(content)
    add_unit(office, "后来的支部")
    with pytest.raises(InvalidInput, match="backup-damaged"):
        care.put_back(office, here(office, copy), migrate.upgrade, running=True)
    assert "后来的支部" in units(office)


def test_database_that_is_broken__gives_no_copy(office) -> None:
    with closing(sqlite3.connect(backup.database_path(office.settings))) as connection, connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("update page set scan_id = 999 where id = (select min(id) from page)")
    with pytest.raises(InvalidInput, match="backup-no-good"):
        care.make_copy(office, migrate.upgrade)
    assert backup.copies(office.settings) == []
    assert not list(backup.folder_of(office.settings).glob("*.part"))


def test_copy_of_a_tampered_database__says_that_its_trail_is_not_whole(office) -> None:
    with closing(sqlite3.connect(backup.database_path(office.settings))) as connection, connection:
        connection.execute("update answer set choice = 'satisfied'")
    assert not care.make_copy(office, migrate.upgrade).whole


def test_second_copy_at_once__is_told_to_wait(office) -> None:
    folder = backup.folder_of(office.settings)
    folder.mkdir()
    (folder / backup.LOCK).touch()
    with pytest.raises(Busy, match="backup-running"):
        care.make_copy(office, migrate.upgrade)


def test_nightly_copy__is_made_once_a_day_from_two_oclock_on(office) -> None:
    settings = office.settings
    assert backup.due(settings, NIGHT)
    assert not backup.due(settings, dt.datetime(2011, 7, 15, 17, 59, tzinfo=dt.UTC))  # 01:59 in Shanghai
    assert backup.due(settings, dt.datetime(2011, 7, 15, 18, 0, tzinfo=dt.UTC))
    assert care.make_copy(office, migrate.upgrade, backup.NIGHTLY).kind == backup.NIGHTLY
    moment = backup.copies(settings)[0].moment
    local_night = moment.replace(hour=20)  # 04:00 of the next day in Shanghai, or later on the same
    assert backup.due(settings, local_night + dt.timedelta(days=1))


def test_nightly_copies_of_more_than_14_days__go_and_their_scans_with_them(office) -> None:
    old = care.make_copy(office, migrate.upgrade, backup.NIGHTLY)
    stays = care.make_copy(office, migrate.upgrade)
    assert backup.prune(office.settings, old.moment + dt.timedelta(days=14)) == 0
    assert backup.prune(office.settings, old.moment + dt.timedelta(days=14, seconds=1)) == 1
    assert [copy.name for copy in backup.copies(office.settings)] == [stays.name]
    pool = backup.folder_of(office.settings) / "scans"
    assert {path.name for path in pool.glob("??/*")} == set(stays.scans)
    shutil.rmtree(here(office, stays))
    backup.prune(office.settings, old.moment)
    assert not list(pool.glob("??/*"))
    with office.db.read() as session:
        assert all(office.storage.path(sha256).exists() for sha256 in session.scalars(select(Scan.sha256)))


def test_old_database__is_copied_before_it_is_upgraded(tmp_path) -> None:
    settings = load(tmp_path / "old", environ={})
    settings.instance.mkdir()
    _at_revision_1(settings)
    migrate.upgrade_with_copy(settings)
    (copy,) = backup.copies(settings)
    assert copy.kind == backup.BEFORE_UPGRADE
    with closing(sqlite3.connect(backup.folder_of(settings) / copy.name / "pingyi.sqlite3")) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == ("0001",)
    office = open_office(settings)
    with office.db.read() as session:
        assert session.scalars(select(Campaign.title)).one() == "旧的评议"
    office.db.close()
    migrate.upgrade_with_copy(settings)  # up to date: nothing to copy
    assert len(backup.copies(settings)) == 1


def _at_revision_1(settings) -> None:
    from alembic import command

    from webapp.db import Database

    database = Database(settings.url)
    with database.engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0001")
        connection.exec_driver_sql(
            "insert into campaign (title, number, issuer, rules, created_at)"
            " values ('旧的评议', '', '', '{}', '2011-07-15 00:00:00.000000')"
        )
    database.close()


def test_page_of_the_copies__makes_one_and_puts_it_back(admin, office) -> None:
    assert "还没有备份" in admin.get("/care").get_data(as_text=True)
    assert admin.post("/care/copy").status_code == 302
    (copy,) = backup.copies(office.settings)
    page = admin.get("/care").get_data(as_text=True)
    assert copy.head in page
    add_unit(office, "后来的支部")
    assert admin.post("/care/restore", {"name": copy.name}).status_code == 302
    assert "后来的支部" not in units(office)


@pytest.mark.parametrize("name", ["", "..", "../../etc", "2011-07-15-020000-nightly"])
def test_name_that_is_no_copy__is_refused(admin, name) -> None:
    assert admin.post("/care/restore", {"name": name}).status_code == 422


def test_operator__may_not_see_the_copies(operator) -> None:
    assert operator.get("/care").status_code == 403
    assert operator.post("/care/copy").status_code == 403


def test_backup_and_restore_commands__go_round(app, office) -> None:
    run = app.test_cli_runner().invoke
    made = run(args=["app", "backup"])
    assert made.exit_code == 0, made.output
    add_unit(office, "后来的支部")
    done = run(args=["app", "restore", made.output.strip()])
    assert done.exit_code == 0, done.output
    assert "后来的支部" not in units(office)
    assert verify(office).is_whole


def test_room__is_told_in_gb_where_it_is_large(admin, monkeypatch) -> None:
    parts = {"database": 12_340_000, "scans": 3_456_000_000, "prints": 0, "inbox": 0, "copies": 999_900_000, "logs": 0}
    monkeypatch.setattr(care, "room", lambda _office: care.Room(parts, 41_000_000_000, 100_000_000_000))
    page = admin.get("/care").get_data(as_text=True)
    assert all(size in page for size in ("12.3 MB", "3.5 GB", "999.9 MB", "41.0 GB"))
