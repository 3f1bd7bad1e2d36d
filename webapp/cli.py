"""``flask --app webapp app …``: what the person does who looks after the computer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from forms import messages
from webapp import acting, i18n, migrate
from webapp.errors import ServiceError
from webapp.jobs import open_office
from webapp.launch.words import language
from webapp.office import Office
from webapp.rights import Role
from webapp.services import accounts, backup, care, grants, health, second_step, units, verify


def _enter() -> None:
    acting.enter(None, acting.COMMAND_LINE)


group = AppGroup("app", callback=_enter, help="Look after Pingyi: first link, migrations, passwords, health.")
MARKS = {"ok": "✓", "note": "·", "fault": "✕"}


def install(app: Flask) -> None:
    """Give ``flask`` our commands."""
    app.cli.add_command(group)


def say(code: str, **params: Any) -> str:
    """Return the sentence of a code in the language of the terminal (PINGYI_LANG, else its locale)."""
    return messages.say(i18n.catalogue_of(code), code, language(), **params)


def office() -> Office:
    """Return what the use cases work with."""
    found: Office = current_app.extensions["office"]
    return found


@group.command("setup-link")
@click.option("--base-url", default="http://127.0.0.1:8000", help="Address of the web server.")
def setup_link(base_url: str) -> None:
    """Print a one-time link that makes the first administrator; it replaces the one before."""
    link = accounts.setup_link(office(), base_url)
    click.echo(link or say("setup-done"))
    sys.exit(0 if link else 1)


@group.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date."""
    migrate.upgrade_with_copy(office().settings)
    click.echo(say("doctor-database-ok", revision=migrate.head(), head=migrate.head()))


@group.command("reset-password")
@click.argument("name")
def reset_password(name: str) -> None:
    """Give the user NAME a new password, printed once; his sign-ins end and a closed account opens again."""
    try:
        user = accounts.user_named(office(), name)
        accounts.set_active(office(), user.id, True)
        click.echo(accounts.reset_password(office(), user.id))
    except ServiceError as error:
        click.echo(say(error.code, **error.params), err=True)
        sys.exit(1)


@group.command("grant")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--unit", default="", help="Name of the unit; without it the whole school.")
def grant(name: str, role: str, unit: str) -> None:
    """Give the user NAME the role ROLE."""
    try:
        user = accounts.user_named(office(), name)
        grants.give(office(), user.id, role, units.named(office(), unit).id if unit else None, by=None)
        click.echo(f"{user.display_name}: {say(f'role-{role}')}")
    except ServiceError as error:
        click.echo(say(error.code, **error.params), err=True)
        sys.exit(1)


@group.command("second-step-off")
@click.argument("name")
def second_step_off(name: str) -> None:
    """Let the password alone open the account of the user NAME again, whose telephone is lost."""
    try:
        second_step.turn_off(office(), accounts.user_named(office(), name).id)
    except ServiceError as error:
        click.echo(say(error.code, **error.params), err=True)
        sys.exit(1)


@group.command("doctor")
def doctor() -> None:
    """Tell the settings in force and what is wrong with this computer. Exit status 1 when something is."""
    for name, value in health.settings_in_force(office()).items():
        click.echo(f"{name} = {value}")
    click.echo()
    found = health.examine(office(), migrate.head(), migrate.revision(office().db))
    for finding in found:
        click.echo(f"{MARKS[finding.state]} {say(finding.code, **finding.params)}")
    sys.exit(1 if any(finding.state == "fault" for finding in found) else 0)


@group.command("verify")
@click.option("--head", default="", help="The end of the trail as it was printed or exported: 1234-9f86d081884c7d65.")
def verify_command(head: str) -> None:
    """Check the trail and all that it tells of; say at which row it breaks. Exit status 1 when it does."""
    try:
        found = verify.verify(office(), head)
    except ServiceError as error:
        click.echo(say(error.code, **error.params), err=True)
        sys.exit(1)
    for each in found.breaks:
        click.echo(f"{MARKS['fault']} {say(each.code, row=each.row, object=each.object)}")
    code = "trail-whole" if found.is_whole else "trail-broken"
    click.echo(f"{MARKS['ok' if found.is_whole else 'fault']} {say(code, head=found.head, objects=found.objects)}")
    sys.exit(0 if found.is_whole else 1)


@group.command("backup")
def backup_command() -> None:
    """Copy all data into the folder of the copies, try the copy out and print where it lies."""
    try:
        copy = care.make_copy(office(), migrate.upgrade)
    except ServiceError as error:
        click.echo(say(error.code, **error.params), err=True)
        sys.exit(1)
    click.echo(str(backup.folder_of(office().settings) / copy.name))


@group.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore_command(folder: Path) -> None:
    """Put back all data as the copy in FOLDER has it; on this or another computer. Stop the program first."""
    try:
        copy = care.put_back(office(), folder.resolve(), migrate.upgrade, running=False)
    except ServiceError as error:
        click.echo(say(error.code, **error.params), err=True)
        sys.exit(1)
    again = open_office(office().settings)  # the copy brought its own keys
    care.note_restored(again, copy)
    again.db.close()
    click.echo(say("backup-restored", name=copy.name, head=copy.head))
