"""M3: one name a row, up to three items for each; A4 landscape, 16 names a page."""

from __future__ import annotations

from forms.layout import Page
from forms.survey import Choice, Survey, Values
from forms.typeset import parts, roster
from forms.typeset.canvas import Canvas
from forms.typeset.parts import LANDSCAPE, FieldLook, U, sans, serif
from forms.typeset.roster import Row, RunOn
from forms.typeset.setting import fitting, width, wished_lines
from forms.typeset.sheet import ask_identity

LOOK = FieldLook(sans(10.5), serif(11), underline=2.6, least=9, two=9, two_pitch=3.45, drop=0.8)
CAPACITY = 16
FIRST_ROW_Y = 55.5
GROUPS = (77.0, 126.5, 176.0)  # repeat every 49.5: the upright folds fall between two boxes
GROUP_WIDTH = 43.0  # of a head; the rest of the 49.5 is the gutter
MOST_CHOICES = 5
HEAD_TOP, ITEM_Y, THIN_Y, WORDS_Y = 38.6, 42.95, 47.65, 51.55
OPINION_LEFT = 227.0
WRITING_LINES = 15

# Box centres from the left of a group. An odd number is moved by half a pitch, off the fold at 22.
_CENTRES = {
    2: (11.0, 33.0),
    3: (16.5, 27.5, 38.5),
    4: (5.5, 16.5, 27.5, 38.5),
    5: (8.5, 17.5, 26.5, 35.5, 44.5),
}


def typeset_items(survey: Survey, values: Values, canvas: Canvas) -> list[Page]:
    """Set all pages of the roster; ``canvas`` is the first page's."""
    pages = roster.spread(roster.rows(values, CAPACITY), CAPACITY)
    done = []
    for number, rows in enumerate(pages, start=1):
        page = canvas if number == 1 else Canvas(canvas.errors)
        _top(page, survey, values)
        if number == 1:
            _once(page, survey)
        _head(page, survey, with_example=number == 1)
        _rows(page, survey, rows)
        _opinion(page, survey)
        _foot(page, survey, number, len(pages))
        done.append(page.page(number, LANDSCAPE.fiducials(number), LANDSCAPE.code))
    return done


def _top(canvas: Canvas, survey: Survey, values: Values) -> None:
    words = parts.words(survey)
    parts.title_line(canvas, LANDSCAPE, 14.4, survey.title, serif(18, stroke=0.085))
    parts.double_rule(canvas, LANDSCAPE, 19.2)
    room = 113.0 - 20.0 - width(words["unit_label"], LOOK.label) - 1.5
    is_long = bool(values.unit) and fitting(values.unit, room, LOOK.value, LOOK.value.size) is None
    unit_right, subject_x = (157.0, 162.0) if is_long else (113.0, 118.0)
    parts.field(canvas, "unit", words["unit_label"], values.unit, 20, unit_right, 24.8, LOOK)
    subject = roster.subject(survey, values)
    parts.field(canvas, "subject", words["subject_label"], subject, subject_x, 220, 24.8, LOOK)
    parts.field(canvas, "date", words["date_label"], values.date, OPINION_LEFT, 277, 24.8, LOOK)


def _once(canvas: Canvas, survey: Survey) -> None:
    """Identity and instructions: on the first page only."""
    if survey.identity:
        question = survey.identity[0]
        end = canvas.write(20, 32.4, question.text, LOOK.label)
        if end > 39.5:
            canvas.too_long("identity[1].text", question.text, 19.5, LOOK.label)
        count = len(question.choices)
        pitch = 28.0 if count <= 2 else (115.0 - 41.5) / count
        centres = [44.0 + pitch * place for place in range(count)]
        ask_identity(canvas, question, 1, centres, [*(cx - 2.5 for cx in centres[1:]), 118.0], 32.4, serif(11))
    roster.instructions(canvas, survey, RunOn(118, 277, 30.5, 4.3, 2))


def group_centres(choices: tuple[Choice, ...], left: float) -> list[float]:
    """Return the box centres of the group that begins at ``left``."""
    return [left + centre for centre in _CENTRES[len(choices)]]


def group_span(choices: tuple[Choice, ...], left: float) -> tuple[float, float]:
    """Return where the rules of a group begin and end: half a pitch of four outside its outer boxes."""
    first, last = (left + _CENTRES[len(choices)][place] for place in (0, -1))
    side = 4.0 if len(choices) == MOST_CHOICES else 5.0
    return first - side, last + side


