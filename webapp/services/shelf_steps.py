"""How a paper of the shelf goes on: handed in, examined or handed back, fixed, taken up again."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput
from webapp.models import ShelfStep, ShelfVersion, Unit
from webapp.papers import codec
from webapp.rights import Right
from webapp.services import notices, shelf
from webapp.services.paper_kind import PaperKind, Target

MOST_WHY = 500


def hand_in(session: Session, kind: PaperKind, target: Target, *, user_id: int, url: str) -> None:
    """Hand a paper in to be examined one level up; who examines there is told. Raises Conflict, InvalidInput."""
    found = _writable(session, kind, target)
    if not kind.examined:
        raise Conflict("paper-not-examined-here")
    _refuse_gaps(found)
    _step(session, kind, target, shelf.HANDED_IN, user_id)
    notices.send(
        session, to=(Right.EXAMINE_PAPERS, examiner_unit(session, target)), code="notice-paper-handed-in",
        params=_named(session, kind, target), url=url, by=user_id,
    )  # fmt: skip


def examine(session: Session, kind: PaperKind, target: Target, *, user_id: int, url: str, why: str = "") -> None:
    """Say that a paper that was handed in is right (审核通过), with a remark. Raises Conflict."""
    found = _expect(session, kind, target, shelf.HANDED_IN)
    _step(session, kind, target, shelf.EXAMINED, user_id, why)
    params = _named(session, kind, target)
    notices.send(session, _who_handed_in(found), code="notice-paper-examined", params=params, url=url, by=user_id)


def hand_back(session: Session, kind: PaperKind, target: Target, *, user_id: int, url: str, why: str) -> None:
    """Hand a paper back to its writers with the reason. Raises Conflict, InvalidInput."""
    found = shelf.draft(session, kind, target)
    if found.state not in (shelf.HANDED_IN, shelf.EXAMINED):
        raise Conflict("paper-not-handed-in")
    _step(session, kind, target, shelf.HANDED_BACK, user_id, _reason(why))
    params = _named(session, kind, target) | {"why": why.strip()}
    notices.send(session, _who_handed_in(found), code="notice-paper-handed-back", params=params, url=url, by=user_id)


def fix(session: Session, kind: PaperKind, target: Target, *, user_id: int, why: str = "") -> ShelfVersion:
    """Fix a paper: its value is kept as the next version. Raises Conflict where it is not ready, InvalidInput."""
    shelf.refuse_locked(session, target)
    found = shelf.draft(session, kind, target)
    if found.state != shelf.EXAMINED and (kind.examined or not found.is_open):
        raise Conflict("paper-not-examined" if kind.examined else "paper-not-open")
    _refuse_gaps(found)
    made = shelf.live(session, found, stamped=False)
    if made.stamp:  # the numbers can't be final
        raise Conflict("paper-numbers-open", stamp=made.stamp)
    row = shelf.row_of(session, kind, target)
    version = ShelfVersion(
        paper_id=row.id, number=len(found.versions) + 1, content=codec.encode(made), digest=codec.digest(made),
        why=_short(why), user_id=user_id,
    )  # fmt: skip
    session.add(version)
    _step(session, kind, target, shelf.FIXED, user_id, why)
    return version


def reopen(session: Session, kind: PaperKind, target: Target, *, user_id: int, why: str) -> None:
    """Take a paper up again that was handed in, examined or fixed; its versions stay. Raises Conflict, InvalidInput."""
    shelf.refuse_locked(session, target)
    if shelf.state(session, kind, target) in shelf.OPEN:
        raise Conflict("paper-open")
    _step(session, kind, target, shelf.REOPENED, user_id, _reason(why))


def examiner_unit(session: Session, target: Target) -> int | None:
    """Return the unit whose people examine: one level up, None for the whole school."""
    unit = session.get(Unit, target.unit_id) if target.unit_id is not None else None
    return unit.parent_id if unit and target.member_id is None else target.unit_id


def _named(session: Session, kind: PaperKind, target: Target) -> dict[str, str]:
    unit = session.get(Unit, target.unit_id) if target.unit_id is not None else None
    return {"paper": kind.title, "unit": unit.name if unit else ""}


def _writable(session: Session, kind: PaperKind, target: Target) -> shelf.Draft:
    shelf.refuse_locked(session, target)
    found = shelf.draft(session, kind, target)
    if not found.is_open:
        raise Conflict("paper-not-open")
    return found


def _expect(session: Session, kind: PaperKind, target: Target, state: str) -> shelf.Draft:
    shelf.refuse_locked(session, target)
    found = shelf.draft(session, kind, target)
    if found.state != state:
        raise Conflict("paper-not-handed-in")
    return found


def _refuse_gaps(found: shelf.Draft) -> None:
    if found.missing:
        raise InvalidInput("paper-incomplete", fields=len(found.missing))


def _who_handed_in(found: shelf.Draft) -> list[int]:
    return [step.user_id for step in found.steps if step.step == shelf.HANDED_IN][-1:]


def _step(session: Session, kind: PaperKind, target: Target, step: str, user_id: int, why: str = "") -> None:
    row = shelf.row_of(session, kind, target)
    session.add(ShelfStep(paper_id=row.id, step=step, why=_short(why), user_id=user_id))
    session.flush()


def _short(why: str) -> str:
    return why.strip()[:MOST_WHY]


def _reason(why: str) -> str:
    if not why.strip():
        raise InvalidInput("why-missing")
    return _short(why)
