"""The tree of units with its history, and the roster: all its faults at once, imported whole or not at all."""

from __future__ import annotations

import html
import io
import re
import zipfile

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from webapp.errors import InvalidInput
from webapp.models import HeadCount, Member, Unit, UnitExpected, UnitVersion
from webapp.services import roster, roster_import, units, workbooks

HEADS = ["单位", "类型", "上级", "教职工应到", "学生代表应到"]
PEOPLE = ["党支部", "姓名", "编号", "党员干部"]
COLLEGES = [
    ["教工第一党支部", "党支部", "机械学院党委", 17, 9],  # stands before the one above it
    ["机械学院党委", "学院党委", "中共内蒙古工业大学委员会", 256, 60.0],
    ["中共内蒙古工业大学委员会", "校党委", None, None, None],
    ["体育部直属党支部", "直属党支部", "中共内蒙古工业大学委员会", "44", 0],
]
MEMBERS = [
    ["教工第一党支部", "王芳", "1001", "是"], ["教工第一党支部", "王芳", 1002, None],
    ["教工第一党支部", "李 强", None, "否"], ["体育部直属党支部", "额尔敦巴雅尔", None, "√"],
]  # fmt: skip


def book(unit_rows=COLLEGES, member_rows=MEMBERS, heads=HEADS, people=PEOPLE):
    """An XLSX file as an office writes one."""
    file = Workbook()
    file.active.title = "说明"
    for name, head, rows in (("单位", heads, unit_rows), ("党员", people, member_rows)):
        if rows is not None:
            sheet = file.create_sheet(name)
            for row in (head, *rows):
                sheet.append(row)
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def take_in(office, data, user, allowed=None):
    return roster_import.run(office, roster.read(data), user_id=user.id, allowed=allowed)


def faults_of(office, data, allowed=None):
    with office.db.read() as session:
        plan = roster_import.plan(session, roster.read(data), allowed)
    return [(fault.sheet, fault.cell, fault.code) for fault in plan.faults]


def counts(office):
    with office.db.read() as session:
        return [session.scalar(select(func.count()).select_from(m)) for m in (Unit, UnitVersion, UnitExpected, Member)]


def test_roster__makes_units_numbers_and_members_whatever_their_order(office, user):
    assert take_in(office, book(), user) == (4, 4)
    tree = [(depth, unit.name, unit.kind) for depth, unit in units.units(office)]
    assert tree == [
        (0, "中共内蒙古工业大学委员会", "school"), (1, "机械学院党委", "college"), (2, "教工第一党支部", "branch"),
        (1, "体育部直属党支部", "direct"),
    ]  # fmt: skip
    with office.db.read() as session:
        ids = {unit.name: unit.id for unit in session.scalars(select(Unit))}
        assert units.expected(session)[ids["机械学院党委"]] == {"staff": 256, "student": 60}
        found = [(m.name, m.number, m.cadre) for m in units.members(session, ids["教工第一党支部"])]
        assert found == [("王芳", "1001", True), ("王芳", "1002", False), ("李 强", "", False)]
        assert units.members(session, ids["体育部直属党支部"])[0].cadre


def test_same_roster_again__changes_nothing(office, user):
    take_in(office, book(), user)
    before = counts(office)
    assert take_in(office, book(), user) == (0, 0)
    assert counts(office) == before


def test_mended_roster__changes_what_differs_and_keeps_the_history(office, user):
    take_in(office, book(), user)
    rows = [*COLLEGES[1:], ["教工第一党支部", "党支部", "体育部直属党支部", 20, None]]
    people = [["教工第一党支部", "王芳", "1002", "是"]]  # the others are not named, and stay
    assert take_in(office, book(rows, people), user) == (1, 1)
    with office.db.read() as session:
        branch = session.scalars(select(Unit).where(Unit.name == "教工第一党支部")).one()
        assert units.expected(session)[branch.id] == {"staff": 20, "student": 9}
        assert [m.cadre for m in units.members(session, branch.id)] == [True, True, False]
    assert [row.parent for row in units.history(office, branch.id)] == ["体育部直属党支部", "机械学院党委"]


