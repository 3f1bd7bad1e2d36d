"""What a file tells of its making goes; the picture stays bit for bit."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pikepdf
import pytest
import stacks
from PIL import Image, PngImagePlugin
from sqlalchemy import select

from omr.stack import open_page
from webapp.models import Page, Scan, StrippedFile
from webapp.services import intake, metadata

SECRET = "ZHANGSAN-iPhone"


def exif(orientation: int = 6) -> bytes:
    """EXIF of a telephone: who, with what, where, and which way is up."""
    value = Image.Exif()
    value[274], value[271], value[315], value[305] = orientation, SECRET, SECRET, SECRET
    value[282], value[283], value[296] = 200.0, 200.0, 2
    value.get_ifd(34853)[1] = "N"
    return value.tobytes()


def jpeg() -> bytes:
    stream = io.BytesIO()
    xmp = f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode()
    stacks.foreign_page().save(stream, "JPEG", quality=80, exif=exif(), comment=SECRET.encode(), xmp=xmp)
    return stream.getvalue()


def png() -> bytes:
    stream, told = io.BytesIO(), PngImagePlugin.PngInfo()
    told.add_text("Author", SECRET)
    told.add_itxt("XML:com.adobe.xmp", SECRET)
    stacks.foreign_page().save(stream, "PNG", pnginfo=told, exif=exif(), dpi=(200, 200))
    return stream.getvalue()


def tiff() -> bytes:
    stream = io.BytesIO()
    pages = [stacks.foreign_page(), stacks.blank_page()]
    told = {270: SECRET, 271: SECRET, 305: SECRET, 306: "2011:07:15 15:30:00", 315: SECRET, 316: SECRET}
    pages[0].save(
        stream, "TIFF", save_all=True, append_images=pages[1:], tiffinfo=told, dpi=(200, 200), compression="tiff_lzw"
    )
    return stream.getvalue()


def pdf() -> bytes:
    with pikepdf.open(io.BytesIO(stacks.as_pdf(stacks.foreign_page()))) as file:
        (image,) = file.pages[0].get_images().values()
        image.write(jpeg(), filter=pikepdf.Name.DCTDecode)
        image["/Metadata"] = file.make_stream(SECRET.encode())
        file.docinfo["/Author"] = SECRET
        with file.open_metadata() as told:
            told["dc:creator"] = [SECRET]
        file.attachments["note.txt"] = SECRET.encode()
        return stacks.saved(file, compress_streams=False)


KINDS = {"jpeg": jpeg, "png": png, "tiff": tiff, "pdf": pdf}


@pytest.fixture(params=KINDS)
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that tells of its making."""
    path = tmp_path / "original"
    path.write_bytes(KINDS[request.param]())
    assert SECRET.encode() in path.read_bytes()
    return path


def test_file__tells_nothing_afterwards_and_shows_the_same(told: Path, tmp_path: Path) -> None:
    content = metadata.strip(told)
    assert content is not None
    kept = tmp_path / "kept"
    kept.write_bytes(content)
    assert SECRET.encode() not in content
    assert b"2011:07:15" not in content
    assert np.array_equal(open_page(told, 1), open_page(kept, 1))
    assert metadata.strip(kept) is None, "what is kept is stripped once and for all"


def test_every_page_of_a_tiff__stays(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(tiff())
    with Image.open(io.BytesIO(metadata.strip(path) or b"")) as kept, Image.open(path) as original:
        assert kept.n_frames == original.n_frames == 2
        kept.seek(1)
        original.seek(1)
        assert kept.tobytes() == original.tobytes()
        assert kept.info["dpi"] == original.info["dpi"]


def test_way_up_and_resolution__stay(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(jpeg())
    with Image.open(io.BytesIO(metadata.strip(path) or b"")) as kept:
        assert kept.getexif()[274] == 6
        assert float(kept.getexif()[282]) == 200.0
        assert set(kept.getexif()) <= {274, 282, 283, 296}


def test_file_that_tells_nothing__is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "original"
    stacks.foreign_page().save(path, "PNG")
    assert metadata.strip(path) is None


@pytest.mark.parametrize("kind", KINDS)
def test_file_cut_short__is_left_to_the_reader(kind: str, tmp_path: Path) -> None:
    whole = KINDS[kind]()
    path = tmp_path / "original"
    for size in (3, 9, 40, 300, len(whole) // 2):
        path.write_bytes(whole[:size])
        kept = metadata.strip(path)  # whatever comes of it, nothing is raised, and nothing is made up
        assert kept is None or len(kept) <= size
        assert path.read_bytes() == whole[:size]


def test_locked_pdf__is_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(stacks.encrypted())
    assert metadata.strip(path) is None


def test_tiff_whose_tables_lead_in_a_circle__ends(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0) + struct.pack("<I", 8))
    assert metadata.strip(path) is None


def test_chunk_that_lies_about_its_length__is_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 1 << 31) + b"tEXt" + struct.pack(">I", zlib.crc32(b"")))
    assert metadata.strip(path) is None


def receive(office, content: bytes):
    """Take a file in; its job runs at once."""
    return intake.receive(office, io.BytesIO(content), "scan", user_id=None, origin="inbox")


def test_original__is_kept_stripped_under_the_digest_of_what_is_kept(office, told: Path) -> None:
    receive(office, told.read_bytes())
    stored = [path for path in office.storage.folder.rglob("*") if path.is_file()]
    with office.db.read() as session:
        (scan,) = session.scalars(select(Scan))
        assert session.scalars(select(StrippedFile.kept)).one() == scan.sha256
        assert session.scalars(select(Page)).all()
    assert [path.name for path in stored] == [scan.sha256], "what came in is gone"
    assert SECRET.encode() not in stored[0].read_bytes()
    assert scan.bytes == stored[0].stat().st_size


def test_same_file_again__is_a_duplicate_of_what_was_kept(office, told: Path) -> None:
    first = receive(office, told.read_bytes())
    again = receive(office, told.read_bytes())
    assert again.duplicate_of == first.scan_id
    assert len([path for path in office.storage.folder.rglob("*") if path.is_file()]) == 1
