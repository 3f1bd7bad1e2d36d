"""Makes .venv, installs the locked requirements into it, and brings the database up to date."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

from webapp.launch import PYTHON, ROOT, VENV
from webapp.launch.packages import TO_IDENTIFY, TO_INSTALL, TO_PRINT, TO_READ, provide, succeeds
from webapp.launch.words import Trouble, cause_of, language, say, step

FOOTNOTES = ("(Background on this error", "[SQL")  # what SQLAlchemy prints below the cause


def output(command: Sequence[str | Path], trouble: str, place: object, env: Mapping[str, str] | None = None) -> str:
    """Run a program and return what it printed. Raises Trouble with the program's last line as the cause."""
    done = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          encoding="utf-8", errors="replace")  # fmt: skip
    if done.returncode:
        lines = [
            line for line in (done.stdout + done.stderr).splitlines() if line.strip() and not line.startswith(FOOTNOTES)
        ]
        errors = [line for line in lines if line.startswith("ERROR")]
        raise Trouble(trouble, place=place, cause=(errors or lines or [f"exit status {done.returncode}"])[-1])
    return done.stdout


def digest(requirements: Path, venv_folder: Path = VENV) -> str:
    """Return what a finished installation is known by: the locked file, and the Python that it went into."""
    return hashlib.sha256(requirements.read_bytes() + (venv_folder / "pyvenv.cfg").read_bytes()).hexdigest()


def stamp(requirements: Path, venv_folder: Path = VENV) -> Path:
    """Return the file in .venv that holds the digest of what was installed there."""
    return venv_folder / f"installed-{requirements.name}.sha256"


def installed(requirements: Path, venv_folder: Path = VENV) -> bool:
    """Tell whether just this file was installed into this .venv."""
    mark = stamp(requirements, venv_folder)
    return mark.exists() and PYTHON.exists() and mark.read_text("ascii") == digest(requirements, venv_folder)


def make_venv() -> None:
    """Make .venv with pip in it, where it is not yet. Raises Trouble."""
    if succeeds([PYTHON, "-m", "pip", "--version"]):
        return
    provide(TO_INSTALL)
    with step("venv"):
        try:
            venv.create(VENV, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Trouble("no-venv", place=VENV, cause=error) from error


def install(requirements: Path) -> None:
    """Install a hash-locked file into .venv unless that was done. Raises Trouble."""
    if installed(requirements):
        return
    make_venv()
    with step("install", file=requirements.name):
        pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        output([*pip, "--require-hashes", "-r", requirements], "no-install", requirements.name)
        stamp(requirements).write_text(digest(requirements), "ascii")


def environment(instance: Path) -> dict[str, str]:
    """Return the environment of our processes."""
    return os.environ | {"PINGYI_INSTANCE": str(instance), "PINGYI_LANG": language(), "PYTHONUTF8": "1"}


def prepare(instance: Path) -> None:
    """Make the folder of all data and see that it takes files. Raises Trouble."""
    try:
        instance.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=instance):
            pass
    except OSError as error:
        raise Trouble("no-instance", place=instance, cause=cause_of(error)) from error


def migrate(instance: Path) -> str:
    """Bring the database of an instance up to date; return where the first administrator is made, once there is one ''.

    Raises Trouble.
    """
    prepare(instance)
    with step("migrate"):
        told = output([PYTHON, "-m", "webapp.migrate"], "no-migrate", instance, environment(instance))
    return told.strip()


def set_up(again: bool = False) -> None:
    """Install what is missing. Packages are tried when something was installed, or ``again``: not at every start."""
    requirements = ROOT / "requirements.txt"
    fresh = again or not installed(requirements)
    install(requirements)
    if fresh:
        provide(TO_READ)
    provide([*TO_IDENTIFY, *TO_PRINT], may_install=fresh)


def demo(instance: Path) -> None:
    """Build the worked campaign in an instance of its own; what it tells of its progress is shown. Raises Trouble."""
    prepare(instance)
    say("demo")
    start = time.monotonic()
    command = [str(PYTHON), "-m", "webapp.demo"]
    status = subprocess.run(command, cwd=ROOT, env=environment(instance), stdin=subprocess.DEVNULL).returncode
    if status:
        raise Trouble("no-demo", place=instance, cause=f"webapp.demo: {status}")
    say("done", seconds=time.monotonic() - start)
