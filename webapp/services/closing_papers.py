"""The papers of closing as ``Paper`` values.

测评票清点报告单, 机读与人工抽查对照表, 人工判读记录, the list of drawn sheets. Chinese: they are official papers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.code import readable
from omr.errors import FileProblem
from webapp.errors import NotFound
from webapp.models import Closing, Decision, Meeting, Page, PrintRun, Ruling, User
from webapp.office import Office
from webapp.papers.paper import Block, Cell, Heading, Line, Paper, Picture, Row, Table
from webapp.services import (
    books,
    closing,
    flexible,
    hand_check,
    pictures,
    plans,
    progress,
    result_tables,
    review,
    station,
    tally,
)
from webapp.services.answers import MACHINE
from webapp.services.result_tables import label

HERE = ZoneInfo("Asia/Shanghai")
LOG_WIDTHS = (7, 7, 14, 5, 4, 4, 5, 6)
LOG_PICTURE_MM = 47.0  # 14 units of 3.5 mm, less what is left free
STAGES = {"": "一人裁定", "first": "待第二人", "agreed": "两人一致", "differs": "两人不一致", "ruling": "监票人裁定"}
STATES = {"blank": "弃权", "invalid": "无效", "unsure": "存疑", "multiple": "多选", "": "—"}
TERMS = {
    "printed": "印制", "issued": "发出", "spoiled": "作废", "spare": "余票", "present": "实到", "returned": "收回",
    "valid": "有效", "void": "废票", "box": "开箱点数", "read": "识读", "counted": "计入", "held": "待裁定",
}  # fmt: skip
RULES = {
    "denominator": "分母", "headline": "采用的满意率", "turnout_percent": "参加率要求%",
    "disclosure_floor": "单独通报至少（张）", "high_percent": "示范线%", "low_percent": "整改线%",
    "low_dissatisfied_in": "不满意多于几分之一须整改",
}  # fmt: skip
RULE_VALUES = {
    "choices": "计入分母的各档之和", "valid": "有效票", "satisfied": "满意", "fairly": "满意+比较满意",
    "not_dissatisfied": "除不满意外",
}  # fmt: skip
WHOLE = {
    "items": "每项：各栏之和等于有效票",
    "reviewed": "存疑全部裁定",
    "about": "每一对象：收回不多于实到人数",
}


def report(office: Office, meeting_id: int) -> Paper:
    """Return the 清点报告单 of a meeting: of the closing in force, else a draft. Raises NotFound."""
    with office.db.read() as session:
        meeting = _meeting(session, meeting_id)
        held = closing.in_force(session, meeting_id)
        return Paper(
            name="测评票清点报告单",
            title=("测评票清点报告单",),
            blocks=(
                _head(session, meeting),
                Heading("一、清点"),
                *_books(session, meeting_id),
                Heading("二、复核与人工抽查"),
                _checks(session, meeting_id),
                Heading("三、测评结果"),
                *_results(session, meeting_id),
                Heading("四、封存"),
                _seal(session, meeting_id, held),
                Heading("签字"),
                _signatures(),
            ),
            foot=f"{meeting.unit.name}　{closing.readable(held.digest)}" if held else meeting.unit.name,
            stamp="" if held else "草稿：尚未封存，本单不作为依据。",
        )


def _meeting(session: Session, meeting_id: int) -> Meeting:
    meeting = session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound("no-such-row", kind="Meeting")
    return meeting


def _head(session: Session, meeting: Meeting) -> Table:
    day = f"{meeting.held_on:%Y}年{meeting.held_on.month}月{meeting.held_on.day}日" if meeting.held_on else ""
    rows: tuple[Row, ...] = (
        (label("测评单位"), Cell(meeting.unit.name, align="left"), label("评议时间"), Cell(day)),
        (
            label("依据"),
            Cell(f"{meeting.campaign.title}　{meeting.campaign.number}".strip(), align="left"),
            label("地点"),
            Cell(meeting.place),
        ),
        (
            label("形式"),
            Cell(plans.manner_of(meeting, plans.of_meeting(session, meeting)), align="left", columns=3),
        ),
    )
    return Table((7, 25, 7, 13), rows, row_mm=8)


def _books(session: Session, meeting_id: int) -> Iterator[Block]:
    found = books.of(session, meeting_id)
    total = found.turnout[-1]
    people: list[Row] = [
        (Cell(total.expected), Cell(total.present), Cell(total.rate.percent if total.expected else None))
    ]
    yield Table((17, 17, 18), tuple(people), ((label("应到人数"), label("实到人数"), label("参加率%")),))
    yield from _by_hand(session, meeting_id, total.expected)
    for form in found.forms:
        yield Heading(form.ref.form.title, level=2)
        rows = tuple(
            (Cell(_equation(each.code, each.relation, each.terms), align="left"), Cell(_holds(each.ok)))
            for each in form.equations
        )
        yield Table((40, 12), rows, ((label("账目"), label("核对")),))


def _by_hand(session: Session, meeting_id: int, expected: int | None) -> Iterator[Line]:
    """Yield, of the flexible way, how many sheets came back of those expected, of those handed out, and were keyed."""
    yield from (Line(text) for text in flexible.lines(session, meeting_id))
    for ref in tally.forms(session, meeting_id):
        results = tally.results_in(session, meeting_id, ref.survey_id)
        if results is not None and results.by_hand:
            yield Line(f"{ref.form.title}：{tally.flexible_words(results, expected)}")


def _equation(code: str, relation: str, terms: tuple[tuple[str, int | None], ...]) -> str:
    if code in WHOLE:
        return WHOLE[code]
    (name, left), *rest = terms
    right = " + ".join(f"{TERMS.get(each, each)} {_number(value)}" for each, value in rest)
    return f"{TERMS.get(name, name)} {_number(left)} {relation} {right}"


def _number(value: int | None) -> str:
    return "未录入" if value is None else str(value)


def _holds(ok: bool | None) -> str:
    return {True: "✓ 相符", False: "× 不符", None: "未录入"}[ok]


def _checks(session: Session, meeting_id: int) -> Table:
    stands, found = progress.progress(session, meeting_id), hand_check.state(session, meeting_id)
    ruled = sum(row.stage == "ruling" for row, _, _ in decisions(session, meeting_id))
    rows: list[Row] = [
        (
            label("存疑裁定"),
            Cell(f"{stands.ruled} 处，其中监票人裁定 {ruled} 处；待裁定 {stands.doubts} 处", align="left"),
        )
    ]
    if found is None or found.bound is None:
        rows.append((label("人工抽查"), Cell("尚未抽查", align="left")))
    else:
        text = (
            f"有效票 {found.check.population} 张中按种子 {found.check.seed} 抽 {len(found.check.sheets)} 张，"
            f"已录 {found.done} 张、{len(found.places)} 处，与计票一致 {found.agreeing} 处；"
            f"计票差错率 95% 上限 {100 * found.bound:.2f}%"
        )
        rows.append((label("人工抽查"), Cell(text, align="left")))
    return Table((9, 43), tuple(rows), row_mm=9)


def _results(session: Session, meeting_id: int) -> Iterator[Block]:
    for ref in tally.forms(session, meeting_id):
        results = tally.results_in(session, meeting_id, ref.survey_id)
        assert results is not None  # noqa: S101 - the form was printed
        for subject in results.subjects:
            yield Heading(f"{ref.form.title}　{result_tables.subject_name(results, subject)}", level=2)
            yield from result_tables.tables(results, results.of(subject))


def _seal(session: Session, meeting_id: int, held: Closing | None) -> Table:
    if held is None:
        return Table((52,), ((Cell("尚未封存", align="left"),),), row_mm=9)
    value = closing.value_of(held)
    person = session.get_one(User, held.user_id).display_name
    bar = value["thresholds"]["bar"]
    rows: list[Row] = [
        (label("封存"), Cell(f"第 {held.version} 版　{_when(held.at)}　监票人 {person}", align="left")),
        (label("校验码"), Cell(closing.readable(held.digest), strong=True)),
        (label("识读版本"), Cell(f"{'、'.join(value['readers']) or '手工录入'}　把握线 {bar or '默认'}", align="left")),
        (label("计票规则"), Cell("；".join(_rules(value["rules"])), align="left")),
    ]
    if held.why:
        rows.append((label("账目不符\n的理由"), Cell(held.why, align="left")))
    for row, reopening in closing.versions(session, meeting_id):
        if reopening:
            text = (
                f"第 {row.version} 版（{closing.readable(row.digest)}）于 {_when(reopening.at)} 重开：{reopening.why}"
            )
            rows.append((label("重开"), Cell(text, align="left")))
    return Table((9, 43), tuple(rows), row_mm=8)


def _rules(rules: dict[str, Any]) -> Iterator[str]:
    """Yield the counting rules in words; one without words of its own by its name."""
    for name, value in sorted(rules.items()):
        yield f"{RULES.get(name, name)} {RULE_VALUES.get(str(value), value)}"


def _signatures() -> Table:
    date = "\n\n\n　　年　　月　　日"
    cells = tuple(Cell(f"{who}（签字）：{date}", align="left", top=True) for who in ("监票人", "计票人", "联络员/委员"))
    return Table((17, 17, 18), (cells,), high=((0, 26.0),))


def _when(at: object) -> str:
    return f"{at.astimezone(HERE):%Y-%m-%d %H:%M}"  # type: ignore[attr-defined]  # a moment of a row


def check_list(office: Office, meeting_id: int) -> Paper:
    """Return the list of drawn sheets, for looking them out. No reading is on it. Raises NotFound."""
    with office.db.read() as session:
        meeting, found = _meeting(session, meeting_id), _check(session, meeting_id)
        rows = tuple(
            (Cell(number), Cell(readable(sheet)), Cell("已录入" if sheet not in found.waiting else ""), Cell())
            for number, sheet in enumerate(found.sheets, 1)
        )
        head = ((label("序号"), label("表号"), label("录入"), label("备注")),)
        told = (
            f"有效票 {found.check.population} 张，抽 {len(found.check.sheets)} 张。"
            f"种子 {found.check.seed}：取“种子:表号”的 SHA-256 最小者。"
        )
        return Paper(
            "人工抽查清单", ("人工抽查清单",), (Line(told), Table((6, 16, 10, 20), rows, head)), foot=meeting.unit.name
        )


def comparison(office: Office, meeting_id: int) -> Paper:
    """Return the 机读与人工抽查对照表: every drawn place with reading, entry and count. Raises NotFound."""
    with office.db.read() as session:
        meeting, found = _meeting(session, meeting_id), _check(session, meeting_id)
        words = Words(session)
        rows: list[Row] = []
        for place in found.places:
            machine = hand_check.machine_of(session, place.page_id).get(place.question, ("", ""))
            values = [
                words.said(place.page_id, place.question, *value) for value in (machine, place.entered, place.counted)
            ]
            same = "一致" if place.agrees else "不一致"
            rows.append(
                (
                    Cell(readable(place.sheet)),
                    Cell(words.question(place.page_id, place.question), align="left"),
                    *(Cell(text) for text in values),
                    Cell(same, strong=not place.agrees),
                )
            )
        head = ((label("表号"), label("项目"), label("机读"), label("人工"), label("计票"), label("对照")),)
        bound = "" if found.bound is None else f"，差错率 95% 上限（二项分布精确法）{100 * found.bound:.2f}%"
        told = f"{len(found.places)} 处中一致 {found.agreeing} 处，不一致 {len(found.differing)} 处{bound}。"
        blocks = (Line(told), Table((9, 19, 7, 7, 6, 4), tuple(rows), head), _signatures())
        return Paper("机读与人工抽查对照表", ("机读与人工抽查对照表",), blocks, foot=meeting.unit.name)


def _check(session: Session, meeting_id: int) -> hand_check.State:
    found = hand_check.state(session, meeting_id)
    if found is None:
        raise NotFound("nothing-to-check")
    return found


def log(office: Office, meeting_id: int) -> Paper:
    """Return the 人工判读记录: every decision on a place with its picture, and every ruling on a whole sheet.

    A place stands once, with all that was said of it, oldest first. No handwriting is on a picture. Raises NotFound.
    """
    with office.db.read() as session:
        meeting, words = _meeting(session, meeting_id), Words(session)
        places: dict[tuple[int, str], list[tuple[Decision, Page, str]]] = {}
        for each in decisions(session, meeting_id):
            places.setdefault((each[1].id, each[0].question), []).append(each)
        rows: list[Row] = []
        high: list[tuple[int, float]] = []
        for (page_id, question), said in places.items():
            seen = _picture(office, page_id, question)
            if seen.picture:
                high += [(len(rows) + n, max(7.0, seen.picture.height_mm / len(said) + 2)) for n in range(len(said))]
            rows += _decided(session, words, said, seen)
        for ruling, person in sheet_rulings(session, meeting_id):
            word = "整张作废" if ruling.kind == "void" else "整张有效"
            cells = (readable(ruling.sheet), "整张", "—", "", word, STAGES[ruling.stage], ruling.note)
            rows.append((*(Cell(text) for text in cells), Cell(f"{person}\n{_when(ruling.at)}")))
        head = tuple(label(text) for text in ("表号", "项目", "图", "机读", "裁定", "经过", "理由", "裁定人"))
        table = Table(LOG_WIDTHS, tuple(rows), (head,), high=tuple(high))
        blocks = (table,) if rows else (Line("没有人工裁定。"),)
        return Paper("人工判读记录", ("人工判读记录",), blocks, foot=meeting.unit.name)


def _picture(office: Office, page_id: int, question: str) -> Cell:
    """Return the cell with the boxes of a question as they were scanned; in words why there is no picture."""
    try:
        picture = Picture(*pictures.boxes_jpeg(office, page_id, question))
    except NotFound:
        return Cell("手工录入")
    except FileProblem:
        return Cell("原件\n打不开")
    return Cell(picture=picture.within(LOG_PICTURE_MM))


def _decided(session: Session, words: Words, said: list[tuple[Decision, Page, str]], seen: Cell) -> Iterator[Row]:
    """Yield the rows of one place: sheet, item, picture and reading stand once."""
    _, page, _ = said[0]
    question = said[0][0].question
    machine = hand_check.machine_of(session, page.id).get(question, ("", ""))
    once = (
        Cell(readable(page.sheet or ""), rows=len(said)),
        Cell(words.question(page.id, question), align="left", rows=len(said)),
        replace(seen, rows=len(said)),
        Cell(words.said(page.id, question, *machine), rows=len(said)),
    )
    for number, (row, _, person) in enumerate(said):
        ruled = "撤回到机读" if row.state == MACHINE else words.said(page.id, question, row.state, row.choice)
        yield (
            *(once if number == 0 else ()),
            Cell(ruled),
            Cell(f"{'撤销；' if row.undoes else ''}{STAGES[row.stage]}"),
            Cell(row.note, align="left"),
            Cell(f"{person}\n{_when(row.at)}"),
        )


def decisions(session: Session, meeting_id: int) -> list[tuple[Decision, Page, str]]:
    """Return all decisions of a meeting's review, oldest first, with their pages and authors."""
    query = select(Decision, Page, User.display_name).join(Page, Page.id == Decision.page_id)
    query = query.join(PrintRun, PrintRun.id == Page.print_run_id).join(User, User.id == Decision.user_id)
    query = query.where(PrintRun.meeting_id == meeting_id, Decision.origin == "review").order_by(Decision.id)
    return [(row, page, name) for row, page, name in session.execute(query)]


