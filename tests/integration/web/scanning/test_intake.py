"""Files come in: kept, counted once, opened; or told what is wrong with them."""

from __future__ import annotations

import errno
import io
import os
import socket
import threading
import time

import pikepdf
import pytest
import stacks
from sqlalchemy import func, select
from waitress import create_server

from forms.messages import say
from omr.errors import MESSAGES as READER_MESSAGES
from webapp import create_app
from webapp.errors import Busy, Conflict, InvalidInput, NotFound
from webapp.models import Batch, Page, Scan, User
from webapp.services import intake


def kept_files(office) -> list[str]:
    folder = office.storage.folder
    return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def rows(office, model) -> int:
    with office.db.read() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_file_comes_in__is_kept_and_every_page_counts(office, deck, send, pages, scan_row):
    done = send(deck.scan.read_bytes(), "扫描_0715_01.pdf")
    assert kept_files(office) == [done.sha256]
    scan = scan_row(done.scan_id)
    assert (scan.state, scan.page_count, scan.filename) == ("read", stacks.COPIES, "扫描_0715_01.pdf")
    found = pages(done.scan_id)
    assert [(p.index, p.state, p.standing, p.doubts, p.sheet) for p in found] == [
        (n + 1, "read", "counts", 0, sheet) for n, sheet in enumerate(deck.sheets)
    ]


def test_same_file_twice__is_named_and_not_read(office, deck, send, pages, scan_row):
    first = send(deck.pdf(0), "a.pdf")
    second = send(deck.pdf(0), "b.pdf")
    assert (second.duplicate_of, second.first_batch, second.first_name) == (first.scan_id, first.batch_id, "a.pdf")
    assert scan_row(second.scan_id).state == "duplicate"
    assert pages(second.scan_id) == []
    assert len(kept_files(office)) == 1


def test_file_of_a_withdrawn_batch_again__is_read(office, deck, send, pages):
    first = send(deck.pdf(0))
    intake.withdraw(office, first.batch_id, why="纸放反了", user_id=1)
    second = send(deck.pdf(0))
    assert second.duplicate_of is None
    assert [page.standing for page in pages()] == ["withdrawn", "counts"]


def test_duplicate_whose_first_is_withdrawn__is_read_on_retry(office, deck, send, pages):
    first, second = send(deck.pdf(0)), send(deck.pdf(0))
    with pytest.raises(Conflict, match="nothing-to-retry"):
        intake.retry_scan(office, second.scan_id)
    intake.withdraw(office, first.batch_id, why="重新扫描", user_id=1)
    intake.retry_scan(office, second.scan_id)
    assert [page.standing for page in pages(second.scan_id)] == ["counts"]


BROKEN = {
    "empty": (b"", "empty-file"),
    "text named pdf": (b"name,score\nA,1\n", "not-an-image"),
    "encrypted": (stacks.encrypted(), "encrypted"),
    "bomb of 40,000 px": (stacks.bomb(), "too-many-pixels"),
    "head of a pdf only": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "damaged"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_file_that_cannot_be_opened__is_named_with_its_remedy_and_kept(case, office, deck, send, scan_row, operator):
    data, code = BROKEN[case]
    done = send(data, "补扫.pdf")
    scan = scan_row(done.scan_id)
    assert (scan.state, scan.problem) == ("problem", code)
    assert kept_files(office) == [done.sha256]
    good = send(deck.pdf(1), "good.pdf")
    assert scan_row(good.scan_id).state == "read"
    for language in ("zh", "en"):
        operator.get(f"/language/{language}")
        page = operator.get(f"/meetings/{deck.meeting_id}/scan").get_data(as_text=True)
        assert say(READER_MESSAGES, code, language, **scan.problem_params).split("{")[0][:20] in page


def test_unreadable_file_again__is_tried_anew_and_told_the_same(send, scan_row):
    first, second = send(stacks.encrypted(), "a.pdf"), send(stacks.encrypted(), "b.pdf")
    with_other_salt = first.sha256 != second.sha256
    assert with_other_salt or second.duplicate_of is None
    assert scan_row(second.scan_id).problem == "encrypted"


def test_truncated_pdf__pages_before_the_break_are_read(office, deck, send, pages, scan_row):
    whole = deck.scan.read_bytes()
    done = send(whole[: int(len(whole) * 0.7)], "half.pdf")
    scan, found = scan_row(done.scan_id), pages(done.scan_id)
    read = [page for page in found if page.state == "read"]
    assert read or scan.problem == "damaged"
    assert all(page.state == "read" or page.tray == "damaged" for page in found)
    assert {page.sheet for page in read} <= set(deck.sheets)
    assert len({page.sheet for page in read}) == len(read)


def test_file_with_too_many_pages__is_refused_with_both_numbers(office, deck, send, scan_row):
    tight = office.settings.model_copy(update={"max_pages": 2})
    small = type(office)(tight, office.db, office.storage, office.bell)
    office.bell.office = small
    done = intake.receive(small, io.BytesIO(deck.scan.read_bytes()), "long.pdf", user_id=1, origin="upload")
    scan = scan_row(done.scan_id)
    assert (scan.problem, scan.problem_params) == ("too-many-pages", {"pages": 5, "limit": 2})


def test_retry_after_the_limit_was_raised__reads_the_kept_original(office, deck, send, pages):
    tight = office.settings.model_copy(update={"max_pages": 2})
    office.bell.office = type(office)(tight, office.db, office.storage, office.bell)
    done = send(deck.scan.read_bytes())
    assert pages(done.scan_id) == []
    office.bell.office = office
    intake.retry_scan(office, done.scan_id)
    assert len(pages(done.scan_id)) == stacks.COPIES


def test_file_over_the_limit__nothing_is_kept(office, send):
    tight = office.settings.model_copy(update={"max_upload_mb": 1})
    small = type(office)(tight, office.db, office.storage, office.bell)
    with pytest.raises(InvalidInput, match="file-too-large"):
        intake.receive(small, io.BytesIO(b"%PDF-" + bytes(2 << 20)), "big.pdf", user_id=1, origin="upload")
    assert kept_files(office) == []
    assert rows(office, Scan) == 0


def test_disk_full__says_so_and_keeps_nothing_half(office, deck, send, monkeypatch, operator):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Busy, match="disk-full"):
            send(deck.pdf(0))
        for language, words in (("zh", "磁盘已满"), ("en", "disk is full")):
            operator.get(f"/language/{language}")
            answer = operator.post(
                f"/meetings/{deck.meeting_id}/upload",
                {"file": (io.BytesIO(deck.pdf(0)), "a.pdf")},
                headers={"Accept": "application/json"},
            )
            assert answer.status_code == 503
            assert words in answer.get_json()["message"]
    assert kept_files(office) == []
    assert (rows(office, Scan), rows(office, Batch)) == (0, 0)
    assert send(deck.pdf(0)).duplicate_of is None


