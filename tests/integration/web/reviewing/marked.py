"""A real stack: sheets printed by the application, marked with strokes, scanned, taken in and read."""

from __future__ import annotations

import copy
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
import pypdfium2
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import select

from forms.layout import Box, Layout
from webapp import models
from webapp.jobs import open_office
from webapp.migrate import upgrade
from webapp.models import Answer, Campaign, IssuedSheet, Meeting, Page, PrintRun, Procedure, Survey, Unit, User
from webapp.office import Office
from webapp.services import intake, printing, review
from webapp.settings import load

PRESETS = Path(__file__).resolve().parents[4] / "forms" / "presets"
PLACE = "机械楼报告厅"
PX = 200 / 25.4
FONT = Path(pylopdf_fonts_zh_cn.__file__).with_name("NotoSerifSC-Regular.otf")
BOX_STATES = {"": "empty", "tick": "marked", "black": "cancelled", "faint": "unsure", "dot": "unsure"}
Marks = Mapping[str, Mapping[str, str]]  # question → choice → style: tick, black, faint, dot


@dataclass(frozen=True)
class Sheet:
    """What one person put on paper."""

    marks: Marks
    writing: tuple[str, ...] = ()


def clear(rater: str, *levels: str) -> dict[str, dict[str, str]]:
    """One clear tick for each question of an org sheet."""
    return {"rater_class": {rater: "tick"}, **{f"q{n}": {level: "tick"} for n, level in enumerate(levels, 1)}}


# what people do; with a doubt of each kind
STACK = (
    Sheet(clear("staff", "satisfied", "fairly", "satisfied")),
    Sheet({**clear("staff", "fairly", "satisfied"), "q3": {"satisfied": "tick", "basically": "tick"}}),
    Sheet({**clear("student", "fairly", "satisfied"), "q3": {"fairly": "black", "basically": "faint"}}),
    Sheet({**clear("student", "satisfied", "satisfied"), "q3": {"dissatisfied": "dot"}}, ("会议太多，办事快了",)),
    Sheet(
        {**clear("staff", "satisfied", "basically", "fairly"), "q2": {"satisfied": "tick", "fairly": "tick"}},
        ("希望实训设备尽快更新，", "夏天车间太热"),
    ),
)


def print_sheets(office: Office, *, meeting_id: int, survey_id: int, user_id: int, copies: int) -> Path:
    """Print through the application; return the PDF."""
    order = printing.Order(unit="机械学院党委", date="2011年7月15日", copies=copies, subjects=("中共机械学院委员会",))
    (run_id,) = printing.create_runs(office, meeting_id=meeting_id, survey_id=survey_id, order=order, user_id=user_id)
    with office.db.read() as session:
        (file,) = session.get_one(PrintRun, run_id).files
        assert file.state == "done", file.problem
        assert len(list(session.scalars(select(IssuedSheet).where(IssuedSheet.print_run_id == run_id)))) == copies
    return printing.file_path(office, file.id)


def scan(pdf: Path, layout: Layout, sheets: tuple[Sheet, ...]) -> bytes:
    """Fill the printed pages and scan them: a multi-page TIFF."""
    pages = []
    document = pypdfium2.PdfDocument(pdf)
    for number, sheet in enumerate(sheets):
        grey = document[number].render(scale=200 / 72, grayscale=True).to_pil().convert("L")
        pages.append(Image.fromarray(_filled(grey, layout, sheet, np.random.default_rng(number))))
    document.close()
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw", dpi=(200, 200))
    return stream.getvalue()


def build(instance: Path) -> None:
    """Make an instance that holds what ``fill`` adds."""
    settings = load(instance, environ={}, inline_jobs=True)
    upgrade(settings)
    office = open_office(settings)
    fill(office)
    office.db.close()


def fill(office: Office, mark: str = "") -> int:
    """Add a campaign with one form, two meetings, and for the first a stack that was read. Returns its id.

    ``mark`` sets names apart in an instance that others use too. The office does its jobs at once.
    """
    with office.db.begin() as session:
        user = User(name=f"赵雪{mark}", display_name="赵雪", password_hash="!")
        campaign = Campaign(title="创先争优活动群众评议", number="内工大 创组办字[2011]4号")
        unit = Unit(kind="college", name=f"机械学院党委{mark}")
        session.add_all([user, campaign, unit])
        session.flush()
        source = (PRESETS / "org.yaml").read_text("utf-8")
        survey = Survey(campaign_id=campaign.id, form="org", title="满意度测评表", source=source)
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id, held_on=dt.date(2011, 7, 15), place=PLACE)
        alone = Procedure(campaign_id=campaign.id, two_persons=False, check_percent=5, check_sheets=30, user_id=user.id)
        session.add(alone)  # one person suffices here; two of them are test_two_persons.py's matter
        session.add_all([survey, meeting, Meeting(campaign_id=campaign.id, unit_id=unit.id)])
    _stack(office, meeting.id, survey.id, user.id)
    return meeting.id


