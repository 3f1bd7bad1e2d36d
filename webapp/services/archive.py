"""The archive of a closed campaign: one ZIP with its papers, figures, forms, closings and trail, and what each is.

The archive is the school's. Summaries of branches and of members are not in it: level 2 keeps them, and they never go
further up (``services.retention``).
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.errors import Conflict, NotFound
from webapp.models import Batch, Campaign, Closing, Layout, Meeting, OpinionText, Page, PrintRun, Scan, now
from webapp.office import Office
from webapp.papers import docx, pdf, xlsx
from webapp.services import closed, exports, reports, tally, trail, trail_list, tree
from webapp.services.tally import FormRef

FORMAT = "pingyi.archive/1"
WRITERS = {"pdf": pdf.write, "docx": docx.write, "xlsx": xlsx.write}
Entry = tuple[str, bytes]


def open_meetings(session: Session, campaign_id: int) -> list[Meeting]:
    """Return the meetings of a campaign whose count is not closed. Raises NotFound."""
    if session.get(Campaign, campaign_id) is None:
        raise NotFound("no-such-row", kind="Campaign")
    query = select(Meeting).where(Meeting.campaign_id == campaign_id, Meeting.id.not_in(closed.closed_meetings()))
    return list(session.scalars(query.order_by(Meeting.id)))


def write(office: Office, campaign_id: int, *, scans: bool = False) -> BinaryIO:
    """Write the archive into a file without a name and return it, at its beginning. The archive is a row of the trail.

    ``scans``: with the scanned originals, on which is handwriting. Raises NotFound, and Conflict "campaign-open" while
    a count of the campaign is not closed.
    """
    with office.db.begin() as session:
        if waiting := open_meetings(session, campaign_id):
            raise Conflict("campaign-open", meetings=len(waiting))
        trail.note(session, "archived", f"campaign:{campaign_id}", scans=scans)
    file: BinaryIO = TemporaryFile()  # noqa: SIM115  # the caller reads and closes it
    manifest: dict[str, str] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _entries(office, campaign_id):
            archive.writestr(name, content)
            manifest[name] = hashlib.sha256(content).hexdigest()
        for path in _scans(office, campaign_id) if scans else ():
            archive.write(path, f"scans/{path.name}", zipfile.ZIP_STORED)
            manifest[f"scans/{path.name}"] = path.name
        value = {"format": FORMAT, "made_at": now().isoformat(), "campaign": campaign_id, "sha256": manifest}
        archive.writestr("manifest.json", json.dumps(value, ensure_ascii=False, indent=1))
    file.seek(0)
    return file


def scans_of(session: Session, campaign_id: int) -> list[Scan]:
    """Return the scans that hold sheets of a campaign, or came in for it, and none of another campaign."""
    meetings = select(Meeting.id).where(Meeting.campaign_id == campaign_id)
    ours = select(PrintRun.id).where(PrintRun.meeting_id.in_(meetings))
    holding = select(Page.scan_id).where(Page.print_run_id.in_(ours))
    of_others = select(Page.scan_id).where(
        Page.print_run_id.is_not(None), Page.print_run_id.not_in(ours), Page.scan_id.is_not(None)
    )
    came = select(Batch.id).where(Batch.meeting_id.in_(meetings))
    query = select(Scan).where(or_(Scan.id.in_(holding), Scan.batch_id.in_(came)), Scan.id.not_in(of_others))
    return list(session.scalars(query.order_by(Scan.id)))


def _entries(office: Office, campaign_id: int) -> Iterator[Entry]:
    with office.db.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
        facts: dict[str, Any] = {
            "title": campaign.title,
            "number": campaign.number,
            "issuer": campaign.issuer,
            "rules": campaign.rules,
        }
        surveys = {survey.form: survey.source for survey in campaign.surveys}
        meetings = [
            (meeting.id, meeting.unit.name, str(meeting.held_on or ""), tree.is_branch(meeting.unit))
            for meeting in campaign.meetings
        ]
        layouts = select(Layout).join(PrintRun, PrintRun.layout_digest == Layout.digest).join(Meeting)
        layouts = layouts.where(Meeting.campaign_id == campaign_id).distinct()
        printed = {row.digest: row.source for row in session.scalars(layouts)}
    facts["meetings"] = [
        {"id": key, "unit": unit, "held_on": day, "summary_kept_at_level_2": branch}
        for key, unit, day, branch in meetings
    ]
    yield "campaign.json", json.dumps(facts, ensure_ascii=False, indent=1).encode()
    yield from ((f"forms/{number}.yaml", source.encode()) for number, source in enumerate(surveys.values(), 1))
    yield from ((f"layouts/{digest}.json", source.encode()) for digest, source in printed.items())
    for meeting_id, _unit, _day, branch in meetings:
        yield from _meeting(office, meeting_id, summaries=not branch)
    content, head = trail_list.export(office, trail_list.Filters())
    yield f"trail-{head}.csv", content


def _meeting(office: Office, meeting_id: int, *, summaries: bool) -> Iterator[Entry]:
    folder = f"meeting-{meeting_id}"
    with office.db.read() as session:
        refs = tally.forms(session, meeting_id)
        closings = select(Closing).where(Closing.meeting_id == meeting_id).order_by(Closing.version)
        sealed = [(row.version, row.digest, zlib.decompress(row.content)) for row in session.scalars(closings)]
        texts = list(session.scalars(select(OpinionText.text).where(OpinionText.meeting_id == meeting_id)))
    for version, digest, content in sealed:
        yield f"{folder}/closing-{version}-{digest[:16]}.json", content
    if refs:
        yield f"{folder}/answers.csv", exports.answers_csv(office, meeting_id)
    for ref in refs:
        yield from _form(office, meeting_id, ref, folder, summaries=summaries)
    secrets.SystemRandom().shuffle(texts)
    yield f"{folder}/opinions.txt", "\n\n".join(texts).encode()


def _form(office: Office, meeting_id: int, ref: FormRef, folder: str, *, summaries: bool) -> Iterator[Entry]:
    """Yield the results of a form, and with ``summaries`` that of each organisation. No text of a user is in a name."""
    results = tally.results(office, meeting_id, ref.survey_id)
    if results is None:
        return
    yield f"{folder}/results-{ref.survey_id}.csv", exports.results_csv(results, results.subjects)
    yield f"{folder}/results-{ref.survey_id}.xlsx", exports.results_xlsx(results)
    if summaries and ref.form.about == "organisation":
        for number, subject in enumerate(ref.subjects, 1):
            paper = reports.summary(office, meeting_id, ref.survey_id, subject)
            for kind, writer in WRITERS.items():
                yield f"{folder}/summary-{ref.survey_id}-{number}.{kind}", writer(paper)


def _scans(office: Office, campaign_id: int) -> Iterator[Path]:
    with office.db.read() as session:
        digests = sorted({scan.sha256 for scan in scans_of(session, campaign_id)})
    for sha256 in digests:
        if (path := office.storage.path(sha256)).exists():
            yield path
