"""A closed campaign is archived; its originals are destroyed when their term has run out, and not before."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
import zlib

import pytest
from sqlalchemy import select

from webapp import migrate
from webapp.errors import Conflict, InvalidInput
from webapp.models import Answer, Closing, Disposal, Meeting, Opinion, OpinionText, Scan, Unit
from webapp.services import archive, backup, disposal, opinions, tally
from webapp.services.verify import verify

LATER = dt.date(2100, 1, 1)


@pytest.fixture
def closed(office, meeting, user) -> int:
    """The campaign of the stack, all its meetings closed."""
    content = b'{"answers":[]}'
    with office.db.begin() as session:
        for row in session.scalars(select(Meeting).where(Meeting.campaign_id == meeting.campaign_id)).all():
            digest = hashlib.sha256(content).hexdigest()
            sealed = zlib.compress(content)
            session.add(Closing(meeting_id=row.id, version=1, digest=digest, content=sealed, user_id=user.id))
    return meeting.campaign_id


def destroy(office, campaign_id: int, user, **other: object) -> Disposal:
    """Destroy the originals."""
    told = {"witness": "王监", "why": "保存期满", "today": LATER, **other}
    return disposal.dispose(office, campaign_id, user_id=user.id, upgrade=migrate.upgrade, **told)


def names(file) -> dict[str, bytes]:
    """The files of an archive."""
    with zipfile.ZipFile(io.BytesIO(file.read())) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_archive__holds_papers_tables_closings_and_the_trail_with_their_digests(office, closed, meeting) -> None:
    files = names(archive.write(office, closed))
    manifest = json.loads(files.pop("manifest.json"))
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == manifest["sha256"]
    folder = f"meeting-{meeting.id}"
    wanted = {"campaign.json", "forms/1.yaml", f"{folder}/answers.csv", f"{folder}/opinions.txt"}
    assert wanted <= files.keys()
    kinds = {name.rpartition(".")[2] for name in files if name.startswith(f"{folder}/summary")}
    assert kinds == {"pdf", "docx", "xlsx"}
    assert any(name.startswith("trail-") for name in files)
    assert not any(name.startswith("scans/") for name in files)
    assert all(name.isascii() for name in files), "no text of a user stands in a file name"


def test_summary_of_a_branch__stays_at_level_two_and_out_of_the_school_archive(office, closed, meeting) -> None:
    before = names(archive.write(office, closed))
    with office.db.begin() as session:
        session.get(Unit, meeting.unit_id).kind = "branch"
    files = names(archive.write(office, closed))
    gone = {name for name in before if name.startswith(f"meeting-{meeting.id}/summary")}
    assert gone
    assert before.keys() - files.keys() == gone | {name for name in before if name.startswith("trail-")}
    told = {each["id"]: each["summary_kept_at_level_2"] for each in json.loads(files["campaign.json"])["meetings"]}
    assert told[meeting.id] is True


def test_archive_with_originals__holds_each_under_its_digest(office, closed) -> None:
    files = names(archive.write(office, closed, scans=True))
    with office.db.read() as session:
        (sha256,) = set(session.scalars(select(Scan.sha256)))
    assert hashlib.sha256(files[f"scans/{sha256}"]).hexdigest() == sha256


def test_open_campaign__is_neither_archived_nor_destroyed(office, meeting, user) -> None:
    with pytest.raises(Conflict, match="campaign-open"):
        archive.write(office, meeting.campaign_id)
    with pytest.raises(Conflict, match="campaign-open"):
        destroy(office, meeting.campaign_id, user)


def test_destruction_before_the_term__is_refused(office, closed, user) -> None:
    due = disposal.outlook(office, closed).due_on
    with pytest.raises(Conflict, match="disposal-early"):
        destroy(office, closed, user, today=due - dt.timedelta(days=1))
    assert destroy(office, closed, user, today=due).due_on == due


@pytest.mark.parametrize("missing", ["witness", "why"])
def test_destruction_without_witness_or_reason__is_refused(office, closed, user, missing) -> None:
    with pytest.raises(InvalidInput, match="disposal-needs-witness"):
        destroy(office, closed, user, **{missing: " "})


def test_destruction__leaves_the_figures_and_nothing_that_shows_handwriting(office, closed, meeting, user) -> None:
    first = opinions.entries(office, meeting.id)[0].opinion
    opinions.confirm(office, first.id, text="食堂太贵", user_id=user.id)
    before = tally.results(office, meeting.id).count
    backup.make(office.settings, backup.MANUAL, migrate.upgrade)
    with office.db.read() as session:
        (sha256,) = set(session.scalars(select(Scan.sha256)))
        answers = len(list(session.scalars(select(Answer.question))))
    record = destroy(office, closed, user)
    assert (record.files, record.witness) == (1, "王监")
    left = [path.name for path in office.settings.instance.rglob("*") if path.is_file()]
    assert sha256 not in left, "neither the original nor one of its copies"
    with office.db.read() as session:
        assert list(session.scalars(select(Opinion))) == []
        assert list(session.scalars(select(OpinionText.text))) == ["食堂太贵"]
        assert len(list(session.scalars(select(Answer.question)))) == answers
    assert tally.results(office, meeting.id).count == before
    assert verify(office).is_whole
    (copy,) = backup.copies(office.settings)
    assert copy.scans == {}
    with pytest.raises(Conflict, match="disposal-nothing"):
        destroy(office, closed, user)


@pytest.mark.parametrize(
    ("day", "months", "due"),
    [
        (dt.date(2011, 7, 15), 36, dt.date(2014, 7, 15)),
        (dt.date(2011, 8, 31), 6, dt.date(2012, 3, 1)),
        (dt.date(2011, 12, 31), 2, dt.date(2012, 3, 1)),
        (dt.date(2011, 12, 31), 12, dt.date(2012, 12, 31)),
    ],
)
def test_term__ends_on_the_same_day_of_the_month_or_the_first_of_the_next(day, months, due) -> None:
    assert disposal._months_after(day, months) == due


def test_page__offers_the_archive_and_waits_for_the_term(office_user, closed) -> None:
    page = office_user.get(f"/campaigns/{closed}/keeping").get_data(as_text=True)
    assert f"/campaigns/{closed}/archive.zip" in page
    assert 'name="witness"' not in page
    assert office_user.get(f"/campaigns/{closed}/archive.zip").status_code == 200
    answer = office_user.post(f"/campaigns/{closed}/dispose", {"witness": "王监", "why": "保存期满"})
    assert answer.status_code == 409
