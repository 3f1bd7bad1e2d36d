"""What both rosters share: pages, rows, names, the run-on instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forms.survey import Survey, Values
from forms.typeset import parts
from forms.typeset.canvas import Canvas
from forms.typeset.parts import U, sans, serif
from forms.typeset.setting import break_lines, name_lines, width

NAME = serif(13)
LEAST_NAME = 9.0


@dataclass(frozen=True, slots=True)
class Row:
    """One name. ``id`` runs on over the pages, from m01."""

    number: int
    name: str

    @property
    def id(self) -> str:
        return f"m{self.number:02d}"


def rows(values: Values, capacity: int) -> list[Row]:
    """Return the rows; without names, one page of empty rows for the pen."""
    names = values.members or ("",) * capacity
    return [Row(number, name) for number, name in enumerate(names, start=1)]


def spread(items: Sequence[Row], capacity: int) -> list[list[Row]]:
    """Spread the rows evenly over as few pages as hold them: 27 → 14 + 13."""
    pages = -(-len(items) // capacity)
    least, more = divmod(len(items), pages)
    spread_rows, start = [], 0
    for page in range(pages):
        end = start + least + (page < more)
        spread_rows.append(list(items[start:end]))
        start = end
    return spread_rows


def subject(survey: Survey, values: Values) -> str:
    """Return the subject line: the given one, else 本支部党员（共N名）."""
    if values.subject:
        return values.subject
    count = str(len(values.members)) if values.members else "　　"
    return parts.words(survey)["roster_subject"].replace("N", count)


def write_row(canvas: Canvas, row: Row, cy: float, number_right: float, name_x: float, room: float) -> None:
    """Write the number, right-aligned, and the name; a long name shrinks, then takes two lines."""
    canvas.write_right(number_right, cy, str(row.number), serif(11))
    if not row.name:
        return
    fitted = name_lines(row.name, room, NAME, LEAST_NAME)
    if fitted:
        canvas.write_block(name_x, cy, fitted[1], 3.5, fitted[0])
    else:
        canvas.too_long(f"members[{row.number}]", row.name, room, NAME.at(LEAST_NAME), 2)


def row_rule(number_on_page: int) -> float:
    """Return the thickness of the rule under a row: each fifth is stronger."""
    return 0.1 if number_on_page % 5 else 0.25


@dataclass(frozen=True, slots=True)
class RunOn:
    """The place of the run-on instructions. ``example_room`` is kept free at the end of the last line."""

    x: float
    right: float
    cy: float
    pitch: float
    lines: int
    example_room: float = 0.0


def instructions(canvas: Canvas, survey: Survey, place: RunOn) -> None:
    """Set the instructions run-on and justified, the label at the head of the first line."""
    if not survey.instructions:
        return
    style, label = serif(9), "填表说明："
    start = place.x + width(label, sans(9))
    room = place.right - place.x
    lines = break_lines(parts.run_on(survey), [place.right - start, room], style)
    last_room = room - (place.example_room + 5.0 if place.example_room and len(lines) == place.lines else 0.0)
    if len(lines) > place.lines or width(lines[-1], style) > last_room:
        canvas.complain("instructions-too-long", "instructions", lines=len(lines), most=place.lines)
        return
    canvas.write(place.x, place.cy, label, sans(9))
    for number, line in enumerate(lines):
        x = place.x if number else start
        is_last = number == len(lines) - 1
        looks = style if is_last else parts.justified(line, place.right - x, style)
        canvas.write(x, place.cy + number * place.pitch, line, looks)


def lines_between(first: int, last: int) -> list[float]:
    """Return the page lines ``first`` to ``last`` in mm."""
    return [line * U for line in range(first, last + 1)]
