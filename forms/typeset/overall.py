"""M2: one name a row, one overall rating each; A4 portrait, 25 names a page."""

from __future__ import annotations

from forms.layout import Page
from forms.survey import Survey, Values
from forms.typeset import parts, roster
from forms.typeset.canvas import Canvas
from forms.typeset.parts import PORTRAIT, FieldLook, U, sans, serif
from forms.typeset.roster import Row, RunOn
from forms.typeset.setting import Style, width
from forms.typeset.sheet import COLUMNS_LEFT, COLUMNS_WIDTH, ask_identity

LOOK = FieldLook(sans(10), serif(10.5), underline=2.4, least=9, two=9, two_pitch=3.4, drop=1.2)
FIRST_ROW = 7  # in lines of the page
LAST_ROW_END = 32
LAST_WRITING_LINE = 34
BESIDE_CODE = 268.0  # writing lines below this end left of the code
INSTRUCTIONS_Y, PITCH = 37.0, 4.05


def first_row(survey: Survey) -> int:
    """Return the line where rows begin: one lower for each identity row of its own, one for heads on two lines."""
    return FIRST_ROW + len(own_rows(survey)) + (head_size(survey) is None)


def capacity(survey: Survey) -> int:
    """Return how many names a page holds."""
    return LAST_ROW_END - first_row(survey)


def own_rows(survey: Survey) -> list[int]:
    """Return the identity questions (by position) that need a row of their own: all but a first one of two words."""
    return [position for position, asked in enumerate(survey.identity) if position or len(asked.choices) > 2]


def head_size(survey: Survey) -> float | None:
    """Return the size of the option words on one line, or None if they need two."""
    choices = survey.items[0].choices
    return parts.one_line_heads(choices, parts.column_centres(choices, COLUMNS_LEFT, COLUMNS_WIDTH), (10.0,))


def typeset_overall(survey: Survey, values: Values, canvas: Canvas) -> list[Page]:
    """Set all pages of the roster; ``canvas`` is the first page's."""
    pages = roster.spread(roster.rows(values, capacity(survey)), capacity(survey))
    done = []
    for number, rows in enumerate(pages, start=1):
        page = canvas if number == 1 else Canvas(canvas.errors)
        _top(page, survey, values)
        if number == 1:
            _once(page, survey, values)
        bottom = _table(page, survey, rows)
        _opinion(page, survey, bottom)
        _foot(page, survey, number, len(pages))
        done.append(page.page(number, PORTRAIT.fiducials(number), PORTRAIT.code))
    return done


def _top(canvas: Canvas, survey: Survey, values: Values) -> None:
    words = parts.words(survey)
    parts.title_line(canvas, PORTRAIT, 14.2, survey.title, serif(17, stroke=0.092))
    parts.double_rule(canvas, PORTRAIT, 18.7)
    parts.field(canvas, "unit", words["unit_label"], values.unit, 20, 144, 24, LOOK)
    parts.field(canvas, "date", words["date_label"], values.date, 148, 190, 24, LOOK)


def _once(canvas: Canvas, survey: Survey, values: Values) -> None:
    """Subject, identity and instructions: on the first page only."""
    words = parts.words(survey)
    alone = own_rows(survey)
    inline = survey.identity and 0 not in alone
    subject = roster.subject(survey, values)
    parts.field(canvas, "subject", words["subject_label"], subject, 20, 86 if inline else 190, 31.2, LOOK)
    if inline:
        _inline_identity(canvas, survey)
    for row, position in enumerate(alone, start=1):
        _identity_row(canvas, survey, position, 31.2 + row * U)
    top = INSTRUCTIONS_Y + len(alone) * U
    lines = 4 + (head_size(survey) is None)
    example_y = top + (lines - 1) * PITCH + 0.25
    start = parts.example(canvas, 190, example_y)
    roster.instructions(canvas, survey, RunOn(20, 190, top, PITCH, lines, 190 - start))


def _inline_identity(canvas: Canvas, survey: Survey) -> None:
    question = survey.identity[0]
    end = canvas.write(108, 31.2, question.text, sans(10))
    if end > 126.5:
        canvas.too_long("identity[1].text", question.text, 18.5, sans(10))
    centres = [131.0 + 26.0 * place for place in range(len(question.choices))]
    limits = [*(cx - 2.5 for cx in centres[1:]), 190.0]
    ask_identity(canvas, question, 1, centres, limits, 31.2, serif(10.5))


