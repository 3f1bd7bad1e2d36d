"""The shelf: papers that people edit, have examined and fix, in versions, with scans of what was signed.

A draft keeps what people typed, field by field; what nobody typed over is filled in anew each time. Steps are rows:
draft (填写) → handed-in → examined → fixed (定稿, 上报). Fixing keeps the whole ``Paper`` value with a number and
a digest; a correction is the next version, and all stay. See ``paper_kind`` for what a kind is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import (
    Campaign,
    Meeting,
    Member,
    ShelfAttachment,
    ShelfPaper,
    ShelfStep,
    ShelfText,
    ShelfVersion,
    Unit,
)
from webapp.papers import codec
from webapp.papers.paper import Paper
from webapp.services import campaign_closing
from webapp.services.paper_kind import Field, PaperKind, Target

DRAFT, HANDED_IN, HANDED_BACK, EXAMINED, FIXED, REOPENED = (
    "draft", "handed-in", "handed-back", "examined", "fixed", "reopened",
)  # fmt: skip
OPEN = (DRAFT, HANDED_BACK, REOPENED)  # in which people may write
STAMP = "草稿：尚未定稿。"
Part = TypeVar("Part", ShelfText, ShelfStep, ShelfVersion, ShelfAttachment)
Row = TypeVar("Row", Campaign, Meeting, Member, Unit)
MOST_TEXT = 50_000  # characters of a field


@dataclass(frozen=True, slots=True)
class Filled:
    """A field with its text. ``typed``: somebody wrote it; else the program fills it in."""

    field: Field
    text: str
    typed: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper as it stands. ``row`` is None while nobody has written anything."""

    kind: PaperKind
    target: Target
    row: ShelfPaper | None
    fields: tuple[Filled, ...]
    state: str
    steps: tuple[ShelfStep, ...]  # oldest first
    versions: tuple[ShelfVersion, ...]  # newest first
    attachments: tuple[ShelfAttachment, ...]

    @property
    def is_open(self) -> bool:
        """Whether people may write now."""
        return self.state in OPEN

    @property
    def texts(self) -> dict[str, str]:
        """The texts by field."""
        return {each.field.key: each.text for each in self.fields}

    @property
    def missing(self) -> tuple[Field, ...]:
        """The fields that have to be written and are empty."""
        return tuple(each.field for each in self.fields if each.field.needed and not each.text.strip())


def target_of(
    session: Session,
    *,
    campaign_id: int | None = None,
    unit_id: int | None = None,
    meeting_id: int | None = None,
    member_id: int | None = None,
    part: str = "",
) -> Target:
    """Return the target of an address: a meeting, a member, a unit or the whole school. Raises NotFound."""
    if meeting_id is not None:
        meeting = _found(session, Meeting, meeting_id)
        return Target(meeting.campaign_id, meeting.unit_id, meeting.id, part=part)
    campaign = _found(session, Campaign, campaign_id)
    if member_id is not None:
        return Target(campaign.id, _found(session, Member, member_id).unit_id, member_id=member_id, part=part)
    return Target(campaign.id, _found(session, Unit, unit_id).id if unit_id is not None else None, part=part)


def draft(session: Session, kind: PaperKind, target: Target) -> Draft:
    """Return a paper as it stands."""
    row = find(session, kind, target)
    typed = _typed(session, row.id) if row else {}
    fields = tuple(
        Filled(field, field.text if typed.get(field.key) is None else str(typed[field.key]), _is_typed(typed, field))
        for field in kind.fields(session, target)
    )
    steps = tuple(session.scalars(_of(ShelfStep, row).order_by(ShelfStep.id))) if row else ()
    versions = tuple(session.scalars(_of(ShelfVersion, row).order_by(ShelfVersion.number.desc()))) if row else ()
    attachments = tuple(session.scalars(_attachments(row))) if row else ()
    return Draft(kind, target, row, fields, steps[-1].step if steps else DRAFT, steps, versions, attachments)


def find(session: Session, kind: PaperKind, target: Target) -> ShelfPaper | None:
    """Return the row of a paper; None while nobody has written anything."""
    query = select(ShelfPaper).where(ShelfPaper.kind == kind.key, ShelfPaper.place == target.place)
    return session.scalar(query)


def state(session: Session, kind: PaperKind, target: Target) -> str:
    """Return where a paper stands, without building it."""
    row = find(session, kind, target)
    newest = session.scalar(_of(ShelfStep, row).order_by(ShelfStep.id.desc()).limit(1)) if row else None
    return newest.step if newest else DRAFT


