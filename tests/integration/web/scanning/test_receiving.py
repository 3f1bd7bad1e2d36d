"""A file as the body of a request: a real server writes it once, and what breaks off leaves nothing."""

from __future__ import annotations

import errno
import hashlib
import http.client
import io
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import stacks
from PIL import Image
from sqlalchemy import func, select
from waitress import create_server
from waitress.server import BaseWSGIServer

from webapp import create_app, receiving
from webapp.models import Reading, Scan
from webapp.storage import Incoming


@pytest.fixture
def port(settings, office, monkeypatch) -> Iterator[int]:
    """A real server of the instance, set up as ``webapp.wsgi`` does."""
    monkeypatch.setattr(BaseWSGIServer, "channel_class", receiving.channel_class(office.storage, 100 << 20))
    server = create_server(create_app(settings), host="127.0.0.1", port=0, threads=2, recv_bytes=receiving.RECV_BYTES)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))  # in its own thread: it ends its loop
    thread.join(10)
    assert not thread.is_alive()
    server.task_dispatcher.shutdown()


@pytest.fixture
def headers(operator, deck) -> dict[str, str]:
    """What the script of the scan page sends along: the cookies and the token of a person who is signed in."""
    page = operator.get(f"/meetings/{deck.meeting_id}/scan").get_data()
    token = re.search(rb'name="csrf-token" content="([^"]+)"', page)
    assert token
    cookies = "; ".join(f"{c.key}={c.value}" for c in operator.client._cookies.values())
    return {
        "Cookie": cookies,
        "X-CSRFToken": token[1].decode(),
        "Content-Type": receiving.FILE_KIND,
        "Accept": "application/json",
    }


def kept(office) -> list[str]:
    return sorted(path.name for path in office.storage.folder.rglob("*") if path.is_file())


def post(port: int, address: str, data: bytes, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", address, data, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def count(office) -> int:
    with office.db.read() as session:
        return session.scalar(select(func.count()).select_from(Scan)) or 0


def test_file_as_the_body__is_kept_as_it_is_and_read(office, deck, port, headers, pages, scan_row):
    data = deck.scan.read_bytes()
    address = f"/meetings/{deck.meeting_id}/upload?name=%E6%89%AB%E6%8F%8F.pdf"
    status, value = post(port, address, data, headers)
    assert status == 200
    scan = scan_row(value["scan"])
    assert (scan.filename, scan.bytes, scan.state) == ("扫描.pdf", len(data), "read")
    assert kept(office) == [hashlib.sha256(data).hexdigest()]
    assert len(pages(scan.id)) == stacks.COPIES
    second = post(port, f"{address}&batch={value['batch']}", data, headers)[1]
    assert (second["batch"], second["duplicate"]) == (value["batch"], value["scan"])
    assert len(kept(office)) == 1


def test_body_without_a_sign_in_or_token__leaves_nothing(office, deck, port, headers):
    address = f"/meetings/{deck.meeting_id}/upload?name=a.pdf"
    for missing in ("Cookie", "X-CSRFToken"):
        status, _ = post(port, address, deck.pdf(0), {name: v for name, v in headers.items() if name != missing})
        assert status in (400, 401)
    deadline = time.monotonic() + 5
    while kept(office) and time.monotonic() < deadline:  # the answer is sent a moment before the request is let go
        time.sleep(0.01)
    assert (kept(office), count(office)) == ([], 0)


def test_connection_that_breaks_in_the_middle__leaves_nothing(office, deck, port, headers):
    head = f"POST /meetings/{deck.meeting_id}/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{head}\r\n".encode() + b"%PDF-1.7" + bytes(900_000))
        deadline = time.monotonic() + 10
        while not kept(office):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    while kept(office):
        assert time.monotonic() < deadline, "what half came in is still there"
        time.sleep(0.01)
    assert count(office) == 0


def test_disk_that_is_full_while_it_comes_in__is_told_and_leaves_nothing(office, deck, port, headers, monkeypatch):
    def full(_self: Incoming) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Incoming, "keep", full)
    status, value = post(port, f"/meetings/{deck.meeting_id}/upload?name=a.pdf", deck.pdf(0), headers)
    assert (status, value["code"]) == (503, "disk-full")
    assert (kept(office), count(office)) == ([], 0)


def test_fault_while_it_is_written__is_raised_when_it_is_kept(office):
    incoming = Incoming(office.storage)
    incoming._file.close()
    incoming._file = io.FileIO("/dev/full", "w")
    incoming.append(b"x" * 100)
    incoming.append(b"y" * 100)
    with pytest.raises(OSError, match="No space"):
        office.storage.put(incoming)
    assert kept(office) == []


def test_what_a_killed_server_left__is_removed_and_what_comes_in_now_is_not(office):
    old, young = Incoming(office.storage), Incoming(office.storage)
    long_ago = time.time() - 2 * receiving.ABANDONED_SECONDS
    os.utime(old._path, (long_ago, long_ago))
    receiving.prepare(office.storage)
    assert kept(office) == [young._path.name]
    young.close()


def test_body_behind_another_server__is_read_as_a_stream(operator, deck, headers, scan_row):
    own = {name: value for name, value in headers.items() if name != "Cookie"}
    answer = operator.client.post(f"/meetings/{deck.meeting_id}/upload?name=a.pdf", data=deck.pdf(0), headers=own)
    assert scan_row(answer.get_json()["scan"]).state == "read"


def test_picture_in_the_format_heic__is_refused_and_nothing_is_kept(office, deck, port, headers):
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000)
    status, value = post(port, f"/meetings/{deck.meeting_id}/upload?name=IMG_1.HEIC", heic, headers)
    assert (status, value["code"]) == (422, "heic-picture")
    assert (kept(office), count(office)) == ([], 0)


@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (6, 90), (3, 180), (8, 270)])
def test_picture_that_a_camera_took_on_its_side__is_turned_by_its_exif_and_shown_without(
    orientation, turn, operator, deck, send, pages, office
):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x8825] = {1: "N", 2: (40.0, 48.0, 0.0)}  # where it was taken
    out = io.BytesIO()
    deck.image(0).convert("RGB").rotate(turn, expand=True).save(out, "JPEG", quality=90, exif=exif)
    done = send(out.getvalue(), "IMG_1.jpg")
    (page,) = pages(done.scan_id)
    assert (page.state, page.sheet) == ("read", deck.sheets[0])
    with office.db.read() as session:
        faults = {fault["code"] for fault in page_reading(session, page.reading_id)["faults"]}
        original = office.storage.path(session.get_one(Scan, done.scan_id).sha256)
    assert "upside-down" not in faults
    with Image.open(original) as stored:
        assert set(stored.getexif()) <= {0x0112}, "the original is kept without where it was taken"
        assert stored.tobytes() == Image.open(io.BytesIO(out.getvalue())).tobytes()
    shown = operator.get(f"/pages/{page.id}/image.jpg").get_data()
    assert not Image.open(io.BytesIO(shown)).getexif()


def page_reading(session, reading_id: int) -> dict[str, object]:
    return session.get_one(Reading, reading_id).value
