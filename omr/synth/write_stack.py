"""Writes the delivered images: one PDF, one multi-page TIFF, or a folder of files. One page in memory at a time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, Protocol

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from omr.synth.arrays import Grey

_TIFF = {"g4": "group4", "lzw": "tiff_lzw", "jpeg": "jpeg"}


class Stack(Protocol):
    """Where pages go. ``add`` returns the name of the file that holds the page."""

    def add(self, image: Grey, dpi: int, jpeg: int, bilevel: bool) -> str: ...

    def close(self) -> None: ...


def open_stack(path: Path, codec: str = "jpeg") -> Stack:
    """Open a stack for writing: by suffix ``.pdf``, ``.tif``/``.tiff``, else a folder of ``.jpg`` or ``.png`` files.

    ``codec`` is ``jpeg``, ``lzw``, ``g4`` or ``png``. Bilevel pages of PDF and TIFF are always G4. Raises ValueError.
    """
    suffix = path.suffix.lower()
    if suffix == ".pdf" and codec in ("jpeg", "g4"):
        return PdfStack(path, codec)
    if suffix in (".tif", ".tiff") and codec in _TIFF:
        return TiffStack(path, codec)
    if not suffix and codec in ("jpeg", "png"):
        return FolderStack(path, "jpg" if codec == "jpeg" else "png")
    raise ValueError(f"no stack of kind {suffix or 'folder'} with {codec}")


class FolderStack:
    """A folder of ``page-0001.jpg``, ``page-0002.jpg`` and so on."""

    def __init__(self, path: Path, suffix: str):
        self._path, self._suffix, self._count = path, suffix, 0
        path.mkdir(parents=True, exist_ok=True)

    def add(self, image: Grey, dpi: int, jpeg: int, bilevel: bool) -> str:
        self._count += 1
        name = f"page-{self._count:04d}.{self._suffix}"
        picture = (
            Image.fromarray(image).convert("1", dither=Image.Dither.NONE) if bilevel and self._suffix == "png" else None
        )
        if picture is not None:
            picture.save(self._path / name, dpi=(dpi, dpi))
        else:
            data = _jpeg(image, jpeg, dpi) if self._suffix == "jpg" else _png(image, dpi)
            (self._path / name).write_bytes(data)
        return name

    def close(self) -> None:
        """Nothing stays open."""


class TiffStack:
    """One TIFF, a frame a page, as network scanners write it."""

    def __init__(self, path: Path, codec: str):
        self._name, self._codec = path.name, codec
        self._file = TiffImagePlugin.AppendingTiffWriter(str(path), new=True)

    def add(self, image: Grey, dpi: int, jpeg: int, bilevel: bool) -> str:
        flat = bilevel or self._codec == "g4"
        picture = _bilevel(image) if flat else Image.fromarray(image)
        quality = {"quality": jpeg} if self._codec == "jpeg" and not flat else {}
        picture.save(
            self._file, format="TIFF", compression=_TIFF["g4" if flat else self._codec], dpi=(dpi, dpi), **quality
        )
        self._file.newFrame()
        return self._name

    def close(self) -> None:
        self._file.close()


class PdfStack:
    """A PDF with one image a page, as scanners write it: objects go out one by one, the table of them at the end."""

    def __init__(self, path: Path, codec: str):
        self._name, self._codec = path.name, codec
        self._file: BinaryIO = path.open("wb")
        self._offsets: dict[int, int] = {}
        self._pages: list[int] = []
        self._file.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    def add(self, image: Grey, dpi: int, jpeg: int, bilevel: bool) -> str:
        height, width = image.shape
        if bilevel or self._codec == "g4":
            data = _g4(image)
            how = (
                f"/BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns {width} /Rows {height} >>"
            )
        else:
            data = _jpeg(image, jpeg, dpi)
            how = "/BitsPerComponent 8 /Filter /DCTDecode"
        first = 3 + 3 * len(self._pages)
        wide, high = (round(side * 72 / dpi, 3) for side in (width, height))
        picture = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray {how}"
        self._stream(first, picture, data)
        self._stream(first + 1, "", f"{wide} 0 0 {high} 0 0 cm /P Do".encode())
        page = f"/Type /Page /Parent 2 0 R /MediaBox [0 0 {wide} {high}] /Contents {first + 1} 0 R"
        self._object(first + 2, f"<< {page} /Resources << /XObject << /P {first} 0 R >> >> >>".encode())
        self._pages.append(first + 2)
        return self._name

    def close(self) -> None:
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        self._object(2, f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>".encode())
        self._object(1, b"<< /Type /Catalog /Pages 2 0 R >>")
        start, count = self._file.tell(), 3 + 3 * len(self._pages)
        table = "".join(f"{self._offsets[number]:010d} 00000 n \n" for number in range(1, count))
        self._file.write(f"xref\n0 {count}\n0000000000 65535 f \n{table}".encode())
        self._file.write(f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
        self._file.close()

    def _stream(self, number: int, keys: str, data: bytes) -> None:
        self._object(number, f"<< {keys} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream")

    def _object(self, number: int, body: bytes) -> None:
        self._offsets[number] = self._file.tell()
        self._file.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")


def _jpeg(image: Grey, quality: int, dpi: int) -> bytes:
    """Return a JPEG with its resolution in the JFIF header, where OpenCV writes none."""
    data = _encoded(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if data[6:11] != b"JFIF\0":
        raise ValueError("the encoder wrote no JFIF header")
    return data[:13] + b"\x01" + dpi.to_bytes(2, "big") * 2 + data[18:]


def _png(image: Grey, dpi: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", dpi=(dpi, dpi), compress_level=1)
    return file.getvalue()


def _encoded(suffix: str, image: Grey, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise ValueError(f"the image could not be written as {suffix}")
    return np.asarray(data).tobytes()


def _bilevel(image: Grey) -> Image.Image:
    return Image.fromarray(image).convert("1", dither=Image.Dither.NONE)


def _g4(image: Grey) -> bytes:
    """Return the bare CCITT G4 data (black is 0, as PDF has it by default)."""
    file = io.BytesIO()
    picture = _bilevel(255 - image)  # Pillow writes black as 0, PDF takes the white runs of the code for paper
    rows = {TiffImagePlugin.ROWSPERSTRIP: image.shape[0]}
    picture.save(file, "TIFF", compression="group4", tiffinfo=rows)
    with Image.open(file) as written:
        tags = written.tag_v2  # type: ignore[attr-defined]  # a TIFF has it
        offsets, counts, photometric = tags[273], tags[279], tags[262]
    if len(offsets) != 1 or photometric != 1:
        raise ValueError("the G4 encoder wrote another kind of TIFF")
    return file.getvalue()[offsets[0] : offsets[0] + counts[0]]
