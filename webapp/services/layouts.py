"""The layouts that were ever printed, by digest: read once a process, for they never change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from sqlalchemy import func, select

from forms.layout import Layout
from webapp import models
from webapp.office import Office


class Shelf(Mapping[str, Layout]):
    """All layouts of one database. A layout is parsed when it is first asked for."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._known: dict[str, Layout] = {}

    def __getitem__(self, digest: str) -> Layout:
        if digest not in self._known:
            with self._office.db.read() as session:
                row = session.get(models.Layout, digest)
            if row is None:
                raise KeyError(digest)
            self._known[digest] = Layout.loads(row.source)
        return self._known[digest]

    def __iter__(self) -> Iterator[str]:
        with self._office.db.read() as session:
            return iter(session.scalars(select(models.Layout.digest).order_by(models.Layout.created_at)).all())

    def __len__(self) -> int:
        with self._office.db.read() as session:
            return session.scalar(select(func.count()).select_from(models.Layout)) or 0


@lru_cache(maxsize=4)
def shelf(office: Office) -> Shelf:
    """Return the shelf of an office, the same one each time."""
    return Shelf(office)
