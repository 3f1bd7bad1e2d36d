"""Brings the database of an instance up to date: ``python -m webapp.migrate``.

Prints where the first administrator is made (``/first-run/…``) while there is none, else nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from forms.messages import say
from webapp import acting, instance_from_environment
from webapp.db import Database
from webapp.errors import ServiceError
from webapp.launch.words import language
from webapp.models import Base
from webapp.office import Office
from webapp.services import accounts, audit, backup, second_step
from webapp.settings import MESSAGES, Settings, SettingsError, load, secret_key
from webapp.storage import Storage

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(settings: Settings) -> None:
    """Run all migrations that the database has not had."""
    settings.instance.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    try:
        with database.engine.begin() as connection:  # BEGIN IMMEDIATE: of two processes one waits
            command.upgrade(config(connection), "head")
    finally:
        database.close()
    _seal_secrets(settings)


def _seal_secrets(settings: Settings) -> None:
    """Seal the secrets of the second step that an older program left in plain text, and say so in the trail."""
    office = Office(settings, Database(settings.url), Storage(settings.scans_folder), backup.NoBell())
    try:
        if second_step.is_all_sealed(office):
            return
        audit.install(office.db, secret_key(settings, "trail.key"))
        with acting.as_(None, acting.MACHINE, "sealed by the upgrade"):
            audit.begin(office)  # a trail that begins only now tells first what it found
            second_step.seal_old(office)
    finally:
        office.db.close()


def upgrade_with_copy(settings: Settings) -> None:
    """Run the migrations; before an old database is changed it is copied, and the upgrade is tried on the copy.

    Raises ServiceError where that fails; then nothing was changed.
    """
    settings.instance.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    try:
        before = revision(database)
        old = before not in (None, head()) and database.engine.dialect.name == "sqlite"
    finally:
        database.close()
    if old:
        backup.make(settings, backup.BEFORE_UPGRADE, upgrade)
    upgrade(settings)


def revision(database: Database) -> str | None:
    """Return the revision of a database, None before the first migration."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Return the newest revision of the program."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def differences(database: Database) -> list[object]:
    """Return in what a database differs from the models; empty when it is at head."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def config(connection: Connection) -> Config:
    """Return Alembic's configuration over one open connection."""
    value = Config()
    value.set_main_option("script_location", MIGRATIONS.as_posix())
    value.attributes["connection"] = connection
    return value


def main() -> int:
    """Migrate the instance of the environment."""
    from webapp.jobs import open_office

    try:
        settings = load(instance_from_environment())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        upgrade_with_copy(settings)
    except ServiceError as error:
        sys.stderr.write(f"{say(MESSAGES, error.code, language(), **error.params)}\n")
        return 1
    office = open_office(settings)
    acting.enter(None, acting.COMMAND_LINE)
    audit.begin(office)
    sys.stdout.write(f"{accounts.setup_link(office) or ''}\n")
    office.db.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
