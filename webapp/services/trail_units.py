"""Whose a deed is: the unit of the meeting that an audited row belongs to, found along its columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from webapp.models import (
    Base,
    Batch,
    DeadlineOrder,
    Exemplar,
    IssuedSheet,
    Meeting,
    MergeDeed,
    MergedOpinion,
    Page,
    PrintRun,
    Remedy,
    Scan,
    ShelfPaper,
    Submission,
    Unit,
)

# a column → the row it names; the first that is set leads on
STEPS: dict[str, Any] = {
    "meeting_id": Meeting,
    "print_run_id": PrintRun,
    "page_id": Page,
    "scan_id": Scan,
    "batch_id": Batch,
    "sheet": IssuedSheet,
    "paper_id": ShelfPaper,
    "deed_id": MergeDeed,
    "merged_id": MergedOpinion,
    "remedy_id": Remedy,
    "order_id": DeadlineOrder,
    "exemplar_id": Exemplar,
    "submission_id": Submission,
}
HELD = "pingyi-trail-steps"  # in Session.info: a session lets go of rows nobody holds, and would ask for each again
MODELS: dict[str, Any] = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}


def of_row(session: Session, row: Any) -> int | None:
    """Return the unit of a row, None where it is of the whole school."""
    while row is not None:
        if isinstance(row, Unit):
            return row.id
        unit_id: int | None = getattr(row, "unit_id", None)
        if unit_id is not None:
            return unit_id
        found = next(((model, name) for name, model in STEPS.items() if getattr(row, name, None)), None)
        row = session.get(found[0], getattr(row, found[1])) if found else None
        session.info.setdefault(HELD, set()).add(row)
    return None


def of_name(session: Session, name: str) -> int | None:
    """Return the unit of ``table:key``, None where it is of the whole school or names no row."""
    table, _, key = name.partition(":")
    model = MODELS.get(table)
    if model is None or not key.isdigit():
        return None
    return of_row(session, session.get(model, int(key)))
