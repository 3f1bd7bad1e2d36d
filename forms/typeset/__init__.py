"""Survey + values → Layout: gives every word, rule and box its place on paper. Pure; nothing is drawn."""

from __future__ import annotations

from forms.code import MAX_PAGES
from forms.errors import FormError, FormErrors
from forms.layout import Layout
from forms.survey import Design, Survey, Values
from forms.typeset import overall, parts, roster
from forms.typeset.canvas import Canvas
from forms.typeset.items import CAPACITY as ITEMS_CAPACITY
from forms.typeset.items import typeset_items
from forms.typeset.metrics import unprintable
from forms.typeset.overall import typeset_overall
from forms.typeset.sheet import typeset_sheet

_DESIGNS = {
    Design.SHEET: (typeset_sheet, parts.PORTRAIT),
    Design.ROSTER_OVERALL: (typeset_overall, parts.PORTRAIT),
    Design.ROSTER_ITEMS: (typeset_items, parts.LANDSCAPE),
}


# What a design can hold, least and most.
ITEMS = {Design.SHEET: (1, 5), Design.ROSTER_OVERALL: (1, 1), Design.ROSTER_ITEMS: (1, 3)}
CHOICES = {Design.SHEET: (2, 6), Design.ROSTER_OVERALL: (2, 6), Design.ROSTER_ITEMS: (2, 5)}
IDENTITY = {Design.SHEET: (0, 2), Design.ROSTER_OVERALL: (0, 2), Design.ROSTER_ITEMS: (0, 1)}
IDENTITY_CHOICES = (2, 5)


def typeset(survey: Survey, values: Values | None = None) -> Layout:
    """Return the sealed Layout (mm) of a survey for one meeting.

    Raises FormErrors with every text that cannot be printed or does not fit its place; texts are never cut.
    """
    values = values or Values()
    errors = _wrong_counts(survey) or _unprintable(values) + _too_many(survey, values)
    if errors:
        raise FormErrors(errors)
    canvas = Canvas(errors=[])
    build, paper = _DESIGNS[survey.design]
    pages = build(survey, values, canvas)
    if canvas.errors:
        raise FormErrors(_once(canvas.errors))
    rows = {row.id: row.name for row in roster.rows(values, capacity(survey))} if capacity(survey) else {}
    layout = Layout(survey.form, (paper.width, paper.height), tuple(pages), letter=survey.letter, rows=rows)
    return layout.sealed()


def capacity(survey: Survey) -> int:
    """Return how many names a page of a roster holds; 0 for a sheet about one subject."""
    if survey.design is Design.ROSTER_OVERALL:
        return overall.capacity(survey)
    return ITEMS_CAPACITY if survey.design is Design.ROSTER_ITEMS else 0


def _wrong_counts(survey: Survey) -> list[FormError]:
    """Return what the design has no place for."""
    counts = [("items", len(survey.items), ITEMS[survey.design])]
    counts += [("identity", len(survey.identity), IDENTITY[survey.design])]
    counts += [("scale", len(item.choices), CHOICES[survey.design]) for item in survey.items[:1]]
    counts += [
        (f"identity[{number}].choices", len(asked.choices), IDENTITY_CHOICES)
        for number, asked in enumerate(survey.identity, start=1)
    ]
    return [
        FormError("wrong-count", place, params={"count": count, "least": least, "most": most})
        for place, count, (least, most) in counts
        if not least <= count <= most
    ]


def _unprintable(values: Values) -> list[FormError]:
    places = {"unit": values.unit, "subject": values.subject, "date": values.date}
    places |= {f"members[{number}]": name for number, name in enumerate(values.members, start=1)}
    return [
        FormError("unprintable", place, params={"character": character, "point": f"U+{ord(character):04X}"})
        for place, text in places.items()
        for character in unprintable(text)
    ]


def _too_many(survey: Survey, values: Values) -> list[FormError]:
    most = capacity(survey) * MAX_PAGES
    if capacity(survey) and len(values.members) > most:
        return [FormError("too-many-members", "members", params={"count": len(values.members), "most": most})]
    return []


def _once(errors: list[FormError]) -> list[FormError]:
    """Leave out what the pages of a roster complain of again and again (the title, the heads)."""
    return list({(error.code, error.place): error for error in errors}.values())
