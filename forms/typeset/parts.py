"""What all sheets share: locating marks, code and foot, title, fields, columns of options, the worked example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from forms.layout import CodeArea, Fiducial
from forms.survey import Choice, Survey
from forms.typeset.canvas import Canvas
from forms.typeset.setting import CLOSING, SQUEEZE_EM, Style, breakable, fitting, glyphs, width

U = 297 / 36  # the line of an A4 page: folds into 2, 3 and 4 fall on lines, boxes stand between them
EVEN_PAGE_SHIFT = 14.0  # marks of a back stand nearer the middle, so that none lies behind one of the front
QUIET = 2.9  # four modules of white round the code
TITLE_SPACED_MOST = 0.5  # a short title is spaced out by up to this
LABEL_STROKE_EM = 0.0064  # the outline that makes the Sans a 黑体


def sans(size: float, spacing: float = 0.0) -> Style:
    """Return the style of labels and heads."""
    plain = Style("sans", size)
    return Style("sans", size, round(LABEL_STROKE_EM * plain.em, 4), spacing)


def serif(size: float, stroke: float = 0.0, spacing: float = 0.0) -> Style:
    """Return the style of running text; ``stroke`` in mm."""
    return Style("serif", size, stroke, spacing)


@dataclass(frozen=True, slots=True)
class Paper:
    """The machine's part of a page: size, marks, code, and the foot line."""

    width: float
    height: float
    left: float
    right: float
    top_marks_y: float
    foot_y: float
    code: CodeArea

    @property
    def centre(self) -> float:
        return self.width / 2

    def fiducials(self, page: int) -> tuple[Fiducial, ...]:
        """Return the four marks of a page; on even pages they stand 14 nearer the middle."""
        shift = 0.0 if page % 2 else EVEN_PAGE_SHIFT
        outer, low = self.width - 16.0, self.height - 16.0 - shift
        top = self.top_marks_y + shift
        return (
            Fiducial("tl", 10.0, top, 6.0, 6.0),
            Fiducial("tr", outer, top, 6.0, 6.0),
            Fiducial("bl", 10.0, low - 6.0, 6.0, 12.0),
            Fiducial("br", outer, low, 6.0, 6.0),
        )


PORTRAIT = Paper(210.0, 297.0, 20.0, 190.0, 25.0, 284.1, CodeArea(175.0, 271.0, 15.0, 15.0))
LANDSCAPE = Paper(297.0, 210.0, 20.0, 277.0, 25.0, 198.1, CodeArea(262.0, 185.0, 15.0, 15.0))


def own_title(survey: Survey) -> str:
    """Return the title without the issuer's name, where it begins with it."""
    return survey.title.removeprefix(survey.issuer) if survey.issuer != survey.title else survey.title


def title_line(canvas: Canvas, paper: Paper, cy: float, text: str, style: Style, place: str = "title") -> None:
    """Write a centred title, spaced out a little if it is short, shrunk to 3/4 if it is long."""
    room = paper.right - paper.left - 6.0
    fitted = fitting(text, room, style, style.size * 0.75)
    if not fitted:
        canvas.too_long(place, text, room, style.at(style.size * 0.75))
        return
    spare = (147.5 - width(text, fitted)) / max(1, len(text) - 1)
    spacing = min(TITLE_SPACED_MOST, spare) if spare > 0.1 and style.size > 20 else 0.0
    canvas.write_centred(paper.centre, cy, text, Style(fitted.face, fitted.size, fitted.stroke, spacing))


def double_rule(canvas: Canvas, paper: Paper, y: float) -> None:
    """Draw the rule under the title."""
    canvas.rule(paper.left, paper.right, y, 0.6)
    canvas.rule(paper.left, paper.right, y + 0.95, 0.15)


@dataclass(frozen=True, slots=True)
class FieldLook:
    """How the header fields of a sheet look. ``least`` pt is the smallest value, then two lines of ``two`` pt.

    ``underline`` is how far below the centre; two lines push it down by ``drop``.
    """

    label: Style
    value: Style
    underline: float  # below the centre
    least: float
    two: float
    two_pitch: float
    drop: float


def field(
    canvas: Canvas, place: str, label: str, value: str, x: float, right: float, cy: float, look: FieldLook
) -> None:
    """Write a label, its value and the underline up to ``right``. An empty value leaves the line for the pen."""
    start = canvas.write(x, cy, label, look.label)
    room = right - start - 1.5
    fitted = fitting(value, room, look.value, look.least)
    if fitted:
        canvas.write(start + 1.5, cy, value, fitted)
        canvas.rule(start, right, cy + look.underline, 0.15)
        return
    small = Style("serif", look.two)
    lines = two_lines(value, room, small)
    if not lines:
        canvas.too_long(place, value, room, small, 2)
        return
    line = cy + look.underline + look.drop
    lower = line - 0.46 * small.em - 0.25
    canvas.write_block(start + 1.5, lower - look.two_pitch / 2, lines, look.two_pitch, small)
    canvas.rule(start, right, line, 0.15)


def two_lines(text: str, room: float, style: Style) -> list[str] | None:
    """Break a text into two lines as even as the room allows, or None."""
    cuts = [cut for cut in range(1, len(text)) if breakable(text, cut)]
    for cut in sorted(cuts, key=lambda cut: (abs(cut - len(text) / 2), -cut)):
        lines = [text[:cut], text[cut:]]
        if all(width(line, style) <= room for line in lines):
            return lines
    return None


def column_centres(choices: Sequence[Choice], left: float, field_width: float) -> list[float]:
    """Return the centres of the option boxes; a last option beside the scale (不了解) stands 3 further right."""
    count = len(choices)
    apart = 3.0 if stands_apart(choices) else 0.0
    pitch = (field_width - apart) / count
    centres = [left + pitch * (number + 0.5) for number in range(count)]
    centres[-1] += apart
    return centres


