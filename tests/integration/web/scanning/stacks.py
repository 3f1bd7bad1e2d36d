"""A small printed and filled deck, and files made of its pages: whole, broken, foreign."""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pikepdf
from PIL import Image, ImageDraw
from sqlalchemy import select

from forms.layout import Layout
from omr.synth import MIXES, SEVERITIES, scan_stack
from omr.synth.printed import PrintedFile
from webapp import models
from webapp.jobs import open_office
from webapp.migrate import upgrade
from webapp.models import Campaign, Meeting, Survey, Unit, User
from webapp.office import Office
from webapp.services import printing
from webapp.settings import load

PRESETS = Path(__file__).resolve().parents[4] / "forms" / "presets"
COPIES = 5
# these tests are about files and pages: the marks are plain, so that every page is read without a doubt
CLEAR = replace(MIXES["usual"], styles={"tick": 1.0}, pens={"gel": 1.0}, writing=0.0)
GENTLE = replace(SEVERITIES["office"], dpi={200: 1.0})
CHOICES = ("satisfied", "fairly", "basically", "dissatisfied")
QUESTIONS = ("q1", "q2", "q3")


@dataclass(frozen=True)
class Deck:
    """Sheets of one meeting that were printed, filled and scanned. ``sheets[n]`` stands on page n of ``scan``."""

    instance: Path
    scan: Path
    meeting_id: int
    sheets: tuple[str, ...]
    answers: dict[str, dict[str, tuple[str, ...]]]

    def pdf(self, *pages: int) -> bytes:
        """Return a PDF of some pages of the scanned stack (from 0)."""
        with pikepdf.open(self.scan) as source, pikepdf.new() as target:
            for page in pages:
                target.pages.append(source.pages[page])
            return saved(target)

    def image(self, page: int) -> Image.Image:
        """Return a page of the scanned stack as a grey image."""
        with pikepdf.open(self.scan) as source:
            (image,) = source.pages[page].get_images().values()
            return pikepdf.PdfImage(image).as_pil_image().convert("L")


def saved(pdf: pikepdf.Pdf, **options: object) -> bytes:
    stream = io.BytesIO()
    pdf.save(stream, deterministic_id="encryption" not in options, **options)
    return stream.getvalue()


def as_pdf(*images: Image.Image, dpi: int = 200) -> bytes:
    stream = io.BytesIO()
    images[0].save(stream, "PDF", save_all=True, append_images=list(images[1:]), resolution=dpi)
    return stream.getvalue()


def joined(*files: bytes) -> bytes:
    with pikepdf.new() as target:
        for file in files:
            with pikepdf.open(io.BytesIO(file)) as source:
                target.pages.extend(source.pages)
        return saved(target)


def blank_page() -> Image.Image:
    noise = np.random.default_rng(1).normal(245, 3, (2339, 1654)).clip(0, 255)
    return Image.fromarray(noise.astype(np.uint8))


def foreign_page() -> Image.Image:
    """An attendance list: print, but none of ours."""
    image = blank_page()
    pen = ImageDraw.Draw(image)
    for row in range(30):
        pen.line((150, 200 + row * 65, 1500, 200 + row * 65), fill=40, width=2)
        pen.text((170, 160 + row * 65), f"{row + 1}  Name  Signature", fill=30, font_size=30)
    return image


def encrypted() -> bytes:
    with pikepdf.open(io.BytesIO(as_pdf(blank_page()))) as pdf:
        return saved(pdf, encryption=pikepdf.Encryption(owner="a", user="b"))


