"""Handing in (报送): a bundle of exactly three papers of a level-2 unit, its cover, and the receipts.

The three are the 工作总结, the 公开述职材料 and the own 意见汇总表 of the unit, each as it was fixed. Summaries of
branches and members never go into a bundle: level 2 keeps them (``services.retention``). A bundle is one ZIP with a
manifest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Campaign, Meeting, Receipt, ShelfAttachment, ShelfPaper, ShelfVersion, Submission, Unit, now
from webapp.office import Office
from webapp.papers import docx, pdf, xlsx
from webapp.papers.paper import Paper
from webapp.services import paper_kinds, shelf
from webapp.services.paper_kind import PaperKind, Target

FORMAT = "pingyi.bundle/1"
LEVEL_TWO = ("college", "general", "direct")  # 直属党支部 count as level 2
PARTS = ("工作总结", "公开述职材料", "意见汇总表")  # the titles by which the directive names them
CHANNELS = ("oa", "mailbox", "paper")  # 办公自动化, 组织统战部信箱, 纸质
WRITERS = {"docx": docx.write, "pdf": pdf.write, "xlsx": xlsx.write}
STAMP = (2011, 1, 1, 0, 0, 0)  # of every file in the ZIP: the same papers make the same bundle
FIXED, DRAFT, MISSING = "fixed", "draft", "missing"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three. ``state``: fixed, draft or missing; ``target`` leads to its page, None where it has none."""

    title: str
    kind: PaperKind | None
    target: Target | None
    state: str
    version: ShelfVersion | None
    scans: tuple[ShelfAttachment, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it may go into a bundle: fixed, and not being corrected just now."""
        return self.state == FIXED and self.version is not None


def parts(session: Session, campaign_id: int, unit_id: int) -> tuple[Part, ...]:
    """Return the three parts of a unit's bundle as they stand.

    Raises NotFound, and Conflict for a unit below level 2.
    """
    unit = session.get(Unit, unit_id)
    if unit is None or session.get(Campaign, campaign_id) is None:
        raise NotFound("no-such-row", kind="Unit")
    if unit.kind not in LEVEL_TWO:
        raise Conflict("not-level-two")
    return tuple(_part(session, title, campaign_id, unit_id) for title in PARTS)


def kind_of(title: str) -> PaperKind | None:
    """Return the kind of one of the three, by the words of its printed title."""
    for kind in paper_kinds.KINDS.values():
        if title in kind.title and kind.scope in ("unit", "meeting"):
            return kind
    return None


def make(office: Office, campaign_id: int, unit_id: int, *, user_id: int) -> Submission:
    """Make the bundle of a unit and keep it. Raises Conflict where a part is not fixed, NotFound."""
    with office.db.begin() as session:
        found = parts(session, campaign_id, unit_id)
        if missing := [part.title for part in found if not part.ready]:
            raise Conflict("bundle-incomplete", parts="、".join(missing))
        last = select(func.max(Submission.version)).where(
            Submission.campaign_id == campaign_id, Submission.unit_id == unit_id
        )
        version = (session.scalar(last) or 0) + 1
        content, manifest = _zip(office, session, campaign_id, unit_id, version, found)
        sha256, size = office.storage.put(io.BytesIO(content))
        row = Submission(
            campaign_id=campaign_id, unit_id=unit_id, version=version, sha256=sha256, bytes=size, manifest=manifest,
            user_id=user_id,
        )  # fmt: skip
        session.add(row)
    return row


def submissions(session: Session, campaign_id: int, unit_id: int) -> list[tuple[Submission, tuple[Receipt, ...]]]:
    """Return the bundles of a unit with their receipts that stand, newest first."""
    query = select(Submission).where(Submission.campaign_id == campaign_id, Submission.unit_id == unit_id)
    rows = list(session.scalars(query.order_by(Submission.version.desc())))
    receipts = select(Receipt).where(
        Receipt.submission_id.in_([row.id for row in rows]), Receipt.withdrawn_at.is_(None)
    )
    found: dict[int, list[Receipt]] = {}
    for each in session.scalars(receipts.order_by(Receipt.id)):
        found.setdefault(each.submission_id, []).append(each)
    return [(row, tuple(found.get(row.id, ()))) for row in rows]


def receive(
    office: Office, submission_id: int, *, channel: str, handed_by: str, received_by: str,
    received_on: dt.date | None, note: str = "", user_id: int,
) -> None:  # fmt: skip
    """Write down that a bundle was received. Raises InvalidInput and NotFound."""
    if channel not in CHANNELS or not received_by or received_on is None:
        raise InvalidInput("receipt-missing")
    if len(handed_by) > 64 or len(received_by) > 64 or len(note) > 200:
        raise InvalidInput("text-long")
    with office.db.begin() as session:
        if session.get(Submission, submission_id) is None:
            raise NotFound("no-such-row", kind="Submission")
        session.add(Receipt(
            submission_id=submission_id, channel=channel, handed_by=handed_by, received_by=received_by,
            received_on=received_on, note=note, user_id=user_id,
        ))  # fmt: skip


def take_back(office: Office, receipt_id: int, *, why: str) -> Submission:
    """Take back a receipt that was wrong. Raises InvalidInput (no reason) and NotFound."""
    if not why or len(why) > 500:
        raise InvalidInput("reason-missing")
    with office.db.begin() as session:
        row = session.get(Receipt, receipt_id)
        if row is None or row.withdrawn_at is not None:
            raise NotFound("no-such-row", kind="Receipt")
        row.withdrawn_at, row.withdrawn_why = now(), why
        return session.get_one(Submission, row.submission_id)


def received_on(session: Session, campaign_id: int) -> dict[int, dt.date]:
    """Return unit id → the first day on which a bundle of it was received, in a campaign."""
    query = select(Submission.unit_id, func.min(Receipt.received_on)).join(Receipt).group_by(Submission.unit_id)
    query = query.where(Submission.campaign_id == campaign_id, Receipt.withdrawn_at.is_(None))
    return {unit_id: day for unit_id, day in session.execute(query)}


def _part(session: Session, title: str, campaign_id: int, unit_id: int) -> Part:
    kind = kind_of(title)
    if kind is None:
        return Part(title, None, None, MISSING, None)
    query = select(ShelfPaper).where(
        ShelfPaper.kind == kind.key, ShelfPaper.campaign_id == campaign_id, ShelfPaper.unit_id == unit_id,
        ShelfPaper.member_id.is_(None),
    )  # fmt: skip
    row = session.scalar(query.order_by(ShelfPaper.meeting_id.desc(), ShelfPaper.id.desc()).limit(1))
    if row is None:
        return Part(title, kind, _place(session, kind, campaign_id, unit_id), MISSING, None)
    target = shelf.target_of_row(row)
    version = shelf.latest(session, kind, target)
    fixed = shelf.state(session, kind, target) == shelf.FIXED and version is not None
    scans = select(ShelfAttachment).where(ShelfAttachment.paper_id == row.id, ShelfAttachment.removed_at.is_(None))
    signed = tuple(session.scalars(scans.order_by(ShelfAttachment.id))) if fixed else ()
    return Part(title, kind, target, FIXED if fixed else DRAFT, version, signed)


def _place(session: Session, kind: PaperKind, campaign_id: int, unit_id: int) -> Target | None:
    """Return where a paper that nobody has begun will be written."""
    if kind.scope == "unit":
        return Target(campaign_id, unit_id)
    query = select(Meeting.id).where(Meeting.campaign_id == campaign_id, Meeting.unit_id == unit_id)
    meeting_id = session.scalar(query.order_by(Meeting.id.desc()).limit(1))
    return None if meeting_id is None else Target(campaign_id, unit_id, meeting_id)


def _zip(
    office: Office, session: Session, campaign_id: int, unit_id: int, version: int, found: tuple[Part, ...]
) -> tuple[bytes, dict[str, Any]]:
    """Return the ZIP and its manifest."""
    campaign, unit = session.get_one(Campaign, campaign_id), session.get_one(Unit, unit_id)
    files: dict[str, bytes] = {}
    told = []
    for number, part in enumerate(found, 1):
        mine = dict(_files(office, number, part))
        files |= mine
        told.append({
            "part": part.title, "version": part.version.number if part.version else 0,
            "paper": part.version.digest if part.version else "", "files": [_entry(name, mine[name]) for name in mine],
        })  # fmt: skip
    manifest = {
        "format": FORMAT, "campaign": campaign.title, "number": campaign.number, "unit": unit.name, "version": version,
        "parts": told,
    }  # fmt: skip
    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [("manifest.json", text), *files.items()]:
            archive.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue(), manifest


def _files(office: Office, number: int, part: Part) -> list[tuple[str, bytes]]:
    if part.version is None or part.kind is None:
        raise ValueError(f"{part.title} is not fixed")
    paper: Paper = shelf.fixed_paper(part.version)
    stem = f"{number}-{part.title}/{part.title}"
    made = [(f"{stem}.{kind}", WRITERS[kind](paper)) for kind in part.kind.formats]
    for place, scan in enumerate(part.scans, 1):
        suffix = scan.filename.rpartition(".")[2].lower()
        made.append((f"{stem}-签字件{place}.{suffix}", office.storage.path(scan.sha256).read_bytes()))
    return made


def _entry(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
