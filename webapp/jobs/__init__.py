"""The work behind the pages: the queue that wakes workers, the tasks, the workers, the sweep.

``open_office`` makes what every process of the application stands on.
"""

from __future__ import annotations

from forms import rare
from webapp.db import Database
from webapp.jobs.queue import HueyBell, InlineBell
from webapp.office import Office
from webapp.services import audit
from webapp.settings import Settings, secret_key
from webapp.storage import Storage


def open_office(settings: Settings) -> Office:
    """Make the office of an instance folder: database, files and the bell of the setting ``inline_jobs``."""
    settings.instance.mkdir(parents=True, exist_ok=True)
    rare.look_in(settings.fonts_folder)
    inline = InlineBell() if settings.inline_jobs else None
    bell = inline or HueyBell(settings.queue_file, secret_key(settings))
    office = Office(settings, Database(settings.url), Storage(settings.scans_folder), bell)
    audit.install(office.db, secret_key(settings, "trail.key"))
    if inline:
        inline.office = office
    return office
