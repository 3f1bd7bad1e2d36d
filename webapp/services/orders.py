"""What is asked for at the print page: values, subjects or a roster, copies; and the faults of each line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from forms import layout as layouts
from forms import survey as surveys
from forms.errors import FormError, FormErrors
from forms.nodes import Source
from forms.typeset import typeset


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asks for: values common to all subjects, one roster or several subjects, copies of each.

    ``lines`` tells where the names of a list stand; problems of a name are told of ``members[n]`` with its line.
    """

    unit: str
    date: str
    copies: int
    subjects: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    with_back: bool = False  # the criteria of the campaign on the back of each page

    def values(self) -> Iterator[surveys.Values]:
        """Yield one Values for each subject (a roster is one subject)."""
        for subject in self.subjects or ("",):
            yield surveys.Values(unit=self.unit, subject=subject, date=self.date, members=self.members)


def misnamed(order: Order) -> list[FormError]:
    """Return the problems of names that stand twice (their votes would be mixed) and of lines of several columns."""
    names = [(f"members[{number}]", name) for number, name in enumerate(order.subjects or order.members, start=1)]
    source = Source(lines=_lines(order))
    source.errors += [
        FormError("several-columns", place, params={"value": name.replace("\t", " | ")})
        for place, name in names
        if "\t" in name
    ]
    source.once(names, "duplicate-name")
    return FormErrors(source.errors).placed(source.lines, "").errors if source.errors else []


def typeset_all(survey: surveys.Survey, order: Order) -> list[tuple[surveys.Values, layouts.Layout]]:
    """Set the sheets of all subjects. Raises FormErrors with the problems of all names, each told once."""
    made, errors = [], misnamed(order)
    for number, values in enumerate(order.values(), start=1):
        try:
            made.append((values, typeset(survey, values)))
        except FormErrors as unfit:
            errors += also(errors, of_order(unfit, order, number))
    if errors:
        raise FormErrors(errors)
    return made


def also(told: list[FormError], errors: list[FormError]) -> list[FormError]:
    """Return those errors whose place has no fault yet: a line of two columns need not hear of its tab as well."""
    places = {error.place for error in told}
    return [error for error in errors if error.place not in places]


def of_order(unfit: FormErrors, order: Order, number: int) -> list[FormError]:
    """Return the problems of the subject of a number, told of its line in the list where it comes from one."""
    place = f"members[{number}]"
    errors = [
        replace(error, place=place) if order.lines and error.place == "subject" else error for error in unfit.errors
    ]
    return FormErrors(errors).placed(_lines(order), "").errors


def _lines(order: Order) -> dict[str, int]:
    count = len(order.subjects or order.members)
    return {f"members[{number}]": line for number, line in enumerate(order.lines or range(1, count + 1), start=1)}
