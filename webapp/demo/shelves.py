"""Papers of the demonstration: what is left empty is written, who has to examine does, and the paper is fixed."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.office import Office
from webapp.services import paper_kinds, shelf, shelf_steps
from webapp.services.paper_kind import Target


def fix(
    office: Office, key: str, target: Target, *, by: int, examiner: int = 0, texts: Mapping[str, str] | None = None
) -> None:
    """Write a paper, have it examined where it has to be, and fix it. Raises what the shelf raises."""
    kind = paper_kinds.get(key)
    with office.db.begin() as session:
        if texts:
            shelf.save(session, kind, target, texts, user_id=by)
        if kind.examined:
            shelf_steps.hand_in(session, kind, target, user_id=by, url="/")
            shelf_steps.examine(session, kind, target, user_id=examiner, url="/")
        shelf_steps.fix(session, kind, target, user_id=by)
