"""Pictures of pages: upright, in the layout's frame, handwriting covered, kept in a bounded folder."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import stacks

from webapp.models import IssuedSheet, Layout
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


def bars(image: np.ndarray) -> float:
    """Return how much the greys of neighbouring columns differ: writing does, squares do not."""
    return float(np.abs(np.diff(image.astype(int), axis=1)).mean())


def test_page_that_is_not_placed__is_coarse_until_the_whole_page_is_asked_for(deck, send, pages, operator):
    send(stacks.as_pdf(stacks.foreign_page()))
    page_id = pages()[0].id
    for name in ("image.jpg", "original"):
        coarse = picture(operator.get(f"/pages/{page_id}/{name}"))
        asked = operator.get(f"/pages/{page_id}/{name}?whole=1")
        assert asked.headers["Cache-Control"] == "no-store"
        assert bars(picture(asked)) > 2 * bars(coarse)
    said = operator.get(f"/pages/{page_id}").get_data(as_text=True)
    assert "显示整页" in said
    assert f"/pages/{page_id}?whole=1" in said
    assert "重新遮盖" in operator.get(f"/pages/{page_id}?whole=1").get_data(as_text=True)


@pytest.mark.parametrize("who", ["office_user", "scrutineer"])
def test_page_that_is_not_placed__stays_coarse_for_who_neither_scans_nor_transcribes(deck, send, pages, request, who):
    person = request.getfixturevalue(who)
    send(stacks.as_pdf(stacks.foreign_page()))
    page_id = pages()[0].id
    for name in ("image.jpg", "original"):
        assert person.get(f"/pages/{page_id}/{name}?whole=1").status_code == 403
    assert person.get(f"/pages/{page_id}/image.jpg").status_code == 200
    said = person.get(f"/pages/{page_id}?whole=1").get_data(as_text=True)
    assert "whole=1" not in said.partition('id="main"')[2]
    assert "重新遮盖" not in said


def test_sheet_that_was_never_issued__is_placed_and_covered_all_the_same(office, deck, send, pages, operator):
    with office.db.begin() as session:
        session.query(IssuedSheet).delete()
    layout = layout_of(office)
    region = layout.pages[0].regions[0]
    grey = np.array(deck.image(0))
    scale = grey.shape[1] / 210
    grey[round((region.y + 10) * scale) : round((region.y + 30) * scale), round(40 * scale) : round(150 * scale)] = 20
    send(stacks.as_pdf(stacks.Image.fromarray(grey)))
    (page,) = pages()
    assert page.tray == "not-issued"
    for whole in ("", "?whole=1"):
        image = picture(operator.get(f"/pages/{page.id}/image.jpg{whole}"))
        assert ink(image, region.x, region.y, region.w, region.h, 8) == 0
        original = picture(operator.get(f"/pages/{page.id}/original{whole}"))
        assert ink(original, 45, region.y + 12, 100, 16, original.shape[1] / 210) == 0
    assert "显示整页" not in operator.get(f"/pages/{page.id}").get_data(as_text=True)


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
        session.merge(pages()[0]).reading_id = None  # as after "read again"
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
