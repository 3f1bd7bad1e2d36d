"""What Debian has to provide: seen, installed where we may, else told with the feature that is off."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from forms.font_files import holds_rare
from webapp.launch import PYTHON
from webapp.launch.words import say, step, word


def succeeds(command: Sequence[str | Path]) -> bool:
    """Tell whether a program exists and ends well, without showing what it prints."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
    except OSError:
        return False


@dataclass(frozen=True)
class Need:
    """Debian packages, the sentence for what does not work without them, and how to see that they are there."""

    packages: tuple[str, ...]
    feature: str
    present: Callable[[], bool]


def has_tesseract() -> bool:
    """Tell whether tesseract is there with both languages."""
    if not shutil.which("tesseract"):
        return False
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True)
    return {"chi_sim", "eng"} <= set((listed.stdout + listed.stderr).split())


def has_chinese_font() -> bool:
    """Tell whether the browser finds a font for Chinese."""
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True).stdout.strip())


TO_INSTALL = (Need(("python3-venv",), "feature-venv", lambda: find_spec("ensurepip") is not None),)
TO_READ = (Need(("libgl1", "libglib2.0-0"), "feature-cv2", lambda: succeeds([PYTHON, "-c", "import cv2"])),)
TO_IDENTIFY = (Need(("tesseract-ocr", "tesseract-ocr-chi-sim", "tesseract-ocr-eng"), "feature-ocr", has_tesseract),)
TO_PRINT = (Need(("fonts-hanazono",), "feature-rare", holds_rare),)
TO_TEST = (
    Need(("chromium",), "feature-browser", lambda: shutil.which("chromium") is not None),
    Need(("fonts-noto-cjk", "fontconfig"), "feature-fonts", has_chinese_font),
    Need(("poppler-utils",), "feature-pdf", lambda: shutil.which("pdftoppm") is not None),
    Need(("libreoffice-writer-nogui",), "feature-office", lambda: shutil.which("soffice") is not None),
)


def user_number() -> int:
    """Return the number of our user; -1 where users have none."""
    return os.geteuid() if hasattr(os, "geteuid") else -1


def administrator(
    which: Callable[[str], str | None] = shutil.which,
    user: int | None = None,
    works: Callable[[Sequence[str]], bool] = succeeds,
) -> list[str] | None:
    """Return what to put before ``apt-get`` so that it may install; None where we may not, or there is no apt."""
    if not which("apt-get"):
        return None
    if (user if user is not None else user_number()) == 0:
        return []
    return ["sudo", "-n"] if which("sudo") and works(["sudo", "-n", "true"]) else None


def provide(
    needs: Sequence[Need],
    may_install: bool = True,
    prefix: Callable[[], list[str] | None] = administrator,
    run: Callable[[Sequence[str]], bool] = succeeds,
) -> list[Need]:
    """Install the Debian packages that are missing, where we may. Tell and return what is missing afterwards."""
    missing = [need for need in needs if not need.present()]
    before = prefix() if missing and may_install else None
    if before is not None:
        packages = [package for need in missing for package in need.packages]
        with step("apt", packages=" ".join(packages)):
            run([*before, "apt-get", "update"])
            run([*before, "env", "DEBIAN_FRONTEND=noninteractive",
                 "apt-get", "install", "-y", "--no-install-recommends", *packages])  # fmt: skip
        missing = [need for need in missing if not need.present()]
    for need in missing:
        say("missing", packages=" ".join(need.packages), feature=word(need.feature), command=by_hand(need.packages))
    return missing


def by_hand(packages: Sequence[str], which: Callable[[str], str | None] = shutil.which) -> str:
    """Return what a person types to install Debian packages, or says to whoever looks after another system."""
    if which("apt-get"):
        return f"sudo apt-get install -y {' '.join(packages)}"
    return word("by-hand", packages=", ".join(packages))
