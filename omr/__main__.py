"""``python -m omr read PATH... --layout layout.json --out readings.jsonl``: needs no web and no database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from forms.layout import Layout, digest
from omr.run import Job, read_all

OK, BAD = 0, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 even where pages are rejected, 2 for wrong arguments or a bad layout."""
    options = _parser().parse_args(arguments)
    try:
        layouts = [_layout(path) for path in options.layout]
        if options.overlays:
            options.overlays.mkdir(parents=True, exist_ok=True)
        job = Job(tuple(layouts), options.overlays)
        files = [file for path in options.paths for file in _files(path)]
        _spare([*files, *options.layout], options.out)
        read = rejected = 0
        with _written_whole(options.out) as out:
            for line, good in read_all(files, job, options.jobs):
                out.write(line + "\n")
                read, rejected = read + good, rejected + (not good)
    except (ValueError, OSError) as error:
        print(f"omr read: {error}", file=sys.stderr)
        return BAD
    print(f"{read} pages read, {rejected} rejected -> {options.out}")
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m omr", description="Read scanned sheets.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    read = commands.add_parser("read", help="read page images against their layouts, one JSON line a page")
    read.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="image, multi-page TIFF, PDF or folder")
    read.add_argument("--layout", type=Path, action="append", required=True, metavar="JSON", help="may be repeated")
    read.add_argument("--out", type=Path, required=True, metavar="JSONL")
    read.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes (default 1)")
    read.add_argument("--overlays", type=Path, metavar="DIR", help="also write each page with its boxes outlined")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _layout(path: Path) -> Layout:
    try:
        layout = Layout.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not a layout – {error} – give the file that `forms print` wrote") from error
    if digest(layout) != layout.digest:
        print(f"omr read: {path}: its content isn't that of digest {layout.digest}: changed by hand?", file=sys.stderr)
    return layout


def _spare(inputs: Sequence[Path], out: Path) -> None:
    """Refuse to write the readings over what is read. Raises ValueError."""
    if out.exists() and any(path.samefile(out) for path in inputs):
        raise ValueError(f"--out {out}: is one of the files to read – give another name")


@contextmanager
def _written_whole(out: Path) -> Iterator[TextIO]:
    """Give a file that gets its name only when all is in it; until then, and if that fails, it is ``<name>.part``."""
    if out.exists() and not out.is_file():  # a device or a pipe: there is nothing to rename
        with out.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        return
    part = out.with_name(f"{out.name}.part")
    with part.open("w", encoding="utf-8", newline="\n") as stream:
        yield stream
    part.replace(out)


def _files(path: Path) -> list[Path]:
    """Return the file, or the files of a folder in the order of their names (2 before 10), hidden ones left out."""
    if path.is_dir():
        inside = [p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".") and p.name != "Thumbs.db"]
        return sorted(inside, key=lambda p: [_natural(part) for part in p.relative_to(path).parts])
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    return [path]


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts: list[tuple[int, int, str]] = []
    number = ""
    for character in name + "\0":
        if character.isdecimal() and character.isascii():
            number += character
            continue
        if number:
            parts.append((0, int(number), ""))
            number = ""
        parts.append((1, 0, character))
    return parts


if __name__ == "__main__":
    sys.exit(main())
