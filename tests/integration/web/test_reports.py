"""The summary table and the exports: every number in every file is the count's."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import docx
import openpyxl
import pypdfium2
import pytest
from sqlalchemy import select

from forms.survey import Values
from forms.typeset import typeset
from omr.tally import RATES, Figures
from tests.sheet_rows import Desk, worked_meeting
from webapp.errors import NotFound
from webapp.models import Meeting, Opinion, Page, PrintRun, Survey, User
from webapp.office import Office
from webapp.papers import docx as docx_writer
from webapp.papers import pdf as pdf_writer
from webapp.papers import xlsx as xlsx_writer
from webapp.papers.paper import Cell, Line, Paper, Table, place, plain
from webapp.services import exports, printing, reports, summary_opinions, tally

SUBJECT = "中共机械学院委员会"
TITLE = "内蒙古工业大学基层党组织开展创先争优活动群众评议意见汇总表"
BLOCKS = ("一、参加情况", "二、测评结果", "三、群众意见建议", "四、原因与整改", "五、通报", "签章")


@pytest.fixture
def written(office: Office, meeting: Meeting, surveys: dict[str, int], user: User) -> tally.Results:
    """The worked figures, with two opinions confirmed and one only proposed."""
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
        layout = typeset(form, Values(unit="机械学院党委", subject=SUBJECT))
        worked_meeting(Desk(session, user.id), meeting.id, surveys["org"], layout, SUBJECT)
        pages = session.scalars(select(Page).order_by(Page.sheet).limit(5)).all()
        for page, text, state in zip(
            pages,
            (
                "实训设备陈旧，希望更新",
                "实训设备陈旧，希望更新 ",
                "=HYPERLINK(1)公开承诺要公布完成时限",
                "未确认的字",
                "",
            ),
            ("confirmed", "confirmed", "confirmed", "proposed", "no-text"),
            strict=True,
        ):
            session.add(Opinion(page_id=page.id, region="opinion", state=state, text=text))
    found = tally.results(office, meeting.id)
    assert found is not None
    return found


@pytest.fixture
def paper(office: Office, written: tally.Results) -> Paper:
    return reports.summary(office, written.meeting.id, written.ref.survey_id, SUBJECT)


def groups(results: tally.Results) -> Iterator[Figures]:
    """All figures in the order of the paper: all raters, then each class."""
    items = results.of(SUBJECT)
    yield from (item.total for item in items)
    for place_of_class in range(len(results.class_ids)):
        yield from (item.classes[place_of_class] for item in items)


def expected_rows(results: tally.Results) -> list[tuple[list[str], list[str]]]:
    """The two rows of each item: counts and rates, then shares."""
    found = []
    for figures in groups(results):
        rates = [str(figures.rates[rate].percent) for rate in RATES]
        counts = [choice.number for choice in figures.choices]
        first = [*counts, figures.blank, figures.invalid, figures.denominator]
        found.append(([*map(str, first), *rates], [str(choice.rate.percent) for choice in figures.choices]))
    return found


PEOPLE = [
    ["教职工", "256", "238", "92.97", "是", "238", "—", "—", "231", "—"],
    ["学生代表", "60", "58", "96.67", "是", "58", "—", "—", "56", "—"],
    ["身份未填", "—", "—", "—", "—", "—", "—", "—", "6", "—"],
    ["合计", "316", "296", "93.67", "是", "296", "294", "99.32", "293", "1"],
]


def result_rows(rows: list[list[str]]) -> list[tuple[list[str], list[str]]]:
    """Pick the two rows of each item out of all rows of a file."""
    return [(above[2:], below[1:]) for above, below in pairwise(rows) if above[1:2] == ["票"] and below[:1] == ["%"]]


def xlsx_rows(content: bytes) -> list[list[str]]:
    """Rows of the form's worksheet as shown; a number with the format 0.00 keeps its decimals."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    rows = []
    for row in sheet.iter_rows():
        cells = [cell for cell in row if cell.value is not None]
        assert all(isinstance(c.value, (int, float)) for c in cells if re.fullmatch(r"\d+(\.\d+)?", str(c.value)))
        rows.append([f"{c.value:.2f}" if c.number_format == "0.00" else str(c.value) for c in cells])
    return rows


