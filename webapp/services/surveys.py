"""The forms in force in a campaign: those that come with the product, and forms of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import loader
from forms import survey as values
from webapp.errors import Conflict, InvalidInput, NotFound
from webapp.models import Campaign, PrintRun, Survey
from webapp.office import Office

FORMS = Path(loader.__file__).parent / "presets"
LONGEST = 200_000  # characters of a form file


@dataclass(frozen=True, slots=True)
class RaterClass:
    """A kind of rater (参评人员类别) that a form of the campaign knows."""

    id: str
    label: str
    label_en: str


@lru_cache(maxsize=64)
def parse(source: str, form: str) -> values.Survey:
    """Return the checked Survey of a stored form file. Raises FormErrors."""
    return loader.load_text(source, form)


def preset_source(form: str) -> str:
    """Return the text of a form that comes with the product. Raises NotFound."""
    if form not in loader.PRESETS:
        raise NotFound("no-such-form", form=form)
    return (FORMS / f"{form}.yaml").read_text("utf-8")


def preset_row(campaign_id: int, form: str) -> Survey:
    """Return a row, not saved yet, for a form that comes with the product."""
    source = preset_source(form)
    return Survey(campaign_id=campaign_id, form=form, title=parse(source, form).title, source=source)


def get(office: Office, survey_id: int) -> Survey:
    """Return a form in force. Raises NotFound."""
    with office.db.read() as session:
        return _get(session, survey_id)


def save(office: Office, campaign_id: int, source: str, survey_id: int | None = None) -> int:
    """Check the text of a form file and put it in force; with ``survey_id`` in the place of another. Returns the id.

    Raises FormErrors with every fault, InvalidInput (too long, name taken), NotFound, and Conflict where sheets of the
    form were printed: they would be counted by questions that nobody was asked.
    """
    if len(source) > LONGEST:
        raise InvalidInput("form-long")
    source = source.replace("\r\n", "\n")
    survey = parse(source, "form.yaml")
    with office.db.begin() as session:
        if session.get(Campaign, campaign_id) is None:
            raise NotFound("no-such-row", kind="Campaign")
        row = _get(session, survey_id) if survey_id else Survey(campaign_id=campaign_id)
        if survey_id and _is_printed(session, survey_id):
            raise Conflict("form-printed")
        same = select(Survey.id).where(Survey.campaign_id == campaign_id, Survey.form == survey.form)
        if session.scalar(same.where(Survey.id != (survey_id or 0))):
            raise InvalidInput("form-name-taken", form=survey.form)
        row.form, row.title, row.source = survey.form, survey.title, source
        session.add(row)
        session.flush()
        return row.id


def remove(office: Office, survey_id: int) -> Survey:
    """Take a form out of force. Returns what it was. Raises NotFound, and Conflict where sheets were printed."""
    with office.db.begin() as session:
        row = _get(session, survey_id)
        if _is_printed(session, survey_id):
            raise Conflict("form-printed")
        session.delete(row)
    return row


def printed_forms(office: Office, campaign_id: int) -> set[int]:
    """Return the ids of the forms of which sheets were printed: they can't be changed any more."""
    with office.db.read() as session:
        query = select(PrintRun.survey_id).join(Survey).where(Survey.campaign_id == campaign_id).distinct()
        return set(session.scalars(query))


def rater_classes(rows: list[Survey]) -> list[RaterClass]:
    """Return the kinds of raters that the forms ask for, in the forms' order, each once."""
    found: dict[str, RaterClass] = {}
    for row in rows:
        identity = parse(row.source, row.form).identity
        for choice in identity[0].choices if identity else ():
            found.setdefault(choice.id, RaterClass(choice.id, choice.label, choice.label_en))
    return list(found.values())


def _is_printed(session: Session, survey_id: int) -> bool:
    return bool(session.scalar(select(func.count(PrintRun.id)).where(PrintRun.survey_id == survey_id)))


def _get(session: Session, survey_id: int) -> Survey:
    row = session.get(Survey, survey_id)
    if row is None:
        raise NotFound("no-such-row", kind="Survey")
    return row
