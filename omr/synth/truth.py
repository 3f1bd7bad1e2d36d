"""What was really on the pages: frozen values, JSON-able (``pingyi.truth/1``).

The truth is written by the hand that drew the marks and by nobody else: it never passes through the reader.
Pixels follow OpenCV's convention: the centre of the first pixel is (0, 0), so layout (0, 0) mm on an unshifted page of
300 dpi lies at (-0.5, -0.5) px.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "pingyi.truth/1"
ANSWERED, BLANK, MULTIPLE, CANCELLED, CORRECTED = "answered", "blank", "multiple", "cancelled", "corrected"


@dataclass(frozen=True, slots=True)
class QuestionTruth:
    """What the writer meant by one question.

    ``state``: ``answered``, ``blank``, ``multiple``, ``cancelled`` (struck out, nothing instead) or ``corrected``
    (struck out, then another box marked; ``choice`` is the new one). ``style`` names the hand's mark, ``hard`` the kind
    of trouble (empty for a clean question), ``clear`` says that it is one deliberate mark of a named style.
    ``touched`` are boxes with ink that is no answer: the struck-out mark, the dot, the ghost.
    """

    state: str
    choice: tuple[str, ...] = ()
    style: str = ""
    clear: bool = False
    hard: str = ""
    touched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartTruth:
    """One sheet in one image. ``matrix`` (row-major 3 × 3) maps layout mm to pixels of the written image.

    ``centres_px`` are the true centres of the boxes (``question.choice``) and of the fiducials (``fiducial.id``): they
    hold curl, feed slip and lens distortion too, which ``matrix`` cannot.
    """

    part: int
    form: str
    digest: str
    sheet: str  # readable, with the hyphen
    sheet_page: int
    matrix: tuple[float, ...]
    questions: dict[str, QuestionTruth]
    centres_px: dict[str, tuple[float, float]]
    regions: dict[str, bool] = field(default_factory=dict)  # region id -> somebody wrote there


@dataclass(frozen=True, slots=True)
class PageTruth:
    """One image of the stack. ``page`` counts from 1 as written; ``printed`` is its place in the printed file."""

    source: str
    page: int
    printed: int
    dpi: int
    width_px: int
    height_px: int
    turned_deg: int  # the page's top turned clockwise
    troubles: tuple[str, ...]
    pen: str
    parts: tuple[PartTruth, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """A whole stack."""

    severity: str
    seed: int
    pages: tuple[PageTruth, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the ``pingyi.truth/1`` value."""
        return {"schema": SCHEMA, **asdict(self)}

    def dumps(self) -> str:
        """Return the truth file's text."""
        return json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Truth:
        """Read a truth file's text. Raises ValueError where it is another format."""
        value = json.loads(text)
        if value.get("schema") != SCHEMA:
            raise ValueError(f"schema is not {SCHEMA}")
        return cls(str(value["severity"]), int(value["seed"]), tuple(_page(page) for page in value["pages"]))


def _page(value: dict[str, Any]) -> PageTruth:
    parts = tuple(_part(part) for part in value["parts"])
    return PageTruth(**{**value, "troubles": tuple(value["troubles"]), "parts": parts})


def _part(value: dict[str, Any]) -> PartTruth:
    questions = {
        key: QuestionTruth(**{**item, "choice": tuple(item["choice"]), "touched": tuple(item["touched"])})
        for key, item in value["questions"].items()
    }
    centres = {key: (float(x), float(y)) for key, (x, y) in value["centres_px"].items()}
    return PartTruth(**{**value, "matrix": tuple(value["matrix"]), "questions": questions, "centres_px": centres})
