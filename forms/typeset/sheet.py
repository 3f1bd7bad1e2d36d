"""One subject a sheet, items down the page: forms A and M1, A4 portrait."""

from __future__ import annotations

from dataclasses import replace

from forms.layout import Page
from forms.survey import Question, Survey, Values
from forms.typeset import parts
from forms.typeset.canvas import Canvas
from forms.typeset.parts import PORTRAIT, FieldLook, U, sans, serif
from forms.typeset.setting import Style, break_lines, width, wished_lines

LOOK = FieldLook(sans(11), serif(13), underline=3.3, least=11, two=10, two_pitch=4.0, drop=1.0)
MEMBER_NAME = sans(16, spacing=1.2)
COLUMNS_LEFT, COLUMNS_WIDTH = 108.0, 82.0
TABLE_TOP = 15  # in lines of the page
MOST_ITEMS = 5
INSTRUCTION_LINES = 5
LAST_WRITING_LINE = 31.5  # in lines of the page
ITEM = serif(14)


def typeset_sheet(survey: Survey, values: Values, canvas: Canvas) -> list[Page]:
    """Set the one page of a sheet."""
    _title(canvas, survey)
    _fields(canvas, survey, values)
    _identity(canvas, survey)
    _instructions(canvas, survey)
    _example(canvas, survey)
    bottom = _table(canvas, survey)
    _opinion(canvas, survey, bottom)
    _foot(canvas, survey)
    return [canvas.page(1, PORTRAIT.fiducials(1), PORTRAIT.code)]


def _title(canvas: Canvas, survey: Survey) -> None:
    if survey.issuer:
        issuer = serif(16, spacing=3.2)
        if width(survey.issuer, issuer) > 170:
            issuer = serif(14)
        if width(survey.issuer, issuer) > 170:
            canvas.too_long("issuer", survey.issuer, 170, issuer)
        else:
            canvas.write_centred(PORTRAIT.centre, 17.2, survey.issuer, issuer)
    parts.title_line(canvas, PORTRAIT, 28.0, parts.own_title(survey), serif(22, stroke=0.106))
    parts.double_rule(canvas, PORTRAIT, 36.0)


def _fields(canvas: Canvas, survey: Survey, values: Values) -> None:
    words = parts.words(survey)
    parts.field(canvas, "unit", words["unit_label"], values.unit, 20, 190, 45, LOOK)
    is_member = survey.about == "member"
    look = replace(LOOK, value=MEMBER_NAME) if is_member else LOOK
    parts.field(canvas, "subject", words["subject_label"], values.subject, 20, 124, 55, look)
    parts.field(canvas, "date", words["date_label"], values.date, 131, 190, 55, LOOK)


def _identity(canvas: Canvas, survey: Survey) -> None:
    """Up to two questions share one row; the second has no label of its own, its words say what it asks."""
    cy = 65.8
    for number, question in enumerate(survey.identity[:2]):
        if number == 0:
            end = canvas.write(20, cy, question.text, sans(11.5))
            if end > 70.5:
                canvas.too_long("identity[1].text", question.text, 50.5, sans(11.5))
            right = 145.5 if len(survey.identity) > 1 else 190.0
            pitch = min(36.0, (right + 3.0 - 73.5) / len(question.choices))
            first = 76.0
        else:
            first, right = 148.0, 190.0
            pitch = 23.0 if len(question.choices) == 2 else (right + 3.0 - 145.5) / len(question.choices)
        centres = [first + pitch * place for place in range(len(question.choices))]
        limits = [*(cx - 2.5 for cx in centres[1:]), right + (0.0 if right == 190.0 else 3.0)]
        ask_identity(canvas, question, number + 1, centres, limits, cy, serif(12))


def ask_identity(
    canvas: Canvas,
    question: Question,
    number: int,
    centres: list[float],
    limits: list[float],
    cy: float,
    style: Style,
) -> None:
    """Place an identity question: each word begins 3 right of its box and ends 3 before its limit."""
    canvas.ask(question.id, question, centres, cy)
    for place, (choice, cx, limit) in enumerate(zip(question.choices, centres, limits, strict=True), start=1):
        start = cx + 5.5
        room = limit - start - (3.0 if limit < 190.0 else 0.0)
        if width(choice.label, style) > room:
            canvas.too_long(f"identity[{number}].choices[{place}].text", choice.label, room, style)
        canvas.write(start, cy, choice.label, style)


def _instructions(canvas: Canvas, survey: Survey) -> None:
    if not survey.instructions:
        return
    canvas.write(20, 76.4, "填表说明", sans(11.5))
    for size in (11.5, 11.0, 10.5, 10.0):
        style = serif(size)
        numbered = [(number, break_lines(text, [164.8], style)) for number, text in enumerate(survey.instructions, 1)]
        count = sum(len(lines) for _, lines in numbered)
        if count <= INSTRUCTION_LINES:
            break
    else:
        canvas.complain("instructions-too-long", "instructions", lines=count, most=INSTRUCTION_LINES)
        return
    cy = 83.7
    for number, lines in numbered:
        canvas.write(20, cy, f"{number}.", style)
        for line in lines:
            canvas.write(25.2, cy, line, style)
            cy += 6.5