def _head(canvas: Canvas, survey: Survey, *, with_example: bool) -> None:
    spans = [group_span(item.choices, left) for item, left in zip(survey.items, GROUPS, strict=False)]
    canvas.rule(20, spans[-1][1], HEAD_TOP, 0.5)
    _segments(canvas, survey, FIRST_ROW_Y, 0.25)
    if with_example:
        parts.example(canvas, 74.5, 43.2)
    canvas.write_centred(24.5, 51.8, "序号", sans(10))
    canvas.write(32, 51.8, parts.words(survey)["names_label"], sans(10))
    for number, (item, left, span) in enumerate(zip(survey.items, GROUPS, spans, strict=False), start=1):
        centres = group_centres(item.choices, left)
        _item(canvas, number, item.text, (centres[0] + centres[-1]) / 2)
        canvas.rule(*span, THIN_Y, 0.15)
        split_from = 3 if len(item.choices) == MOST_CHOICES else 4
        parts.write_heads(canvas, item.choices, centres, WORDS_Y, 9.0, split_from, 3.27)


def _item(canvas: Canvas, number: int, text: str, cx: float) -> None:
    for size in (9.5, 9.0):
        style = sans(size)
        hang = width(f"{number}、", style)
        room = GROUP_WIDTH - hang
        lines = wished_lines(text, room, style)
        if len(lines) <= 2:
            break
    else:
        canvas.too_long(f"items[{number}].text", text, room, style, 2)
        return
    x = cx - (hang + max(width(line, style) for line in lines)) / 2
    canvas.write(x, ITEM_Y - (len(lines) - 1) * 2.05, f"{number}、", style)
    canvas.write_block(x + hang, ITEM_Y, lines, 4.1, style)


def _rows(canvas: Canvas, survey: Survey, rows: list[Row]) -> None:
    for place, row in enumerate(rows, start=1):
        cy = FIRST_ROW_Y + (place - 0.5) * U
        roster.write_row(canvas, row, cy, 26.6, 32, 43)
        for item, left in zip(survey.items, GROUPS, strict=False):
            canvas.ask(f"{row.id}.{item.id}", item, group_centres(item.choices, left), cy)
        if place < len(rows):
            _segments(canvas, survey, cy + U / 2, roster.row_rule(place))
        else:
            right = group_span(survey.items[-1].choices, GROUPS[len(survey.items) - 1])[1]
            canvas.rule(20, right, cy + U / 2, 0.5)


def _segments(canvas: Canvas, survey: Survey, y: float, line: float) -> None:
    """A row rule, broken between the groups: the white gutter makes them."""
    canvas.rule(20, 75, y, line)
    for item, left in zip(survey.items, GROUPS, strict=False):
        canvas.rule(*group_span(item.choices, left), y, line)


def _opinion(canvas: Canvas, survey: Survey) -> None:
    """A column right of the table; its lines stand level with the rows, but belong to nobody."""
    if not survey.opinion:
        return
    canvas.rule(OPINION_LEFT, 277, HEAD_TOP, 0.5)
    if width(survey.opinion.heading, sans(11)) > 50:
        canvas.too_long("opinion.heading", survey.opinion.heading, 50, sans(11))
    if width(survey.opinion.hint, serif(9.5)) > 50:
        canvas.too_long("opinion.hint", survey.opinion.hint, 50, serif(9.5))
    canvas.write(OPINION_LEFT, 43.2, survey.opinion.heading, sans(11))
    canvas.write(OPINION_LEFT, 49.4, survey.opinion.hint, serif(9.5))
    ys = [FIRST_ROW_Y + line * U for line in range(1, WRITING_LINES + 1)]
    canvas.lines("opinion", OPINION_LEFT, 277, FIRST_ROW_Y, ys)


def _foot(canvas: Canvas, survey: Survey, page: int, pages: int) -> None:
    end = parts.code_line(canvas, LANDSCAPE, survey, page, pages)
    x = parts.page_words(canvas, end + 1.2, LANDSCAPE.foot_y, page, pages) + 4 * serif(9).em
    if survey.options.get("sheet_number") != "off":
        x = canvas.write(x, LANDSCAPE.foot_y, "表号随机生成，只用于防止重复计票，不与任何人对应。", serif(9))
    if x + width(survey.thanks, serif(9)) > LANDSCAPE.code.x - parts.QUIET:
        canvas.too_long("thanks", survey.thanks, LANDSCAPE.code.x - parts.QUIET - x, serif(9))
    canvas.write(x, LANDSCAPE.foot_y, survey.thanks, serif(9))
