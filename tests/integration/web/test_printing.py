"""Print runs: real PDFs, codes that say nothing of their order, and a page that tells what it can't print."""

from __future__ import annotations

import io

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from forms import code
from forms.errors import FormErrors
from forms.layout import Layout as PaperLayout
from webapp.errors import Conflict, InvalidInput
from webapp.models import IssuedSheet, Layout, Page, PrintFile, PrintRun, Survey, TrailRow
from webapp.services import printing
from webapp.services.printing import Order


@pytest.fixture
def surveys(office, campaign):
    with office.db.read() as session:
        return {row.form: row.id for row in session.scalars(select(Survey))}


def order(**changes):
    return Order(**{"unit": "机械学院党委", "date": "2011年7月15日", "copies": 3, **changes})


def sheets_in(path):
    """Return the texts of the QR codes of a PDF, page by page."""
    found = []
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            image = page.render(scale=200 / 72).to_pil().convert("L")
            found.extend(str(code.parse(result.text)) for result in zxingcpp.read_barcodes(image))
    return found


def test_run_of_three_copies__pdf_holds_exactly_the_issued_codes(office, meeting, user, surveys):
    runs = printing.create_runs(
        office,
        meeting_id=meeting.id,
        survey_id=surveys["org"],
        order=order(subjects=("机械学院党委",)),
        user_id=user.id,
    )
    with office.db.read() as session:
        file = session.scalars(select(PrintFile).where(PrintFile.print_run_id == runs[0])).one()
        issued = set(session.scalars(select(IssuedSheet.sheet)))
        layout = PaperLayout.loads(session.scalars(select(Layout)).one().source)
    assert (file.state, file.done, file.bytes > 5_000) == ("done", 3, True)
    codes = [code.parse(text) for text in sheets_in(printing.file_path(office, file.id))]
    assert {c.sheet for c in codes} == issued
    assert {c.digest for c in codes} == {layout.digest}
    assert len(issued) == 3


def test_more_copies__same_layout_new_codes_own_file(office, meeting, user, surveys):
    (run,) = printing.create_runs(
        office, meeting_id=meeting.id, survey_id=surveys["org"], order=order(subjects=("x",)), user_id=user.id
    )
    printing.more(office, print_run_id=run, copies=4, user_id=user.id)
    with office.db.read() as session:
        files = session.scalars(select(PrintFile).where(PrintFile.print_run_id == run).order_by(PrintFile.id)).all()
        assert [file.copies for file in files] == [3, 4]
        assert len(session.scalars(select(IssuedSheet.sheet)).all()) == 7
        assert len(session.scalars(select(Layout)).all()) == 1
        assert printing.printed(session, meeting.id) == {"org": 7}


def test_sheets_in_the_pdf__are_not_in_the_order_of_their_codes(office, meeting, user, surveys):
    (run,) = printing.create_runs(
        office,
        meeting_id=meeting.id,
        survey_id=surveys["org"],
        order=order(copies=12, subjects=("x",)),
        user_id=user.id,
    )
    with office.db.read() as session:
        file = session.scalars(select(PrintFile).where(PrintFile.print_run_id == run)).one()
    found = sheets_in(printing.file_path(office, file.id))
    assert len(found) == 12
    assert found != sorted(found)  # one in 479,001,600 by chance


def test_member_sheets__a_run_for_each_name(office, meeting, user, surveys):
    runs = printing.create_runs(
        office,
        meeting_id=meeting.id,
        survey_id=surveys["member"],
        order=order(subjects=("王芳", "李建国")),
        user_id=user.id,
    )
    with office.db.read() as session:
        assert [session.get(PrintRun, run).subject for run in runs] == ["王芳", "李建国"]
        assert len(set(session.scalars(select(PrintRun.layout_digest)))) == 2


