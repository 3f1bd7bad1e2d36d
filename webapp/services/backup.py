"""Copies of all data: the database by its online method, scans, keys and settings; tried out before they are believed.

A copy is a folder ``2011-07-15-020000-nightly`` with a manifest. Scans lie beside it once for all copies, under their
digests: where the disk is the same they take no room. To carry the data away, carry the whole folder of the copies.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from webapp.db import Database
from webapp.errors import Busy, Conflict, InvalidInput
from webapp.models import now
from webapp.office import Office
from webapp.services import audit
from webapp.services.trail import Head
from webapp.services.verify import verify
from webapp.settings import Settings, load, secret_key
from webapp.storage import Storage

FORMAT = "pingyi.backup/1"
MANUAL, NIGHTLY, BEFORE_UPGRADE, BEFORE_RESTORE = "manual", "nightly", "before-upgrade", "before-restore"
DATABASE, MANIFEST, POOL, LOCK = "pingyi.sqlite3", "manifest.json", "scans", "making.lock"
KEYS = ("secret.key", "trail.key")
KEPT_DAYS = 14
NIGHTLY_HOUR = 2  # or when the computer is next switched on after it
STALE_LOCK = dt.timedelta(hours=6)

Upgrade = Callable[[Settings], None]


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy. ``files``: SHA-256 of what lies in its folder; ``scans``: size in bytes by digest.

    ``head`` is the end of the trail in it, ``whole`` tells whether the trail and the rows agreed when it was tried.
    """

    name: str
    kind: str
    made_at: str
    head: str
    whole: bool
    files: dict[str, str]
    scans: dict[str, int]

    @property
    def moment(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.made_at)


class NoBell:
    """The queue of an instance in which nothing runs."""

    def ring(self, task: str, key: int) -> None:
        """Say nothing: who starts the instance finds what waits."""


def folder_of(settings: Settings) -> Path:
    """Return the folder of the copies."""
    return Path(settings.backup_folder) if settings.backup_folder else settings.instance / "backups"


def copies(settings: Settings) -> list[Copy]:
    """Return the copies that are whole, newest first."""
    found = [read(path.parent) for path in folder_of(settings).glob(f"*/{MANIFEST}") if path.parent.suffix != ".part"]
    return sorted(found, key=lambda copy: copy.made_at, reverse=True)


def read(folder: Path) -> Copy:
    """Read the manifest of a copy. Raises InvalidInput "backup-none"."""
    try:
        value = json.loads((folder / MANIFEST).read_text("utf-8"))
        if value.pop("format") != FORMAT:
            raise ValueError(folder)
        return Copy(**value)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput("backup-none", folder=str(folder)) from error


def make(settings: Settings, kind: str, upgrade: Upgrade) -> Copy:
    """Copy all data and try the copy out in a folder of its own, the program's upgrade included.

    Raises Busy "backup-running" and InvalidInput "backup-no-good"; then no copy is kept.
    """
    folder, moment = folder_of(settings), now()
    local = moment.astimezone(ZoneInfo(settings.timezone))
    with _alone(folder, moment):
        name = _free_name(folder, f"{local:%Y-%m-%d-%H%M%S}", kind)
        part = folder / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            _copy_database(database_path(settings), part / DATABASE)
            for each in (*KEYS, "config.toml"):
                if (settings.instance / each).exists():
                    shutil.copyfile(settings.instance / each, part / each)
                    (part / each).chmod(0o600)
            scans = _pool(settings.scans_folder, folder / POOL)
            head, whole = _try_out(part, folder, upgrade)
            files = {path.name: _digest(path) for path in sorted(part.iterdir())}
            copy = Copy(name, kind, moment.isoformat(), head, whole, files, scans)
            manifest = json.dumps({"format": FORMAT, **asdict(copy)}, ensure_ascii=False, indent=1)
            (part / MANIFEST).write_text(manifest, "utf-8")
            part.rename(folder / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return copy


def restore(settings: Settings, folder: Path, upgrade: Upgrade, *, running: bool) -> Copy:
    """Put the data back as a copy has it; the program's upgrade brings an old copy up to date.

    ``running``: other processes of this instance are at work, so its keys can't be changed under them. Raises
    InvalidInput "backup-none", "backup-damaged", and Conflict "backup-of-another". Scans that are here stay.
    """
    copy = read(folder)
    _check(copy, folder)
    if running and any(_bytes(folder / key) != _bytes(settings.instance / key) for key in KEYS):
        raise Conflict("backup-of-another")
    settings.instance.mkdir(parents=True, exist_ok=True)
    storage = Storage(settings.scans_folder)
    for sha256 in copy.scans:
        if not storage.path(sha256).exists():
            with _pooled(folder.parent / POOL, sha256).open("rb") as stream:
                storage.put(stream)
    for name in (*KEYS, "config.toml"):
        wanted = name in copy.files and (name in KEYS or not (settings.instance / name).exists())
        if wanted and _bytes(folder / name) != _bytes(settings.instance / name):
            _put(folder / name, settings.instance / name)
    _copy_database(folder / DATABASE, database_path(settings))
    upgrade(settings)
    return copy


def due(settings: Settings, moment: dt.datetime) -> bool:
    """Tell whether today's nightly copy is still to be made: from two o'clock on, once a day."""
    local = moment.astimezone(ZoneInfo(settings.timezone))
    if local.hour < NIGHTLY_HOUR:
        return False
    day = f"{local:%Y-%m-%d}-"
    return not any(path.parent.name.startswith(day) for path in folder_of(settings).glob(f"*-{NIGHTLY}/{MANIFEST}"))


def prune(settings: Settings, moment: dt.datetime) -> int:
    """Remove nightly copies older than 14 days, and scans that no copy names. Returns how many copies went."""
    kept, gone = [], 0
    for copy in copies(settings):
        if copy.kind == NIGHTLY and moment - copy.moment > dt.timedelta(days=KEPT_DAYS):
            shutil.rmtree(folder_of(settings) / copy.name)
            gone += 1
        else:
            kept.append(copy)
    remove_unnamed(settings, {sha256 for copy in kept for sha256 in copy.scans})
    return gone


def remove_all(settings: Settings) -> int:
    """Remove every copy: what was destroyed must not live on in them. Returns how many there were."""
    found = copies(settings)
    for copy in found:
        shutil.rmtree(folder_of(settings) / copy.name)
    remove_unnamed(settings, set())
    return len(found)


def remove_unnamed(settings: Settings, named: set[str]) -> None:
    """Remove the scans beside the copies that none of them names."""
    for path in (folder_of(settings) / POOL).glob("??/*"):
        if path.name not in named:
            path.unlink()


def database_path(settings: Settings) -> Path:
    """Return the file of the database. Raises InvalidInput "backup-needs-sqlite"."""
    prefix = "sqlite:///"
    if not settings.url.startswith(prefix):
        raise InvalidInput("backup-needs-sqlite")
    return Path(settings.url.removeprefix(prefix))


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database while others use it, wholly or not at all."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target, timeout=60)) as new:
        old.backup(new)


def _pool(scans: Path, pool: Path) -> dict[str, int]:
    """Bring the scans that are new beside the copies. Returns the size of each, by digest."""
    sizes = {}
    for path in sorted(scans.glob("??/*")):
        target = _pooled(pool, path.name)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target)
            except OSError:  # another disk
                _put(path, target)
        sizes[path.name] = target.stat().st_size
    return sizes


