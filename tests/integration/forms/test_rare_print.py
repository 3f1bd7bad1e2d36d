"""A rare character on real paper: the printed page, rendered by poppler, has its ink where the layout says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from forms import font_files, loader, proof, rare
from forms.layout import Layout
from forms.survey import Values
from forms.typeset import typeset
from omr import blank

ROOT = Path(__file__).parents[3]
DPI = 200

pytestmark = [
    pytest.mark.skipif(not font_files.holds_rare(), reason="no font with the ideographs of plane 2 is installed"),
    pytest.mark.skipif(not shutil.which("pdftoppm"), reason="poppler-utils is not installed"),
]


def test_name_beyond_the_bmp__is_printed_as_the_reader_expects_it(tmp_path):
    (tmp_path / "values.yaml").write_text("unit: 材料学院\nmembers: [王𠮷, 𤭢, 李𬱖明]\n", "utf-8")
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "forms", "print", "roster-items", "--copies", "1", "--values", "values.yaml"]
    subprocess.run([*command, "--out", "r.pdf", "--layout", "r.json"], cwd=tmp_path, check=True, env=env)
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", "r.pdf", "r"], cwd=tmp_path, check=True)
    layout = Layout.loads((tmp_path / "r.json").read_text("utf-8"))
    printed = 255 - cv2.imread(str(tmp_path / "r-1.png"), cv2.IMREAD_GRAYSCALE).astype(float)
    expected = blank.draw(layout.page_mm, layout.page(1), DPI / 25.4).astype(float)
    rows = [question.boxes[0].cy for question in layout.page(1).questions if question.id.endswith(".q1")][:3]
    for y in rows:  # the column of names, one row each
        top, bottom, left, right = (round(mm / 25.4 * DPI) for mm in (y - 3, y + 3, 28, 60))
        ours, theirs = printed[top:bottom, left:right], expected[top:bottom, left:right]
        assert theirs.sum() > 255 * 40
        assert ours.sum() == pytest.approx(theirs.sum(), rel=0.2)
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9


def test_installed_fonts__hold_plane_2_but_for_a_few():
    asked = [chr(code) for code in range(0x20000, 0x2EBE1, 997)]
    lacking = [character for character in asked if not rare.outline(character)]
    assert len(lacking) / len(asked) < 0.04


def test_rare_title__is_as_dark_as_a_common_one():
    preset = loader.preset("member")
    layouts = [typeset(preset, Values(subject=subject)) for subject in ("𠮷𤭢𬱖", "吉瓷颐")]
    rare_ink, common_ink = ((255 - np.asarray(proof.page_image(layout, 1, 100), float)).sum() for layout in layouts)
    assert rare_ink == pytest.approx(common_ink, rel=0.02)
