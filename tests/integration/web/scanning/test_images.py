"""Pictures of pages: upright, in the layout's frame, handwriting covered, kept in a bounded folder."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import stacks

from webapp.models import IssuedSheet, Layout, PrintRun
from webapp.services import pictures
from webapp.services.layouts import parse


def picture(answer) -> np.ndarray:
    assert answer.status_code == 200
    return cv2.imdecode(np.frombuffer(answer.get_data(), np.uint8), cv2.IMREAD_GRAYSCALE)


def layout_of(office):
    with office.db.read() as session:
        return parse(session.query(Layout).one().source)


def ink(image: np.ndarray, x: float, y: float, w: float, h: float, scale: float) -> float:
    part = image[round(y * scale) : round((y + h) * scale), round(x * scale) : round((x + w) * scale)]
    return float((part < 110).mean())


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_page__stands_upright_in_the_frame_of_its_layout(office, deck, send, pages, operator, turns):
    send(stacks.as_pdf(deck.image(0).rotate(90 * turns, expand=True)))
    image, layout = picture(operator.get(f"/pages/{pages()[0].id}/image.jpg")), layout_of(office)
    assert image.shape == (round(layout.page_mm[1] * 8), round(layout.page_mm[0] * 8))
    for mark in layout.pages[0].fiducials:
        assert ink(image, mark.x + 0.5, mark.y + 0.5, mark.w - 1, mark.h - 1, 8) > 0.9


def test_handwriting__is_covered_in_every_picture(office, deck, send, pages, operator):
    page = deck.image(0)
    region = layout_of(office).pages[0].regions[0]
    grey = np.array(page)
    scale = grey.shape[1] / 210
    top, bottom = round((region.y + 10) * scale), round((region.y + 30) * scale)
    grey[top:bottom, round(40 * scale) : round(150 * scale)] = 20  # a heavy hand
    send(stacks.as_pdf(stacks.Image.fromarray(grey)))
    page_id = pages()[0].id
    upright = picture(operator.get(f"/pages/{page_id}/image.jpg"))
    assert ink(upright, region.x, region.y, region.w, region.h, 8) == 0
    original = picture(operator.get(f"/pages/{page_id}/original"))
    assert ink(original, 45, region.y + 12, 100, 16, original.shape[1] / 210) == 0
    assert ink(grey, 45, region.y + 12, 100, 16, scale) > 0.9


def test_uncovered_picture__is_refused(deck, send, pages, operator):
    send(deck.pdf(0))
    assert operator.get(f"/pages/{pages()[0].id}/image.jpg?mask=0").status_code == 403


def test_row_of_a_question__is_cut_out(office, deck, send, pages, operator):
    send(deck.pdf(0))
    row = picture(operator.get(f"/pages/{pages()[0].id}/crop/q1.jpg"))
    assert row.shape[1] == 210 * 8
    assert 6 * 8 < row.shape[0] < 20 * 8
    assert operator.get(f"/pages/{pages()[0].id}/crop/q9.jpg").status_code == 404


def test_small_picture__is_small(deck, send, pages, operator):
    send(deck.pdf(0))
    assert picture(operator.get(f"/pages/{pages()[0].id}/thumb.jpg")).shape[1] == pictures.THUMB_WIDTH


def test_page_in_a_tray__is_shown_as_scanned(deck, send, pages, operator):
    send(stacks.as_pdf(stacks.foreign_page()))
    image = picture(operator.get(f"/pages/{pages()[0].id}/image.jpg"))
    assert image.shape[0] > image.shape[1]


def test_damaged_page__has_no_picture_but_a_reason(deck, send, pages, operator):
    whole = deck.pdf(0)
    at = whole.index(b"\xff\xd8\xff")
    send(whole[: at + 2000] + bytes(len(whole) - at - 2000 - 600) + whole[-600:])
    found = pages()
    if found:
        assert operator.get(f"/pages/{found[0].id}/image.jpg").status_code in (200, 404)


def test_same_picture_again__is_not_sent_and_changes_with_its_reading(office, deck, send, pages, operator):
    send(deck.pdf(0))
    path = f"/pages/{pages()[0].id}/image.jpg"
    tag = operator.get(path).headers["ETag"]
    assert operator.get(path, headers={"If-None-Match": tag}).status_code == 304
    with office.db.begin() as session:
        page = session.merge(pages()[0])
        page.print_run_id = None
        session.query(IssuedSheet).delete()
        assert session.query(PrintRun).count() == 1
    assert operator.get(path).headers["ETag"] != tag


def test_folder_of_pictures__stays_below_its_bound(tmp_path):
    for number in range(10):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(bytes(100))
        stamp = 1_000_000 + number
        import os

        os.utime(path, (stamp, stamp))
    pictures.prune(tmp_path, 350)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["7.jpg", "8.jpg", "9.jpg"]


def test_picture_while_the_disk_is_full__is_shown_all_the_same(deck, send, pages, operator, monkeypatch):
    send(deck.pdf(0))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pictures, "_keep", full)
    assert operator.get(f"/pages/{pages()[0].id}/image.jpg").status_code == 200
