"""Looks whether this computer can do the work: disk, folders, fonts, OCR, clock, database, queue.

Each finding is a code of messages.yaml with its parameters; a fault's sentence ends with the remedy.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select
from sqlalchemy.exc import DatabaseError

from forms import font_files, rare
from forms.typeset.metrics import FONT_FILES
from omr import ocr
from webapp.models import Campaign, Opinion, Page, PrintFile, Scan, SignIn, now
from webapp.office import Office

LEAST_FREE_GB = 2  # a stack of 3,000 pages takes about 1 GB
FIRST_SANE_DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # a computer whose battery is empty wakes up long before
SKEW = dt.timedelta(minutes=5)
STUCK = dt.timedelta(minutes=10)  # the sweep puts a lost row back within a minute or so
LEASED = (Scan, Page, PrintFile, Opinion)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``state``: ok, note (works, but less well), fault."""

    state: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


def settings_in_force(office: Office) -> dict[str, str]:
    """Return the settings by name; a password in a URL is hidden."""
    shown = {name: str(value) for name, value in office.settings.model_dump().items()}
    shown["database_url"] = make_url(office.settings.url).render_as_string(hide_password=True)
    shown["inbox"] = str(office.settings.inbox_folder)
    return shown


def examine(office: Office, head: str | None, revision: str | None) -> list[Finding]:
    """Look at everything. ``head``: the program's newest revision of the database; ``revision``: the database's."""
    found = [
        *_disk(office),
        *_folders(office),
        *_fonts(),
        *_rare_fonts(office),
        *_ocr(office),
        *_revision(head, revision),
    ]
    if revision == head:
        found += [*_clock(office), *_work(office)]
    return found


def _disk(office: Office) -> Iterator[Finding]:
    free = shutil.disk_usage(office.settings.instance).free / 1e9
    state = "ok" if free >= LEAST_FREE_GB else "fault"
    params = {"free": f"{free:.1f}", "least": LEAST_FREE_GB, "folder": office.settings.instance}
    yield Finding(state, f"doctor-disk-{state}", params)


def _folders(office: Office) -> Iterator[Finding]:
    settings = office.settings
    bad = [
        folder
        for folder in (settings.instance, settings.scans_folder, settings.prints_folder, settings.inbox_folder)
        if not _is_writable(folder)
    ]
    yield from (Finding("fault", "doctor-folder-fault", {"folder": folder}) for folder in bad)
    if not bad:
        yield Finding("ok", "doctor-folder-ok", {"folder": settings.instance})


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _fonts() -> Iterator[Finding]:
    missing = [Path(path).name for path in FONT_FILES.values() if not Path(path).is_file()]
    if missing:
        yield Finding("fault", "doctor-fonts-fault", {"files": ", ".join(missing)})
    else:
        yield Finding("ok", "doctor-fonts-ok", {"number": len(FONT_FILES)})


def _rare_fonts(office: Office) -> Iterator[Finding]:
    """Look for fonts with the ideographs that the shipped ones lack: the office's, and the computer's."""
    broken, folder = rare.broken(), office.settings.fonts_folder
    if broken:
        yield Finding("fault", "doctor-rare-fault", {"files": ", ".join(map(str, broken))})
    own = [path for path in font_files.office_fonts(folder) if path not in broken]
    names = ", ".join(path.name for path in (*own, *font_files.installed()))
    whole = font_files.holds_rare() or bool(own)
    state = "ok" if whole else "note"
    yield Finding(state, f"doctor-rare-{state}", {"files": names or "–", "folder": folder})


def _ocr(office: Office) -> Iterator[Finding]:
    wanted = office.settings.ocr_engine
    engine = ocr.choose(wanted)
    if wanted == "off":
        yield Finding("note", "doctor-ocr-off")
    elif engine == "off":
        yield Finding("fault", "doctor-ocr-fault", {"wanted": wanted})
    else:
        yield Finding("ok", "doctor-ocr-ok", {"engine": engine})
    languages = _tesseract_languages()
    if {"chi_sim", "eng"} <= languages:
        yield Finding("ok", "doctor-tesseract-ok", {"languages": ", ".join(sorted(languages))})
    else:
        yield Finding("note", "doctor-tesseract-note", {"languages": ", ".join(sorted(languages)) or "–"})


def _tesseract_languages() -> set[str]:
    program = shutil.which("tesseract")
    if program is None:
        return set()
    told = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=False, env=dict(os.environ))
    return {line.strip() for line in told.stdout.splitlines()[1:] if line.strip()}


def _revision(head: str | None, revision: str | None) -> Iterator[Finding]:
    state = "ok" if revision == head else "fault"
    yield Finding(state, f"doctor-database-{state}", {"revision": revision or "–", "head": head})


def _clock(office: Office) -> Iterator[Finding]:
    moment = now()
    with office.db.read() as session:
        newest = max(
            filter(None, (session.scalar(select(func.max(model.created_at))) for model in (SignIn, Scan, Campaign))),
            default=FIRST_SANE_DAY,
        )
    state = "ok" if moment >= max(newest - SKEW, FIRST_SANE_DAY) else "fault"
    yield Finding(state, f"doctor-clock-{state}", {"now": f"{moment:%Y-%m-%d %H:%M} UTC"})


def _work(office: Office) -> Iterator[Finding]:
    late = now() - STUCK
    try:
        with office.db.read() as session:
            waiting = session.scalar(select(func.count(Page.id)).where(Page.state.in_(("queued", "reading")))) or 0
            waiting += session.scalar(select(func.count(PrintFile.id)).where(PrintFile.state == "queued")) or 0
            stuck = sum(
                session.scalar(select(func.count(model.id)).where(model.lease_until < late)) or 0 for model in LEASED
            )
    except DatabaseError as error:
        yield Finding("fault", "doctor-database-broken", {"cause": error.orig})
        return
    state = "fault" if stuck else "ok"
    yield Finding(state, f"doctor-work-{state}", {"waiting": waiting, "stuck": stuck})
