"""The scanner folder: which of its files are whole, what becomes of them, what the page says about it.

A scanner writes slowly, over a network, sometimes with pauses. A file is taken when nothing has touched it for a while,
its size and time stand still, nobody holds a lock on it, and it did not change while it was copied.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from webapp.errors import ServiceError
from webapp.models import now
from webapp.office import Office
from webapp.services import intake
from webapp.settings import Settings

try:
    import fcntl
except ImportError:  # Windows: there, opening a file that a scanner holds fails by itself
    fcntl = None  # type: ignore[assignment]  # stands for "no such module"

DONE, REFUSED = "done", "refused"
IGNORED_NAMES = {"thumbs.db", "desktop.ini"}
IGNORED_ENDS = (".part", ".tmp", ".temp", ".crdownload", ".filepart", "~")
SILENT_SECONDS = 30  # a watcher that wrote no status for so long is not running
AGAIN_SECONDS = 60.0  # until a file is tried again that could not be taken

log = logging.getLogger(__name__)
Mark = tuple[int, int]  # size, time of the last change in ns


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file that was not taken: the code and numbers of its sentence."""

    name: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """What the watcher last said of itself. ``writing``: files that are not whole yet."""

    folder: str
    at: str = ""
    writing: int = 0
    troubles: tuple[Trouble, ...] = ()

    @property
    def alive(self) -> bool:
        """Tell whether the watcher is running now."""
        return bool(self.at) and (now() - dt.datetime.fromisoformat(self.at)).total_seconds() < SILENT_SECONDS


class StillWriting(OSError):
    """The file changed while it was being copied."""


class Steady:
    """A file that is open for reading and must not change meanwhile: reading on raises StillWriting where it did."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._mark = file, _mark(os.fstat(file.fileno()))

    def read(self, size: int = -1) -> bytes:
        """Read on. Raises StillWriting."""
        chunk = self._file.read(size)
        if _mark(os.fstat(self._file.fileno())) != self._mark:
            raise StillWriting(self._file.name)
        return chunk


class Tracker:
    """Knows since when each file of the folder has stood still."""

    def __init__(self, quiet_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet, self._clock = quiet_seconds, clock
        self._seen: dict[Path, tuple[Mark, float]] = {}
        self._not_before: dict[Path, float] = {}

    def touch(self, path: Path) -> None:
        """Note an event on a file: its rest begins anew."""
        self._seen[path] = ((-1, -1), self._clock())

    def postpone(self, path: Path) -> None:
        """Leave a file alone for a while that could not be taken."""
        self._not_before[path] = self._clock() + AGAIN_SECONDS

    def whole(self, paths: set[Path]) -> list[Path]:
        """Return those of the folder's files that are whole, the oldest first; forget files that are gone."""
        self._seen = {path: seen for path, seen in self._seen.items() if path in paths}
        self._not_before = {path: until for path, until in self._not_before.items() if path in paths}
        return sorted((path for path in paths if self._is_whole(path)), key=lambda path: (self._seen[path][0][1], path))

    def writing(self, paths: set[Path]) -> int:
        """Return how many files are not whole yet; those that were postponed are not counted."""
        return sum(path not in self._not_before for path in paths)

    def _is_whole(self, path: Path) -> bool:
        try:
            mark = _mark(path.stat())
        except OSError:
            return False
        before, since = self._seen.get(path, ((-1, -1), 0.0))
        if mark != before:
            self._seen[path] = (mark, self._clock())
            return False
        rested = self._clock() - since >= self._quiet and self._clock() >= self._not_before.get(path, 0.0)
        return rested and not _is_locked(path)


def candidates(folder: Path) -> Iterator[Path]:
    """Yield the files of the scanner folder that may be scans: regular files, no links, no pipes, nothing hidden."""
    for place, folders, names in os.walk(folder):
        own = {DONE, REFUSED} if Path(place) == folder else set()
        folders[:] = [name for name in folders if name not in own and not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if not is_ignored(name) and _is_regular(path):
                yield path


def is_ignored(name: str) -> bool:
    """Tell whether a file's name says that it is no scan, or not one yet."""
    lower = name.lower()
    return lower in IGNORED_NAMES or lower.startswith((".", "~$")) or lower.endswith(IGNORED_ENDS)


def take(office: Office, path: Path) -> Trouble | None:
    """Take one whole file in and move it away. Returns what hindered it; never raises for what a file may be.

    Where we are stopped between the two steps, the file comes in once more and is known as a duplicate.
    """
    folder = office.settings.inbox_folder
    try:
        with path.open("rb") as file:
            done = intake.receive(office, cast(BinaryIO, Steady(file)), path.name, user_id=None, origin="inbox")
        _move(path, folder / DONE / f"{done.sha256[:8]}-{path.name}")
    except StillWriting:
        return None  # its rest begins anew
    except ServiceError as error:
        if error.code in ("file-too-large", "heic-picture"):  # it stays what it is
            _move(path, folder / REFUSED / path.name)
        return Trouble(path.name, error.code, error.params)
    except OSError as error:
        log.exception("%s", path)
        return Trouble(path.name, "inbox-cannot-take", {"cause": error.strerror or type(error).__name__})
    return None


def read_status(settings: Settings) -> Status:
    """Return what the watcher last said; an empty status where it never ran."""
    try:
        value = json.loads(_status_file(settings).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return Status(str(settings.inbox_folder))
    return Status(**{**value, "troubles": tuple(Trouble(**trouble) for trouble in value["troubles"])})


def write_status(settings: Settings, writing: int, troubles: tuple[Trouble, ...]) -> None:
    """Say how the folder is; whole or not at all."""
    status = Status(str(settings.inbox_folder), now().isoformat(), writing, troubles)
    target = _status_file(settings)
    temporary = target.with_suffix(".part")
    temporary.write_text(json.dumps(asdict(status), ensure_ascii=False), "utf-8")
    temporary.replace(target)


def _status_file(settings: Settings) -> Path:
    return settings.instance / "inbox-status.json"


def _mark(result: os.stat_result) -> Mark:
    return result.st_size, result.st_mtime_ns


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except PermissionError:
        return (
            os.name == "nt"
        )  # there a writer shuts others out; elsewhere it is our right that is missing: take() tells
    except OSError:
        return True
    return False


def _move(path: Path, target: Path) -> None:
    """Move a file away; a name that is taken gets a number."""
    target.parent.mkdir(exist_ok=True)
    for number in range(2, 1000):
        if not target.exists():
            break
        target = target.with_name(f"{number}-{path.name}")
    path.replace(target)