@pytest.mark.parametrize("kind", ["subjects", "members"])
def test_names_twice__all_are_told_with_their_lines_and_nothing_is_made(office, meeting, user, surveys, kind):
    form = "member" if kind == "subjects" else "roster-items"
    wanted = order(**{kind: ("王芳", "李明", "王芳", "李明")}, lines=(1, 2, 4, 7))
    with pytest.raises(FormErrors) as caught:
        printing.create_runs(office, meeting_id=meeting.id, survey_id=surveys[form], order=wanted, user_id=user.id)
    told = [(error.code, error.line, error.params["first_line"]) for error in caught.value.errors]
    assert told == [("duplicate-name", 4, 1), ("duplicate-name", 7, 2)]
    with office.db.read() as session:
        assert session.scalars(select(PrintRun)).all() == []


def test_name_twice_and_name_without_glyphs__told_together(office, meeting, user, surveys):
    wanted = order(members=("王芳", "\ue000田", "王芳"), lines=(1, 2, 3))
    with pytest.raises(FormErrors) as caught:
        printing.create_runs(
            office, meeting_id=meeting.id, survey_id=surveys["roster-items"], order=wanted, user_id=user.id
        )
    assert [(error.line, error.code) for error in caught.value.errors] == [(2, "unprintable"), (3, "duplicate-name")]


@pytest.mark.parametrize("copies", [0, -1, 20_001])
def test_copies_out_of_range__are_refused(office, meeting, user, surveys, copies):
    with pytest.raises(InvalidInput, match="copies-out-of-range"):
        printing.create_runs(
            office, meeting_id=meeting.id, survey_id=surveys["org"], order=order(copies=copies), user_id=user.id
        )


def test_made_again__same_codes_and_a_repeat_of_the_job_does_nothing(office, meeting, user, surveys):
    (run,) = printing.create_runs(
        office, meeting_id=meeting.id, survey_id=surveys["org"], order=order(subjects=("x",)), user_id=user.id
    )
    with office.db.read() as session:
        file = session.scalars(select(PrintFile).where(PrintFile.print_run_id == run)).one()
    path = printing.file_path(office, file.id)
    before = set(sheets_in(path))
    path.unlink()
    printing.try_again(office, file.id)
    assert set(sheets_in(path)) == before
    stamp = path.stat().st_mtime_ns
    printing.make_file(office, file.id)
    assert path.stat().st_mtime_ns == stamp


def test_disk_full__file_fails_with_its_remedy_and_leaves_nothing_half_done(
    office, meeting, user, surveys, monkeypatch
):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(printing.render, "write_pdf", full)  # the operating system's answer, not ours
    (run,) = printing.create_runs(
        office, meeting_id=meeting.id, survey_id=surveys["org"], order=order(subjects=("x",)), user_id=user.id
    )
    with office.db.read() as session:
        file = session.scalars(select(PrintFile).where(PrintFile.print_run_id == run)).one()
    assert (file.state, file.problem) == ("failed", "print-disk-full")
    assert list(office.settings.prints_folder.iterdir()) == []


def test_sheets_that_came_back__cannot_be_taken_back(office, meeting, user, surveys):
    (run,) = printing.create_runs(
        office, meeting_id=meeting.id, survey_id=surveys["org"], order=order(subjects=("x",)), user_id=user.id
    )
    with office.db.begin() as session:
        file = session.scalars(select(PrintFile).where(PrintFile.print_run_id == run)).one()
        sheet = session.scalars(select(IssuedSheet.sheet).where(IssuedSheet.print_file_id == file.id)).first()
        session.add(Page(sheet=sheet, sheet_page=1, state="read", print_run_id=run))
    with pytest.raises(Conflict, match="print-file-in-use"):
        printing.withdraw_file(office, file.id)


def test_sheets_never_given_out__are_taken_back_with_their_run(office, meeting, user, surveys):
    (run,) = printing.create_runs(
        office, meeting_id=meeting.id, survey_id=surveys["org"], order=order(subjects=("x",)), user_id=user.id
    )
    with office.db.read() as session:
        file = session.scalars(select(PrintFile).where(PrintFile.print_run_id == run)).one()
    printing.withdraw_file(office, file.id)
    with office.db.read() as session:
        assert session.scalars(select(IssuedSheet.sheet)).all() == []
        assert session.get(PrintRun, run) is None
    assert not printing.file_path(office, file.id).exists()