def _identity_row(canvas: Canvas, survey: Survey, position: int, cy: float) -> None:
    """A question in a row of its own: two words stand under those of the first row, more use the whole width."""
    question = survey.identity[position]
    style: Style = serif(10.5)
    x, first = (108.0, 131.0) if len(question.choices) == 2 else (20.0, 56.0)
    pitch = 26.0 if len(question.choices) == 2 else min(30.0, (193.0 - 53.5) / len(question.choices))
    end = canvas.write(x, cy, question.text, sans(10))
    if end > first - 4.5:
        canvas.too_long(f"identity[{position + 1}].text", question.text, first - 4.5 - x, sans(10))
    centres = [first + pitch * place for place in range(len(question.choices))]
    limits = [*(cx - 2.5 for cx in centres[1:]), 190.0]
    ask_identity(canvas, question, position + 1, centres, limits, cy, style)


def _table(canvas: Canvas, survey: Survey, rows: list[Row]) -> int:
    """Set head and rows; return the table's bottom in lines of the page."""
    begin = first_row(survey)
    size = head_size(survey)
    bottom = begin * U
    top = bottom - (4.9 if size else 9.1)
    item = survey.items[0]
    centres = parts.column_centres(item.choices, COLUMNS_LEFT, COLUMNS_WIDTH)
    cy = (top + bottom) / 2 + 0.05
    canvas.rule(20, 190, top, 0.5)
    canvas.rule(20, 190, bottom, 0.25)
    canvas.write_centred(25.0, cy, "序号", sans(9.5))
    canvas.write(34, cy, parts.words(survey)["names_label"], sans(9.5))
    guide = survey.options.get("row_guide", "")
    if guide:
        canvas.write_right(104, cy, guide, serif(9.5))
    if width(guide, serif(9.5)) + width(parts.words(survey)["names_label"], sans(9.5)) > 66:
        canvas.too_long("row_guide", guide, 45, serif(9.5))
    parts.write_heads(canvas, item.choices, centres, cy, size or 10.0, 99 if size else 4, 3.7)
    for place, row in enumerate(rows, start=1):
        middle = bottom + (place - 0.5) * U
        roster.write_row(canvas, row, middle, 27.6, 34, 70)
        canvas.ask(f"{row.id}.{item.id}", item, centres, middle)
        is_last = place == len(rows)
        canvas.rule(20, 190, bottom + place * U, 0.5 if is_last else roster.row_rule(place))
    return begin + len(rows)


def _opinion(canvas: Canvas, survey: Survey, bottom: int) -> None:
    """Ruled lines down to the foot. The heading has a line of its own unless only two are left."""
    if not survey.opinion:
        return
    shares = LAST_WRITING_LINE - bottom <= 2
    ys = roster.lines_between(bottom + 1 + (not shares), LAST_WRITING_LINE)
    above = [y for y in ys if y < BESIDE_CODE]
    beside = [y for y in ys if y >= BESIDE_CODE]
    cy = (bottom + 1) * U - 3.7
    end = canvas.write(20, cy, survey.opinion.heading, sans(10))
    canvas.write(end, cy, survey.opinion.hint, serif(9))
    top = bottom * U if shares else (bottom + 1) * U
    if above:
        canvas.lines("opinion", 20, 190, top, above)
        canvas.lines("opinion_2", 20, 165, above[-1] + 1.5, beside)
    else:
        canvas.lines("opinion", 20, 165, top, beside)


def _foot(canvas: Canvas, survey: Survey, page: int, pages: int) -> None:
    end = parts.code_line(canvas, PORTRAIT, survey, page, pages)
    trust = "表号随机生成，不与任何人对应。" if survey.options.get("sheet_number") != "off" else ""
    gap = 2 * serif(9).em
    wide = parts.page_words_width(page, pages) + gap + width(trust, serif(9))
    x = parts.page_words(canvas, max(end + 1.0, 165.0 - wide), PORTRAIT.foot_y, page, pages)
    canvas.write(x + gap, PORTRAIT.foot_y, trust, serif(9))
