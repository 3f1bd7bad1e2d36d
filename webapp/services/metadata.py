"""Takes out of a scanned file what tells of its making: who, when, where, with what. The picture stays bit for bit.

JPEG and PNG lose their text and EXIF parts (which way is up, and the resolution, stay), TIFF has its texts overwritten
where they stand, PDF loses its information, XMP, attachments and what is in its JPEGs. A file that can't be parsed is
left as it is: the reader names what is wrong with it.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

Data = TypeVar("Data", bytes, memoryview)
ORIENTATION, RESOLUTION = 274, (282, 283, 296)
KEPT_EXIF = (ORIENTATION, *RESOLUTION)
PNG_DROPPED = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
# of TIFF: texts on the picture, the camera, the program, the time, persons, the computer; XMP, IPTC, Photoshop
TIFF_DROPPED = {269, 270, 271, 272, 285, 305, 306, 315, 316, 700, 33432, 33723, 34377, 37724, 40091, 40092, 40093,
                40094, 40095, 42016, 50341}  # fmt: skip
TIFF_FOLDERS = {34665, 34853, 40965}  # EXIF, GPS, interoperability: tables of their own
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
PDF_DROPPED = ("/Metadata", "/PieceInfo", "/LastModified", "/AF")
MOST_FOLDERS = 100_000  # a TIFF whose tables lead in a circle ends here


def strip(path: Path) -> bytes | None:
    """Return the file without what tells of its making; None where nothing is to be taken out."""
    with path.open("rb") as file:
        head = file.read(1024)
    try:
        if b"%PDF-" in head:
            return _pdf(path)
        data = path.read_bytes()
        kept = _picture(data, head)
    except (ValueError, IndexError, struct.error, OSError, SyntaxError, OverflowError):  # a broken file: see above
        return None
    return None if kept is None or kept == data else kept


def _picture(data: bytes, head: bytes) -> bytes | None:
    if head.startswith(b"\xff\xd8\xff"):
        return jpeg(data)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return _tiff(data)
    return None


def jpeg(data: bytes) -> bytes:
    """Return a JPEG without EXIF, XMP, IPTC and comments. Raises ValueError where it is none."""
    if not any(_tells(marker, segment) for marker, segment in _segments(memoryview(data))):
        return data  # most of a scanner's pages: nothing is copied
    kept = [segment for marker, segment in _segments(data) if not _tells(marker, segment)]
    exif = _exif(data)
    first = b"" if exif is None else b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    return data[:2] + first + b"".join(kept)


def _tells(marker: int, segment: bytes | memoryview) -> bool:
    """Tell whether a segment is not needed to see the picture. JFIF, colour profiles and Adobe's colours are."""
    needed = marker in (0xE0, 0xEE) or (marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0")
    return not needed and (0xE1 <= marker <= 0xEF or marker == 0xFE)


def _segments(data: Data) -> Iterator[tuple[int, Data]]:
    """Yield the marker and the bytes of each segment before the picture, then the picture with all behind it."""
    place = 2
    while True:
        if data[place] != 0xFF:
            raise ValueError("no marker")
        marker = data[place + 1]
        if marker == 0xDA:
            yield marker, data[place:]
            return
        if marker == 0xFF:
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if length < 2 or place + 2 + length > len(data):
            raise ValueError("a segment is longer than the file")
        yield marker, data[place : place + 2 + length]
        place += 2 + length


def _exif(data: bytes) -> bytes | None:
    """Return an EXIF part that holds the way up and the resolution alone; None where the picture says neither."""
    with Image.open(io.BytesIO(data)) as image:
        found = image.getexif()
    kept = Image.Exif()
    for tag in KEPT_EXIF:
        if tag in found and not (tag == ORIENTATION and found[tag] == 1):
            kept[tag] = found[tag]
    return kept.tobytes() if kept else None


def _png(data: bytes) -> bytes:
    parts, place = [data[:8]], 8
    exif = b""
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name = data[place + 4 : place + 8]
        chunk = data[place : place + 12 + length]
        if len(chunk) != 12 + length:
            raise ValueError("a chunk is longer than the file")
        if name == b"eXIf":
            exif = _png_exif(data)
            parts += [exif] if exif else []
        elif name not in PNG_DROPPED:
            parts.append(chunk)
        place += 12 + length
        if name == b"IEND":
            break
    return b"".join(parts)


def _png_exif(data: bytes) -> bytes:
    exif = _exif(data)
    if exif is None:
        return b""
    body = b"eXIf" + exif.removeprefix(b"Exif\0\0")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _tiff(data: bytes) -> bytes:
    """Overwrite the texts of a TIFF where they stand: nothing moves, so no picture can be harmed."""
    out = bytearray(data)
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    (place,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    seen: set[int] = set()
    while place and place not in seen and len(seen) < MOST_FOLDERS:
        seen.add(place)
        place = _tiff_folder(out, place, order, big, whole=False)
    return bytes(out)


def _tiff_folder(out: bytearray, place: int, order: str, big: bool, *, whole: bool) -> int:
    """Empty what tells in one table (all of it with ``whole``). Returns where the next table begins."""
    wide, size = ("Q", 20) if big else ("I", 12)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), out, place)
    first = place + (8 if big else 2)
    for entry in range(first, first + size * count, size):
        tag, kind = struct.unpack_from(order + "HH", out, entry)
        (number,) = struct.unpack_from(order + wide, out, entry + 4)
        field = entry + (12 if big else 8)
        length = number * TYPE_BYTES.get(kind, 1)
        inside = length <= (8 if big else 4)
        value = field if inside else struct.unpack_from(order + wide, out, field)[0]
        if tag in TIFF_FOLDERS and not whole:
            (target,) = struct.unpack_from(order + wide, out, field)
            _tiff_folder(out, target, order, big, whole=True)
        elif whole or tag in TIFF_DROPPED:
            if value + length > len(out):
                raise ValueError("a value lies behind the file")
            out[value : value + length] = bytes(length)
    (following,) = struct.unpack_from(order + wide, out, first + size * count)
    return int(following)


