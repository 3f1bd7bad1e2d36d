"""What people do when they merge opinions: each deed adds rows, and an undo takes back the last one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Meeting, MergeDeed, MergedOpinion, MergedVersion, Merging, now
from webapp.services import campaign_closing, merging
from webapp.services.merging import CATEGORIES, MEMBER, ORGANISATION, Merged, Ref

MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Said:
    """What a merged opinion says; see ``MergedVersion``."""

    text: str
    category: str = "other"
    item: int | None = None
    about: str = ORGANISATION
    subject: str = ""


def make(session: Session, meeting_id: int, refs: Iterable[Ref], said: Said, *, user_id: int) -> int:
    """Make a merged opinion of raw ones, or an empty one to put them into; returns its id. Raises as ``put``."""
    _check(said)
    found = _known(session, meeting_id, refs)
    deed = _deed(session, meeting_id, "new", user_id)
    row = MergedOpinion(meeting_id=meeting_id)
    session.add(row)
    session.flush()
    _say(session, deed, row.id, said)
    _place(session, deed, found, row.id)
    return row.id


def put(session: Session, meeting_id: int, refs: Iterable[Ref], merged_id: int, *, user_id: int) -> None:
    """Put raw opinions into a merged one. Raises NotFound, InvalidInput for none, Conflict in a closed campaign."""
    merged = one(session, meeting_id, merged_id)
    found = _known(session, meeting_id, refs, needed=True)
    _place(session, _deed(session, meeting_id, "put", user_id), found, merged.id)


def take_out(session: Session, meeting_id: int, refs: Iterable[Ref], merged_id: int | None, *, user_id: int) -> None:
    """Take raw opinions out of a merged one; None: out of those set aside. Raises as ``put``."""
    if merged_id is not None:
        one(session, meeting_id, merged_id)
    found = _known(session, meeting_id, refs, needed=True)
    deed = _deed(session, meeting_id, "take-out", user_id)
    session.add_all(Merging(deed_id=deed.id, merged_id=merged_id, source=s, key=k, put=False) for s, k in found)
    session.flush()


def set_aside(session: Session, meeting_id: int, refs: Iterable[Ref], *, user_id: int) -> None:
    """Set raw opinions aside that say nothing to merge (谢谢). Raises as ``put``."""
    found = _known(session, meeting_id, refs, needed=True)
    deed = _deed(session, meeting_id, "aside", user_id)
    session.add_all(Merging(deed_id=deed.id, merged_id=None, source=s, key=k) for s, k in found)
    session.flush()


def edit(session: Session, meeting_id: int, merged_id: int, said: Said, *, user_id: int) -> None:
    """Say a merged opinion otherwise. Raises NotFound, InvalidInput, Conflict."""
    one(session, meeting_id, merged_id)
    _check(said)
    _say(session, _deed(session, meeting_id, "edit", user_id), merged_id, said)


def dissolve(session: Session, meeting_id: int, merged_id: int, *, user_id: int) -> None:
    """Dissolve a merged opinion; what was in it waits again. Raises NotFound, Conflict."""
    merged = one(session, meeting_id, merged_id)
    deed = _deed(session, meeting_id, "dissolve", user_id)
    said = Said(merged.text, merged.category, merged.item, merged.about, merged.subject)
    _say(session, deed, merged_id, said, dissolved=True)
    session.add_all(
        Merging(deed_id=deed.id, merged_id=merged_id, source=raw.source, key=raw.key, put=False) for raw in merged.raws
    )
    session.flush()


def undo(session: Session, meeting_id: int, *, user_id: int) -> str:
    """Take back the last deed; returns its kind. Raises Conflict where there is none."""
    _refuse(session, meeting_id)
    deed = merging.last_deed(session, meeting_id)
    if deed is None:
        raise Conflict("merge-nothing-to-undo")
    deed.undone_at, deed.undone_by = now(), user_id
    session.flush()
    return deed.kind


def one(session: Session, meeting_id: int, merged_id: int) -> Merged:
    """Return a merged opinion of a meeting. Raises NotFound."""
    for each in merging.desk(session, meeting_id).merged:
        if each.id == merged_id:
            return each
    raise NotFound("no-such-row", kind="MergedOpinion")


def _check(said: Said) -> None:
    if not said.text.strip() or len(said.text.strip()) > MOST_TEXT:
        raise InvalidInput("merge-text", most=MOST_TEXT)
    if said.category not in CATEGORIES or said.about not in (ORGANISATION, MEMBER):
        raise InvalidInput("merge-category")


def _known(session: Session, meeting_id: int, refs: Iterable[Ref], *, needed: bool = False) -> list[Ref]:
    wanted = list(dict.fromkeys(refs))
    found = [raw.ref for raw in merging.of_refs(session, meeting_id, wanted)]
    if len(found) != len(wanted):
        raise NotFound("no-such-opinion")
    if needed and not found:
        raise InvalidInput("merge-nothing-chosen")
    return found


def _deed(session: Session, meeting_id: int, kind: str, user_id: int) -> MergeDeed:
    _refuse(session, meeting_id)
    deed = MergeDeed(meeting_id=meeting_id, kind=kind, user_id=user_id)
    session.add(deed)
    session.flush()
    return deed


def _refuse(session: Session, meeting_id: int) -> None:
    campaign_closing.refuse(session, session.get_one(Meeting, meeting_id).campaign_id)


def _place(session: Session, deed: MergeDeed, refs: Sequence[Ref], merged_id: int) -> None:
    """Put raw opinions into a merged one, and out of those set aside."""
    for source, key in refs:
        session.add(Merging(deed_id=deed.id, merged_id=None, source=source, key=key, put=False))
        session.add(Merging(deed_id=deed.id, merged_id=merged_id, source=source, key=key))
    session.flush()


def _say(session: Session, deed: MergeDeed, merged_id: int, said: Said, *, dissolved: bool = False) -> None:
    session.add(
        MergedVersion(
            merged_id=merged_id, deed_id=deed.id, text=said.text.strip(), category=said.category, item=said.item,
            about=said.about, subject=said.subject, dissolved=dissolved,
        )
    )  # fmt: skip
    session.flush()
