"""What the stress set says of itself: the truth of a page and of each of its questions. Frozen values, no image."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

SEVERITIES = ("office", "bad", "phone", "beyond")


class State(StrEnum):
    """What the person meant. ``cancelled`` is a struck-out mark and no other; ``corrected`` has a new one beside it."""

    ANSWERED = "answered"
    BLANK = "blank"
    MULTIPLE = "multiple"
    CANCELLED = "cancelled"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class QuestionTruth:
    """One question as it was meant.

    ``choice`` are the choices meant; ``inked`` those at whose box a pen was put on purpose (a cancelled box, too).
    ``clear`` says: one deliberate mark of a named style and no other ink near, or no ink at all. ``kind`` names what
    was drawn (``tick``, ``blank+dot``, ``corrected:two-lines``).
    """

    id: str
    state: State
    choice: tuple[str, ...]
    clear: bool
    kind: str
    inked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageTruth:
    """One page of the set.

    ``places`` maps ``question.choice`` to the eight image coordinates (px, the middle of the first pixel is (0, 0)) of
    its box's corners: top left, top right, bottom right, bottom left.
    """

    file: str
    form: str
    sheet: str
    page: int
    severity: str
    dpi: int
    pen: str
    hand: str  # "right" or "left"
    style: str
    printed: str
    paper: str
    troubles: tuple[str, ...]
    questions: tuple[QuestionTruth, ...]
    places: dict[str, tuple[float, ...]] = field(default_factory=dict)
