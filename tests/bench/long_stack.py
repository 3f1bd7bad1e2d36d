"""A stack that never ends: does page 10,000 cost what page 1 did? ``python -m tests.bench.cost --long 10000``.

PDFs as a scanner writes them, one JPEG a page, each page with its own objects; 50 different pictures at 150 dpi take
turns, so that 10,000 pages fit on a disk. While the reader runs, its CPU time and its peak memory are read from
``/proc`` (Linux only).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from omr.settings import StackSettings
from omr.synth import SEVERITIES
from tests.bench.deck import ROOT, Deck, make_deck, read_command

OFFICE_150 = replace(SEVERITIES["office"], dpi={150: 1.0})
_DIFFERENT = 50
_PARTS = 10  # of the stack, each reported
_A4_PT = (595.2, 841.92)


@dataclass(frozen=True, slots=True)
class Sample:
    """The reader at one moment: lines written, CPU seconds used, most memory so far."""

    lines: int
    cpu_s: float
    peak_mb: float


def report(pages: int, seed: int, folder: Path) -> str:
    """Write a stack of ``pages``, read it with one process, and tell what each tenth of it cost."""
    decks = [
        make_deck(form, _DIFFERENT // 2, seed, folder / form, OFFICE_150, "usual", suffix="")
        for form in ("org", "roster-items")
    ]
    files = _write_stack(decks, pages, folder)
    out = folder / "read" / "long.jsonl"  # alone in its folder: until it is whole, it has another name
    command = read_command(files, [deck.layout_path for deck in decks], out, "--jobs", "1")
    samples = list(watched(command, out))
    size = sum(path.stat().st_size for path in files) / 2**20
    if samples[-1].lines != pages:
        raise SystemExit(f"{samples[-1].lines} readings of {pages} pages")
    rows = [f"{pages} pages in {len(files)} PDFs, {size:.0f} MB: CPU a page and peak memory by tenths"]
    for begin, end in _parts(samples, pages):
        cost = 1000 * (end.cpu_s - begin.cpu_s) / (end.lines - begin.lines)
        rows.append(f"  to page {end.lines:6d}: {cost:5.1f} ms, peak {end.peak_mb:.0f} MB")
    return "\n".join(rows)


def _parts(samples: Sequence[Sample], pages: int) -> Iterator[tuple[Sample, Sample]]:
    """Yield the samples nearest to the begin and the end of each part; the reader's start lies before the first."""
    ends = [min(samples, key=lambda s: abs(s.lines - part * pages / _PARTS)) for part in range(1, _PARTS + 1)]
    first = next(sample for sample in samples if sample.lines)
    yield from ((begin, end) for begin, end in zip([first, *ends], ends, strict=False) if end.lines > begin.lines)


def watched(command: Sequence[str], out: Path) -> Iterator[Sample]:
    """Run the reader; yield a sample four times a second, and one at the end. ``out`` is alone in a new folder.

    Memory is asked of the process itself: what the kernel tells its parent includes the parent's own, from the fork.
    """
    out.parent.mkdir()
    child = subprocess.Popen(command, cwd=ROOT)
    lines = read = 0
    last = Sample(0, 0.0, 0.0)
    while child.poll() is None:
        time.sleep(0.25)
        try:
            with next(out.parent.iterdir()).open("rb") as file:
                file.seek(read)
                new = file.read()
            read, lines = read + len(new), lines + new.count(b"\n")
            last = Sample(lines, *_used(child.pid))
        except (OSError, StopIteration):  # not begun, or just ended: its last lines are counted below
            continue
        yield last
    if child.returncode:
        raise SystemExit(f"the reader ended with {child.returncode}")
    yield replace(last, lines=out.read_bytes().count(b"\n"))


def _used(pid: int) -> tuple[float, float]:
    """Return CPU seconds and peak MB of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak / 1024


def _write_stack(decks: Sequence[Deck], pages: int, folder: Path) -> list[Path]:
    pictures = [path.read_bytes() for deck in decks for path in sorted(deck.path.iterdir())]
    pictures = [picture for pair in zip(pictures[::2], pictures[1::2], strict=True) for picture in pair]
    limits = StackSettings()
    most = min(limits.max_pages, int(0.95 * limits.max_bytes / (sum(map(len, pictures)) / len(pictures))))
    turns = cycle(pictures)
    files: list[Path] = []
    while pages > 0:
        files.append(folder / f"long-{len(files) + 1}.pdf")
        _write_pdf(files[-1], list(islice(turns, min(most, pages))))
        pages -= most
    return files


def _write_pdf(path: Path, pictures: Sequence[bytes]) -> None:
    """Write a PDF of one JPEG a page, object by object: no library keeps so many pages out of memory."""
    sizes = {id(one): Image.open(BytesIO(one)).size for one in pictures[:_DIFFERENT]}
    places: list[int] = []
    with path.open("wb") as file:

        def put(head: str, body: bytes | None = None) -> None:
            places.append(file.tell())
            stream = b"" if body is None else b"\nstream\n" + body + b"\nendstream"
            file.write(f"{len(places)} 0 obj\n{head}".encode() + stream + b"\nendobj\n")

        file.write(b"%PDF-1.4\n")
        kids = " ".join(f"{3 + 3 * number} 0 R" for number in range(len(pictures)))
        put("<< /Type /Catalog /Pages 2 0 R >>")
        put(f"<< /Type /Pages /Count {len(pictures)} /Kids [{kids}] >>")
        for number, picture in enumerate(pictures):
            width, height = sizes[id(picture)]
            w, h = _A4_PT if height > width else _A4_PT[::-1]
            draw = f"q {w} 0 0 {h} 0 0 cm /I Do Q".encode()
            page = 3 + 3 * number
            put(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {w} {h}] /Contents {page + 1} 0 R"
                f" /Resources << /XObject << /I {page + 2} 0 R >> >> >>"
            )
            put(f"<< /Length {len(draw)} >>", draw)
            put(
                f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray"
                f" /BitsPerComponent 8 /Filter /DCTDecode /Length {len(picture)} >>",
                picture,
            )
        table = file.tell()
        rows = "".join(f"{place:010d} 00000 n \n" for place in places)
        size = len(places) + 1
        file.write(f"xref\n0 {size}\n0000000000 65535 f \n{rows}".encode())
        file.write(f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode())
