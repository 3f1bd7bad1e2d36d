"""What the reader says of a page. Frozen values, JSON-able, no image inside (``pingyi.reading/1``, docs/formats.md).

``evidence`` is all that ``decide()`` needs to judge again: the order of its numbers is ``measure.FEATURES`` of the
reader version that wrote it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = "pingyi.reading/1"


class BoxState(StrEnum):
    EMPTY = "empty"
    MARKED = "marked"
    CANCELLED = "cancelled"
    UNSURE = "unsure"


class QuestionState(StrEnum):
    ANSWERED = "answered"
    BLANK = "blank"
    MULTIPLE = "multiple"
    UNSURE = "unsure"


class Status(StrEnum):
    READ = "read"
    REJECTED = "rejected"


class ProblemCode(StrEnum):
    """Why a page was rejected, or a file could not be opened. Sentences: ``omr/messages.yaml``."""

    # a page
    BLANK_PAGE = "blank-page"
    NOT_A_SHEET = "not-a-sheet"  # a foreign page: nothing of ours on it
    OWN_BACK = "own-back"  # the back of one of our sheets: nothing is asked there
    BAD_CODE = "bad-code"  # ours by its marks or its header, but the code can't be read by machine
    UNKNOWN_LAYOUT = "unknown-layout"  # a good code of a layout that was not given
    NO_FIDUCIALS = "no-fiducials"
    CUT_OFF = "cut-off"
    POOR_FIT = "poor-fit"  # registration residual over the limit
    ROW_SLIP = "row-slip"  # rows would be read for their neighbours: their printed text says so
    SHEETS_OVERLAP = "sheets-overlap"  # boxes and marks are of two sheets, one on the other
    READER_DIED = "reader-died"  # the page ended the process that read it, twice
    # a file
    EMPTY_FILE = "empty-file"
    NOT_AN_IMAGE = "not-an-image"
    DAMAGED = "damaged"  # truncated or otherwise broken part way; pages before it were read
    ENCRYPTED = "encrypted"
    TOO_LARGE = "too-large"  # bytes
    TOO_MANY_PAGES = "too-many-pages"
    TOO_MANY_PIXELS = "too-many-pixels"


class FaultCode(StrEnum):
    """What is wrong with a page that was read all the same. Sentences: ``omr/messages.yaml``."""

    UPSIDE_DOWN = "upside-down"  # turned silently; rotation in params
    SCALE = "scale"  # printed or scanned at another size; percent in params
    CORNER_MISSING = "corner-missing"
    STREAK = "streak"  # x_mm, from the left edge of the image
    STREAK_ACROSS = "streak-across"  # y_mm, from its upper edge
    FOLD = "fold"  # at_mm, from the top of the page
    FOLD_DOWN = "fold-down"  # at_mm, from its left
    EDGE_CUT = "edge-cut"  # mm of the paper lie outside the image, but no box
    FEED_SLIP = "feed-slip"  # by_mm, at_mm
    BOX_NOT_FOUND = "box-not-found"  # boxes whose outline was not seen and whose place nothing near them tells
    BLEED_THROUGH = "bleed-through"  # percent of full black at which the other side shows
    BLURRED = "blurred"
    TOO_DARK = "too-dark"
    TOO_LIGHT = "too-light"
    ONE_BIT = "one-bit"
    DITHERED = "dithered"  # black and white by scattered dots
    OVER_COMPRESSED = "over-compressed"  # quality of the JPEG
    LOW_RESOLUTION = "low-resolution"
    CODE_BY_OCR = "code-by-ocr"  # the QR was unreadable, the printed number passed its check
    UNCUT_PAIR = "uncut-pair"  # two sheets in one image; each is read
    BLANK_SHEET = "blank-sheet"  # no box of the page holds a mark
    # of a stack, not of the page alone
    DUPLICATE = "duplicate"  # the same page of the same sheet came before, with the same answers
    PHOTOCOPY = "photocopy"  # it came before with other answers: a copy that somebody else filled in


@dataclass(frozen=True, slots=True)
class Problem:
    """A code with its numbers; the sentence is made where the reader's language is known."""

    code: str
    message: str = ""  # English, for the JSON line; pages translate from code and params
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """A trouble that spoils at most the boxes it touches. ``boxes`` are ``question.choice`` ids."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    boxes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fault as it stands in a line."""
        return {"code": str(self.code), "params": self.params, "boxes": list(self.boxes)}


@dataclass(frozen=True, slots=True)
class Registration:
    """How the page lies in the image.

    ``matrix`` (row-major 3 × 3) maps layout mm to pixels of the *stored* image (not turned, full resolution; the middle
    of its first pixel is (.5, .5)); ``width_px, height_px`` are that image's size.
    """

    residual_mm: float
    rotation_deg: float
    scale: float
    matrix: tuple[float, ...] = ()
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True, slots=True)
class BoxReading:
    state: BoxState
    probability: float
    evidence: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class QuestionReading:
    """``choice`` are the choices taken (one for "answered"; the candidates for "multiple" and "unsure")."""

    state: QuestionState
    choice: tuple[str, ...]
    probability: float
    boxes: dict[str, BoxReading]


@dataclass(frozen=True, slots=True)
class PageReading:
    """One page of one source, or one file that could not be opened (``page`` is None)."""

    source: str
    page: int | None
    status: Status
    part: int = 1
    problem: Problem | None = None
    form: str | None = None
    digest: str | None = None
    sheet: str | None = None  # readable, with the hyphen
    sheet_page: int | None = None
    registration: Registration | None = None
    questions: dict[str, QuestionReading] = field(default_factory=dict)
    regions: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    reader: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the ``pingyi.reading/1`` value."""
        registration = self.registration
        return {
            "schema": SCHEMA,
            "reader": self.reader,
            "source": self.source,
            "page": self.page,
            "part": self.part,
            "status": str(self.status),
            "problem": self.problem
            and {"code": str(self.problem.code), "message": self.problem.message, "params": self.problem.params},
            "form": self.form,
            "digest": self.digest,
            "sheet": self.sheet,
            "sheet_page": self.sheet_page,
            "registration": registration
            and {
                "residual_mm": registration.residual_mm,
                "rotation_deg": registration.rotation_deg,
                "scale": registration.scale,
                "matrix": list(registration.matrix),
                "size_px": [registration.width_px, registration.height_px],
            },
            "questions": {
                question_id: {
                    "state": str(q.state),
                    "choice": list(q.choice),
                    "probability": q.probability,
                    "boxes": {
                        box_id: {"state": str(b.state), "probability": b.probability, "evidence": list(b.evidence)}
                        for box_id, b in q.boxes.items()
                    },
                }
                for question_id, q in self.questions.items()
            },
            "regions": self.regions,
            "faults": [fault.to_json() for fault in self.faults],
        }

    def dumps(self) -> str:
        """Return one line of readings.jsonl, without its newline."""
        return json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"))
