"""Where fonts with rare ideographs lie on this computer. Standard library only: the launcher asks, too."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
# By file name, in the order of asking: first what looks most like the shipped Song, then what holds most.
KNOWN = (
    "NotoSerifCJK-Regular.ttc", "NotoSerifCJKsc-Regular.otf", "SourceHanSerifSC-Regular.otf",
    "simsun.ttc", "simsunb.ttf", "simsunextg.ttf",
    "HanaMinA.ttf", "HanaMinB.ttf", "Jigmo.ttf", "Jigmo2.ttf", "Jigmo3.ttf", "BabelStoneHan.ttf",
    "mingliub.ttc", "Songti.ttc",
)  # fmt: skip
WHOLE = ("simsunb.ttf", "hanaminb.ttf", "jigmo2.ttf")  # one of these holds nearly all of plane 2


@cache
def installed() -> tuple[Path, ...]:
    """Return the installed fonts of ``KNOWN``, in that order. Looked for once a process."""
    return known_in(system_folders())


def office_fonts(folder: Path | None) -> tuple[Path, ...]:
    """Return the font files that the office put into a folder, by name."""
    if folder is None or not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()))


def holds_rare() -> bool:
    """Tell whether a font is there that holds nearly all of plane 2. Looks afresh: one may just have been installed."""
    return any(path.name.lower() in WHOLE for path in known_in(system_folders()))


def system_folders() -> list[Path]:
    """Return where the system and this user keep fonts."""
    home = Path.home()
    if sys.platform == "win32":
        own = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
        return [
            Path(os.environ.get("WINDIR") or r"C:\Windows") / "Fonts",
            Path(own) / "Microsoft" / "Windows" / "Fonts",
        ]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    data = os.environ.get("XDG_DATA_HOME") or home / ".local" / "share"
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path(data) / "fonts", home / ".fonts"]


def known_in(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the fonts of ``KNOWN`` below some folders, in that order."""
    rank = {name.lower(): place for place, name in enumerate(KNOWN)}
    found: dict[str, Path] = {}
    for folder in folders:
        for here, _, names in os.walk(folder):
            for name in names:
                if name.lower() in rank:
                    found.setdefault(name.lower(), Path(here) / name)
    return tuple(found[name] for name in sorted(found, key=rank.__getitem__))