def bomb(side: int = 40_000) -> bytes:
    """A PNG of 40,000 × 40,000 pixels in a few bytes of file: only its head is ever looked at."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def fax(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.point(lambda v: 255 if v > 150 else 0).convert("1").save(stream, "TIFF", compression="group4", dpi=(200, 200))
    return stream.getvalue()


def without_code(image: Image.Image) -> Image.Image:
    """Return a page whose code and printed number are smudged: nothing but a person can name it."""
    grey = np.array(image)
    height, width = grey.shape
    smudge = np.random.default_rng(2).integers(60, 230, grey.shape, dtype=np.uint8)
    for top, bottom, left, right in ((0.895, 0.98, 0.80, 0.945), (0.925, 0.965, 0.09, 0.60)):
        rows, columns = slice(int(top * height), int(bottom * height)), slice(int(left * width), int(right * width))
        grey[rows, columns] = smudge[rows, columns]
    # the lower right mark stands beside the code and must stay
    mark = np.array(image)[int(0.935 * height) : int(0.975 * height), int(0.895 * width) : int(0.945 * width)]
    grey[int(0.935 * height) : int(0.975 * height), int(0.895 * width) : int(0.945 * width)] = mark
    return Image.fromarray(grey)


def build(instance: Path) -> None:
    """Make an instance with a deck."""
    settings = load(instance, environ={}, inline_jobs=True)
    upgrade(settings)
    build_in(instance)


def build_in(instance: Path, unit: str = "机械学院党委") -> Deck:
    """Print five organisation sheets for a meeting of an instance, fill them and scan them three times.

    ``again.pdf`` are the same marks scanned once more; in ``other.pdf`` sheet 0 carries other marks.
    """
    office = open_office(load(instance, environ={}, inline_jobs=True))
    meeting_id, survey_id, user_id = _people(office, unit)
    order = printing.Order(unit, "2011年7月15日", COPIES, (unit,))
    (run,) = printing.create_runs(office, meeting_id=meeting_id, survey_id=survey_id, order=order, user_id=user_id)
    with office.db.read() as session:
        digest = session.get_one(models.PrintRun, run).layout_digest
        layout = Layout.loads(session.get_one(models.Layout, digest).source)
        file_id = session.scalars(select(models.PrintFile.id).where(models.PrintFile.print_run_id == run)).one()
    printed = printing.file_path(office, file_id)
    sheets = _printed_order(printed, layout)
    answers = {sheet: _answer(number) for number, sheet in enumerate(sheets)}
    other = answers | {sheets[0]: answers[sheets[0]] | {"q1": ("dissatisfied",)}}
    for name, marks, seed in (("scan", answers, 11), ("again", answers, 12), ("other", other, 13)):
        scan_stack(printed, [layout], instance / f"{name}.pdf", answers=marks, mix=CLEAR, severity=GENTLE, seed=seed)
    facts = {"meeting": meeting_id, "sheets": sheets, "answers": answers}
    (instance / "deck.json").write_text(json.dumps(facts), "utf-8")
    office.db.close()
    return deck_of(instance)


def deck_of(instance: Path) -> Deck:
    facts = json.loads((instance / "deck.json").read_text("utf-8"))
    answers = {sheet: {q: tuple(choice) for q, choice in marks.items()} for sheet, marks in facts["answers"].items()}
    return Deck(instance, instance / "scan.pdf", facts["meeting"], tuple(facts["sheets"]), answers)


def _people(office: Office, unit_name: str) -> tuple[int, int, int]:
    with office.db.begin() as session:
        user = User(name=f"打印员 {unit_name}", display_name="打印员", password_hash="!")
        campaign, unit = Campaign(title="创先争优活动群众评议"), Unit(kind="college", name=unit_name)
        session.add_all([user, campaign, unit])
        session.flush()
        meeting = Meeting(campaign_id=campaign.id, unit_id=unit.id)
        source = (PRESETS / "org.yaml").read_text("utf-8")
        survey = Survey(campaign_id=campaign.id, form="org", title="基层党组织满意度测评表", source=source)
        session.add_all([meeting, survey])
        session.flush()
        return meeting.id, survey.id, user.id


def _printed_order(path: Path, layout: Layout) -> list[str]:
    with PrintedFile(path) as printed:
        return [printed.sides(number, [layout])[0].sheet for number in range(COPIES)]


def _answer(number: int) -> dict[str, tuple[str, ...]]:
    marks = {question: (CHOICES[(number + place) % 3],) for place, question in enumerate(QUESTIONS)}
    return marks | {"rater_class": ("staff",)}
