"""Small fonts for previews: the characters that previews have used so far, cut once from the shipped fonts.

Opening and cutting the two full fonts takes longer than all else of a preview. A print run uses the full fonts, so that
its bytes do not depend on what was previewed before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock

from fontTools import subset
from fontTools.ttLib import TTFont

from forms.typeset.metrics import FONT_FILES, face

_lock = Lock()
_characters: set[str] = set()
_files: dict[str, Path] = {}


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pingyi-fonts-")  # removed when the process ends


def fonts_for(texts: Iterable[str]) -> Mapping[str, Path]:
    """Return font files, by face, that hold all characters of the texts that the faces have."""
    wanted = {character for text in texts for character in text}
    with _lock:
        if not _files or not wanted <= _characters:
            _characters.update(wanted)
            generation = len(list(Path(_folder().name).iterdir()))
            _files.update({name: _cut(name, generation) for name in FONT_FILES})
        return dict(_files)


def _cut(name: str, generation: int) -> Path:
    options = subset.Options(notdef_outline=True, recommended_glyphs=True)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]  # no shaping, no upright lines
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(character) for character in _characters if character in face(name)])
    # A new file each time: a preview in another thread may still be reading the last one.
    path = Path(_folder().name) / f"{name}-{generation}.otf"
    with TTFont(FONT_FILES[name], lazy=True, recalcTimestamp=False) as font:
        cutter.subset(font)
        font.save(path)
    return path