def docx_rows(content: bytes) -> list[list[str]]:
    rows = []
    for table in docx.Document(io.BytesIO(content)).tables:
        seen: set[Any] = set()
        for row in table.rows:
            fresh = [cell for cell in row.cells if cell._tc not in seen and not seen.add(cell._tc)]
            rows.append([cell.text for cell in fresh])
    return rows


def pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    text = "\n".join(document[page].get_textpage().get_text_range() for page in range(len(document)))
    document.close()
    return text.replace("\r\n", "\n")


def test_xlsx__holds_every_number_as_a_number(written: tally.Results, paper: Paper) -> None:
    rows = xlsx_rows(xlsx_writer.write(paper))
    assert result_rows(rows) == expected_rows(written)
    assert [row for row in rows if len(row) == 10 and row[0] in {"教职工", "学生代表", "身份未填", "合计"}] == PEOPLE
    flat = [text for row in rows for text in row]
    assert "".join(flat[:2]) == TITLE
    assert [text for text in flat if text in BLOCKS] == list(BLOCKS)


def test_xlsx__prints_on_a4_with_repeated_heads(paper: Paper) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_writer.write(paper)))
    form, data = book.worksheets
    assert (form.page_setup.paperSize, form.page_setup.orientation) == (9, "portrait")
    assert (form.sheet_properties.pageSetUpPr.fitToPage, form.page_setup.fitToWidth or 1) == (
        True,
        1,
    )  # 1 is the default and left out
    assert form.page_setup.fitToHeight == 0
    assert form.print_title_rows == "$1:$2"
    assert data.page_setup.orientation == "landscape"


def test_xlsx_list__holds_the_same_figures(written: tally.Results, paper: Paper) -> None:
    rows = list(openpyxl.load_workbook(io.BytesIO(xlsx_writer.write(paper))).worksheets[1].values)
    first = dict(zip(rows[0], rows[1], strict=True))
    assert (first["身份"], first["有效票"], first["满意"], first["分母"]) == ("合计", 293, 187, 289)
    assert Decimal(str(first["满意率（满意+比较满意）%"])) == Decimal("89.27")
    assert len(rows) == 1 + 3 * 4


def test_docx__holds_every_number(written: tally.Results, paper: Paper) -> None:
    content = docx_writer.write(paper)
    rows = docx_rows(content)
    assert result_rows(rows) == expected_rows(written)
    assert [row for row in rows if len(row) == 10 and row[0] in {"教职工", "学生代表", "身份未填", "合计"}] == PEOPLE
    texts = [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs if paragraph.text]
    assert "".join(texts[:2]) == TITLE
    assert [text for text in texts if text in BLOCKS] == list(BLOCKS)


def test_docx__heads_repeat_rows_stay_whole_and_fonts_are_chinese(paper: Paper) -> None:
    document = docx.Document(io.BytesIO(docx_writer.write(paper)))
    xml = document.element.xml
    assert xml.count("<w:tblHeader") == sum(len(block.head) for block in paper.blocks if isinstance(block, Table))
    assert xml.count("<w:cantSplit") == sum(len(table.rows) for table in document.tables)
    assert set(re.findall(r'w:eastAsia="([^"]+)"', xml)) == {"宋体", "黑体"}
    assert "PAGE" in document.sections[0].footer._element.xml
    assert round(document.sections[0].page_width.mm) == 210


def test_pdf__holds_every_number(written: tally.Results, paper: Paper) -> None:
    text = pdf_text(pdf_writer.write(paper))
    number = r"(\d+(?:\.\d\d)?)"
    four, six = " ".join([number] * 4), " ".join([number] * 6)
    pattern = rf"票 {four}\s+{six}\s+% {four}"
    found = [(list(match[:10]), list(match[10:])) for match in re.findall(pattern, text)]
    assert found == expected_rows(written)
    for row in PEOPLE:
        assert " ".join(row) in text
    assert TITLE in text.replace("\n", "")
    assert [block for block in BLOCKS if f"\n{block}" in text] == list(BLOCKS)
    assert "第 1 页 共 3 页" in text