def _pdf(path: Path) -> bytes | None:
    import pikepdf  # here: pictures need no PDF library

    try:
        with pikepdf.open(path) as pdf:
            pages = len(pdf.pages)
            if not _empty_pdf(pdf):
                return None
            file = io.BytesIO()
            pdf.save(file, deterministic_id=True, compress_streams=False)
        with pikepdf.open(io.BytesIO(file.getvalue())) as again:
            return file.getvalue() if len(again.pages) == pages else None
    except (pikepdf.PdfError, pikepdf.PasswordError):  # the reader says so
        return None


def _empty_pdf(pdf: Any) -> bool:
    """Take out of an open PDF what tells of its making. Tells whether there was anything."""
    import pikepdf

    told = "/Info" in pdf.trailer
    if told:
        del pdf.trailer["/Info"]
    names = pdf.Root.get("/Names")
    if names is not None and "/EmbeddedFiles" in names:
        del names["/EmbeddedFiles"]
        told = True
    for each in pdf.objects:
        if not isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            continue
        for name in PDF_DROPPED:
            if name in each:
                del each[name]
                told = True
        if isinstance(each, pikepdf.Stream) and each.get("/Filter") == pikepdf.Name.DCTDecode:
            told = _empty_jpeg(each) or told
    return told


def _empty_jpeg(stream: Any) -> bool:
    raw = stream.read_raw_bytes()
    try:
        kept = jpeg(raw)
    except (ValueError, IndexError, struct.error, OSError, SyntaxError):  # a broken picture: its page will say so
        return False
    if kept == raw:
        return False
    stream.write(kept, filter=stream["/Filter"], decode_parms=stream.get("/DecodeParms"))
    return True
