"""Takes scans out of the scanner folder: ``python -m webapp.watch``.

Events of the file system wake it; a look at the whole folder every minute finds what sent no event. It can be stopped
at any moment: a file is either still in the folder or taken in.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import watchfiles

from forms.messages import say
from webapp import acting, instance_from_environment
from webapp.jobs import open_office
from webapp.launch.words import language
from webapp.office import Office
from webapp.services import inbox
from webapp.settings import MESSAGES, Settings, SettingsError, load

TICK_MS = 500
RESCAN_SECONDS = 60.0
STATUS_SECONDS = 10.0

log = logging.getLogger("webapp.watch")


class Watch:
    """One scanner folder and what is known of its files."""

    def __init__(self, office: Office) -> None:
        self.office, self.folder = office, office.settings.inbox_folder
        self.tracker = inbox.Tracker(office.settings.inbox_quiet_seconds)
        self.paths: set[Path] = set()
        self.troubles: dict[Path, inbox.Trouble] = {}
        self._rescan_at = self._status_at = 0.0
        self._told: tuple[int, tuple[inbox.Trouble, ...]] | None = None

    def run(self) -> None:
        """Watch until the process ends."""
        while True:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                changes = watchfiles.watch(
                    self.folder,
                    rust_timeout=TICK_MS,
                    yield_on_timeout=True,
                    force_polling=self.office.settings.inbox_force_polling or None,
                    raise_interrupt=True,
                )
                for events in changes:
                    self.turn({Path(path) for _, path in events})
            except OSError:  # a network folder that is away comes back
                log.exception("%s", self.folder)
                time.sleep(RESCAN_SECONDS / 6)

    def turn(self, events: set[Path]) -> None:
        """Look at what changed, take what is whole, say how things are."""
        for path in events:
            self.tracker.touch(path)
        if events or time.monotonic() >= self._rescan_at:
            self.paths = set(inbox.candidates(self.folder))
            self._rescan_at = time.monotonic() + RESCAN_SECONDS
        for path in self.tracker.whole(self.paths):
            self.take(path)
        self.tell()

    def take(self, path: Path) -> None:
        """Take one file, or remember why not."""
        try:
            trouble = inbox.take(self.office, path)
        except Exception:  # the watcher outlives every file
            log.exception("%s", path)
            trouble = inbox.Trouble(path.name, "inbox-cannot-take", {"cause": "?"})
        self.troubles.pop(path, None)
        if trouble:
            self.troubles[path] = trouble
            self.tracker.postpone(path)
        else:
            log.info("took %s", path.name)
        if not path.exists():
            self.paths.discard(path)

    def tell(self) -> None:
        """Write the status when it changed, and now and then as a sign of life."""
        told = self.tracker.writing(self.paths), tuple(self.troubles.values())
        if told != self._told or time.monotonic() >= self._status_at:
            inbox.write_status(self.office.settings, *told)
            self._told, self._status_at = told, time.monotonic() + STATUS_SECONDS


def check_folder(settings: Settings) -> None:
    """Refuse a scanner folder that holds our own files: they would come in again and again. Raises SettingsError."""
    folder, scans = settings.inbox_folder.resolve(), settings.scans_folder.resolve()
    instance = settings.instance.resolve()
    if folder in (instance, scans) or folder in instance.parents or scans in folder.parents:
        raise SettingsError(say(MESSAGES, "inbox-holds-own-data", language(), folder=folder))


def main() -> None:
    """Watch the folder of the instance."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load(instance_from_environment())
    check_folder(settings)
    acting.enter(None, acting.MACHINE)
    log.info("watches %s", settings.inbox_folder)
    Watch(open_office(settings)).run()


if __name__ == "__main__":
    main()