def test_opinions__are_confirmed_merged_and_name_no_sheet(office: Office, written: tally.Results, paper: Paper) -> None:
    table = paper.blocks[[getattr(block, "text", "") for block in paper.blocks].index("三、群众意见建议") + 1]
    assert isinstance(table, Table)
    rows = [[cell.text for cell in row] for row in table.rows]
    assert [row[1:2] + row[4:] for row in rows[:2]] == [
        ["实训设备陈旧，希望更新", "2", "测评表"],
        ["=HYPERLINK(1)公开承诺要公布完成时限", "1", "测评表"],
    ]
    assert len(rows) == summary_opinions.EMPTY_ROWS
    assert all(cell == "" for row in rows[2:] for cell in row)


def test_user_text_like_a_formula__stays_text(paper: Paper) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_writer.write(paper)))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_csv_text_like_a_formula__is_quoted(text: str) -> None:
    assert plain(text) == "'" + text


def test_open_doubts__every_page_of_every_file_is_stamped(office: Office, written: tally.Results, user: User) -> None:
    with office.db.begin() as session:
        desk = Desk(session, user.id)
        run = session.scalar(select(PrintRun).where(PrintRun.meeting_id == written.meeting.id))
        marks = {
            "rater_class": ("answered", "staff"),
            "q1": ("unsure", "satisfied"),
            "q2": ("blank", ""),
            "q3": ("unsure", ""),
        }
        desk.page(run, desk.issue(run), marks)
    paper = reports.summary(office, written.meeting.id, written.ref.survey_id, SUBJECT)
    assert paper.stamp == "待复核：2 处存疑未裁定。本表数字不是最终结果。"
    text = pdf_text(pdf_writer.write(paper))
    assert text.count(paper.stamp) == int(re.search(r"共 (\d+) 页", text)[1])
    assert paper.stamp in docx.Document(io.BytesIO(docx_writer.write(paper))).sections[0].header.paragraphs[0].text
    form = openpyxl.load_workbook(io.BytesIO(xlsx_writer.write(paper))).worksheets[0]
    assert (form["A3"].value, form.print_title_rows) == (paper.stamp, "$1:$3")
    assert "待复核" in [
        cell.text for block in paper.blocks if isinstance(block, Table) for row in block.head for cell in row
    ]


def test_numbers_not_entered__are_empty_for_the_pen(
    office: Office, meeting: Meeting, surveys: dict[str, int], user: User
) -> None:
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["org"]).source, "org")
        desk = Desk(session, user.id)
        run = desk.print_run(meeting.id, surveys["org"], typeset(form, Values()), subject=SUBJECT, copies=5)
        desk.page(
            run,
            desk.issue(run),
            {"rater_class": ("answered", "staff"), "q1": ("blank", ""), "q2": ("blank", ""), "q3": ("blank", "")},
        )
    paper = reports.summary(office, meeting.id, surveys["org"], SUBJECT)
    rows = docx_rows(docx_writer.write(paper))
    assert ["合计", "", "", "", "", "", "1", "", "1", "0"] in rows
    assert result_rows(rows)[0][0] == ["0", "0", "0", "0", "1", "0", "0", "—", "—", "—"]


def test_scale_with_unknown__table_keeps_its_width_and_unknown_has_no_share(
    office: Office, written: tally.Results
) -> None:
    with office.db.begin() as session:
        row = session.get(Survey, written.ref.survey_id)
        row.source = row.source.replace("unknown: false", "unknown: true")
    paper = reports.summary(office, written.meeting.id, written.ref.survey_id, SUBJECT)
    tables = [block for block in paper.blocks if isinstance(block, Table)]
    assert {sum(table.widths) for table in tables} == {52}
    assert all(list(place((*table.head, *table.rows))) for table in tables)
    above, below = result_rows(docx_rows(docx_writer.write(paper)))[0]
    assert (above[4], below[4]) == ("0", "—")


