"""The layouts that were ever printed: read once a process, for they never change."""

from __future__ import annotations

import threading
from functools import lru_cache

from sqlalchemy import select

from forms.layout import Layout
from omr.reader import Reader
from omr.settings import ReaderSettings
from webapp import models
from webapp.office import Office


@lru_cache(maxsize=256)
def parse(source: str) -> Layout:
    """Return the layout of a row's text."""
    return Layout.loads(source)


class Shelf:
    """Every layout of one database, and the reader that knows them all."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._layouts: dict[str, Layout] = {}
        self._reader = Reader({}, settings)
        self._lock = threading.Lock()

    def reader(self, office: Office) -> Reader:
        """Return the reader, made anew where sheets were printed since."""
        with self._lock, office.db.read() as session:
            missing = set(session.scalars(select(models.Layout.digest))) - set(self._layouts)
            if missing:
                rows = session.scalars(select(models.Layout).where(models.Layout.digest.in_(missing)))
                self._layouts = self._layouts | {row.digest: Layout.loads(row.source) for row in rows}
                self._reader = Reader(self._layouts, self._settings)
            return self._reader


@lru_cache(maxsize=4)
def _shelf(url: str, settings: ReaderSettings) -> Shelf:
    return Shelf(settings)


def reader(office: Office, settings: ReaderSettings) -> Reader:
    """Return the reader of an office, the same one as long as no new layout was printed."""
    return _shelf(office.settings.url, settings).reader(office)
