"""Raw opinions and the merged ones (归并意见) that people make of them: what holds now.

Raw opinions are texts that left their sheets (``OpinionText``) and opinions that came on none (``GatheredOpinion``).
A raw opinion that says two things may stand in two merged ones; one that says nothing is set aside. Nothing merges by
itself. What was done is in ``merging_deeds``; deeds that were undone count no longer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import GatheredOpinion, MergeDeed, MergedOpinion, MergedVersion, Merging, OpinionText, Survey
from webapp.services import printing

SHEET, GATHERED, MEETING = "sheet", "gathered", "meeting"
CATEGORIES = {"duty": "履行职责", "promise": "兑现承诺", "role": "发挥作用", "other": "其他"}
# where an opinion comes from, as S-A says it
ORIGINS = {
    SHEET: "测评表",
    MEETING: "大会发言",
    "visit": "走访调查",
    "talk": "走访调查",
    "box": "走访调查",
    "phone": "走访调查",
}
ORGANISATION, MEMBER = "organisation", "member"
Ref = tuple[str, str]  # source, key


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw opinion. ``origin`` is a key of ORIGINS; ``about`` and ``subject`` say whom its sheet rated."""

    source: str
    key: str
    text: str
    origin: str
    about: str = ORGANISATION
    subject: str = ""

    @property
    def ref(self) -> Ref:
        return self.source, self.key


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged opinion as it stands."""

    id: int
    text: str
    category: str
    item: int | None
    about: str
    subject: str
    raws: tuple[Raw, ...]

    @property
    def number(self) -> int:
        """How often it was said."""
        return len(self.raws)

    @property
    def origins(self) -> tuple[str, ...]:
        """The words for where it comes from, each once, in the order of ORIGINS."""
        said = {ORIGINS[raw.origin] for raw in self.raws}
        return tuple(word for word in dict.fromkeys(ORIGINS.values()) if word in said)

    def concerns(self, about: str, subject: str) -> bool:
        """Tell whether it is about a subject, or about all of its kind."""
        return self.about == about and self.subject in ("", subject)


@dataclass(frozen=True, slots=True)
class Desk:
    """All opinions of a meeting: merged ones (most often said first), raw ones that wait, those set aside."""

    merged: tuple[Merged, ...]
    waiting: tuple[Raw, ...]
    aside: tuple[Raw, ...]
    total: int


def desk(session: Session, meeting_id: int) -> Desk:
    """Return the opinions of a meeting as they stand."""
    raws = {raw.ref: raw for raw in raw_opinions(session, meeting_id)}
    placed = _placed(session, meeting_id)
    of_merged: dict[int, list[Raw]] = defaultdict(list)
    aside: set[Ref] = set()
    used: set[Ref] = set()
    for (ref, merged_id), put in placed.items():
        if put and ref in raws:
            used.add(ref)
            if merged_id is None:
                aside.add(ref)
            else:
                of_merged[merged_id].append(raws[ref])
    merged = [
        Merged(row.merged_id, row.text, row.category, row.item, row.about, row.subject, tuple(of_merged[row.merged_id]))
        for row in _versions(session, meeting_id)
        if not row.dissolved
    ]
    merged.sort(key=lambda each: (-each.number, each.id))
    waiting = tuple(raw for ref, raw in raws.items() if ref not in used)
    return Desk(tuple(merged), waiting, tuple(raws[ref] for ref in raws if ref in aside), len(raws))


def merged_about(found: Desk, about: str, subject: str) -> list[Merged]:
    """Return the merged opinions about a subject that somebody said."""
    return [each for each in found.merged if each.number and each.concerns(about, subject)]


def raw_opinions(session: Session, meeting_id: int) -> list[Raw]:
    """Return the raw opinions of a meeting: of sheets in the order of their random keys, then the gathered ones."""
    abouts = _abouts(session, meeting_id)
    texts = session.scalars(select(OpinionText).where(OpinionText.meeting_id == meeting_id).order_by(OpinionText.id))
    found = [Raw(SHEET, row.id, row.text, SHEET, abouts[row.survey_id], row.subject) for row in texts]
    query = select(GatheredOpinion).where(GatheredOpinion.meeting_id == meeting_id)
    gathered = session.scalars(query.where(GatheredOpinion.removed_at.is_(None)).order_by(GatheredOpinion.id))
    return [*found, *(Raw(GATHERED, str(row.id), row.text, row.source) for row in gathered)]


def of_refs(session: Session, meeting_id: int, refs: Iterable[Ref]) -> list[Raw]:
    """Return the raw opinions of a meeting that are named, each once."""
    wanted = set(refs)
    return [raw for raw in raw_opinions(session, meeting_id) if raw.ref in wanted]


def last_deed(session: Session, meeting_id: int) -> MergeDeed | None:
    """Return what an undo would take back."""
    query = select(MergeDeed).where(MergeDeed.meeting_id == meeting_id, MergeDeed.undone_at.is_(None))
    return session.scalar(query.order_by(MergeDeed.id.desc()).limit(1))


def _abouts(session: Session, meeting_id: int) -> dict[int, str]:
    used = select(OpinionText.survey_id).where(OpinionText.meeting_id == meeting_id)
    surveys = session.scalars(select(Survey).where(Survey.id.in_(used)))
    return {row.id: printing.parse(row.source, row.form).about for row in surveys}


def _placed(session: Session, meeting_id: int) -> dict[tuple[Ref, int | None], bool]:
    """Return where raw opinions were put; the newest row of a pair holds."""
    query = (
        select(Merging.source, Merging.key, Merging.merged_id, Merging.put)
        .join(MergeDeed, MergeDeed.id == Merging.deed_id)
        .where(MergeDeed.meeting_id == meeting_id, MergeDeed.undone_at.is_(None))
        .order_by(Merging.id)
    )
    return {((source, key), merged_id): put for source, key, merged_id, put in session.execute(query)}


def _versions(session: Session, meeting_id: int) -> list[MergedVersion]:
    """Return what each merged opinion says now; one whose making was undone is none."""
    query = (
        select(MergedVersion)
        .join(MergedOpinion, MergedOpinion.id == MergedVersion.merged_id)
        .join(MergeDeed, MergeDeed.id == MergedVersion.deed_id)
        .where(MergedOpinion.meeting_id == meeting_id, MergeDeed.undone_at.is_(None))
        .order_by(MergedVersion.id)
    )
    return list({row.merged_id: row for row in session.scalars(query)}.values())