def test_two_organisations_on_one_form__each_paper_counts_its_own_sheets(
    office: Office, written: tally.Results, user: User
) -> None:
    with office.db.begin() as session:
        desk = Desk(session, user.id)
        form = printing.parse(session.get(Survey, written.ref.survey_id).source, "org")
        layout = typeset(form, Values(subject="机械一支部"))
        run = desk.print_run(written.meeting.id, written.ref.survey_id, layout, subject="机械一支部", copies=5)
        marks = dict.fromkeys(("q1", "q2"), ("answered", "satisfied")) | {"q3": ("unsure", "")}
        desk.page(run, desk.issue(run), {**marks, "rater_class": ("answered", "student")})
    first, second = (
        reports.summary(office, written.meeting.id, written.ref.survey_id, name) for name in (SUBJECT, "机械一支部")
    )
    assert (first.stamp, second.stamp[:3]) == ("", "待复核")
    rows = docx_rows(docx_writer.write(first))
    # sheets are handed out by form: how many of them were about this organisation nobody has entered
    assert ["合计", "316", "296", "93.67", "是", "", "294", "", "293", "1"] in rows
    # of the other organisation one student's sheet came: no class is told of either, or the form's own count tells it
    assert result_rows(rows) == expected_rows(written)[:3]
    assert ["教职工", "256", "238", "92.97", "是", "—", "—", "—", "—", "—"] in rows
    assert any("不足 5 张的一类不单独列出" in block.text for block in first.blocks if isinstance(block, Line))
    assert ["合计", "316", "296", "93.67", "是", "", "1", "", "1", "0"] in docx_rows(docx_writer.write(second))


def test_summary_of_a_stranger__not_found(office: Office, written: tally.Results) -> None:
    with pytest.raises(NotFound):
        reports.summary(office, written.meeting.id, written.ref.survey_id, "别的党组织")


def test_rows_of_different_length__refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        list(place(((Cell("a"), Cell("b")), (Cell("c"),))))


def test_answers_csv__one_row_a_sheet_sorted_by_code_without_opinions(office: Office, written: tally.Results) -> None:
    content = exports.answers_csv(office, written.meeting.id)
    assert content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    codes = [row["表号"] for row in rows]
    assert len(rows) == 294
    assert codes == sorted(codes)
    assert sum(row["废票"] == "废票" for row in rows) == 1
    valid = [row for row in rows if not row["废票"]]
    first, last = "q1 推动中心工作和重点任务完成情况", "q3 开展创先争优活动的总体情况"
    assert sum(row[f"{first} 计票"] == "满意" for row in valid) == 187
    assert sum(row[f"{last} 计票"] == "弃权" for row in valid) == 2
    ruled = [row for row in valid if row[f"{last} 裁定"]]
    assert [(row[f"{last} 机读"], row[f"{last} 裁定"], row[f"{last} 计票"]) for row in ruled] == [
        ("多选（满意、比较满意）", "无效", "无效")
    ] * 2
    assert sum(row["身份 计票"] == "学生代表" for row in valid) == 56
    assert "实训设备" not in content.decode()


def test_results_csv__every_item_and_class(written: tally.Results) -> None:
    rows = list(csv.DictReader(io.StringIO(exports.results_csv(written, [SUBJECT]).decode("utf-8-sig"))))
    assert [(row["身份"], row["满意"], row["满意%"]) for row in rows[8:]] == [
        ("合计", "179", "61.94"),
        ("教职工", "146", "64.04"),
        ("学生代表", "31", "56.36"),
        ("身份未填", "2", "33.33"),
    ]


def test_roster__table_of_members_as_workbook(
    office: Office, meeting: Meeting, surveys: dict[str, int], user: User
) -> None:
    names = ("王芳", "李䶮", "=赵喆")
    with office.db.begin() as session:
        form = printing.parse(session.get(Survey, surveys["roster-overall"]).source, "roster-overall")
        layout = typeset(form, Values(unit="机械一支部", members=names))
        desk = Desk(session, user.id)
        run = desk.print_run(meeting.id, surveys["roster-overall"], layout, copies=5)
        for mark in (("answered", "satisfied"), ("answered", "fairly"), ("blank", "")):
            marks = {question.id: mark for page in layout.pages for question in page.questions}
            desk.page(run, desk.issue(run), {**marks, "rater_class": ("answered", "staff")})
    found = tally.results(office, meeting.id)
    assert found is not None
    assert found.subjects == names
    rows = list(openpyxl.load_workbook(io.BytesIO(exports.results_xlsx(found))).worksheets[0].values)
    totals = [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if row[2] == "合计"]
    assert [(row["测评对象"], row["满意"], row["比较满意"], row["弃权"], row["分母"]) for row in totals] == [
        (name, 1, 1, 1, 2) for name in names
    ]
    assert "'=赵喆" in exports.results_csv(found, names).decode()
    assert "王芳 overall 总体评价 计票" in exports.answers_csv(office, meeting.id).decode()