def paper(session: Session, kind: PaperKind, target: Target) -> Paper:
    """Return what is printed now: the version that is fixed, else the draft, stamped as one."""
    found = draft(session, kind, target)
    return fixed_paper(found.versions[0]) if found.state == FIXED else live(session, found)


def live(session: Session, found: Draft, *, stamped: bool = True) -> Paper:
    """Return the paper as its texts and the numbers say now."""
    made = found.kind.build(session, found.target, found.texts)
    return replace(made, stamp=made.stamp or STAMP) if stamped else made


def latest(session: Session, kind: PaperKind, target: Target) -> ShelfVersion | None:
    """Return the newest version that was fixed, also while a further one is being written; None where there is none."""
    row = find(session, kind, target)
    return session.scalar(_of(ShelfVersion, row).order_by(ShelfVersion.number.desc()).limit(1)) if row else None


def fixed_paper(version: ShelfVersion) -> Paper:
    """Return the paper of a version."""
    return codec.decode(version.content)


def is_behind(session: Session, found: Draft) -> bool:
    """Tell whether a fixed paper says something else than the numbers say now: a count was opened again since."""
    return found.state == FIXED and codec.digest(live(session, found, stamped=False)) != found.versions[0].digest


def save(session: Session, kind: PaperKind, target: Target, texts: Mapping[str, str | None], *, user_id: int) -> int:
    """Keep what was typed, by field; None goes back to what the program fills in. Returns how many fields changed.

    Raises Conflict where the paper is not open, InvalidInput for a field that it doesn't have or a text too long.
    """
    refuse_locked(session, target)
    found = draft(session, kind, target)
    if not found.is_open:
        raise Conflict("paper-not-open")
    known = {each.field.key: each for each in found.fields}
    changed = 0
    for key, text in texts.items():
        if key not in known:
            raise InvalidInput("paper-no-field", field=key[:40])
        value = text if text is None else text.replace("\r\n", "\n").strip("\n ")
        if value is not None and len(value) > MOST_TEXT:
            raise InvalidInput("paper-text-too-long", most=MOST_TEXT)
        same = not known[key].typed if value is None else value == known[key].text
        if not same:
            row = row_of(session, kind, target)
            session.add(ShelfText(paper_id=row.id, field=key, text=value, user_id=user_id))
            changed += 1
    session.flush()
    return changed


def is_written(session: Session, row: ShelfPaper, field: str) -> bool:
    """Tell whether somebody wrote a field of a paper."""
    return bool((_typed(session, row.id).get(field) or "").strip())


def row_of(session: Session, kind: PaperKind, target: Target) -> ShelfPaper:
    """Return the row of a paper, made where there is none yet."""
    row = find(session, kind, target)
    if row is None:
        row = ShelfPaper(
            kind=kind.key, place=target.place, campaign_id=target.campaign_id, unit_id=target.unit_id,
            meeting_id=target.meeting_id, member_id=target.member_id, part=target.part,
        )  # fmt: skip
        session.add(row)
        session.flush()
    return row


def target_of_row(row: ShelfPaper) -> Target:
    """Return what a paper of the table is about."""
    return Target(row.campaign_id, row.unit_id, row.meeting_id, row.member_id, row.part)


def locked(session: Session, target: Target) -> bool:
    """Tell whether the campaign is closed, so that its papers are as they are."""
    return campaign_closing.in_force(session, target.campaign_id) is not None


def refuse_locked(session: Session, target: Target) -> None:
    """Raise Conflict where the campaign is closed: its papers are as they are."""
    campaign_closing.refuse(session, target.campaign_id)


def _attachments(row: ShelfPaper) -> Select[ShelfAttachment]:
    return _of(ShelfAttachment, row).where(ShelfAttachment.removed_at.is_(None)).order_by(ShelfAttachment.id)


def _typed(session: Session, paper_id: int) -> dict[str, str | None]:
    newest = select(func.max(ShelfText.id)).where(ShelfText.paper_id == paper_id).group_by(ShelfText.field)
    return {row.field: row.text for row in session.scalars(select(ShelfText).where(ShelfText.id.in_(newest)))}


def _is_typed(typed: Mapping[str, str | None], field: Field) -> bool:
    return typed.get(field.key) is not None


def _of(model: type[Part], row: ShelfPaper) -> Select[Part]:
    return select(model).where(model.paper_id == row.id)


def _found(session: Session, model: type[Row], key: int | None) -> Row:
    row = session.get(model, key) if key is not None else None
    if row is None:
        raise NotFound("no-such-row", kind=model.__name__)
    return row
