"""Every kind of paper as Word, opened by LibreOffice and printed to PDF: whole pages, all of its words, numbered."""

from __future__ import annotations

import re
import shutil
import subprocess

import pypdfium2
import pytest

from tests.integration.web.writing.conftest import rate
from webapp.models import GatheredOpinion
from webapp.papers import docx, pdf
from webapp.papers.paper import Heading, Table, Text
from webapp.services import paper_list, shelf
from webapp.services.paper_kind import Target
from webapp.services.paper_kinds import KINDS

A4_PT = (595, 842)
NEEDS_MORE = {"rectification-order"}  # somebody rated low; it has tests of its own
pytestmark = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")


@pytest.fixture
def papers(office, closed, meeting, branch, members, surveys, user):
    """One paper of each kind, of a meeting that rated its organisation and two members."""
    rate(office, meeting, surveys["member"], "member", user.id, ("王强", "李雪"))
    with office.db.begin() as session:
        said = GatheredOpinion(
            meeting_id=meeting.id, source="talk", day=meeting.held_on, text="食堂太贵", user_id=user.id
        )
        session.add(said)
    made = {}
    with office.db.read() as session:
        for key, kind in KINDS.items():
            target = paper_list.target_of(kind, meeting)
            if kind.scope == "member":
                target = Target(meeting.campaign_id, branch.id, member_id=members[0].id)
            if key not in NEEDS_MORE and target is not None:
                made[key] = shelf.live(session, shelf.draft(session, kind, target), stamped=False)
    return made


def words_of(content):
    """All text of a PDF without spaces, and the sizes of its pages."""
    document = pypdfium2.PdfDocument(content)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    return re.sub(r"\s", "", text), [tuple(round(side) for side in page.get_size()) for page in document]


def test_every_paper__is_opened_by_an_office_and_has_all_its_words(papers, tmp_path):
    assert {
        "summary",
        "own-summary",
        "member-list",
        "work-report",
        "statement",
        "self_check",
        "agenda",
    } <= papers.keys()
    for key, paper in papers.items():
        (tmp_path / f"{key}.docx").write_bytes(docx.write(paper))
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf"]
    files = sorted(tmp_path.glob("*.docx"))
    subprocess.run([*command, "--outdir", tmp_path, *files], check=True, capture_output=True, timeout=600)
    for key, paper in papers.items():
        text, sizes = words_of((tmp_path / f"{key}.pdf").read_bytes())
        assert sizes, key
        assert all(abs(side - wanted) <= 2 for size in sizes for side, wanted in zip(size, A4_PT, strict=True)), key
        assert f"第1页共{len(sizes)}页" in text, key
        own, own_sizes = words_of(pdf.write(paper))
        assert abs(len(own_sizes) - len(sizes)) <= 1, key
        for wanted in wanted_words(paper):
            assert wanted in text, (key, wanted)
            assert wanted in own, (key, wanted)


def wanted_words(paper):
    """Titles, headings, paragraphs and the cells of tables that stand on one line each."""
    found = [*paper.title]
    for block in paper.blocks:
        if isinstance(block, Heading):
            found.append(block.text)
        elif isinstance(block, Text):
            found += [part[:12] for part in block.paragraphs]
        elif isinstance(block, Table):
            found += [cell.text for row in (*block.head, *block.rows) for cell in row if 0 < len(cell.text) <= 4]
    return {re.sub(r"\s", "", each) for each in found if each.strip()}
