"""Opening a spreadsheet that somebody sent: not before it is known how much it would unpack to."""

from __future__ import annotations

import io
import zipfile

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from webapp.errors import InvalidInput

MOST_BYTES = 50 << 20  # of the file unpacked: a small one can hold a very large one


def opened(data: bytes, *, most_rows: int) -> Workbook:
    """Return a workbook to be read row by row; whoever opens it closes it. Raises InvalidInput.

    ``most_rows`` is what the message names as the most that a list may hold.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise InvalidInput("roster-too-large", most=most_rows)
        return load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise InvalidInput("roster-not-xlsx") from error
