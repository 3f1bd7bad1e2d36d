"""Print 1, scan 1: whether this printer and this scanner fit, before a meeting depends on it.

The sheet is the first preset form with a code that was never issued: it belongs to no meeting and counts nowhere.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from forms import code, loader, render
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from webapp.errors import Busy, InvalidInput
from webapp.models import ProofScan
from webapp.office import Office

FORM = "org"
MOST_BYTES = 40 << 20
MOST_SECONDS = 120
SUFFIXES = {b"%PDF": ".pdf", b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"II*\0": ".tif", b"MM\0*": ".tif"}


def sheet_pdf() -> bytes:
    """Return one sheet to be printed, as PDF."""
    layout = _layout()
    with tempfile.TemporaryDirectory(prefix="pingyi-proof-") as folder:
        path = Path(folder) / "proof.pdf"
        render.write_pdf(layout, [code.new_sheet(layout.digest)], path)
        return path.read_bytes()


def take_in(office: Office, data: bytes, *, user_id: int) -> ProofScan:
    """Read the scan of a proof sheet and write down how it went. Raises InvalidInput (no scan) and Busy (too slow).

    It is opened in a process of its own: whatever the file does there, it doesn't do here.
    """
    suffix = next((end for begin, end in SUFFIXES.items() if data.startswith(begin)), None)
    if suffix is None or len(data) > MOST_BYTES:
        raise InvalidInput("proof-no-picture", most_mb=MOST_BYTES >> 20)
    row = _judge(_read(data, suffix))
    row.user_id = user_id
    with office.db.begin() as session:
        session.add(row)
    return row


def newest(office: Office) -> ProofScan | None:
    """Return how the newest try went, None before the first."""
    with office.db.read() as session:
        return session.scalar(select(ProofScan).order_by(ProofScan.id.desc()).limit(1))


def _judge(lines: list[dict[str, Any]]) -> ProofScan:
    good = next((line for line in lines if line["registration"]), None)
    if good is None:
        problem = next((line["problem"] for line in lines if line["problem"]), None)
        return ProofScan(read=False, problem=problem["code"] if problem else "not-a-sheet", params={})
    lies = good["registration"]
    params = {
        "scale": f"{100 * lies['scale']:.1f}",
        "turned": f"{lies['rotation_deg']:.1f}",
        "residual": f"{lies['residual_mm']:.2f}",
        "faults": sorted({fault["code"] for fault in good["faults"]}),
    }
    return ProofScan(read=True, params=params)


def _read(data: bytes, suffix: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="pingyi-proof-") as folder:
        scan, layout, out = (Path(folder) / name for name in (f"scan{suffix}", "layout.json", "out.jsonl"))
        scan.write_bytes(data)
        layout.write_text(_layout().dumps(), "utf-8")
        command = [sys.executable, "-m", "omr", "read", str(scan), "--layout", str(layout), "--out", str(out)]
        root = Path(__file__).resolve().parents[2]
        try:
            subprocess.run(command, cwd=root, timeout=MOST_SECONDS, check=True, capture_output=True)
        except subprocess.TimeoutExpired as error:
            raise Busy("proof-too-slow", seconds=MOST_SECONDS) from error
        except subprocess.CalledProcessError as error:  # killed by the file, or out of memory
            raise InvalidInput("proof-no-picture", most_mb=MOST_BYTES >> 20) from error
        return [json.loads(line) for line in io.StringIO(out.read_text("utf-8"))]


@cache
def _layout() -> Layout:
    return typeset(loader.preset(FORM), Values(unit="试印试扫", subject="试印试扫"))
