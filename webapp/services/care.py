"""The care of the data as use cases: copies with their trail, the nightly one, room on the disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from webapp.errors import InvalidInput
from webapp.models import now
from webapp.office import Office
from webapp.services import backup, trail
from webapp.services.backup import Copy, Upgrade

OLD_DAYS = 2  # a newest copy that is older is worth a warning


@dataclass(frozen=True, slots=True)
class Room:
    """How much room the data takes, in bytes, by what it is; and what is free on its disk."""

    parts: dict[str, int]
    free: int
    whole: int

    @property
    def total(self) -> int:
        return sum(self.parts.values())


def make_copy(office: Office, upgrade: Upgrade, kind: str = backup.MANUAL) -> Copy:
    """Make a copy and write it down. Raises as ``backup.make``."""
    copy = backup.make(office.settings, kind, upgrade)
    with office.db.begin() as session:
        trail.note(session, "backed-up", "instance", copy=copy.name, head=copy.head)
    return copy


def nightly(office: Office, upgrade: Upgrade) -> Copy | None:
    """Make today's copy when it is due, and remove those that are too old."""
    moment = now()
    if not backup.due(office.settings, moment):
        return None
    copy = make_copy(office, upgrade, backup.NIGHTLY)
    backup.prune(office.settings, moment)
    return copy


def put_back(office: Office, folder: Path, upgrade: Upgrade, *, running: bool) -> Copy:
    """Restore a copy; what is here now is copied first. Raises as ``backup.restore``."""
    copy = backup.read(folder)
    if backup.database_path(office.settings).exists() and backup.database_path(office.settings).stat().st_size:
        backup.make(office.settings, backup.BEFORE_RESTORE, upgrade)
    office.db.close()  # no connection of this process keeps what was
    backup.restore(office.settings, folder, upgrade, running=running)
    return copy


def note_restored(office: Office, copy: Copy) -> None:
    """Write down that the data was put back; with the key of the trail that is in force now."""
    with office.db.begin() as session:
        trail.note(session, "restored", "instance", copy=copy.name, head=copy.head)


def named(office: Office, name: str) -> Path:
    """Return the folder of a copy of this instance. Raises InvalidInput: a name is one of the list, never a path."""
    if name not in [copy.name for copy in backup.copies(office.settings)]:
        raise InvalidInput("backup-none", folder=name[:80])
    return backup.folder_of(office.settings) / name


def room(office: Office) -> Room:
    """Measure what the data takes. Copies that share a file with the scans count it again."""
    settings = office.settings
    database = backup.database_path(settings)
    parts = {
        "database": sum(_size(database.with_name(database.name + end)) for end in ("", "-wal", "-shm")),
        "scans": _tree(settings.scans_folder),
        "prints": _tree(settings.prints_folder),
        "inbox": _tree(settings.inbox_folder),
        "copies": _tree(backup.folder_of(settings)),
        "logs": _tree(settings.instance / "logs"),
    }
    usage = shutil.disk_usage(settings.instance)
    return Room(parts, usage.free, usage.total)


def _tree(folder: Path) -> int:
    return sum(_size(path) for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
