"""Who reads and who writes a paper of the shelf."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.errors import Forbidden
from webapp.rights import SCHOOL_ROLES, Right
from webapp.services import closed, shelf_steps
from webapp.services.paper_kind import PaperKind, Target
from webapp.services.rights import Standing


def check_reader(session: Session, held: Standing, kind: PaperKind, target: Target) -> None:
    """Raise Forbidden for who may not read a paper: without the right, before closing, or from above level 2."""
    if not may_list(session, held, kind, target):
        raise Forbidden("error-403")
    if kind.needs_closing and target.meeting_id is not None and not closed.may(session, held, target.meeting_id):
        raise Forbidden("results-closed")


def may_list(session: Session, held: Standing, kind: PaperKind, target: Target) -> bool:
    """Tell whether a person may know of a paper and read it once its count is closed."""
    if kind.retained(session, target):
        held = local(held, target.unit_id)
    writes, examines = who(session, held, kind, target)
    return writes or examines or any(held.may(right, target.unit_id) for right in kind.readers)


def who(session: Session, held: Standing, kind: PaperKind, target: Target) -> tuple[bool, bool]:
    """Tell whether a person writes a paper and whether he examines it."""
    above = shelf_steps.examiner_unit(session, target)
    return held.may(kind.right, target.unit_id), kind.examined and held.may(Right.EXAMINE_PAPERS, above)


def local(held: Standing, unit_id: int | None) -> Standing:
    """Return what a person holds over a unit by roles that are not of the school alone."""
    roles = held.roles_at(unit_id) - SCHOOL_ROLES
    return Standing(tuple(each for each in held.grants if each[0] in roles), held.parents)
