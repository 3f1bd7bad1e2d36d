"""The one table of settings: name, type, default, help. Defaults < ``instance/config.toml`` < environment ``PINGYI_*``.

An unknown key or a wrong type stops the start. ``flask app doctor`` prints the table; secrets never are.
"""

from __future__ import annotations

import os
import secrets
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from forms.messages import say
from webapp.launch.words import language

MESSAGES = Path(__file__).with_name("messages.yaml")

PREFIX = "PINGYI_"
KEY_BYTES = 32
# read by run.py, the command lines and the test tools, not by the web app
RESERVED = {"PINGYI_INSTANCE", "PINGYI_LANG", "PINGYI_PARENT_PIPE", "PINGYI_REAL_MARKS"}


class SettingsError(ValueError):
    """A setting is unknown or of the wrong type; the message names place, cause and remedy."""


class Settings(BaseModel):
    """All that an office may set. ``instance`` is the folder of everything that is data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: Path = Field(description="Folder of all data")
    database_url: str = Field("", description="SQLAlchemy URL; empty: pingyi.sqlite3 in the instance folder")
    inbox: str = Field("", description="Scanner folder; empty: inbox/ in the instance folder")
    inbox_quiet_seconds: float = Field(3.0, gt=0, description="A file is taken when unchanged for so long")
    inbox_force_polling: bool = Field(False, description="For network folders, which send no events")
    max_upload_mb: int = Field(2000, gt=0, description="Largest file that is taken in")
    max_pages: int = Field(20_000, gt=0, description="Most pages in one file")
    max_megapixels: int = Field(200, gt=0, description="Largest picture that is decoded")
    lease_seconds: int = Field(120, gt=0, description="A page whose reader is silent for so long is read by another")
    ocr_engine: str = Field("auto", pattern="^(auto|rapidocr|tesseract|off)$", description="Proposes texts of opinions")
    session_hours: int = Field(12, gt=0, description="A sign-in ends after so many hours without use")
    timezone: str = Field("Asia/Shanghai", description="Time zone of the pages")
    today: str = Field("", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="The pages' day, to try out; empty: today")
    backup_folder: str = Field("", description="Folder of the copies; empty: backups/ in the instance folder")
    keep_months: int = Field(36, gt=0, description="Sheets' images may be destroyed so many months after a campaign")
    secure_cookies: bool = Field(False, description="Set true behind HTTPS")
    inline_jobs: bool = Field(False, description="Run jobs at once in the calling process; for tests")

    @property
    def url(self) -> str:
        """The database's URL in force."""
        return self.database_url or f"sqlite:///{(self.instance / 'pingyi.sqlite3').as_posix()}"

    @property
    def inbox_folder(self) -> Path:
        return Path(self.inbox) if self.inbox else self.instance / "inbox"

    @property
    def fonts_folder(self) -> Path:
        """Where the office puts fonts with characters that the shipped ones lack."""
        return self.instance / "fonts"

    @property
    def scans_folder(self) -> Path:
        return self.instance / "scans"

    @property
    def prints_folder(self) -> Path:
        return self.instance / "prints"

    @property
    def queue_file(self) -> Path:
        return self.instance / "queue.sqlite3"


def load(instance: Path | str, environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Read the settings of an instance folder. Raises SettingsError with place, cause and remedy."""
    folder = Path(instance).resolve()
    values: dict[str, Any] = {}
    path = folder / "config.toml"
    if path.exists():
        try:
            values.update(tomllib.loads(path.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(_say("settings-not-toml", file=path.name, cause=error)) from error
    for name, text in environ.items():
        if name.startswith(PREFIX) and name not in RESERVED:
            values[name.removeprefix(PREFIX).lower()] = text
    values.update(overrides)
    try:
        return Settings(instance=folder, **{k: v for k, v in values.items() if k != "instance"})
    except ValidationError as error:
        faults = "; ".join(_fault(".".join(map(str, e["loc"])), e["type"], e["msg"]) for e in error.errors())
        raise SettingsError(_say("settings-wrong", file=path.name, prefix=PREFIX, faults=faults)) from error


def _fault(key: str, kind: str, cause: str) -> str:
    return _say("setting-unknown", key=key) if kind == "extra_forbidden" else _say("setting-bad", key=key, cause=cause)


def _say(code: str, **params: object) -> str:
    return say(MESSAGES, code, language(), **params)


def secret_key(settings: Settings, name: str = "secret.key") -> str:
    """Return a key of the instance; made on first use, readable by the owner alone.

    ``secret.key`` signs sessions and jobs; ``trail.key`` makes the digests of the trail.
    """
    path = settings.instance / name
    settings.instance.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _written(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES))
    return _written(path)


def _written(path: Path) -> str:
    """Return the key, waiting for the process that is just writing it. Raises SettingsError for a broken file."""
    for _ in range(100):
        key = path.read_text("ascii").strip()
        if len(key) == 2 * KEY_BYTES:
            return key
        time.sleep(0.01)
    raise SettingsError(_say("key-cut-short", file=path.name))