def stands_apart(choices: Sequence[Choice]) -> bool:
    """Tell whether the last choice is no grade but 不了解."""
    return not choices[-1].in_denominator


def head_style(choice: Choice, style: Style) -> Style:
    """Return the head's style: 不了解 stands in Serif, to be seen as no grade."""
    return style if choice.in_denominator else serif(style.size)


def one_line_heads(choices: Sequence[Choice], centres: Sequence[float], sizes: Sequence[float]) -> float | None:
    """Return the greatest size at which the heads stay 1.5 apart on one line, or None."""
    for size in sizes:
        widths = [width(choice.label, head_style(choice, sans(size))) for choice in choices]
        gaps = [
            right - left - (w1 + w2) / 2
            for left, right, w1, w2 in zip(centres, centres[1:], widths, widths[1:], strict=False)
        ]
        if all(gap >= 1.5 - 1e-6 for gap in gaps):
            return size
    return None


def split_head(label: str, least: int) -> list[str]:
    """Split a head of ``least`` or more characters over two lines: 比较/满意, 不/满意."""
    return [label[: len(label) // 2], label[len(label) // 2 :]] if len(label) >= least else [label]


def write_heads(
    canvas: Canvas,
    choices: Sequence[Choice],
    centres: Sequence[float],
    cy: float,
    size: float,
    split_from: int,
    pitch: float,
) -> None:
    """Write the option words over their columns; words of ``split_from`` characters or more take two lines."""
    room = min((b - a for a, b in pairwise(centres)), default=20.0) - 0.6
    for number, (choice, cx) in enumerate(zip(choices, centres, strict=True), start=1):
        style = head_style(choice, sans(size))
        lines = split_head(choice.label, split_from)
        if any(width(line, style) > room for line in lines):
            canvas.too_long(f"scale[{number}].text", choice.label, room, style, len(lines))
        for row, line in enumerate(lines):
            canvas.write_centred(cx, cy + (row - (len(lines) - 1) / 2) * pitch, line, style)


def code_line(canvas: Canvas, paper: Paper, survey: Survey, page: int, pages: int) -> float:
    """Write 表号, page and version in words; return where the line ends at the latest."""
    x, cy = paper.left, paper.foot_y
    letter = f"{survey.letter}-{page}/{pages}"
    if survey.options.get("sheet_number") != "off":
        end = canvas.write(x, cy, "表号", sans(9))
        canvas.write_placeholder(end + 2.0, cy, "{sheet}", Style("sans", 12, sans(12).stroke, 0.25))
        x += SHEET_NUMBER_ROOM
    canvas.write_placeholder(x, cy, survey.letter + "-{page}/{pages}", sans(10))
    x += width(letter, sans(10)) + 4.0
    canvas.write_placeholder(x, cy, "版 {digest}", sans(8))
    return x + DIGEST_ROOM


# The number's characters differ in width and its neighbours stand still on all copies. Its mean end is 33.0 from the
# left, its standard deviation 1.0; at 39.5 even the widest of 10^9 numbers keeps clear of what follows.
SHEET_NUMBER_ROOM = 39.5
DIGEST_ROOM = 13.4  # 版 and the four widest characters


def page_words(canvas: Canvas, x: float, cy: float, page: int, pages: int) -> float:
    """Write 第1页 / 共1页; return its end."""
    style = serif(9)
    canvas.write_placeholder(x, cy, "第{page}页 / 共{pages}页", style)
    return x + page_words_width(page, pages)


def page_words_width(page: int, pages: int) -> float:
    """Return the width of 第1页 / 共1页."""
    return width(f"第{page}页 / 共{pages}页", serif(9))


def example(canvas: Canvas, right: float, cy: float) -> float:
    """Write 示例：正确 ☑ 更改 ■ ☑ so that it ends at ``right`` (rosters); return where it begins."""
    text, box, gap = serif(9), 4.0, 1.2
    words = (("示例：正确", (False,)), ("更改", (True, False)))
    total = sum(width(word, text) + len(fills) * (gap + box) for word, fills in words) + 5.0
    x = start = right - total
    for word, fills in words:
        x = canvas.write(x, cy, word, text)
        for filled in fills:
            canvas.example_box(x + gap + box / 2, cy, box, filled=filled)
            x += gap + box
        x += 5.0
    return start


def run_on(survey: Survey) -> str:
    """Return the instructions as one text, numbered: rosters set them run-on."""
    return "".join(f"{number}.{text}" for number, text in enumerate(survey.instructions, start=1))


def justified(line: str, room: float, style: Style) -> Style:
    """Return the style spaced so that the line fills ``room``; by no more than 0.15 em a character.

    The empty half of a mark at the end hangs over, so that the ink of all lines ends at one edge.
    """
    gaps = len(glyphs(line, style)) - 1
    room += SQUEEZE_EM * style.em if line[-1] in CLOSING else 0.0
    spacing = (room - width(line, style)) / gaps if gaps else 0.0
    return Style(style.face, style.size, style.stroke, spacing if 0 < spacing <= 0.15 * style.em else 0.0)


DEFAULT_WORDS = {
    "unit_label": "测评单位：",
    "subject_label": "测评对象：",
    "date_label": "日期：",
    "items_label": "测评项目",
    "names_label": "党员姓名",
    "roster_subject": "本支部党员（共N名）",  # N is the number of names
}


def words(survey: Survey) -> dict[str, str]:
    """Return the fixed words of a sheet, as the form or the default has them."""
    return DEFAULT_WORDS | survey.options