def _example(canvas: Canvas, survey: Survey) -> None:
    """A right mark, and a change from the first to the second option; wordless where the words are too long."""
    cy, text, size = 117.8, serif(11), 4.2
    first, second = (choice.label for choice in survey.items[0].choices[:2])
    note = f"（由{first}改为{second}）"
    fixed = 20 + width("填写示例", sans(11.5)) + 6 + 4 * text.em + 2 * 4.7 + 3 * 3.8 + 11 + 6.1
    full = fixed + 2 * width(second, text) + width(first, text)
    if full > 190:
        first = second = ""
    x = canvas.write(20, cy, "填写示例", sans(11.5)) + 6
    x = _marked(canvas, canvas.write(x, cy, "正确", text) + 4.7, cy, size, second, filled=False)
    x = canvas.write(x + 11, cy, "更改", text)
    x = _marked(canvas, x + 4.7, cy, size, first, filled=True)
    x = _marked(canvas, x + 6.1, cy, size, second, filled=False)
    if first and x + 0.5 + width(note, serif(9.5)) <= 190:
        canvas.write(x + 0.5, cy, note, serif(9.5))


def _marked(canvas: Canvas, cx: float, cy: float, size: float, word: str, *, filled: bool) -> float:
    canvas.example_box(cx, cy, size, filled=filled)
    return canvas.write(cx + 3.8, cy, word, serif(11)) if word else cx + size / 2


def _table(canvas: Canvas, survey: Survey) -> float:
    """Set head and items; return the table's bottom in lines of the page."""
    top, head = TABLE_TOP * U, (TABLE_TOP + 1) * U
    choices = survey.items[0].choices
    centres = parts.column_centres(choices, COLUMNS_LEFT, COLUMNS_WIDTH)
    canvas.rule(20, 190, top, 0.5)
    canvas.rule(20, 190, head, 0.2)
    canvas.write(21, top + U / 2, parts.words(survey)["items_label"], sans(11.5))
    size = parts.one_line_heads(choices, centres, (11.5, 11.0, 10.5, 10.0))
    if size:
        parts.write_heads(canvas, choices, centres, top + U / 2, size, 99, 0)
    else:
        parts.write_heads(canvas, choices, centres, top + U / 2, 10.0, 4, 3.55)
    for number, item in enumerate(survey.items):
        cy = head + (2 * number + 1) * U
        _item(canvas, number + 1, item, cy)
        canvas.ask(item.id, item, centres, cy)
        if number < len(survey.items) - 1:
            canvas.rule(20, 190, cy + U, 0.1)
    bottom = TABLE_TOP + 1 + 2 * len(survey.items)
    canvas.rule(20, 190, bottom * U, 0.5)
    return bottom


def _item(canvas: Canvas, number: int, item: Question, cy: float) -> None:
    for size in (14.0, 13.0, 12.0, 11.5):
        style = ITEM.at(size)
        hang = width(f"{number}、", style)
        room = COLUMNS_LEFT - 1.0 - 21.0 - hang
        lines = wished_lines(item.text, room, style)
        if len(lines) <= 2:
            break
    else:
        canvas.too_long(f"items[{number}].text", item.text, room, style, 2)
        return
    start = cy - (len(lines) - 1) * 3.3
    canvas.write(21, start, f"{number}、", style)
    canvas.write_block(21 + hang, cy, lines, 6.6, style)


def _opinion(canvas: Canvas, survey: Survey, bottom: float) -> None:
    if not survey.opinion:
        return
    cy = (bottom + 0.95) * U
    end = canvas.write(20, cy, survey.opinion.heading, sans(11.5))
    hint = survey.opinion.hint
    if hint:
        end = canvas.write(end + 1.0, cy, hint, serif(10))
    if end > 190:
        canvas.too_long("opinion", survey.opinion.heading + hint, 170, serif(10.5))
    count = int(LAST_WRITING_LINE - (bottom + 2.5)) + 1
    canvas.lines("opinion", 20, 190, (bottom + 1.5) * U, [(bottom + 2.5 + line) * U for line in range(count)])


def _foot(canvas: Canvas, survey: Survey) -> None:
    small = serif(9.5)
    if survey.thanks:
        if width(survey.thanks, small) > 150:
            canvas.too_long("thanks", survey.thanks, 150, small)
        canvas.write(20, 273.5, survey.thanks, small)
    if survey.options.get("sheet_number") != "off":
        canvas.write(20, 278.5, "表号随机生成，只用于防止重复计票，不与任何人对应。", small)
    parts.code_line(canvas, PORTRAIT, survey, 1, 1)