def test_faults__are_all_told_by_cell_and_nothing_is_imported(office, user):
    rows = [
        ["机械学院党委", "学院党委", None, "二百三", -1],
        ["电力学院党委", "学院", "没有的党委", 1.5, None],
        ["机械学院党委", "学院党委", None, 1, 1],
        [None, "党总支", None, 1, 1],
        ["甲总支", "党总支", "乙总支", 1, 1],
        ["乙总支", "党总支", "甲总支", 1, 1],
        ["长" * 121, "党总支", None, 10**7, 1],
    ]
    people = [
        ["没有的支部", "王芳", None, None], ["机械学院党委", "王芳", None, None], ["机械学院党委", None, None, "也许"],
        ["乙总支", "张三", None, None], ["乙总支", "张三", None, None],
    ]  # fmt: skip
    assert faults_of(office, book(rows, people)) == [
        ("单位", "A2", "roster-twice"), ("单位", "D2", "roster-number"), ("单位", "E2", "roster-number"),
        ("单位", "B3", "roster-kind"), ("单位", "C3", "roster-no-parent"), ("单位", "D3", "roster-number"),
        ("单位", "A4", "roster-twice"), ("单位", "A5", "roster-missing"), ("单位", "C6", "roster-round"),
        ("单位", "C7", "roster-round"), ("单位", "A8", "roster-long"), ("单位", "D8", "roster-number"),
        ("党员", "A2", "roster-no-branch"), ("党员", "A3", "roster-not-branch"), ("党员", "A4", "roster-not-branch"),
        ("党员", "B4", "roster-missing"), ("党员", "D4", "roster-yes-no"), ("党员", "A5", "roster-not-branch"),
        ("党员", "B5", "roster-same-name"), ("党员", "A6", "roster-not-branch"), ("党员", "B6", "roster-same-name"),
    ]  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        take_in(office, book(rows, people), user)
    assert caught.value.code == "roster-faults"
    assert counts(office) == [0, 0, 0, 0]


def test_columns_in_another_order__are_found_by_their_heading_and_faults_name_their_letter(office):
    heads = ["备注", "类型", "单位", "学生代表应到"]
    assert faults_of(office, book([["", "学院党委", "机械学院党委", "多"]], None, heads=heads)) == [
        ("单位", "D2", "roster-number")
    ]


@pytest.mark.parametrize("missing", ["单位", "类型"])
def test_missing_column__is_named(office, missing):
    read = roster.read(book(heads=[head if head != missing else "别的" for head in HEADS]))
    assert [(fault.cell, fault.code, fault.params) for fault in read.faults if fault.sheet == "单位"] == [
        ("A1", "roster-no-column", {"column": missing})
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "roster-not-xlsx"), (b"name,kind\n", "roster-not-xlsx"), (b"PK\x03\x04 broken", "roster-not-xlsx"),
        (book(None, None), "roster-no-sheet"), (book([], []), "roster-empty"), (book([], None), "roster-empty"),
    ],
)  # fmt: skip
def test_file_that_is_no_roster__is_told_apart(data, code):
    with pytest.raises(InvalidInput) as caught:
        roster.read(data)
    assert caught.value.code == code


def test_small_file_that_unpacks_to_a_very_large_one__is_not_unpacked():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (workbooks.MOST_BYTES + 1))
    with pytest.raises(InvalidInput) as caught:
        roster.read(buffer.getvalue())
    assert caught.value.code == "roster-too-large"


def test_formula__is_not_a_number(office):
    assert faults_of(office, book([["机械学院党委", "学院党委", None, "=1+1", None]], None)) == []  # no value was kept
    assert faults_of(office, book([["机械学院党委", "学院党委", None, "'=1+1", None]], None)) == [
        ("单位", "D2", "roster-number")
    ]


def test_template__is_a_roster_that_can_be_filled_in(operator):
    answer = operator.get("/units/roster.xlsx")
    file = load_workbook(io.BytesIO(answer.data))
    assert [[cell.value for cell in file[name][1]] for name in ("单位", "党员")] == [HEADS, PEOPLE]
    file["单位"].append(["机械学院党委", "学院党委", None, 256, 60])
    buffer = io.BytesIO()
    file.save(buffer)
    assert roster.read(buffer.getvalue()).units[0].expected == {"staff": 256, "student": 60}


def test_page__shows_the_faults_then_imports_what_it_showed(office, operator):
    bad = [["机械学院党委", "学院党委", None, 256, 0], ["离退休党总支", "党总支", None, "二百三", 0]]
    answer = operator.post("/units/roster", {"file": (io.BytesIO(book(bad, None)), "单位名册.xlsx")})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "D3：“二百三”不是人数" in page
    assert "学生代表为 0，请确认" in page
    assert 'name="roster"' not in page
    answer = operator.post("/units/roster", {"file": (io.BytesIO(book()), "单位名册.xlsx")})
    content = re.search(r'name="roster" value="([^"]+)"', answer.get_data(as_text=True))[1]
    assert counts(office) == [0, 0, 0, 0]
    assert operator.post("/units/roster/import", {"roster": html.unescape(content)}).location == "/units"
    assert counts(office) == [4, 4, 6, 4]
    assert "教工第一党支部" in operator.get("/units").get_data(as_text=True)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"units": [{"row": 1}], "members": [], "faults": [], "columns": {}}']
)
def test_roster_that_the_page_did_not_give__is_refused(office, operator, content):
    assert operator.post("/units/roster/import", {"roster": content}).status_code == 422
    assert counts(office) == [0, 0, 0, 0]


