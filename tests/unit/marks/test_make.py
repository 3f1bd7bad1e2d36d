from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import marks
from tests.marks.geometry import Geometry, curl, flat_scan, slip
from tests.marks.printing import PRINTS
from tests.marks.printing import printed as as_printed
from tests.marks.scoring import judge


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed__gives_the_same_bytes_and_the_same_truth(printed, tmp_path):
    assert printed.make(tmp_path / "a") == printed.make(tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_other_seed__gives_other_marks(printed, tmp_path):
    one, other = printed.make(tmp_path / "a", 1), printed.make(tmp_path / "b", 2)
    assert [page.questions for page in one] != [page.questions for page in other]


@pytest.mark.parametrize("severity", marks.SEVERITIES)
def test_every_severity__gives_one_picture_a_page_with_all_its_boxes(printed, tmp_path, severity):
    truths = printed.make(tmp_path, 5, severity)
    assert [(page.sheet, page.page) for page in truths] == [(sheet, 1) for sheet in printed.sheets]
    boxes = {f"{q.id}.{box.id}" for q in printed.layout.pages[0].questions for box in q.boxes}
    for page in truths:
        picture = cv2.imread(str(tmp_path / page.file), cv2.IMREAD_GRAYSCALE)
        height, width = picture.shape
        assert set(page.places) == boxes
        places = np.array(list(page.places.values())).reshape(-1, 2)
        assert (places >= 0).all()
        assert (places <= (width, height)).all()


@pytest.mark.parametrize("severity", ["office", "phone", "beyond"])
def test_places__lie_on_the_printed_outlines(printed, tmp_path, severity):
    for page in printed.make(tmp_path, 3, severity, hard_share=0.0):
        picture = cv2.imread(str(tmp_path / page.file), cv2.IMREAD_GRAYSCALE).astype(float)
        contrast = []
        for corners in page.places.values():
            ring, inside = outline(np.array(corners).reshape(4, 2)), outline(np.array(corners).reshape(4, 2), 0.7)
            contrast.append(at(picture, inside).mean() - at(picture, ring).mean())
        assert np.median(contrast) > 12


def outline(corners: np.ndarray, share: float = 0.95) -> np.ndarray:
    """Points along a box's outline, ``share`` of the way out from its middle: .95 is the middle of the printed line."""
    steps = np.linspace(0.1, 0.9, 15)[:, None]
    ends = corners.mean(0) + share * (corners - corners.mean(0))
    return np.concatenate([a + (b - a) * steps for a, b in zip(ends, np.roll(ends, -1, 0), strict=True)])


def at(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    x, y = np.round(points).astype(int).T
    return picture[y, x]


@pytest.mark.parametrize("bend", [None, slip, lambda size, rng: curl(size, 2.5, rng)])
def test_geometry__puts_ink_where_it_says(bend):
    page, rng = (100.0, 80.0), np.random.default_rng(4)
    flat = flat_scan(page, 200, 2.0, np.array([1.0, -2.0]), np.array([1.01, 0.99]))
    geometry = Geometry(flat.matrix, flat.size, bend and bend(page, rng))
    pixels = 8.0
    for spot in np.array([(20.0, 15.0), (50.0, 40.0), (77.0, 66.0)]):
        plane = np.ones((640, 800), np.float32)
        x, y = (spot * pixels).astype(int)
        plane[y - 3 : y + 3, x - 3 : x + 3] = 0
        dark = 1 - geometry.picture(plane, pixels, 1.0)
        rows, columns = np.nonzero(dark > 0.05)
        found = np.average(np.stack([columns, rows], 1), 0, dark[rows, columns])
        assert np.abs(found - geometry.pixels_of(spot[None])[0]).max() < 0.6


@pytest.mark.parametrize("kind", PRINTS)
def test_every_print__darkens_what_is_printed(kind):
    cover = np.zeros((300, 300), np.float32)
    cover[100:200, 100:200] = 1
    toner = as_printed(cover, kind, 300 / 25.4, np.random.default_rng(2))
    assert toner.min() >= 0
    assert toner[110:190, 110:190].mean() > 0.3 + toner[:80].mean()


def test_unknown_severity_or_wrong_pdf__is_refused(printed, tmp_path):
    with pytest.raises(ValueError, match="severity"):
        printed.make(tmp_path, severity="mild")
    with pytest.raises(ValueError, match="pages"):
        replace(printed, sheets=printed.sheets * 2).make(tmp_path)


def test_second_hand__shares_nothing_with_the_first_and_nothing_with_the_reader():
    imported = set()
    for path in Path(judge.__code__.co_filename).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
    assert {name for name in imported if name.split(".")[0] == "omr"} == set()