def test_too_little_space_left__is_refused_before_it_is_written(office, deck, send, monkeypatch):
    monkeypatch.setattr(type(office.storage), "free_bytes", lambda _self: 5 << 20)
    with pytest.raises(Busy, match="disk-full") as caught:
        send(deck.pdf(0))
    assert caught.value.params == {"free_mb": 5}


def test_stream_that_breaks__keeps_nothing(office):
    class Broken(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(1000)

    with pytest.raises(ConnectionResetError):
        intake.receive(office, Broken(bytes(5000)), "a.pdf", user_id=1, origin="upload")
    assert kept_files(office) == []


def test_browser_closed_during_an_upload__nothing_is_kept(office, settings, deck, operator):
    """A real server, a socket cut in the middle of the body."""
    server = create_server(create_app(settings), host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    cookies = "; ".join(f"{c.key}={c.value}" for c in operator.client._cookies.values())
    head = (
        f"POST /meetings/{deck.meeting_id}/upload HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n"
        "Content-Type: multipart/form-data; boundary=xx\r\nContent-Length: 5000000\r\n\r\n"
        '--xx\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7 '
    )
    with socket.create_connection(("127.0.0.1", server.effective_port)) as connection:
        connection.sendall(head.encode() + bytes(100_000))
    time.sleep(0.3)
    with socket.create_connection(("127.0.0.1", server.effective_port)) as connection:
        connection.sendall(b"GET /sign-in HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.0 200")  # the server has seen the end of the first and lives
    assert kept_files(office) == []
    assert rows(office, Scan) == 0


def test_files_of_one_drop__share_a_batch(deck, send):
    first = send(deck.pdf(0), "a.pdf")
    second = send(deck.pdf(1), "b.pdf", batch_id=first.batch_id)
    assert second.batch_id == first.batch_id


def test_batch_of_another_person__is_not_joined(office, deck, send):
    with office.db.begin() as session:
        session.add(User(id=99, name="b", display_name="b", password_hash="!"))
    first = send(deck.pdf(0))
    assert send(deck.pdf(1), user_id=99, batch_id=first.batch_id).batch_id != first.batch_id


def test_withdrawn_batch__counts_nowhere_and_can_be_taken_back(office, deck, send, pages, scan_row):
    done = send(deck.scan.read_bytes())
    assert intake.withdraw(office, done.batch_id, why="错放了别的单位", user_id=1) == stacks.COPIES
    assert {page.standing for page in pages()} == {"withdrawn"}
    assert office.storage.path(scan_row(done.scan_id).sha256).exists()
    with pytest.raises(Conflict, match="batch-already-so"):
        intake.withdraw(office, done.batch_id, why="again", user_id=1)
    assert intake.take_back(office, done.batch_id) == stacks.COPIES
    assert {page.standing for page in pages()} == {"counts"}


def test_withdrawing_without_a_reason__is_refused(office, deck, send):
    done = send(deck.pdf(0))
    with pytest.raises(InvalidInput, match="withdraw-needs-reason"):
        intake.withdraw(office, done.batch_id, why="  ", user_id=1)


def test_batch_that_is_not_there__is_not_found(office):
    with pytest.raises(NotFound):
        intake.withdraw(office, 12345, why="x", user_id=1)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("扫描 01.pdf", "扫描 01.pdf"),
        (r"C:\scans\a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("", "scan"),
        ("x" * 400 + ".tiff", "x" * 180 + "…" + "x" * 14 + ".tiff"),
    ],
)
def test_name_of_a_file__is_cleaned(given, kept):
    assert intake.clean_name(given) == kept


def test_pdf_of_a_drawn_empty_page__lies_in_the_tray_of_blank_pages(send, pages):
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        data = stacks.saved(pdf)
    done = send(data)
    assert [(page.state, page.tray) for page in pages(done.scan_id)] == [("tray", "blank-page")]


def test_upload_by_a_plain_form__goes_back_to_the_page(operator, deck, office):
    answer = operator.post(
        f"/meetings/{deck.meeting_id}/upload",
        {"file": [(io.BytesIO(deck.pdf(0)), "a.pdf"), (io.BytesIO(deck.pdf(1)), "b.pdf")]},
    )
    assert answer.status_code == 302
    assert rows(office, Scan) == 2
    assert rows(office, Batch) == 1
    assert rows(office, Page) == 2


def test_upload_without_a_file__says_so(operator, deck):
    answer = operator.post(f"/meetings/{deck.meeting_id}/upload", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "no-file")