def test_administrator_of_a_college__imports_below_it_only(office, user, enter):
    take_in(office, book(), user)
    with office.db.read() as session:
        ids = {unit.name: unit.id for unit in session.scalars(select(Unit))}
    own = frozenset({ids["机械学院党委"], ids["教工第一党支部"]})
    rows = [
        ["教工第二党支部", "党支部", "机械学院党委", 5, 5],
        ["机械学院党委", "学院党委", "中共内蒙古工业大学委员会", 260, 60],
        ["体育部直属党支部", "直属党支部", "中共内蒙古工业大学委员会", 1, 1],
        ["新学院党委", "学院党委", None, 1, 1],
        ["教工第一党支部", "党支部", "体育部直属党支部", 1, 1],
    ]
    people = [["体育部直属党支部", "外人", None, None], ["教工第二党支部", "自己人", None, None]]
    assert faults_of(office, book(rows, people[1:]), own) == [
        ("单位", cell, "roster-not-yours") for cell in ("A4", "A5", "A6")
    ]
    assert faults_of(office, book(rows[:2], people), own) == [("党员", "A2", "roster-not-yours")]
    assert take_in(office, book(rows[:2], people[1:]), user, own) == (2, 1)


def test_unit__keeps_what_it_was_called_and_where_it_stood(office, operator, unit):
    with office.db.begin() as session:
        session.add(Unit(kind="school", name="校党委"))
    [school] = [row.id for _depth, row in units.units(office) if row.name == "校党委"]
    move = {"name": "机械与材料学院党委", "kind": "college", "parent_id": school}
    assert operator.post(f"/units/{unit.id}", move).status_code == 302
    assert operator.post(f"/units/{unit.id}", move).status_code == 302  # nothing changed: no row
    [change] = units.history(office, unit.id)
    assert (change.name, change.parent, change.who) == ("机械与材料学院党委", "校党委", "刘婷")
    assert "机械与材料学院党委" in operator.get(f"/units/{unit.id}").get_data(as_text=True)


def test_administrator_of_a_college__builds_below_it_only(office, enter, unit):
    with office.db.begin() as session:
        session.add(Unit(kind="college", name="别的学院党委"))
    other = units.named(office, "别的学院党委").id
    person = enter("某某", "unit_administrator", unit_id=unit.id)
    page = person.get("/units").get_data(as_text=True)
    assert "别的学院党委" not in page
    for parent in ("", other):
        assert person.post("/units", {"names": "支部", "kind": "branch", "parent_id": parent}).status_code == 403
    assert person.post("/units", {"names": "支部", "kind": "branch", "parent_id": unit.id}).status_code == 302
    branch = units.named(office, "支部").id
    move = {"name": "支部", "kind": "branch", "parent_id": other}
    assert person.post(f"/units/{branch}", move).status_code == 403
    rename = {"name": "机械学院党委二", "kind": "college", "parent_id": ""}  # stays at the top, where it is
    assert person.post(f"/units/{unit.id}", rename).status_code == 302


def test_new_meeting__expects_whom_the_roster_expects(office, operator, user, campaign):
    take_in(office, book(), user)
    college = units.named(office, "机械学院党委").id
    operator.post(f"/campaigns/{campaign.id}/meetings/new", {"unit_id": college})
    with office.db.read() as session:
        rows = session.execute(select(HeadCount.kind, HeadCount.rater_class, HeadCount.number))
        assert sorted(rows) == [("expected", "staff", 256), ("expected", "student", 60)]


def test_unit_that_stands_twice_in_a_pasted_list__is_told_by_its_lines(office, operator):
    with pytest.raises(InvalidInput) as caught:
        units.add(office, names="机械学院党委\n\n化工学院党委\n机械学院党委", kind="college")
    assert (caught.value.code, caught.value.params) == (
        "unit-name-twice", {"line": 4, "first": 1, "name": "机械学院党委"},
    )  # fmt: skip
    assert units.add(office, names="机械学院党委\n化工学院党委", kind="college") == 2