def _stack(office: Office, meeting_id: int, survey_id: int, user_id: int) -> None:
    """Print, fill, scan and read."""
    pdf = print_sheets(office, meeting_id=meeting_id, survey_id=survey_id, user_id=user_id, copies=len(STACK))
    with office.db.read() as session:
        run = session.scalars(select(PrintRun).where(PrintRun.meeting_id == meeting_id)).one()
        layout = Layout.loads(session.get_one(models.Layout, run.layout_digest).source)
    data = scan(pdf, layout, STACK)
    received = intake.receive(office, io.BytesIO(data), "stack.tif", user_id=user_id, origin="upload")
    with office.db.read() as session:
        states = session.execute(select(Page.state, Page.tray).where(Page.scan_id == received.scan_id)).all()
    assert states == [("read", "")] * len(STACK), states
    _pin_doubts(office, received.scan_id)


def _pin_doubts(office: Office, scan_id: int) -> None:
    """Set what the machine says to what the marks are. The tests are about people: no threshold may decide them."""
    with office.db.begin() as session:
        pages = session.scalars(select(Page).where(Page.scan_id == scan_id).order_by(Page.index)).all()
        for page, sheet in zip(pages, STACK, strict=True):
            value = copy.deepcopy(page.reading.value)
            for question, told in value["questions"].items():
                styles = sheet.marks[question]
                state, choice = _told(styles)
                told.update(state=state, choice=choice, probability=0.6 if state == "unsure" else 0.999)
                for box_id, box in told["boxes"].items():
                    box.update(state=BOX_STATES[styles.get(box_id, "")], probability=0.61)
                answer = session.get_one(Answer, (page.reading_id, question))
                answer.state, answer.choice, answer.probability = state, ",".join(choice), told["probability"]
            page.reading.value = value
            session.flush()
            review.recount(session, page)


def _told(styles: Mapping[str, str]) -> tuple[str, list[str]]:
    ticks = [choice for choice, style in styles.items() if style == "tick"]
    if len(ticks) == len(styles):
        return ("answered" if len(ticks) == 1 else "multiple"), ticks
    return "unsure", [choice for choice, style in styles.items() if style == "faint"]


def _filled(paper: Image.Image, layout: Layout, sheet: Sheet, rng: np.random.Generator) -> np.ndarray:
    grey = np.array(paper)
    page = layout.page(1)
    for question in page.questions:
        for box in question.boxes:
            style = sheet.marks.get(question.id, {}).get(box.id)
            if style:
                _mark(grey, box, style)
    image = Image.fromarray(grey)
    pen, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, round(5 * PX))
    for region in page.regions:
        for row, line in enumerate(sheet.writing):
            place = ((region.x + 5) * PX, (region.lines_y[row] - 0.6) * PX)
            pen.text(place, line, fill=40, font=font, anchor="ls")
    noise = rng.normal(0, 3, grey.shape)
    return np.clip(cv2.GaussianBlur(np.array(image), (0, 0), 0.6) * 0.97 + noise, 0, 255).astype(np.uint8)


def _mark(grey: np.ndarray, box: Box, style: str) -> None:
    def at(x: float, y: float) -> tuple[int, int]:
        return round((box.x + x * box.w) * PX), round((box.y + y * box.h) * PX)

    if style == "tick":
        points = np.array([at(0.1, 0.5), at(0.4, 0.9), at(1.3, -0.4)])
        cv2.polylines(grey, [points], False, 50, 4, cv2.LINE_AA)
    elif style == "black":
        cv2.rectangle(grey, at(0.02, 0.04), at(0.98, 0.97), 40, -1)
    elif style == "faint":
        points = np.array([at(0.25, 0.5), at(0.45, 0.75), at(0.8, 0.3)])
        cv2.polylines(grey, [points], False, 205, 2, cv2.LINE_AA)
    elif style == "dot":
        cv2.circle(grey, at(0.5, 0.55), 3, 110, -1, cv2.LINE_AA)
    else:
        raise ValueError(style)