def sheet_rulings(session: Session, meeting_id: int) -> list[tuple[Ruling, str]]:
    """Return all rulings on whole sheets of a meeting, oldest first, with their authors."""
    here = select(Page.sheet).join(PrintRun).where(PrintRun.meeting_id == meeting_id)
    query = select(Ruling, User.display_name).join(User, User.id == Ruling.user_id)
    query = query.where(Ruling.sheet.in_(here), Ruling.kind.in_(("void", "valid"))).order_by(Ruling.id)
    return [(row, name) for row, name in session.execute(query)]


class Words:
    """The Chinese words of questions and choices, read once a layout and page."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: dict[tuple[int, int], dict[str, station.Asked]] = {}

    def of(self, page_id: int) -> dict[str, station.Asked]:
        """Return the questions of a page by id."""
        page = self._session.get_one(Page, page_id)
        key = (page.print_run_id or 0, page.sheet_page or 1)
        if key not in self._asked:
            run = self._session.get_one(PrintRun, page.print_run_id)
            blank = station.blank_questions(run, review.layout_of(self._session, page), key[1])
            self._asked[key] = {each.id: each for each in blank}
        return self._asked[key]

    def question(self, page_id: int, question: str) -> str:
        """Name a question: 第 2 项, with the member's name on a roster."""
        asked = self.of(page_id)[question]
        name = f"第 {asked.item} 项" if asked.item else "身份"
        return f"{asked.row} {name}".strip()

    def said(self, page_id: int, question: str, state: str, choice: str) -> str:
        """Say an answer in words."""
        labels = {each.id: each.label for each in self.of(page_id)[question].choices}
        words = "、".join(labels.get(each, each) for each in choice.split(",") if each)
        return words if state == "answered" else f"{STATES.get(state, state)}{f'（{words}）' if words else ''}"