def _pooled(pool: Path, sha256: str) -> Path:
    return pool / sha256[:2] / sha256


def _try_out(part: Path, folder: Path, upgrade: Upgrade) -> tuple[str, bool]:
    """Restore a copy into a folder of its own, upgrade it and check it. Returns the head of its trail, and if whole."""
    with tempfile.TemporaryDirectory(prefix="trial-", suffix=".part", dir=folder) as trial:
        for path in part.iterdir():
            if path.name != "config.toml":
                shutil.copyfile(path, Path(trial) / path.name)
        settings = load(trial, environ={})
        with closing(sqlite3.connect(Path(trial) / DATABASE)) as connection:
            told = connection.execute("pragma integrity_check").fetchone()[0]
            loose = connection.execute("pragma foreign_key_check").fetchone()
            head = _head_in(connection)
        if told != "ok" or loose:
            raise InvalidInput("backup-no-good", cause=told if told != "ok" else f"foreign keys: {loose[0]}")
        upgrade(settings)
        office = Office(settings, Database(settings.url), Storage(settings.scans_folder), NoBell())
        try:
            audit.install(office.db, secret_key(settings, "trail.key"))
            audit.begin(office)
            verdict = verify(office)
        finally:
            office.db.close()
    return str(head or verdict.head), verdict.is_whole


def _head_in(connection: sqlite3.Connection) -> Head | None:
    """Return the end of the trail as it was copied: the upgrade of the trial may add to it. None before the trail."""
    if not connection.execute("select 1 from sqlite_master where name = 'trail'").fetchone():
        return None
    row = connection.execute("select id, link from trail order by id desc limit 1").fetchone()
    return Head(*row) if row else None


def _free_name(folder: Path, moment: str, kind: str) -> str:
    """Return the name of a new copy: two of one second have different ones."""
    names = (f"{moment}{more}-{kind}" for more in ("", *(f".{number}" for number in range(2, 100))))
    return next(name for name in names if not (folder / name).exists())


def _check(copy: Copy, folder: Path) -> None:
    damaged = [name for name, sha256 in copy.files.items() if _digest(folder / name) != sha256]
    pool = folder.parent / POOL
    damaged += [sha256[:12] for sha256 in copy.scans if _digest(_pooled(pool, sha256)) != sha256]
    if damaged:
        raise InvalidInput("backup-damaged", files=", ".join(damaged[:5]), number=len(damaged))


@contextmanager
def _alone(folder: Path, moment: dt.datetime) -> Iterator[None]:
    """Let one process at a time make a copy. Raises Busy. What a killed one left is taken over after six hours."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / LOCK
    if lock.exists() and moment.timestamp() - lock.stat().st_mtime > STALE_LOCK.total_seconds():
        lock.unlink(missing_ok=True)
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError as error:
        raise Busy("backup-running") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _put(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all."""
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    part.chmod(0o600)
    part.replace(target)


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _digest(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
