"""What a sheet asks: items, choices, raters. Values only, no geometry and no file.

A ``Survey`` is what a form file (YAML) says, checked by ``forms.loader``. ``forms.typeset`` gives it a place on paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

FOCI = ("duty", "promise", "role")  # 履行职责, 兑现承诺, 发挥作用


class Design(StrEnum):
    """Which of the four printed designs carries the survey."""

    SHEET = "sheet"  # one subject a sheet, items down the page (org, member)
    ROSTER_OVERALL = "roster-overall"  # one name a row, one rating each
    ROSTER_ITEMS = "roster-items"  # one name a row, every item for each; landscape


@dataclass(frozen=True, slots=True)
class Choice:
    """One box of a question, e.g. ``Choice("fairly", "比较满意")``."""

    id: str
    label: str
    label_en: str = ""
    in_denominator: bool = True  # False for 不了解: counted, but beside the rate
    satisfied: bool = False  # counts in rate (a) 满意 and (b)
    rather_satisfied: bool = False  # counts in rate (b) 满意+比较满意 only
    dissatisfied: bool = False  # is what rate (c) 除不满意外 leaves out


@dataclass(frozen=True, slots=True)
class Scale:
    """The choices offered for every item, best first."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked. ``text`` is verbatim; ``|`` marks a wished-for line break and is never printed."""

    id: str
    text: str
    choices: tuple[Choice, ...]
    text_en: str = ""
    type: str = "single"  # "single" or "multi"
    most: int = 1  # how many marks are allowed; 1 for "single"
    overall: bool = False  # the item whose rate is the headline (总体情况)
    focus: str = ""  # of FOCI: which of the directive's three focuses it asks about


@dataclass(frozen=True, slots=True)
class OpinionBox:
    """Ruled lines for free writing."""

    heading: str
    hint: str = ""
    heading_en: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """A whole form.

    ``identity`` are the questions about the rater (the first is ``rater_class``); ``items`` the questions about the
    subject. On a roster ``items`` are asked once a row; with ``Design.ROSTER_OVERALL`` there is exactly one item,
    ``overall``, and ``row_guide`` tells what it stands for.
    """

    form: str  # machine name, a-z 0-9 -, e.g. "org"
    letter: str  # what stands before the page number in the foot: A, M1, M2, M3 …
    design: Design
    issuer: str
    title: str  # verbatim, with the issuer's name where it belongs to it
    identity: tuple[Question, ...]
    items: tuple[Question, ...]
    instructions: tuple[str, ...]
    opinion: OpinionBox | None
    about: str = "organisation"  # "organisation" or "member": whom the sheet rates
    title_en: str = ""
    thanks: str = "感谢您的参与！"
    options: dict[str, str] = field(default_factory=dict)  # small design switches, see docs/formats.md


@dataclass(frozen=True, slots=True)
class Values:
    """What differs from meeting to meeting. Empty fields leave the underline for the pen."""

    unit: str = ""
    subject: str = ""
    date: str = ""
    members: tuple[str, ...] = ()