def test_preview__is_a_png_of_the_sheet_without_an_issued_code(operator, meeting, surveys):
    answer = operator.post(
        f"/meetings/{meeting.id}/print/preview",
        {
            "survey": surveys["roster-items"],
            "unit": "机械学院",
            "names": "\n".join(f"党员{n}" for n in range(20)),
            "page": 2,
        },
    )
    assert (answer.status_code, answer.headers["X-Pages"]) == (200, "2")
    image = Image.open(io.BytesIO(answer.data))
    assert image.width > image.height  # landscape
    assert zxingcpp.read_barcodes(image.convert("L")) == []


def test_unprintable_name__is_told_in_the_page_and_what_was_typed_stays(operator, meeting, surveys):
    data = {"survey": surveys["roster-items"], "unit": "机械学院", "names": "王芳\n\U0010fffd", "copies": "5"}
    answer = operator.post(f"/meetings/{meeting.id}/print", data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "名单第 2 行 – 字符" in page
    assert "members[" not in page
    assert "王芳" in page


@pytest.mark.parametrize("form", ["member", "roster-overall"])
def test_name_with_a_fault__is_told_by_its_line_in_the_page(operator, meeting, surveys, form):
    names = "王芳\r\n\r\n李明\r\n" + "赵" * 59
    data = {"survey": surveys[form], "unit": "机械学院", "names": names, "copies": "5"}
    page = operator.post(f"/meetings/{meeting.id}/print", data).get_data(as_text=True)
    assert "名单第 4 行 – “赵赵" in page
    assert "下载 PDF" not in page


def test_specimen_of_a_list_with_faults__each_line_is_told(operator, meeting, surveys):
    names = "1. 王芳\t2019001\n李明\n\n王　芳\n第二支部\t赵雪"
    data = {"survey": surveys["roster-overall"], "unit": "机械学院", "names": names}
    answer = operator.post(f"/meetings/{meeting.id}/print/preview", data)
    assert answer.status_code == 422
    faults = answer.get_data(as_text=True).splitlines()
    assert [fault.split(" – ")[:2] for fault in faults] == [
        ["名单第 4 行", "“王芳”与 名单（第 1 行）重名"],
        ["名单第 5 行", "这一行有几栏文字：第二支部 | 赵雪"],
    ]


def test_print_page__from_order_to_download(office, operator, meeting, surveys):
    data = {
        "survey": surveys["org"],
        "unit": "机械学院党委",
        "subject": "机械学院党委",
        "date": "2011年7月15日",
        "copies": "2",
    }
    answer = operator.post(f"/meetings/{meeting.id}/print", data, follow_redirects=True)
    page = answer.get_data(as_text=True)
    assert "下载 PDF（2 份）" in page
    download = operator.get("/print-files/1.pdf")
    assert (download.status_code, download.data[:5]) == (200, b"%PDF-")
    with pypdfium2.PdfDocument(download.data) as document:
        assert len(document) == 2
    with office.db.read() as session:
        rows = session.scalars(select(TrailRow).where(TrailRow.action == "exported"))
        assert [(row.user_id, row.object) for row in rows] == [(operator.id, f"meeting:{meeting.id}")]


def test_form_of_another_campaign__is_refused(office, operator, meeting, surveys):
    with office.db.begin() as session:
        from webapp.models import Campaign

        other = Campaign(title="另一次评议")
        session.add(other)
        session.flush()
        row = session.get(Survey, surveys["org"])
        foreign = Survey(campaign_id=other.id, form="org", title=row.title, source=row.source)
        session.add(foreign)
        session.flush()
        data = {"survey": foreign.id, "unit": "x", "subject": "x", "copies": "2"}
    assert operator.post(f"/meetings/{meeting.id}/print", data).status_code == 404
